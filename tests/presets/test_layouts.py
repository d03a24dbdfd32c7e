"""Every preset as it is laid out, to the right and down: no node lies on another, no wire passes behind one."""

from __future__ import annotations

import pytest

from graph_engine.document.framed_layout import lay_out
from presets import catalog, open_preset
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


@pytest.mark.parametrize("text", ["refinenet", "refinenet:images=VOC,depth=101"])
def test_a_ladder_is_no_long_row(text: str) -> None:
    """RefineNet stands as in the paper's figure: the residual network on top, the coarsest stage's refinement first."""
    graph = open_preset(text).main
    places = {node.id: node.position for node in graph}
    assert overlapping(graph, places) == []
    assert hidden(graph, places) == []
    wide, high = (max(place[axis] for place in places.values()) for axis in (0, 1))
    assert wide < 4 * high
    stages = [f"bottleneck_stage_{at}" for at in (1, 2, 3, 4)]
    assert len({places[each][1] for each in stages}) == 1
    fusions = [places[f"multi_resolution_fusion_{at}"][1] for at in (1, 2, 3)]
    assert places["input_1"][1] < fusions[0] < fusions[1] < fusions[2]
