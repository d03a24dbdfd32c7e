"""Interrupting runs at chosen steps and going on, and comparing them with one that was not."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import torch

from graph_engine.document import Document
from graph_engine.train import Control, RunState, Trainer
from graph_engine.train.stepper import Stepper

Make = Callable[..., Document]
Start = Callable[..., Trainer]


class StopAt:
    """Stops a run when so many steps are done: as if somebody pressed the button at that moment."""

    def __init__(self, steps: int, control: Control, monkeypatch: pytest.MonkeyPatch) -> None:
        advance = Stepper.advance

        def watched(stepper: Stepper) -> None:
            advance(stepper)
            if stepper.position.step >= steps:
                control.stop()

        if steps == 0:
            control.stop()
        monkeypatch.setattr(Stepper, "advance", watched)
        self._undo = lambda: monkeypatch.setattr(Stepper, "advance", advance)

    def over(self) -> None:
        self._undo()


def curves(trained: Trainer) -> dict[str, tuple[list[float], list[float]]]:
    return {name: (points.step.tolist(), points.value.tolist()) for name, points in trained.feed.since().points.items()}


def assert_same(one: Trainer, other: Trainer) -> None:
    ours, theirs = one.stepper.weights(), other.stepper.weights()
    assert [name for name, value in ours.items() if not torch.equal(value, theirs[name])] == []
    assert curves(one) == curves(other)
    assert one.best.best == other.best.best
    assert one.feed.progress.metrics == other.feed.progress.metrics


def interrupted(
    make: Make, start: Start, folder: Path, steps: list[int], patch: pytest.MonkeyPatch, **plan: object
) -> Trainer:
    """A run stopped after each of `steps`, and gone on with each time."""
    for at in steps:
        control = Control()
        trained = start(make(**plan), folder, control=control)
        stop = StopAt(at, control, patch)
        trained.resume()
        assert trained.run().progress.state is RunState.STOPPED
        assert trained.stepper.position.step == at
        stop.over()
    trained = start(make(**plan), folder)
    assert trained.resume()
    assert trained.run().progress.state is RunState.FINISHED
    return trained


def assert_same_state(one: Trainer, other: Trainer) -> None:
    """Everything that a run is gone on with: optimisers, running means, memories, the place reached."""
    unequal = list(_unequal(one.stepper.state(), other.stepper.state(), "state"))
    assert unequal == []


def _unequal(one: Any, other: Any, path: str) -> Iterator[str]:
    if isinstance(one, torch.Tensor):
        if not torch.equal(one, other):
            yield path
    elif isinstance(one, Mapping):
        if one.keys() != other.keys():
            yield f"{path}: {one.keys() ^ other.keys()}"
        for key in one.keys() & other.keys():
            yield from _unequal(one[key], other[key], f"{path}.{key}")
    elif isinstance(one, (list, tuple)):
        if len(one) != len(other):
            yield f"{path}: {len(one)} and {len(other)}"
        for at, (left, right) in enumerate(zip(one, other, strict=False)):
            yield from _unequal(left, right, f"{path}.{at}")
    elif one != other:
        yield f"{path}: {one} and {other}"
