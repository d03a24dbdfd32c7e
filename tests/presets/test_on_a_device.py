"""Every preset takes steps on a device other than the CPU, and is judged there: no tensor is left behind."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch.nn import functional

from graph_engine.compile import compile_document
from graph_engine.data import load_samples, resolve, served_inputs, split
from graph_engine.document import Document
from graph_engine.train.stepper import Stepper
from presets import catalog, open_preset
from tests.one_device import DEVICE, OneDevice

FUSED = ("SGD", "Adam", "AdamW", "Adagrad")
VARIANTS = ("gan:data=digits", "gan:loss=minimax", "vae:grid=true", "distillation:soft=false")
TRAINED = [name for name in (*catalog(), *VARIANTS) if resolve(open_preset(name)).dataset is not None]


@pytest.fixture(autouse=True)
def _optimisers(monkeypatch: pytest.MonkeyPatch) -> None:
    """The meta device has no fused ones."""

    def plain(kind: Any) -> Any:
        class Plain(kind):
            def __init__(self, *given: Any, fused: bool, **options: Any) -> None:
                super().__init__(*given, **options)

        return Plain

    for name in FUSED:
        monkeypatch.setattr(torch.optim, name, plain(getattr(torch.optim, name)))


@pytest.mark.parametrize("name", TRAINED)
def test_all_is_on_the_device(name: str) -> None:
    stepper = stepper_of(open_preset(name))
    with OneDevice():
        for _ in stepper.plan.stages[1:]:
            look(stepper)
            stepper.go_on()
        look(stepper)


def test_what_is_left_on_the_cpu_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    stepper = stepper_of(open_preset("lenet5"))
    monkeypatch.setattr(functional, "tanh", lambda x: x + torch.ones(x.shape[-1]))
    monkeypatch.setattr(torch, "tanh", functional.tanh)
    with OneDevice(), pytest.raises(AssertionError, match="is on the CPU"):
        look(stepper)


def stepper_of(document: Document) -> Stepper:
    """Its own, before the first step."""
    found = resolve(document)
    assert found.dataset is not None
    parts = split(found.dataset, document.plan.validation, document.plan.seed)
    samples = load_samples(found.dataset, dict(served_inputs(found)), parts, DEVICE)
    return Stepper(document, compile_document(document), samples, DEVICE)


def look(stepper: Stepper) -> None:
    """Takes a step of each kind that the stage has, and judges."""
    for _ in range(max(update.update.every for update in stepper.updates)):
        turn, _ = next(iter(stepper.turns_left()))
        told = stepper.step(turn)
        assert {value.device for value in told} == {DEVICE}
    course = stepper.course
    if not course.validation_length:
        return
    with stepper.as_judged():
        for update in stepper.updates:
            update.measurement.begin()
            update.measurement.look({name: column[:16] for name, column in course.validation.items()}, 16)
    stepper.train_mode()
