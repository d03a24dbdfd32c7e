"""Every preset as it is laid out, to the right and down: no node lies on another, no wire passes behind one."""

from __future__ import annotations

import pytest

from graph_engine.document.framed_layout import lay_out
from presets import catalog
from tests.document.test_layout import hidden, overlapping

_HIDDEN_DOWN = {
    ("resnet", "bottleneck"): 1,
    ("refinenet", "bottleneck"): 1,
    ("refinenet", "main"): 2,
    ("conv_translator", "attending_conv_layer"): 1,
    ("conv_translator", "gated_conv_layer"): 1,
    ("tacotron", "decoder"): 1,
    ("tacotron2", "main"): 4,
}
"""Wires that lead down past a whole block and find no way beside it."""


@pytest.mark.parametrize("name", sorted(catalog()))
def test_nothing_overlaps_and_no_wire_hides_in_a_shipped_preset(name: str) -> None:
    document = catalog()[name].build()
    for graph_name, graph in document.graphs.items():
        assert overlapping(graph, {node.id: node.position for node in graph}) == [], graph_name
        assert hidden(graph, {node.id: node.position for node in graph}) == [], graph_name
        for direction in ("right", "down"):
            document.apply(lay_out(graph, graph_name=graph_name, direction=direction))
            assert overlapping(graph, {node.id: node.position for node in graph}) == [], (graph_name, direction)
            known = _HIDDEN_DOWN.get((name, graph_name), 0) if direction == "down" else 0
            assert len(hidden(graph, {node.id: node.position for node in graph})) <= known, (graph_name, direction)
