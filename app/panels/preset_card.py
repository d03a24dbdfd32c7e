"""A preset as a card: a little drawing, what it is, its size and its paper."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QEnterEvent, QKeyEvent, QMouseEvent, QPainter, QPainterPath, QPaintEvent, QPen
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from app.figures import digits
from app.panels.parameter_field import field_for
from app.theme import qcolor, set_role, theme_manager
from app.widgets import FormRow
from app.widgets.painting import draw_focus_ring

if TYPE_CHECKING:
    from app.preset_shelf import Shelved, Sketch


_SKIPS = 1.6
"""A wire longer than this many nodes passes over what it skips."""


class SketchView(QWidget):
    """Draws a sketch as large as fits, in the colours of the theme."""

    def __init__(self, sketch: Sketch, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._sketch = sketch
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)

    def sizeHint(self) -> QSize:
        return QSize(theme_manager().spacing.px(160), theme_manager().spacing.px(58))

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: ARG002
        manager = theme_manager()
        colors, sketch = manager.palette, self._sketch
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        room = QRectF(self.rect())
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(qcolor(colors.canvas))
        painter.drawRoundedRect(room, manager.spacing.radius, manager.spacing.radius)
        inside = room.adjusted(*(side * manager.spacing.m for side in (1, 1, -1, -1)))
        rise = manager.spacing.px(10) if any(self._skips(*wire) for wire in sketch.wires) else 0
        # Long chains are squeezed sideways rather than shrunk to a thread.
        scale = min((inside.height() - rise) / sketch.height, 0.26)
        across = min(inside.width() / sketch.width, scale)
        dx = inside.left() + (inside.width() - sketch.width * across) / 2
        dy = inside.top() + rise + (inside.height() - rise - sketch.height * scale) / 2
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(qcolor(colors.text_faint, 0.75), 1.0))
        for x1, y1, x2, y2 in sketch.wires:
            start, end = QPointF(dx + x1 * across, dy + y1 * scale), QPointF(dx + x2 * across, dy + y2 * scale)
            skips = self._skips(x1, y1, x2, y2)
            bend = QPointF(max(4.0, (end.x() - start.x()) / (4 if skips else 2)), 0)
            up = QPointF(0, -2.0 * rise if skips else 0)
            path = QPainterPath(start)
            path.cubicTo(start + bend + up, end - bend + up, end)
            painter.drawPath(path)
        painter.setPen(Qt.PenStyle.NoPen)
        for x, y, width, height, category in sketch.boxes:
            painter.setBrush(qcolor(colors.category(category)))
            box = QRectF(dx + x * across, dy + y * scale, max(2.5, width * across), max(3.0, height * scale))
            painter.drawRoundedRect(box, 2.0, 2.0)

    def _skips(self, x1: float, y1: float, x2: float, y2: float) -> bool:
        """Whether a wire passes by nodes of its own row, so that it is drawn as a bow over them."""
        _, _, width, height, _ = self._sketch.boxes[0]
        return x2 - x1 > _SKIPS * width and abs(y2 - y1) < height


class PresetCard(QFrame):
    """One preset. A click opens the card's details, a double click or Enter the preset itself."""

    opened = Signal(str)
    """`name` or `name:key=value,…`: the preset is to be shown on the canvas."""

    def __init__(self, shelved: Shelved, *, details: bool = True, parent: QWidget | None = None) -> None:
        """Without `details` a single click opens the preset, as on the welcome page."""
        super().__init__(parent)
        self._preset = shelved.preset
        self._details = details
        self._values: dict[str, Any] = {}
        self.rows: dict[str, FormRow] = {}
        """The parameters, by name, once the card was unfolded."""
        set_role(self, "card")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self.setAccessibleName(f"{self._preset.title}: {self._preset.summary}")
        spacing = theme_manager().spacing
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(spacing.m, spacing.m, spacing.m, spacing.px(10))
        self._column.setSpacing(spacing.s)
        self._column.addWidget(SketchView(shelved.sketch))
        self._column.addWidget(_label(self._preset.title, "strong"))
        self._column.addWidget(_label(self._preset.summary, "dim"))
        size = f"{digits(self._preset.size)} parameters"
        self._column.addWidget(_label(" · ".join(filter(None, (size, str(self._preset.year or "")))), "faint"))
        self._more = QWidget()
        self._more.hide()
        self._column.addWidget(self._more)
        self._column.addStretch(1)
        self._filled = False

    @property
    def name(self) -> str:
        return self._preset.name

    def text(self) -> str:
        """The preset with the values of its form, as the command line writes it."""
        values = ",".join(f"{name}={value}" for name, value in self._values.items())
        return f"{self._preset.name}:{values}" if values else self._preset.name

    def unfold(self, *, unfolded: bool) -> None:
        """Shows or hides paper, parameters and the button."""
        if unfolded and not self._filled:
            self._fill()
        self._more.setVisible(unfolded)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if event.button() != Qt.MouseButton.LeftButton or not self.rect().contains(event.position().toPoint()):
            super().mouseReleaseEvent(event)
        elif self._details:
            self.unfold(unfolded=self._more.isHidden())
        else:
            self.opened.emit(self.text())

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton and self._details:
            self.opened.emit(self.text())

    def mousePressEvent(self, event: QMouseEvent) -> None:
        event.accept()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key = Qt.Key(event.key())
        if key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.opened.emit(self.text())
        elif key == Qt.Key.Key_Space and self._details:
            self.unfold(unfolded=self._more.isHidden())
        elif key in (Qt.Key.Key_Down, Qt.Key.Key_Right):
            self.focusNextChild()
        elif key in (Qt.Key.Key_Up, Qt.Key.Key_Left):
            self.focusPreviousChild()
        else:
            super().keyPressEvent(event)

    def enterEvent(self, event: QEnterEvent) -> None:
        super().enterEvent(event)
        self.update()

    def leaveEvent(self, event: QEvent) -> None:
        super().leaveEvent(event)
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        manager = theme_manager()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        radius = manager.spacing.px(7)
        if self.hasFocus():
            draw_focus_ring(painter, QRectF(self.rect()), radius)
        elif self.underMouse():
            painter.setPen(QPen(qcolor(manager.palette.line_strong), 1.0))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), radius, radius)

    def _fill(self) -> None:
        self._filled = True
        spacing = theme_manager().spacing
        column = QVBoxLayout(self._more)
        column.setContentsMargins(0, spacing.s, 0, 0)
        column.setSpacing(spacing.px(6))
        if self._preset.help:
            column.addWidget(_label(self._preset.help, "dim"))
        if self._preset.reference is not None:
            column.addWidget(_label(str(self._preset.reference), "faint"))
        if self._preset.published is not None:
            column.addWidget(_label(f"Published: {self._preset.published.source}", "faint"))
        for spec in self._preset.parameters:
            field = field_for(spec)
            row = FormRow(spec.meta.title, field, help_text=spec.meta.help, default=spec.default)
            row.field.committed.connect(lambda value, name=spec.name: self._values.update({name: value}))
            self.rows[spec.name] = row
            column.addWidget(row)
        buttons = QHBoxLayout()
        button = QPushButton("Open")
        set_role(button, "primary")
        button.setAccessibleName(f"Open {self._preset.title}")
        button.clicked.connect(lambda: self.opened.emit(self.text()))
        buttons.addWidget(button)
        buttons.addStretch(1)
        column.addLayout(buttons)
        for parameters in dict.fromkeys(size.parameters for size in self._preset.sizes):
            self._add_size(column, parameters)

    def _add_size(self, column: QVBoxLayout, parameters: str) -> None:
        """A published network that the preset is with `parameters`: its figures, and a button that opens it."""
        sizes = [size for size in self._preset.sizes if size.parameters == parameters]
        figures = [f"{digits(size.params)} parameters ({size.source})" for size in sizes]
        column.addWidget(_label(f"Published, {parameters.replace(',', ', ')}: {'; '.join(figures)}", "faint"))
        button = QPushButton("Open as published")
        button.setAccessibleName(f"Open {self._preset.title} with {parameters}")
        button.clicked.connect(lambda: self.opened.emit(f"{self._preset.name}:{parameters}"))
        row = QHBoxLayout()
        row.addWidget(button)
        row.addStretch(1)
        column.addLayout(row)


def _label(text: str, role: str) -> QLabel:
    label = QLabel(text)
    label.setWordWrap(True)
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
    set_role(label, role)  # type: ignore[arg-type]  # one of the roles, by the callers above
    return label
