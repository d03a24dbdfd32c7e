"""What a panel shows when there is nothing to show: what to do next."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QSize, Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QLabel, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from app.theme import icon, set_role, theme_manager


class EmptyState(QWidget):
    """An icon, a sentence and, where there is something to do, a button."""

    triggered = Signal()
    """The button was pressed."""

    def __init__(
        self,
        icon_name: str,
        sentence: str,
        *,
        title: str = "",
        action: str = "",
        parent: QWidget | None = None,
    ) -> None:
        """`title` stands above the sentence in strong letters; `action` is the text of the button."""
        super().__init__(parent)
        self._column = QVBoxLayout(self)
        self._picture = _Picture(icon_name, self)
        self._title = QLabel(title, self)
        set_role(self._title, "strong")
        self._sentence = QLabel(sentence, self)
        set_role(self._sentence, "faint")
        self._button = QPushButton(action, self)
        self._button.clicked.connect(self.triggered)
        for label in (self._title, self._sentence):
            label.setAlignment(Qt.AlignmentFlag.AlignHCenter)
            label.setWordWrap(True)
        self._title.setVisible(bool(title))
        self._button.setVisible(bool(action))
        self._column.addStretch(2)
        self._column.addWidget(self._picture, 0, Qt.AlignmentFlag.AlignHCenter)
        self._column.addWidget(self._title)
        self._column.addWidget(self._sentence)
        self._column.addSpacing(theme_manager().spacing.s)
        self._column.addWidget(self._button, 0, Qt.AlignmentFlag.AlignHCenter)
        self._column.addStretch(3)
        theme_manager().changed.connect(self._space)
        self._space()

    def set_sentence(self, sentence: str, *, title: str = "", action: str = "") -> None:
        """Says something else; an empty `title` or `action` hides it."""
        self._sentence.setText(sentence)
        self._title.setText(title)
        self._title.setVisible(bool(title))
        self._button.setText(action)
        self._button.setVisible(bool(action))
        self._leave_room()

    def sentence(self) -> str:
        return self._sentence.text()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._leave_room()

    def _leave_room(self) -> None:
        """Gives up the picture, then the margins, where the words would not fit beside them."""
        spacing = theme_manager().spacing
        words = [each for each in (self._title, self._sentence) if not each.isHidden()]
        rest = sum(each.heightForWidth(max(1, self.width() - 2 * spacing.xl)) + spacing.m for each in words)
        rest += 0 if self._button.isHidden() else self._button.sizeHint().height() + spacing.m
        rest += spacing.s
        edge = spacing.l if self.height() >= rest + 2 * spacing.l else 0
        self._column.setContentsMargins(spacing.xl, edge, spacing.xl, edge)
        self._picture.setVisible(self.height() >= rest + 2 * spacing.l + self._picture.sizeHint().height() + spacing.m)
        self._column.activate()  # now, not after a frame in which the words are cut

    def _space(self) -> None:
        spacing = theme_manager().spacing
        self._column.setSpacing(spacing.m)
        self._leave_room()


class _Picture(QWidget):
    def __init__(self, name: str, parent: QWidget) -> None:
        super().__init__(parent)
        self._icon = icon(name, "line_strong")
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)

    def sizeHint(self) -> QSize:
        edge = theme_manager().spacing.px(36)
        return QSize(edge, edge)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() in (QEvent.Type.FontChange, QEvent.Type.StyleChange):
            self.updateGeometry()

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: ARG002
        self._icon.paint(QPainter(self), self.rect())
