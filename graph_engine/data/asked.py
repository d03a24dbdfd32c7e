"""Images with a question on what stands where: visual question answering in small."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING, Any

from graph_engine.data.dataset import ArraySource, Dataset
from graph_engine.data.fields import Field, FieldKind

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]

SIDE = 16
"""Height and width of an image (px): four digits, two above two."""
PLACES = ("northwest", "northeast", "southwest", "southeast")
WORDS = ("–", *PLACES, "digit")
"""The words by their numbers; 0 stands for none."""
QUESTION = 2
TRAINING, HELD_OUT = 3200, 800
"""Questions; the held-out ones are of digits that are in no other."""
_SEED = 2016


@cache
def asked_scenes() -> Dataset:
    """Four digits each, and which of them is asked for."""
    from graph_engine.data.builtin import digits

    plain = digits()
    return Dataset(
        name="asked_scenes",
        title="Asked scenes",
        summary=f"{TRAINING + HELD_OUT} images of four digits, each with a question: which is the northwest digit?",
        licence=f"{plain.licence} Put together by Layerloom.",
        fields=(
            Field(name="image", kind=FieldKind.IMAGE, shape=(1, SIDE, SIDE), sides=(SIDE,)),
            Field(name="question", kind=FieldKind.TOKENS, shape=(QUESTION,), classes=len(WORDS), class_names=WORDS),
            plain.field("label"),
        ),
        length=TRAINING + HELD_OUT,
        source=ArraySource(_make, {"image": 16.0}),
        held_out=range(TRAINING, TRAINING + HELD_OUT),
    )


def make_asked(images: Array, labels: Array, count: int, seed: int) -> Mapping[str, Array]:
    """`count` images of four of the digits (n, 8, 8), ink 0 to 16: `image` (count, 1, SIDE, SIDE); `question` (count,
    QUESTION), the place and the word *digit*; `label` (count,), the digit that stands there; int64.
    """
    import numpy as np

    random = np.random.Generator(np.random.PCG64(seed))
    chosen = random.integers(0, len(images), (count, 2, 2))
    image = images[chosen].transpose(0, 1, 3, 2, 4).reshape(count, 1, SIDE, SIDE)  # rows of pixels of both columns
    place = random.integers(0, len(PLACES), count)
    question = np.stack([WORDS.index(PLACES[0]) + place, np.full(count, WORDS.index("digit"))], axis=1)
    label = labels[chosen.reshape(count, -1)[np.arange(count), place]]
    return {"image": image, "question": question.astype(np.int64), "label": label.astype(np.int64)}


def _make() -> Mapping[str, Array]:
    import numpy as np

    from graph_engine.data.builtin import load_digits

    plain = load_digits()
    images, labels = plain["image"][:, 0], plain["label"]
    parted = len(images) * TRAINING // (TRAINING + HELD_OUT)
    trained = make_asked(images[:parted], labels[:parted], TRAINING, _SEED)
    others = make_asked(images[parted:], labels[parted:], HELD_OUT, _SEED + 1)
    return {name: np.concatenate([trained[name], others[name]]) for name in trained}
