"""One problem: what is wrong and where, and a button for each fix."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QEnterEvent, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QHBoxLayout, QLabel, QSizePolicy, QVBoxLayout, QWidget

from app.theme import qcolor, theme_manager
from app.widgets.elided_button import ElidedButton
from app.widgets.message import Severity, SeverityIcon
from app.widgets.painting import draw_focus_ring

if TYPE_CHECKING:
    from graph_engine.check.report import Fix, Problem

_MOST_FIXES = 3
_NARROW = 560  # px at the base size, below which the fixes stand under the message


class ProblemRow(QWidget):
    """A problem of the check. A click, or Enter, asks for the node to be shown; a button applies a fix."""

    chosen = Signal(str)
    """The node id."""
    fix_chosen = Signal(object)
    """The `Fix`."""

    def __init__(
        self, problem: Problem, where: str = "", *, stacked: bool = False, parent: QWidget | None = None
    ) -> None:
        """`where` names the node, as a person calls it; empty where that is plain.

        `stacked` puts the fixes below the message, one under the other, whatever room there is.
        """
        super().__init__(parent)
        self.problem = problem
        self.buttons: list[ElidedButton] = []
        severity: Severity = problem.severity.value
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Minimum)
        if problem.node is not None:
            self.setCursor(Qt.CursorShape.PointingHandCursor)
        spacing = theme_manager().spacing
        row = QHBoxLayout(self)
        row.setContentsMargins(spacing.m, spacing.px(6), spacing.m, spacing.px(6))
        row.setSpacing(spacing.m)
        row.addWidget(SeverityIcon(severity, self), 0, Qt.AlignmentFlag.AlignTop)
        column = QVBoxLayout()
        column.setSpacing(spacing.xs)
        self._message = QLabel(problem.message, self)
        self._message.setWordWrap(True)
        self._message.setTextFormat(Qt.TextFormat.PlainText)
        column.addWidget(self._message)
        note = " · ".join(filter(None, (where, f"port {problem.port}" if problem.port else "")))
        if note:
            label = QLabel(note, self)
            label.setProperty("role", "faint")
            label.setTextFormat(Qt.TextFormat.PlainText)
            label.setWordWrap(True)
            column.addWidget(label)
        self._stacked = stacked
        self._body = QBoxLayout(QBoxLayout.Direction.LeftToRight)
        self._body.setSpacing(spacing.m)
        self._body.addLayout(column, 1)
        row.addLayout(self._body, 1)
        if problem.detail:
            self._message.setToolTip(problem.detail)
        self._fixes = QBoxLayout(QBoxLayout.Direction.LeftToRight)
        self._fixes.setSpacing(spacing.s)
        for fix in problem.fixes[:_MOST_FIXES]:
            self._fixes.addWidget(self._button(fix))
        self._body.addLayout(self._fixes)
        self._arrange()
        self.setAccessibleName(f"{problem.severity.value}: {problem.message}")
        self.setAccessibleDescription(note)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._arrange()

    def _arrange(self) -> None:
        """Puts the fixes beside the message where there is room."""
        narrow = self._stacked or self.width() < theme_manager().spacing.px(_NARROW)
        direction = QBoxLayout.Direction.TopToBottom if narrow else QBoxLayout.Direction.LeftToRight
        for layout in (self._body, self._fixes):
            if layout.direction() is not direction:
                layout.setDirection(direction)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self._choose()
            event.accept()
        else:
            super().mousePressEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key = Qt.Key(event.key())
        if key in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space):
            self._choose()
        elif key == Qt.Key.Key_Down:
            self.focusNextChild()
        elif key == Qt.Key.Key_Up:
            self.focusPreviousChild()
        else:
            super().keyPressEvent(event)

    def enterEvent(self, event: QEnterEvent) -> None:
        super().enterEvent(event)
        self.update()

    def leaveEvent(self, event: QEvent) -> None:
        super().leaveEvent(event)
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: ARG002
        manager = theme_manager()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if self.underMouse():
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(qcolor(manager.palette.hover))
            painter.drawRoundedRect(self.rect(), manager.spacing.radius, manager.spacing.radius)
        if self.hasFocus():
            draw_focus_ring(painter, self.rect().toRectF(), manager.spacing.radius)

    def _button(self, fix: Fix) -> ElidedButton:
        button = ElidedButton(fix.label, self)
        button.setAccessibleName(f"Fix: {fix.label}")
        button.clicked.connect(lambda: self.fix_chosen.emit(fix))
        self.buttons.append(button)
        return button

    def _choose(self) -> None:
        self.setFocus()
        if self.problem.node is not None:
            self.chosen.emit(self.problem.node)
