"""What a node gave for one sample, and in what form it is shown.

Loaded with the first feature map (numpy).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np  # noqa: TID253

from app.figures import plural

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[Any]

Form = Literal["maps", "matrix", "cells", "bars", "number"]
"""maps: an image a channel. matrix: one image. cells: a square a channel. bars: a bar a channel. number: one number."""

BARS = 48
"""Up to how many channels of a vector are drawn as bars; more are squares of colour."""


@dataclass(frozen=True, slots=True)
class Activation:
    """What left a node for one sample: `value` without the batch axis, (C, H, W), (T, E), (C,) or ().

    `names` are those of the channels where they stand for classes. `weights` says what is to be known of the weights
    (`untrained`); it is empty where they are trained.
    """

    node: str
    value: Array
    sample: int
    label: str = ""
    names: tuple[str, ...] = ()
    weights: str = ""

    @property
    def form(self) -> Form:
        match self.value.ndim:
            case 0:
                return "number"
            case 1:
                return "number" if len(self.value) == 1 else "bars" if len(self.value) <= BARS else "cells"
            case 2:
                return "matrix"
            case _:
                return "maps"

    @property
    def maps(self) -> Array:
        """As images, (C, H, W): a volume by its middle slice, a matrix as one, a vector by a pixel a channel."""
        value = self.value
        if value.ndim > 3:
            value = value.reshape(value.shape[0], -1, *value.shape[-2:])
            return value[:, value.shape[1] // 2]
        if value.ndim == 3:
            return value
        return value[None] if value.ndim == 2 else value.reshape(-1, 1, 1)

    @property
    def measure(self) -> str:
        """How much there is, in words: `64 channels 8×8`."""
        shape = self.value.shape
        match self.form:
            case "number":
                return "one number"
            case "matrix":
                return f"{shape[0]}×{shape[1]}"
            case "maps":
                return f"{plural(shape[0], 'channel')} {'×'.join(map(str, shape[1:]))}"
            case _:
                return plural(shape[0], "value")

    def describe(self, title: str) -> str:
        """`conv2d_2 · 64 channels 8×8 · sample 17 “7”`."""
        name = f" “{self.label}”" if self.label else ""
        parts = (title, self.measure, f"sample {self.sample}{name}", self.weights)
        return " · ".join(part for part in parts if part)

    def channel(self, index: int) -> str:
        """What a channel is called: its class, or its number."""
        if index < len(self.names):
            return self.names[index]
        return f"channel {index}" if self.form == "maps" else f"{index}"


def value_text(value: float) -> str:
    """A value of a feature map: four digits, or what it is when it is no number."""
    if not np.isfinite(value):
        return "not a number" if np.isnan(value) else "infinite"
    return f"{value:.4g}"
