"""What a network costs: parameters, multiply-adds, bytes, counted independently."""

from __future__ import annotations

import pytest

from graph_engine.check import Checker, Cost
from graph_engine.document import AddNodes, Disconnect, Node, RemoveNodes, SetNode, SetParameter, Wire
from graph_engine.document.builder import Builder
from tests.check.cases import classifier, two_convolutions


def test_a_convolution_by_arithmetic() -> None:
    net = Builder("One")
    x = net.add("conv2d", net.input("x", 3, 10, 12), channels=8, kernel=[3, 5], stride=2)
    net.output(net.add("batch_norm", x))
    nodes = Checker().check(net.document).nodes
    weights, positions = 3 * 3 * 5 * 8, 5 * 6

    assert nodes["conv2d_1"].cost == Cost(
        weights + 8, weights + 8, 0, weights * positions, 8 * positions * 4, (weights + 8) * 4
    )
    assert nodes["batch_norm_1"].cost == Cost(16, 16, 17, 0, 8 * positions * 4, 16 * 4)
    assert nodes["input_1"].cost == Cost()


@pytest.mark.parametrize("groups", [1, 2, 4])
def test_groups_divide_weights_and_multiply_adds(groups: int) -> None:
    net = Builder("Groups")
    net.output(net.add("conv2d", net.input("x", 4, 6, 6), channels=8, groups=groups, bias=False))
    cost = Checker().check(net.document).total
    assert (cost.params, cost.macs) == (4 * 8 * 9 // groups, 4 * 8 * 9 * 36 // groups)


@pytest.mark.parametrize("heads", [1, 2, 4])
def test_attention_by_arithmetic(heads: int) -> None:
    net = Builder("Attention")
    net.output(net.add("self_attention", net.input("x", 10, 8), heads=heads))
    cost = Checker().check(net.document).total
    assert (cost.params, cost.macs) == (4 * (64 + 8), 4 * 10 * 64 + 2 * 10 * 10 * 8)


def test_a_projection_and_a_highway_are_counted() -> None:
    net = Builder("Skip")
    x = net.input("x", 4, 8, 8)
    net.output(net.add("residual", x, net.add("conv2d", x, channels=6, stride=2)))
    cost = Checker().check(net.document).nodes["residual_1"].cost
    assert (cost.params, cost.buffers, cost.macs) == (4 * 6 + 12, 13, 4 * 6 * 16)

    net = Builder("Highway")
    net.output(net.add("highway", net.input("x", 7)))
    assert Checker().check(net.document).total.params == 2 * (49 + 7)
    assert Checker().check(net.document).total.macs == 2 * 49


def test_the_total_is_of_what_outputs_and_losses_need() -> None:
    document = classifier()
    nodes, total = Checker().check(document).nodes, Checker().check(document).total
    assert total == sum((report.cost for report in nodes.values()), Cost())
    document.apply(
        AddNodes((Node("linear_9", "linear", {"features": 99}),), (Wire("flatten_1", "y", "linear_9", "x"),))
    )
    result = Checker().check(document)
    assert result.nodes["linear_9"].cost.params == 256 * 99 + 99
    assert result.total == total


def test_a_frozen_node_trains_nothing_and_costs_the_same() -> None:
    document = classifier()
    before = Checker().check(document)
    document.apply(SetNode("conv2d_1", "frozen", True))
    after = Checker().check(document)
    cost, was = after.nodes["conv2d_1"].cost, before.nodes["conv2d_1"].cost

    assert (cost.trainable, was.trainable) == (0, 40)
    assert (cost.params, cost.macs, cost.parameter_bytes) == (was.params, was.macs, was.parameter_bytes)
    assert after.total.trainable == before.total.trainable - 40
    assert after.total.params == before.total.params


def test_a_parameter_changes_what_it_says_it_changes() -> None:
    document, check = classifier(), Checker()
    before = check.check(document).nodes["conv2d_1"].cost
    document.apply(SetParameter("conv2d_1", "bias", False))
    after = check.check(document).nodes["conv2d_1"].cost
    assert before.params - after.params == 4
    assert before.macs == after.macs


def test_what_waits_costs_nothing() -> None:
    document = classifier()
    document.apply(Disconnect((Wire("relu_1", "y", "flatten_1", "x"),)))
    assert Checker().check(document).nodes["linear_1"].cost == Cost()


def test_ends_come_beside_what_they_end() -> None:
    """The fix for a missing end draws it where there is room: to the right."""
    document = classifier()
    document.apply(RemoveNodes(("output_1", "cross_entropy_1", "accuracy_1", "input_2")))
    for node in list(document.main):
        document.main.put(node.with_(position=(100.0, 50.0)))
    for _ in range(2):
        problem = Checker().check(document).problems[0]
        document.apply(problem.fixes[0].edit)
    assert Checker().check(document).problems == ()
    added = [document.main[name] for name in ("output_1", "input_2", "cross_entropy_1", "accuracy_1")]
    assert all(node.position[0] > 100 for node in added)
    assert len({node.position for node in added}) == 4


def test_equal_nodes_have_equal_costs() -> None:
    nodes = Checker().check(two_convolutions("add", 4, 4)).nodes
    assert nodes["conv2d_1"] == nodes["conv2d_2"]
