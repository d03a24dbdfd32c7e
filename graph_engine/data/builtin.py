"""The data sets that come with Layerloom, by name; handwritten digits and XOR are made here."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from typing import TYPE_CHECKING, Any

import assets
from graph_engine.data.asked import asked_scenes
from graph_engine.data.copying import copying
from graph_engine.data.dataset import ArraySource, Dataset
from graph_engine.data.dates import dates
from graph_engine.data.digit_tasks import digit_tasks, few_digits, permuted_digits
from graph_engine.data.distorted import INK, SIDE, distort
from graph_engine.data.errors import DataError
from graph_engine.data.few_shot import few_shot_digits
from graph_engine.data.fields import Field, FieldKind
from graph_engine.data.friedman import friedman
from graph_engine.data.hulls import convex_hulls
from graph_engine.data.ring import gaussian_ring
from graph_engine.data.scenes import digit_scenes
from graph_engine.data.searches import searches
from graph_engine.data.spelled import spelled_digits
from graph_engine.data.stories import stories

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]

XOR_REPEATS = 64
"""How often the four points of XOR stand in the set, so that a batch and an epoch mean what they mean elsewhere."""


@cache
def digits() -> Dataset:
    """1 797 handwritten digits in ten classes.

    Values are ink, 0 to 1 (stored as 0 to 16). Nothing is centred or scaled further, so that a preview shows what the
    network gets and an exported network needs no constants beside it.
    """
    return Dataset(
        name="digits",
        title="Digits",
        summary="1 797 handwritten digits by 13 people, 8×8 pixels each, also served at 28×28 and 32×32.",
        licence="CC BY 4.0. E. Alpaydin and C. Kaynak: Optical Recognition of Handwritten Digits, UCI, 1998.",
        fields=(
            Field(name="image", kind=FieldKind.IMAGE, shape=(1, 8, 8), sides=(8, 28, 32), resizes=True),
            Field(
                name="label",
                kind=FieldKind.LABEL,
                shape=(),
                classes=10,
                class_names=tuple("0123456789"),
            ),
        ),
        length=1797,
        source=ArraySource(load_digits, {"image": 16.0}),
    )


@cache
def distorted_digits() -> Dataset:
    """The handwritten digits, each turned, scaled and moved at random, once and for all."""
    plain = digits()
    return Dataset(
        name="distorted_digits",
        title="Distorted digits",
        summary=f"The 1 797 digits, turned by up to 90°, scaled by 0.5 to 1.2 and moved, on {SIDE}×{SIDE} pixels.",
        licence=f"{plain.licence} Turned, scaled and moved by Layerloom.",
        fields=(
            Field(name="image", kind=FieldKind.IMAGE, shape=(1, SIDE, SIDE), sides=(SIDE, 28), resizes=True),
            plain.field("label"),
        ),
        length=len(plain),
        source=ArraySource(_distort_digits, {"image": float(INK)}),
    )


@cache
def xor() -> Dataset:
    """The four points of exclusive or, each 64 times, as a label and as a number."""
    return Dataset(
        name="xor",
        title="XOR",
        summary="The four points of exclusive or: no straight line parts them. All are trained on and all are judged.",
        licence="A fact of logic: free for any use.",
        fields=(
            Field(name="x", kind=FieldKind.VECTOR, shape=(2,)),
            Field(name="label", kind=FieldKind.LABEL, shape=(), classes=2, class_names=("equal", "different")),
            Field(name="target", kind=FieldKind.TARGET, shape=(1,)),
        ),
        length=4 * XOR_REPEATS,
        source=ArraySource(_make_xor),
        tiny=True,
    )


BUILT_IN: Mapping[str, Callable[[], Dataset]] = {
    "digits": digits,
    "distorted_digits": distorted_digits,
    "xor": xor,
    "stories": stories,
    "copying": copying,
    "dates": dates,
    "friedman": friedman,
    "gaussian_ring": gaussian_ring,
    "digit_tasks": digit_tasks,
    "permuted_digits": permuted_digits,
    "few_digits": few_digits,
    "few_shot_digits": few_shot_digits,
    "digit_scenes": digit_scenes,
    "spelled_digits": spelled_digits,
    "convex_hulls": convex_hulls,
    "searches": searches,
    "asked_scenes": asked_scenes,
}


def load_digits() -> Mapping[str, Array]:
    """`image` (1797, 1, 8, 8), ink 0 to 16, and `label` (1797,) int64.

    Raises: DataError when the file that comes with Layerloom is damaged.
    """
    import numpy as np

    try:
        with np.load(assets.path("data", "digits.npz"), allow_pickle=False) as file:
            images, labels = file["images"], file["labels"]
    except (OSError, ValueError, KeyError) as error:
        raise DataError(
            f"The digits that come with Layerloom can't be read ({error}). Install Layerloom again."
        ) from error
    return {"image": images[:, None], "label": labels.astype(np.int64)}


def _distort_digits() -> Mapping[str, Array]:
    plain = load_digits()
    return {"image": distort(plain["image"][:, 0]), "label": plain["label"]}


def _make_xor() -> Mapping[str, Array]:
    import numpy as np

    points = np.array([[0, 0], [0, 1], [1, 0], [1, 1]], dtype=np.float32)
    label = np.array([0, 1, 1, 0], dtype=np.int64)
    return {
        "x": np.tile(points, (XOR_REPEATS, 1)),
        "label": np.tile(label, XOR_REPEATS),
        "target": np.tile(label.astype(np.float32)[:, None], (XOR_REPEATS, 1)),
    }
