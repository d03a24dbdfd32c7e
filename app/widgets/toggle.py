"""A switch: on or off, in shape and in words."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QEasingCurve, QEvent, QPointF, QRectF, QSize, Qt, QVariantAnimation, Signal
from PySide6.QtGui import QKeyEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QAbstractButton, QSizePolicy, QStyle, QWidget

from app.theme import mix, qcolor, theme_manager
from app.widgets.faults import Faults
from app.widgets.painting import draw_focus_ring


class Toggle(QAbstractButton):
    """A field for yes or no; see `app.widgets.field.Field`. Space or a click switches it, Left and Right set
    it.
    """

    edited = Signal(object)
    committed = Signal(object)
    value_changed = Signal()
    error_changed = Signal(str)

    def __init__(
        self, value: object = False, *, words: tuple[str, str] = ("off", "on"), parent: QWidget | None = None
    ) -> None:
        """`words` say off and on beside the switch; empty ones show none."""
        super().__init__(parent)
        self._words = words
        self._faults = Faults(self, self.error_changed)
        self._knob = 1.0 if value else 0.0
        self.setCheckable(True)
        self.setChecked(bool(value))
        self.setText(words[self.isChecked()])
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self._slide = QVariantAnimation(self)
        self._slide.setEasingCurve(QEasingCurve.Type.OutCubic)
        self._slide.valueChanged.connect(self._on_slid)
        self.toggled.connect(self._on_toggled)
        self.clicked.connect(self._on_clicked)

    def value(self) -> bool:
        return self.isChecked()

    def set_value(self, value: Any) -> None:
        """Shows a value from elsewhere."""
        self.setChecked(bool(value))

    def enter(self, value: Any) -> None:
        """Switches as if the user had."""
        if bool(value) != self.isChecked():
            self.click()

    def error(self) -> str | None:
        return self._faults.text

    def set_error(self, text: str | None) -> None:
        """Marks the switch with a fault found elsewhere; None clears it."""
        self._faults.set_outer(text)
        self.update()

    def sizeHint(self) -> QSize:
        spacing, metrics = theme_manager().spacing, self.fontMetrics()
        words = max(metrics.horizontalAdvance(word) for word in self._words)
        text = spacing.m + words if words else 0
        return QSize(
            round(self._track().width()) + text + 2 * spacing.s,
            max(metrics.height(), spacing.px(18)) + spacing.px(10),
        )

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() in (QEvent.Type.FontChange, QEvent.Type.StyleChange):
            self.updateGeometry()
            self.update()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        wanted = {Qt.Key.Key_Left: False, Qt.Key.Key_Right: True}.get(Qt.Key(event.key()))
        if wanted is None:
            super().keyPressEvent(event)
        else:
            self.enter(wanted)

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: ARG002
        manager = theme_manager()
        colors, spacing = manager.palette, manager.spacing
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        track = self._track()
        on = colors.accent_fill_hover if self.underMouse() else colors.accent_fill
        off = colors.hover if self.underMouse() else colors.field
        edge = mix(on, colors.danger if self.error() else colors.line_strong, self._knob)
        ground, knob = mix(on, off, self._knob), mix(colors.accent_text, colors.text_dim, self._knob)
        words = colors.text if self.isChecked() else colors.text_dim
        if not self.isEnabled():
            ground, edge, knob, words = colors.panel, colors.line, colors.text_disabled, colors.text_disabled
        painter.setPen(QPen(qcolor(edge), 1.0))
        painter.setBrush(qcolor(ground))
        painter.drawRoundedRect(track.adjusted(0.5, 0.5, -0.5, -0.5), track.height() / 2, track.height() / 2)
        radius = track.height() / 2 - spacing.px(3)
        travel = track.width() - track.height()
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(qcolor(knob))
        painter.drawEllipse(
            QPointF(track.left() + track.height() / 2 + travel * self._knob, track.center().y()),
            radius,
            radius,
        )
        if self.text():
            painter.setPen(qcolor(words))
            box = QRectF(self.rect()).adjusted(track.right() + spacing.m, 0, 0, 0)
            painter.drawText(box, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, self.text())
        if self.hasFocus():
            ring = track.adjusted(-3, -3, 3, 3)
            draw_focus_ring(painter, ring, ring.height() / 2)

    def _track(self) -> QRectF:
        spacing = theme_manager().spacing
        height = spacing.px(18)
        return QRectF(spacing.s, (self.height() - height) // 2, spacing.px(32), height)

    def _on_toggled(self, checked: bool) -> None:
        self.setText(self._words[checked])
        # zero where the user asked the system for less motion
        duration = self.style().styleHint(QStyle.StyleHint.SH_Widget_Animation_Duration, None, self)
        self._slide.stop()
        if duration <= 0 or not self.isVisible():
            self._on_slid(float(checked))
        else:
            self._slide.setDuration(min(duration, 140))
            self._slide.setStartValue(self._knob)
            self._slide.setEndValue(float(checked))
            self._slide.start()
        self.value_changed.emit()

    def _on_slid(self, knob: float) -> None:
        self._knob = knob
        self.update()

    def _on_clicked(self, checked: bool) -> None:
        self.edited.emit(checked)
        self.committed.emit(checked)
