"""NaN and infinity: found, led back to the first node, and the last good weights kept."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import safetensors.torch
import torch

from graph_engine.document import Binding, Document, Optimiser, Plan, Schedule, Stage, Update
from graph_engine.document.builder import Builder
from graph_engine.train import Checkpoints, RunState, Trainer, keeper
from graph_engine.train.memory import asked_for, is_memory
from graph_engine.train.nonfinite import find_cause
from graph_engine.train.outcome import NotFinite
from graph_engine.train.team import Team
from tests.train.resuming import assert_same, assert_same_state
from tests.train.team_worker import Cliff

Make = Callable[..., Document]
Start = Callable[..., Trainer]


def regression(folder: Path, plan: Plan, blocks: list[tuple[str, dict[str, object]]], scale: float = 1.0) -> Document:
    """x (4) → blocks → linear, against a target. The samples of the second half are `scale` times as large."""
    random = np.random.default_rng(0)
    x = random.normal(size=(64, 4)).astype(np.float32)
    x[32:] *= scale
    np.savez(folder / "made.npz", x=x, target=random.normal(size=64).astype(np.float32))
    net = Builder("Regression", plan=plan, binding=Binding(dataset=str(folder / "made.npz")))
    value = net.input("x", 4)
    for block, parameters in blocks:
        value = net.add(block, value, **parameters)
    value = net.add("linear", value, features=1)
    net.output(value)
    net.add("mean_squared_error", value, net.input("target", 1))
    return net.document


def plan(rate: float, **changes: object) -> Plan:
    update = Update(optimiser=Optimiser(kind="sgd", learning_rate=rate, momentum=0.0), schedule=Schedule())
    return Plan(stages=(Stage(updates=(update,), epochs=50),), batch_size=8, validation=0, **changes)  # type: ignore[arg-type]


def test_a_learning_rate_too_high_is_said_to_be(small: Make, trainer: Start, tmp_path: Path) -> None:
    document = small(optimiser=Optimiser(kind="sgd", learning_rate=1e30), schedule=Schedule())
    outcome = trainer(document, tmp_path).run()

    assert outcome.progress.state is RunState.FAILED
    assert outcome.progress.node in ("linear_1", "batch_norm_1", "linear_2", "cross_entropy_1")
    assert outcome.progress.message.startswith("Step ")
    assert f"({outcome.progress.node})" in outcome.progress.message
    assert "1e+30 is likely too high" in outcome.progress.message


def test_a_loss_that_grows_is_followed_to_the_first_node_that_overflows(trainer: Start, tmp_path: Path) -> None:
    document = regression(tmp_path, plan(3.0), [("linear", {"features": 8})])
    (tmp_path / "run").mkdir()
    trained = trainer(document, tmp_path / "run")
    outcome = trained.run()
    progress = outcome.progress

    assert progress.state is RunState.FAILED
    assert "The loss had grown from" in progress.message
    assert "the learning rate 3 is likely too high" in progress.message
    assert progress.node is not None
    newest = Checkpoints(tmp_path / "run" / "checkpoints").newest()
    assert newest is not None
    assert newest.step == progress.step
    assert f"The weights of step {newest.step} are kept" in progress.message
    assert all(value.isfinite().all() for value in newest.weights.values())
    assert all(value.isfinite().all() for value in trained.stepper.weights().values())
    assert np.isfinite(trained.feed.since().points["train_loss"].value).all()


def test_the_node_that_computes_it_is_named_not_those_after_it(
    small: Make, trainer: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A linear layer between two others whose weights are broken at step 20: what it gives is NaN from there on."""
    trained = trainer(small())
    forward = torch.nn.Dropout.forward

    def breaks(module: torch.nn.Dropout, x: torch.Tensor) -> torch.Tensor:
        y = forward(module, x)
        return y / 0 if module.training and trained.stepper.position.step >= 20 else y

    monkeypatch.setattr(torch.nn.Dropout, "forward", breaks)
    outcome = trained.run()

    assert outcome.progress.diverged
    assert outcome.progress.node == "dropout_1"
    assert outcome.progress.message.startswith(
        "Step 21, epoch 2: Dropout (dropout_1) gives a value that is not finite."
    )
    assert "The weights of step 20 are kept." in outcome.progress.message
    assert trained.stepper.position.step == 20


def test_a_gradient_that_is_not_finite_is_led_back(
    small: Make, trainer: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    trained = trainer(small())
    forward = torch.nn.Dropout.forward

    def breaks(module: torch.nn.Dropout, x: torch.Tensor) -> torch.Tensor:
        y = forward(module, x)
        return Cliff.apply(y) if module.training and trained.stepper.position.step >= 9 else y  # type: ignore[no-any-return]

    monkeypatch.setattr(torch.nn.Dropout, "forward", breaks)
    outcome = trained.run()

    assert outcome.progress.node == "dropout_1"
    assert (
        "Step 10, epoch 1: The gradient that Dropout (dropout_1) hands back is not finite." in outcome.progress.message
    )
    assert trained.stepper.position.step == 9


def test_a_step_that_overflows_names_the_weights(trainer: Start, tmp_path: Path) -> None:
    document = regression(tmp_path, plan(3e38), [("linear", {"features": 8})])
    outcome = trainer(document).run()

    assert outcome.progress.state is RunState.FAILED
    assert outcome.progress.node in ("linear_1", "linear_2", "mean_squared_error_1")
    assert "3e+38" in outcome.progress.message


def test_half_precision_is_blamed_when_it_overflows(trainer: Start, tmp_path: Path) -> None:
    document = regression(tmp_path, plan(1e-9, precision="fp16"), [("linear", {"features": 8})], scale=1e6)
    outcome = trainer(document).run()

    assert outcome.progress.state is RunState.FAILED
    assert outcome.progress.node == "linear_1"
    assert "fp16 overflow or vanish sooner" in outcome.progress.message


def test_a_run_that_failed_fails_again_at_the_same_step(trainer: Start, tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    document = regression(tmp_path, plan(3.0), [("linear", {"features": 8})])
    first = trainer(document, tmp_path / "run").run().progress
    again = trainer(document, tmp_path / "run")
    assert again.resume()
    second = again.run().progress

    assert (second.state, second.step, second.node) == (RunState.FAILED, first.step, first.node)


def test_workers_agree_on_the_step_that_was_bad(small: Make, trainer: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another one's GPU rounds otherwise: its gradients of the second step overflow, ours do not."""
    stepper = trainer(small()).stepper
    good = stepper.weights(), copy.deepcopy(stepper.state())
    first = {name: value.clone() for name, value in good[0].items()}
    said: list[bool] = []

    def all_say(_team: Team, value: bool) -> bool:
        said.append(value)
        return len(said) != 5  # a loss, gradients, weights, a loss, gradients

    monkeypatch.setattr(Team, "all", all_say)
    cause = find_cause(stepper, first, good[1], NotFinite(6), stepper.finish_epoch, Team(0, 2))
    assert all(said)
    assert cause.step == 2
    assert cause.message.startswith("Step 2, epoch 1: A gradient is not finite.")
    assert stepper.position.step == 1


def test_an_error_in_the_source_is_led_back_to_its_node(
    small: Make, trainer: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(module: torch.nn.Module, x: torch.Tensor) -> torch.Tensor:
        raise RuntimeError("no such luck\nand a second line")

    trained = trainer(small())
    monkeypatch.setattr(torch.nn.Dropout, "forward", refuse)
    outcome = trained.run()

    assert outcome.progress.state is RunState.FAILED
    assert outcome.progress.node == "dropout_1"
    assert outcome.progress.message == "Step 1: Dropout (dropout_1) could not be computed: no such luck"


def test_too_little_memory_says_which_batch_may_fit(
    small: Make, trainer: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(module: torch.nn.Module, x: torch.Tensor) -> torch.Tensor:
        if module.training and len(x) > 30:
            raise RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 9000 bytes.")
        return x

    trained = trainer(small())
    before = {name: value.detach().clone() for name, value in trained.stepper.network.named_parameters()}
    monkeypatch.setattr(torch.nn.Dropout, "forward", refuse)
    outcome = trained.run()

    assert outcome.progress.message == (
        "Step 1: there is not enough memory for a batch of 100 at Dropout (dropout_1), which asks for 9 kB. "
        "A batch of 25 fits."
    )
    assert outcome.progress.fits == 25
    after = dict(trained.stepper.network.named_parameters())
    assert all(torch.equal(value, after[name]) for name, value in before.items())
    again = trainer(small(batch_size=outcome.progress.fits, epochs=1))
    assert again.run().progress.state is RunState.FINISHED


@pytest.mark.parametrize(
    ("words", "bytes_asked"),
    [
        ("CUDA out of memory. Tried to allocate 2.50 GiB. GPU 0 has a total capacity of 8 GiB", int(2.5 * 2**30)),
        ("DefaultCPUAllocator: can't allocate memory: you tried to allocate 12345 bytes. Error code 12", 12345),
        ("out of memory", 0),
    ],
)
def test_what_was_asked_for_is_read_from_the_error(words: str, bytes_asked: int) -> None:
    assert is_memory(RuntimeError(words))
    assert asked_for(RuntimeError(words)) == bytes_asked


def overflowing(trained: Trainer, monkeypatch: pytest.MonkeyPatch, step: int) -> None:
    """Dropout gives infinity from step `step` on."""
    forward = torch.nn.Dropout.forward

    def breaks(module: torch.nn.Dropout, x: torch.Tensor) -> torch.Tensor:
        y = forward(module, x)
        return y / 0 if module.training and trained.stepper.position.step >= step else y

    monkeypatch.setattr(torch.nn.Dropout, "forward", breaks)


def test_a_network_too_large_to_copy_is_gone_back_to_on_disk(
    small: Make, trainer: Start, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keeper, "LARGEST_COPY", 0)
    monkeypatch.setattr(keeper, "EPOCH_INTERVAL", 0.0)
    monkeypatch.setattr(keeper, "SAVE_SHARE", 0)
    trained = trainer(small(), tmp_path)
    overflowing(trained, monkeypatch, 20)
    outcome = trained.run()

    assert outcome.progress.node == "dropout_1"
    assert "The weights of step 20 are kept." in outcome.progress.message
    assert Checkpoints(tmp_path / "checkpoints").newest().step == 20  # type: ignore[union-attr]


def test_with_nothing_to_go_back_to_the_step_is_told(
    small: Make, trainer: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keeper, "LARGEST_COPY", 0)
    trained = trainer(small())
    overflowing(trained, monkeypatch, 20)
    outcome = trained.run()

    assert outcome.progress.state is RunState.FAILED
    assert outcome.progress.message == "The loss at step 21 is not a finite number. A lower learning rate may help."


def test_a_later_stage_is_gone_back_to_its_start(small: Make, trainer: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    trained = trainer(small(stages=(Stage(steps=5), Stage(epochs=2))))
    overflowing(trained, monkeypatch, 30)
    outcome = trained.run()

    assert outcome.progress.node == "dropout_1"
    assert outcome.progress.message.startswith("Step 31, epoch 3: ")
    assert trained.stepper.position.step == 30


def whole(folder: Path) -> list[bool]:
    """Of each checkpoint of a run, whether its weights are finite."""
    files = sorted((folder / "checkpoints").glob("*/weights.safetensors"))
    return [all(value.isfinite().all() for value in safetensors.torch.load_file(each).values()) for each in files]


@pytest.mark.parametrize("copies", [True, False])
@pytest.mark.parametrize("steps", [1, None])
def test_weights_broken_by_the_last_step_of_an_epoch_are_neither_judged_nor_saved(
    trainer: Start, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, steps: int | None, copies: bool
) -> None:
    """The loss of the step is fine; what its optimiser made of the weights is not."""
    monkeypatch.setattr(keeper, "EPOCH_INTERVAL", 0.0)
    monkeypatch.setattr(keeper, "SAVE_SHARE", 0)
    if not copies:
        monkeypatch.setattr(keeper, "LARGEST_COPY", 0)
    chosen = replace(plan(3e38), batch_size=64)
    chosen = chosen.with_first(stage=replace(chosen.stages[0], steps=steps))
    document = regression(tmp_path, chosen, [("linear", {"features": 8})], scale=100.0)
    (tmp_path / "run").mkdir()
    trained = trainer(document, tmp_path / "run")
    outcome = trained.run()

    assert outcome.progress.state is RunState.FAILED
    assert outcome.best == {}
    if copies:
        assert outcome.progress.message.startswith("Step 1, epoch 1: The optimiser's step at learning rate 3e+38 gave ")
        assert "The first weights are kept." in outcome.progress.message
        assert outcome.progress.step == trained.stepper.position.step == 0
        assert all(value.isfinite().all() for value in trained.stepper.weights().values())
    else:
        assert outcome.progress.message.startswith("A weight is not a finite number after step 1.")
    assert whole(tmp_path / "run") == [True] * copies
    again = trainer(document, tmp_path / "run")
    assert again.resume() is copies
    assert again.run().progress.message == outcome.progress.message


def test_a_running_average_that_is_not_finite_is_found_by_the_end_of_the_epoch(
    small: Make, trainer: Start, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It spoils nothing but what is saved: training does not look at it."""
    trained = trainer(small(validation=0), tmp_path)
    forward = torch.nn.BatchNorm1d.forward

    def breaks(module: torch.nn.BatchNorm1d, x: torch.Tensor) -> torch.Tensor:
        y = forward(module, x)
        if module.training and trained.stepper.position.step >= 20 and module.running_var is not None:
            module.running_var.data.fill_(torch.inf)
        return y

    monkeypatch.setattr(torch.nn.BatchNorm1d, "forward", breaks)
    outcome = trained.run()

    assert outcome.progress.node == "batch_norm_1"
    assert outcome.progress.message.startswith("Step 21, epoch 2: A running average of Batch norm (batch_norm_1) is ")
    assert trained.stepper.position.step == 20
    assert set(whole(tmp_path)) == {True}


@pytest.mark.parametrize("at", [13, 20])
def test_before_the_bad_step_everything_is_as_it_was(
    small: Make, trainer: Start, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, at: int
) -> None:
    """Steps taken once more go by what the epochs before were judged by; the run goes on once the fault is mended."""
    plateau = Schedule(kind="plateau", patience=1, threshold=0.9, factor=0.5)
    undisturbed = trainer(small(schedule=plateau, epochs=4))
    undisturbed.run()
    trained = trainer(small(schedule=plateau, epochs=4), tmp_path)
    with monkeypatch.context() as patch:
        overflowing(trained, patch, 2 * at)
        assert trained.run().progress.step == 2 * at
    resumed = trainer(small(schedule=plateau, epochs=4), tmp_path)
    assert resumed.resume()
    assert resumed.stepper.position.step == 2 * at
    resumed.run()
    assert_same(resumed, undisturbed)
    assert_same_state(resumed, undisturbed)
