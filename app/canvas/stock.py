"""What can be placed beside single blocks: composites of the document, the user's own, those that come with Layerloom.

Lists name them by keys: `conv2d`, `@bottleneck` in this document, `my:bottleneck`, `part:bottleneck`. The latter two
are copied into the document, in one step with the node that uses them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from app.canvas.search import Entry, block_entries, composite_entries
from graph_engine.blocks import Block
from graph_engine.document import AnyEdit, Batch, Document

if TYPE_CHECKING:
    from graph_engine.document.own_blocks import OwnBlock

PART = "part:"
"""Before the name of a composite that comes with Layerloom."""
OWN_CATEGORY = "My blocks"
_COMPOSITE = "composite"


@dataclass(frozen=True, slots=True)
class Placeable:
    """What a key stands for: the block, what a node of it names, and the edits that come first."""

    key: str
    block: type[Block]
    first: tuple[AnyEdit, ...] = ()

    def with_node(self, edit: AnyEdit, label: str) -> AnyEdit:
        """`edit`, which places a node of it, in one step with what must come first."""
        return Batch(label, (*self.first, edit)) if self.first else edit


def _none() -> tuple[OwnBlock, ...]:
    return ()


class Stock:
    """Finds what can be placed, by words and by key."""

    def __init__(self, own: Callable[[], Iterable[OwnBlock]] = _none) -> None:
        """`own` gives the user's own blocks as they are now."""
        self._own = own

    def entries(self, document: Document, graph: str | None = None) -> list[Entry]:
        """Everything, the nearest to the user first; of a graph, what may stand in it."""
        return [
            *composite_entries(document, graph),
            *self.own_entries(),
            *block_entries(),
            *self.part_entries(),
        ]

    def own_entries(self) -> list[Entry]:
        """The user's own blocks."""
        return [
            Entry(each.key, each.title, OWN_CATEGORY, each.block.summary(), (_COMPOSITE, "own", each.name))
            for each in self._own()
        ]

    def part_entries(self) -> list[Entry]:
        """The composites that come with Layerloom."""
        from presets.parts import parts

        return [
            Entry(
                PART + part.name,
                part.title,
                str(part.category),
                part.summary,
                ("part", _COMPOSITE, part.name, *part.keywords),
            )
            for part in parts().values()
        ]

    def block(self, document: Document, key: str) -> type[Block] | None:
        """The block of a key; None when there is no such thing any more."""
        if key.startswith(PART):
            from presets.parts import parts

            part = parts().get(key.removeprefix(PART))
            return part.block if part is not None else None
        own = self.own(key)
        return own.block if own is not None else document.find_block(key)

    def own(self, key: str) -> OwnBlock | None:
        """The user's own block of a key."""
        return next((each for each in self._own() if each.key == key), None)

    def find(self, document: Document, key: str) -> Placeable | None:
        """What a key stands for in `document`; None when there is no such thing any more."""
        block = self.block(document, key)
        if block is None:
            return None
        if key.startswith(PART):
            from presets.parts import find_part

            edit, name = find_part(key.removeprefix(PART)).bring(document)
            return Placeable(name, block, edit.edits)
        own = self.own(key)
        if own is not None:
            edit, name = own.bring(document)
            return Placeable(name, block, edit.edits)
        return Placeable(key, block)
