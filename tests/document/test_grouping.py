"""Nodes made into a composite: what becomes a port, what is refused, and that the drawing computes the same."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from graph_engine.document import (
    AddNodes,
    Document,
    EditRefused,
    Loading,
    Node,
    Optimiser,
    Penalty,
    SetNode,
    SetParameter,
    SetPlan,
    Stage,
    Update,
    WeightGroup,
    Wire,
)
from graph_engine.document.builder import Builder
from graph_engine.document.composite import port_names
from graph_engine.document.file import dumps
from graph_engine.document.grouping import make_composite
from tests.document.composites import bottleneck_net, check, compute_the_same, flat_resnet


def wires(document: Document, graph: str = "main") -> set[str]:
    return {str(wire) for wire in document.graphs[graph].wires}


def make(document: Document, nodes: list[str], name: str = "unit", graph: str = "main", title: str = "") -> None:
    """Make a composite, with what a check of the drawing says."""
    report = check(document).inside(check(document).path_to(graph) or ())
    assert report is not None
    document.apply(make_composite(document, graph, nodes, name, title, report.nodes))


UNIT = ["conv2d_2", "batch_norm_2", "relu_2", "conv2d_3", "batch_norm_3", "residual_1", "relu_3"]


def test_a_composite_takes_the_place_of_its_nodes_and_computes_the_same() -> None:
    document, flat = flat_resnet(2), flat_resnet(2)
    before = check(document)

    make(document, UNIT, title="Unit")

    assert {"relu_1.y → unit_1.x", "unit_1.y → conv2d_4.x", "unit_1.y → residual_2.x"} <= wires(document)
    assert set(UNIT) & set(document.main.nodes) == set()
    assert set(UNIT) <= set(document.graphs["unit"].nodes)
    assert port_names(document.graphs["unit"]) == (("x",), ("y",))
    assert document.main.block("unit_1").title == "Unit"  # type: ignore[union-attr]
    assert check(document).total == before.total
    assert compute_the_same(flat, document, 2, 3, 8, 8)


def test_it_is_one_step_whose_inverse_restores_the_file_exactly() -> None:
    document = flat_resnet(2)
    before = dumps(document)

    document.apply(document.apply(make_composite(document, "main", UNIT, "unit")))

    assert dumps(document) == before


def test_inputs_take_the_checked_shape_of_what_enters() -> None:
    document = flat_resnet(1)

    make(document, UNIT)

    assert document.graphs["unit"]["input_1"].parameters["shape"] == [8, 8, 8]


def test_without_a_check_an_input_takes_an_example_that_its_reader_takes() -> None:
    net = Builder("Tokens")
    net.output(net.add("lstm", net.add("embedding", net.input("text", "T", tokens=True, classes=9))))

    net.document.apply(make_composite(net.document, "main", ["embedding_1"], "words"))
    net.document.apply(make_composite(net.document, "main", ["lstm_1"], "reader"))

    words, reader = (net.document.graphs[name]["input_1"].parameters for name in ("words", "reader"))
    assert dict(words) == {"name": "text", "shape": ["T"], "dtype": "int64", "classes": 9}
    assert reader["shape"] == ["T", 64]


def several() -> Document:
    """Two inputs; a shared and a private value enter conv2d_2 and add_1; two values leave."""
    net = Builder("Several")
    image, mask = net.input("image", 4, 8, 8), net.input("mask", 4, 8, 8)
    stem = net.add("conv2d", image, channels=4, title="Deep features")
    inner = net.add("conv2d", stem, channels=4)
    both = net.add("add", inner, stem, mask)
    net.output(net.add("relu", inner), "early")
    net.output(net.add("relu", both), "late")
    net.output(both, "raw")
    return net.document


def test_each_value_that_enters_is_one_input_named_after_what_it_is() -> None:
    document = several()

    make(document, ["conv2d_2", "add_1"])

    assert port_names(document.graphs["unit"]) == (("deep_features", "mask"), ("y", "y_2"))
    assert {
        "conv2d_1.y → unit_1.deep_features",
        "input_2.y → unit_1.mask",
        "unit_1.y → relu_1.x",
        "unit_1.y_2 → relu_2.x",
        "unit_1.y_2 → output_3.x",
    } <= wires(document)
    assert {"input_1.y → conv2d_2.x", "input_1.y → add_1.xs.1", "input_2.y → add_1.xs.2"} <= wires(document, "unit")
    check(document)


def test_borders_among_the_selected_stay_outside() -> None:
    document = flat_resnet(1)
    params = check(document).total.params

    make(document, list(document.main.nodes), "network")

    assert {node.block for node in document.main} == {"input", "@network", "output", "cross_entropy", "accuracy"}
    assert check(document).total.params == params


def test_an_end_that_nothing_uses_becomes_an_output() -> None:
    net = Builder("Open")
    net.add("relu", net.add("conv2d", net.input("image", 1, 8, 8)))

    net.document.apply(make_composite(net.document, "main", ["conv2d_1", "relu_1"], "open_end"))

    assert "relu_1.y → output_1.x" in wires(net.document, "open_end")


@pytest.mark.parametrize(
    ("nodes", "name", "said"),
    [
        ([], "unit", "Select the layers"),
        (["input_1", "cross_entropy_1"], "unit", "Select the layers"),
        (["conv2d_2", "residual_1"], "unit", r"comes back through Batch norm \(batch_norm_2\) and 3 more"),
        (["conv2d_2"], "main", "a graph called 'main' already"),
        (["conv2d_2"], "class", "can't name a composite"),
        (["conv2d_2"], "Big", "can't name a composite"),
    ],
)
def test_what_can_be_no_composite_is_refused_with_a_reason(nodes: list[str], name: str, said: str) -> None:
    document = flat_resnet(1)
    before = dumps(document)

    with pytest.raises(EditRefused, match=said):
        make_composite(document, "main", nodes, name)
    assert dumps(document) == before


def test_weights_are_not_shared_across_the_border_of_a_composite() -> None:
    document = flat_resnet(1)
    document.apply(SetNode("conv2d_3", "shares", "conv2d_2"))

    with pytest.raises(EditRefused, match="conv2d_3 shares the weights of conv2d_2"):
        make_composite(document, "main", ["conv2d_3"], "unit")
    with pytest.raises(EditRefused, match="conv2d_3 shares the weights of conv2d_2"):
        make_composite(document, "main", ["conv2d_2"], "unit")

    make(document, UNIT)

    assert document.graphs["unit"]["conv2d_3"].shares == "conv2d_2"
    check(document)


def test_formulas_keep_their_meaning_in_a_composite_inside_another() -> None:
    document, plain = bottleneck_net(2, width=8), bottleneck_net(2, width=8)
    total = check(document).total

    make(document, ["conv2d_2", "conv2d_3"], "deep", "bottleneck")

    use = document.graphs["bottleneck"]["deep_1"]
    assert dict(use.parameters) == {"width": "=width", "outer_in_channels": "=in_channels"}
    assert document.graphs["deep"]["conv2d_3"].parameters["channels"] == "=outer_in_channels"
    assert check(document).total == total
    assert compute_the_same(plain, document, 2, 3, 8, 8)


def test_in_channels_keeps_its_name_where_the_same_value_enters_first() -> None:
    document = bottleneck_net()
    total = check(document).total

    make(document, ["conv2d_1", "relu_1", "conv2d_2", "conv2d_3", "residual_1"], "whole", "bottleneck")

    assert dict(document.graphs["bottleneck"]["whole_1"].parameters) == {"width": "=width"}
    assert document.graphs["whole"]["conv2d_3"].parameters["channels"] == "=in_channels"
    assert check(document).total == total


def test_the_turn_of_a_repeat_reaches_a_composite_inside() -> None:
    document = bottleneck_net(3)
    document.apply(SetParameter("conv2d_2", "channels", "=4 + turn", "bottleneck"))
    total = check(document).total

    make(document, ["conv2d_2"], "deep", "bottleneck")

    assert dict(document.graphs["bottleneck"]["deep_1"].parameters) == {"outer_turn": "=turn"}
    assert check(document).total == total


def test_nodes_keep_their_places_among_each_other_and_the_composite_stands_in_their_midst() -> None:
    document = flat_resnet(1)
    for at, name in enumerate(document.main.order()):
        document.main.put(document.main[name].with_(position=(at * 200.0, 40.0 + at)))
    old = {name: document.main[name].position for name in UNIT}

    make(document, UNIT)

    inner = document.graphs["unit"]
    shifts = {(inner[name].position[0] - x, inner[name].position[1] - y) for name, (x, y) in old.items()}
    assert len(shifts) == 1
    left, right = min(x for x, _ in old.values()), max(x for x, _ in old.values())
    assert left < document.main["unit_1"].position[0] < right
    assert inner["input_1"].position[0] + 112 < min(inner[name].position[0] for name in UNIT)
    assert inner["output_1"].position[0] > max(inner[name].position[0] for name in UNIT) + 112


WEIGHTED = ("conv2d_2", "conv2d_3", "batch_norm_2", "batch_norm_3")


@pytest.mark.parametrize(
    "stage",
    [
        lambda names: Stage(updates=(Update(trains=names),)),
        lambda names: Stage(updates=(Update(freezes=names),)),
        lambda names: Stage(updates=(Update(penalties=(Penalty(kind="l1", of=names),)),)),
        lambda names: Stage(updates=(Update(optimiser=Optimiser(groups=(WeightGroup(of=names),))),)),
        lambda names: Stage(resets=names),
        lambda names: Stage(loads=(Loading(source="run", of=names),)),
    ],
)
def test_the_plan_names_the_composite_in_place_of_its_nodes_or_is_not_widened(
    stage: Callable[[tuple[str, ...]], Stage],
) -> None:
    document = flat_resnet(1)
    before = replace(document.plan, stages=(stage(("linear_1", *WEIGHTED)),))
    document.apply(SetPlan(before))

    report = check(document)
    undo = document.apply(make_composite(document, "main", UNIT, "unit", reports=report.nodes))
    assert document.plan.stages == (stage(("linear_1", "unit_1")),)
    document.apply(undo)
    assert document.plan == before
    document.apply(SetPlan(replace(document.plan, stages=(stage(("conv2d_2",)),))))
    with pytest.raises(EditRefused, match="s some of these nodes but not batch_norm_2"):
        make_composite(document, "main", UNIT, "unit", reports=check(document).nodes)


def test_a_node_of_an_unknown_block_goes_in_as_it_is() -> None:
    document = flat_resnet(1)
    warp = Node("warp_1", "warp", {"speed": 9}, extra={"since": "9.1"})
    document.apply(AddNodes((warp,), (Wire("conv2d_2", "y", "warp_1", "in"),)))

    document.apply(make_composite(document, "main", ["warp_1", "conv2d_2"], "unit"))

    inner = document.graphs["unit"]["warp_1"]
    assert (inner.block, dict(inner.parameters), dict(inner.extra)) == ("warp", {"speed": 9}, {"since": "9.1"})
