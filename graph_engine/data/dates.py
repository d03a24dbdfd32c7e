"""Dates as people write them, to be said as ISO 8601 says them: a small task of one sequence to another."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from functools import cache
from typing import TYPE_CHECKING, Any

from graph_engine.data.dataset import ArraySource, Dataset
from graph_engine.data.fields import Field, FieldKind

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]

MONTHS = (
    *("january", "february", "march", "april", "may", "june"),
    *("july", "august", "september", "october", "november", "december"),
)
FORMS = ("{day} {month} {year}", "{month} {day}, {year}", "{day} {short} {year}", "{short} {day} {year}")
LETTERS = ("–", "<", *" ,-0123456789abcdefghijklmnopqrstuvwxyz")
"""The letters by their numbers; 0 stands for none, 1 for the beginning."""
START = 1
DATES = 5000
WRITTEN = 18
"""Letters of the longest date: *september 30, 2024*."""
ISO = 10
_FIRST, _LAST = date(1900, 1, 1), date(2099, 12, 31)
_SEED = 2014


@cache
def dates() -> Dataset:
    """Written dates, and the same as year, month and day."""
    letters = len(LETTERS)
    tokens = {"kind": FieldKind.TOKENS, "classes": letters, "class_names": LETTERS}
    return Dataset(
        name="dates",
        title="Dates",
        summary=f"{DATES} dates as people write them (4 march 1998), to be said as 1998-03-04, letter by letter.",
        licence="Made by a rule of Layerloom's: free for any use.",
        fields=(
            Field(name="written", shape=(WRITTEN,), **tokens),  # type: ignore[arg-type]
            Field(name="before", shape=(ISO,), **tokens),  # type: ignore[arg-type]
            Field(name="said", shape=(ISO,), **tokens),  # type: ignore[arg-type]
        ),
        length=DATES,
        source=ArraySource(make_dates),
    )


def make_dates(count: int = DATES, seed: int = _SEED) -> Mapping[str, Array]:
    """`written` (n, WRITTEN), `said` (n, ISO), and `before` (n, ISO): the letter before each said; int64."""
    import numpy as np

    random = np.random.Generator(np.random.PCG64(seed))
    days = random.integers(0, (_LAST - _FIRST).days + 1, count).tolist()
    forms = random.integers(0, len(FORMS), count).tolist()
    chosen = [_FIRST + timedelta(days=day) for day in days]
    written = np.array([_letters(write(when, form), WRITTEN) for when, form in zip(chosen, forms, strict=True)])
    said = np.array([_letters(when.isoformat(), ISO) for when in chosen])
    before = np.concatenate([np.full((count, 1), START), said[:, :-1]], axis=1)
    return {
        name: values.astype(np.int64) for name, values in (("written", written), ("before", before), ("said", said))
    }


def write(when: date, form: int) -> str:
    """A date as people write it, in one of FORMS: `4 march 1998`."""
    month = MONTHS[when.month - 1]
    return FORMS[form].format(day=when.day, month=month, short=month[:3], year=when.year)


def read_letters(tokens: Array) -> str:
    """Tokens as text, without those that stand for nothing."""
    return "".join(LETTERS[token] for token in tokens.tolist() if token > START)


def _letters(text: str, length: int) -> list[int]:
    return [LETTERS.index(letter) for letter in text] + [0] * (length - len(text))
