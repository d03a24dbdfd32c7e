"""One curve of a run: points that are only appended, in bounded memory, read by other threads.

The newest points are all kept. When there are too many, the older half gives way to the least and greatest of each
group of its points, so that no peak is lost. Importing this imports numpy inside functions only.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import ArrayLike, NDArray

    Floats = NDArray[np.float64]

CAPACITY = 1 << 20
"""Points at which a series thins its older half."""
GROUP = 8
"""How many points become two when thinned."""
_FIRST_ROOM = 1024


@dataclass(frozen=True, slots=True)
class Points:
    """Points of a curve, arrays of shape (n,): steps (from 1), epochs with fractions, seconds of training, values."""

    step: Floats
    epoch: Floats
    seconds: Floats
    value: Floats

    def __len__(self) -> int:
        return len(self.step)


class Series:
    """Appended to by one thread, read by others."""

    def __init__(self, capacity: int = CAPACITY) -> None:
        self._capacity = capacity
        self._room: NDArray[Any] | None = None  # (4, room): step, epoch, seconds, value
        self._count = 0
        self._thinned = 0  # points at the start that stand for more than themselves
        self._dropped = 0  # how many points more were appended than are kept
        self._lock = threading.Lock()

    def __len__(self) -> int:
        """How many points are kept."""
        return self._count

    def append(self, step: ArrayLike, epoch: ArrayLike, seconds: ArrayLike, value: ArrayLike) -> None:
        """Append points, each argument of shape (n,)."""
        import numpy as np

        new = np.array([step, epoch, seconds, value], dtype=np.float64)
        with self._lock:
            room = self._room_for(new.shape[1])
            room[:, self._count : self._count + new.shape[1]] = new
            self._count += new.shape[1]
            if self._count > self._capacity:
                self._thin(room)

    def since(self, place: int) -> tuple[Points, int, bool]:
        """What came after `place` (0: everything), the place to read on from, and whether it starts over with all
        points.

        It starts over when points after `place` have been thinned.
        """
        with self._lock:
            start = place - self._dropped
            over = place == 0 or start < self._thinned
            return self._points(0 if over else start, self._count), self._count + self._dropped, over

    def view(self, most: int, first: float | None = None, last: float | None = None) -> Points:
        """At most about `most` points between two steps, no peak lost: the least and the greatest of each group."""
        import numpy as np

        with self._lock:
            if self._room is None:
                return self._points(0, 0)
            steps = self._room[0, : self._count]
            start = int(np.searchsorted(steps, first)) if first is not None else 0
            stop = int(np.searchsorted(steps, last, side="right")) if last is not None else self._count
            width = -(-2 * (stop - start) // max(most, 2))
            if width <= 2:
                return self._points(start, stop)
            return Points(*_extremes(self._room[:, start:stop], width))

    @property
    def last(self) -> float | None:
        """The newest value."""
        with self._lock:
            return float(self._room[3, self._count - 1]) if self._room is not None and self._count else None

    def _points(self, start: int, stop: int) -> Points:
        import numpy as np

        if self._room is None:
            return Points(*np.empty((4, 0)))
        return Points(*self._room[:, start:stop].copy())

    def _room_for(self, count: int) -> NDArray[Any]:
        import numpy as np

        needed = self._count + count
        if self._room is None:
            self._room = np.empty((4, max(needed, _FIRST_ROOM)))
        elif needed > self._room.shape[1]:
            room = np.empty((4, max(needed, 2 * self._room.shape[1])))
            room[:, : self._count] = self._room[:, : self._count]
            self._room = room
        return self._room

    def _thin(self, room: NDArray[Any]) -> None:
        half = self._count // 2 // GROUP * GROUP
        kept = _extremes(room[:, :half], GROUP)
        gone = half - kept.shape[1]
        newer = room[:, half : self._count].copy()
        room[:, : kept.shape[1]] = kept
        room[:, kept.shape[1] : self._count - gone] = newer
        self._count -= gone
        self._thinned = kept.shape[1]
        self._dropped += gone


def _extremes(points: NDArray[Any], width: int) -> NDArray[Any]:
    """(4, n) points as the least and the greatest of each `width` of them, in the order in which they came."""
    import numpy as np

    count = points.shape[1] // width * width
    values = points[3, :count].reshape(-1, width)
    low = np.argmin(np.where(np.isnan(values), np.inf, values), axis=1)
    high = np.argmax(np.where(np.isnan(values), -np.inf, values), axis=1)
    starts = np.arange(0, count, width)
    first, second = np.minimum(low, high), np.maximum(low, high)
    second = np.where(first == second, width - 1, second)  # a flat group keeps its ends
    chosen = np.stack([starts + first, starts + second], axis=1).reshape(-1)
    return np.concatenate([points[:, chosen], points[:, count:]], axis=1)
