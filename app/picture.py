"""The drawing as pixels: the very picture that the SVG export makes."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING
from xml.sax.saxutils import quoteattr

from PySide6.QtCore import QBuffer, QByteArray, QIODevice
from PySide6.QtGui import QImage, QPainter
from PySide6.QtSvg import QSvgRenderer

from app.theme.typography import MONO_FAMILY, UI_FAMILY

if TYPE_CHECKING:
    from graph_engine.document import Document
    from graph_engine.export import Exported

_DENSITY = 2  # pixels of a picture for one of the drawing
_LARGEST = 16_384  # pixels of a side; a longer drawing is made smaller


def export_png(document: Document, path: Path) -> Exported:
    """Writes the drawing; the fonts must be loaded. May be called on any thread.

    Raises:
        ExportError: the picture can't be made.
        FileError: the file can't be written.
    """
    from graph_engine.check import Checker
    from graph_engine.export import ExportError
    from graph_engine.export.exporting import check_place
    from graph_engine.export.svg import draw
    from graph_engine.export.svg_text import MONO, SANS
    from graph_engine.export.writing import write_checked

    check_place(path, ".png")
    # Qt's SVG engine takes a list of faces for the name of one.
    drawing = draw(document, Checker().check(document))
    drawing = drawing.replace(quoteattr(SANS), quoteattr(UI_FAMILY)).replace(quoteattr(MONO), quoteattr(MONO_FAMILY))
    renderer = QSvgRenderer(QByteArray(drawing.encode()))
    size = renderer.defaultSize()
    scale = min(_DENSITY, _LARGEST / max(size.width(), size.height(), 1))
    image = QImage(size * scale, QImage.Format.Format_RGB32)
    if image.isNull():
        raise ExportError(f"{path} was not written: the drawing is too large for a picture. Export to svg instead.")
    image.fill(0xFFFFFFFF)
    painter = QPainter(image)
    renderer.render(painter)
    painter.end()
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    image.save(buffer, "PNG")  # type: ignore[call-overload]
    content = bytes(buffer.data().data())
    again = QImage.fromData(content)
    if again.size() != image.size():
        raise ExportError(f"{path} was not written: the picture can't be read back.")
    return write_checked(path, content, f"read back: {image.width()}×{image.height()} px")
