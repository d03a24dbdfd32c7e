"""Digits turned, scaled and moved: what a spatial transformer is for (Jaderberg et al., 2015, section 4.1)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]

SIDE = 40
"""Height and width of a picture (px)."""
DIGIT = 20
"""Height and width of a digit that is neither scaled nor turned (px)."""
LARGEST_TURN = 90.0
"""Degrees, either way."""
SCALES = (0.5, 1.2)
INK = 255
"""What full ink is stored as."""

_SEED = 2015


def distort(images: Array) -> Array:
    """Each digit of (n, 8, 8), ink 0 to 16, at an angle, scale and place of its own: (n, 1, SIDE, SIDE), ink 0 to INK.

    A digit stays inside the picture with its whole frame. It is drawn bilinearly from the small image at once, so that
    nothing is blurred twice. Angles, scales and places are random, and the same in every run.
    """
    import numpy as np

    count, side = len(images), images.shape[-1]
    turn, size, right, down = np.random.Generator(np.random.PCG64(_SEED)).random((4, count, 1, 1))
    angle = np.deg2rad((2 * turn - 1) * LARGEST_TURN)
    scale = (SCALES[0] + (SCALES[1] - SCALES[0]) * size) * DIGIT / side  # px of the picture to one of the digit
    cos, sin = np.cos(angle), np.sin(angle)
    room = SIDE / 2 - scale * side / 2 * (np.abs(cos) + np.abs(sin))  # half of what the turned frame leaves free
    places = np.arange(SIDE) + 0.5 - SIDE / 2
    x = (places[None, None, :] - (2 * right - 1) * room) / scale  # (n, 1, SIDE)
    y = (places[None, :, None] - (2 * down - 1) * room) / scale  # (n, SIDE, 1)
    ink = _bilinear(images / 16, cos * x + sin * y + side / 2 - 0.5, cos * y - sin * x + side / 2 - 0.5)
    stored: Array = np.rint(ink * INK).astype(np.uint8)[:, None]
    return stored


def _bilinear(images: Array, x: Array, y: Array) -> Array:
    """The images (n, H, W) at the pixels (x, y), (n, H', W') each, which may lie between pixels; 0 outside."""
    import numpy as np

    framed = np.pad(images, ((0, 0), (1, 1), (1, 1)))
    which = np.arange(len(images))[:, None, None]
    x, y = np.clip(x, -1, images.shape[2]) + 1, np.clip(y, -1, images.shape[1]) + 1
    left, top = np.minimum(x.astype(int), images.shape[2]), np.minimum(y.astype(int), images.shape[1])
    x, y = x - left, y - top
    above = framed[which, top, left] * (1 - x) + framed[which, top, left + 1] * x
    below = framed[which, top + 1, left] * (1 - x) + framed[which, top + 1, left + 1] * x
    between: Array = above * (1 - y) + below * y
    return between
