"""The command palette: everything that can be done, placed, opened or found, by a few letters."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from PySide6.QtCore import (
    QAbstractListModel,
    QEvent,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QRect,
    QRectF,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import QFontMetrics, QKeyEvent, QMouseEvent, QPainter, QPen
from PySide6.QtWidgets import (
    QApplication,
    QFrame,
    QGraphicsDropShadowEffect,
    QLabel,
    QListView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)

from app.canvas.search import Entry, Match, find
from app.theme import category_icon, icon, qcolor, set_role, theme_manager
from app.widgets import SearchField

if TYPE_CHECKING:
    from collections.abc import Sequence

_Index = QModelIndex | QPersistentModelIndex
_ROOT = QModelIndex()
_MOST = 60
_ROWS = 11


@dataclass(frozen=True, slots=True)
class Offer:
    """Something that the palette offers: how it is found, its sign, its keys, and what choosing it does.

    `icon` is a name in `assets/icons`, or empty for the icon of the entry's category. What is not `possible` now is
    listed, greyed, with `why`.
    """

    entry: Entry
    run: Callable[[], object]
    icon: str = ""
    keys: str = ""
    possible: bool = True
    why: str = ""


class Palette(QFrame):
    """Opens over the window below the search button; Esc, a click elsewhere or a choice closes it."""

    closed = Signal()

    def __init__(self, window: QWidget) -> None:
        super().__init__(window)
        self._window = window
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
        self._entries = [offer.entry for offer in offers]
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
        matches = sorted(find(text, self._entries), key=lambda match: not self._offers[match.entry.key].possible)
        self.model.show_matches([(match, self._offers[match.entry.key]) for match in matches[:_MOST]])
        self.list.setVisible(bool(matches))
        self._nothing.setVisible(not matches)
        self._nothing.setText(f"Nothing answers to “{text}”.")
        self._light(0)

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


class PaletteModel(QAbstractListModel):
    """What was found."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._rows: list[tuple[Match, Offer]] = []

    def show_matches(self, rows: list[tuple[Match, Offer]]) -> None:
        self.beginResetModel()
        self._rows = rows
        self.endResetModel()

    def rowCount(self, parent: _Index = _ROOT) -> int:
        return 0 if parent.isValid() else len(self._rows)

    @property
    def possible(self) -> int:
        """How many of the rows, which come first, can be chosen."""
        return sum(1 for _, offer in self._rows if offer.possible)

    def offer(self, index: _Index) -> Offer | None:
        return self._rows[index.row()][1] if index.isValid() else None

    def row(self, index: _Index) -> tuple[Match, Offer]:
        return self._rows[index.row()]

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if not index.isValid():
            return None
        match, offer = self._rows[index.row()]
        if role == Qt.ItemDataRole.DisplayRole:
            return match.entry.title
        if role == Qt.ItemDataRole.ToolTipRole:
            return offer.why or match.entry.detail
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return ", ".join(filter(None, (match.entry.title, match.entry.category, offer.keys, offer.why)))
        return None

    def flags(self, index: _Index) -> Qt.ItemFlag:
        offer = self.offer(index)
        usual = Qt.ItemFlag.ItemIsSelectable
        return usual | Qt.ItemFlag.ItemIsEnabled if offer is None or offer.possible else usual


class PaletteDelegate(QStyledItemDelegate):
    """Sign, title with the letters that matched, a word on what it is, keys."""

    def __init__(self, model: PaletteModel, parent: QObject) -> None:
        super().__init__(parent)
        self._model = model

    @staticmethod
    def row_height() -> int:
        return theme_manager().spacing.px(32)

    def sizeHint(self, option: QStyleOptionViewItem, index: _Index) -> QSize:  # noqa: ARG002
        return QSize(0, self.row_height())

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: _Index) -> None:
        match, offer = self._model.row(index)
        manager = theme_manager()
        colors, spacing = manager.palette, manager.spacing
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        rect = QRect(option.rect)
        state = option.state
        if state & QStyle.StateFlag.State_Selected:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(qcolor(colors.selection))
            painter.drawRoundedRect(QRectF(rect), spacing.radius, spacing.radius)
        elif state & QStyle.StateFlag.State_MouseOver:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(qcolor(colors.hover))
            painter.drawRoundedRect(QRectF(rect), spacing.radius, spacing.radius)
        edge = spacing.icon
        sign = QRect(rect.left() + spacing.m, rect.center().y() - edge // 2 + 1, edge, edge)
        shown = icon(offer.icon) if offer.icon else category_icon(match.entry.category)
        shown.paint(painter, sign, mode=shown.Mode.Normal if offer.possible else shown.Mode.Disabled)
        right = self._paint_keys(painter, offer.keys, rect)
        self._paint_words(
            painter,
            match,
            offer,
            QRect(sign.right() + spacing.px(10), rect.top(), right - sign.right() - spacing.px(14), rect.height()),
        )
        painter.restore()

    def _paint_words(self, painter: QPainter, match: Match, offer: Offer, room: QRect) -> None:
        manager = theme_manager()
        colors, spacing = manager.palette, manager.spacing
        font, strong = manager.typography.font(), manager.typography.font("strong")
        x = room.left()
        centre = Qt.AlignmentFlag.AlignVCenter
        marked = set(match.marked)
        for at, letter in enumerate(match.entry.title):
            painter.setFont(strong if at in marked else font)
            color = colors.text_disabled if not offer.possible else colors.accent if at in marked else colors.text
            painter.setPen(qcolor(color))
            advance = painter.fontMetrics().horizontalAdvance(letter)
            if x + advance > room.right():
                return
            painter.drawText(QRect(x, room.top(), advance + 2, room.height()), centre, letter)
            x += advance
        note = offer.why or match.entry.detail or match.entry.category
        x += spacing.px(12)
        painter.setFont(manager.typography.font("small"))
        painter.setPen(qcolor(colors.text_faint if offer.possible else colors.text_disabled))
        left = room.right() - x
        if left > spacing.px(40):
            text = painter.fontMetrics().elidedText(note, Qt.TextElideMode.ElideRight, left)
            painter.drawText(QRect(x, room.top(), left, room.height()), centre, text)

    def _paint_keys(self, painter: QPainter, keys: str, rect: QRect) -> int:
        """Draws the keys at the right; returns where they begin (px)."""
        manager = theme_manager()
        colors, spacing = manager.palette, manager.spacing
        right = rect.right() - spacing.m
        if not keys:
            return right
        font = manager.typography.font("small")
        metrics = QFontMetrics(font)
        painter.setFont(font)
        for name in reversed([part or "+" for part in keys.removesuffix("+").split("+")]):
            width = max(metrics.horizontalAdvance(name) + spacing.m, spacing.px(18))
            cap = QRectF(right - width, rect.center().y() - spacing.px(9) + 0.5, width, spacing.px(18))
            painter.setPen(QPen(qcolor(colors.line_strong, 0.6), 1.0))
            painter.setBrush(qcolor(colors.panel))
            painter.drawRoundedRect(cap, 3, 3)
            painter.setPen(qcolor(colors.text_dim))
            painter.drawText(cap, Qt.AlignmentFlag.AlignCenter, name)
            right -= width + spacing.px(3)
        return right


def renamed(entry: Entry, key: str) -> Entry:
    """The same entry under another key, so that blocks, presets and nodes of one name stay apart."""
    return replace(entry, key=key)
