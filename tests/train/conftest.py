"""Small networks that hold all that resuming could forget: dropout, batch norm, momentum, schedules."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from graph_engine.compile import compile_document
from graph_engine.data import load_samples, open_dataset, resolve, split
from graph_engine.document import Binding, Document, Optimiser, Plan, Schedule, Stage, Update
from graph_engine.document.builder import Builder
from graph_engine.train import Trainer

PLAN = Plan(
    stages=(
        Stage(
            updates=(
                Update(
                    optimiser=Optimiser(kind="sgd", learning_rate=0.1, momentum=0.9, nesterov=True),
                    schedule=Schedule(kind="one_cycle"),
                ),
            ),
            epochs=3,
        ),
    ),
    batch_size=100,
    validation=0.3,
    seed=5,
)


def small_document(plan: Plan = PLAN, dataset: str = "digits") -> Document:
    """Digits 8×8 → linear, batch norm, ReLU, dropout → linear."""
    net = Builder("Small", plan=plan, binding=Binding(dataset=dataset))
    x, label = net.input("image", 1, 8, 8), net.input("label", label=True, classes=10)
    x = net.add("linear", net.add("flatten", x), features=16)
    x = net.add("dropout", net.add("relu", net.add("batch_norm", x)), probability=0.3)
    net.classify(net.add("linear", x, features=10), label)
    return net.document


def make_trainer(document: Document, folder: Path | None = None, **options: Any) -> Trainer:
    found = resolve(document)
    dataset = found.dataset or open_dataset(document.binding.dataset)
    parts = split(dataset, document.plan.validation, document.plan.seed)
    samples = load_samples(dataset, found.inputs, parts)
    return Trainer(document, compile_document(document), samples, folder=folder, **options)


@pytest.fixture
def small() -> Callable[..., Document]:
    """A small document; keywords change its plan, `epochs`, `steps`, `optimiser` and `schedule` its first stage."""

    def make(**changes: Any) -> Document:
        parts = {key: changes.pop(key) for key in ("optimiser", "schedule") if key in changes}
        stage = {key: changes.pop(key) for key in ("epochs", "steps") if key in changes}
        dataset = changes.pop("dataset", "digits")
        plan = replace(PLAN, **changes)
        if parts:
            plan = plan.with_first(**parts)
        if stage:
            plan = plan.with_first(stage=replace(plan.stages[0], **stage))
        return small_document(plan, dataset)

    return make


@pytest.fixture
def trainer() -> Callable[..., Trainer]:
    return make_trainer
