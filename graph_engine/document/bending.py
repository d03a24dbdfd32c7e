"""The way of a wire that is led through points: smooth at each of them, level at its ports."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from graph_engine.document.room import Curve, Point
from graph_engine.document.routing import direct, sample

_LEVEL = 24.0  # how far a wire runs level at its ports, at least, before it turns to the first point
_ROUND = 1 / 3  # how much of the way to its neighbours the handles of a point take


def through(start: Point, bends: Sequence[Point], end: Point) -> Curve:
    """The curve from an output port at `start` through `bends` to an input port at `end`."""
    if not bends:
        return direct(start, end)
    points = [start, *bends, end]
    handles: list[tuple[Point, Point]] = []
    for at, (x, y) in enumerate(points):
        if at in (0, len(points) - 1):
            near = points[1] if at == 0 else points[-2]
            reach = max(_LEVEL, abs(near[0] - x) * _ROUND)
            handles.append(((x - reach, y), (x + reach, y)))
            continue
        before, after = points[at - 1], points[at + 1]
        dx, dy = (after[0] - before[0]), (after[1] - before[1])
        length = (dx * dx + dy * dy) ** 0.5 or 1.0
        back, onward = _distance(before, points[at]) * _ROUND, _distance(points[at], after) * _ROUND
        handles.append(
            ((x - dx / length * back, y - dy / length * back), (x + dx / length * onward, y + dy / length * onward))
        )
    curve: list[Point] = [start]
    for at in range(len(points) - 1):
        curve += [handles[at][1], handles[at + 1][0], points[at + 1]]
    return tuple(curve)


def place_of_bend(curve: Curve, bends: Sequence[Point], at: Point) -> int:
    """Between which of `bends` a new point at `at` belongs, counted from 0 for before the first.

    `curve` is the way of the wire, led through `bends` or, without any, found by itself.
    """
    if not bends:
        return 0
    best, least = 0, float("inf")
    for number in range(len(bends) + 1):
        part = curve[3 * number : 3 * number + 4]
        distance = min(_to_line(at, a, b) for a, b in pairwise(sample(part, 12)))
        if distance < least:
            best, least = number, distance
    return best


def _distance(a: Point, b: Point) -> float:
    return float(((a[0] - b[0]) ** 2 + (a[1] - b[1]) ** 2) ** 0.5)


def _to_line(at: Point, a: Point, b: Point) -> float:
    dx, dy = b[0] - a[0], b[1] - a[1]
    length = dx * dx + dy * dy
    t = max(0.0, min(1.0, ((at[0] - a[0]) * dx + (at[1] - a[1]) * dy) / length)) if length else 0.0
    return _distance(at, (a[0] + t * dx, a[1] + t * dy))
