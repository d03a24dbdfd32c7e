"""Training on the device: what it takes on the CPU, to rounding; every way to compute; resumed; out of memory."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from graph_engine.check import Checker
from graph_engine.compile import compile_document
from graph_engine.document import Document, Optimiser, SetParameter, Stage, Update
from graph_engine.train import Control, RunState, Trainer
from graph_engine.train.forecast import forecast
from graph_engine.train.speed import Way
from graph_engine.train.utilisation import utilisation
from presets import open_preset
from tests.gpu.device import DEVICE, ON_GPU, gpu_only, trainer_on
from tests.presets.test_on_a_device import TRAINED
from tests.train.mechanisms import HALF, MECHANISMS, classifier, filters
from tests.train.resuming import StopAt, curves

CPU = torch.device("cpu")
WAYS = (
    Way(),
    Way(precision="bf16"),
    Way(precision="fp16"),
    Way(channels_last=True),
    Way(precision="bf16", channels_last=True),
    *((Way(tf32=True), Way(precision="fp16", channels_last=True)) if ON_GPU else ()),
)
COMPILED = (
    Way(compiled=True),
    *((Way(precision="bf16", compiled=True), Way(compiled=True, cuda_graphs=True)) if ON_GPU else ()),
    *((Way(precision="fp16", channels_last=True, compiled=True, cuda_graphs=True),) if ON_GPU else ()),
)


def certain(document: Document) -> Document:
    """The document without dropout, which draws other numbers on another device."""
    for node in list(document.main):
        if node.block == "dropout":
            document.apply(SetParameter(node.id, "probability", 0.0))
    return document


def finished(trained: Trainer) -> Trainer:
    progress = trained.run().progress
    assert progress.state is RunState.FINISHED, progress.message
    return trained


def drawn(document: Document) -> bool:
    """Whether an input is drawn at random on the device."""
    return any(node.parameters.get("drawn") not in (None, "no") for node in document.main if node.block == "input")


@pytest.mark.parametrize("name", MECHANISMS)
def test_every_mechanism_trains_as_on_the_cpu(name: str) -> None:
    there = finished(trainer_on(DEVICE, certain(MECHANISMS[name]())))
    assert {value.device.type for value in there.stepper.weights().values()} == {DEVICE.type}
    if drawn(there.stepper.document) or name == HALF:
        return
    here = finished(trainer_on(CPU, certain(MECHANISMS[name]())))
    for key, value in here.stepper.weights().items():
        torch.testing.assert_close(there.stepper.weights()[key].cpu(), value, rtol=1e-2, atol=1e-2, msg=key)


@pytest.mark.parametrize("name", TRAINED)
def test_every_preset_takes_steps_there(name: str) -> None:
    document = open_preset(name)
    stages = tuple(replace(stage, epochs=1, steps=3, until=None) for stage in document.plan.stages)
    document.plan = replace(document.plan, stages=stages)
    trained = finished(trainer_on(DEVICE, document))
    assert trained.feed.progress.step == 3 * len(stages)


@pytest.mark.parametrize("way", [*WAYS, *COMPILED], ids=lambda way: way.name)
def test_every_way_to_compute_learns(way: Way) -> None:
    document = filters(channels_last=False)
    stage = replace(document.plan.stages[0], steps=60)
    document.plan = way.put(replace(document.plan, stages=(stage,), batch_size=100, validation=0.2))
    trained = trainer_on(DEVICE, document)
    if way.compiled:
        trained.compile()
    finished(trained)
    assert trained.notes == []
    assert trained.feed.progress.metrics["val_accuracy"] > 0.7
    assert Way.of(trained.plan) == way


def test_the_same_seed_gives_the_same_run() -> None:
    first, second = (finished(trainer_on(DEVICE, filters(channels_last=False))) for _ in range(2))
    for key, value in first.stepper.weights().items():
        torch.testing.assert_close(second.stepper.weights()[key], value, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("name", ["average", "goal and resets", "gradient penalty", HALF])
def test_it_goes_on_where_it_was(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = finished(trainer_on(DEVICE, MECHANISMS[name]()))
    control = Control()
    first = trainer_on(DEVICE, MECHANISMS[name](), tmp_path, control=control)
    stop = StopAt(3, control, monkeypatch)
    assert first.run().progress.state is RunState.STOPPED
    stop.over()
    second = trainer_on(DEVICE, MECHANISMS[name](), tmp_path)
    assert second.resume()
    finished(second)
    for key, value in whole.stepper.weights().items():
        torch.testing.assert_close(second.stepper.weights()[key], value, rtol=1e-3, atol=1e-3, msg=key)
    assert curves(second).keys() == curves(whole).keys()


def test_a_value_that_is_not_finite_is_led_back_to_its_node() -> None:
    steep = Update(optimiser=Optimiser(kind="sgd", learning_rate=1e30))
    progress = trainer_on(DEVICE, classifier(Stage(updates=(steep,), steps=20))).run().progress
    assert progress.state is RunState.FAILED
    assert progress.node is not None
    assert "1e+30 is likely too high" in progress.message


@gpu_only
def test_a_batch_too_large_says_which_would_fit() -> None:
    document = open_preset("small_resnet")
    stage = replace(document.plan.stages[0], epochs=1, steps=1)
    document.plan = replace(document.plan, batch_size=1700, validation=0.0, stages=(stage,))
    trained = trainer_on(DEVICE, document)
    torch.cuda.empty_cache()
    room = torch.cuda.memory_reserved() + 400_000_000
    torch.cuda.set_per_process_memory_fraction(room / torch.cuda.get_device_properties(0).total_memory)
    try:
        progress = trained.run().progress
    finally:
        torch.cuda.set_per_process_memory_fraction(1.0)
    assert progress.state is RunState.FAILED
    assert 0 < progress.fits < 1700, progress.message
    assert str(progress.fits) in progress.message


@gpu_only
@pytest.mark.parametrize(("name", "batch"), [("densenet", 256), ("transformer", 512), ("resnet:depth=18", 128)])
def test_what_is_foretold_of_memory_is_what_is_taken(name: str, batch: int) -> None:
    document = open_preset(name)
    document.plan = replace(document.plan, batch_size=batch, device="cuda", validation=0.0)
    result = Checker().check(document)
    told = forecast(document, compile_document(document, result), result).memory.total
    stage = replace(document.plan.stages[0], epochs=1, steps=3)
    document.plan = document.plan.with_first(stage=stage)
    trained = trainer_on(DEVICE, document)
    before = torch.cuda.memory_allocated() - sum(
        value.numel() * value.element_size() for value in trained.stepper.network.state_dict().values()
    )
    torch.cuda.reset_peak_memory_stats()
    stepper = trained.stepper
    for turn, _ in stepper.turns_left():
        stepper.step(turn)
    taken = torch.cuda.max_memory_allocated() - before
    assert told == pytest.approx(taken, rel=0.15)


def test_what_it_computes_is_measured() -> None:
    trained = trainer_on(DEVICE, filters())
    share = utilisation(DEVICE, lambda: finished(trained))
    assert share is not None
    assert 0.0 < share <= 1.0
