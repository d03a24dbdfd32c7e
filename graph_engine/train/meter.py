"""What steps measured, on its way from the device to the curves: kept as it is until there is time to look."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from graph_engine.train.feed import Feed
from graph_engine.train.history import History, empty_records

if TYPE_CHECKING:
    from torch import Tensor

    from graph_engine.train.position import Position


class Meter:
    """Takes values at every step without waiting for the device; `flush` fetches them all at once.

    Sums over the epoch are kept step by step, so that they do not depend on when somebody looked.
    """

    def __init__(self, names: Sequence[str], feed: Feed, history: History | None, steps_per_epoch: int) -> None:
        """`names` is everything that the plan measures."""
        self.names = names
        self.steps_per_epoch = steps_per_epoch
        self.latest: dict[str, float] = {}
        self._feed = feed
        self._history = history
        self._measured: Sequence[str] = ()
        self._judged: list[int] = []  # where among `_measured` the losses are
        self._places: list[int] = []  # where among `names` those of `_measured` are
        self._uneven: Sequence[str] = ()
        self._idle: Tensor | None = None
        self._sums: dict[str, float] = {}
        self._samples = 0
        self._skipped: dict[str, int] = {}  # how many of `_samples` an average leaves out: nothing was computed on them
        self._values: list[Sequence[Tensor]] = []
        self._counts: list[int] = []
        self._seconds = 0.0

    def begin_stage(
        self, measured: Sequence[str], losses: Sequence[str], uneven: Sequence[str], idle: Tensor | None
    ) -> None:
        """What the next steps measure: `losses` those that are made smaller, `uneven` those whose value over an epoch
        is no average over its steps; `idle` is the very tensor that stands for a value that was not computed, if any
        may.
        """
        self._measured, self._uneven, self._idle = measured, uneven, idle
        self._judged = [measured.index(name) for name in losses]
        self._places = [self.names.index(name) for name in measured]

    def add(self, values: Sequence[Tensor], count: int) -> None:
        """What the stage measures, at one step, on `count` samples."""
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
        table = flat.reshape(steps, len(self._measured))
        counts = self._counts
        idle = self._not_computed(steps)
        self._values, self._counts = [], []
        fine = np.isfinite(table[:, self._judged])
        if idle is not None:
            fine |= idle[:, self._judged]
        is_fine = bool(fine.all())
        good = steps if is_fine else int(np.argmin(fine.all(axis=1)))
        first = position.step - steps  # steps done before these
        if good:
            ordinal = np.arange(1, good + 1)
            epoch = position.epoch + (position.epoch_step - steps + ordinal) / self.steps_per_epoch
            times = self._seconds + ordinal * ((seconds - self._seconds) / steps)
            self._add_up(table[:good], counts, idle)  # first, since the disk may be full
            self._tell(first + ordinal, epoch, times, table[:good], idle)
        self._seconds = seconds
        return None if is_fine else first + good + 1

    def epoch_means(self) -> dict[str, float]:
        """The averages over the samples of the epoch in progress, by name, of what may be averaged."""
        if not self._samples:
            return {}
        return {
            name: total / (self._samples - self._skipped.get(name, 0))
            for name, total in self._sums.items()
            if name not in self._uneven
        }

    def begin_epoch(self) -> None:
        self._sums, self._samples, self._skipped = {}, 0, {}

    def state(self) -> dict[str, Any]:
        return {
            "sums": dict(self._sums),
            "samples": self._samples,
            "skipped": dict(self._skipped),
            "latest": dict(self.latest),
        }

    def restore(self, state: Mapping[str, Any], seconds: float) -> None:
        self._sums, self._samples, self.latest = dict(state["sums"]), int(state["samples"]), dict(state["latest"])
        self._skipped = dict(state.get("skipped", {}))
        self._seconds = seconds
        self._values, self._counts = [], []

    def _not_computed(self, steps: int) -> Any:
        """Which values were not computed, (steps, measured); None where each always is."""
        import numpy as np

        if self._idle is None:
            return None
        flags = [value is self._idle for values in self._values for value in values]
        return np.array(flags).reshape(steps, len(self._measured))

    def _tell(self, step: Any, epoch: Any, seconds: Any, table: Any, idle: Any) -> None:
        for at, name in enumerate(self._measured):
            if idle is not None and idle[: len(table), at].any():
                there = ~idle[: len(table), at]
                if there.any():
                    self._feed.append(f"train_{name}", step[there], epoch[there], seconds[there], table[there, at])
                    self.latest[f"train_{name}"] = float(table[there, at][-1])
                continue
            self._feed.append(f"train_{name}", step, epoch, seconds, table[:, at])
            self.latest[f"train_{name}"] = float(table[-1, at])
        if self._history is not None:
            records = empty_records(len(step), self.names)
            records["step"], records["epoch"], records["seconds"] = step, epoch, seconds
            records["values"] = math.nan  # what this stage does not measure
            records["values"][:, self._places] = table
            self._history.append_steps(records)

    def _add_up(self, table: Any, counts: Sequence[int], idle: Any) -> None:
        if idle is not None:
            self._add_up_some(table, counts, idle)
            return
        for row, count in zip(table.tolist(), counts, strict=False):
            for name, value in zip(self._measured, row, strict=True):
                self._sums[name] = self._sums.get(name, 0.0) + value * count
            self._samples += count

    def _add_up_some(self, table: Any, counts: Sequence[int], idle: Any) -> None:
        for row, missing, count in zip(table.tolist(), idle.tolist(), counts, strict=False):
            for name, value, skips in zip(self._measured, row, missing, strict=True):
                if skips:
                    self._skipped[name] = self._skipped.get(name, 0) + count
                else:
                    self._sums[name] = self._sums.get(name, 0.0) + value * count
            self._samples += count
