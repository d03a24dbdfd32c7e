"""The drawing from far away: one function draws every box and line from lists kept for it."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from typing import TYPE_CHECKING

from PySide6.QtCore import QLineF, QRectF, Qt
from PySide6.QtGui import QPainter

from graph_engine.blocks import Kind
from graph_engine.check.report import State

if TYPE_CHECKING:
    from app.canvas.look import Look
    from app.canvas.node_item import NodeItem
    from app.canvas.wire_item import WireItem
    from graph_engine.document import Wire


class Overview:
    """Boxes by category and lines by kind; made anew when what they show has changed, moved singly in a drag."""

    def __init__(self, nodes: Mapping[str, NodeItem], wires: Mapping[Wire, WireItem]) -> None:
        self._nodes = nodes
        self._wires = wires
        self._valid = False
        self._marked = False
        self._errors: list[NodeItem] = []
        self._chosen: list[NodeItem] = []
        self._chosen_wires: list[WireItem] = []
        self._boxes: dict[str, list[QRectF]] = {}
        self._lines: dict[Kind, list[QLineF]] = {}
        self._box_at: dict[str, tuple[str, int]] = {}
        self._line_at: dict[Wire, tuple[Kind, int, int]] = {}

    def invalidate(self) -> None:
        """What is drawn, or where, is different."""
        self._valid = self._marked = False

    def invalidate_marks(self) -> None:
        """What is selected is different."""
        self._marked = False

    def move(self, item: NodeItem) -> None:
        """A node is elsewhere while it is dragged."""
        if self._valid and item.id in self._box_at:
            category, at = self._box_at[item.id]
            self._boxes[category][at] = item.card

    def reroute(self, item: WireItem) -> None:
        """A wire goes another way while a node is dragged."""
        if not self._valid or item.wire not in self._line_at:
            return
        kind, at, count = self._line_at[item.wire]
        lines = _lines_of(item)
        # a way with more corners than there is room for is drawn straight until the drag ends
        self._lines[kind][at : at + count] = lines if len(lines) == count else [_straight(item)] * count

    def paint(self, painter: QPainter, look: Look) -> None:
        """Draw all; `painter` is in scene coordinates."""
        if not self._valid:
            self._build()
        style = look.style
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, on=False)
        for kind, lines in self._lines.items():
            painter.setPen(style.wire_far(kind))
            painter.drawLines(lines)
        painter.setPen(Qt.PenStyle.NoPen)
        for category, boxes in self._boxes.items():
            painter.setBrush(style.far_fill(category))
            painter.drawRects(boxes)
        self._paint_marked(painter, look)
        if self._chosen_wires:
            painter.setPen(look.style.wire_selected)
            painter.drawLines([line for item in self._chosen_wires for line in _lines_of(item)])
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)

    def paint_boxes(self, painter: QPainter, look: Look) -> None:
        """Draw the nodes alone, as the minimap shows them."""
        if not self._valid:
            self._build()
        painter.setPen(Qt.PenStyle.NoPen)
        for category, boxes in self._boxes.items():
            painter.setBrush(look.style.far_fill(category))
            painter.drawRects(boxes)
        self._paint_marked(painter, look)

    def _paint_marked(self, painter: QPainter, look: Look) -> None:
        """What is selected or wrong stands out at any distance."""
        if not self._marked:
            self._errors = [item for item in self._nodes.values() if item.state is State.ERROR]
            self._chosen = [item for item in self._nodes.values() if item.selected]
            self._chosen_wires = [item for item in self._wires.values() if item.selected]
            self._marked = True
        painter.setBrush(Qt.BrushStyle.NoBrush)
        for pen, items in ((look.style.edge_faulty_far, self._errors), (look.style.edge_selected_far, self._chosen)):
            if items:
                painter.setPen(pen)
                painter.drawRects([item.card for item in items])

    def _build(self) -> None:
        self._boxes, self._lines = {}, {}
        self._box_at, self._line_at = {}, {}
        for item in self._nodes.values():
            boxes = self._boxes.setdefault(item.category, [])
            self._box_at[item.id] = (item.category, len(boxes))
            boxes.append(item.card)
        for wire, wire_item in self._wires.items():
            lines = self._lines.setdefault(wire_item.kind, [])
            found = _lines_of(wire_item)
            self._line_at[wire] = (wire_item.kind, len(lines), len(found))
            lines += found
        self._valid = True


def _lines_of(item: WireItem) -> list[QLineF]:
    """A wire as straight lines between the ends of its curves."""
    ends = item.curve[::3]
    return [QLineF(*start, *end) for start, end in pairwise(ends)]


def _straight(item: WireItem) -> QLineF:
    return QLineF(*item.curve[0], *item.curve[-1])
