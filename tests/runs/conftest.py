"""A small document that trains in a blink."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from graph_engine.document import Document, Optimiser, Plan, Schedule, Stage, Update
from graph_engine.document.builder import Builder
from graph_engine.runs import RunHandle, RunStore, start_run


def small_document(epochs: int = 2, batch_size: int = 100, **changes: Any) -> Document:
    update = Update(optimiser=Optimiser(kind="adam", learning_rate=0.01), schedule=Schedule(kind="cosine"))
    plan = replace(Plan(stages=(Stage(updates=(update,), epochs=epochs),), batch_size=batch_size), **changes)
    net = Builder("Small net 5", plan=plan)
    x, label = net.input("image", 1, 8, 8), net.input("label", label=True, classes=10)
    x = net.add("relu", net.add("batch_norm", net.add("linear", net.add("flatten", x), features=16)))
    net.classify(net.add("linear", net.add("dropout", x, probability=0.2), features=10), label)
    return net.document


@pytest.fixture
def document() -> Callable[..., Document]:
    return small_document


@pytest.fixture
def store(layerloom_home: Path) -> RunStore:
    return RunStore()


@pytest.fixture
def start(store: RunStore) -> Iterator[Callable[..., RunHandle]]:
    """Starts runs, and ends them with the test."""
    started: list[RunHandle] = []

    def begin(*args: Any, **options: Any) -> RunHandle:
        handle = start_run(*args, **{"store": store, **options})
        started.append(handle)
        return handle

    yield begin
    for handle in started:
        assert handle.stop(20)
