"""The layout that a user asks for: to the right or down, each frame a block of its own, all of it one edit."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from graph_engine.document.annotating import Annotate, BendWire
from graph_engine.document.annotation import FRAME_EDGE, FRAME_HEAD, Annotation, is_inside, members
from graph_engine.document.document import MAIN
from graph_engine.document.edits import AnyEdit, Batch, Move
from graph_engine.document.geometry import geometry_in
from graph_engine.document.graph import Graph, Position, natural
from graph_engine.document.layout import Joint, Size, arrange, placed_boxes, rank_of

Direction = Literal["right", "down"]

_NOTE = "note:"  # before the id of a note or frame where it stands among nodes


@dataclass(slots=True)
class _Block:
    """What a frame holds, or the whole drawing: items by name with their places in it."""

    frame: Annotation | None = None
    nodes: list[str] = field(default_factory=list)
    notes: list[Annotation] = field(default_factory=list)
    blocks: list[_Block] = field(default_factory=list)
    places: dict[str, Position] = field(default_factory=dict)
    size: Size = (0.0, 0.0)


def lay_out(
    graph: Graph,
    sizes: Mapping[str, Size] | None = None,
    graph_name: str = MAIN,
    *,
    direction: Direction = "right",
) -> AnyEdit:
    """An edit that gives every node, frame and note of `graph` a place, and lets every wire find its way.

    Layers follow each other to the right, or down. What a frame holds stays together in it, and the frame fits it; the
    same graph always gets the same layout. `sizes` where nodes are larger than their geometry says.
    """
    straight: list[AnyEdit] = [BendWire(wire, (), graph_name) for wire in sorted(graph.wires, key=str) if wire.bends]
    if not graph.annotations and direction == "right":
        move = arrange(graph, sizes, graph_name)
        return Batch("Lay out", (move, *straight)) if straight else move
    if not len(graph) and not graph.annotations:
        return Move((), graph_name)
    return _Layout(graph, sizes or {}, graph_name, direction).edit(straight)


class _Layout:
    """Lays out frame by frame, the innermost first."""

    def __init__(self, graph: Graph, sizes: Mapping[str, Size], graph_name: str, direction: Direction) -> None:
        self._graph, self._name, self._down = graph, graph_name, direction == "down"
        self._geometries = {node.id: geometry_in(graph, node.id) for node in graph}
        self._sizes = {name: sizes.get(name, (it.width, it.height)) for name, it in self._geometries.items()}
        self._holder: dict[str, dict[str, str]] = {}

    def edit(self, straight: list[AnyEdit]) -> Batch:
        whole = self._tree()
        self._place(whole)
        nodes: dict[str, Position] = {}
        notes: list[Annotation] = []
        self._collect(whole, self._corner(), nodes, notes)
        move = Move(tuple(sorted(nodes.items(), key=lambda item: natural(item[0]))), self._name)
        changed = tuple(each for each in notes if each != self._graph.annotations[each.id])
        edits: list[AnyEdit] = [move] if nodes else []
        if changed:
            edits.append(Annotate(changed, (), self._name))
        return Batch("Lay out", (*edits, *straight))

    def _corner(self) -> Position:
        """The upper left corner of the drawing, which does not move."""
        places = [node.position for node in self._graph]
        places += [
            (each.position[0], each.position[1] - (FRAME_HEAD if each.kind == "frame" else 0.0))
            for each in self._graph.annotations.values()
        ]
        return min(x for x, _ in places), min(y for _, y in places)

    def _tree(self) -> _Block:
        """Frames in frames, each node and note in the smallest frame that holds it."""
        every = sorted(self._graph.annotations.values(), key=lambda each: (_area(each), natural(each.id)))
        blocks = {each.id: _Block(each) for each in every if each.kind == "frame"}
        whole = _Block()
        boxes = {
            name: (*node.position, node.position[0] + self._sizes[name][0], node.position[1] + self._sizes[name][1])
            for name, node in self._graph.nodes.items()
        }
        held: dict[str, _Block] = {}
        for block in blocks.values():
            if block.frame is not None:
                for name in members(block.frame, boxes):
                    held.setdefault(name, block)
        for name in sorted(boxes, key=lambda name: rank_of(self._graph, name)):
            held.get(name, whole).nodes.append(name)
        for at, each in enumerate(every):
            around = next(
                (
                    blocks[other.id]
                    for other in every[at + 1 :]
                    if other.id in blocks and is_inside(each.rect, other.rect)
                ),
                whole,
            )
            if each.kind == "frame":
                around.blocks.append(blocks[each.id])
            else:
                around.notes.append(each)
        return whole

    def _place(self, block: _Block) -> None:
        """Give the items of a block their places in it, and the block its size."""
        sizes: dict[str, Size] = {name: self._sizes[name] for name in block.nodes}
        outer: dict[str, str] = {name: name for name in block.nodes}
        shift: dict[str, Position] = dict.fromkeys(block.nodes, (0.0, 0.0))
        for inner in block.blocks:
            self._place(inner)
            item = _name_of(inner.frame)
            sizes[item] = inner.size
            for name, place in self._all_places(inner):
                outer[name], shift[name] = item, place
        for note in block.notes:
            sizes[_name_of(note)] = note.size
        names = [*block.nodes, *(_name_of(inner.frame) for inner in block.blocks), *map(_name_of, block.notes)]
        names.sort(key=lambda name: self._rank(name, outer))
        joints = self._joints(outer, shift)
        boxes = {name: _turned(size) if self._down else size for name, size in sizes.items()}
        found = placed_boxes(names, joints, boxes, rows=block.frame is None)
        block.places = {name: _turned(place) if self._down else place for name, place in found.items()}
        width = max((x + sizes[name][0] for name, (x, _) in block.places.items()), default=0.0)
        height = max((y + sizes[name][1] for name, (_, y) in block.places.items()), default=0.0)
        if block.frame is not None:
            if not names:  # an empty frame keeps its size
                width, height = (length - 2 * FRAME_EDGE for length in block.frame.size)
            block.size = (width + 2 * FRAME_EDGE, height + 2 * FRAME_EDGE + FRAME_HEAD)

    def _rank(self, name: str, outer: Mapping[str, str]) -> tuple[Any, ...]:
        if name in self._graph:
            return rank_of(self._graph, name)
        inside = [rank_of(self._graph, node) for node, item in outer.items() if item == name]
        return min(inside, default=(9, natural(name)))

    def _all_places(self, block: _Block) -> Iterable[tuple[str, Position]]:
        """The nodes in a block, at any depth, with their places from the block's corner."""
        for name in block.nodes:
            x, y = block.places[name]
            yield name, (x + FRAME_EDGE, y + FRAME_EDGE + FRAME_HEAD)
        for inner in block.blocks:
            x, y = block.places[_name_of(inner.frame)]
            for name, (dx, dy) in self._all_places(inner):
                yield name, (x + dx + FRAME_EDGE, y + dy + FRAME_EDGE + FRAME_HEAD)

    def _joints(self, outer: Mapping[str, str], shift: Mapping[str, Position]) -> dict[str, list[Joint]]:
        """The wires between the items of a block, into each."""
        found: dict[str, list[Joint]] = {}
        for name in outer:
            for wire in self._graph.wires_into(name).values():
                source, target = outer.get(wire.source), outer[name]
                if source is None or source == target:
                    continue
                if self._down:  # nodes stand below the middle of each other
                    out = shift[wire.source][0] + self._sizes[wire.source][0] / 2
                    into = shift[name][0] + self._sizes[name][0] / 2
                else:
                    out = shift[wire.source][1] + self._geometries[wire.source].offset("output", wire.output)[1]
                    into = shift[name][1] + self._geometries[name].offset("input", wire.input)[1]
                found.setdefault(target, []).append(Joint(source, target, out, into))
        return found

    def _collect(self, block: _Block, corner: Position, nodes: dict[str, Position], notes: list[Annotation]) -> None:
        """Places in the drawing, from places in blocks."""
        x, y = corner
        if block.frame is not None:
            top = y + FRAME_HEAD
            notes.append(block.frame.with_rect((x, top, x + block.size[0], y + block.size[1])))
            x, y = x + FRAME_EDGE, top + FRAME_EDGE
        for name in block.nodes:
            dx, dy = block.places[name]
            nodes[name] = (x + dx, y + dy)
        for note in block.notes:
            dx, dy = block.places[_name_of(note)]
            notes.append(note.moved(x + dx - note.position[0], y + dy - note.position[1]))
        for inner in block.blocks:
            dx, dy = block.places[_name_of(inner.frame)]
            self._collect(inner, (x + dx, y + dy), nodes, notes)


def _name_of(annotation: Annotation | None) -> str:
    return _NOTE + (annotation.id if annotation is not None else "")


def _area(annotation: Annotation) -> float:
    return annotation.size[0] * annotation.size[1]


def _turned(pair: tuple[float, float]) -> tuple[float, float]:
    return pair[1], pair[0]
