"""A glance into a composite: a small picture of what it holds, for its tool tip."""

from __future__ import annotations

from PySide6.QtCore import QBuffer, QByteArray, QIODevice, QRectF, Qt
from PySide6.QtGui import QImage, QPainter

from app.canvas.paint.style import CanvasStyle
from app.canvas.wire_item import path_of
from graph_engine.blocks import Kind
from graph_engine.document import Graph, title_of
from graph_engine.document.annotation import Rect, node_boxes
from graph_engine.document.bending import through
from graph_engine.document.geometry import geometry_in

_MOST = (360.0, 200.0)  # px
_EDGE = 12.0
_TITLED_FROM = 40.0  # px: narrower boxes have no title


def peek(graph: Graph, style: CanvasStyle, title: str) -> str:
    """A tool tip as rich text: what the composite is called, how many nodes it holds, and their picture."""
    count = "1 node" if len(graph) == 1 else f"{len(graph)} nodes"
    shown = title.replace("&", "&amp;").replace("<", "&lt;")
    if not len(graph):
        return f"<p><b>{shown}</b> is empty.</p>"
    data = QByteArray()
    buffer = QBuffer(data)
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    picture(graph, style).save(buffer, "PNG")  # type: ignore[call-overload]
    encoded = bytes(data.toBase64().data()).decode("ascii")
    return f'<p><b>{shown}</b> · {count}</p><p><img src="data:image/png;base64,{encoded}"></p>'


def picture(graph: Graph, style: CanvasStyle) -> QImage:
    """The nodes of `graph` as boxes in the colours of their categories, wires as lines."""
    boxes = node_boxes(graph)
    left, top = min(box[0] for box in boxes.values()), min(box[1] for box in boxes.values())
    width = max(box[2] for box in boxes.values()) - left
    height = max(box[3] for box in boxes.values()) - top
    unit = style.unit
    scale = min(_MOST[0] * unit / width, _MOST[1] * unit / height, 0.6 * unit)
    image = QImage(round(width * scale + 2 * _EDGE), round(height * scale + 2 * _EDGE), QImage.Format.Format_RGB32)
    image.fill(style.canvas)
    painter = QPainter(image)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.translate(_EDGE, _EDGE)
    painter.scale(scale, scale)
    painter.translate(-left, -top)
    _paint_wires(painter, graph, boxes, style)
    painter.resetTransform()
    for name, box in boxes.items():
        room = QRectF(
            _EDGE + (box[0] - left) * scale,
            _EDGE + (box[1] - top) * scale,
            (box[2] - box[0]) * scale,
            (box[3] - box[1]) * scale,
        )
        block = graph.block(name)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(style.far_fill(block.category.value if block else ""))
        painter.drawRoundedRect(room, 2.0, 2.0)
        if room.width() >= _TITLED_FROM * unit:
            painter.setFont(style.far_font)
            painter.setPen(style.text)
            text = style.text_item(title_of(graph[name], graph), "far", (room.width() - 4.0) // 4 * 4)
            painter.drawStaticText(room.center() - QRectF(0, 0, text.size().width(), style.far_height).center(), text)
    painter.end()
    return image


def _paint_wires(painter: QPainter, graph: Graph, boxes: dict[str, Rect], style: CanvasStyle) -> None:
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(style.wire(Kind.ANY))
    for wire in graph.wires:
        out = geometry_in(graph, wire.source).offset("output", wire.output)
        into = geometry_in(graph, wire.target).offset("input", wire.input)
        start = (boxes[wire.source][0] + out[0], boxes[wire.source][1] + out[1])
        end = (boxes[wire.target][0] + into[0], boxes[wire.target][1] + into[1])
        painter.drawPath(path_of(through(start, wire.bends, end)))
