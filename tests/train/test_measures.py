"""What a plan measures, and which way is better."""

from __future__ import annotations

from dataclasses import replace

import pytest

from graph_engine.blocks import Role
from graph_engine.blocks.block import Block
from graph_engine.blocks.registry import all_blocks
from graph_engine.document import Document, Judgement
from graph_engine.document.builder import Builder
from graph_engine.train import PlanError
from graph_engine.train.measures import judged_series, measures_of, usually_greater
from presets import open_preset

BETTER = {
    "accuracy": True,
    "topk_accuracy": True,
    "sequence_accuracy": True,
    "bit_accuracy": True,
    "precision": True,
    "recall": True,
    "f1": True,
    "auroc": True,
    "mean_iou": True,
    "r2": True,
    "coverage": True,
    "fidelity": True,
    "mae": False,
}
"""The metrics of the library, and whether greater values are better."""


def two_losses() -> Document:
    net = Builder("Two")
    x, label = net.input("image", 1, 8, 8), net.input("label", label=True, classes=10)
    logits = net.add("linear", net.add("flatten", x), features=10)
    for block in ("cross_entropy", "cross_entropy", "accuracy"):
        net.add(block, logits, label)
    return net.document


def test_every_metric_of_the_library_says_which_way_is_better() -> None:
    metrics = {name: block for name, block in all_blocks().items() if block.role is Role.METRIC}
    assert {name: block.greater for name, block in metrics.items()} == BETTER
    for name, block in metrics.items():
        own = block.__mro__[: block.__mro__.index(Block)]
        assert any("greater" in vars(each) for each in own), f"{name} does not say it, so one forgot to think about it"


def test_losses_are_to_be_small_whatever_they_are_called() -> None:
    found = measures_of(two_losses())
    assert found == {
        "val_loss": False,
        "val_cross_entropy_1": False,
        "val_cross_entropy_2": False,
        "val_accuracy": True,
        "train_loss": False,
        "train_cross_entropy_1": False,
        "train_cross_entropy_2": False,
        "train_accuracy": True,
    }


def test_of_a_game_coverage_is_measured_in_evaluations_and_judged_by() -> None:
    game = open_preset("gan")
    found = measures_of(game)
    assert (found["val_coverage"], found["val_loss_2"]) == (True, False)
    assert "train_coverage" not in found
    assert judged_series(game) == "val_coverage"


def test_the_plan_has_the_last_word_and_nothing_held_out_is_not_measured() -> None:
    net = two_losses()
    net.plan = replace(net.plan, judge=Judgement(name="accuracy", better="smaller"), validation=0.0)
    found = measures_of(net)
    assert found["train_accuracy"] is False
    assert all(name.startswith("train_") for name in found)
    assert judged_series(net) == "train_accuracy"


def test_without_a_loss_nothing_can_be_said() -> None:
    with pytest.raises(PlanError):
        measures_of(Document())


@pytest.mark.parametrize(
    ("series", "greater"),
    [("val_accuracy", True), ("train_f1_2", True), ("coverage", True), ("val_cross_entropy_1", False), ("mae", False)],
)
def test_by_name_alone(series: str, greater: bool) -> None:
    assert usually_greater(series) is greater
