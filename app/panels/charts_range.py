"""How much of its curves a plot shows when it shows all of them.

Loaded with the first chart (numpy).
"""

from __future__ import annotations

from collections.abc import Sequence
from math import log10
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from app.runs.series import Curve, XAxis

_ROOM = 0.05
"""The share of the height that is left free above curves, and below where they do not stand on zero."""

_FAR = 10.0


def stretch(curves: Sequence[Curve], axis: XAxis) -> tuple[float, float]:
    """From where to where curves run along x: from 0, since that is where runs begin."""
    drawn = [curve.x(axis) for curve in curves if len(curve)]
    left = min([0.0, *(float(x[0]) for x in drawn)])
    right = max([float(x[-1]) for x in drawn], default=1.0)
    return left, right if right > left else left + 1.0


def values_stretch(
    curves: Sequence[Curve], leading: Sequence[Curve] = (), *, log: bool, percent: bool
) -> tuple[float, float]:
    """From where to where smoothed values go, with some room: exponents with `log`, at least 0 to 1 with `percent`.

    A run that has diverged must not press all others flat: curves that rise `_FAR` times as high as the leading ones
    are let go out of view.
    """
    found = [(extent, curve in leading) for curve in curves if (extent := _extent(curve)) is not None]
    top = max((high for (_, high), leads in found if leads), default=None)
    kept = [extent for extent, leads in found if leads or top is None or top <= 0 or extent[1] <= _FAR * top]
    low = min((extent[0] for extent in kept), default=0.0)
    high = max((extent[1] for extent in kept), default=1.0)
    if log:
        return _powers(curves, max((extent[1] for extent, _ in found), default=1.0))
    if percent:
        return min(0.0, low), max(1.0, high) + 0.02
    if low >= 0:
        return 0.0, high * (1 + _ROOM) if high > 0 else 1.0
    room = _ROOM * (high - low) or abs(high) * _ROOM or 1.0
    return low - room, high + room


def _extent(curve: Curve) -> tuple[float, float] | None:
    return curve.smooth.extent(0, len(curve))


def _powers(curves: Sequence[Curve], high: float) -> tuple[float, float]:
    least = [value for curve in curves if (value := _least_positive(curve)) is not None]
    top = log10(high) if high > 0 else 0.0
    bottom = log10(min(least)) if least else top - 1.0
    room = max(_ROOM * (top - bottom), 0.02)
    return bottom - room, top + room


def _least_positive(curve: Curve) -> float | None:
    """The least value above zero; a logarithmic axis has no place for the others."""
    extent = _extent(curve)
    if extent is None or extent[0] > 0:
        return extent[0] if extent is not None else None
    values = curve.smooth.values
    positive = values[values > 0]
    return float(positive.min()) if len(positive) else None
