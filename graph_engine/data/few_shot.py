"""Digits to be recognised from one example each, in classes that are never trained on.

After Koch, Zemel, Salakhutdinov (2015). Siamese neural networks for one-shot image recognition.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING, Any

from graph_engine.data.dataset import ArraySource, Dataset
from graph_engine.data.fields import Field, FieldKind

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]

TRAINED = (0, 1, 2, 3, 4, 5, 6)
"""The classes of the first TRAINING tasks; the held-out ones are of the others."""
OTHERS = (7, 8, 9)
WAYS = 3
"""Examples to choose from, each of another class."""
TRAINING, HELD_OUT = 4000, 800
_SEED = 2015


@cache
def few_shot_digits() -> Dataset:
    """Tasks of one-shot recognition, also as pairs and triplets."""
    from graph_engine.data.builtin import digits

    image = digits().field("image")
    images = ("query", *(f"support_{way + 1}" for way in range(WAYS)), "second", "positive", "negative")
    return Dataset(
        name="few_shot_digits",
        title="One-shot digits",
        summary=f"Which of {WAYS} digits is the same as another? {TRAINING} tasks of 0 to 6; judged on 7, 8 and 9.",
        licence=digits().licence,
        fields=(
            *(
                Field(name=name, kind=FieldKind.IMAGE, shape=image.shape, sides=image.sides, resizes=True)
                for name in images
            ),
            Field(name="answer", kind=FieldKind.LABEL, shape=(), classes=WAYS),
            Field(name="same", kind=FieldKind.LABEL, shape=(), classes=2, class_names=("different", "same")),
        ),
        length=TRAINING + HELD_OUT,
        source=ArraySource(_make, dict.fromkeys(images, 16.0)),
        held_out=range(TRAINING, TRAINING + HELD_OUT),
    )


def make_tasks(images: Array, labels: Array, count: int, classes: tuple[int, ...], seed: int) -> Mapping[str, Array]:
    """`count` tasks with the digits of `classes`; images are (n, 1, 8, 8).

    `query` and the example of number `answer` among `support_1` … are two digits of one class, the other examples of
    other classes. `positive` is that example and `negative` another; `second` is either, as `same` says.
    """
    import numpy as np

    random = np.random.Generator(np.random.PCG64(seed))
    places = {number: np.flatnonzero(labels == number) for number in classes}
    query = np.zeros(count, dtype=np.int64)
    support = np.zeros((count, WAYS), dtype=np.int64)
    answer = random.integers(0, WAYS, count)
    for at in range(count):
        chosen = random.permutation(np.array(classes))[:WAYS]
        support[at] = [random.choice(places[int(number)]) for number in chosen]
        alike = places[int(chosen[answer[at]])]
        query[at] = random.choice(alike[alike != support[at, answer[at]]])
    every = np.arange(count)
    positive = support[every, answer]
    negative = support[every, (answer + random.integers(1, WAYS, count)) % WAYS]
    same = random.integers(0, 2, count)
    places_of = {
        "query": query,
        **{f"support_{way + 1}": support[:, way] for way in range(WAYS)},
        "second": np.where(same == 1, positive, negative),
        "positive": positive,
        "negative": negative,
    }
    return {**{name: images[which][:, None] for name, which in places_of.items()}, "answer": answer, "same": same}


def _make() -> Mapping[str, Array]:
    import numpy as np

    from graph_engine.data.builtin import load_digits

    plain = load_digits()
    images, labels = plain["image"][:, 0], plain["label"]
    trained = make_tasks(images, labels, TRAINING, TRAINED, _SEED)
    others = make_tasks(images, labels, HELD_OUT, OTHERS, _SEED + 1)
    return {name: np.concatenate([trained[name], others[name]]) for name in trained}
