"""Where an axis puts its marks, and what it writes there."""

from __future__ import annotations

from math import ceil, floor, isfinite, log10

from app.figures import clock

_STEPS = (1.0, 2.0, 2.5, 5.0, 10.0)
_SPANS = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200, 86400)
_SLACK = 1e-9
_UNITS = ((1e9, "G"), (1e6, "M"), (1e3, "k"))


def nice_step(span: float, count: float, *, least: float = 0.0) -> float:
    """The round step, at least `least`, that parts `span` into `count` parts or fewer: 1, 2, 2.5 or 5 times 10ⁿ."""
    if not isfinite(span) or span <= 0:
        return max(1.0, least)
    rough = span / max(count, 1)
    power = 10.0 ** floor(log10(rough))
    step = next(step * power for step in _STEPS if step * power >= rough * (1 - _SLACK))
    return max(step, least)


def ticks(low: float, high: float, count: float, *, whole: bool = False) -> tuple[list[float], float]:
    """Round values from `low` to `high`, at most about `count` of them, and the step between them."""
    step = nice_step(high - low, count, least=1.0 if whole else 0.0)
    if whole:
        step = float(ceil(step - _SLACK))
    return _multiples(low, high, step), step


def log_ticks(low: float, high: float, count: float) -> list[float]:
    """Marks on a logarithmic axis from 10^`low` to 10^`high`, as exponents.

    Powers of ten, every so many of them; with few decades 2 and 5 between them; within a decade round values.
    """
    decades = high - low
    if decades <= 0 or not isfinite(decades):
        return []
    if decades > count:
        return _multiples(low, high, float(ceil(decades / count)))
    if decades < 0.7:
        values, _ = ticks(10**low, 10**high, count)
        return [log10(value) for value in values if value > 0]
    factors = (0.0, log10(2), log10(5)) if decades * 3 <= count + 1 else (0.0,)
    found = [power + factor for power in range(floor(low), ceil(high) + 1) for factor in factors]
    return [value for value in found if low - _SLACK <= value <= high + _SLACK]


def time_ticks(low: float, high: float, count: float) -> list[float]:
    """Round times in seconds from `low` to `high`, at most about `count` of them."""
    span = high - low
    rough = span / max(count, 1)
    if rough < 1 or rough > _SPANS[-1]:
        return ticks(low, high, count)[0]
    return _multiples(low, high, float(next(step for step in _SPANS if step >= rough)))


def tick_label(value: float, step: float) -> str:
    """`value` with as many decimals as marks `step` apart need; large numbers short: `0.25`, `12k`, `2.5e18`."""
    if abs(value) < step * _SLACK:
        value = 0.0
    largest = max(abs(value), step)
    if largest >= 1e12 or step < 1e-5:
        return f"{value:.3g}".replace("e+", "e").replace("e-0", "e-") if value else "0"
    if largest >= 1e4 and step >= 10:
        for factor, unit in _UNITS:
            if step >= factor / 100 and largest >= factor:
                return f"{value / factor:g}{unit}" if value else "0"
    return f"{value:.{decimals(step)}f}"


def decimals(step: float) -> int:
    """How many decimals tell marks `step` apart: 1 → 0, 0.25 → 2."""
    for places in range(9):
        scaled = step * 10**places
        if abs(scaled - round(scaled)) < 1e-6 * max(scaled, 1):
            return places
    return 9


def percent_label(value: float, step: float) -> str:
    """A share as a percentage: `75%`."""
    return f"{value * 100:.{decimals(step * 100)}f}%"


def log_label(exponent: float) -> str:
    """10^`exponent` in plain digits where that is short: `0.02`, `1e-6`."""
    value = 10.0**exponent
    if value * (1 + 1e-9) >= 1e-4 and value < 1e5:
        return f"{float(f'{value:.3g}'):g}" if value < 1000 else f"{value:.0f}"
    return f"{value:.2g}".replace("e+", "e").replace("e-0", "e-")


def time_label(seconds: float) -> str:
    """A length of time as on a clock: `0:07`, `12:30`, `1:02:03`; below ten seconds with tenths where they matter."""
    if seconds < 0:
        return f"-{time_label(-seconds)}"
    if seconds < 10 and abs(seconds - round(seconds)) > 0.005:
        return f"{seconds:.2g} s"
    return clock(seconds)


def value_label(value: float, *, percent: bool = False) -> str:
    """A measured value with four telling digits: `0.0831`, `97.64 %`."""
    if percent:
        return f"{value * 100:.2f} %"
    if value == 0:
        return "0"
    if abs(value) >= 1e5 or abs(value) < 1e-4:
        return f"{value:.3e}"
    return f"{value:.{max(0, min(6, 3 - floor(log10(abs(value)))))}f}"


def _multiples(low: float, high: float, step: float) -> list[float]:
    first = ceil(low / step - _SLACK)
    last = floor(high / step + _SLACK)
    return [index * step for index in range(first, min(last, first + 200) + 1)]
