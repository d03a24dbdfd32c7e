"""The digits with more than one thing to learn of each, at once or one after another."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING, Any

from graph_engine.data.dataset import ArraySource, Dataset
from graph_engine.data.fields import Field, FieldKind

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]

_SEED = 2013
FEW, JUDGED = 150, 360
"""How many digits of `few_digits` are the few, and how many are held out."""


@cache
def digit_tasks() -> Dataset:
    """Digits with three answers each: which it is, whether it is odd, and how much ink it took."""
    from graph_engine.data.builtin import digits

    plain = digits()
    return Dataset(
        name="digit_tasks",
        title="Digits, several tasks",
        summary="The 1 797 digits, each with three answers: which it is, whether it is odd, how much ink it took.",
        licence=plain.licence,
        fields=(
            plain.field("image"),
            plain.field("label"),
            Field(name="odd", kind=FieldKind.LABEL, shape=(), classes=2, class_names=("even", "odd")),
            Field(name="ink", kind=FieldKind.TARGET, shape=(1,)),
        ),
        length=len(plain),
        source=ArraySource(_several, {"image": 16.0}),
    )


@cache
def permuted_digits() -> Dataset:
    """Digits plain and with their pixels exchanged, always in the same way: two tasks that have nothing in common.

    After Goodfellow, Mirza, Xiao, Courville, Bengio (2013). An empirical investigation of catastrophic forgetting in
    gradient-based neural networks.
    """
    from graph_engine.data.builtin import digits

    plain = digits()
    image = plain.field("image")
    return Dataset(
        name="permuted_digits",
        title="Permuted digits",
        summary="The 1 797 digits, plain and with their pixels exchanged: to be learned one after the other.",
        licence=f"{plain.licence} Pixels exchanged by Layerloom.",
        fields=(
            Field(name="image", kind=FieldKind.IMAGE, shape=image.shape, sides=(8,)),
            Field(name="permuted", kind=FieldKind.IMAGE, shape=image.shape, sides=(8,)),
            plain.field("label"),
        ),
        length=len(plain),
        source=ArraySource(_permuted, {"image": 16.0, "permuted": 16.0}),
    )


@cache
def few_digits() -> Dataset:
    """Digits of which a part can be taken that is small to learn from and not to be judged on: the first of the file,
    which few hands wrote, and those held out, which many did.

    After Hinton, Vinyals, Dean (2015). Distilling the knowledge in a neural network, section 6, where a student has 3 %
    of what its teacher learned from.
    """
    from graph_engine.data.builtin import digits

    plain = digits()
    return Dataset(
        name="few_digits",
        title="A few digits",
        summary=f"The 1 797 digits, {JUDGED} held out; of the others {FEW} are marked, to learn from them alone.",
        licence=plain.licence,
        fields=(
            plain.field("image"),
            plain.field("label"),
            Field(name="few", kind=FieldKind.LABEL, shape=(), classes=2, class_names=("further", "few or held out")),
        ),
        length=len(plain),
        source=ArraySource(_few, {"image": 16.0}),
        held_out=range(len(plain) - JUDGED, len(plain)),
    )


def _several() -> Mapping[str, Array]:
    import numpy as np

    from graph_engine.data.builtin import load_digits

    plain = load_digits()
    ink = (plain["image"] / 16).mean(axis=(1, 2, 3), dtype=np.float64).astype(np.float32)[:, None]
    return {"image": plain["image"], "label": plain["label"], "odd": plain["label"] % 2, "ink": ink}


def _permuted() -> Mapping[str, Array]:
    import numpy as np

    from graph_engine.data.builtin import load_digits

    plain = load_digits()
    images = plain["image"]
    order = np.random.Generator(np.random.PCG64(_SEED)).permutation(images[0].size)
    permuted = images.reshape(len(images), -1)[:, order].reshape(images.shape)
    return {"image": images, "permuted": permuted, "label": plain["label"]}


def _few() -> Mapping[str, Array]:
    import numpy as np

    from graph_engine.data.builtin import load_digits

    plain = load_digits()
    many = len(plain["label"])
    further = FEW + np.random.Generator(np.random.PCG64(_SEED)).permutation(many - FEW)
    order = np.concatenate([np.arange(FEW), further])
    few = np.zeros(many, dtype=np.int64)
    few[:FEW], few[-JUDGED:] = 1, 1
    return {"image": plain["image"][order], "label": plain["label"][order], "few": few}
