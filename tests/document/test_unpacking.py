"""A use of a composite replaced by its contents: the drawing computes the same, or the reason why it can't is said."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import pytest

from graph_engine.document import (
    Batch,
    Document,
    EditRefused,
    Optimiser,
    RemoveNodes,
    SetNode,
    SetParameter,
    SetPlan,
    Stage,
    Update,
    WeightGroup,
    Wire,
)
from graph_engine.document.builder import Builder
from graph_engine.document.edits import Disconnect
from graph_engine.document.file import dumps
from graph_engine.document.formulas import substituted
from graph_engine.document.grouping import make_composite
from graph_engine.document.unpacking import unpack
from tests.document.composites import bottleneck_net, check, compute_the_same, flat_resnet, isomorphic


def turns_of(document: Document, path: Sequence[str]) -> list[Mapping[str, Any]]:
    """What the check found the names in the formulas of a use to stand for, turn after turn."""
    report = check(document).main
    for node in path[:-1]:
        assert report is not None
        report = report.nodes[node].inside[0]
    assert report is not None
    return [each.values for each in report.nodes[path[-1]].inside]


def unpacked(document: Document, node: str = "bottleneck_1") -> Batch:
    return unpack(document, "main", node, turns_of(document, [node]))


@pytest.mark.parametrize("times", [1, 3])
def test_the_drawing_computes_the_same(times: int) -> None:
    document, packed = bottleneck_net(times, width=6), bottleneck_net(times, width=6)
    before = check(packed)

    document.apply(unpacked(document))

    after = check(document)
    assert [node for node in document.main if node.block.startswith("@")] == []
    assert after.total == before.total
    assert after.main is not None
    assert before.main is not None
    assert after.main.outputs == before.main.outputs
    assert compute_the_same(packed, document, 2, 3, 8, 8)


def test_formulas_become_the_numbers_of_this_use() -> None:
    document = bottleneck_net(width=6)

    document.apply(unpacked(document))

    values = {node.title: node.parameters["channels"] for node in document.main if node.block == "conv2d"}
    assert values["Wide"] == 12
    assert all(isinstance(value, int) for value in values.values())


def test_it_is_one_step_whose_inverse_restores_the_file_exactly() -> None:
    document = bottleneck_net(2)
    before = dumps(document)

    document.apply(document.apply(unpacked(document)))

    assert dumps(document) == before


def test_ids_are_kept_where_they_are_free_and_count_on_where_not() -> None:
    document = bottleneck_net(2)

    document.apply(unpacked(document))

    convolutions = [node.id for node in document.main if node.block == "conv2d"]
    assert convolutions == ["conv2d_1", "conv2d_4", "conv2d_2", "conv2d_3", "conv2d_5", "conv2d_6", "conv2d_7"]


def test_making_and_unpacking_gives_back_the_drawing() -> None:
    document = flat_resnet(1)
    nodes, wires = set(document.main.nodes), set(document.main.wires)

    document.apply(
        make_composite(
            document,
            "main",
            ["conv2d_2", "batch_norm_2", "residual_1", "relu_2", "conv2d_3", "batch_norm_3"],
            "unit",
        )
    )
    document.apply(unpacked(document, "unit_1"))

    assert (set(document.main.nodes), set(document.main.wires)) == (nodes, wires)
    assert isomorphic(document.main, flat_resnet(1).main)


def test_a_turn_is_a_number_in_each_copy() -> None:
    document, packed = bottleneck_net(3), bottleneck_net(3)
    for each in (document, packed):
        each.apply(SetParameter("conv2d_2", "channels", "=width * 2 ** turn", "bottleneck"))

    document.apply(unpacked(document))

    assert [node.parameters["channels"] for node in document.main if node.title == "Wide"] == [4, 8, 16]
    assert check(document).total == check(packed).total


def test_in_channels_that_grow_from_turn_to_turn_are_those_of_each_copy() -> None:
    net = Builder("Growing")
    inner = net.composite("grow")
    x = inner.input("x", 4, 8, 8)
    inner.output(inner.add("concat", x, inner.add("conv2d", x, channels="=in_channels // 2")), "y")
    net.output(net.add("@grow", net.input("image", 4, 8, 8), times=3))
    document = net.document
    before = check(document)

    document.apply(unpacked(document, "grow_1"))

    assert [node.parameters["channels"] for node in document.main if node.block == "conv2d"] == [2, 3, 4]
    assert check(document).total == before.total


def nested() -> Document:
    """main uses `@outer` twice, that uses `@inner` ×2 with a width that is a formula of its own."""
    net = Builder("Nested")
    inner = net.composite("inner")
    width = inner.expose("width", 4)
    x = inner.input("x", 4, 8, 8)
    inner.output(inner.add("conv2d", x, channels=f"{width} + turn"), "y")
    outer = net.composite("outer")
    depth = outer.expose("base", 3)
    x = outer.add("@inner", outer.input("x", 4, 8, 8), width=f"{depth} * 2", times=2)
    outer.output(outer.add("relu", x), "y")
    net.output(net.add("@outer", net.add("@outer", net.input("image", 4, 8, 8)), base=5))
    return net.document


def test_inside_a_composite_the_values_of_a_use_may_be_formulas_that_stay() -> None:
    document = nested()
    before = check(document).total

    document.apply(unpack(document, "outer", "inner_1"))

    outer = document.graphs["outer"]
    channels = [node.parameters["channels"] for node in outer if node.block == "conv2d"]
    assert channels == ["=base * 2 + 0", "=base * 2 + 1"]
    assert check(document).total == before
    document.apply(unpack(document, "main", "outer_2"))
    assert check(document).total == before
    assert sorted(node.parameters["channels"] for node in document.main if node.block == "conv2d") == [10, 11]


def test_a_use_inside_keeps_its_repeat_and_gets_the_values_of_the_use_around_it() -> None:
    document = nested()

    document.apply(unpack(document, "main", "outer_2"))

    use = next(node for node in document.main if node.block == "@inner")
    assert (dict(use.parameters), use.repeat) == ({"width": 10}, 2)


def in_channels_inside() -> Document:
    """`@cell` names in_channels; `@outer` uses it first on what enters, then on something else."""
    net = Builder("Given names")
    cell = net.composite("cell")
    cell.output(cell.add("conv2d", cell.input("x", 4, 8, 8), channels="=in_channels * 2"), "y")
    outer = net.composite("outer")
    outer.output(outer.add("@cell", outer.add("@cell", outer.input("x", 4, 8, 8))), "y")
    net.output(net.add("@outer", net.input("image", 4, 8, 8)))
    return net.document


def test_in_channels_stays_where_it_is_that_of_the_composite_around() -> None:
    document = in_channels_inside()
    before = check(document).total

    document.apply(unpack(document, "outer", "cell_1"))

    assert document.graphs["outer"]["conv2d_1"].parameters["channels"] == "=in_channels * 2"
    assert check(document).total == before


def test_in_channels_is_a_number_where_the_composite_around_is_used_once() -> None:
    document = in_channels_inside()
    before = check(document).total

    document.apply(unpack(document, "outer", "cell_2", turns_of(document, ["outer_1", "cell_2"])))

    assert document.graphs["outer"]["conv2d_1"].parameters["channels"] == 16
    assert check(document).total == before


def test_in_channels_that_may_differ_between_uses_are_not_made_a_number() -> None:
    document = in_channels_inside()
    document.apply(SetNode("outer_1", "repeat", 2))

    with pytest.raises(EditRefused, match="may be another number at each use of outer"):
        unpack(document, "outer", "cell_2", turns_of(document, ["outer_1", "cell_2"]))


def test_without_a_check_in_channels_is_asked_for() -> None:
    with pytest.raises(EditRefused, match="not known yet how many channels arrive"):
        unpack(bottleneck_net(), "main", "bottleneck_1")


def test_several_ports_are_wired_each_to_its_own_and_what_passes_through_goes_on() -> None:
    net = Builder("Ports")
    inner = net.composite("two")
    x, mask = inner.input("x", 4, 8, 8), inner.input("mask", 4, 8, 8)
    inner.output(inner.add("add", x, mask), "y")
    inner.output(mask, "mask")
    image, other = net.input("image", 4, 8, 8), net.input("other", 4, 8, 8)
    y = net.add("@two", image, other, times=2)
    net.output(y, "sum")
    net.output(y.other("mask"), "same")
    document = net.document

    document.apply(unpack(document, "main", "two_1"))

    assert {str(wire) for wire in document.main.wires} == {
        "input_1.y → add_1.xs.0",
        "input_2.y → add_1.xs.1",
        "add_1.y → add_2.xs.0",
        "input_2.y → add_2.xs.1",
        "add_2.y → output_1.x",
        "input_2.y → output_2.x",
    }


def test_what_was_not_wired_stays_so() -> None:
    document = bottleneck_net()
    document.apply(Disconnect((Wire("conv2d_1", "y", "bottleneck_1", "x"),)))
    document.apply(SetParameter("conv2d_3", "channels", 8, "bottleneck"))

    document.apply(unpack(document, "main", "bottleneck_1"))

    assert {wire.input for wire in document.main.wires_into("residual_1").values()} == {"f"}
    assert document.main.wires_into("conv2d_4") == {}


def test_a_frozen_use_leaves_frozen_nodes_and_weights_shared_inside_stay_shared() -> None:
    document = bottleneck_net(2)
    for edit in (
        SetParameter("conv2d_3", "channels", 4, "bottleneck"),
        SetNode("bottleneck_1", "frozen", True),
        SetNode("conv2d_3", "shares", "conv2d_1", "bottleneck"),
    ):
        document.apply(edit)

    document.apply(unpack(document, "main", "bottleneck_1"))

    frozen = {node.id for node in document.main if node.frozen}
    assert {"conv2d_4", "conv2d_2", "conv2d_3", "conv2d_7"} <= frozen
    assert "conv2d_1" not in frozen
    assert {node.id: node.shares for node in document.main if node.shares} == {
        "conv2d_3": "conv2d_4",
        "conv2d_7": "conv2d_5",
    }


def test_a_plan_that_trains_the_use_trains_what_it_held() -> None:
    document = bottleneck_net()
    document.apply(SetPlan(replace(document.plan, stages=(Stage(updates=(Update(trains=("bottleneck_1",)),)),))))

    document.apply(unpacked(document))

    assert document.plan.first_update.trains == ("conv2d_4", "relu_1", "conv2d_2", "conv2d_3", "residual_1")


def test_a_plan_that_names_the_composite_or_what_it_holds_names_the_copies() -> None:
    """Else what is drawn would be trained no more, without a word."""
    document = bottleneck_net(2)
    document.apply(SetNode("bottleneck_1", "tags", ("body",)))
    groups = (WeightGroup(of=("bottleneck:conv2d_2",)),)
    update = Update(trains=("@bottleneck",), freezes=("#body",), optimiser=Optimiser(groups=groups))
    document.apply(SetPlan(replace(document.plan, stages=(Stage(updates=(update,)),))))
    before = set(document.main.nodes)

    document.apply(unpacked(document))

    added = set(document.main.nodes) - before
    update = document.plan.first_update
    assert set(update.trains) == added
    assert {node.id for node in document.main if "body" in node.tags} == added
    wide = tuple(node.id for node in document.main if node.title == "Wide")
    assert update.optimiser.groups[0].of == wide
    assert len(added) == 2 * len(document.graphs["bottleneck"].nodes) - 4


def test_room_is_made_for_what_is_wider_than_the_use() -> None:
    document = bottleneck_net(2)
    inner = document.graphs["bottleneck"]
    for at, name in enumerate(inner.order()):
        inner.put(inner[name].with_(position=(at * 200.0, 0.0)))
    for at, name in enumerate(document.main.order()):
        document.main.put(document.main[name].with_(position=(at * 200.0, 0.0)))

    document.apply(unpacked(document))

    last = max(node.position[0] for node in document.main if node.block in ("conv2d", "residual"))
    assert document.main["global_avg_pool_1"].position[0] > last + 112
    places = [node.position for node in document.main]
    assert len(set(places)) == len(places)


@pytest.mark.parametrize(
    ("edit", "said"),
    [
        (SetNode("bottleneck_1", "over_time", True), "runs over time"),
        (SetNode("bottleneck_1", "bypassed", True), "is bypassed"),
        (SetNode("bottleneck_1", "repeat", "=depth"), "not one number here"),
        (SetNode("bottleneck_1", "repeat", 5000), "5000 copies"),
        (RemoveNodes(("bottleneck_1",)), "no node called 'bottleneck_1'"),
    ],
)
def test_what_can_t_be_unpacked_is_refused_with_a_reason(edit: SetNode | RemoveNodes, said: str) -> None:
    document = bottleneck_net()
    document.apply(edit)

    with pytest.raises(EditRefused, match=said):
        unpack(document, "main", "bottleneck_1")


def test_a_single_block_holds_nothing() -> None:
    with pytest.raises(EditRefused, match="no composite of this document"):
        unpack(bottleneck_net(), "main", "conv2d_1")


def test_uses_that_share_weights_are_not_torn_apart() -> None:
    net = Builder("Siamese")
    inner = net.composite("tower")
    inner.output(inner.add("conv2d", inner.input("x", 1, 8, 8), channels=2), "y")
    first = net.add("@tower", net.input("left", 1, 8, 8))
    net.output(net.add("add", first, net.add("@tower", net.input("right", 1, 8, 8), shares=first)))

    with pytest.raises(EditRefused, match="tower_2 shares the weights of tower_1"):
        unpack(net.document, "main", "tower_1")
    with pytest.raises(EditRefused, match="shares the weights of tower_1"):
        unpack(net.document, "main", "tower_2")


@pytest.mark.parametrize(
    ("formula", "meanings", "expected"),
    [
        ("=width * 4", {"width": 3}, 12),
        ("=width * 4", {"width": "=a + b"}, "=(a + b) * 4"),
        ("=width ** 2", {"width": -3}, 9),
        ("=a if mode == 'same' else b", {"mode": "same", "a": 1, "b": 2}, 1),
        ("=min(min, 3)", {"other": 1}, "=min(min, 3)"),
        ("=max(width, 3)", {"width": 8}, 8),
        ("=width // 0", {"width": 8}, "=8 // 0"),
        ("=not a formula (", {"a": 1}, "=not a formula ("),
    ],
)
def test_names_in_formulas_get_meanings(formula: str, meanings: dict[str, Any], expected: Any) -> None:
    assert substituted(formula, meanings) == expected


def test_a_formula_that_gets_too_long_to_be_read_is_refused() -> None:
    with pytest.raises(EditRefused, match="longer than 200 letters"):
        substituted("=width + width", {"width": "=" + " + ".join(["long_name"] * 12)})


def test_an_output_without_a_wire_inside_gives_nothing() -> None:

    document = bottleneck_net()
    document.apply(Disconnect((Wire("residual_1", "y", "output_1", "x"),), "bottleneck"))

    document.apply(unpack(document, "main", "bottleneck_1", [{"in_channels": 8}]))

    assert document.main.wires_into("global_avg_pool_1") == {}
    assert document.main.wires_out_of("residual_1") == []


def test_wires_that_could_not_be_drawn_anew_are_carried_through_making_and_unpacking() -> None:
    """A port was taken away under a wire, as an older file may have it: the wire stays, so that it can be mended."""
    document = nested()
    document.apply(RemoveNodes(("input_1",), "inner"))
    wires = set(document.graphs["outer"].wires)
    assert Wire("input_1", "y", "inner_1", "x") in wires

    document.apply(unpack(document, "main", "outer_1"))
    document.apply(make_composite(document, "main", ["inner_1", "relu_1"], "again"))

    assert Wire("input_1", "y", "inner_1", "x") in document.graphs["again"].wires
