"""The list at the cursor from which a block is added: letters narrow it, arrows choose, Enter adds."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import (
    QAbstractListModel,
    QEvent,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QPoint,
    QRect,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import QFontMetrics, QKeyEvent, QPainter
from PySide6.QtWidgets import (
    QAbstractItemView,
    QFrame,
    QLabel,
    QLineEdit,
    QListView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)

from app.canvas.search import Entry, Match, find, is_composite_key
from app.theme import category_icon, qcolor, set_role, theme_manager

_Index = QModelIndex | QPersistentModelIndex


class SearchModel(QAbstractListModel):
    """The matches, best first."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.matches: list[Match] = []

    def set_matches(self, matches: list[Match]) -> None:
        self.beginResetModel()
        self.matches = matches
        self.endResetModel()

    def rowCount(self, parent: _Index = QModelIndex()) -> int:  # noqa: B008 - Qt's own signature
        return 0 if parent.isValid() else len(self.matches)

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if not index.isValid():
            return None
        match = self.matches[index.row()]
        if role == Qt.ItemDataRole.DisplayRole:
            return match.entry.title
        if role == Qt.ItemDataRole.UserRole:
            return match
        if role == Qt.ItemDataRole.ToolTipRole:
            return match.entry.detail
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return f"{match.entry.title}, {match.entry.category}. {match.entry.detail}"
        return None


class SearchDelegate(QStyledItemDelegate):
    """A row: the category's icon, the title with the letters that matched, the category."""

    def sizeHint(self, option: QStyleOptionViewItem, _index: _Index) -> QSize:
        spacing = theme_manager().spacing
        return QSize(0, QFontMetrics(option.font).height() + spacing.m + spacing.xs)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: _Index) -> None:
        match = index.data(Qt.ItemDataRole.UserRole)
        if not isinstance(match, Match):
            return
        theme = theme_manager()
        palette, spacing = theme.palette, theme.spacing
        rect: QRect = option.rect
        state: QStyle.StateFlag = option.state
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if state & QStyle.StateFlag.State_Selected:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(qcolor(palette.selection))
            painter.drawRoundedRect(rect.adjusted(spacing.s, 1, -spacing.s, -1), spacing.s, spacing.s)
        elif state & QStyle.StateFlag.State_MouseOver:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(qcolor(palette.hover))
            painter.drawRoundedRect(rect.adjusted(spacing.s, 1, -spacing.s, -1), spacing.s, spacing.s)
        edge = spacing.icon
        left = rect.left() + spacing.l
        category = "Composites" if is_composite_key(match.entry.key) else match.entry.category
        category_icon(category).paint(painter, left, rect.center().y() - edge // 2 + 1, edge, edge)
        left += edge + spacing.m
        small = theme.typography.font("small")
        painter.setFont(small)
        painter.setPen(qcolor(palette.text_faint))
        category_width = QFontMetrics(small).horizontalAdvance(match.entry.category)
        right = rect.right() - spacing.l
        painter.drawText(
            QRect(right - category_width, rect.top(), category_width + 1, rect.height()),
            Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight,
            match.entry.category,
        )
        self._title(painter, match, QRect(left, rect.top(), right - category_width - spacing.m - left, rect.height()))
        painter.restore()

    def _title(self, painter: QPainter, match: Match, room: QRect) -> None:
        theme = theme_manager()
        plain, strong = theme.typography.font("body"), theme.typography.font("strong")
        x, baseline = room.left(), room.center().y() + QFontMetrics(plain).capHeight() // 2 + 1
        marked = set(match.marked)
        title, at = match.entry.title, 0
        while at < len(title):
            end = at
            while end < len(title) and (end in marked) == (at in marked):
                end += 1
            font = strong if at in marked else plain
            piece = title[at:end]
            painter.setFont(font)
            painter.setPen(qcolor(theme.palette.accent if at in marked else theme.palette.text))
            painter.drawText(QPoint(x, baseline), piece)
            x += QFontMetrics(font).horizontalAdvance(piece)
            at = end


class SearchList(QWidget):
    """A field with the list of what fits below it; also serves the window's palette."""

    chosen = Signal(object)
    """The `Entry` that was taken."""
    cancelled = Signal()

    def __init__(self, placeholder: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._entries: Sequence[Entry] = ()
        self.field = QLineEdit(self)
        self.field.setPlaceholderText(placeholder)
        self.field.setClearButtonEnabled(False)
        self.field.setAccessibleName(placeholder)
        self.model = SearchModel(self)
        self.list = QListView(self)
        self.list.setModel(self.model)
        self.list.setItemDelegate(SearchDelegate(self.list))
        self.list.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.setUniformItemSizes(True)
        self.list.setMouseTracking(True)
        self.list.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.list.setFrameShape(QFrame.Shape.NoFrame)
        self.list.setAccessibleName("What fits")
        self.about = QLabel(self)
        self.about.setWordWrap(True)
        self.about.setTextFormat(Qt.TextFormat.PlainText)
        set_role(self.about, "dim")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        for widget in (self.field, self.list, self.about):
            layout.addWidget(widget)
        self.field.installEventFilter(self)
        self.field.textChanged.connect(self._narrow)
        self.list.clicked.connect(lambda index: self._take(index.row()))
        self.list.selectionModel().currentChanged.connect(lambda *_: self._describe())

    def set_entries(self, entries: Sequence[Entry]) -> None:
        """Offer these."""
        self._entries = entries
        self._narrow(self.field.text())

    @property
    def current(self) -> Entry | None:
        """The entry that Enter would take."""
        row = self.list.currentIndex().row()
        return self.model.matches[row].entry if 0 <= row < len(self.model.matches) else None

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self.field and event.type() == QEvent.Type.KeyPress and isinstance(event, QKeyEvent):
            return self._key(event)
        return super().eventFilter(watched, event)

    def _key(self, event: QKeyEvent) -> bool:
        steps = {
            Qt.Key.Key_Down: 1,
            Qt.Key.Key_Up: -1,
            Qt.Key.Key_Tab: 1,
            Qt.Key.Key_Backtab: -1,
            Qt.Key.Key_PageDown: 8,
            Qt.Key.Key_PageUp: -8,
        }
        key = Qt.Key(event.key())
        if key in steps:
            self._go(steps[key])
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._take(self.list.currentIndex().row())
        elif key == Qt.Key.Key_Escape:
            self.cancelled.emit()
        else:
            return False
        return True

    def _go(self, step: int) -> None:
        count = len(self.model.matches)
        if not count:
            return
        row = self.list.currentIndex().row() + step
        row = row % count if abs(step) == 1 else min(max(row, 0), count - 1)
        self.list.setCurrentIndex(self.model.index(row))

    def _narrow(self, text: str) -> None:
        self.model.set_matches(find(text, self._entries))
        if self.model.matches:
            self.list.setCurrentIndex(self.model.index(0))
            self.list.scrollToTop()
        self._describe()

    def _describe(self) -> None:
        entry = self.current
        if entry is not None:
            self.about.setText(entry.detail)
        elif self.field.text():
            self.about.setText(f"Nothing here is called “{self.field.text()}”. Esc closes the list.")
        else:
            self.about.setText("Nothing fits here.")

    def _take(self, row: int) -> None:
        if 0 <= row < len(self.model.matches):
            self.chosen.emit(self.model.matches[row].entry)


class SearchPopup(QFrame):
    """The list in a frame over the canvas; closes when it loses the keyboard."""

    chosen = Signal(object)
    """The `Entry` that was taken."""
    closed = Signal()

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._home = parent
        set_role(self, "card")
        self.title = QLabel(self)
        set_role(self.title, "section")
        self.search = SearchList("Search blocks", self)
        self._box = QVBoxLayout(self)
        self._box.addWidget(self.title)
        self._box.addWidget(self.search)
        self.search.chosen.connect(self._on_chosen)
        self.search.cancelled.connect(self.dismiss)
        self.search.field.installEventFilter(self)
        self.hide()

    def open_at(self, at: QPoint, entries: Sequence[Entry], title: str) -> None:
        """Show at a position of the parent, inside it, with the keyboard in the field."""
        spacing = theme_manager().spacing
        self._box.setContentsMargins(spacing.m, spacing.m, spacing.m, spacing.m)
        self._box.setSpacing(spacing.s)
        self.title.setText(title)
        self.search.field.clear()
        self.search.set_entries(entries)
        parent = self._home
        size = QSize(spacing.px(330), spacing.px(380)).boundedTo(parent.size() - QSize(spacing.m, spacing.m))
        self.resize(size)
        x = min(max(at.x(), spacing.s), parent.width() - size.width() - spacing.s)
        y = min(max(at.y(), spacing.s), parent.height() - size.height() - spacing.s)
        self.move(x, y)
        self.show()
        self.raise_()
        self.search.field.setFocus(Qt.FocusReason.PopupFocusReason)

    def dismiss(self) -> None:
        """Close without a choice."""
        if self.isVisible():
            self._close()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self.search.field and event.type() == QEvent.Type.FocusOut and self.isVisible():
            self.dismiss()
        return super().eventFilter(watched, event)

    def _on_chosen(self, entry: Entry) -> None:
        self._close()
        self.chosen.emit(entry)

    def _close(self) -> None:
        self.hide()
        self._home.setFocus(Qt.FocusReason.OtherFocusReason)
        self.closed.emit()
