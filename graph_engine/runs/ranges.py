"""Ranges as people write them: `1e-4..0.1:log`, `16..128:16`, `16, 32`, `adam, sgd`."""

from __future__ import annotations

import math

from graph_engine.document import Range
from graph_engine.runs.errors import RunError


def read_range(of: str, text: str) -> Range:
    """What the setting `of` is searched over.

    Raises: RunError when the text says none of that.
    """
    if ".." not in text:
        choices = tuple(_number(part.strip()) for part in text.split(",") if part.strip())
        if not choices:
            raise RunError(f"Say what {of} is searched over, such as 1e-4..0.1:log or 16, 32.")
        return Range(of=of, choices=choices)
    ends, _, how = text.replace(" ", "").partition(":")
    low, _, high = ends.partition("..")
    try:
        whole = all(part.lstrip("-").isdecimal() for part in (low, high))
        step = float(how) if how and how != "log" else None
        found = Range(of=of, low=float(low), high=float(high), step=step, log=how == "log", whole=whole)
    except ValueError as error:
        raise RunError(f"{of}: {text!r} is no range. Write low..high, low..high:log or low..high:STEP.") from error
    is_range = found.low < found.high and math.isfinite(found.high - found.low)
    if not is_range or (found.log and found.low <= 0):
        raise RunError(f"{of}: in {text!r} the first number is to be less than the second, and above 0 with log.")
    if step is not None and not 0 < step <= found.high - found.low:
        raise RunError(f"{of}: in {text!r} the step is to be above 0, and no more than from the first to the second.")
    return found


def write_range(chosen: Range) -> str:
    """The text that `read_range` reads."""
    if chosen.choices:
        return ", ".join(map(str, chosen.choices))
    how = ":log" if chosen.log else f":{chosen.step:g}" if chosen.step is not None else ""
    ends = (f"{int(each)}" if chosen.whole else f"{each!r}" for each in (chosen.low, chosen.high))
    return "..".join(ends) + how


def _number(text: str) -> str | int | float:
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text
