"""Composites in the check: shapes through turns and steps, costs, problems told once and where they are."""

from __future__ import annotations

import pytest

from graph_engine.blocks import Axis, TensorSpec
from graph_engine.check import Checker, Severity, State
from graph_engine.check.report import Code
from graph_engine.compile import compile_document
from graph_engine.document import RemoveNodes, SetNode, SetParameter
from graph_engine.document.builder import Builder

N = Axis("N")


def layers(times: int | str = 3) -> Builder:
    """Dense layers: each turn concatenates what it adds to what came."""
    net = Builder("Growing")
    part = net.composite("layer", "Layer")
    growth = part.expose("growth", 4)
    x = part.input("x", 8)
    part.output(part.add("concat", x, part.add("linear", x, features=growth)), "y")
    net.output(net.add("@layer", net.input("x", 10), times=times))
    return net


def test_each_turn_takes_what_the_one_before_gave() -> None:
    result = Checker().check(layers().document)
    report = result.nodes["layer_1"]
    assert report.outputs["y"].shape == (N, 10 + 3 * 4)
    assert [turn.values["in_channels"] for turn in report.inside] == [10, 14, 18]
    weights = sum((width + 1) * 4 for width in (10, 14, 18))
    assert report.cost.params == result.total.params == weights
    assert report.cost.macs == sum(width * 4 for width in (10, 14, 18))
    assert result.ok


def test_without_a_use_what_enters_is_what_the_first_input_says() -> None:
    """A composite that is used no more, or not yet, is not at fault for naming what it is given."""
    net = Builder("Unused")
    part = net.composite("half", "Half")
    x = part.input("x", 12)
    part.output(part.add("linear", x, features="=in_channels // 2"), "y")
    net.output(net.input("x", 4))
    result = Checker().check(net.document)
    assert [problem for problem in result.problems if problem.graph == "half"] == []
    report = result.unused["half"]
    assert report.values["in_channels"] == 12
    assert report.outputs["y"].shape == (N, 6)


def test_a_formula_may_name_the_turn() -> None:
    net = Builder("Turns")
    part = net.composite("part", "Part")
    part.output(part.add("linear", part.input("x", 4), features="=4 * (turn + 1)"), "y")
    net.output(net.add("@part", net.input("x", 4), times=3))
    assert Checker().check(net.document).nodes["part_1"].outputs["y"].shape == (N, 12)


def test_what_is_exposed_is_set_where_it_is_used() -> None:
    net = layers(times=1)
    net.document.apply(SetParameter("layer_1", "growth", 7))
    assert Checker().check(net.document).nodes["layer_1"].outputs["y"].shape == (N, 17)


@pytest.mark.parametrize(("times", "said"), [("=0", "from 1 to 10000; got 0"), ("=many", "There is no 'many' here")])
def test_a_repeat_that_can_not_be_is_said_with_a_fix(times: str, said: str) -> None:
    net = layers()
    net.document.apply(SetNode("layer_1", "repeat", times))
    checker = Checker()
    (problem,) = [each for each in checker.check(net.document).errors if each.node == "layer_1"]
    assert said in problem.message
    net.document.apply(problem.fixes[0].edit)
    assert checker.check(net.document).ok


def test_a_fault_inside_is_told_once_where_it_is() -> None:
    net = layers()
    net.document.apply(SetParameter("linear_1", "features", "=growth * depth", "layer"))
    result = Checker().check(net.document)
    (problem,) = result.errors
    assert (problem.graph, problem.node, problem.parameter) == ("layer", "linear_1", "features")
    assert "There is no 'depth' here; exposed are: growth" in problem.message
    assert result.nodes["layer_1"].state is State.ERROR
    assert "linear_1" in result.nodes["layer_1"].message
    assert result.nodes["output_1"].state is State.WAITING


def test_its_fixes_are_edits_of_its_graph() -> None:
    net = Builder("Fix")
    part = net.composite("part", "Part")
    part.output(part.add("linear", part.input("x", 1, 8, 8), features=3), "y")
    net.output(net.add("@part", net.input("image", 1, 8, 8)))
    checker = Checker()
    (problem,) = checker.check(net.document).errors
    flatten = next(fix for fix in problem.fixes if "Flatten" in fix.label)
    net.document.apply(flatten.edit)
    assert checker.check(net.document).ok
    assert "flatten_1" in net.document.graphs["part"]


def test_a_composite_that_nothing_uses_only_warns() -> None:
    net = layers()
    unused = net.composite("unused")
    unused.output(unused.add("linear", unused.input("x", 1, 8, 8), features=3), "y")
    result = Checker().check(net.document)
    assert result.ok
    (problem,) = [each for each in result.problems if each.graph == "unused"]
    assert problem.severity is Severity.WARNING
    assert result.unused["unused"].nodes["linear_1"].state is State.ERROR
    assert result.path_to("unused") is None
    assert result.path_to("layer") == ("layer_1",)


def cell() -> Builder:
    net = Builder("Cell")
    part = net.composite("cell", "Cell")
    size = part.expose("hidden", 8)
    x, h = part.input("x", 5), part.input("h", size)
    new = part.add("tanh", part.add("add", part.add("linear", x, features=size), part.add("linear", h, features=size)))
    part.output(new, "y")
    part.output(new, "h")
    net.output(net.add("@cell", net.input("x", "T", 5), over_time=True, hidden=6))
    return net


def test_a_cell_takes_a_sequence_step_by_step() -> None:
    result = Checker().check(cell().document)
    report = result.nodes["cell_1"]
    assert report.outputs["y"].shape == (N, Axis("T"), 6)
    assert report.outputs["h"].shape == (N, 6)
    assert report.inside[0].inputs == {"x": TensorSpec((N, 5)), "h": TensorSpec((N, 6))}
    assert report.cost.macs == (5 + 6) * 6, "for one step, since the length is not known"


def test_over_a_known_length_it_costs_that_many_steps() -> None:
    net = cell()
    net.document.apply(SetParameter("input_1", "shape", [9, 5]))
    report = Checker().check(net.document).nodes["cell_1"]
    assert report.outputs["y"].shape == (N, 9, 6)
    assert report.cost.macs == 9 * (5 + 6) * 6


def test_a_state_that_comes_back_otherwise_is_refused() -> None:
    net = cell()
    net.document.apply(SetParameter("input_2", "shape", [3], "cell"))
    (problem,) = Checker().check(net.document).errors
    assert "The state h of Cell begins as N×3 and comes back as N×6." in problem.message


def test_a_cell_needs_a_sequence() -> None:
    net = cell()
    net.document.apply(SetParameter("input_1", "shape", [], "main"))
    (problem,) = Checker().check(net.document).errors
    assert problem.node == "cell_1"
    assert "must be a sequence" in problem.message


def test_a_whole_input_is_the_same_at_each_step() -> None:
    net = Builder("Whole")
    part = net.composite("cell", "Cell")
    x, memory = part.input("x", 5), part.input("memory", 7, whole=True)
    part.output(part.add("concat", x, memory), "y")
    net.output(net.add("@cell", net.input("x", "T", 5), net.input("memory", 7), over_time=True))
    assert Checker().check(net.document).nodes["cell_1"].outputs["y"].shape == (N, Axis("T"), 12)


def test_a_bypassed_node_passes_what_enters_first_and_costs_nothing() -> None:
    net = Builder("Bypass")
    net.output(net.add("linear", net.input("x", 5), features=3))
    net.document.apply(SetNode("linear_1", "bypassed", value=True))
    result = Checker().check(net.document)
    assert result.nodes["linear_1"].outputs["y"].shape == (N, 5)
    assert result.total.params == 0


def test_a_composite_that_nothing_uses_is_checked_with_the_channels_that_its_input_says() -> None:
    net = Builder("Unused")
    part = net.composite("part")
    width = part.expose("width", 6)
    part.output(part.add("linear", part.input("x", 4, width), features="=in_channels * 2"))
    net.output(net.add("relu", net.input("x", 5)))
    result = Checker().check(net.document)
    assert [problem for problem in result.problems if problem.graph == "part"] == []
    assert result.unused["part"].outputs["logits"].shape == (N, 4, 12)


def test_a_missing_composite_is_a_problem_that_can_be_mended() -> None:
    from graph_engine.document.file import dumps, loads

    text = dumps(layers().document).replace('"block": "@layer"', '"block": "@gone"')
    document = loads(text)
    checker = Checker()
    (problem,) = [each for each in checker.check(document).errors if each.node == "layer_1"]
    assert "The composite 'gone' is not in this document" in problem.message
    document.apply(problem.fixes[0].edit)
    assert "layer_1" not in document.main


def test_a_lost_port_is_a_wire_to_remove() -> None:
    net = layers()
    net.document.apply(RemoveNodes(("output_1",), "layer"))
    part = Checker().check(net.document)
    assert not part.ok
    messages = [each.message for each in part.problems]
    assert any("no Output node" in message for message in messages)


def test_a_warm_checker_sees_an_edit_inside() -> None:
    net = layers()
    checker = Checker()
    before = checker.check(net.document).total.params
    net.document.apply(SetParameter("linear_1", "bias", False, "layer"))
    after = checker.check(net.document).total.params
    assert before - after == 3 * 4
    assert after == Checker().check(net.document).total.params


def test_a_loss_in_a_composite_is_told_to_count_for_nothing() -> None:
    """It is no part of the program, nor is what leads to it alone: neither in words nor in numbers."""
    net = Builder("Inside")
    x, label = net.input("x", 4), net.input("label", label=True, classes=3)
    head = net.composite("head", "Head")
    inner, right = head.input("x", 4), head.input("label", label=True, classes=3)
    logits = head.add("linear", inner, features=3)
    head.add("cross_entropy", head.add("linear", logits, features=3), right)
    head.output(logits, "y")
    net.output(net.add("@head", x, label))
    result = Checker().check(net.document)
    (problem,) = [each for each in result.problems if each.graph == "head"]

    assert (problem.node, problem.severity, problem.code) == ("cross_entropy_1", Severity.WARNING, Code.UNUSED)
    assert "only those of the main drawing do" in problem.message
    assert result.total.params == 4 * 3 + 3
    network = compile_document(net.document, result).make(0)
    assert sum(each.numel() for each in network.parameters()) == result.total.params
