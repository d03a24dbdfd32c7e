"""A run that is interrupted at any step and resumed gives the very same weights, curves and best epoch."""

from __future__ import annotations

import random
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from graph_engine.document import Optimiser, Plan, Schedule, Stage, Update, WeightedLoss
from graph_engine.train import Control, TrainError
from graph_engine.train.stepper import Stepper
from tests.train.by_hand import odd
from tests.train.resuming import Make, Start, StopAt, assert_same, curves, interrupted

TOTAL = 39  # steps of the small plan: 13 an epoch
STEPS = sorted([*random.Random(20).sample(range(TOTAL), 4), 0, 13, 26])  # noqa: S311  some, and the ends of epochs


@pytest.mark.parametrize("step", STEPS)
def test_stopped_at_a_step(
    small: Make, trainer: Start, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: int
) -> None:
    whole = trainer(small())
    whole.run()

    assert_same(interrupted(small, trainer, tmp_path, [step], monkeypatch), whole)


OPTIMISERS = {
    "adam": Optimiser(kind="adam", learning_rate=0.01),
    "adamw": Optimiser(kind="adamw", learning_rate=0.01, weight_decay=0.1),
    "rmsprop": Optimiser(kind="rmsprop", learning_rate=0.003, momentum=0.5),
    "momentum": Optimiser(kind="sgd", learning_rate=0.1, momentum=0.9),
}


@pytest.mark.parametrize("schedule", ["step", "cosine"])
@pytest.mark.parametrize("kind", OPTIMISERS)
def test_every_optimiser_stopped_again_and_again(
    small: Make, trainer: Start, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str, schedule: str
) -> None:
    plan = {"optimiser": OPTIMISERS[kind], "schedule": Schedule(kind=schedule, every=1, factor=0.5), "epochs": 2}  # type: ignore[arg-type]
    whole = trainer(small(**plan))
    whole.run()

    assert_same(interrupted(small, trainer, tmp_path, [5, 6, 20], monkeypatch, **plan), whole)


def test_stages_and_updates_that_share_a_network(
    small: Make, trainer: Start, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = Update(trains=("linear_1",), optimiser=OPTIMISERS["adam"])
    second = Update(trains=("linear_2", "batch_norm_1"), optimiser=OPTIMISERS["momentum"])
    stages = (
        Stage(updates=(first, second), steps=20),
        Stage(updates=(Update(optimiser=OPTIMISERS["rmsprop"]),), epochs=1),
    )
    whole = trainer(small(stages=stages))
    whole.run()
    assert whole.stepper.position.step == 33

    assert_same(interrupted(small, trainer, tmp_path, [7, 13, 20, 25], monkeypatch, stages=stages), whole)


def test_early_stop_counts_on(small: Make, trainer: Start, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plan = {"patience": 2, "epochs": 30, "optimiser": Optimiser(kind="sgd", learning_rate=0.5), "schedule": Schedule()}
    whole = trainer(small(**plan))
    outcome = whole.run()
    ended = whole.stepper.position.step
    assert outcome.progress.message.startswith("Stopped early: no better validation loss for 2 epochs.")
    assert ended < 30 * 13

    assert_same(interrupted(small, trainer, tmp_path, [ended - 14], monkeypatch, **plan), whole)


def test_bf16(small: Make, trainer: Start, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = trainer(small(precision="bf16", epochs=1))
    whole.run()
    full = trainer(small(epochs=1))
    full.run()
    assert curves(whole) != curves(full)

    assert_same(interrupted(small, trainer, tmp_path, [4], monkeypatch, precision="bf16", epochs=1), whole)


def test_stopped_while_an_epoch_is_judged(
    small: Make, trainer: Start, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The stop comes after the last step of an epoch, before its evaluation: that is made up for."""
    whole = trainer(small())
    whole.run()
    resumed = interrupted(small, trainer, tmp_path, [13], monkeypatch)

    assert len(resumed.feed.since().points["val_loss"]) == 3
    assert_same(resumed, whole)


def test_a_damaged_checkpoint_gives_way_to_the_one_before(
    small: Make, trainer: Start, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = trainer(small())
    whole.run()
    for at in (10, 20):
        control = Control()
        trained = trainer(small(), tmp_path, control=control)
        trained.resume()
        stop = StopAt(at, control, monkeypatch)
        trained.run()
        stop.over()
    weights = tmp_path / "checkpoints" / "step_000000020" / "weights.safetensors"
    weights.write_bytes(weights.read_bytes()[:-1] + b"!")

    trained = trainer(small(), tmp_path)
    assert trained.resume()
    assert trained.stepper.position.step == 10
    trained.run()
    assert_same(trained, whole)


def test_the_same_seed_gives_the_same_numbers_and_another_others(small: Make, trainer: Start) -> None:
    one, same, other = trainer(small()), trainer(small()), trainer(small(seed=6))
    for each in (one, same, other):
        each.run()

    assert_same(one, same)
    assert curves(one) != curves(other)


def test_numbers_drawn_elsewhere_change_nothing(small: Make, trainer: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = trainer(small())
    whole.run()
    step = Stepper.step

    def disturbed(stepper: Stepper, batch: dict[str, torch.Tensor]) -> list[torch.Tensor]:
        torch.rand(stepper.position.step % 7 + 1)
        return step(stepper, batch)

    monkeypatch.setattr(Stepper, "step", disturbed)
    again = trainer(small())
    again.run()

    assert_same(again, whole)


def test_a_checkpoint_of_another_network_is_refused(small: Make, trainer: Start, tmp_path: Path) -> None:
    from graph_engine.train import TrainError

    trainer(small(epochs=1), tmp_path).run()
    document = small(epochs=2)
    from graph_engine.document import SetParameter

    document.apply(SetParameter("linear_1", "features", 8))
    with pytest.raises(TrainError, match="is not of this network and plan"):
        trainer(document, tmp_path).resume()


def test_a_run_that_trained_weights_which_are_trained_no_more_says_what_to_do(trainer: Start, tmp_path: Path) -> None:
    """As those behind a stopped gradient, which an earlier version decayed and clipped with the others."""
    document = odd(Stage(epochs=1), batch_size=600)
    trainer(document, tmp_path).run()
    losses = (WeightedLoss(node="cross_entropy_2"),)  # comes to the weights before the stopped gradient no more
    document.plan = replace(document.plan, stages=(Stage(updates=(Update(losses=losses),), epochs=2),))
    with pytest.raises(TrainError) as refused:
        trainer(document, tmp_path).resume()
    assert str(refused.value) == (
        "The run can't be gone on with: its checkpoint of step 3 is not of this network and plan, or an earlier "
        "Layerloom trained other weights by them (loaded state dict contains a parameter group that doesn't match the "
        f"size of optimizer's group). Start a new run, whose first stage may begin with the weights of {tmp_path.name}."
    )


def test_more_epochs_go_on_where_the_run_ended(small: Make, trainer: Start, tmp_path: Path) -> None:
    constant = {"schedule": Schedule()}
    whole = trainer(small(epochs=3, **constant))
    whole.run()
    trainer(small(epochs=2, **constant), tmp_path).run()
    longer = trainer(small(epochs=3, **constant), tmp_path)
    longer.resume()
    longer.run()

    assert_same(longer, whole)


def test_a_plan_is_unchanged_by_training(small: Make, trainer: Start) -> None:
    document = small(epochs=1)
    plan: Plan = replace(document.plan)
    trainer(document).run()

    assert document.plan == plan
