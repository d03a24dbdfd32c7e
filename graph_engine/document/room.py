"""Where wires can run: what stands in their way, the free heights between, and the heights that are taken."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from operator import itemgetter

Point = tuple[float, float]
Rect = tuple[float, float, float, float]
"""Left, top, right, bottom."""

Curve = tuple[Point, ...]
"""A chain of cubic Bézier curves: the start, then two handles and an end for each."""

Gap = tuple[float, float]
"""A free stretch, from its upper to its lower end."""

CLEARANCE = 10.0
"""How far a wire stays from a node that it goes round."""

LANE = 7.0
"""How far wires of different sources that go round on one line stay apart."""

_CELL = 256.0
_TOP = itemgetter(1)
_NOTHING: Mapping[str, Rect] = {}


class Obstacles:
    """The rectangles of nodes, found by place."""

    def __init__(self) -> None:
        self._rects: dict[str, Rect] = {}
        self._cells: dict[tuple[int, int], dict[str, Rect]] = {}

    def put(self, node: str, rect: Rect) -> None:
        """Place a node, or move it."""
        if node in self._rects:
            self.remove(node)
        self._rects[node] = rect
        for cell in _cells(rect):
            self._cells.setdefault(cell, {})[node] = rect

    def __contains__(self, node: object) -> bool:
        return node in self._rects

    def remove(self, node: str) -> None:
        for cell in _cells(self._rects.pop(node)):
            there = self._cells[cell]
            del there[node]
            if not there:
                del self._cells[cell]

    def near(self, rect: Rect, ignored: Iterable[str] = ()) -> list[Rect]:
        """The rectangles that touch `rect`, those of `ignored` nodes aside."""
        found: dict[str, Rect] = {}
        for part in self._parts(rect):
            found.update(part)
        for node in ignored:
            found.pop(node, None)
        left, top, right, bottom = rect
        return [
            near for near in found.values() if near[0] < right and near[2] > left and near[1] < bottom and near[3] > top
        ]

    def are_near(self, rect: Rect, ignored: Iterable[str]) -> bool:
        """Whether any rectangle touches `rect`, those of `ignored` nodes aside."""
        left, top, right, bottom = rect
        return any(
            near[0] < right and near[2] > left and near[1] < bottom and near[3] > top and node not in ignored
            for part in self._parts(rect)
            for node, near in part.items()
        )

    def _parts(self, rect: Rect) -> Iterable[Mapping[str, Rect]]:
        """All nodes that may touch `rect`, in parts: by cells, or all at once where there are fewer nodes than cells,
        as when a node was dragged very far away.
        """
        if _count(rect) > len(self._rects):
            return (self._rects,)
        return (self._cells.get(cell, _NOTHING) for cell in _cells(rect))


class Lanes:
    """Where wires run level, so that those of different sources do not run on top of each other."""

    def __init__(self) -> None:
        self._rows: dict[int, list[tuple[float, float, float, str]]] = {}
        self._of: dict[object, list[tuple[int, tuple[float, float, float, str]]]] = {}

    def release(self, wire: object) -> None:
        for row, lane in self._of.pop(wire, ()):
            self._rows[row].remove(lane)

    def take(self, wire: object, source: str, runs: Iterable[tuple[float, float, float]]) -> None:
        """Note that `wire` runs level along `runs` (left, right, y)."""
        for left, right, y in runs:
            row, lane = int(y // LANE), (left, right, y, source)
            self._rows.setdefault(row, []).append(lane)
            self._of.setdefault(wire, []).append((row, lane))

    def is_free(self, left: float, right: float, y: float, source: str) -> bool:
        row = int(y // LANE)
        return not any(
            other != source and a < right and b > left and abs(at - y) < LANE - 0.5
            for near in (row - 1, row, row + 1)
            for a, b, at, other in self._rows.get(near, ())
        )


@dataclass(frozen=True, slots=True)
class Route:
    """A way: its curve, and where it runs level round nodes (left, right, y)."""

    curve: Curve
    runs: tuple[tuple[float, float, float], ...] = ()


def gaps_between(rects: list[Rect], top: float, bottom: float) -> list[tuple[float, float]]:
    """The free heights between `rects`, from `top` to `bottom`."""
    gaps, y = [], top
    for _, upper, _, lower in sorted(rects, key=_TOP):
        if upper - CLEARANCE > y:
            gaps.append((y, upper - CLEARANCE))
        y = max(y, lower + CLEARANCE)
    if y < bottom:
        gaps.append((y, bottom))
    return gaps


def distance_to(gap: tuple[float, float], y: float) -> float:
    """How far a height lies outside of a gap."""
    return max(gap[0] - y, y - gap[1], 0.0)


def _count(rect: Rect) -> float:
    """About how many cells a rectangle covers."""
    left, top, right, bottom = rect
    return ((right - left) / _CELL + 1) * ((bottom - top) / _CELL + 1)


def _cells(rect: Rect) -> list[tuple[int, int]]:
    left, top, right, bottom = rect
    rows = range(int(top // _CELL), int(bottom // _CELL) + 1)
    return [(x, y) for x in range(int(left // _CELL), int(right // _CELL) + 1) for y in rows]
