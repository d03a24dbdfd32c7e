"""The points of one curve, kept so that any stretch of any length is drawn from a few hundred of them.

Every point is kept. Beside them, summaries hold the least and the greatest value of each 4, 16, 64 … points,
extended as points arrive; a view takes the summary that fits its width. So a peak is never lost, and what an update
costs does not depend on how long the run is.

Loaded with the first chart (numpy).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np  # noqa: TID253 - this module is loaded with the first chart

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    Floats = NDArray[np.float64]

XAxis = Literal["step", "epoch", "time"]
"""What runs along the bottom: optimiser steps, passes over the data, or seconds of training."""

FAN = 4
"""How many entries of a summary become one of the next; `_of_four` takes as many."""

_BLOCK = 64
_GONE = -40.0  # exp(-40) is less than what a number can tell


class Column:
    """Numbers that are only ever appended."""

    def __init__(self) -> None:
        self._room: Floats = np.empty(256)
        self._count = 0

    def __len__(self) -> int:
        return self._count

    @property
    def values(self) -> Floats:
        """All numbers, without a copy; valid until the next `extend`."""
        return self._room[: self._count]

    def extend(self, values: ArrayLike) -> None:
        new = np.asarray(values, dtype=np.float64)
        end = self._count + len(new)
        if end > len(self._room):
            room = np.empty(max(end, 2 * len(self._room)))
            room[: self._count] = self._room[: self._count]
            self._room = room
        self._room[self._count : end] = new
        self._count = end


def _of_four(pick: np.ufunc, values: Floats) -> Floats:
    """The least (or greatest) of each four values; several times as fast as reducing an axis of length four."""
    found: Floats = pick(pick(values[0::4], values[1::4]), pick(values[2::4], values[3::4]))
    return found


class Summary:
    """Values with the least and greatest of each 4, 16, 64 … of them. Values that are not finite count as missing."""

    def __init__(self) -> None:
        self._values = Column()
        self._levels: list[tuple[Column, Column]] = []
        self.gaps = False
        """Whether some value is not finite."""

    def __len__(self) -> int:
        return len(self._values)

    @property
    def values(self) -> Floats:
        return self._values.values

    def extend(self, values: ArrayLike) -> None:
        new = np.asarray(values, dtype=np.float64)
        finite = np.isfinite(new)
        if not finite.all():
            new = np.where(finite, new, np.nan)
            self.gaps = True
        self._values.extend(new)
        low, high = self._values, self._values
        level = 0
        while len(low) >= FAN:
            if level == len(self._levels):
                self._levels.append((Column(), Column()))
            lows, highs = self._levels[level]
            start, stop = len(lows) * FAN, len(low) // FAN * FAN
            if stop > start:
                lows.extend(_of_four(np.fmin, low.values[start:stop]))
                highs.extend(_of_four(np.fmax, high.values[start:stop]))
            low, high, level = lows, highs, level + 1

    def drawn(self, x: Floats, start: int, stop: int, most: int) -> tuple[Floats, Floats]:
        """Points `start` to `stop` as at most about `most` of them: x and y, shape (m,).

        Where several become one, their least and their greatest value are kept, at the x of the first.
        """
        level, width = 0, 1
        while (stop - start) // width * (2 if level else 1) > most and level < len(self._levels):
            level, width = level + 1, width * FAN
        if not level:
            return x[start:stop], self._values.values[start:stop]
        lows, highs = self._levels[level - 1]
        first, last = start // width, min(stop // width, len(lows))
        found_x = x[first * width : last * width : width]
        found_low, found_high = lows.values[first:last], highs.values[first:last]
        rest = self._values.values[last * width : stop]
        if len(rest):
            found_x = np.append(found_x, x[stop - 1])
            found_low = np.append(found_low, np.fmin.reduce(rest))
            found_high = np.append(found_high, np.fmax.reduce(rest))
        pairs = np.empty((len(found_x), 2))
        pairs[:, 0], pairs[:, 1] = found_low, found_high
        return np.repeat(found_x, 2), pairs.reshape(-1)

    def extent(self, start: int, stop: int) -> tuple[float, float] | None:
        """The least and greatest finite value of points `start` to `stop`; None when there is none."""
        _, y = self.drawn(np.arange(len(self), dtype=np.float64), start, stop, 4096)
        low, high = (np.fmin.reduce(y), np.fmax.reduce(y)) if len(y) else (np.nan, np.nan)
        return (float(low), float(high)) if np.isfinite(low) else None


class Smoother:
    """An exponential moving average without the pull toward zero at its start, over values as they come.

    y_t = Σ wᵏ·x_{t-k} / Σ wᵏ; with w = 0 it is x itself. Values that are missing are passed over.
    """

    def __init__(self, weight: float) -> None:
        self.weight = weight
        self._sum = 0.0
        self._mass = 0.0

    def next(self, values: Floats) -> Floats:
        """The averages at `values`, shape (n,), which follow those of the calls before."""
        if self.weight <= 0:
            return values
        present = np.isfinite(values)
        sums = _decayed(np.where(present, values, 0.0), self.weight, self._sum)
        if present.all():
            masses = np.full(len(values), 1 / (1 - self.weight))
            fading = min(len(values), int(_GONE / np.log(self.weight)) + 1)  # further on nothing is left of the start
            faded = self.weight ** np.arange(1, fading + 1)
            masses[:fading] = faded * self._mass + (1 - faded) / (1 - self.weight)
        else:
            masses = _decayed(present.astype(np.float64), self.weight, self._mass)
        if len(values):
            self._sum, self._mass = float(sums[-1]), float(masses[-1])
        return np.divide(sums, masses, out=np.full(len(values), np.nan), where=masses > 0)


def _decayed(values: Floats, weight: float, before: float) -> Floats:
    """s_t = weight · s_{t-1} + x_t with s_{-1} = `before`, a block at a time instead of a value at a time."""
    count = len(values)
    if count <= _BLOCK:
        found = np.empty(count)
        for index in range(count):
            before = weight * before + values[index]
            found[index] = before
        return found
    rows = -(-count // _BLOCK)
    padded = np.zeros(rows * _BLOCK)
    padded[:count] = values
    age = np.arange(_BLOCK)[None, :] - np.arange(_BLOCK)[:, None]
    spread = np.where(age >= 0, weight ** np.maximum(age, 0), 0.0)
    inside = padded.reshape(rows, _BLOCK) @ spread
    ends = _decayed(inside[:, -1].copy(), weight**_BLOCK, before)
    carried = np.concatenate(([before], ends[:-1]))
    inside += carried[:, None] * weight ** np.arange(1, _BLOCK + 1)[None, :]
    return inside.reshape(-1)[:count]


class Curve:
    """One measure of one run: its points, and their moving average."""

    def __init__(self, weight: float = 0.0) -> None:
        self._smoother = Smoother(weight)
        self.clear()

    def __len__(self) -> int:
        return len(self._raw)

    @property
    def raw(self) -> Summary:
        return self._raw

    @property
    def smooth(self) -> Summary:
        """The moving average; the points themselves while nothing is smoothed."""
        return self._smooth if self._smoother.weight > 0 else self._raw

    @property
    def weight(self) -> float:
        return self._smoother.weight

    def x(self, axis: XAxis) -> Floats:
        return self._x[axis].values

    def extend(self, step: ArrayLike, epoch: ArrayLike, time: ArrayLike, values: ArrayLike) -> None:
        """Append points: steps, epochs (with fractions), seconds of training and values, each of shape (n,)."""
        for axis, column in (("step", step), ("epoch", epoch), ("time", time)):
            self._x[axis].extend(column)  # type: ignore[index]
        before = len(self._raw)
        self._raw.extend(values)
        if self._smoother.weight > 0:
            self._smooth.extend(self._smoother.next(self._raw.values[before:]))

    def clear(self) -> None:
        """Forget all points: others come in their place."""
        self._x: dict[XAxis, Column] = {"step": Column(), "epoch": Column(), "time": Column()}
        self._raw, self._smooth = Summary(), Summary()
        self._smoother = Smoother(self._smoother.weight)

    def set_weight(self, weight: float) -> None:
        """Smooth with another weight, 0 (not at all) to below 1."""
        if weight == self._smoother.weight:
            return
        self._smoother, self._smooth = Smoother(weight), Summary()
        if weight > 0:
            self._smooth.extend(self._smoother.next(self._raw.values))

    def between(self, axis: XAxis, left: float, right: float) -> tuple[int, int]:
        """Which points lie from `left` to `right`, with one more on either side where there is one."""
        x = self.x(axis)
        start, stop = np.searchsorted(x, (left, right), side="left")
        return max(int(start) - 1, 0), min(int(stop) + 1, len(x))

    def at(self, axis: XAxis, x: float) -> float | None:
        """The smoothed value at `x`, a straight line between points; None outside of them or where it is missing."""
        xs, y = self.x(axis), self.smooth.values
        if not len(xs) or x < xs[0] or x > xs[-1]:
            return None
        right = min(int(np.searchsorted(xs, x)), len(xs) - 1)
        left = max(right - 1, 0)
        span = xs[right] - xs[left]
        share = (x - xs[left]) / span if span > 0 else 1.0
        value = float(y[right] if share >= 1 else y[left] + share * (y[right] - y[left]))
        return value if np.isfinite(value) else None

    def last(self) -> float | None:
        """The newest value, not smoothed; None when there is none or it is not finite."""
        value = float(self._raw.values[-1]) if len(self._raw) else np.nan
        return value if np.isfinite(value) else None
