"""Samples as small pictures.

Loaded with the first sample (numpy).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np  # noqa: TID253 - this module is loaded with the first sample
from PySide6.QtGui import QImage

from app.panels.feature_maps_color import color_table
from app.panels.feature_maps_tiles import indexed_image, levels

if TYPE_CHECKING:
    from app.panels.feature_maps_tiles import Array

_LONGEST_VECTOR = 1024


def thumbnail(value: Array) -> QImage:
    """A sample's value as an image, one pixel a value: (1, H, W) grey, (3, H, W) in colours, others by viridis.

    A vector becomes a block as square as can be.
    """
    if value.ndim == 3 and value.shape[0] in (1, 3):
        return _picture(value)
    flat = np.asarray(value, dtype=np.float64).reshape(-1)[:_LONGEST_VECTOR]
    columns = max(1, int(np.ceil(np.sqrt(len(flat)))))
    block = np.full((1, -(-len(flat) // columns), columns), np.nan)
    block.reshape(-1)[: len(flat)] = flat
    found = levels(block, "each")[0]
    found.reshape(-1)[len(flat) :] = 255
    return indexed_image(np.ascontiguousarray(found), color_table("viridis", "#f87171", "#808080"))


def _picture(value: Array) -> QImage:
    """(C, H, W) from 0 to 1; values beyond are spread over their own range."""
    finite = np.nan_to_num(np.asarray(value, dtype=np.float32), nan=0.0, posinf=1.0, neginf=0.0)
    low, high = float(finite.min()), float(finite.max())
    if low < -0.01 or high > 1.01:
        finite = (finite - low) / max(high - low, 1e-12)
    pixels = np.clip(finite * 255 + 0.5, 0, 255).astype(np.uint8)
    if len(pixels) == 1:
        grey = np.ascontiguousarray(pixels[0])
        height, width = grey.shape
        return QImage(grey.data, width, height, width, QImage.Format.Format_Grayscale8).copy()
    colored = np.ascontiguousarray(pixels.transpose(1, 2, 0))
    height, width, _ = colored.shape
    return QImage(colored.data, width, height, 3 * width, QImage.Format.Format_RGB888).copy()


def vector_text(value: Array, most: int = 4) -> str:
    """A short vector in figures: `0, 1`; empty for what is better seen."""
    if value.ndim > 1 or value.size > most:
        return ""
    return ", ".join(f"{float(number):.3g}" for number in value.reshape(-1))
