"""Every kind of problem: it names its place, says what to do, and one click mends it."""

from __future__ import annotations

import pytest

from graph_engine.check import Checker, CheckResult, Problem, Severity, State
from graph_engine.document import Document, Graph, RemoveNodes, SetParameter
from graph_engine.document.file import dumps
from graph_engine.document.geometry import geometry_in
from graph_engine.document.layout import arrange
from tests.check.cases import CASES, Case, chain, classifier


def find(result: CheckResult, case: Case) -> Problem | None:
    found = [p for p in result.problems if p.node == case.node and case.words in p.message]
    assert len(found) <= 1
    return found[0] if found else None


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_the_message_names_the_place_and_what_is_expected(case: Case) -> None:
    document = case.document()
    result = Checker().check(document)
    problem = find(result, case)

    assert problem is not None, result.problems
    assert (problem.severity, problem.code) == (case.severity, case.code)
    assert (problem.port, problem.parameter) == (case.port, case.parameter)
    assert problem.expected == case.expected or not case.expected
    assert tuple(fix.label for fix in problem.fixes) == case.fixes
    assert problem.message[-1] == "."
    assert problem.message[0].isupper() or problem.message[0].isdigit()
    assert len(problem.message) < 240
    assert result.ok == (case.severity is not Severity.ERROR)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_only_the_faulty_node_is_blamed(case: Case) -> None:
    result = Checker().check(case.document())
    errors = {problem.node for problem in result.errors}

    assert errors <= {case.node} | {"accuracy_1"} if case.name == "image into a loss" else errors <= {case.node}
    for name, report in result.nodes.items():
        if report.state is State.ERROR:
            assert case.node == name or str(case.node) in report.message or "accuracy" in name
            assert report.message
        if report.state is State.WAITING:
            assert report.message.startswith(("waits", "needs a wire"))
            assert not report.outputs
    for name in case.waiting:
        assert result.nodes[name].state is State.WAITING, name


@pytest.mark.parametrize(
    ("case", "label"),
    [(case, label) for case in CASES for label in case.fixes],
    ids=lambda value: getattr(value, "name", value),
)
def test_one_click_mends_it_and_undo_takes_it_back(case: Case, label: str) -> None:
    document = case.document()
    before = dumps(document)
    problem = find(Checker().check(document), case)
    assert problem is not None
    (fix,) = [fix for fix in problem.fixes if fix.label == label]
    inverse = document.apply(fix.edit)
    after = Checker().check(document)

    assert find(after, case) is None
    document.apply(inverse)
    assert dumps(document) == before


@pytest.mark.parametrize(
    ("case", "label"),
    [(case, label) for case in CASES for label in case.fixes],
    ids=lambda value: getattr(value, "name", value),
)
def test_what_a_click_draws_lies_on_nothing(case: Case, label: str) -> None:
    document = case.document()
    document.apply(arrange(document.main))
    problem = find(Checker().check(document), case)
    assert problem is not None
    before = {node.id for node in document.main}
    document.apply(next(fix.edit for fix in problem.fixes if fix.label == label))
    graph = document.main
    rects = {node.id: (*node.position, *size(graph, node.id)) for node in graph}
    for new in rects.keys() - before:
        x, y, width, height = rects[new]
        for other in rects.keys() - {new}:
            a, b, wide, high = rects[other]
            assert x >= a + wide or a >= x + width or y >= b + high or b >= y + height, (new, other)


def size(graph: Graph, node: str) -> tuple[float, float]:
    found = geometry_in(graph, node)
    return found.width, found.height


@pytest.mark.parametrize(
    ("name", "label"),
    [
        ("image into linear", "Insert Flatten"),
        ("images of different channels", "Insert Conv 2d"),
        ("images of different channels", "Set Channels of Conv 2d (conv2d_2) to 4"),
        ("vectors of different lengths", "Insert Linear"),
        ("more classes than scores", "Set Features of Linear (linear_1) to 5"),
        ("heads that do not divide", "Set Heads to 1"),
        ("no output", "Add an Output after Linear (linear_1)"),
        ("no loss", "Add label, cross entropy and accuracy"),
        ("no loss for a label", "Add cross entropy and accuracy"),
        ("a circle from a file", "Remove the wire b.y → a.xs.1"),
    ],
)
def test_after_the_click_nothing_else_is_wrong(name: str, label: str) -> None:
    case = next(case for case in CASES if case.name == name)
    document = case.document()
    problem = find(Checker().check(document), case)
    assert problem is not None
    document.apply(next(fix.edit for fix in problem.fixes if fix.label == label))
    left = Checker().check(document).errors
    if name == "a circle from a file":  # the add now has one input
        assert [p.message for p in left] == ["Add needs a wire at xs (1 more)."]
    else:
        assert left == []


def test_a_good_classifier_has_no_problem() -> None:
    result = Checker().check(classifier())
    assert result.problems == ()
    assert result.ok
    assert {report.state for report in result.nodes.values()} == {State.OK}


def test_without_an_end_no_node_is_blamed_for_leading_nowhere() -> None:
    document = classifier()
    document.apply(RemoveNodes(("output_1", "cross_entropy_1", "accuracy_1")))
    assert [problem.node for problem in Checker().check(document).problems] == [None, None]


def test_an_empty_document_has_nothing_to_say() -> None:
    result = Checker().check(Document())
    assert (result.problems, dict(result.nodes), result.total.params) == ((), {}, 0)


def test_torchs_own_words_are_the_detail() -> None:
    document = chain(("linear", {"features": 2**52}), shape=(2**20,))
    (problem,) = Checker().check(document).errors
    assert "overflow" in problem.detail


def test_the_answer_carries_the_revision_it_is_for() -> None:
    document = classifier()
    assert Checker().check(document).revision == document.revision
    document.apply(SetParameter("conv2d_1", "channels", 9))
    assert Checker().check(document).revision == document.revision
