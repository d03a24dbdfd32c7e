"""Points in the plane, and which of them their convex hull goes through: the first task of Vinyals, Fortunato, Jaitly
(2015). Pointer networks.
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

SETS = 8000
POINTS = 6
PLACES = POINTS + 1
"""Steps of a sample: place 0, which says that the hull has ended, and the points."""
END = (-1.0, -1.0)
"""What stands at place 0."""
_SEED = 2015


@cache
def convex_hulls() -> Dataset:
    """Sets of points, and the places of those on the hull, one after another."""
    places = {"kind": FieldKind.TOKENS, "shape": (PLACES,), "classes": PLACES}
    return Dataset(
        name="convex_hulls",
        title="Convex hulls",
        summary=f"{SETS} sets of {POINTS} points; asked is which their convex hull goes through, against the clock.",
        licence="Random numbers and a rule: free for any use.",
        fields=(
            Field(name="points", kind=FieldKind.SEQUENCE, shape=(PLACES, 2)),
            Field(name="before", **places),  # type: ignore[arg-type]
            Field(name="hull", **places),  # type: ignore[arg-type]
        ),
        length=SETS,
        source=ArraySource(make_hulls),
    )


def make_hulls(count: int = SETS, points: int = POINTS, seed: int = _SEED) -> Mapping[str, Array]:
    """`points` (n, T, 2) in 0 to 1 with END first, float32; `hull` (n, T), places from the first on, then 0; `before`
    (n, T), the place before each, 0 at first; int64. T = points + 1. Points are sorted by x, so that a hull begins at
    place 1.
    """
    import numpy as np

    random = np.random.Generator(np.random.PCG64(seed))
    drawn = random.random((count, points, 2))
    drawn = np.take_along_axis(drawn, drawn[:, :, :1].argsort(axis=1), axis=1)
    hull = np.zeros((count, points + 1), dtype=np.int64)
    for at, each in enumerate(drawn.tolist()):
        found = hull_of(each)
        hull[at, : len(found)] = [place + 1 for place in found]
    before = np.concatenate([np.zeros((count, 1), dtype=np.int64), hull[:, :-1]], axis=1)
    end = np.broadcast_to(np.array(END), (count, 1, 2))
    return {"points": np.concatenate([end, drawn], axis=1).astype(np.float32), "before": before, "hull": hull}


def hull_of(points: list[list[float]]) -> list[int]:
    """The places of the points on the convex hull, against the clock from the first; `points` are sorted by x.

    Andrew (1979). Another efficient algorithm for convex hulls in two dimensions.
    """

    def half(order: list[int]) -> list[int]:
        chain: list[int] = []
        for place in order:
            while len(chain) > 1 and _turn(points[chain[-2]], points[chain[-1]], points[place]) <= 0:
                chain.pop()
            chain.append(place)
        return chain[:-1]

    order = list(range(len(points)))
    return half(order) + half(order[::-1])


def _turn(a: list[float], b: list[float], c: list[float]) -> float:
    """Above 0 where the way from a over b to c turns left."""
    return (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])
