"""Nodes in the cells of a grid."""

from __future__ import annotations

from graph_engine.document.builder import Builder
from graph_engine.document.geometry import geometry_in
from graph_engine.document.gridded import in_cells


def test_columns_and_rows_are_as_large_as_the_largest_in_them() -> None:
    net = Builder("Grid")
    x = net.input("image", 1, 8, 8)
    wide = net.add("flatten", x, title="A title that makes this node wider than all of the others")
    y = net.add("relu", x)
    net.stand(0, 0, x, y)
    net.stand(1, 1, wide)
    assert net.cells == {x.node: (0, 0), y.node: (0, 1), wide.node: (1, 1)}
    net.document.apply(in_cells(net.graph, net.cells))
    size = {name: geometry_in(net.graph, name) for name in net.cells}
    assert size[wide.node].width > size[y.node].width
    left, top = net.graph[y.node].position
    assert net.graph[x.node].position == (0.0, 0.0)
    assert top == 0.0
    assert abs(left + size[y.node].width / 2 - net.graph[wide.node].position[0] - size[wide.node].width / 2) <= 1.0
    assert net.graph[wide.node].position[0] > size[x.node].width
    assert net.graph[wide.node].position[1] > max(size[x.node].height, size[y.node].height)
