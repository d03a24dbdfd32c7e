"""The drawing as pixels or as PDF: the very picture that the SVG export makes."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING
from xml.sax.saxutils import quoteattr

from PySide6.QtCore import QBuffer, QByteArray, QIODevice, QMarginsF, QSizeF
from PySide6.QtGui import QImage, QPageSize, QPainter, QPdfWriter
from PySide6.QtSvg import QSvgRenderer

from app.theme.typography import MONO_FAMILY, UI_FAMILY

if TYPE_CHECKING:
    from graph_engine.document import Document
    from graph_engine.export import Exported, Style

DENSITY = 2.0
"""Pixels of a picture for one of the drawing, where nobody asks for more or fewer."""
_LARGEST = 16_384  # pixels of a side; a longer drawing is made smaller
_MOST = 60_000_000  # pixels of a picture, which Qt reads back; a larger one is made smaller
_POINTS = 0.75  # of a page for a pixel of the drawing: a text of 12 px is printed at 9 pt
_DOTS = 1200  # an inch of the page, to which coordinates are rounded


def export_png(document: Document, path: Path, style: Style, scale: float = DENSITY) -> Exported:
    """Writes the drawing with `scale` pixels for one of the drawing, or as many as a picture can have.

    The fonts must be loaded. May be called on any thread.

    Raises:
        ExportError: the picture can't be made.
        FileError: the file can't be written.
    """
    from graph_engine.export import ExportError
    from graph_engine.export.exporting import check_place
    from graph_engine.export.writing import write_checked

    check_place(path, ".png")
    renderer = _renderer(document, style)
    size = QSizeF(renderer.defaultSize())
    most = min(
        _LARGEST / max(size.width(), size.height(), 1.0), math.sqrt(_MOST / max(size.width() * size.height(), 1.0))
    )
    image = QImage((size * min(scale, most)).toSize(), QImage.Format.Format_RGB32)
    if image.isNull():
        raise ExportError(f"{path} was not written: the drawing is too large for a picture. Export to svg instead.")
    image.fill(0xFFFFFFFF)
    painter = QPainter(image)
    renderer.render(painter)
    painter.end()
    content = _bytes_of(image)
    again = QImage.fromData(content)
    if again.size() != image.size():
        raise ExportError(f"{path} was not written: the picture can't be read back.")
    largest = f", the largest that can be made (scale {most:.2g})" if scale > most else ""
    return write_checked(path, content, f"read back: {image.width()}×{image.height()} px{largest}")


def export_pdf(document: Document, path: Path, style: Style) -> Exported:
    """Writes the drawing as one page of its own size: lines stay lines, texts stay texts, with their fonts inside.

    The fonts must be loaded. May be called on any thread.

    Raises:
        ExportError: the page can't be made.
        FileError: the file can't be written.
    """
    from graph_engine.export import ExportError
    from graph_engine.export.exporting import check_place
    from graph_engine.export.writing import write_checked

    check_place(path, ".pdf")
    renderer = _renderer(document, style)
    size = QSizeF(renderer.defaultSize()) * _POINTS
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    writer = QPdfWriter(buffer)
    writer.setTitle(document.title)
    writer.setCreator("Layerloom")
    writer.setResolution(_DOTS)
    writer.setPageMargins(QMarginsF())
    writer.setPageSize(QPageSize(size, QPageSize.Unit.Point, matchPolicy=QPageSize.SizeMatchPolicy.ExactMatch))
    painter = QPainter(writer)
    drawn = painter.isActive()
    renderer.render(painter)
    painter.end()
    content = bytes(buffer.data().data())
    if not drawn or not content.startswith(b"%PDF-") or not content.rstrip().endswith(b"%%EOF"):
        raise ExportError(f"{path} was not written: the page could not be drawn. Export to svg instead.")
    return write_checked(path, content, f"one page, {size.width() / 72:.1f}×{size.height() / 72:.1f} in")


def _renderer(document: Document, style: Style) -> QSvgRenderer:
    from graph_engine.check import Checker
    from graph_engine.export.svg import draw
    from graph_engine.export.svg_text import MONO, SANS

    # Qt's SVG engine takes a list of faces for the name of one.
    drawing = draw(document, Checker().check(document), style)
    drawing = drawing.replace(quoteattr(SANS), quoteattr(UI_FAMILY)).replace(quoteattr(MONO), quoteattr(MONO_FAMILY))
    return QSvgRenderer(QByteArray(drawing.encode()))


def _bytes_of(image: QImage) -> bytes:
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    image.save(buffer, "PNG")  # type: ignore[call-overload]
    return bytes(buffer.data().data())
