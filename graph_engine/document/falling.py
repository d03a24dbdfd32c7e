"""Ways of wires that rise or fall far: beside all nodes, as in a drawing whose layers lie below each other."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice, pairwise

from graph_engine.document.room import CLEARANCE, LANE, Obstacles, Point, Rect, Route, distance_to, gaps_between

_STUB = 20.0  # how far it goes straight on from a port
_SIDE = 400.0  # how far beside the ports, and above and below them, a way is looked for
_CORNER = 14.0
_AIR = 16.0
_FREE = 1.5  # a wire that comes so near to a node seems to pass behind it
_MOST = 40  # ways that are tried
_LEVELS = 2  # free heights that are tried near a port


def fall(start: Point, end: Point, obstacles: Obstacles, ends: tuple[str, str]) -> Route | None:
    """A way from `start` to `end` along a line that no node stands in from the height of the one to that of the other.

    The shortest of the first few; None where each passes behind a node other than the two `ends`.
    """
    for points in islice(_ways(start, end, obstacles), _MOST):
        if not any(obstacles.are_near(_around(one, other), ends) for one, other in pairwise(points)):
            return _along(*points)
    return None


def _ways(start: Point, end: Point, obstacles: Obstacles) -> Iterator[tuple[Point, ...]]:
    """Corners of ways, the shortest first.

    Between the ports the line is reached directly; one on the far side of a port through a gap above or below that
    port's node.
    """
    (x1, y1), (x2, y2) = start, end
    left, right = min(x1, x2) - _SIDE, max(x1, x2) + _SIDE
    upper, lower = min(y1, y2), max(y1, y2)
    between = obstacles.near((left, upper, right, lower))
    turned = [(top, a, bottom, b) for a, top, b, bottom in between]
    lines: set[float] = set()
    for a, b in gaps_between(turned, left, right):
        if b - a > 4 * _AIR:
            a, b = a + _AIR, b - _AIR  # noqa: PLW2901 - it would run along the ports of the nodes beside
        near = (min(max(x, a), b) for x in (x1 + 2 * _STUB, x2 - 2 * _STUB, (x1 + x2) / 2))
        lines |= {min(max(x + away, a), b) for x in near for away in (0.0, LANE, -LANE)}
    for x in sorted(lines, key=lambda x: (abs(x - x1 - _STUB) + abs(x - x2 + _STUB), x)):
        if x1 + _STUB <= x <= x2 - _STUB:
            yield start, (x, y1), (x, y2), end
            continue
        for out in (2 * _STUB, _STUB):  # the less where a node stands close
            if x >= x1 + _STUB:
                for y in _levels(x2 - out, x, y2, obstacles):
                    yield start, (x, y1), (x, y), (x2 - out, y), (x2 - out, y2), end
            elif x <= x2 - _STUB:
                for y in _levels(x, x1 + out, y1, obstacles):
                    yield start, (x1 + out, y1), (x1 + out, y), (x, y), (x, y2), end


def _around(one: Point, other: Point) -> Rect:
    """The rectangle that a straight piece of a way keeps free."""
    (x1, y1), (x2, y2) = one, other
    return min(x1, x2) - _FREE, min(y1, y2) - _FREE, max(x1, x2) + _FREE, max(y1, y2) + _FREE


def _levels(left: float, right: float, y: float, obstacles: Obstacles) -> list[float]:
    """The free heights nearest to `y`, between two lines."""
    top, bottom = y - _SIDE, y + _SIDE
    rects = obstacles.near((left - CLEARANCE, top, right + CLEARANCE, bottom))
    gaps = sorted(gaps_between(rects, top, bottom), key=lambda gap: distance_to(gap, y))
    return [min(max(y, upper), lower) for upper, lower in gaps[:_LEVELS]]


def _along(*points: Point) -> Route:
    """Level and upright from point to point, with round corners."""
    curve: list[Point] = [points[0]]
    for before, at, after in zip(points, points[1:], points[2:], strict=False):
        reach = min(_CORNER, _length(before, at) / 2, _length(at, after) / 2)
        first, second = _towards(at, before, reach), _towards(at, after, reach)
        curve += [curve[-1], first, first, at, at, second]
    curve += [curve[-1], points[-1], points[-1]]
    pairs = pairwise(points)
    runs = tuple((min(a, c), max(a, c), b) for (a, b), (c, d) in pairs if b == d and abs(a - c) > 2 * _STUB)
    return Route(tuple(curve), runs)


def _length(one: Point, other: Point) -> float:
    return abs(one[0] - other[0]) + abs(one[1] - other[1])


def _towards(one: Point, other: Point, reach: float) -> Point:
    """The point `reach` from `one` on the way to `other`."""
    whole = _length(one, other) or 1.0
    return one[0] + (other[0] - one[0]) / whole * reach, one[1] + (other[1] - one[1]) / whole * reach
