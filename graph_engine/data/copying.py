"""The copy task of Graves, Wayne, Danihelka (2014). Neural Turing machines: hear a sequence, then say it again."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING, Any

from graph_engine.data.dataset import ArraySource, Dataset
from graph_engine.data.fields import Field, FieldKind

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]

SEQUENCES = 4000
BITS = 8
LONGEST = 8
"""Steps of the longest sequence."""
_SEED = 2014


@cache
def copying() -> Dataset:
    """Sequences of random bits, each to be heard to its end and then said."""
    steps = frame(LONGEST)
    return Dataset(
        name="copying",
        title="Copying",
        summary=f"{SEQUENCES} sequences of up to {LONGEST} steps of {BITS} random bits, to be said after they end.",
        licence="Random numbers: free for any use.",
        fields=(
            Field(name="heard", kind=FieldKind.SEQUENCE, shape=(steps, BITS + 1)),
            Field(name="said", kind=FieldKind.TARGET, shape=(steps, BITS)),
            Field(name="asked", kind=FieldKind.SEQUENCE, shape=(steps, 1)),
        ),
        length=SEQUENCES,
        source=ArraySource(make_copies),
    )


def frame(longest: int) -> int:
    """Steps of a whole sample: the sequence, the mark after it, and the sequence again."""
    return 2 * longest + 1


def make_copies(
    count: int = SEQUENCES, shortest: int = 1, longest: int = LONGEST, bits: int = BITS, seed: int = _SEED
) -> Mapping[str, Array]:
    """`count` sequences of `shortest` to `longest` steps of random bits: three arrays of float32, T = 2·longest + 1.

    `heard` (n, T, bits + 1): the sequence, and from its end on the last number alone, set: a controller without a
    state of its own could not tell a step of zeros from silence if the mark came but once, as in the paper. `said`
    (n, T, bits): the sequence, from the step after the first mark on. `asked` (n, T, 1): 1 where it is to be said.
    """
    import numpy as np

    random = np.random.Generator(np.random.PCG64(seed))
    steps = frame(longest)
    heard = np.zeros((count, steps, bits + 1), dtype=np.float32)
    said = np.zeros((count, steps, bits), dtype=np.float32)
    asked = np.zeros((count, steps, 1), dtype=np.float32)
    for at in range(count):
        length = int(random.integers(shortest, longest + 1))
        sequence = random.integers(0, 2, (length, bits))
        heard[at, :length, :bits] = sequence
        heard[at, length:, bits] = 1
        said[at, length + 1 : 2 * length + 1] = sequence
        asked[at, length + 1 : 2 * length + 1] = 1
    return {"heard": heard, "said": said, "asked": asked}
