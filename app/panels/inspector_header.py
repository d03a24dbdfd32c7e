"""The head of the inspector: the category's dot, the title that is edited in place, the id, and what it does."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QLineEdit, QSizePolicy, QStackedLayout, QVBoxLayout, QWidget

from app.theme import qcolor, set_role, theme_manager
from app.widgets import ElidedLabel


class Dot(QWidget):
    """The colour of a category."""

    def __init__(self, role: str = "text_faint", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._role = role
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)

    def set_role(self, role: str) -> None:
        """Another colour of the palette, such as `category:Loss`."""
        self._role = role
        self.update()

    def sizeHint(self) -> QSize:
        edge = theme_manager().spacing.px(10)
        return QSize(edge, edge)

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: ARG002
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(qcolor(theme_manager().palette.color(self._role)))
        painter.drawEllipse(self.rect().adjusted(0, 0, 0, 0))


class EditableTitle(QWidget):
    """A heading that turns into a line edit on a double click or F2; Enter takes the text, Esc leaves it."""

    renamed = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._label = ElidedLabel(parent=self)
        set_role(self._label, "heading")
        self._edit = _TitleEdit(self)
        self._edit.setAccessibleName("Title")
        self._edit.editingFinished.connect(self._on_finished)
        self._edit.given_up.connect(self._close)
        self._stack = QStackedLayout(self)
        self._stack.addWidget(self._label)
        self._stack.addWidget(self._edit)
        self._editable = True
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)

    def text(self) -> str:
        return self._label.text()

    def show_text(self, text: str, *, placeholder: str = "", editable: bool = True) -> None:
        """Shows a title; `placeholder` is what an empty one stands for."""
        self._editable = editable
        self._label.setText(text or placeholder)
        self.updateGeometry()
        self._label.setToolTip("Double-click to rename" if editable else "")
        self._edit.setPlaceholderText(placeholder)
        if not self._edit.hasFocus():
            self._edit.setText(text)

    def sizeHint(self) -> QSize:
        current = self._stack.currentWidget()
        hint = current.sizeHint() if current is not None else super().sizeHint()
        return QSize(hint.width() + theme_manager().spacing.s, self._edit.sizeHint().height())

    def minimumSizeHint(self) -> QSize:
        return QSize(self._label.minimumSizeHint().width(), self.sizeHint().height())

    def begin(self) -> None:
        """Lets the user type."""
        if self._editable:
            self._stack.setCurrentWidget(self._edit)
            self.updateGeometry()
            self._edit.setFocus(Qt.FocusReason.ShortcutFocusReason)
            self._edit.selectAll()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        self.begin()
        event.accept()

    def _on_finished(self) -> None:
        if self._stack.currentWidget() is not self._edit:
            return
        text = self._edit.text().strip()
        self._close()
        self.renamed.emit(text)

    def _close(self) -> None:
        self._stack.setCurrentWidget(self._label)
        self.updateGeometry()


class _TitleEdit(QLineEdit):
    given_up = Signal()

    def commit(self) -> None:
        """Takes what is typed, as Enter does."""
        self.editingFinished.emit()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.given_up.emit()
            event.accept()
        else:
            super().keyPressEvent(event)


class InspectorHeader(QWidget):
    """Dot, title, id and summary."""

    renamed = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._dot = Dot(parent=self)
        self.title = EditableTitle(self)
        self.title.renamed.connect(self.renamed)
        self._id = QLabel(self)
        set_role(self._id, "faint")
        self._id.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._summary = QLabel(self)
        self._summary.setWordWrap(True)
        set_role(self._summary, "dim")
        self._row = QHBoxLayout()
        self._row.addWidget(self._dot, 0, Qt.AlignmentFlag.AlignVCenter)
        self._row.addWidget(self.title)
        self._row.addWidget(self._id, 0, Qt.AlignmentFlag.AlignVCenter)
        self._row.addStretch(1)
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.addLayout(self._row)
        self._column.addWidget(self._summary)
        theme_manager().changed.connect(self._space)
        self._space()

    def show_about(
        self, title: str, *, dot: str, id_: str = "", summary: str = "", placeholder: str = "", editable: bool = True
    ) -> None:
        """Shows what the inspector is about."""
        self._dot.set_role(dot)
        self.title.show_text(title, placeholder=placeholder, editable=editable)
        self._id.setText(id_)
        self._id.setVisible(bool(id_))
        self._summary.setText(summary)
        self._summary.setVisible(bool(summary))

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.FontChange:
            self._space()

    def _space(self) -> None:
        spacing = theme_manager().spacing
        self._row.setSpacing(spacing.m)
        self._column.setSpacing(spacing.s)
