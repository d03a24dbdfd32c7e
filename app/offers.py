"""What the command palette offers: actions, blocks, presets and nodes, as they are now."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtGui import QKeySequence

from app.canvas.search import Entry, is_composite_key
from app.key_sets import KEY_SETS, TITLES
from app.palette_list import Offer, renamed
from app.panels.presets import preset_entry
from graph_engine.document import MAIN, title_of

if TYPE_CHECKING:
    from app.actions.book import ActionBook
    from app.canvas.stock import Stock
    from app.preset_shelf import PresetShelf
    from app.session import Session
    from app.settings import Settings
    from graph_engine.blocks import Block
    from graph_engine.document import Node

_SETTINGS = (
    ("theme", "Theme", "Dark, light, or as the system", "look dark light colours"),
    ("text_size", "Text size", "Of the system's text size", "look font scale zoom"),
    ("menu_bar", "Menu bar", "Shows the menus in a row of their own", "look"),
    ("snap", "Snap to grid", "Shift does so for one drag", "canvas align"),
    ("welcome", "Welcome page", "Shown when no file is given", "start"),
    ("key_set", "Key set", "Layerloom, Blender-like or ComfyUI-like", "shortcuts keyboard remap"),
    ("keys", "Keys of actions", "Give an action another key", "shortcuts keyboard remap"),
)
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


def setting_offers(settings: Settings, show: Callable[[str], object]) -> list[Offer]:
    """The settings, to be changed, and the sets of keys, to be taken at once."""
    found = [
        Offer(
            Entry(f"setting:{name}", title, "Setting", detail, ("settings", "preferences", *words.split())),
            partial(show, name),
            icon="sliders",
        )
        for name, title, detail, words in _SETTINGS
    ]
    for key_set in KEY_SETS:
        title = f"Keys: {TITLES[key_set]}"
        detail = "In use" if settings.key_set == key_set else "Take this set of keys"
        entry = Entry(f"setting:keys_{key_set}", title, "Setting", detail, ("settings", "keyboard", "shortcuts"))
        found.append(Offer(entry, partial(setattr, settings, "key_set", key_set), icon="keyboard"))
    return found


def node_offers(session: Session, show: Callable[[str], object]) -> list[Offer]:
    """Every node of the document, those of the graph that is shown first: found by name, block, shape and problem.

    `show` is given the place of the one that is chosen.
    """
    names = sorted(session.document.graphs, key=lambda name: (name != session.graph_name, name))
    return [
        _node_offer(session, show, name, node, session.graph.block(node) if name == session.graph_name else None)
        for name in names
        for node in session.document.graphs[name]
    ]


def _node_offer(
    session: Session, show: Callable[[str], object], graph_name: str, node: Node, block: type[Block] | None
) -> Offer:
    graph = session.document.graphs[graph_name]
    block = block or graph.block(node)
    here = graph_name == session.graph_name
    report = session.report(node.id) if here else None
    problems = [
        problem.message for problem in session.problems if (problem.graph, problem.node) == (graph_name, node.id)
    ]
    shapes = [str(spec) for spec in report.outputs.values()] if report is not None else []
    where = node.id if here else f"{node.id} in {graph_name}"
    tell = report.tell if report is not None else ""
    detail = " · ".join(filter(None, (*problems[:1], where, tell, *shapes)))
    words = [node.id, block.title if block is not None else node.block, node.block]
    for shape in shapes:
        words += [shape, shape.partition("×")[2], shape.replace("×", "x"), shape.partition("×")[2].replace("×", "x")]
    words += [word for problem in problems for word in ("problem", "error", *problem.split())]
    entry = Entry(
        f"node:{node.id}" if here else f"node:{graph_name}:{node.id}",
        title_of(node, graph),
        str(block.category) if block is not None else "",
        detail,
        tuple(filter(None, words)),
    )
    address = node.id if graph_name == MAIN else f"{graph_name}:{node.id}"
    return Offer(entry, partial(show, address), icon="warning" if problems else "")
