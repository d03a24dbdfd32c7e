"""The rows of the command palette: what is offered, as a list for Qt, and how a row is drawn."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from PySide6.QtCore import QAbstractListModel, QModelIndex, QObject, QPersistentModelIndex, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QFontMetrics, QPainter, QPen
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem

from app.canvas.search import Entry, Match
from app.theme import category_icon, icon, qcolor, theme_manager

_Index = QModelIndex | QPersistentModelIndex
_ROOT = QModelIndex()


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
