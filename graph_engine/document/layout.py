"""Lays out a graph on request: layers from left to right, few crossings, straight chains, lanes for long wires."""

from __future__ import annotations

from collections.abc import Mapping
from statistics import median
from typing import Any, NamedTuple

from graph_engine.blocks import Role
from graph_engine.document.document import MAIN, Document
from graph_engine.document.edits import Move
from graph_engine.document.geometry import geometry_in
from graph_engine.document.graph import Graph, Position, natural
from graph_engine.document.layered import (
    Drawing,
    Link,
    assign_heights,
    assign_layers,
    insert_dummies,
    reduce_crossings,
)
from graph_engine.document.layered.fold import ROW_GAP, row_starts

COLUMN_GAP = 48.0
"""Between columns, at least; wires turn there."""

_PART_GAP = 72.0
_TURN = 3.0  # what each wire that turns between two columns adds to their gap
_MOST_TURNS = 16
_FAN = 0.3  # what a further wire of a port counts, beside a wire of another port
_SINKS = {Role.OUTPUT: 0, Role.LAYER: 1, Role.INPUT: 1, Role.LOSS: 2, Role.METRIC: 3}

Size = tuple[float, float]


class Joint(NamedTuple):
    """A wire as the layout sees it: between two boxes, at heights from their upper edges."""

    source: str
    target: str
    out: float
    into: float


def arrange(
    graph: Graph, sizes: Mapping[str, Size] | None = None, graph_name: str = MAIN, *, rows: bool = True
) -> Move:
    """An edit that gives every node of `graph` a place; `sizes` where nodes are larger than their geometry says.

    The drawing stays where it is: its upper left corner does not move. Parts that no wire joins lie below each other,
    nodes without wires in a row at the foot. A long drawing is broken into rows; `rows=False` leaves it in one line.
    The same graph always gets the same layout.
    """
    if not len(graph):
        return Move((), graph_name)
    geometries = {node.id: geometry_in(graph, node.id) for node in graph}
    boxes = {name: (sizes or {}).get(name, (it.width, it.height)) for name, it in geometries.items()}
    names = sorted(geometries, key=lambda name: rank_of(graph, name))
    joints = {
        name: [
            Joint(
                wire.source,
                wire.target,
                geometries[wire.source].offset("output", wire.output)[1],
                geometries[wire.target].offset("input", wire.input)[1],
            )
            for wire in graph.wires_into(name).values()
        ]
        for name in names
    }
    placed = placed_boxes(names, joints, boxes, rows=rows)
    left, upper = (min(node.position[axis] for node in graph) for axis in (0, 1))
    ordered = sorted(placed.items(), key=lambda item: natural(item[0]))
    return Move(tuple((name, (left + x, upper + y)) for name, (x, y) in ordered), graph_name)


def rank_of(graph: Graph, name: str) -> tuple[Any, ...]:
    """A sort key: losses and metrics come after what they judge, else nodes are in the order of their ids."""
    block = graph.block(name)
    return _SINKS[block.role if block else Role.LAYER], natural(name)


def placed_boxes(
    names: list[str], joints: Mapping[str, list[Joint]], boxes: Mapping[str, Size], *, rows: bool
) -> dict[str, Position]:
    """Where boxes stand, from (0, 0); `joints` are those into each of `names`, which are in the order of choice."""
    placed: dict[str, Position] = {}
    top = 0.0
    parts = _parts(names, joints)
    for part in [part for part in parts if len(part) > 1]:
        found = _arrange_part(part, joints, boxes, rows=rows)
        bottom = top
        for name, (x, y) in found.items():
            placed[name] = (x, y + top)
            bottom = max(bottom, y + top + boxes[name][1])
        top = bottom + _PART_GAP
    x = 0.0
    for (name,) in [part for part in parts if len(part) == 1]:
        placed[name] = (x, top)
        x += boxes[name][0] + COLUMN_GAP
    return placed


def _parts(names: list[str], joints: Mapping[str, list[Joint]]) -> list[list[str]]:
    """Boxes that wires join, largest part first; each part in the order of `names`."""
    rank = {name: at for at, name in enumerate(names)}
    beside: dict[str, list[str]] = {name: [] for name in names}
    for into in joints.values():
        for joint in into:
            beside[joint.source].append(joint.target)
            beside[joint.target].append(joint.source)
    seen: set[str] = set()
    parts: list[list[str]] = []
    for name in names:
        if name in seen:
            continue
        part, stack = {name}, [name]
        while stack:
            for end in beside[stack.pop()]:
                if end not in part:
                    part.add(end)
                    stack.append(end)
        seen |= part
        parts.append(sorted(part, key=rank.__getitem__))
    return sorted(parts, key=len, reverse=True)


def lay_out_piles(document: Document) -> None:
    """Give places to the nodes of graphs that were never laid out: as those that a program drew, all on one spot."""
    for name, graph in document.graphs.items():
        if len(graph) > 1 and len({node.position for node in graph}) == 1:
            document.apply(arrange(graph, graph_name=name))


def _arrange_part(
    part: list[str], joints: Mapping[str, list[Joint]], boxes: Mapping[str, Size], *, rows: bool
) -> dict[str, Position]:
    """Places of the boxes of one part, from (0, 0)."""
    number = {name: at for at, name in enumerate(part)}
    inward = [joint for name in part for joint in joints.get(name, ())]
    links = [Link(number[each.source], number[each.target], each.out, each.into) for each in _forward(part, inward)]
    drawing = Drawing([boxes[name][1] for name in part], links, len(part))
    assign_layers(drawing)
    insert_dummies(drawing)
    reduce_crossings(drawing)
    assign_heights(drawing)
    widths = [boxes[name][0] for name in part]
    edges = _columns(drawing, widths)
    starts = row_starts(edges, _usual_height(drawing), _crossings(drawing)) if rows else [0]
    found: dict[str, Position] = {}
    top = 0.0
    for first, last in zip(starts, [*starts[1:], len(edges)], strict=True):
        vertices = [vertex for column in drawing.columns[first:last] for vertex in column]
        upper = min(drawing.y[vertex] for vertex in vertices)
        for vertex in vertices:
            if not drawing.is_dummy(vertex):
                left, right = edges[drawing.layer[vertex]]
                x = left - edges[first][0] + (right - left - widths[vertex]) / 2
                found[part[vertex]] = (round(x), round(drawing.y[vertex] - upper + top))
        top += max(drawing.y[vertex] + drawing.heights[vertex] for vertex in vertices) - upper + ROW_GAP
    least = min(y for _, y in found.values())
    return {name: (x, y - least) for name, (x, y) in found.items()}


def _columns(drawing: Drawing, widths: list[float]) -> list[tuple[float, float]]:
    """The left and right edge of each column, wide enough for its nodes and with room for wires to turn behind it."""
    edges: list[tuple[float, float]] = []
    left = 0.0
    turns = _turns(drawing)
    for at, column in enumerate(drawing.columns):
        width = max((widths[vertex] for vertex in column if not drawing.is_dummy(vertex)), default=0.0)
        edges.append((left, left + width))
        left += width + COLUMN_GAP + _TURN * min(turns[at], _MOST_TURNS)
    return edges


def _usual_height(drawing: Drawing) -> float:
    """The height that half of the columns do not exceed."""
    spans = []
    for column in drawing.columns:
        lowest = max(drawing.y[vertex] + drawing.heights[vertex] for vertex in column)
        spans.append(lowest - min(drawing.y[vertex] for vertex in column))
    return median(spans)


def _crossings(drawing: Drawing) -> list[float]:
    """How many ports have wires past the gap behind each column; a fan of wires from one port counts a little more."""
    ports: list[set[tuple[int, float]]] = [set() for _ in drawing.columns]
    links = [0] * len(drawing.columns)
    for link in drawing.links:
        ports[drawing.layer[link.source]].add((link.source, link.out))
        links[drawing.layer[link.source]] += 1
    return [len(found) + _FAN * (count - len(found)) for found, count in zip(ports, links, strict=True)]


def _forward(part: list[str], wires: list[Joint]) -> list[Joint]:
    """`wires` without those that close a circle, which only a file can bring in."""
    onward: dict[str, list[Joint]] = {name: [] for name in part}
    for wire in wires:
        onward[wire.source].append(wire)
    done: set[str] = set()
    opened: set[str] = set()
    closing: set[Joint] = set()
    for start in part:
        stack = [] if start in opened else [(start, iter(onward[start]))]
        opened.add(start)
        while stack:
            name, rest = stack[-1]
            follow = next(rest, None)
            if follow is None:
                done.add(name)
                stack.pop()
            elif follow.target not in opened:
                opened.add(follow.target)
                stack.append((follow.target, iter(onward[follow.target])))
            elif follow.target not in done:
                closing.add(follow)
    return [wire for wire in wires if wire not in closing]


def _turns(drawing: Drawing) -> list[int]:
    """How many wires change their height behind each column."""
    found = [0] * len(drawing.columns)
    for link in drawing.links:
        found[drawing.layer[link.source]] += (
            abs(drawing.y[link.source] + link.out - drawing.y[link.target] - link.into) > 1.0
        )
    return found
