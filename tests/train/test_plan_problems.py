"""What a plan names and is not in the drawing: told among the problems, and mended by one click."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from graph_engine.check import Checker, Problem, Severity
from graph_engine.document import (
    Document,
    Edit,
    Goal,
    Judgement,
    Optimiser,
    Penalty,
    Plan,
    RemoveNodes,
    SetNode,
    Stage,
    Update,
    WeightedLoss,
    WeightGroup,
)
from graph_engine.document.file import dumps
from graph_engine.document.plan import Loading
from graph_engine.train.errors import PlanError
from graph_engine.train.objectives import objectives_of
from graph_engine.train.plan_problems import plan_problems
from tests.train.by_hand import odd
from tests.train.conftest import make_trainer
from tests.train.mechanisms import CRITIC, GENERATOR, SLOPE, gan, tasks

FIRST, SECOND = WeightedLoss(node="cross_entropy_1"), WeightedLoss(node="cross_entropy_2")


def plan_of(update: Update, **stage: object) -> Document:
    return odd(Stage(updates=(update,), epochs=1, **stage))  # type: ignore[arg-type]


def told(document: Document) -> list[Problem]:
    return plan_problems(document, Checker().check(document))


def judged(document: Document, **changes: object) -> Document:
    document.plan = replace(document.plan, **changes)  # type: ignore[arg-type]
    return document


CASES: dict[str, tuple[Document, Edit | None, str, str]] = {
    "trained, among others": (
        plan_of(Update(trains=("linear_1", "linear_3"))),
        RemoveNodes(("linear_1",)),
        "The plan trains the node 'linear_1', and there is no such node. Choose others.",
        "Take linear_1 out of the plan",
    ),
    "the only one trained": (
        plan_of(Update(trains=("linear_1",))),
        RemoveNodes(("linear_1",)),
        "The plan trains the node 'linear_1'",
        "Take linear_1 out of the plan, and train all nodes",
    ),
    "frozen": (
        plan_of(Update(freezes=("linear_1",))),
        RemoveNodes(("linear_1",)),
        "The plan freezes the node 'linear_1'",
        "Take linear_1 out of the plan",
    ),
    "a tag": (
        plan_of(Update(optimiser=Optimiser(groups=(WeightGroup(of=("#stem",), factor=0.1),)))),
        SetNode("conv2d_1", "tags", ()),
        "",
        "",
    ),
    "a tag of nobody": (
        plan_of(Update(optimiser=Optimiser(groups=(WeightGroup(of=("#nobody",), factor=0.1),)))),
        None,
        "The optimiser's group names the tag 'nobody', and no node carries it (there is aux, body, head, inner, stem).",
        "Take #nobody out of the plan",
    ),
    "a composite": (
        plan_of(Update(penalties=(Penalty(kind="l2", of=("@cell",)),))),
        RemoveNodes(("cell_1",)),
        "The l2 penalty names the composite 'cell', and nothing in the drawing uses it. Choose another.",
        "Take @cell out of the plan",
    ),
    "a node in a composite": (
        plan_of(Update(), resets=("cell:conv2d_1",), loads=(Loading(source="a", of=("linear_1",)),)),
        RemoveNodes(("conv2d_1",), "cell"),
        "The plan resets the node 'cell:conv2d_1'",
        "Take cell:conv2d_1 out of the plan",
    ),
    "a node in a composite that is used no more": (
        plan_of(Update(freezes=("cell:conv2d_1",))),
        RemoveNodes(("cell_1",)),
        "The plan freezes the node 'cell:conv2d_1', and nothing in the drawing uses the composite 'cell'.",
        "Take cell:conv2d_1 out of the plan",
    ),
    "a loss, among others": (
        plan_of(Update(losses=(FIRST, SECOND))),
        RemoveNodes(("cross_entropy_2",)),
        "The plan names the loss 'cross_entropy_2', and there is no such loss node (there is cross_entropy_1).",
        "Take cross_entropy_2 out of the plan",
    ),
    "the only loss": (
        plan_of(Update(losses=(SECOND,))),
        RemoveNodes(("cross_entropy_2",)),
        "The plan names the loss 'cross_entropy_2'",
        "Take cross_entropy_2 out of the plan, and make all losses small",
    ),
    "a bypassed loss": (
        plan_of(Update(losses=(FIRST, SECOND))),
        SetNode("cross_entropy_2", "bypassed", True),
        "The plan names the loss 'cross_entropy_2', which is bypassed.",
        "Bypass cross_entropy_2 no longer",
    ),
    "a loss of no update": (
        plan_of(Update(losses=(FIRST,))),
        None,
        "No update of the plan makes cross_entropy_2 small",
        "Let the plan make it small",
    ),
    "a slope": (
        gan(replace(CRITIC, penalties=(SLOPE,)), GENERATOR),
        RemoveNodes(("flatten_1",)),
        "The gradient penalty names the value 'flatten_1' as real, and there is no such node. Choose another.",
        "Take the penalty out of the plan",
    ),
    "a stage to be remembered": (
        judged(tasks(), stages=tuple(replace(stage, name="") for stage in tasks().plan.stages)),
        None,
        "A penalty of stage 2 remembers the stage 'first'; before it there is none with a name. Name an earlier stage.",
        "Take the penalty out of the plan",
    ),
    "what is judged by": (
        judged(plan_of(Update()), judge=Judgement(name="accuracy", better="greater")),
        RemoveNodes(("accuracy_1",)),
        "The plan judges by 'accuracy'; what is measured is loss",
        "Judge by the loss",
    ),
    "judged the wrong way round": (
        judged(plan_of(Update()), judge=Judgement(name="accuracy")),
        None,
        "The plan takes smaller values of accuracy for better, so it keeps the worst weights as the best.",
        "Take greater values for better",
    ),
    "what a stage waits for": (
        plan_of(Update(), until=Goal(series="val_accuracy", value=0.9)),
        RemoveNodes(("accuracy_1",)),
        "Stage 1 goes on until 'val_accuracy' passes a value",
        "Wait for no value",
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_a_name_that_means_nothing_is_a_problem_that_one_click_mends(name: str) -> None:
    start, edit, message, label = CASES[name]
    document = start.snapshot()
    assert edit is None or all(each.severity is not Severity.ERROR for each in told(document))
    if edit is not None:
        document.apply(edit)
    problems = told(document)
    if not message:
        assert all(each.severity is Severity.INFO for each in problems)
        return
    problem, *rest = problems
    assert all(each.severity is Severity.INFO for each in rest)
    assert problem.message.startswith(message)
    assert problem.fixes[0].label == label

    before = dumps(document)
    back = document.apply(problem.fixes[0].edit)  # type: ignore[arg-type]
    assert all(each.severity is Severity.INFO for each in told(document))
    for stage in document.plan.stages:
        assert objectives_of(document, stage)
    document.apply(back)
    assert dumps(document) == before


def test_it_is_what_training_refuses(small: Callable[..., Document]) -> None:
    document = small()
    document.plan = Plan(stages=(Stage(updates=(Update(losses=(WeightedLoss(node="gone"),)),)),))
    with pytest.raises(PlanError) as refused:
        make_trainer(document)
    assert [problem.message for problem in told(document)] == [str(refused.value)]


def test_nothing_is_said_before_there_is_a_loss() -> None:
    document = plan_of(Update(losses=(FIRST,), trains=("linear_1",)))
    document.apply(RemoveNodes(("cross_entropy_1", "cross_entropy_2", "linear_1")))

    assert told(document) == []


def test_a_node_that_no_update_trains_is_told_unless_it_is_left_out_on_purpose() -> None:
    document = plan_of(Update(trains=("#stem", "#body", "linear_3"), freezes=("#aux",)))
    (problem,) = told(document)  # not linear_5, nor linear_2 and 3, which are one
    assert (problem.node, problem.severity) == ("linear_4", Severity.INFO)
    document.apply(problem.fixes[0].edit)  # type: ignore[arg-type]
    assert told(document) == []

    document.plan = plan_of(Update(trains=("linear_1",))).plan
    (problem,) = told(document)
    assert problem.message.startswith(
        "No update of the plan trains conv2d_1, batch_norm_1, cell_1, linear_2 and 2 more:"
    )
    document.apply(problem.fixes[0].edit)  # type: ignore[arg-type]
    assert told(document) == []
    document.plan = plan_of(Update(trains=("linear_1",)), loads=(Loading(source="another"),)).plan
    assert told(document) == [], "what is loaded may well stay"
