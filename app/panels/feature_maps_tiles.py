"""Feature maps as one indexed image, however many channels there are.

Loaded with the first feature map (numpy).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np  # noqa: TID253 - this module is loaded with the first feature map
from PySide6.QtGui import QImage

from app.panels.feature_maps_color import GAP, LEVELS, NOT_FINITE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Array = NDArray[Any]

_LOSS = 0.92
"""How much smaller a tile may become so that all values of a map are equally large."""

Scaling = Literal["each", "shared"]
"""Whether each channel spans all colours by itself, or all channels together."""


@dataclass(frozen=True, slots=True)
class Grid:
    """How maps are laid out, in pixels: tiles of `width` × `height` in rows, `gap` apart."""

    count: int
    columns: int
    width: int
    height: int
    gap: int

    @property
    def rows(self) -> int:
        return -(-self.count // self.columns)

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of all."""
        return (
            self.columns * (self.width + self.gap) - self.gap,
            self.rows * (self.height + self.gap) - self.gap,
        )

    def origin(self, channel: int) -> tuple[int, int]:
        """The upper left corner of a channel's tile."""
        row, column = divmod(channel, self.columns)
        return column * (self.width + self.gap), row * (self.height + self.gap)

    def at(self, x: float, y: float) -> tuple[int, float, float] | None:
        """The channel at a point, and where in its tile, 0 to 1 across and down; None in a gap or outside."""
        column, left = divmod(x, self.width + self.gap)
        row, top = divmod(y, self.height + self.gap)
        channel = int(row) * self.columns + int(column)
        inside = 0 <= column < self.columns and row >= 0 and left < self.width and top < self.height
        return (channel, left / self.width, top / self.height) if inside and channel < self.count else None


def fit_grid(count: int, height: int, width: int, room: tuple[int, int], gap: int, least: int) -> Grid:
    """The columns that make the tiles of maps (`height` × `width` values) as large as `room` (px, px) lets them be.

    A tile keeps the shape of its map. Where even tiles with a shorter edge of `least` px do not fit, they keep that
    edge and the grid is higher than the room. Tiles are whole multiples of their maps where that costs little.
    """
    across, down = max(room[0], 1), max(room[1], 1)
    best, best_scale = 1, 0.0
    for columns in range(1, count + 1):
        rows = -(-count // columns)
        scale = min((across - gap * (columns - 1)) / (columns * width), (down - gap * (rows - 1)) / (rows * height))
        if scale > best_scale:
            best, best_scale = columns, scale
    floor = least / min(height, width)
    if best_scale < floor:
        best_scale = floor
        best = max(1, min(count, int((across + gap) / (width * floor + gap))))
        best_scale = min(best_scale, across / width)
    whole = float(int(best_scale))
    if whole >= _LOSS * best_scale:
        best_scale = whole
    return Grid(count, best, max(1, int(width * best_scale)), max(1, int(height * best_scale)), gap)


def limits(maps: Array, scaling: Scaling, *, around_zero: bool = False) -> tuple[Array, Array]:
    """The values of the lowest and the highest colour of each channel of (C, H, W), each of shape (C, 1, 1)."""
    finite = np.where(np.isfinite(maps), maps, np.nan)
    axes = (1, 2) if scaling == "each" else (0, 1, 2)
    with np.errstate(all="ignore"):
        low = np.fmin.reduce(finite, axis=axes, keepdims=True)
        high = np.fmax.reduce(finite, axis=axes, keepdims=True)
    if around_zero:
        high = np.fmax(np.abs(low), np.abs(high))
        low = -high
    shape = (len(maps), 1, 1)
    return np.broadcast_to(low, shape), np.broadcast_to(high, shape)


def levels(maps: Array, scaling: Scaling, *, around_zero: bool = False) -> Array:
    """(C, H, W) values → (C, H, W) levels of colour, uint8. A channel of one value only gets the lowest (or zero's)."""
    low, high = limits(maps, scaling, around_zero=around_zero)
    span = high - low
    with np.errstate(all="ignore"):
        share = np.where(span > 0, (maps - low) / np.where(span > 0, span, 1.0), 0.5 if around_zero else 0.0)
    finite = np.isfinite(maps)
    found = np.clip(np.where(finite, share, 0.0) * (LEVELS - 1) + 0.5, 0, LEVELS - 1).astype(np.uint8)
    found[~finite] = NOT_FINITE
    return found


def sheet(tiles: Array, grid: Grid) -> Array:
    """(C, H, W) levels, uint8 → one image of `grid.size`, each value as large as its tile says."""
    _, height, width = tiles.shape
    rows = np.arange(grid.height) * height // grid.height
    columns = np.arange(grid.width) * width // grid.width
    scaled = tiles[:, rows[:, None], columns[None, :]]
    cells = np.full((grid.rows * grid.columns, grid.height + grid.gap, grid.width + grid.gap), GAP, dtype=np.uint8)
    cells[: grid.count, : grid.height, : grid.width] = scaled
    laid = cells.reshape(grid.rows, grid.columns, grid.height + grid.gap, grid.width + grid.gap)
    whole = laid.transpose(0, 2, 1, 3).reshape(grid.rows * (grid.height + grid.gap), -1)
    across, down = grid.size
    return np.ascontiguousarray(whole[:down, :across])


def shrunk(maps: Array, height: int, width: int) -> Array:
    """Maps of (C, H, W) values about as small as `height` × `width` px: each value the mean of those it stands for."""
    down, across = maps.shape[1] // max(height, 1), maps.shape[2] // max(width, 1)
    if down < 2 and across < 2:
        return maps
    down, across = max(down, 1), max(across, 1)
    kept = maps[:, : maps.shape[1] // down * down, : maps.shape[2] // across * across]
    parts = kept.reshape(len(maps), kept.shape[1] // down, down, kept.shape[2] // across, across)
    return parts.mean(axis=(2, 4))


def indexed_image(values: Array, table: Sequence[int]) -> QImage:
    """Levels (H, W), uint8, as an image in the colours of `table`."""
    height, width = values.shape
    image = QImage(values.data, width, height, values.strides[0], QImage.Format.Format_Indexed8)
    image.setColorTable(list(table))
    return image.copy()  # the levels are numpy's and may go
