"""The command palette: everything that can be done, placed, opened or found, by a few letters."""

from __future__ import annotations

from math import log2
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QModelIndex, QObject, QRect, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent
from PySide6.QtWidgets import (
    QApplication,
    QFrame,
    QGraphicsDropShadowEffect,
    QLabel,
    QListView,
    QVBoxLayout,
    QWidget,
)

from app.canvas.search import Entry, Match, find
from app.palette_list import Offer, PaletteDelegate, PaletteModel
from app.theme import qcolor, set_role, theme_manager
from app.widgets import SearchField

if TYPE_CHECKING:
    from collections.abc import Sequence

    from app.settings import Settings

_MOST = 60
_USED = 3.0  # what doubling the number of uses adds to how well something fits
_ROWS = 11


class Palette(QFrame):
    """Opens over the window below the search button; Esc, a click elsewhere or a choice closes it."""

    closed = Signal()

    def __init__(self, window: QWidget, settings: Settings) -> None:
        super().__init__(window)
        self._window = window
        self._settings = settings
        self._uses: dict[str, int] = {}
        self._back_to: QWidget | None = None
        self._offers: dict[str, Offer] = {}
        self._entries: list[Entry] = []
        self.setObjectName("palette")
        self.setAccessibleName("Command palette")
        self.line = SearchField("Search blocks, actions, presets and nodes")
        self.model = PaletteModel(self)
        self.list = QListView()
        set_role(self.list, "panel")
        self.list.setModel(self.model)
        self.list.setItemDelegate(PaletteDelegate(self.model, self.list))
        self.list.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.list.setMouseTracking(True)
        self.list.setUniformItemSizes(True)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.setVerticalScrollMode(QListView.ScrollMode.ScrollPerPixel)
        self.list.clicked.connect(self._choose)
        self._nothing = QLabel()
        self._nothing.setAlignment(Qt.AlignmentFlag.AlignCenter)
        set_role(self._nothing, "faint")
        self._column = QVBoxLayout(self)
        self._column.addWidget(self.line)
        self._column.addWidget(self.list, 1)
        self._column.addWidget(self._nothing, 1)
        self.line.edited.connect(self._search)
        self.line.installEventFilter(self)
        shadow = QGraphicsDropShadowEffect(self)
        shadow.setBlurRadius(40)
        shadow.setOffset(0, 8)
        shadow.setColor(qcolor(theme_manager().palette.shadow, 0.5))
        self.setGraphicsEffect(shadow)
        theme_manager().changed.connect(self._space)
        self._space()
        self.hide()

    def open(self, offers: Sequence[Offer], *, placeholder: str, at: QRect) -> None:
        """Shows `offers`, those that come first being the ones proposed; `at` (in the window) is what it opens from."""
        focused = QApplication.focusWidget()
        self._back_to = focused if focused is not None and not self.isAncestorOf(focused) else self._back_to
        self._offers = {offer.entry.key: offer for offer in offers}
        self._uses = self._settings.uses()
        # what was chosen most comes first; the rest keeps its order
        self._entries = sorted((offer.entry for offer in offers), key=lambda entry: -self._uses.get(entry.key, 0))
        self.line.setPlaceholderText(placeholder)
        self.line.clear()
        self._search("")
        self._place(at)
        self.show()
        self.raise_()
        self.line.setFocus(Qt.FocusReason.PopupFocusReason)
        QApplication.instance().installEventFilter(self)  # type: ignore[union-attr]  # there is one: this is a widget

    def close_palette(self) -> None:
        """Goes, and gives the keyboard back."""
        if self.isHidden():
            return
        QApplication.instance().removeEventFilter(self)  # type: ignore[union-attr]
        had_focus = self.isAncestorOf(QApplication.focusWidget() or self._window)
        self.hide()
        if had_focus and self._back_to is not None:
            self._back_to.setFocus(Qt.FocusReason.PopupFocusReason)
        self._back_to = None
        self.closed.emit()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.KeyPress and watched is self.line and isinstance(event, QKeyEvent):
            return self._on_key(event)
        if (
            event.type() == QEvent.Type.MouseButtonPress
            and isinstance(event, QMouseEvent)
            and isinstance(watched, QWidget)
        ):
            inside = watched is self or self.isAncestorOf(watched)
            if not inside and watched.window() is self._window:
                self.close_palette()
        if event.type() == QEvent.Type.Resize and watched is self._window:
            self.close_palette()
        return False

    def choose_current(self) -> None:
        """Does what the row that is lit stands for."""
        self._choose(self.list.currentIndex())

    def _on_key(self, event: QKeyEvent) -> bool:
        key = Qt.Key(event.key())
        steps = {Qt.Key.Key_Down: 1, Qt.Key.Key_Up: -1, Qt.Key.Key_PageDown: _ROWS, Qt.Key.Key_PageUp: -_ROWS}.get(key)
        if steps is not None:
            count = self.model.possible
            if count:
                row = self.list.currentIndex().row() + steps
                self._light(row % count if abs(steps) == 1 else min(max(row, 0), count - 1))
            return True
        if key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.choose_current()
            return True
        if key in (Qt.Key.Key_Tab, Qt.Key.Key_Backtab):
            return True
        if key == Qt.Key.Key_Escape:
            self.close_palette()
            return True
        return False

    def _search(self, text: str) -> None:
        # What is not possible now comes last, and the keyboard does not go there.
        matches = sorted(find(text, self._entries), key=self._rank)
        self.model.show_matches([(match, self._offers[match.entry.key]) for match in matches[:_MOST]])
        self.list.setVisible(bool(matches))
        self._nothing.setVisible(not matches)
        self._nothing.setText(f"Nothing answers to “{text}”.")
        self._light(0)

    def _rank(self, match: Match) -> tuple[bool, float]:
        """What is possible first, by how well it fits and how often it was chosen."""
        used = log2(1 + self._uses.get(match.entry.key, 0))
        return not self._offers[match.entry.key].possible, -(match.score + _USED * used)

    def _light(self, row: int) -> None:
        index = self.model.index(row, 0)
        self.list.setCurrentIndex(index)
        if index.isValid():
            self.line.setAccessibleDescription(str(index.data()))

    def _choose(self, index: QModelIndex) -> None:
        offer = self.model.offer(index)
        if offer is None or not offer.possible:
            return
        self.close_palette()
        self._settings.count_use(offer.entry.key)
        offer.run()

    def _place(self, at: QRect) -> None:
        spacing = theme_manager().spacing
        room = self._window.rect()
        width = min(spacing.px(560), room.width() - 2 * spacing.xl)
        row = PaletteDelegate.row_height()
        height = min(
            self.line.sizeHint().height() + _ROWS * row + spacing.px(34), room.height() - at.top() - spacing.xl
        )
        left = min(max(spacing.m, at.left() - spacing.m), room.width() - width - spacing.m)
        self.setGeometry(left, max(spacing.s, at.top() - spacing.m), width, height)

    def _space(self) -> None:
        spacing = theme_manager().spacing
        self._column.setContentsMargins(spacing.m, spacing.m, spacing.m, spacing.m)
        self._column.setSpacing(spacing.m)
