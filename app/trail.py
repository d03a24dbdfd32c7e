"""Where one is: the document, and the composites that were entered. Each part leads back to its drawing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, Qt
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSizePolicy, QToolButton, QWidget

from app.theme import set_role, theme_manager
from app.widgets import ElidedLabel
from graph_engine.document import MAIN
from graph_engine.document.composite import MARK

if TYPE_CHECKING:
    from app.session import Session

_WIDEST, _LEAST = 320, 64  # px at the base size: of all that is shown, and of each of its buttons


class Trail(QWidget):
    """Document › composite › composite. All but the last are buttons."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._parts: list[str] = []
        self.crumbs: list[Crumb] = []
        """The buttons, from the document inwards."""
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(0, 0, 0, 0)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Preferred)
        self.setAccessibleName("Where you are")
        for signal in (session.file_changed, session.history_changed, session.opened, session.changed):
            signal.connect(self.refresh)
        session.level_changed.connect(self.refresh)
        theme_manager().changed.connect(self._space)
        self._space()
        self.refresh()

    def refresh(self) -> None:
        """Shows the document in front and the way to the graph that is shown."""
        front = self._session.front
        parts = [front.name + (" •" if front.dirty else ""), *self._composites()]
        self.setToolTip(str(front.path) if front.path else "Not saved yet")
        if parts == self._parts:
            return
        had_focus = any(crumb.hasFocus() for crumb in self.crumbs)
        while (item := self._row.takeAt(0)) is not None:
            if (widget := item.widget()) is not None:
                widget.hide()
                widget.deleteLater()
        self._parts, self.crumbs = parts, []
        for depth, part in enumerate(parts):
            if depth < len(parts) - 1:
                self._add_crumb(part, depth)
            else:
                label = ElidedLabel(part, elide=Qt.TextElideMode.ElideMiddle)
                label.setContentsMargins(theme_manager().spacing.xs if depth else 0, 0, 0, 0)
                label.setMaximumWidth(theme_manager().spacing.px(_WIDEST))
                self._row.addWidget(label)
        if had_focus and self.crumbs:
            self.crumbs[-1].setFocus()
        self.setAccessibleDescription(" in ".join(reversed(parts)))

    @property
    def parts(self) -> list[str]:
        """What it says, from the document inwards."""
        return list(self._parts)

    def _composites(self) -> list[str]:
        front = self._session.front
        ways = [front.way[: at + 1] for at in range(len(front.way))]
        names = [front.graph_at(way) for way in ways]
        if not front.way and front.graph_name != MAIN:
            names = [front.graph_name]
        blocks = ((name, front.document.find_block(MARK + name)) for name in names if name is not None)
        return [block.title if block is not None else name for name, block in blocks]

    def _add_crumb(self, text: str, depth: int) -> None:
        crumb = Crumb(text, max(_LEAST, _WIDEST // (len(self._parts) + 1)), self)
        crumb.clicked.connect(lambda: self._go_to(depth))
        self.crumbs.append(crumb)
        self._row.addWidget(crumb)
        mark = QLabel("›")
        set_role(mark, "faint")
        self._row.addWidget(mark)

    def _go_to(self, depth: int) -> None:
        way = self._session.front.way
        self._session.go_to(depth)
        if len(way) > depth:
            self._session.reveal(way[depth])

    def _space(self) -> None:
        self._row.setSpacing(theme_manager().spacing.xs)


class Crumb(QToolButton):
    """A drawing further out; shortened in its middle where it is long."""

    def __init__(self, text: str, widest: int, parent: QWidget | None = None) -> None:
        """`widest` in px at the base size."""
        super().__init__(parent)
        self._words, self._widest = text, widest
        self.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextOnly)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setAccessibleName(f"Back to {text}")
        self.setToolTip(f"Back to {text}")
        self._fit()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.FontChange:
            self._fit()

    def _fit(self) -> None:
        room = theme_manager().spacing.px(self._widest)
        words = self.fontMetrics().elidedText(self._words, Qt.TextElideMode.ElideMiddle, room)
        self.setText(words.replace("&", "&&"))
