"""What a run has to tell, pulled by whoever wants to know: its curves and where it stands. The trainer calls nobody."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from graph_engine.train.series import Points, Series
from graph_engine.train.states import RunState

if TYPE_CHECKING:
    from numpy.typing import ArrayLike


@dataclass(frozen=True, slots=True)
class Progress:
    """Where a run stands.

    `epoch` and `step` count what is done, `epochs` and `steps` what is planned. `stage` counts from 1. `seconds` of
    training (pauses aside), `rate` in samples/s, `eta` in seconds until the end. `metrics` are the newest values by
    name. `message` says why a run stopped or failed, `node` where. `notice` says why the last wish was not fulfilled,
    while the run goes on. `fits` is a batch size that memory would be enough for, when it was not (0: it was).
    `diverged` says that the run failed because a number was not finite.
    """

    state: RunState = RunState.QUEUED
    stage: int = 1
    stages: int = 1
    epoch: int = 0
    epochs: int = 0
    step: int = 0
    steps: int = 0
    seconds: float = 0.0
    rate: float | None = None
    eta: float | None = None
    metrics: Mapping[str, float] = field(default_factory=dict)
    message: str = ""
    node: str | None = None
    notice: str = ""
    fits: int = 0
    diverged: bool = False


Cursor = Mapping[str, int]
"""How far a reader has read, by series."""


@dataclass(frozen=True, slots=True)
class News:
    """What came since a cursor.

    A series in `restarted` starts over with all its points: what was read before gives way.
    """

    cursor: Cursor
    points: Mapping[str, Points]
    restarted: frozenset[str]
    progress: Progress


class Feed:
    """Curves by name: `train_loss`, `train_accuracy` for every step, `val_loss`, `val_accuracy` after every epoch."""

    def __init__(self) -> None:
        self._series: dict[str, Series] = {}
        self._progress = Progress()
        self._lock = threading.Lock()

    @property
    def progress(self) -> Progress:
        return self._progress

    @property
    def names(self) -> tuple[str, ...]:
        """The curves there are, in the order in which they first came."""
        with self._lock:
            return tuple(self._series)

    def since(self, cursor: Cursor | None = None) -> News:
        """What is new since `cursor` (that of the last news; None: everything)."""
        with self._lock:
            series = dict(self._series)
        cursor = cursor or {}
        points: dict[str, Points] = {}
        places: dict[str, int] = {}
        restarted: list[str] = []
        for name, each in series.items():
            found, places[name], over = each.since(cursor.get(name, 0))
            if len(found):
                points[name] = found
                if over:
                    restarted.append(name)
        return News(places, points, frozenset(restarted), self._progress)

    def view(self, name: str, most: int = 2000, first: float | None = None, last: float | None = None) -> Points:
        """At most about `most` points of a curve between two steps, no peak lost.

        Raises: KeyError when there is no such curve.
        """
        with self._lock:
            series = self._series[name]
        return series.view(most, first, last)

    # The trainer's side.

    def append(self, name: str, step: ArrayLike, epoch: ArrayLike, seconds: ArrayLike, value: ArrayLike) -> None:
        """Append points, each argument of shape (n,)."""
        with self._lock:
            series = self._series.setdefault(name, Series())
        series.append(step, epoch, seconds, value)

    def report(self, progress: Progress) -> None:
        self._progress = progress

    def set_state(self, state: RunState, message: str = "", node: str | None = None) -> None:
        self._progress = replace(self._progress, state=state, message=message, node=node)
