"""The library of blocks: filtered by typing, dragged onto the canvas, or placed by Enter or a double click."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QModelIndex, QPersistentModelIndex, QPoint, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QContextMenuEvent, QDrag, QFontMetrics, QKeyEvent, QPainter, QPen, QPixmap
from PySide6.QtWidgets import (
    QStackedLayout,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTreeView,
    QVBoxLayout,
    QWidget,
)

from app.canvas.search import is_composite_key
from app.panels.library_model import CATEGORY_ROLE, COMPOSITE_ROLE, KEY_ROLE, LibraryModel
from app.theme import icon, qcolor, set_role, set_surface, theme_manager
from app.widgets import EmptyState, SearchField
from graph_engine.blocks import Block, Category
from graph_engine.blocks.custom import is_custom

if TYPE_CHECKING:
    from app.canvas.stock import Stock
    from app.panels.library_menu import LibraryMenu
    from app.session import Session


class LibraryPanel(QWidget):
    """Filter line and tree of blocks."""

    block_chosen = Signal(str)
    """A block is to be placed where the window thinks best."""

    def __init__(
        self, session: Session, stock: Stock, menu: LibraryMenu | None = None, parent: QWidget | None = None
    ) -> None:
        """`menu` makes the menus of composites."""
        super().__init__(parent)
        self._session = session
        self._menu = menu
        set_surface(self, "panel")
        self.setAccessibleName("Blocks")
        self.model = LibraryModel(stock)
        self.filter = SearchField("Filter blocks…")
        self.tree = LibraryTree(self.model)
        self.filter.set_view(self.tree)
        self._empty = EmptyState("search", "")
        body = QWidget()
        self._lists = QStackedLayout(body)  # without a widget to lie in it would show the first as a window
        self._lists.addWidget(self.tree)
        self._lists.addWidget(self._empty)
        self._column = QVBoxLayout(self)
        self._column.addWidget(self.filter)
        self._column.addWidget(body, 1)
        self.filter.edited.connect(self._filter)
        self.filter.committed.connect(self._place_best)
        self.tree.placed.connect(self.block_chosen)
        self.tree.menu_requested.connect(self._open_menu)
        for signal in (session.opened, session.changed):
            signal.connect(self.show_own)
        self.show_own()
        theme_manager().changed.connect(self._space)
        self._space()

    def show_own(self) -> None:
        """Lists the composites of the document and of the user as they are now."""
        if self.model.show_own(self._session.document):
            self._filter(self.filter.text())

    def _open_menu(self, key: str, at: QPoint) -> None:
        """What can be done with a composite."""
        if self._menu is not None and (is_composite_key(key) or is_custom(key)):
            self._menu.menu(key, self).popup(at)

    def _filter(self, text: str) -> None:
        self.model.filter(text)
        self.tree.unfold(text)
        self.tree.light(self.model.best)
        self._empty.set_sentence(
            "Another word may find it; every block has a few.", title=f"No block answers to “{text}”"
        )
        self._lists.setCurrentIndex(0 if self.model.rowCount() else 1)

    def _place_best(self, text: str) -> None:
        if text.strip() and self.model.best:
            self.block_chosen.emit(self.model.best)

    def _space(self) -> None:
        spacing = theme_manager().spacing
        self._column.setContentsMargins(spacing.px(10), spacing.px(10), spacing.px(10), 0)
        self._column.setSpacing(spacing.m)


class LibraryTree(QTreeView):
    """Categories with their dots; a click on one folds it."""

    placed = Signal(str)
    menu_requested = Signal(str, QPoint)
    """A menu is asked for on a block, at a place on the screen."""

    def __init__(self, model: LibraryModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._model = model
        self._folded: set[str] = set()
        self._quiet = False
        self.setModel(model)
        set_role(self, "panel")
        self.setAccessibleName("Blocks by category")
        self.setHeaderHidden(True)
        self.setRootIsDecorated(False)
        self.setIndentation(0)
        self.setUniformRowHeights(False)
        self.setDragEnabled(True)
        self.setDragDropMode(QTreeView.DragDropMode.DragOnly)
        self.setExpandsOnDoubleClick(False)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollMode(QTreeView.ScrollMode.ScrollPerPixel)
        self.setMouseTracking(True)
        self.setItemDelegate(_LibraryDelegate(self))
        self.clicked.connect(self._on_clicked)
        self.doubleClicked.connect(self._place)
        self.collapsed.connect(lambda index: self._note(index, folded=True))
        self.expanded.connect(lambda index: self._note(index, folded=False))
        self.unfold("")

    def unfold(self, query: str) -> None:
        """Opens every category while something is searched, else those that the user has not folded."""
        self._quiet = True
        for row in range(self._model.rowCount()):
            index = self._model.index(row, 0)
            self.setExpanded(index, bool(query.strip()) or index.data(CATEGORY_ROLE) not in self._folded)
        self._quiet = False

    def light(self, key: str) -> None:
        """Makes the row of a block the current one, so that the keyboard enters there."""
        for row in range(self._model.rowCount()):
            head = self._model.index(row, 0)
            for at in range(self._model.rowCount(head)):
                index = self._model.index(at, 0, head)
                if self._model.key(index) == key:
                    self.setCurrentIndex(index)
                    return

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._place(self.currentIndex())
        else:
            super().keyPressEvent(event)

    def startDrag(self, supported: Qt.DropAction) -> None:  # noqa: N802
        index = self.currentIndex()
        key = self._model.key(index)
        if key is None:
            return
        block = self._model.block(key)
        if block is None:
            return
        drag = QDrag(self)
        drag.setMimeData(self._model.mimeData([index]))
        picture = chip_of(block, self.devicePixelRatioF())
        drag.setPixmap(picture)
        drag.setHotSpot(QPoint(theme_manager().spacing.l, theme_manager().spacing.l))
        drag.exec(supported, Qt.DropAction.CopyAction)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        by_mouse = event.reason() == QContextMenuEvent.Reason.Mouse
        index = self.indexAt(event.pos()) if by_mouse else self.currentIndex()
        key = self._model.key(index)
        if key is not None:
            below = self.viewport().mapToGlobal(self.visualRect(index).bottomLeft())
            self.menu_requested.emit(key, event.globalPos() if by_mouse else below)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.FontChange:
            self.scheduleDelayedItemsLayout()

    def _place(self, index: QModelIndex) -> None:
        key = self._model.key(index)
        if key is not None:
            self.placed.emit(key)
        elif index.isValid():
            self.setExpanded(index, not self.isExpanded(index))

    def _on_clicked(self, index: QModelIndex) -> None:
        if self._model.key(index) is None:
            self.setExpanded(index, not self.isExpanded(index))

    def _note(self, index: QModelIndex, *, folded: bool) -> None:
        category = index.data(CATEGORY_ROLE)
        if not self._quiet and isinstance(category, str):
            (self._folded.add if folded else self._folded.discard)(category)


class _LibraryDelegate(QStyledItemDelegate):
    """Categories as small capitals behind a dot, blocks indented below."""

    def __init__(self, tree: LibraryTree) -> None:
        super().__init__(tree)
        self._tree = tree

    def sizeHint(self, _option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QSize:
        spacing = theme_manager().spacing
        return QSize(0, spacing.px(28 if index.data(KEY_ROLE) is None else 24))

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        if index.data(KEY_ROLE) is not None:
            option.rect = option.rect.adjusted(0, 0, -theme_manager().spacing.s, 0)
            padded = QStyleOptionViewItem(option)
            self._paint_block(painter, padded, index)
        else:
            self._paint_category(painter, option, index)

    def _paint_block(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        manager = theme_manager()
        colors, spacing = manager.palette, manager.spacing
        state = option.state
        selected = bool(state & option.state.State_Selected)
        hovered = bool(state & option.state.State_MouseOver)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        rect = QRectF(option.rect).adjusted(0.5, 0.5, -0.5, -0.5)
        if selected or hovered:
            active = selected and self._tree.hasFocus()
            ground = colors.selection if active else colors.pressed if selected else colors.hover
            painter.setBrush(qcolor(ground))
            focus = selected and self._tree.hasFocus()
            painter.setPen(QPen(qcolor(colors.accent), 1.0) if focus else Qt.PenStyle.NoPen)
            painter.drawRoundedRect(rect, spacing.radius, spacing.radius)
        painter.setPen(qcolor(colors.text))
        painter.setFont(manager.typography.font())
        text = option.rect.adjusted(spacing.px(14), 0, -spacing.s, 0)
        if index.data(COMPOSITE_ROLE):
            edge = spacing.px(12)
            left, top = text.right() - edge, text.center().y() - edge // 2 + 1
            icon("group", "text_faint").paint(painter, left, top, edge, edge)
            text.setRight(left - spacing.s)
        title = painter.fontMetrics().elidedText(str(index.data()), Qt.TextElideMode.ElideRight, text.width())
        painter.drawText(text, Qt.AlignmentFlag.AlignVCenter, title)
        painter.restore()

    def _paint_category(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        manager = theme_manager()
        colors, spacing = manager.palette, manager.spacing
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        edge = spacing.px(8)
        dot = QRect(option.rect.left(), option.rect.center().y() - edge // 2 + spacing.xs, edge, edge)
        painter.setPen(Qt.PenStyle.NoPen)
        category = str(index.data(CATEGORY_ROLE))
        painter.setBrush(qcolor(colors.category(category if category in set(Category) else str(Category.COMPOSITE))))
        painter.drawEllipse(dot)
        painter.setPen(qcolor(colors.text_faint))
        painter.setFont(manager.typography.font("section"))
        text = option.rect.adjusted(spacing.px(14), spacing.s, -spacing.xl, 0)
        folded = not self._tree.isExpanded(QModelIndex(index)) if isinstance(index, QModelIndex) else False
        mark = "  ›" if folded else ""
        room = text.width() - painter.fontMetrics().horizontalAdvance(mark)
        title = painter.fontMetrics().elidedText(str(index.data()), Qt.TextElideMode.ElideRight, room)
        painter.drawText(text, Qt.AlignmentFlag.AlignVCenter, title + mark)
        painter.restore()


def chip_of(block: type[Block], ratio: float) -> QPixmap:
    """What hangs at the pointer while a block is dragged: its title behind the category's strip."""
    manager = theme_manager()
    colors, spacing = manager.palette, manager.spacing
    font = manager.typography.font("strong")
    width = QFontMetrics(font).horizontalAdvance(block.title) + spacing.px(38)
    height = spacing.px(30)
    picture = QPixmap(round(width * ratio), round(height * ratio))
    picture.setDevicePixelRatio(ratio)
    picture.fill(Qt.GlobalColor.transparent)
    painter = QPainter(picture)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setBrush(qcolor(colors.node_body))
    painter.setPen(QPen(qcolor(colors.accent), 1.0))
    painter.drawRoundedRect(QRectF(0.5, 0.5, width - 1, height - 1), spacing.radius, spacing.radius)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(qcolor(colors.category(str(block.category))))
    painter.drawRoundedRect(QRectF(spacing.px(9), spacing.px(8), spacing.px(4), height - spacing.px(16)), 1.5, 1.5)
    painter.setPen(qcolor(colors.text))
    painter.setFont(font)
    painter.drawText(QRect(spacing.px(22), 0, width, height), Qt.AlignmentFlag.AlignVCenter, block.title)
    painter.end()
    return picture
