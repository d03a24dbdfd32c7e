"""What differs between two documents is named, all of it, and nothing else."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graph_engine.check import Checker
from graph_engine.check.diff import cost_difference
from graph_engine.document import (
    AddNodes,
    Connect,
    Disconnect,
    Document,
    Move,
    Node,
    RemoveNodes,
    SetAbout,
    SetBinding,
    SetNode,
    SetParameter,
    SetPlan,
    Wire,
)
from graph_engine.document.diff import Difference, Kind, difference
from graph_engine.document.file import dumps, loads
from graph_engine.document.plan import Binding, Optimiser
from presets import open_preset


@pytest.fixture
def lenet() -> Document:
    return open_preset("lenet5")


def test_a_document_does_not_differ_from_itself_read_again(lenet: Document) -> None:
    found = difference(lenet, loads(dumps(lenet)))
    assert not found
    assert found.summary() == "No difference"


def test_every_kind_of_change_is_named(lenet: Document) -> None:
    before = lenet.snapshot()
    lenet.apply(SetParameter("conv2d_1", "channels", 12))
    lenet.apply(SetNode("conv2d_2", "frozen", value=True))
    lenet.apply(AddNodes((Node("relu_9", "relu"),)))
    wire = lenet.main.wires_out_of("conv2d_1")[0]
    lenet.apply(Disconnect((wire,)))
    lenet.apply(Connect(Wire("conv2d_1", "y", "relu_9", "x")))
    gone = next(node.id for node in lenet.main if node.block == "output")
    lenet.apply(RemoveNodes((gone,)))
    lenet.apply(Move((("conv2d_2", (1.0, 2.0)),)))
    lenet.apply(SetPlan(replace(lenet.plan.with_first(optimiser=Optimiser(learning_rate=0.5)), seed=7)))
    lenet.apply(SetBinding(Binding(dataset="other")))
    lenet.apply(SetAbout("Mine", ""))
    found = difference(before, lenet)

    changed = {change.node: change.values for change in found.of(Kind.CHANGED)}
    assert set(changed) == {"conv2d_1", "conv2d_2"}
    [width] = changed["conv2d_1"]
    assert (width.name, width.before, width.after) == ("channels", 6, 12)
    assert [str(value) for value in changed["conv2d_2"]] == ["Frozen: off → on"]
    assert [change.node for change in found.of(Kind.ADDED)] == ["relu_9"]
    assert [change.node for change in found.of(Kind.REMOVED)] == [gone]
    added = {change.wire for change in found.wires if change.kind is Kind.ADDED}
    assert added == {Wire("conv2d_1", "y", "relu_9", "x")}
    assert {change.wire for change in found.wires} - added == {
        wire,
        *(each for each in before.main.wires if each.target == gone),
    }
    assert {value.name for value in found.plan} >= {"seed", "stages.0.updates.0.optimiser.learning_rate"}
    rate = next(value for value in found.plan if value.name.endswith("learning_rate"))
    assert rate.title == "Stage 1, update 1, optimiser, learning rate"
    assert [value.after for value in found.data if value.name == "dataset"] == ["other"]
    assert [value.name for value in found.about][:1] == ["title"]
    assert found.moved == 1


def test_a_value_written_otherwise_is_no_change(lenet: Document) -> None:
    before = lenet.snapshot()
    node = next(node for node in lenet.main if node.block == "conv2d")
    block = lenet.main.block(node)
    assert block is not None
    spec = next(spec for spec in block.parameters() if spec.name not in node.parameters)
    lenet.apply(SetParameter(node.id, spec.name, spec.default))
    lenet.apply(SetParameter("conv2d_1", "kernel", [5, 5]))
    assert not difference(before, lenet).nodes


def test_another_block_under_the_same_id_is_another_node() -> None:
    before, after = Document(), Document()
    before.apply(AddNodes((Node("x_1", "relu"),)))
    after.apply(AddNodes((Node("x_1", "tanh"),)))
    assert [(change.kind, change.block) for change in difference(before, after).nodes] == [
        (Kind.REMOVED, "relu"),
        (Kind.ADDED, "tanh"),
    ]


def test_composites_are_compared_inside() -> None:
    before = open_preset("resnet:depth=18")
    after = before.snapshot()
    name, graph = next(iter(after.composites.items()))
    node = next(node for node in graph if node.block == "conv2d")
    after.apply(SetNode(node.id, "title", "Mine", name))
    [change] = difference(before, after).nodes
    assert (change.graph, change.node, change.kind) == (name, node.id, Kind.CHANGED)
    empty = Document()
    gone = difference(before, empty)
    assert {change.graph for change in gone.graphs if change.kind is Kind.REMOVED} == set(before.composites)


@given(st.lists(st.sampled_from(["conv2d_1", "conv2d_2", "linear_1", "linear_2"]), unique=True))
def test_the_way_back_is_the_mirror(nodes: list[str]) -> None:
    before = open_preset("lenet5")
    after = before.snapshot()
    if nodes:
        after.apply(RemoveNodes(tuple(nodes)))
    there, back = difference(before, after), difference(after, before)
    assert _kinds(there) == {
        (node, {Kind.ADDED: Kind.REMOVED, Kind.REMOVED: Kind.ADDED}.get(kind, kind)) for node, kind in _kinds(back)
    }
    assert {node for node, _ in _kinds(there)} == set(nodes)


def test_costs_are_compared(lenet: Document) -> None:
    before = lenet.snapshot()
    lenet.apply(SetParameter("conv2d_1", "channels", 7))
    found = cost_difference(Checker().check(before), Checker().check(lenet))
    weights = 25 + 1  # one more filter of 5×5 on one channel, with its bias
    into_next = 25 * before.main["conv2d_2"].parameters["channels"]
    assert found.nodes["conv2d_1"].params == weights
    assert found.nodes["conv2d_2"].params == into_next
    assert found.total.params == weights + into_next
    assert found.total.macs > 0
    assert found.total.memory > 4 * found.total.params  # its map is kept as well
    assert "linear_3" not in found.nodes


def _kinds(found: Difference) -> set[tuple[str, Kind]]:
    return {(change.node, change.kind) for change in found.nodes}
