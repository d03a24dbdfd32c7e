"""A regression whose best possible error is known: Friedman (1991). Multivariate adaptive regression splines, (61)."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING, Any

from graph_engine.data.dataset import ArraySource, Dataset
from graph_engine.data.fields import Field, FieldKind

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]

SAMPLES = 4000
INPUTS = 10
"""Numbers of a sample; the last five say nothing."""
NOISE = 1.0
"""Standard deviation of the noise, so that no prediction has a mean squared error below its square."""
_SEED = 1991


@cache
def friedman() -> Dataset:
    """Ten numbers, and a curved function of five of them with noise."""
    return Dataset(
        name="friedman",
        title="Friedman's function",
        summary=f"{SAMPLES} values of a curved function of ten numbers, five of which matter; noise of variance 1.",
        licence="Random numbers and a formula: free for any use.",
        fields=(
            Field(name="x", kind=FieldKind.VECTOR, shape=(INPUTS,)),
            Field(name="y", kind=FieldKind.TARGET, shape=(1,)),
        ),
        length=SAMPLES,
        source=ArraySource(make_friedman),
    )


def make_friedman(count: int = SAMPLES, noise: float = NOISE, seed: int = _SEED) -> Mapping[str, Array]:
    """`x` (n, 10), even in 0 to 1, and `y` (n, 1) = 10 sin(π x₁ x₂) + 20 (x₃ − ½)² + 10 x₄ + 5 x₅ + noise: float32."""
    import numpy as np

    random = np.random.Generator(np.random.PCG64(seed))
    x = random.random((count, INPUTS))
    clean = 10 * np.sin(np.pi * x[:, 0] * x[:, 1]) + 20 * (x[:, 2] - 0.5) ** 2 + 10 * x[:, 3] + 5 * x[:, 4]
    y = clean + noise * random.standard_normal(count)
    return {"x": x.astype(np.float32), "y": y.astype(np.float32)[:, None]}
