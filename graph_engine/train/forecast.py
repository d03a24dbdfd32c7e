"""What training will take before it begins: memory for each purpose, time a step, and the largest batch that fits.

Nothing is guessed from formulas: two steps of the very plan are taken on small batches of made-up samples, and what
every operation had in memory is carried on, line by line, to the batch that is asked for.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from graph_engine.data import Dataset, Samples
from graph_engine.data.dataset import ArraySource
from graph_engine.data.made_up import made_up
from graph_engine.document import Document
from graph_engine.train.devices import choose_device, choose_threads, describe, free_on_gpu
from graph_engine.train.keeper import LARGEST_COPY
from graph_engine.train.memory_course import MemoryCourse, gradients_of, size_of, tensors_in
from graph_engine.train.stepper import Stepper

if TYPE_CHECKING:
    from graph_engine.check.report import CheckResult
    from graph_engine.compile import Program

_SMALL, _LARGER = 4, 8  # samples of the two batches; both even, since pairs and groups are, and batch norm needs two
_ROUNDS = 3
_PATIENCE = 1.5  # s that the steps which are timed may take
_MOST = 1 << 20  # samples; a larger batch is not looked for
_SLACK_CPU = 2.0  # the process holds up to twice what tensors take: the allocator keeps pieces that were given back
_SLACK_GPU = 1.15


@dataclass(frozen=True, slots=True)
class Memory:
    """Bytes at the moment when most are in use.

    `activations` is everything that depends on the batch or is gone after the step: what forward keeps for backward,
    and what operations hold for a moment.
    """

    weights: int
    gradients: int
    optimiser: int
    batch: int
    activations: int

    @property
    def total(self) -> int:
        return self.weights + self.gradients + self.optimiser + self.batch + self.activations


@dataclass(frozen=True, slots=True)
class Forecast:
    """What was found for one document on one device.

    `courses` are the bytes in use after each operation of a step on `batches[0]` and `batches[1]` samples, `fixed` the
    parts of them that no batch changes, `sample` the bytes of one sample; `seconds` is how long steps took, by batch;
    `available` the bytes free on the device.
    """

    device: str
    batch_size: int
    batches: tuple[int, int]
    courses: tuple[Sequence[int], Sequence[int]]
    fixed: Memory
    sample: int
    seconds: Mapping[int, float]
    available: int

    @property
    def memory(self) -> Memory:
        """What a step of the plan's batch takes."""
        return self.memory_at(self.batch_size)

    @property
    def step_seconds(self) -> float:
        """How long (s) a step of the plan's batch takes."""
        return self.seconds_at(self.batch_size)

    def peak_at(self, batch: int) -> int:
        """The most bytes in use in a step on `batch` samples."""
        small, larger = self.batches
        share = (batch - small) / (larger - small)
        if len(self.courses[0]) != len(self.courses[1]):  # other operations for another batch: only peaks compare
            low, high = (max(course) for course in self.courses)
            return round(low + share * (high - low))
        return round(max(low + share * (high - low) for low, high in zip(*self.courses, strict=True)))

    def memory_at(self, batch: int) -> Memory:
        """What a step on `batch` samples takes, for each purpose."""
        known = replace(self.fixed, batch=self.sample * batch, activations=0)
        return replace(known, activations=max(0, self.peak_at(batch) - known.total))

    def seconds_at(self, batch: int) -> float:
        """How long (s) a step on `batch` samples takes: on the line through what was timed."""
        if batch in self.seconds:
            return self.seconds[batch]
        (low, first), *_, (high, last) = sorted(self.seconds.items())
        slope = max((last - first) / (high - low), last / high / 2)
        return max(last + slope * (batch - high), 0.0) if batch > high else max(first * batch / low, first / 2)

    @property
    def largest_batch(self) -> int:
        """The largest power of two, or half more than one, of samples that fits; 0 when not even one does."""
        room = self.available / (_SLACK_CPU if self.device == "cpu" else _SLACK_GPU)
        best, batch = 0, 1
        while batch <= _MOST and self.peak_at(batch) <= room:
            half_more = batch + batch // 2
            best = half_more if self.peak_at(half_more) <= room else batch
            batch *= 2
        return best


def forecast(document: Document, program: Program, result: CheckResult) -> Forecast:
    """Take some steps of `document` as its plan says, and tell what the whole batch will take.

    Call it from a worker: it takes a second or two. Weights are made for it, and go with it.

    Raises:
        PlanError: the plan does not fit the drawing.
        RuntimeError: the step fails, of which the trainer would tell more.
    """
    plan = document.plan
    device = choose_device(plan)
    small, larger = _SMALL, _LARGER
    trial = document.snapshot()
    trial.plan = replace(plan, batch_size=larger)
    wanted = choose_threads(result.total.macs, plan.batch_size)
    before = torch.get_num_threads()
    torch.set_num_threads(wanted)
    try:
        columns = made_up(trial, program.input_nodes, larger, device)
        stepper = Stepper(trial, program, nothing_to_read(columns, larger), device)
        by_argument = {program.input_nodes[node]: values for node, values in columns.items()}
        batches = {
            size: {name: values[:size].clone() for name, values in by_argument.items()} for size in (small, larger)
        }
        stepper.step((batches[small],))  # the optimiser makes its state
        courses = tuple(_course(stepper, batches[size]) for size in (small, larger))
        fixed = _fixed(stepper)
        sample = size_of(batches[larger].values()) // larger
        available = _available(device) + fixed.total - _copied(fixed, device)
        found = Forecast(
            describe(device),
            plan.batch_size,
            (small, larger),
            (courses[0], courses[1]),
            fixed,
            sample,
            {larger: 0.0},
            available,
        )
        return replace(found, seconds=_seconds(stepper, by_argument, found))
    finally:
        torch.set_num_threads(before)


def _course(stepper: Stepper, batch: Mapping[str, Tensor]) -> list[int]:
    network = stepper.network
    known = [*network.parameters(), *network.buffers(), *gradients_of(network), *batch.values(), *_state(stepper)]
    course = MemoryCourse(known)
    with course:
        stepper.step((batch,))
    return course.course


def _fixed(stepper: Stepper) -> Memory:
    network = stepper.network
    weights = size_of([*network.parameters(), *network.buffers()])
    return Memory(weights, size_of(gradients_of(network)), size_of(_state(stepper)), 0, 0)


def _state(stepper: Stepper) -> list[Tensor]:
    return [each for update in stepper.updates for each in tensors_in(dict(update.optimiser.state))]


def _seconds(stepper: Stepper, columns: Mapping[str, Tensor], found: Forecast) -> dict[int, float]:
    """Median s of a step by batch: of the small batch, and of the largest up to the plan's that is soon done."""
    small = found.batches[1]
    seconds = {small: _time(stepper, {name: values[:small] for name, values in columns.items()})}
    soon = int(_PATIENCE / _ROUNDS / max(seconds[small], 1e-6) * small)
    batch = min(found.batch_size, soon)
    while batch > small and found.peak_at(batch) > found.available // 2:
        batch //= 2
    if batch > small:
        many = -(-batch // small)
        larger = {
            name: values[:small].repeat(many, *[1] * (values.dim() - 1))[:batch] for name, values in columns.items()
        }
        seconds[batch] = _time(stepper, larger)
    elif batch < small:
        least = max(2, batch)
        seconds[least] = _time(stepper, {name: values[:least] for name, values in columns.items()})
    return seconds


def _time(stepper: Stepper, batch: Mapping[str, Tensor]) -> float:
    rounds = []
    for _ in range(_ROUNDS + 1):
        _wait(stepper.device)
        began = time.perf_counter()
        stepper.step((batch,))
        _wait(stepper.device)
        rounds.append(time.perf_counter() - began)
    return statistics.median(rounds[1:])


def _wait(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize(device)


def nothing_to_read(columns: Mapping[str, Tensor], count: int) -> Samples:
    nothing = Dataset(
        name="made up", title="Made up", summary="", licence="", fields=(), length=count, source=ArraySource(dict)
    )
    return Samples(nothing, dict(columns), {}, count, 0, shared=False)


def _available(device: torch.device) -> int:
    """Bytes that are free: of the device, or of the machine, or of what this process may have of it."""
    if device.type == "cuda":
        return free_on_gpu(device)
    free = next(
        (int(line.split()[1]) * 1024 for line in _lines("/proc/meminfo") if line.startswith("MemAvailable")), 1 << 32
    )
    limit = _lines("/sys/fs/cgroup/memory.max")
    used = _lines("/sys/fs/cgroup/memory.current")
    if limit and used and limit[0].isdecimal():
        free = min(free, max(0, int(limit[0]) - int(used[0])))
    return free


def _copied(fixed: Memory, device: torch.device) -> int:
    """Bytes of the copy that a run on a GPU keeps there, to go back to when something is no longer finite."""
    return fixed.weights + fixed.optimiser if device.type == "cuda" and fixed.weights <= LARGEST_COPY else 0


def _lines(path: str) -> list[str]:
    try:
        return Path(path).read_text("utf-8").splitlines()
    except OSError:
        return []
