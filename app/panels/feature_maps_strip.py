"""A few channels of a node as a strip for the canvas.

Loaded with the first feature map (numpy).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np  # noqa: TID253 - this module is loaded with the first feature map
from PySide6.QtGui import QGuiApplication, QImage

from app.panels.feature_maps_color import colors
from app.panels.feature_maps_tiles import Grid, indexed_image, levels, sheet, shrunk
from graph_engine.document.geometry import STRIP

if TYPE_CHECKING:
    from app.runs.activation import Activation

TILES = 4
"""How many channels a strip shows."""
_NOT_FINITE, _CLEAR = 0xFFF87171, 0x00000000
_SHARPEST = 40  # device pixels: a strip at its sharpest takes 7 kB, and thousands of nodes may have one


def edge() -> int:
    """How high a strip is in device pixels: as the canvas shows it at 100 % on the sharpest screen, within reason."""
    return min(round(STRIP * QGuiApplication.instance().devicePixelRatio()), _SHARPEST)  # type: ignore[union-attr]


def gap() -> int:
    """The pixels between two channels."""
    return max(1, edge() // 20)


def strip(shown: Activation) -> QImage | None:
    """Channels spread evenly over all there are, side by side; None for what is no image."""
    if shown.form != "maps" or min(shown.maps.shape[1:]) < 2:
        return None
    maps = shown.maps
    chosen = np.unique(np.linspace(0, len(maps) - 1, min(TILES, len(maps))).round().astype(int))
    height, width = maps.shape[1:]
    scale = edge() / max(height, width)
    grid = Grid(len(chosen), len(chosen), max(2, round(width * scale)), max(2, round(height * scale)), gap())
    small = shrunk(maps[chosen], grid.height, grid.width)
    table = [*colors("viridis"), _NOT_FINITE, _CLEAR]
    return indexed_image(sheet(levels(small, "each"), grid), table)
