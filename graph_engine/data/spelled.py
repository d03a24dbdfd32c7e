"""Digits and the letters of their names: a small task from an image to a sequence, and from a sequence to an image."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING, Any

from graph_engine.data.dataset import ArraySource, Dataset
from graph_engine.data.fields import Field, FieldKind

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]

NAMES = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
ALPHABET = ("–", *sorted(set("".join(NAMES))))
"""The letters by their numbers; 0 stands for none: before the first, and from the end on."""
NAME = 6
"""Letters of the longest name, and its end."""
FRAMES = 8
"""Rows of a digit that is drawn row by row."""


@cache
def spelled_digits() -> Dataset:
    """The handwritten digits, each with its English name, letter by letter."""
    from graph_engine.data.builtin import digits

    plain = digits()
    tokens = {"kind": FieldKind.TOKENS, "shape": (NAME,), "classes": len(ALPHABET), "class_names": ALPHABET}
    return Dataset(
        name="spelled_digits",
        title="Spelled digits",
        summary="The 1 797 digits, each with the letters of its English name: to be read, or to be drawn.",
        licence=plain.licence,
        fields=(
            plain.field("image"),
            Field(name="before", **tokens),  # type: ignore[arg-type]
            Field(name="name", **tokens),  # type: ignore[arg-type]
            Field(name="ended", kind=FieldKind.SEQUENCE, shape=(FRAMES, 1)),
        ),
        length=len(plain),
        source=ArraySource(_spelled, {"image": 16.0}),
    )


def spell_name(digit: int) -> list[int]:
    """The letters of a digit's name, as numbers, and its end."""
    letters = [ALPHABET.index(letter) for letter in NAMES[digit]]
    return letters + [0] * (NAME - len(letters))


def _spelled() -> Mapping[str, Array]:
    """`image` (n, 1, 8, 8), ink 0 to 16; `name` (n, NAME), and `before` (n, NAME), the letter before each, int64;
    `ended` (n, FRAMES, 1): 1 at the last row of a digit that is drawn.
    """
    import numpy as np

    from graph_engine.data.builtin import load_digits

    plain = load_digits()
    name = np.array([spell_name(digit) for digit in range(len(NAMES))])[plain["label"]]
    before = np.concatenate([np.zeros((len(name), 1), dtype=name.dtype), name[:, :-1]], axis=1)
    ended = np.zeros((len(name), FRAMES, 1), dtype=np.float32)
    ended[:, -1] = 1
    return {
        "image": plain["image"],
        "before": before.astype(np.int64),
        "name": name.astype(np.int64),
        "ended": ended,
    }
