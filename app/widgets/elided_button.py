"""A push button that shortens its words to the room it has, and tells the whole in its tooltip."""

from __future__ import annotations

from math import ceil

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QFontMetricsF, QResizeEvent
from PySide6.QtWidgets import QPushButton, QSizePolicy, QStyle, QStyleOptionButton, QWidget


class ElidedButton(QPushButton):
    """Takes the width of its words where there is room for them, and less where there is not."""

    def __init__(self, text: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._words = text
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self.setText(text)
        self.setAccessibleName(text)

    def words(self) -> str:
        """All that it says."""
        return self._words

    def sizeHint(self) -> QSize:
        self.ensurePolished()  # the font may be the style sheet's
        option = QStyleOptionButton()
        self.initStyleOption(option)
        option.text = self._words
        text = QSize(self._wide(), option.fontMetrics.height())
        return self.style().sizeFromContents(QStyle.ContentsType.CT_PushButton, option, text, self)

    def minimumSizeHint(self) -> QSize:
        return QSize(self.fontMetrics().averageCharWidth() * 8, self.sizeHint().height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        spare = self.sizeHint().width() - self._wide()
        room = max(0, self.width() - spare)
        shown = self.fontMetrics().elidedText(self._words, Qt.TextElideMode.ElideRight, room)
        if shown != self.text():
            self.setText(shown)
            self.setToolTip("" if shown == self._words else self._words)

    def _wide(self) -> int:
        """The width of the words, px; rounded down, it would cut them."""
        return ceil(QFontMetricsF(self.font()).horizontalAdvance(self._words)) + 1
