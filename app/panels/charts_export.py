"""Charts on the way out: as a picture, and as a table of every point."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QPoint
from PySide6.QtGui import QImage, QPainter, QRegion
from PySide6.QtWidgets import QWidget

from app.theme import qcolor, theme_manager

if TYPE_CHECKING:
    from app.runs.curves import RunCurves
    from app.runs.series import XAxis

_AXES: tuple[XAxis, ...] = ("step", "epoch", "time")

HEADINGS = ("run", "measure", "split", "step", "epoch", "seconds", "value")


def picture(widget: QWidget, scale: float = 2.0) -> QImage:
    """What `widget` shows, with `scale` pixels for each of the screen's."""
    image = QImage(widget.size() * scale, QImage.Format.Format_RGB32)
    image.setDevicePixelRatio(scale)
    image.fill(qcolor(theme_manager().palette.panel))
    painter = QPainter(image)
    widget.render(painter, QPoint(), QRegion(), QWidget.RenderFlag.DrawChildren)
    painter.end()
    return image


Columns = tuple[str, str, list[float], list[float], list[float], list[float]]
"""Measure and split, then steps, epochs, seconds and values."""


def copies(curves: RunCurves) -> list[Columns]:
    """All points of a run, to be written on another thread while it goes on."""
    return [
        (measure, split, *(column.tolist() for column in (*(curve.x(axis) for axis in _AXES), curve.raw.values)))
        for measure, split, curve in curves
    ]


def write_table(path: Path, runs: Iterable[tuple[str, list[Columns]]]) -> None:
    """Writes every point of the runs (name, columns) as CSV, one row a point: `HEADINGS`.

    Raises: OSError when the file cannot be written.
    """
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(HEADINGS)
        for name, curves in runs:
            for measure, split, *columns in curves:
                for step, epoch, seconds, value in zip(*columns, strict=True):
                    writer.writerow((name, measure, split, int(step), f"{epoch:.6g}", f"{seconds:.6g}", repr(value)))
