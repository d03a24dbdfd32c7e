"""Schedules in closed form against those of torch, step by step."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import torch
from torch.optim import lr_scheduler

from graph_engine.document import Schedule
from graph_engine.train.schedules import Plateau, learning_rate

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


@pytest.mark.parametrize(
    ("milestones", "factor", "per_epoch"), [((2, 5), 0.1, 3), ((1, 2, 3), 0.5, 4), ((7, 3), 0.3, 2)]
)
def test_multi_step(milestones: tuple[int, ...], factor: float, per_epoch: int) -> None:
    expected = torchs(lambda o: lr_scheduler.MultiStepLR(o, sorted(milestones), factor), 40, per_epoch)
    schedule = Schedule(kind="multi_step", milestones=milestones, factor=factor)

    assert ours(schedule, 40, per_epoch) == pytest.approx(list(expected))


@pytest.mark.parametrize(("factor", "per_epoch"), [(0.9, 1), (0.5, 4)])
def test_exponential(factor: float, per_epoch: int) -> None:
    expected = torchs(lambda o: lr_scheduler.ExponentialLR(o, factor), 30, per_epoch)

    assert ours(Schedule(kind="exponential", factor=factor), 30, per_epoch) == pytest.approx(list(expected))


@pytest.mark.parametrize(("steps", "power"), [(1, 1.0), (30, 1.0), (41, 2.5)])
def test_polynomial(steps: int, power: float) -> None:
    expected = torchs(lambda o: lr_scheduler.PolynomialLR(o, steps, power), steps)

    assert ours(Schedule(kind="polynomial", power=power), steps) == pytest.approx(list(expected))


@pytest.mark.parametrize(("period", "growth", "floor", "per_epoch"), [(3, 1, 0.0, 4), (2, 2, 0.1, 5), (1, 3, 0.0, 7)])
def test_cosine_with_restarts(period: int, growth: int, floor: float, per_epoch: int) -> None:
    expected = torchs(
        lambda o: lr_scheduler.CosineAnnealingWarmRestarts(o, period * per_epoch, growth, BASE * floor), 90
    )
    schedule = Schedule(kind="cosine", period=period, growth=growth, floor=floor)

    assert ours(schedule, 90, per_epoch) == pytest.approx(list(expected))


@pytest.mark.parametrize("kind", ["constant", "cosine", "step"])
def test_a_warm_up_comes_before_any(kind: Any) -> None:
    warm, steps = 8, 50

    def make(optimiser: torch.optim.Optimizer) -> lr_scheduler.LRScheduler:
        rest: lr_scheduler.LRScheduler = {
            "constant": lambda: lr_scheduler.ConstantLR(optimiser, 1.0),
            "cosine": lambda: lr_scheduler.CosineAnnealingLR(optimiser, steps - warm),
            "step": lambda: lr_scheduler.StepLR(optimiser, 10, 0.5),
        }[kind]()
        first = lr_scheduler.LinearLR(optimiser, 0.05, 1.0, warm)
        return lr_scheduler.SequentialLR(optimiser, [first, rest], [warm])

    schedule = Schedule(kind=kind, every=10, factor=0.5, warm_up=warm, warm_up_from=0.05)

    assert ours(schedule, steps) == pytest.approx(list(torchs(make, steps)))


@pytest.mark.parametrize("greater", [False, True])
@pytest.mark.parametrize("seed", range(4))
def test_plateau(seed: int, greater: bool) -> None:
    """Judged by random figures, as torch's ReduceLROnPlateau is."""
    figures = torch.rand(60, generator=torch.Generator().manual_seed(seed)).sort(descending=not greater).values
    figures += 0.2 * torch.rand(60, generator=torch.Generator().manual_seed(seed + 9))
    optimiser = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=BASE)
    theirs = lr_scheduler.ReduceLROnPlateau(
        optimiser, "max" if greater else "min", factor=0.5, patience=2, threshold=0.05, min_lr=BASE * 0.1
    )
    schedule = Schedule(kind="plateau", factor=0.5, patience=2, threshold=0.05, floor=0.1)
    mine = Plateau()
    for figure in figures.tolist():
        theirs.step(figure)
        mine.look(schedule, figure, greater=greater)
        again = Plateau()
        again.restore(mine.state())  # what is saved is all there is
        mine = again

        assert BASE * mine.factor == pytest.approx(optimiser.param_groups[0]["lr"])
    assert mine.factor < 1
