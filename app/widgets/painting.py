"""Strokes that the controls which paint themselves share."""

from __future__ import annotations

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QPainter, QPen

from app.theme import qcolor, theme_manager


def draw_focus_ring(painter: QPainter, rect: QRectF, radius: float) -> None:
    """The ring that shows where the keyboard is, just inside `rect` (px)."""
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(QPen(qcolor(theme_manager().palette.accent), 1.0))
    painter.drawRoundedRect(rect.adjusted(0.5, 0.5, -0.5, -0.5), radius, radius)
