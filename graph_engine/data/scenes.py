"""Scenes of several digits, to be told apart pixel by pixel: the segmentation that trains on any machine."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING, Any

from graph_engine.data.dataset import ArraySource, Dataset
from graph_engine.data.fields import Field, FieldKind

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]

SIDE = 32
"""Height and width of a scene (px)."""
DIGIT = 12
"""Height and width of a digit in it (px)."""
MOST = 3
"""Digits in a scene at most."""
INK = 255
"""What full ink is stored as."""
TRAINING, HELD_OUT = 1600, 400
"""Scenes; the held-out ones are of digits that are in no other."""

_LEAST_INK = 64
_SEED = 2017


@cache
def digit_scenes() -> Dataset:
    """Scenes and the class of each of their pixels."""
    from graph_engine.data.builtin import digits

    plain = digits()
    names = plain.field("label").class_names
    return Dataset(
        name="digit_scenes",
        title="Digit scenes",
        summary=f"{TRAINING + HELD_OUT} scenes of up to {MOST} digits on {SIDE}×{SIDE} pixels, a class for each pixel.",
        licence=f"{plain.licence} Put together by Layerloom.",
        fields=(
            Field(name="image", kind=FieldKind.IMAGE, shape=(1, SIDE, SIDE), sides=(SIDE,)),
            Field(
                name="label",
                kind=FieldKind.TOKENS,
                shape=(SIDE, SIDE),
                classes=len(names) + 1,
                class_names=("nothing", *names),
            ),
        ),
        length=TRAINING + HELD_OUT,
        source=ArraySource(_make, {"image": float(INK)}),
        held_out=range(TRAINING, TRAINING + HELD_OUT),
    )


def make_scenes(images: Array, labels: Array, count: int, seed: int) -> Mapping[str, Array]:
    """`count` scenes of digits (n, 8, 8), ink 0 to 16: `image` (count, 1, SIDE, SIDE), ink 0 to INK, and `label`.

    MOST digits are thrown at each scene, and one whose frame would lie on another's is left out. The label of a pixel,
    (count, SIDE, SIDE), is 0 where there is next to no ink, and 1 + the digit that it belongs to elsewhere.
    """
    import numpy as np

    random = np.random.Generator(np.random.PCG64(seed))
    chosen = random.integers(0, len(images), (count, MOST))
    places = random.integers(0, SIDE - DIGIT + 1, (count, MOST, 2))
    grown = _grown(images)
    image = np.zeros((count, 1, SIDE, SIDE), dtype=np.uint8)
    label = np.zeros((count, SIDE, SIDE), dtype=np.int64)
    for scene in range(count):
        put: list[Array] = []
        for which, place in zip(chosen[scene], places[scene], strict=True):
            if any(np.abs(place - other).max() < DIGIT for other in put):
                continue
            put.append(place)
            frame = tuple(slice(int(start), int(start) + DIGIT) for start in place)
            image[scene, 0][frame] = grown[which]
            label[scene][frame] = np.where(grown[which] >= _LEAST_INK, labels[which] + 1, 0)
    return {"image": image, "label": label}


def _grown(images: Array) -> Array:
    """(n, 8, 8), ink 0 to 16, as (n, DIGIT, DIGIT), ink 0 to INK, bilinearly.

    In whole numbers, so that every machine rounds alike: a pixel of the digit has its middle 4a − 1 sixths of a pixel
    of the image away from that of the first.
    """
    import numpy as np

    places = np.clip(4 * np.arange(DIGIT) - 1, 0, 6 * (images.shape[-1] - 1))
    weights = np.maximum(0, 6 - np.abs(places[:, None] - 6 * np.arange(images.shape[-1])))  # (DIGIT, 8)
    grown = np.einsum("ai,nij,bj->nab", weights, images.astype(np.int64), weights)
    whole = 6 * 6 * 16
    rounded: Array = ((2 * INK * grown + whole) // (2 * whole)).astype(np.uint8)
    return rounded


def _make() -> Mapping[str, Array]:
    import numpy as np

    from graph_engine.data.builtin import load_digits

    plain = load_digits()
    images, labels = plain["image"][:, 0], plain["label"]
    parted = len(images) * TRAINING // (TRAINING + HELD_OUT)
    trained = make_scenes(images[:parted], labels[:parted], TRAINING, _SEED)
    others = make_scenes(images[parted:], labels[parted:], HELD_OUT, _SEED + 1)
    return {name: np.concatenate([trained[name], others[name]]) for name in trained}
