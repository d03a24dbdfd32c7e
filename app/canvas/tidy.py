"""Putting nodes in line: straight wires, common edges, equal gaps. Pure functions that give new positions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

from graph_engine.document import Graph, Position, Wire
from graph_engine.document.geometry import NodeGeometry, geometry_in

Edge = Literal["left", "center", "right", "top", "middle", "bottom"]
Axis = Literal["across", "down"]
Size = tuple[float, float]

_GAP = 12.0  # what stays free between two nodes when one is put level with a wire, in scene units


def aligned(places: Mapping[str, Position], sizes: Mapping[str, Size], edge: Edge) -> dict[str, Position]:
    """`places` with a common edge, or a common middle: that of the rectangle around all."""
    axis = 0 if edge in ("left", "center", "right") else 1
    low = min(places[name][axis] for name in places)
    high = max(places[name][axis] + sizes[name][axis] for name in places)
    share = {"left": 0.0, "top": 0.0, "center": 0.5, "middle": 0.5, "right": 1.0, "bottom": 1.0}[edge]
    return {
        name: _with(place, axis, round(low + (high - low - sizes[name][axis]) * share, 1))
        for name, place in places.items()
    }


def distributed(places: Mapping[str, Position], sizes: Mapping[str, Size], axis: Axis) -> dict[str, Position]:
    """`places` with equal gaps between the first and the last, which stay where they are."""
    at = 0 if axis == "across" else 1
    order = sorted(places, key=lambda name: (places[name][at] + sizes[name][at] / 2, name))
    if len(order) < 3:
        return dict(places)
    first, last = order[0], order[-1]
    room = places[last][at] + sizes[last][at] - places[first][at] - sum(sizes[name][at] for name in order)
    gap, found, along = room / (len(order) - 1), dict(places), places[first][at]
    for name in order:
        found[name] = _with(places[name], at, round(along, 1))
        along += sizes[name][at] + gap
    return found


def straightened(graph: Graph, nodes: Sequence[str]) -> dict[str, Position]:
    """`nodes` raised or lowered so that the wire into the first input of each runs level, where there is room.

    Nodes are followed from source to target; one whose wire comes from no other of `nodes` stays, a single node is put
    level with its source, or without one with what it leads to.
    """
    chosen = set(nodes)
    places = {node.id: node.position for node in graph}
    boxes = {node.id: geometry_in(graph, node.id) for node in graph}
    try:
        order = [name for name in graph.order() if name in chosen]
    except ValueError:  # a circle, which only a file can bring in
        order = list(nodes)
    moved: dict[str, Position] = {}
    for name in order:
        wire = _main_wire(graph, name, chosen)
        if wire is None:
            continue
        out = boxes[wire.source].offset("output", wire.output)[1]
        into = boxes[wire.target].offset("input", wire.input)[1]
        y = places[wire.source][1] + out - into if wire.target == name else places[wire.target][1] + into - out
        place = (places[name][0], round(y, 1))
        if place != places[name] and not _is_taken(name, place, places, boxes):
            places[name] = moved[name] = place
    return moved


def _main_wire(graph: Graph, name: str, chosen: set[str]) -> Wire | None:
    into = list(graph.wires_into(name).values())
    inside = [wire for wire in into if wire.source in chosen]
    if inside:
        return inside[0]
    if len(chosen) > 1:
        return None
    out = graph.wires_out_of(name)
    return into[0] if into else out[0] if out else None


def _is_taken(name: str, place: Position, places: Mapping[str, Position], boxes: Mapping[str, NodeGeometry]) -> bool:
    width, height = boxes[name].width, boxes[name].height
    x, y = place
    for other, (left, top) in places.items():
        wide, high = boxes[other].width, boxes[other].height
        beside = x >= left + wide + _GAP or left >= x + width + _GAP
        if other != name and not beside and y < top + high + _GAP and top < y + height + _GAP:
            return True
    return False


def _with(place: Position, axis: int, value: float) -> Position:
    return (value, place[1]) if axis == 0 else (place[0], value)
