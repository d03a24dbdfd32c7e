"""An edit costs what lies downstream of it; a checker that has seen a document says what a fresh one says."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graph_engine.blocks import Block, Specs
from graph_engine.check import Checker, checker
from graph_engine.check.shapes import NodeResult, run_block
from graph_engine.document import AnyEdit, EditRefused, Move, SetAbout, SetNode, SetParameter
from tests.check.cases import classifier, two_convolutions
from tests.document.drawings import drawing, edits

Ran = Callable[[], list[str]]


@pytest.fixture
def ran(monkeypatch: pytest.MonkeyPatch) -> Ran:
    """The blocks that were run on the meta device since it was asked last."""
    names: list[str] = []

    def noting(block: Block, inputs: Specs) -> NodeResult:
        names.append(block.key())
        return run_block(block, inputs)

    monkeypatch.setattr(checker, "run_block", noting)

    def since() -> list[str]:
        taken = list(names)
        names.clear()
        return taken

    return since


def test_only_what_lies_downstream_of_an_edit_is_run_again(ran: Ran) -> None:
    document, check = classifier(), Checker()
    check.check(document)
    assert sorted(ran()) == ["accuracy", "conv2d", "cross_entropy", "flatten", "linear", "output", "relu"]

    document.apply(SetParameter("linear_1", "bias", False))
    check.check(document)
    assert ran() == ["linear"], "what it gives is as before, so nothing after it can change"

    document.apply(SetParameter("conv2d_1", "channels", 6))
    check.check(document)
    assert ran() == ["conv2d", "relu", "flatten", "linear"]

    document.apply(SetParameter("cross_entropy_1", "label_smoothing", 0.1))
    check.check(document)
    assert ran() == ["cross_entropy"]


@pytest.mark.parametrize(
    "edit",
    [
        Move((("conv2d_1", (50.0, 50.0)),)),
        SetNode("conv2d_1", "title", "Stem"),
        SetNode("conv2d_1", "frozen", True),
        SetAbout("Other", ""),
        SetParameter("conv2d_1", "channels", 4),
        SetParameter("input_1", "name", "picture"),
    ],
    ids=lambda edit: edit.label,
)
def test_what_changes_no_shape_runs_nothing(ran: Ran, edit: AnyEdit) -> None:
    document, check = classifier(), Checker()
    check.check(document)
    ran()
    document.apply(edit)
    assert check.check(document).ok
    assert ran() == []


def test_undo_and_equal_nodes_cost_nothing(ran: Ran) -> None:
    document, check = two_convolutions("add", 4, 4), Checker()
    check.check(document)
    assert ran().count("conv2d") == 1, "two nodes of one sort on one input are run once"
    inverse = document.apply(SetParameter("conv2d_1", "channels", 8))
    check.check(document)
    ran()
    document.apply(inverse)
    check.check(document)
    assert ran() == []


def test_a_refusal_is_remembered_too(ran: Ran) -> None:
    document, check = two_convolutions("add", 4, 6), Checker()
    first = check.check(document)
    ran()
    assert check.check(document).problems == first.problems
    assert ran() == []


def test_a_full_memory_is_emptied_and_nothing_is_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checker, "_CACHE_LIMIT", 3)
    document, check = classifier(), Checker()
    for channels in range(1, 6):
        document.apply(SetParameter("conv2d_1", "channels", channels))
        assert check.check(document) == Checker().check(document)


@settings(max_examples=40)
@given(st.lists(edits, max_size=8))
def test_any_drawing_is_answered_and_a_warm_checker_says_what_a_fresh_one_says(sequence: list[AnyEdit]) -> None:
    document, warm = drawing(), Checker()
    for edit in sequence:
        try:
            document.apply(edit)
        except EditRefused:
            continue
        result = warm.check(document)
        assert result == Checker().check(document)
        assert set(result.nodes) == set(document.main.nodes)
        for problem in result.problems:
            assert problem.node is None or problem.node in document.main
            for fix in problem.fixes:
                document.snapshot().apply(fix.edit)
