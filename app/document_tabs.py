"""The open documents as tabs above the canvas; none is shown while there is only one."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject, QSignalBlocker, QSize, Qt
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QHBoxLayout, QTabBar, QToolButton, QWidget

from app.theme import icon, set_role, set_surface, theme_manager

if TYPE_CHECKING:
    from collections.abc import Callable

    from app.open_document import OpenDocument
    from app.session import Session

_NARROWEST, _WIDEST = 130, 280  # px at the base size


class _Bar(QTabBar):
    """Tabs that are scrolled rather than made so narrow that no name can be read."""

    def tabSizeHint(self, index: int) -> QSize:  # noqa: N802
        hint = super().tabSizeHint(index)
        return QSize(min(hint.width(), theme_manager().spacing.px(_WIDEST)), hint.height())

    def minimumTabSizeHint(self, index: int) -> QSize:  # noqa: N802
        hint = self.tabSizeHint(index)
        return QSize(min(hint.width(), theme_manager().spacing.px(_NARROWEST)), hint.height())


class DocumentTabs(QWidget):
    """Follows the session's documents. A dot marks one with unsaved changes; the middle button closes a tab."""

    def __init__(
        self, session: Session, close: Callable[[OpenDocument], object], parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._session = session
        self._close = close
        set_surface(self, "panel")
        self.bar = _Bar()
        self.bar.setDrawBase(False)
        self.bar.setExpanding(False)
        self.bar.setMovable(True)
        self.bar.setUsesScrollButtons(True)
        self.bar.setElideMode(Qt.TextElideMode.ElideMiddle)
        self.bar.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.bar.setAccessibleName("Open documents")
        self.bar.installEventFilter(self)
        self._row = QHBoxLayout(self)
        self._row.addWidget(self.bar, 1)
        self.bar.currentChanged.connect(self._on_current)
        self.bar.tabMoved.connect(self._on_moved)
        session.documents_changed.connect(self._show)
        for signal in (session.file_changed, session.history_changed, session.opened):
            signal.connect(self._name)
        theme_manager().changed.connect(self._space)
        self._space()
        self._show()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if isinstance(event, QMouseEvent) and event.type() == QEvent.Type.MouseButtonRelease:
            at = self.bar.tabAt(event.position().toPoint())
            if event.button() == Qt.MouseButton.MiddleButton and at >= 0:
                self._close(self._session.documents[at])
                return True
        return super().eventFilter(watched, event)

    def _show(self) -> None:
        documents = self._session.documents
        with QSignalBlocker(self.bar):
            while self.bar.count() > len(documents):
                self.bar.removeTab(self.bar.count() - 1)
            while self.bar.count() < len(documents):
                self.bar.addTab("")
            for at, opened in enumerate(documents):
                self.bar.setTabButton(at, QTabBar.ButtonPosition.RightSide, self._button(opened))
        self._name()
        self.setVisible(len(documents) > 1)

    def _name(self) -> None:
        documents = self._session.documents
        if len(documents) != self.bar.count():
            return
        with QSignalBlocker(self.bar):
            for at, opened in enumerate(documents):
                text = f"{opened.name} •" if opened.dirty else opened.name
                if self.bar.tabText(at) != text:
                    self.bar.setTabText(at, text.replace("&", "&&"))
                state = ", unsaved changes" if opened.dirty else ""
                self.bar.setAccessibleTabName(at, f"{opened.name}{state}")
                self.bar.setTabToolTip(
                    at, str(opened.path) if opened.path is not None else f"{opened.name}, no file yet"
                )
            self.bar.setCurrentIndex(documents.index(self._session.front))

    def _button(self, opened: OpenDocument) -> QToolButton:
        button = QToolButton()
        set_role(button, "small")
        button.setIcon(icon("close"))
        button.setToolTip(f"Close {opened.name}")
        button.setAccessibleName(f"Close {opened.name}")
        button.setFocusPolicy(Qt.FocusPolicy.NoFocus)  # Ctrl+W closes; the bar itself takes the keyboard
        button.clicked.connect(partial(self._close, opened))
        return button

    def _on_current(self, at: int) -> None:
        documents = self._session.documents
        if 0 <= at < len(documents) and documents[at] is not self._session.front:
            self._session.show(documents[at])

    def _on_moved(self, start: int, end: int) -> None:
        documents = self._session.documents
        documents.insert(end, documents.pop(start))

    def _space(self) -> None:
        spacing = theme_manager().spacing
        self._row.setContentsMargins(spacing.s, spacing.xs, spacing.m, 0)
