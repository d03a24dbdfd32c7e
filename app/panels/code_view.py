"""A read-only view of source with line numbers, in which lines can be marked and chosen."""

from __future__ import annotations

from PySide6.QtCore import QRect, QSize, Qt, Signal
from PySide6.QtGui import (
    QFontMetricsF,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QResizeEvent,
    QTextCursor,
    QTextFormat,
)
from PySide6.QtWidgets import QPlainTextEdit, QTextEdit, QWidget

from app.panels.code_highlighter import PythonHighlighter
from app.theme import qcolor, set_role, theme_manager


class CodeView(QPlainTextEdit):
    """Source of Python, coloured."""

    place_chosen = Signal(int, int)
    """A letter, by its line (from 1) and column (from 0), was clicked, or gone to with the keyboard and Enter."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        set_role(self, "code")
        self.setReadOnly(True)
        self.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard
        )
        self.setAccessibleName("Program")
        self.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        self.setTabChangesFocus(True)
        self._marked: list[int] = []
        self._numbers = _LineNumbers(self)
        self._highlighter = PythonHighlighter(self.document())
        self.blockCountChanged.connect(self._make_room)
        self.updateRequest.connect(self._scroll_numbers)
        theme_manager().changed.connect(self._restyle)
        self._restyle()

    def show_source(self, source: str) -> None:
        """Shows another text; the view stays where it was."""
        if source == self.toPlainText():
            return
        down, right = self.verticalScrollBar().value(), self.horizontalScrollBar().value()
        self._marked = []
        self.setPlainText(source)
        self.verticalScrollBar().setValue(down)
        self.horizontalScrollBar().setValue(right)

    def mark_lines(self, lines: list[int], *, reveal: bool = False) -> None:
        """Lights lines (from 1), and brings the first into view if none of them is."""
        self._marked = lines
        self._paint_marks()
        if reveal and lines and not any(self._is_shown(line) for line in lines):
            block = self.document().findBlockByNumber(lines[0] - 1)
            bar = self.verticalScrollBar()
            bar.setValue(max(0, block.firstLineNumber() - bar.pageStep() // 3))

    @property
    def marked(self) -> list[int]:
        """The lines that are lit."""
        return self._marked

    def number_width(self) -> int:
        """The width (px) of the column of numbers."""
        spacing = theme_manager().spacing
        digits = len(str(max(99, self.blockCount())))
        return round(self.fontMetrics().horizontalAdvance("9") * digits) + spacing.xl

    def paint_numbers(self, event: QPaintEvent) -> None:
        """Draws the numbers of the lines in view."""
        colors = theme_manager().palette
        painter = QPainter(self._numbers)
        painter.setFont(self.font())
        metrics = QFontMetricsF(self.font())
        block = self.firstVisibleBlock()
        top = self.blockBoundingGeometry(block).translated(self.contentOffset()).top()
        width = self.number_width() - theme_manager().spacing.m
        marked = set(self._marked)
        while block.isValid() and top <= event.rect().bottom():
            number = block.blockNumber() + 1
            painter.setPen(qcolor(colors.accent if number in marked else colors.text_faint))
            rect = QRect(0, round(top), width, round(metrics.height()))
            painter.drawText(rect, Qt.AlignmentFlag.AlignRight, str(number))
            top += self.blockBoundingRect(block).height()
            block = block.next()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        super().mouseReleaseEvent(event)
        if event.button() == Qt.MouseButton.LeftButton and not self.textCursor().hasSelection():
            self._choose(self.cursorForPosition(event.position().toPoint()))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._choose(self.textCursor())
        else:
            super().keyPressEvent(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._place_numbers()

    def _choose(self, cursor: QTextCursor) -> None:
        self.place_chosen.emit(cursor.blockNumber() + 1, cursor.positionInBlock())

    def _paint_marks(self) -> None:
        ground = qcolor(theme_manager().palette.accent, 0.16)
        marks = []
        for line in self._marked:
            mark = QTextEdit.ExtraSelection()
            mark.cursor = QTextCursor(self.document().findBlockByNumber(line - 1))
            mark.format.setBackground(ground)
            mark.format.setProperty(QTextFormat.Property.FullWidthSelection.value, 1)
            marks.append(mark)
        self.setExtraSelections(marks)
        self._numbers.update()

    def _is_shown(self, line: int) -> bool:
        block = self.document().findBlockByNumber(line - 1)
        area = self.blockBoundingGeometry(block).translated(self.contentOffset())
        return area.top() >= 0 and area.bottom() <= self.viewport().height()

    def _make_room(self) -> None:
        self.setViewportMargins(self.number_width(), 0, 0, 0)
        self._place_numbers()

    def _place_numbers(self) -> None:
        inside = self.contentsRect()
        self._numbers.setGeometry(QRect(inside.left(), inside.top(), self.number_width(), inside.height()))

    def _scroll_numbers(self, area: QRect, by: int) -> None:
        if by:
            self._numbers.scroll(0, by)
        else:
            self._numbers.update(0, area.y(), self._numbers.width(), area.height())

    def _restyle(self) -> None:
        self.setFont(theme_manager().typography.font("mono"))
        self._make_room()
        self._paint_marks()


class _LineNumbers(QWidget):
    def __init__(self, view: CodeView) -> None:
        super().__init__(view)
        self._view = view
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)

    def sizeHint(self) -> QSize:
        return QSize(self._view.number_width(), 0)

    def paintEvent(self, event: QPaintEvent) -> None:
        self._view.paint_numbers(event)
