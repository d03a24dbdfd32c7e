"""Edits of what is drawn beside the network: frames, notes, ways of wires, bookmarks. None of them needs a check."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import isfinite
from typing import ClassVar

from graph_engine.document.annotation import (
    SLOTS,
    Annotation,
    Bookmark,
    check_bends,
    why_not_annotation,
)
from graph_engine.document.document import MAIN, Change, Document
from graph_engine.document.graph import Graph, Position, Wire
from graph_engine.document.rules import EditRefused


def _graph(document: Document, name: str) -> Graph:
    if name not in document.graphs:
        raise EditRefused(f"There is no graph called {name!r}.")
    return document.graphs[name]


@dataclass(frozen=True, slots=True)
class Annotate:
    """Put frames and notes (new ones, or other states of those that are there), and take others away."""

    kind: ClassVar[str] = "annotate"
    put: tuple[Annotation, ...] = ()
    remove: tuple[str, ...] = ()
    graph: str = MAIN

    @property
    def label(self) -> str:
        if self.put:
            return f"Change the {self.put[0].kind}" if len(self.put) == 1 else f"Change {len(self.put)} annotations"
        return "Delete 1 annotation" if len(self.remove) == 1 else f"Delete {len(self.remove)} annotations"

    def perform(self, document: Document, change: Change) -> Annotate:
        graph = _graph(document, self.graph)
        for annotation in self.put:
            if reason := why_not_annotation(annotation):
                raise EditRefused(reason)
        names = [annotation.id for annotation in self.put]
        if len({*names, *self.remove}) < len(names) + len(self.remove):
            raise EditRefused("Two of the frames and notes have one id; ids must differ.")
        for name in self.remove:
            if name not in graph.annotations:
                raise EditRefused(f"There is no frame or note called {name!r}.")
        before = tuple(graph.annotations[name] for name in (*names, *self.remove) if name in graph.annotations)
        new = tuple(name for name in names if name not in graph.annotations)
        for name in self.remove:
            graph.erase(name)
        for annotation in self.put:
            graph.annotate(annotation)
        change.annotations.update((self.graph, name) for name in (*names, *self.remove))
        return Annotate(before, new, self.graph)


@dataclass(frozen=True, slots=True)
class BendWire:
    """Lead a wire through points; without any, it finds its own way again."""

    kind: ClassVar[str] = "bend_wire"
    wire: Wire
    bends: tuple[Position, ...]
    graph: str = MAIN

    @property
    def label(self) -> str:
        return "Reroute a wire" if self.bends else "Let a wire find its way"

    def perform(self, document: Document, change: Change) -> BendWire:
        graph = _graph(document, self.graph)
        before = graph.wire_at(self.wire.target, self.wire.input)
        if before != self.wire or before is None:
            raise EditRefused(f"There is no wire {self.wire}.")
        check_bends(self.bends)
        graph.unlink(before)
        graph.link(replace(before, bends=tuple((float(x), float(y)) for x, y in self.bends)))
        change.touch(self.graph, before.source, before.target, moved=True)
        return BendWire(before, before.bends, self.graph)


@dataclass(frozen=True, slots=True)
class SetBookmark:
    """Remember a place under a number, or forget it."""

    kind: ClassVar[str] = "set_bookmark"
    slot: int
    bookmark: Bookmark | None = None

    @property
    def label(self) -> str:
        return f"Set bookmark {self.slot}" if self.bookmark is not None else f"Forget bookmark {self.slot}"

    def perform(self, document: Document, change: Change) -> SetBookmark:
        if self.slot not in SLOTS:
            raise EditRefused(f"There is no bookmark {self.slot}: they are counted from 1 to 9.")
        if self.bookmark is not None:
            _graph(document, self.bookmark.graph)
            if not all(map(isfinite, (*self.bookmark.center, self.bookmark.zoom))) or self.bookmark.zoom <= 0:
                raise EditRefused(f"Bookmark {self.slot} can't be there: that is not a place.")
        before = document.bookmarks.pop(self.slot, None)
        if self.bookmark is not None:
            document.bookmarks[self.slot] = self.bookmark
        change.bookmarks = True
        return SetBookmark(self.slot, before)
