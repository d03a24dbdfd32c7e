"""Every preset as it is laid out, to the right and down: no node lies on another, no wire passes behind one."""

from __future__ import annotations

import pytest

from graph_engine.document.framed_layout import lay_out
from presets import catalog
from tests.document.test_layout import hidden, overlapping


@pytest.mark.parametrize("name", sorted(catalog()))
def test_nothing_overlaps_and_no_wire_hides_in_a_shipped_preset(name: str) -> None:
    document = catalog()[name].build()
    for graph_name, graph in document.graphs.items():
        assert overlapping(graph, {node.id: node.position for node in graph}) == [], graph_name
        assert hidden(graph, {node.id: node.position for node in graph}) == [], graph_name
        for direction in ("right", "down"):
            document.apply(lay_out(graph, graph_name=graph_name, direction=direction))
            assert overlapping(graph, {node.id: node.position for node in graph}) == [], (graph_name, direction)
            assert hidden(graph, {node.id: node.position for node in graph}) == [], (graph_name, direction)
