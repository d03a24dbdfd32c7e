"""What the command palette offers: actions, blocks, presets and nodes, as they are now."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtGui import QKeySequence

from app.canvas.search import Entry
from app.canvas.stock import is_composite_key
from app.palette_list import Offer, renamed
from app.panels.presets import preset_entry

if TYPE_CHECKING:
    from app.actions.book import ActionBook
    from app.canvas.stock import Stock
    from app.preset_shelf import PresetShelf
    from app.session import Session

_NOT_OFFERED = {"help.palette"}


def action_offers(book: ActionBook) -> list[Offer]:
    """Every action, possible ones first."""
    book.refresh()
    found = []
    for action in book.actions:
        if action.id in _NOT_OFFERED:
            continue
        made = book.qaction(action.id)
        keys = made.shortcut().toString(QKeySequence.SequenceFormat.NativeText)
        title = made.text().removesuffix("…")
        words = (action.menu.value, action.submenu, *action.help.split(), action.plain_title)
        entry = Entry(f"action:{action.id}", title, action.menu.value, action.help, tuple(filter(None, words)))
        found.append(
            Offer(
                entry,
                made.trigger,
                icon=action.icon or "chevron-right",
                keys=keys,
                possible=made.isEnabled(),
                why="" if made.isEnabled() else action.explains or "Not possible now",
            )
        )
    return sorted(found, key=lambda offer: not offer.possible)


def stock_offers(stock: Stock, session: Session, place: Callable[[str], object]) -> list[Offer]:
    """Blocks and composites that can be placed in the graph shown: those of the document, the user's, the library's."""
    return [
        Offer(entry, partial(place, entry.key), icon="group")
        if is_composite_key(entry.key)
        else Offer(renamed(entry, f"block:{entry.key}"), partial(place, entry.key))
        for entry in stock.entries(session.document, session.graph_name)
    ]


def preset_offers(shelf: PresetShelf, open_preset: Callable[[str], object]) -> list[Offer]:
    """Every preset, to be opened."""
    return [
        Offer(preset_entry(shelved.preset), partial(open_preset, shelved.preset.name), icon="layers")
        for shelved in shelf.presets
    ]


def file_offers(files: Sequence[Path], open_file: Callable[[Path], object]) -> list[Offer]:
    """The recent files, to be opened."""
    return [
        Offer(
            Entry(f"file:{path}", path.name, "Recent file", str(path.parent), ("open", "recent")),
            partial(open_file, path),
            icon="file",
        )
        for path in files
    ]


def node_offers(session: Session) -> list[Offer]:
    """Every node that is drawn, to be shown."""
    found = []
    for node in session.graph:
        block = session.graph.block(node)
        report = session.report(node.id)
        tell = " · ".join(filter(None, (node.id, report.tell if report is not None else "")))
        entry = Entry(
            f"node:{node.id}",
            session.title(node.id),
            str(block.category) if block is not None else "",
            tell,
            (node.id, block.title if block is not None else node.block),
        )
        found.append(Offer(entry, partial(session.reveal, node.id)))
    return found
