"""Errors in the middle of training: the steps done are kept, and a run resumed ends as if nothing had happened."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from graph_engine.document import Document, Loading, Schedule, Stage, Update
from graph_engine.document.builder import Builder
from graph_engine.train import Checkpoints, PlanError, RunState, Trainer, evaluation, keeper
from graph_engine.train import rescue as module
from graph_engine.train import trainer as trainer_module
from graph_engine.train.changes import DatedChange, RunChange
from graph_engine.train.history import History
from graph_engine.train.mishaps import is_of_device
from graph_engine.train.stepper import Stepper
from graph_engine.train.updates import ActiveUpdate
from tests.train.mechanisms import ADAM, MECHANISMS, SGD, classifier, one
from tests.train.resuming import assert_same, assert_same_state

Make = Callable[..., Document]
Start = Callable[..., Trainer]
NO_MEMORY = torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.50 GiB.")


def newest(folder: Path) -> int:
    found = Checkpoints(folder / "checkpoints").newest()
    return found.step if found is not None else -1


class Fault:
    """Raises an error once, at a moment of the step after `after` steps, or of the epoch that ends then."""

    def __init__(self, error: Exception, moment: str, after: int, patch: pytest.MonkeyPatch) -> None:
        self.error: Exception | None = error
        self._after = after
        self._stepper: Stepper | None = None
        forward, descend, step = ActiveUpdate.forward, ActiveUpdate.descend, Stepper.step

        def watched(stepper: Stepper, turn: object) -> object:
            self._stepper = stepper
            return step(stepper, turn)  # type: ignore[arg-type]

        def failing(update: ActiveUpdate, *batch: object) -> object:
            found = forward(update, *batch)  # type: ignore[arg-type]
            if self._stepper is not None and update is self._stepper.updates[-1] and moment == "forward":
                self._fail()
            return found

        def half(update: ActiveUpdate, at: int) -> None:
            descend(update, at)
            if moment == "descend":
                self._fail()

        patch.setattr(Stepper, "step", watched)
        patch.setattr(ActiveUpdate, "forward", failing)
        patch.setattr(ActiveUpdate, "descend", half)
        for place, name in ((evaluation, "evaluate"), (History, "append_epoch")):
            if moment == name:
                patch.setattr(place, name, self._failing(getattr(place, name)))

    def _failing(self, act: Callable[..., object]) -> Callable[..., object]:
        def failing(*args: object, **options: object) -> object:
            self._fail()
            return act(*args, **options)

        return failing

    def _fail(self) -> None:
        if self.error is not None and self._stepper is not None and self._stepper.position.step >= self._after:
            error, self.error = self.error, None
            raise error


MOMENTS = ("forward", "descend", "evaluate", "append_epoch")


def check(folder: Path, start: Callable[[Path | None], Trainer], fault: Callable[[], Fault], moment: str) -> None:
    undisturbed = start(None)
    undisturbed.run()
    trained = start(folder)
    fault()
    progress = trained.run().progress
    assert progress.state is RunState.FAILED
    assert newest(folder) == progress.step > 0
    assert f"The weights of step {progress.step} are kept." in progress.message
    if moment in ("forward", "descend"):
        assert f"Step {progress.step + 1}" in progress.message
    resumed = start(folder)
    assert resumed.resume()
    assert resumed.run().progress.state is RunState.FINISHED
    assert_same(resumed, undisturbed)
    assert_same_state(resumed, undisturbed)


@pytest.mark.parametrize("copies", ["often", "once"])
@pytest.mark.parametrize("moment", MOMENTS)
def test_an_error_loses_no_step(
    small: Make, trainer: Start, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, moment: str, copies: str
) -> None:
    """Even when the step was half done, or batch norms had looked at it; steps are taken again through whole epochs."""
    monkeypatch.setattr(keeper, "COPY_INTERVAL", 0.0 if copies == "often" else 1e9)
    plateau = Schedule(kind="plateau", patience=1, threshold=0.9, factor=0.5)
    check(
        tmp_path,
        lambda folder: trainer(small(epochs=4, schedule=plateau, patience=3), folder),
        lambda: Fault(RuntimeError("CUDA error: boom"), moment, 30, monkeypatch),
        moment,
    )


@pytest.mark.parametrize("moment", ["forward", "descend"])
@pytest.mark.parametrize("name", ["every and repeat", "critic steps and clipped weights", "average", "accumulation"])
def test_whatever_a_plan_holds(
    trainer: Start, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, moment: str
) -> None:
    check(
        tmp_path,
        lambda folder: trainer(MECHANISMS[name](), folder),
        lambda: Fault(NO_MEMORY, moment, 3, monkeypatch),
        moment,
    )


def plain(net: Builder) -> Document:
    """Without anything that changes but weights."""
    x, label = net.input("image", 1, 8, 8), net.input("label", label=True, classes=10)
    net.classify(net.add("linear", net.add("flatten", x), features=10), label)
    return net.document


@pytest.mark.parametrize("moment", ["forward", "descend"])
@pytest.mark.parametrize("resumed", [False, True])
def test_without_a_copy_no_step_is_lost_either(
    small: Make, trainer: Start, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, moment: str, *, resumed: bool
) -> None:
    """Of a network that is too large to be copied in memory, long before a checkpoint would be due, and by another plan
    than it began with.
    """
    monkeypatch.setattr(keeper, "LARGEST_COPY", 0)
    monkeypatch.setattr(keeper, "EPOCH_INTERVAL", 1e9)
    changes = [DatedChange(20, 0, RunChange(learning_rate=0.01))]
    undisturbed = trainer(small(), ahead=changes)
    undisturbed.run()
    for after in (3, 26) if resumed else (26,):  # in the second epoch, after the change
        trained = trainer(small(), tmp_path, ahead=changes)
        assert trained.resume() is (resumed and after > 3)
        with monkeypatch.context() as patch:
            Fault(NO_MEMORY, moment, after, patch)
            progress = trained.run().progress
        assert progress.message == (
            f"Step {after + 1}: there is not enough memory for a batch of 100, which asks for 2.68 GB. "
            f"The weights of step {after} are kept. A batch of 50 fits."
        )
        assert newest(tmp_path) == after
        assert len(Checkpoints(tmp_path / "checkpoints").steps()) <= 5  # not after every step
    again = trainer(small(), tmp_path)
    assert again.resume()
    again.run()
    assert_same(again, undisturbed)


def test_steps_that_can_not_be_taken_again_are_gone_back_before(
    small: Make, trainer: Start, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    undisturbed = trainer(small())
    undisturbed.run()
    trained = trainer(small(), tmp_path)
    with monkeypatch.context() as patch:
        Fault(RuntimeError("boom"), "descend", 20, patch)
        patch.setattr(module, "return_to", lambda *_: 1 / 0)
        patch.setattr(keeper, "COPY_INTERVAL", 0.0)
        patch.setattr(keeper, "COPY_SHARE", 0)
        patch.setattr(trainer_module, "FLUSH", 0.0)
        progress = trained.run().progress
    assert progress.message == f"Step 21 failed: boom (RuntimeError). The weights of step {progress.step} are kept."
    assert 0 < progress.step <= 20
    assert newest(tmp_path) == progress.step
    resumed = trainer(small(), tmp_path)
    assert resumed.resume()
    resumed.run()
    assert_same(resumed, undisturbed)


def test_a_step_that_was_counted_though_it_failed_is_not_done(
    small: Make, trainer: Start, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And fails whenever it is taken."""
    undisturbed = trainer(small())
    undisturbed.run()
    advance = Stepper.advance

    def failing(stepper: Stepper) -> None:
        advance(stepper)
        if stepper.position.step == 20:
            raise NO_MEMORY

    trained = trainer(small(), tmp_path)
    with monkeypatch.context() as patch:
        patch.setattr(Stepper, "advance", failing)
        assert "The weights of step 19 are kept." in trained.run().progress.message
    resumed = trainer(small(), tmp_path)
    assert resumed.resume()
    assert resumed.stepper.position.step == 19
    resumed.run()
    assert_same(resumed, undisturbed)


def test_a_device_that_fails_at_whatever_it_is_asked_changes_nothing_more(
    small: Make, trainer: Start, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trained = trainer(small(), tmp_path)
    Fault(torch.AcceleratorError("CUDA error: an illegal memory access was encountered"), "forward", 10, monkeypatch)

    def failing(*_: object) -> None:
        raise torch.AcceleratorError("CUDA error: an illegal memory access was encountered, again")

    monkeypatch.setattr(Stepper, "restore", failing)
    progress = trained.run().progress
    assert progress.state is RunState.FAILED
    assert progress.message == (
        "Step 11 failed: CUDA error: an illegal memory access was encountered (AcceleratorError). No step was saved."
    )


def test_which_errors_are_the_device_s_own() -> None:
    fault, gpu = torch.AcceleratorError("CUDA error: device-side assert triggered"), torch.device("cuda")
    assert is_of_device(fault, gpu)
    assert not is_of_device(fault, torch.device("cpu"))
    assert not is_of_device(RuntimeError("mat1 and mat2 shapes cannot be multiplied"), gpu)
    assert not is_of_device(torch.AcceleratorError("CUDA error: out of memory"), gpu)


def test_a_stage_that_can_not_begin_leaves_the_one_before(trainer: Start, tmp_path: Path) -> None:
    def document() -> Document:
        first = Stage(updates=(Update(optimiser=SGD),), epochs=1)
        return classifier(first, Stage(updates=(Update(optimiser=ADAM),), epochs=1, loads=(Loading(source="other"),)))

    given = {name: value.clone() for name, value in trainer(one(Update())).stepper.weights().items()}

    asked: list[str] = []

    def missing(source: str) -> dict[str, torch.Tensor]:
        """There when the run begins, and gone when its second stage does."""
        asked.append(source)
        if len(asked) > 1:
            raise PlanError("There is no run other.")
        return given

    undisturbed = trainer(document(), find_weights=lambda _: given)
    undisturbed.run()
    trained = trainer(document(), tmp_path, find_weights=missing)
    progress = trained.run().progress
    assert progress.message == f"There is no run other. The weights of step {newest(tmp_path)} are kept."
    assert newest(tmp_path) == undisturbed.stepper.position.step // 2
    resumed = trainer(document(), tmp_path, find_weights=lambda _: given)
    assert resumed.resume()
    resumed.run()
    assert_same(resumed, undisturbed)
