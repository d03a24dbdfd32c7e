"""Breaks a long drawing into rows, as a text into lines, so that it fits a screen at a size that can be read."""

from __future__ import annotations

from collections.abc import Sequence
from math import inf, sqrt

ROW_GAP = 60.0
"""Between rows: wires lead back to the left there."""

_ASPECT = 2.0  # width to height of what a drawing should come near to
_LEAST_FOLDED = 1500.0  # scene units: a drawing that is no wider stays one row
_LEAST_ROW = _LEAST_FOLDED / 2
_SHORT, _LONG = 0.45, 1.4  # of the width aimed at
_CROSSING = 0.6  # what a wire more than one that leads on to the next row costs
_MOST_CROSSINGS = 2.5  # a drawing is not broken where more lead on: they would have to find their way back


def row_starts(edges: Sequence[tuple[float, float]], height: float, crossings: Sequence[float]) -> list[int]:
    """The first column of each row; `[0]` for a drawing that is not broken.

    `edges` are the left and right of each column, `height` that of a usual row, `crossings[c]` how many wires lead
    past the gap after column c.
    """
    width = edges[-1][1] - edges[0][0]
    rows = round(sqrt(width / (_ASPECT * (height + ROW_GAP))))
    rows = min(rows, int(width // _LEAST_ROW))
    if width <= _LEAST_FOLDED or rows < 2:
        return [0]
    goal = width / rows
    count = len(edges)
    best, before = [inf] * (count + 1), [0] * (count + 1)
    best[0] = 0.0
    for end in range(1, count + 1):
        if end < count and crossings[end - 1] > _MOST_CROSSINGS:
            continue
        for start in range(end - 1, -1, -1):
            row = edges[end - 1][1] - edges[start][0]
            if row > _LONG * goal and end - start > 1:
                break
            if best[start] == inf or (row < _SHORT * goal and end < count):
                continue
            cut = _CROSSING * max(0, crossings[end - 1] - 1) if end < count else 0.0
            cost = best[start] + ((row - goal) / goal) ** 2 + cut
            if cost < best[end]:
                best[end], before[end] = cost, start
    if best[count] == inf:
        return [0]
    starts, at = [], count
    while at:
        at = before[at]
        starts.append(at)
    return starts[::-1]
