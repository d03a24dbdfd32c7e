"""What a plan does, in words."""

from __future__ import annotations

from dataclasses import replace

import pytest

from graph_engine.check import Checker
from graph_engine.compile import compile_document
from graph_engine.document import Document, Stage, Update
from graph_engine.train import PlanError
from graph_engine.train.words import plan_in_words
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


def test_what_is_not_there_is_told() -> None:
    with pytest.raises(PlanError, match=r"The plan trains the tag 'gone', and no node carries it .there is body, head"):
        words(classifier(Stage(updates=(Update(trains=("#gone",)),))))
    with pytest.raises(PlanError, match="The plan freezes the composite 'gone'"):
        words(classifier(Stage(updates=(Update(freezes=("@gone",)),))))
