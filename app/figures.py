"""Numbers as the window writes them: digits in groups, units, and never more precision than helps."""

from __future__ import annotations

_THIN = "\u202f"
"""A narrow space that no line is broken at."""
_STEPS = ((1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k"))


def digits(number: int) -> str:
    """A count in groups of three: `36 864`."""
    return f"{number:,}".replace(",", _THIN)


def short(number: float) -> str:
    """A count with three figures and a letter for its size: `2.36 M`, `812`."""
    for size, letter in _STEPS:
        if abs(number) >= size * 0.9995:
            return f"{_three(number / size)}{_THIN}{letter}"
    return str(int(number)) if float(number).is_integer() else _three(number)


def size_of(number: float) -> str:
    """Bytes with three figures: `147 kB`."""
    for size, letter in _STEPS:
        if abs(number) >= size * 0.9995:
            return f"{_three(number / size)}{_THIN}{letter}B"
    return f"{int(number)}{_THIN}B"


def share(part: float, whole: float) -> str:
    """A part of a whole in per cent: `4.2 %`, `< 0.1 %`; empty where there is no whole."""
    if whole <= 0:
        return ""
    percent = 100 * part / whole
    if 0 < percent < 0.1:
        return f"<{_THIN}0.1{_THIN}%"
    return f"{percent:.0f}{_THIN}%" if percent in (0, 100) else f"{percent:.1f}{_THIN}%"


def clock(seconds: float) -> str:
    """A length of time: `0:41`, `1:02:03`."""
    minutes, rest = divmod(max(0, round(seconds)), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def ago(seconds: float) -> str:
    """How long ago in words: `just now`, `3 s ago`, `2 min ago`, `5 h ago`, `3 days ago`."""
    if seconds < 1:
        return "just now"
    for size, word in ((86400, "days"), (3600, "h"), (60, "min"), (1, "s")):
        if seconds >= size:
            count = int(seconds // size)
            return f"{count} {'day' if word == 'days' and count == 1 else word} ago"
    return "just now"


def plural(count: int, word: str) -> str:
    """`1 node`, `3 nodes`."""
    return f"{digits(count)} {word}" if count == 1 else f"{digits(count)} {word}s"


def _three(number: float) -> str:
    """Three significant figures without an exponent."""
    if abs(number) >= 99.95:
        return f"{number:.0f}"
    return f"{number:.1f}" if abs(number) >= 9.995 else f"{number:.2f}"
