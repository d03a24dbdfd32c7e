"""What a plan does, in words."""

from __future__ import annotations

from dataclasses import replace

import pytest

from graph_engine.check import Checker
from graph_engine.compile import compile_document
from graph_engine.document import Average, Document, Optimiser, Part, Penalty, Stage, Update, WeightedLoss, WeightGroup
from graph_engine.train import PlanError
from graph_engine.train.words import plan_in_words, stage_in_words
from tests.train.by_hand import odd
from tests.train.mechanisms import CRITIC, GENERATOR, SLOPE, classifier, gan, one, tasks


def words(document: Document) -> list[str]:
    return plan_in_words(document, Checker().check(document))


def test_a_simple_plan_is_one_sentence() -> None:
    assert words(one(Update())) == ["Updates 3 of 3 blocks by Adam at 0.001 for cross_entropy_1."]


def test_a_game_tells_who_learns_what_and_what_is_run() -> None:
    document = gan(replace(CRITIC, repeat=5, clip_weights=0.01, penalties=(SLOPE,)), GENERATOR)
    first, second = words(document)

    assert first == (
        "Update 1 “critic”: updates 1 of 3 blocks (critic_1) by RMSprop at 0.001 for wasserstein_loss_1; "
        "runs 8 of 9 blocks; 5 steps a turn, each on a fresh batch; weights within ±0.01; "
        "gradient penalty 10 on critic_1 between flatten_1 and sigmoid_1."
    )
    assert second.startswith("Update 2 “generator”: updates 2 of 3 blocks (linear_1 and linear_2) by Adam at 0.001")
    assert "runs 6 of 9 blocks" in second
    compile_document(document)


def test_stages_tell_length_and_part_of_the_data() -> None:
    lines = words(tasks())

    assert lines[0] == "Stage 1 “first”: 2 epochs; on samples of class 0, 1, 2, 3 and 4 alone."
    assert lines[3].endswith("held to the weights of stage first by 50 times their importance.")


def test_what_a_stage_begins_with_is_told() -> None:
    kept, aside = Average(decay=0.9), Average(decay=0.9, used=False)
    stages = [Stage(updates=(Update(average=average),)) for average in (kept, aside, None)]
    document = classifier(*stages, Stage(updates=(Update(optimiser=Optimiser(kind="rmsprop")),)))
    lines = words(document)

    begun = "begins with the running mean that the stage before was judged by"
    assert [begun in line for line in lines if line.startswith("Stage")] == [False, True, False, False]
    assert "by RMSprop with momentum 0.9 at 0.001" in lines[-1]


def test_what_makes_some_weights_learn_otherwise_is_told() -> None:
    groups = (WeightGroup(of=("#head",), factor=0.1, weight_decay=0.0),)
    chosen = Optimiser(weight_decay=0.1, decays="kernels", groups=groups)
    penalties = (Penalty(kind="l2", weight=0.5, of=("#body",)),)
    stage = Stage(updates=(Update(optimiser=chosen, penalties=penalties),), data=Part(values=(1,), field="few"))
    document = classifier(stage)

    assert stage_in_words(document.plan, 0) == "10 epochs; on samples whose few is 1 alone"
    told, update = words(document)
    assert told == "Stage 1: 10 epochs; on samples whose few is 1 alone."
    assert update.endswith(
        "for cross_entropy_1; weight decay 0.1 of all but biases and norms; #head at 0.1 times the rate, "
        "weight decay 0; L2 penalty 0.5 of #body."
    )


def test_only_what_learns_is_said_to_be_updated() -> None:
    """Not what is frozen inside a composite, tied to what is frozen, or behind a stop gradient."""
    one_loss = Stage(updates=(Update(losses=(WeightedLoss(node="cross_entropy_2"),)),))

    assert words(odd())[0].startswith("Updates 7 of 7 blocks by Adam")
    assert words(odd(frozen=("cell:conv2d_1", "cell:batch_norm_1")))[0].startswith(
        "Updates 7 of 7 blocks (conv2d_1, batch_norm_1, part of cell_1, linear_1 and 3 more)"
    )
    inside = ("cell:conv2d_1", "cell:batch_norm_1", "cell:conv2d_2")
    assert words(odd(frozen=inside))[0].startswith("Updates 6 of 7 blocks (conv2d_1, batch_norm_1, linear_1")
    assert words(odd(frozen=("linear_3",)))[0].startswith("Updates 6 of 7 blocks (conv2d_1, batch_norm_1, cell_1")
    assert words(odd(Stage(updates=(Update(trains=("linear_3",)),))))[0].startswith("Updates 1 of 7 blocks (linear_2)")
    assert words(odd(one_loss))[0].startswith(
        "Updates 1 of 7 blocks (linear_5) by Adam at 0.001 for cross_entropy_2; runs 11"
    )


def test_what_is_not_there_is_told() -> None:
    with pytest.raises(PlanError, match=r"The plan trains the tag 'gone', and no node carries it .there is body, head"):
        words(classifier(Stage(updates=(Update(trains=("#gone",)),))))
    with pytest.raises(PlanError, match="The plan freezes the composite 'gone'"):
        words(classifier(Stage(updates=(Update(freezes=("@gone",)),))))
