"""What steps measured, on its way from the device to the curves: kept as it is until there is time to look."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from graph_engine.train.feed import Feed
from graph_engine.train.history import History, empty_records

if TYPE_CHECKING:
    from torch import Tensor

    from graph_engine.train.stepper import Position


@dataclass(slots=True)
class Meter:
    """Takes values at every step without waiting for the device; `flush` fetches them all at once.

    `names` is everything that the plan measures; `measured` what the stage in progress does, `losses` those of them
    that are made smaller, `uneven` those whose value over an epoch is no average over its steps. Sums over the epoch
    are kept step by step, so that they do not depend on when somebody looked.
    """

    names: Sequence[str]
    feed: Feed
    history: History | None
    steps_per_epoch: int
    measured: Sequence[str] = ()
    losses: Sequence[str] = ()
    uneven: Sequence[str] = ()
    idle: Tensor | None = None
    """What stands for a value that was not computed, if any may: the very tensor."""
    sums: dict[str, float] = field(default_factory=dict)
    samples: int = 0
    skipped: dict[str, int] = field(default_factory=dict)
    """How many of `samples` an average leaves out, because nothing was computed on them."""
    latest: dict[str, float] = field(default_factory=dict)
    _values: list[Sequence[Tensor]] = field(default_factory=list)
    _counts: list[int] = field(default_factory=list)
    _seconds: float = 0.0

    def add(self, values: Sequence[Tensor], count: int) -> None:
        """Values of `measured` at one step, on `count` samples."""
        self._values.append(values)
        self._counts.append(count)

    def flush(self, position: Position, seconds: float) -> int | None:
        """Fetch what is new, and tell feed and history; the first step with a loss that is not finite, if there is one.

        That step and those after it are told to nobody.
        """
        import numpy as np
        import torch

        if not self._values:
            return None
        steps = len(self._values)
        flat = torch.stack([value for values in self._values for value in values]).float().cpu().numpy()
        table = flat.reshape(steps, len(self.measured))
        counts = self._counts
        idle = self._idle(steps)
        self._values, self._counts = [], []
        judged = table[:, [self.measured.index(name) for name in self.losses]]
        fine = np.isfinite(judged)
        if idle is not None:
            fine |= idle[:, [self.measured.index(name) for name in self.losses]]
        bad = np.flatnonzero(~fine.all(axis=1))
        good = int(bad[0]) if len(bad) else steps
        first = position.step - steps  # steps done before these
        if good:
            started = position.epoch_step - steps
            step = np.arange(first + 1, first + good + 1)
            epoch = position.epoch + np.arange(started + 1, started + good + 1) / self.steps_per_epoch
            times = np.linspace(self._seconds, seconds, steps + 1)[1 : good + 1]
            self._tell(step, epoch, times, table[:good], idle)
            self._add_up(table[:good], counts, idle)
        self._seconds = seconds
        return first + good + 1 if len(bad) else None

    def epoch_means(self) -> dict[str, float]:
        """The averages over the samples of the epoch in progress, by name, of what may be averaged."""
        if not self.samples:
            return {}
        return {
            name: total / (self.samples - self.skipped.get(name, 0))
            for name, total in self.sums.items()
            if name not in self.uneven
        }

    def begin_epoch(self) -> None:
        self.sums, self.samples, self.skipped = {}, 0, {}

    def state(self) -> dict[str, Any]:
        return {
            "sums": dict(self.sums),
            "samples": self.samples,
            "skipped": dict(self.skipped),
            "latest": dict(self.latest),
        }

    def restore(self, state: Mapping[str, Any], seconds: float) -> None:
        self.sums, self.samples, self.latest = dict(state["sums"]), int(state["samples"]), dict(state["latest"])
        self.skipped = dict(state.get("skipped", {}))
        self._seconds = seconds
        self._values, self._counts = [], []

    def _idle(self, steps: int) -> Any:
        """Which values were not computed, (steps, measured); None where each always is."""
        import numpy as np

        if self.idle is None:
            return None
        flags = [value is self.idle for values in self._values for value in values]
        return np.array(flags).reshape(steps, len(self.measured))

    def _tell(self, step: Any, epoch: Any, seconds: Any, table: Any, idle: Any) -> None:
        for at, name in enumerate(self.measured):
            if idle is not None and idle[: len(table), at].any():
                there = ~idle[: len(table), at]
                if there.any():
                    self.feed.append(f"train_{name}", step[there], epoch[there], seconds[there], table[there, at])
                    self.latest[f"train_{name}"] = float(table[there, at][-1])
                continue
            self.feed.append(f"train_{name}", step, epoch, seconds, table[:, at])
            self.latest[f"train_{name}"] = float(table[-1, at])
        if self.history is not None:
            records = empty_records(len(step), self.names)
            records["step"], records["epoch"], records["seconds"] = step, epoch, seconds
            records["values"] = math.nan
            for at, name in enumerate(self.measured):
                records["values"][:, self.names.index(name)] = table[:, at]
            self.history.append_steps(records)

    def _add_up(self, table: Any, counts: Sequence[int], idle: Any) -> None:
        if idle is not None:
            self._add_up_some(table, counts, idle)
            return
        for row, count in zip(table.tolist(), counts, strict=False):
            for name, value in zip(self.measured, row, strict=True):
                self.sums[name] = self.sums.get(name, 0.0) + value * count
            self.samples += count

    def _add_up_some(self, table: Any, counts: Sequence[int], idle: Any) -> None:
        for row, missing, count in zip(table.tolist(), idle.tolist(), counts, strict=False):
            for name, value, skips in zip(self.measured, row, missing, strict=True):
                if skips:
                    self.skipped[name] = self.skipped.get(name, 0) + count
                else:
                    self.sums[name] = self.sums.get(name, 0.0) + value * count
            self.samples += count
