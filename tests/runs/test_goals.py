"""What training is for: real digits are learnt, and exclusive or by the network that has a hidden layer alone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from graph_engine.runs import RunHandle, RunState
from presets import catalog

Start = Callable[..., RunHandle]


def accuracy(handle: RunHandle) -> float:
    assert handle.wait(120)
    assert handle.state is RunState.FINISHED, handle.feed.progress
    return handle.feed.progress.metrics["val_accuracy"]


def test_lenet_learns_the_digits_in_fifteen_epochs(start: Start) -> None:
    document = catalog()["lenet5"].build()
    stage = document.plan.stages[0]
    assert (stage.epochs, stage.steps, document.plan.seed) == (15, None, 0)

    assert accuracy(start(document)) >= 0.97


def test_exclusive_or_needs_a_hidden_layer(start: Start) -> None:
    found = {}
    for name in ("mlp", "perceptron"):
        document = catalog()[name].build(data="xor")
        document.plan = replace(document.plan, batch_size=64)
        found[name] = accuracy(start(document))

    assert found["mlp"] == 1.0
    assert found["perceptron"] <= 0.75
