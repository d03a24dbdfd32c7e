"""A part of a panel under a small heading, folded away by a click on it."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QRect, QSize, Qt, Signal
from PySide6.QtGui import QFontMetrics, QKeyEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QAbstractButton, QSizePolicy, QVBoxLayout, QWidget

from app.theme import icon, qcolor, theme_manager


class SectionHeader(QAbstractButton):
    """The heading: small capitals, an optional note, a chevron. Checked means unfolded.

    A click, Space or Enter folds and unfolds, Left folds, Right unfolds.
    """

    def __init__(self, title: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._note = ""
        self.setCheckable(True)
        self.setChecked(True)
        self.setText(title)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.toggled.connect(self._describe)
        self._describe()

    def note(self) -> str:
        return self._note

    def set_note(self, note: str) -> None:
        """A word or a number behind the title, such as how many there are."""
        self._note = note
        self._describe()
        self.update()

    def sizeHint(self) -> QSize:
        spacing, metrics = theme_manager().spacing, self._metrics()
        width = metrics.horizontalAdvance(f"{self.text()}  {self._note}") + spacing.icon + spacing.m
        return QSize(width, metrics.height() + spacing.px(10))

    def minimumSizeHint(self) -> QSize:
        return QSize(theme_manager().spacing.icon * 2, self.sizeHint().height())

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() in (QEvent.Type.FontChange, QEvent.Type.StyleChange):
            self.updateGeometry()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key = Qt.Key(event.key())
        if key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.toggle()
        elif key in (Qt.Key.Key_Left, Qt.Key.Key_Right):
            self.setChecked(key == Qt.Key.Key_Right)
        else:
            super().keyPressEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: ARG002
        manager = theme_manager()
        colors, spacing, metrics = manager.palette, manager.spacing, self._metrics()
        painter = QPainter(self)
        painter.setFont(manager.typography.font("section"))
        chevron = QRect(self.width() - spacing.px(14), 0, spacing.px(12), self.height())
        room = chevron.left() - spacing.s
        title = metrics.elidedText(self.text(), Qt.TextElideMode.ElideRight, room)
        left = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft
        tone = "text" if self.hasFocus() else "text_dim" if self.underMouse() else "text_faint"
        painter.setPen(qcolor(colors.color(tone)))
        painter.drawText(QRect(0, 0, room, self.height()), left, title)
        if self._note:
            used = metrics.horizontalAdvance(title) + spacing.m
            painter.setFont(manager.typography.font("small"))
            painter.drawText(QRect(used, 0, max(0, room - used), self.height()), left, self._note)
        name = "chevron-down" if self.isChecked() else "chevron-right"
        icon(name, tone).paint(painter, chevron)
        if self.hasFocus():
            thickness = spacing.xs
            painter.fillRect(0, self.height() - thickness, self.width(), thickness, qcolor(colors.accent))

    def _metrics(self) -> QFontMetrics:
        return QFontMetrics(theme_manager().typography.font("section"))

    def _describe(self) -> None:
        self.setAccessibleName(f"{self.text()} {self._note}".strip())
        self.setAccessibleDescription("unfolded" if self.isChecked() else "folded")


class Section(QWidget):
    """A heading with a body that folds; put widgets in with `add`, and a stretch below the last section of a
    panel.
    """

    unfolded = Signal(bool)
    """The user, or `set_folded`, unfolded (True) or folded the body."""

    def __init__(self, title: str, *, folded: bool = False, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.header = SectionHeader(title, self)
        self.body = QWidget(self)
        self._rows = QVBoxLayout(self.body)
        self._rows.setContentsMargins(0, 0, 0, 0)
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.addWidget(self.header)
        self._column.addWidget(self.body)
        self.header.toggled.connect(self._on_toggled)
        theme_manager().changed.connect(self._space)
        self._space()
        self.set_folded(folded=folded)

    def add(self, widget: QWidget) -> None:
        """Puts `widget` below what is in the body."""
        self._rows.addWidget(widget)

    def is_folded(self) -> bool:
        return not self.header.isChecked()

    def set_folded(self, *, folded: bool) -> None:
        self.header.setChecked(not folded)

    def _on_toggled(self, checked: bool) -> None:
        self.body.setVisible(checked)
        self.unfolded.emit(checked)

    def _space(self) -> None:
        spacing = theme_manager().spacing
        self._rows.setSpacing(spacing.px(5))
        self._column.setSpacing(spacing.s)
