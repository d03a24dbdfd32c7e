"""A layout that is said in words: nodes stand in the cells of a grid, as in a paper's figure."""

from __future__ import annotations

from collections.abc import Mapping

from graph_engine.document.document import MAIN
from graph_engine.document.edits import Move
from graph_engine.document.geometry import geometry_in
from graph_engine.document.graph import Graph
from graph_engine.document.layered.fold import ROW_GAP

Cell = tuple[int, int]
"""Row and column, from 0."""
_COLUMN_GAP = 72.0
"""Between columns: wires that lead to other rows fall there."""


def in_cells(graph: Graph, cells: Mapping[str, Cell], graph_name: str = MAIN) -> Move:
    """An edit that puts the nodes of `graph` into the middle of their columns, level at the top of their rows.

    Columns are as wide and rows as high as the largest of their nodes. Every node needs a cell of its own.
    """
    sizes = {name: geometry_in(graph, name) for name in cells}
    widths: dict[int, float] = {}
    heights: dict[int, float] = {}
    for name, (row, column) in cells.items():
        widths[column] = max(widths.get(column, 0.0), sizes[name].width)
        heights[row] = max(heights.get(row, 0.0), sizes[name].height)
    lefts, tops = _starts(widths, _COLUMN_GAP), _starts(heights, ROW_GAP)
    places = [
        (name, (float(round(lefts[column] + (widths[column] - sizes[name].width) / 2)), tops[row]))
        for name, (row, column) in cells.items()
    ]
    return Move(tuple(places), graph_name)


def _starts(sizes: Mapping[int, float], gap: float) -> dict[int, float]:
    found, at = {}, 0.0
    for number in sorted(sizes):
        found[number] = at
        at += sizes[number] + gap
    return found
