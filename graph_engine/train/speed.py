"""How fast a plan trains with other precisions, layouts and compilation: measured on the steps that it would take.

Nothing is foretold. Each way trains a network of its own on the data of the plan; the plan as it is comes first and
again last, and what it differs by from itself is how far the figures can be trusted.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

import torch

from graph_engine.data import Samples
from graph_engine.document import Document, Plan
from graph_engine.train.devices import set_device_up
from graph_engine.train.errors import TrainError
from graph_engine.train.memory import is_memory, let_go, make_room
from graph_engine.train.stepper import Stepper
from graph_engine.train.utilisation import utilisation

if TYPE_CHECKING:
    from torch import Tensor

    from graph_engine.compile import Program
    from graph_engine.train.course import Turn

_WARM = 3  # steps that are not timed: memory is taken, kernels are chosen
_BLOCK = 0.02  # s that are timed at once at least, so that waiting for the device is no part of it
_FEWEST, _MOST = 5, 60  # blocks
PATIENCE = 1.5
"""s that the steps of one way are timed for."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Way:
    """What of a plan decides how fast it is computed, and not what."""

    precision: Literal["fp32", "bf16", "fp16"] = "fp32"
    tf32: bool = False
    channels_last: bool = False
    compiled: bool = False
    cuda_graphs: bool = False

    @classmethod
    def of(cls, plan: Plan) -> Way:
        return cls(
            precision=plan.precision,
            tf32=plan.tf32,
            channels_last=plan.channels_last,
            compiled=plan.compiled,
            cuda_graphs=plan.compiled and plan.cuda_graphs,
        )

    def put(self, plan: Plan) -> Plan:
        """`plan`, computed this way."""
        return replace(
            plan,
            precision=self.precision,
            tf32=self.tf32,
            channels_last=self.channels_last,
            compiled=self.compiled,
            cuda_graphs=self.cuda_graphs,
        )

    @property
    def name(self) -> str:
        """`bf16, channels last, compiled`, `… CUDA graphs`."""
        parts: list[str] = ["TF32" if self.tf32 and self.precision == "fp32" else self.precision]
        parts += ["channels last"] if self.channels_last else []
        parts += ["compiled"] if self.compiled else []
        parts += ["CUDA graphs"] if self.cuda_graphs else []
        return ", ".join(parts)


@dataclass(frozen=True, kw_only=True, slots=True)
class Timed:
    """What was found of a way: s a step in the median, the middle half of what was measured from `low` to `high`; what
    the first step took (compilation); samples a second; the loss after the first steps, which is to be compared: it
    says what a precision does to the numbers; of a GPU, the share of the time in which it computed. `trouble` says why
    there are none.
    """

    way: Way
    seconds: float = 0.0
    low: float = 0.0
    high: float = 0.0
    first: float = 0.0
    rate: float = 0.0
    loss: float = float("nan")
    busy: float | None = None
    trouble: str = ""


def ways_to_try(plan: Plan, device: torch.device, *, has_images: bool, compiled: bool) -> list[Way]:
    """The plan as it is, then what its device may do faster. Compilation, of which the first step takes half a minute,
    is tried by `timed` on top of what was fastest.
    """
    precisions = [Way(), Way(precision="bf16")]
    if device.type == "cuda":
        precisions[1:1] = [Way(tf32=True)]
        precisions.append(Way(precision="fp16"))
    found = [each for way in precisions for each in (way, replace(way, channels_last=True))]
    if not has_images:
        found = precisions
    now = replace(Way.of(plan), compiled=False, cuda_graphs=False) if not compiled else Way.of(plan)
    return [now, *(each for each in found if each != now)]


def compiled_ways(now: Way, fastest: Way, device: torch.device) -> list[Way]:
    """The plan as it is and what was fastest, compiled; the fastest also as CUDA graphs where there is a GPU."""
    found = [replace(way, compiled=True, cuda_graphs=False) for way in (now, fastest)]
    if device.type == "cuda":
        found.append(replace(fastest, compiled=True, cuda_graphs=True))
    return list(dict.fromkeys(found))


def timed(
    document: Document,
    program: Program,
    samples: Samples,
    device: torch.device,
    threads: int,
    *,
    compiled: bool = False,
    patience: float | None = None,
) -> Iterator[Timed]:
    """Try the ways one after the other; the last is the plan as it is once more. `compiled` tries `torch.compile` too.

    Raises: TrainError when the plan does not fit.
    """
    patience = PATIENCE if patience is None else patience
    images = any(column.dim() == 4 for column in samples.train.values())
    tried: list[Timed] = []
    before = torch.get_num_threads()
    try:
        for way in ways_to_try(document.plan, device, has_images=images, compiled=compiled):
            tried.append(_time(document, program, samples, device, threads, way, patience))
            yield tried[-1]
        fastest = min((each for each in tried if not each.trouble), key=lambda each: each.seconds, default=None)
        if compiled and fastest is not None:
            known = [each.way for each in tried]
            for way in compiled_ways(tried[0].way, fastest.way, device):
                if way not in known:
                    tried.append(_time(document, program, samples, device, threads, way, patience))
                    yield tried[-1]
        yield _time(document, program, samples, device, threads, tried[0].way, patience)
    finally:
        torch.set_num_threads(before)
        set_device_up(document.plan, device, None)


def best_of(found: list[Timed]) -> Timed | None:
    """The way that is faster than the plan as it is, beyond what it differs by from itself; None when there is none.

    `found` is all that `timed` gave.
    """
    if len(found) < 2 or found[0].trouble:
        return None
    now = [each for each in (found[0], found[-1]) if not each.trouble]
    limit = min(*(each.low for each in now), 0.95 * min(each.seconds for each in now))
    faster = [each for each in found[1:-1] if not each.trouble and each.seconds < limit and each.high < limit]
    return min(faster, key=lambda each: each.seconds, default=None)


def _time(
    document: Document,
    program: Program,
    samples: Samples,
    device: torch.device,
    threads: int,
    way: Way,
    patience: float,
) -> Timed:
    trial = document.snapshot()
    trial.plan = way.put(trial.plan)
    set_device_up(trial.plan, device, threads)
    try:
        return _steps(Stepper(trial, program, samples, device), way, patience)
    except TrainError:
        raise
    except Exception as error:  # noqa: BLE001  a way that does not work here is one result among others
        text = (str(error).strip().splitlines() or [type(error).__name__])[0]
        let_go(error)
        return Timed(way=way, trouble="not enough memory" if is_memory(error) else text)
    finally:
        if way.compiled:
            torch.compiler.reset()  # CUDA graphs keep the memory that they were taken in
        make_room(device)


def _steps(stepper: Stepper, way: Way, patience: float) -> Timed:
    if way.compiled:
        stepper.compile()
    turns = _turns(stepper)
    values: list[Tensor] = []

    def take(count: int) -> float:
        """s a step of `count` steps."""
        nonlocal values
        _wait(stepper.device)
        began = time.perf_counter()
        for _ in range(count):
            values = stepper.step(next(turns))
        _wait(stepper.device)
        return (time.perf_counter() - began) / count

    first = take(1)
    pace = take(_WARM)
    loss = float(values[0])
    block = max(1, round(_BLOCK / max(pace, 1e-9)))
    rounds: list[float] = []
    until = time.perf_counter() + patience
    while len(rounds) < _FEWEST or (time.perf_counter() < until and len(rounds) < _MOST):
        rounds.append(take(block))
    low, middle, high = statistics.quantiles(rounds, n=4)
    batch = stepper.plan.batch_size * stepper.course.batches
    busy = utilisation(stepper.device, lambda: take(block)) if _has_kernels(stepper.device) else None
    return Timed(way=way, seconds=middle, low=low, high=high, first=first, rate=batch / middle, loss=loss, busy=busy)


def _turns(stepper: Stepper) -> Iterator[Turn]:
    """What the steps of the first stage are taken on, again and again; not the smaller batch that an epoch may end
    with, which is compiled by itself.
    """
    whole = 0
    while True:
        for turn, count in stepper.turns_left():
            whole = max(whole, count)
            if count == whole:
                yield turn
        stepper.finish_epoch()
        if stepper.stage_is_over:
            stepper.enter(0)


def _has_kernels(device: torch.device) -> bool:
    """Whether it works beside the CPU, so that it may have to wait for it."""
    return device.type == "cuda"


def _wait(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize(device)
