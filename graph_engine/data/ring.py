"""Eight small clouds on a circle: what shows whether a generator finds every mode of what it imitates.

After Metz, Poole, Pfau, Sohl-Dickstein (2017). Unrolled generative adversarial networks, section 3.1.
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

POINTS = 8000
CLOUDS = 8
RADIUS = 2.0
SPREAD = 0.02
"""Standard deviation of a cloud along each axis."""
_SEED = 2017


@cache
def gaussian_ring() -> Dataset:
    """Points of eight normal distributions on a circle, with the number of the cloud that each is of."""
    return Dataset(
        name="gaussian_ring",
        title="Ring of Gaussians",
        summary=f"{POINTS} points in {CLOUDS} small clouds on a circle of radius {RADIUS:g}: what a GAN is tried on.",
        licence="Random numbers: free for any use.",
        fields=(
            Field(name="point", kind=FieldKind.VECTOR, shape=(2,)),
            Field(name="cloud", kind=FieldKind.LABEL, shape=(), classes=CLOUDS),
        ),
        length=POINTS,
        source=ArraySource(make_ring),
    )


def centres() -> Array:
    """The middles of the clouds, (CLOUDS, 2)."""
    import numpy as np

    angle = 2 * np.pi * np.arange(CLOUDS) / CLOUDS
    middles: Array = RADIUS * np.stack([np.cos(angle), np.sin(angle)], axis=1)
    return middles


def make_ring(count: int = POINTS, seed: int = _SEED) -> Mapping[str, Array]:
    """`count` points: `point` (n, 2) float32 and `cloud` (n,) int64."""
    import numpy as np

    random = np.random.Generator(np.random.PCG64(seed))
    cloud = random.integers(0, CLOUDS, count)
    point = centres()[cloud] + SPREAD * random.standard_normal((count, 2))
    return {"point": point.astype(np.float32), "cloud": cloud}
