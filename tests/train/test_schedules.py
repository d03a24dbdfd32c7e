"""Schedules in closed form against those of torch, step by step."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
import torch
from torch.optim import lr_scheduler

from graph_engine.document import Schedule
from graph_engine.train.schedules import learning_rate

BASE = 0.2


def torchs(
    make: Callable[[torch.optim.Optimizer], lr_scheduler.LRScheduler], steps: int, every: int = 1
) -> Iterator[float]:
    """The learning rates that a scheduler of torch sets, stepped after `every` steps."""
    optimiser = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=BASE)
    scheduler = make(optimiser)
    for step in range(steps):
        yield optimiser.param_groups[0]["lr"]
        optimiser.step()
        if (step + 1) % every == 0 and step + 1 < steps:
            scheduler.step()


def ours(schedule: Schedule, steps: int, per_epoch: int = 1) -> list[float]:
    return [learning_rate(schedule, BASE, step, steps, per_epoch) for step in range(steps)]


def test_constant() -> None:
    assert ours(Schedule(), 5) == [BASE] * 5


@pytest.mark.parametrize(("every", "factor", "per_epoch"), [(1, 0.5, 3), (2, 0.1, 5)])
def test_step(every: int, factor: float, per_epoch: int) -> None:
    expected = torchs(lambda o: lr_scheduler.StepLR(o, every, factor), 40, per_epoch)

    assert ours(Schedule(kind="step", every=every, factor=factor), 40, per_epoch) == pytest.approx(list(expected))


@pytest.mark.parametrize(("steps", "floor"), [(1, 0.0), (50, 0.0), (97, 0.1)])
def test_cosine(steps: int, floor: float) -> None:
    expected = torchs(lambda o: lr_scheduler.CosineAnnealingLR(o, steps, BASE * floor), steps)

    assert ours(Schedule(kind="cosine", floor=floor), steps) == pytest.approx(list(expected))


@pytest.mark.parametrize(("steps", "rise"), [(10, 0.3), (57, 0.3), (100, 0.05), (100, 0.9)])
def test_one_cycle(steps: int, rise: float) -> None:
    expected = torchs(
        lambda o: lr_scheduler.OneCycleLR(o, BASE, total_steps=steps, pct_start=rise, cycle_momentum=False), steps
    )

    assert ours(Schedule(kind="one_cycle", rise=rise), steps) == pytest.approx(list(expected))


@pytest.mark.parametrize("steps", [1, 2, 3])
def test_one_cycle_over_very_few_steps_still_learns(steps: int) -> None:
    assert max(ours(Schedule(kind="one_cycle"), steps)) == pytest.approx(BASE)
