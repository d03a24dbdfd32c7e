"""The axes of a chart: quiet figures at the left and the foot, and hair lines across for the values.

Painted as the ground of the plot, in a handful of calls: an item for each axis costs most of a chart's update.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from math import ceil
from typing import TYPE_CHECKING, Literal

from PySide6.QtCore import QLineF, QRectF, Qt
from PySide6.QtGui import QFontMetricsF, QPainter, QPen

from app.panels.charts_ticks import (
    log_label,
    log_ticks,
    percent_label,
    tick_label,
    ticks,
    time_label,
    time_ticks,
)
from app.theme import qcolor, theme_manager

if TYPE_CHECKING:
    from collections.abc import Callable

Scale = Literal["number", "percent", "count", "epoch", "time", "log"]
"""How an axis counts: any number, a share in percent, whole numbers, epochs, seconds, powers of ten."""

LEFT, FOOT, RIGHT = 46, 20, 12
"""Room for the figures (px at the base text size)."""
_EPOCHS = 3
"""From how many epochs on their fractions are not marked."""
_APART_DOWN, _APART_ACROSS, _APART = 30, 84, 6
"""How far marks, and then the figures at the foot, stand apart at least (px at the base text size)."""


@dataclass(frozen=True, slots=True)
class Mark:
    """A place on an axis and what is written there. Places are those of the view: exponents on a logarithmic axis."""

    at: float
    label: str


def marks(low: float, high: float, scale: Scale, count: float) -> list[Mark]:
    """The marks from `low` to `high`, at most about `count`."""
    write: Callable[[float], str]
    match scale:
        case "log":
            places, write = log_ticks(low, high, count), log_label
        case "time":
            places, write = time_ticks(low, high, count), time_label
        case _:
            whole = scale == "count" or (scale == "epoch" and high - low >= _EPOCHS)
            places, step = ticks(low, high, count, whole=whole)
            write = partial(percent_label if scale == "percent" else tick_label, step=step)
    return [Mark(place, write(place)) for place in places]


def paint_axes(
    painter: QPainter,
    plot: QRectF,
    across: tuple[float, float, Scale],
    upward: tuple[float, float, Scale],
) -> None:
    """Figures and lines around and behind `plot` (px), for what is seen of x and of the values: from, to, scale."""
    theme = theme_manager()
    px, palette = theme.spacing.px, theme.palette
    left, right, x_scale = across
    low, high, y_scale = upward
    down = [
        (plot.bottom() - (mark.at - low) / (high - low) * plot.height(), mark.label)
        for mark in marks(low, high, y_scale, plot.height() / px(_APART_DOWN))
    ]
    painter.setFont(theme.typography.tabular("small"))
    along = foot_labels(plot, (left, right, x_scale), QFontMetricsF(painter.font()))
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, on=False)
    line = QPen(qcolor(palette.line))
    line.setCosmetic(True)
    painter.setPen(line)
    painter.drawLines([QLineF(plot.left(), y, plot.right(), y) for y, _ in down])
    painter.setPen(qcolor(palette.text_faint))
    high_, wide = px(18), px(90)
    flags = int(Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight)
    for y, label in down:
        painter.drawText(QRectF(plot.left() - px(8) - wide, y - high_ / 2, wide, high_), flags, label)
    flags = int(Qt.AlignmentFlag.AlignCenter)
    for place, label in along:
        painter.drawText(place, flags, label)


def foot_labels(plot: QRectF, across: tuple[float, float, Scale], metrics: QFontMetricsF) -> list[tuple[QRectF, str]]:
    """Where the figures below `plot` stand (px): under their places, the last one whole; none where it has no room."""
    px = theme_manager().spacing.px
    left, right, scale = across
    end = plot.right() + px(RIGHT)
    found: list[tuple[QRectF, str]] = []
    for mark in marks(left, right, scale, plot.width() / px(_APART_ACROSS)):
        wide = ceil(metrics.horizontalAdvance(mark.label)) + 2
        x = plot.left() + (mark.at - left) / (right - left) * plot.width()
        place = QRectF(min(x - wide / 2, end - wide), plot.bottom() + px(2), wide, px(18))
        if not found or place.left() >= found[-1][0].right() + px(_APART):
            found.append((place, mark.label))
    return found
