"""Changes made while a run goes on: kept, made again by whoever resumes, refused with a reason."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from graph_engine.document import Document, Schedule, SetNode
from graph_engine.train import Checkpoints, Control, PlanError, RunState, Trainer
from graph_engine.train.changes import DatedChange, RunChange, change_from_json, change_to_json, changed, read_changes
from graph_engine.train.schedules import counts_epochs
from tests.train.resuming import StopAt, assert_same

Make = Callable[..., Document]
Start = Callable[..., Trainer]

RATE = RunChange(learning_rate=0.02)
FREEZE = RunChange(freeze=("linear_1",))
UNFREEZE = RunChange(unfreeze=("linear_1",))
WEIGHT = RunChange(loss_weights=(("cross_entropy_1", 0.25),))
BATCH = RunChange(batch_size=160)


@contextmanager
def running(trained: Trainer) -> Iterator[None]:
    thread = threading.Thread(target=trained.run)
    thread.start()
    try:
        yield
    finally:
        thread.join()


def until(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.002)


def run_with(trained: Trainer, change: RunChange, *, stop_at: int | None = None) -> None:
    """Trains with a change made after step 4, to the end or to step `stop_at`."""
    trained.control.pause()
    with running(trained):
        for step in range(1, 5):
            trained.control.step()
            until(lambda step=step: trained.feed.progress.step == step)
        trained.control.change(change)
        until(lambda: not trained.control._changes)
        for step in range(5, (stop_at or 4) + 1):
            trained.control.step()
            until(lambda step=step: trained.feed.progress.step == step)
        if stop_at is not None:
            trained.control.stop()
        else:
            trained.control.resume()


def weights(trained: Trainer) -> dict[str, torch.Tensor]:
    return {name: value.clone() for name, value in trained.stepper.network.state_dict().items()}


def same(one: dict[str, torch.Tensor], other: dict[str, torch.Tensor]) -> bool:
    return all(torch.equal(value, other[name]) for name, value in one.items())


@pytest.mark.parametrize("kind", ["sgd", "adam"])
@pytest.mark.parametrize(
    "change", [RATE, FREEZE, UNFREEZE, WEIGHT, BATCH], ids=["rate", "freeze", "unfreeze", "weight", "batch"]
)
def test_who_resumes_makes_the_same_change(small: Make, trainer: Start, tmp_path: Path, change: RunChange, kind: str):
    from graph_engine.document import Optimiser, Schedule

    document = small(optimiser=Optimiser(kind=kind, learning_rate=0.05), schedule=Schedule(kind="cosine"))
    for node in change.unfreeze:
        document.apply(SetNode(node, "frozen", True))
    plain = trainer(document)
    plain.run()
    for name in ("whole", "parts"):
        (tmp_path / name).mkdir()
    whole = trainer(document, tmp_path / "whole")
    run_with(whole, change)
    assert whole.feed.progress.state is RunState.FINISHED, whole.feed.progress.message
    assert not same(weights(whole), weights(plain))

    folder = tmp_path / "parts"
    run_with(trainer(document, folder), change, stop_at=10)
    for steps in (None, 4):  # from the newest checkpoint, then from the one taken before the change
        if steps is not None:
            Checkpoints(folder / "checkpoints").go_back(steps, 0)
        again = trainer(document, folder)
        assert again.resume()
        assert again.feed.progress.step == (steps or 10)
        again.run()
        assert same(weights(again), weights(whole))
        assert again.feed.progress.metrics == whole.feed.progress.metrics
        assert again.feed.progress.steps == whole.feed.progress.steps == again.feed.progress.step

    made = read_changes(folder)
    assert [each.change for each in made] == [change]
    repeated = trainer(document, ahead=made)
    repeated.run()
    assert same(weights(repeated), weights(whole))


def test_frozen_weights_stand_still_and_the_others_go_on(small: Make, trainer: Start, tmp_path: Path) -> None:
    trained = trainer(small(), tmp_path)
    seen: dict[str, torch.Tensor] = {}

    class Watcher:
        def is_due(self, now: float) -> bool:
            if trained.alterations.document.main["linear_1"].frozen and not seen:
                seen.update(weights(trained))
            return False

    trained._watcher = Watcher()
    run_with(trained, FREEZE)
    after = weights(trained)
    assert torch.equal(seen["linear_1.weight"], after["linear_1.weight"])
    assert not torch.equal(seen["linear_2.weight"], after["linear_2.weight"])


def test_a_batch_size_waits_for_the_epoch_and_the_schedule_goes_on(small: Make, trainer: Start, tmp_path: Path) -> None:
    trained = trainer(small(epochs=3), tmp_path)
    length = trained.stepper.course.train.length
    run_with(trained, BATCH)
    first, rest = length // 100, -(-length // 160)
    assert trained.feed.progress.step in (first + 2 * rest, first + 1 + 2 * rest)
    assert trained.feed.progress.epoch == 3
    (made,) = read_changes(tmp_path)
    assert made.words == "batch size 100 → 160"
    assert made.step in (first, first + 1)


@pytest.mark.parametrize("steps", [60, None], ids=["in steps", "in epochs"])
@pytest.mark.parametrize("warm_up", [0, 5, 30], ids=["plain", "warmed up", "warming up"])
@pytest.mark.parametrize(
    "schedule",
    [
        Schedule(kind="step", every=1, factor=0.5),
        Schedule(kind="multi_step", milestones=(2, 3), factor=0.5),
        Schedule(kind="exponential", factor=0.7),
        Schedule(kind="cosine", period=3),
        Schedule(kind="cosine"),
        Schedule(kind="polynomial"),
        Schedule(kind="one_cycle"),
    ],
    ids=lambda schedule: f"{schedule.kind} {schedule.period or ''}".strip(),
)
def test_with_another_batch_size_schedules_go_on_where_they_were(
    small: Make, trainer: Start, schedule: Schedule, warm_up: int, steps: int | None
) -> None:
    """Two epochs of 13 steps, then epochs of 26: the rate neither jumps, nor falls or rises at another epoch."""
    document = small(schedule=replace(schedule, warm_up=warm_up), epochs=5, steps=steps)
    plain, stepper = trainer(document).stepper, trainer(document).stepper
    for _ in range(2):
        for turn, _ in stepper.turns_left():
            stepper.step(turn)
        stepper.finish_epoch()
    after = document.snapshot()
    after.plan = replace(after.plan, batch_size=50)
    stepper.change(after)
    update, before = stepper.updates[0], plain.updates[0]
    first = stepper.position.stage_step

    if warm_up > 26:  # it takes as many steps more
        rates = [update.learning_rate(first + step) for step in range(4)]
        assert rates == pytest.approx([before.learning_rate(26 + step) for step in range(4)])
    elif steps is not None and not counts_epochs(schedule):
        rates = [update.learning_rate(step) for step in range(26, 60)]
        assert rates == pytest.approx([before.learning_rate(step) for step in range(26, 60)])
    else:  # half as fast
        rates = [update.learning_rate(first + 2 * step) for step in range(13)]
        assert rates == pytest.approx([before.learning_rate(26 + step) for step in range(13)], rel=0.03)
    saved = stepper.state()
    assert stepper.stage_is_over is False
    stepper.restore(stepper.weights(), saved)
    assert stepper.updates[0].learning_rate(first + 1) == update.learning_rate(first + 1)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (RunChange(learning_rate=-1.0), "above 0"),
        (RunChange(update=3, learning_rate=1.0), "no update 4"),
        (RunChange(freeze=("nothing_1",)), "nothing_1"),
        (RunChange(loss_weights=(("relu_1", 1.0),)), "cross_entropy_1"),
        (RunChange(freeze=("linear_1", "linear_2", "batch_norm_1")), "No weights are left"),
        (RunChange(batch_size=5000), "only"),
    ],
)
def test_what_does_not_fit_is_told_and_changes_nothing(
    small: Make, trainer: Start, tmp_path: Path, change: RunChange, words: str
) -> None:
    plain, trained = trainer(small()), trainer(small(), tmp_path)
    plain.run()
    run_with(trained, change)
    assert words in trained.feed.progress.notice
    assert trained.feed.progress.state is RunState.FINISHED
    assert same(weights(trained), weights(plain))
    assert read_changes(tmp_path) == []


def test_other_weights_of_losses_begin_another_comparison(small: Make, trainer: Start, tmp_path: Path) -> None:
    """With a loss that counts ten times, no epoch would be better than those before: neither the best weights, nor
    early stop, nor a plateau may be judged by them.
    """
    from graph_engine.document import Optimiser, Schedule

    schedule = Schedule(kind="plateau", patience=1, factor=0.5)
    document = small(optimiser=Optimiser(kind="sgd", learning_rate=0.002), schedule=schedule, epochs=6, patience=3)
    change = DatedChange(26, 0, RunChange(loss_weights=(("cross_entropy_1", 10.0),)))  # between two epochs
    trained = trainer(document, tmp_path, ahead=[change])
    progress = trained.run().progress
    losses = trained.feed.since().points["val_loss"].value

    assert progress.epoch == 6, progress.message
    assert trained.best.epoch > 2
    assert trained.best.value == min(losses[2:]) > losses[1]
    plateau = trained.stepper.updates[0].plateau
    assert plateau is not None
    assert plateau.factor == 1.0


@pytest.mark.parametrize("stop", [2, 13], ids=["before the change", "while the epoch before it is judged"])
def test_a_run_done_again_that_is_broken_off_still_makes_its_changes(
    small: Make, trainer: Start, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, stop: int
) -> None:
    ahead = [DatedChange(13, 0, WEIGHT)]
    whole = trainer(small(), ahead=ahead)
    whole.run()
    control = Control()
    begun = trainer(small(), tmp_path, control=control, ahead=ahead)
    stopping = StopAt(stop, control, monkeypatch)
    begun.run()
    stopping.over()
    assert [each.change for each in read_changes(tmp_path)] == [WEIGHT]
    again = trainer(small(), tmp_path)
    again.resume()
    again.run()
    assert_same(again, whole)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ({"kind": "adam"}, {"kind": "adam", "amsgrad": True}),
        ({"kind": "rmsprop", "momentum": 0.0}, {"kind": "rmsprop", "momentum": 0.9}),
        ({"kind": "rmsprop", "momentum": 0.9}, {"kind": "rmsprop", "momentum": 0.0, "centred": True}),
        ({"kind": "sgd", "momentum": 0.0}, {"kind": "sgd", "momentum": 0.9, "nesterov": True}),
    ],
)
def test_what_an_optimiser_remembers_beside_begins_when_the_plan_says_so(
    small: Make, trainer: Start, before: dict[str, Any], after: dict[str, Any]
) -> None:
    from graph_engine.document import Optimiser

    change = DatedChange(5, 0, RunChange(plan=small(optimiser=Optimiser(**after)).plan))
    trained = trainer(small(optimiser=Optimiser(**before)), ahead=[change])
    progress = trained.run().progress
    assert progress.state is RunState.FINISHED, progress.message
    assert trained.plan == change.change.plan


def test_stopped_after_its_last_epoch_a_run_has_finished(small: Make, trainer: Start, tmp_path: Path) -> None:
    trained = trainer(small(epochs=1), tmp_path)
    trained.control.stop_after_epoch()
    assert trained.run().progress.state is RunState.FINISHED


def test_evaluated_now_and_stopped_after_the_epoch(small: Make, trainer: Start, tmp_path: Path) -> None:
    plain, trained = trainer(small(epochs=1)), trainer(small(epochs=4), tmp_path)
    plain.run()
    trained.control.pause()
    with running(trained):
        trained.control.step()
        until(lambda: trained.feed.progress.step == 1)
        trained.control.evaluate()
        until(lambda: "val_loss" in trained.feed.progress.metrics)
        assert trained.feed.progress.step == 1
        trained.control.stop_after_epoch()
        trained.control.resume()
    progress = trained.feed.progress
    assert progress.state is RunState.STOPPED
    assert progress.epoch == 1
    assert trained.feed.since().points["val_loss"].step.tolist() == [1, progress.step]
    assert same(weights(trained), weights(plain)) or progress.steps != plain.feed.progress.steps


def test_changes_as_data() -> None:
    change = RunChange(
        learning_rate=0.1, batch_size=3, loss_weights=(("a", 2.0),), freeze=("b",), unfreeze=("c",), update=1
    )
    assert change_from_json(change_to_json(change)) == change
    assert change_to_json(RATE) == {"learning_rate": 0.02}


def test_a_change_leaves_the_document_given_alone(small: Make) -> None:
    document = small()
    other = changed(document, FREEZE, 0)
    assert other.main["linear_1"].frozen
    assert not document.main["linear_1"].frozen
    with pytest.raises(PlanError):
        changed(document, RunChange(batch_size=0), 0)
    assert DatedChange(1, 0, FREEZE).words == ""
