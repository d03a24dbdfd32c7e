"""The runs whose curves are drawn: the current one, and those that it is compared with."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

if TYPE_CHECKING:
    from app.runs.curves import RunCurves

TRAIN_SERIES, VAL_SERIES = 0, 1
"""The places of the current run's curves among the chart colours; each run compared with it has one of its own."""

SMOOTHING = 0.8
"""The weight that the curves of training are smoothed with at first."""


@dataclass(frozen=True, slots=True)
class ShownRun:
    """A run in the charts. `series` is the place among the chart colours of a run that is compared."""

    run: str
    name: str
    curves: RunCurves
    series: int = TRAIN_SERIES
    current: bool = False


Read = Callable[[str, Callable[["RunCurves"], None]], None]
"""Reads the curves of a run (an id) from disk and hands them over later."""


class ShownRuns(QObject):
    """Which runs are drawn, in which colours, smoothed how much."""

    changed = Signal()

    def __init__(self, read: Read, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._read = read
        self._current: ShownRun | None = None
        self._compared: dict[str, ShownRun] = {}
        self._reading: dict[str, str] = {}
        self._kept = ""
        self.smoothing = SMOOTHING

    @property
    def runs(self) -> tuple[ShownRun, ...]:
        """The current run first, then the others in the order in which they came."""
        current = (self._current,) if self._current is not None else ()
        return current + tuple(run for run in self._compared.values() if run.run != self._current_id)

    def series(self, run: str) -> int | None:
        """The colour of a run that is drawn, as a place among the chart colours; None for one that is not."""
        if run == self._current_id:
            return VAL_SERIES
        return self._compared[run].series if run in self._compared else None

    def is_shown(self, run: str) -> bool:
        """Whether a run is drawn, or about to be."""
        return run == self._current_id or run in self._compared or run in self._reading

    def compare(self, run: str, name: str, *, on: bool) -> None:
        """Draws a run beside the current one, or no more. Its curves are read first."""
        if not on:
            self._reading.pop(run, None)
            if run == self._current_id:
                self._current = None
            self._compared.pop(run, None)
            self.changed.emit()
        elif not self.is_shown(run):
            self._reading[run] = name
            self._read(run, lambda curves: self._take(run, curves))

    def begin(self, run: str, name: str, curves: RunCurves) -> None:
        """Another run is the current one. The one before stays for comparison, until the next comes."""
        if self._kept and self._current_id != self._kept:
            self._compared.pop(self._kept, None)
        self._kept = ""
        before = self._current
        self._compared.pop(run, None)
        self._reading.pop(run, None)
        self._current = ShownRun(run, name, curves, current=True)
        if before is not None and before.run != run and len(before.curves):
            self._kept = before.run
            self._add(before)
        self.changed.emit()

    def leave(self) -> None:
        """No run is the current one any more, since another document is open; it stays for comparison."""
        before, self._current = self._current, None
        if before is not None and len(before.curves):
            self._kept = before.run
            self._add(before)
        self.changed.emit()

    def rename(self, run: str, name: str) -> None:
        """A run is called otherwise now."""
        if run == self._current_id and self._current is not None:
            self._current = replace(self._current, name=name)
        if run in self._compared:
            self._compared[run] = replace(self._compared[run], name=self._distinct(run, name))
        self.changed.emit()

    def set_smoothing(self, weight: float) -> None:
        """Smooths the curves of training with another weight, 0 (not at all) to below 1."""
        self.smoothing = weight
        for run in self.runs:
            run.curves.set_weight(weight)

    @property
    def _current_id(self) -> str:
        return self._current.run if self._current is not None else ""

    def _take(self, run: str, curves: RunCurves) -> None:
        name = self._reading.pop(run, None)
        if name is None:
            return
        curves.set_weight(self.smoothing)
        self._add(ShownRun(run, name, curves))
        self.changed.emit()

    def _add(self, run: ShownRun) -> None:
        used = {other.series for other in self._compared.values()}
        free = next(place for place in range(VAL_SERIES + 1, VAL_SERIES + 2 + len(used)) if place not in used)
        self._compared[run.run] = replace(run, series=free, current=False, name=self._distinct(run.run, run.name))

    def _distinct(self, run: str, name: str) -> str:
        """A name that no other run in the legend has."""
        taken = {other.name for other in self._compared.values() if other.run != run}
        return f"{name} ({run})" if name in taken or name in ("train", "val") else name
