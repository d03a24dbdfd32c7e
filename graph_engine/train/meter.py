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
    sums: dict[str, float] = field(default_factory=dict)
    samples: int = 0
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
        self._values, self._counts = [], []
        judged = table[:, [self.measured.index(name) for name in self.losses]]
        bad = np.flatnonzero(~np.isfinite(judged).all(axis=1))
        good = int(bad[0]) if len(bad) else steps
        first = position.step - steps  # steps done before these
        if good:
            started = position.epoch_step - steps
            step = np.arange(first + 1, first + good + 1)
            epoch = position.epoch + np.arange(started + 1, started + good + 1) / self.steps_per_epoch
            times = np.linspace(self._seconds, seconds, steps + 1)[1 : good + 1]
            self._tell(step, epoch, times, table[:good])
            self._add_up(table[:good], counts)
        self._seconds = seconds
        return first + good + 1 if len(bad) else None

    def epoch_means(self) -> dict[str, float]:
        """The averages over the samples of the epoch in progress, by name, of what may be averaged."""
        if not self.samples:
            return {}
        return {name: total / self.samples for name, total in self.sums.items() if name not in self.uneven}

    def begin_epoch(self) -> None:
        self.sums, self.samples = {}, 0

    def state(self) -> dict[str, Any]:
        return {"sums": dict(self.sums), "samples": self.samples, "latest": dict(self.latest)}

    def restore(self, state: Mapping[str, Any], seconds: float) -> None:
        self.sums, self.samples, self.latest = dict(state["sums"]), int(state["samples"]), dict(state["latest"])
        self._seconds = seconds
        self._values, self._counts = [], []

    def _tell(self, step: Any, epoch: Any, seconds: Any, table: Any) -> None:
        for at, name in enumerate(self.measured):
            self.feed.append(f"train_{name}", step, epoch, seconds, table[:, at])
            self.latest[f"train_{name}"] = float(table[-1, at])
        if self.history is not None:
            records = empty_records(len(step), self.names)
            records["step"], records["epoch"], records["seconds"] = step, epoch, seconds
            records["values"] = math.nan
            for at, name in enumerate(self.measured):
                records["values"][:, self.names.index(name)] = table[:, at]
            self.history.append_steps(records)

    def _add_up(self, table: Any, counts: Sequence[int]) -> None:
        for row, count in zip(table.tolist(), counts, strict=False):
            for name, value in zip(self.measured, row, strict=True):
                self.sums[name] = self.sums.get(name, 0.0) + value * count
            self.samples += count
