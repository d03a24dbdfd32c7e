"""The block library as a tree for Qt: categories, and in each what can be placed, to be dragged."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QByteArray, QMimeData, QModelIndex, QPersistentModelIndex, Qt
from PySide6.QtGui import QStandardItem, QStandardItemModel

from app.canvas.search import Entry, block_entries, composite_entries, find, is_composite_key
from app.canvas.stock import OWN_CATEGORY, Stock
from graph_engine.blocks import Block, Category
from graph_engine.document import Document

BLOCK_MIME = "application/x-layerloom-block"
"""What is dragged from the library: the key of what is to be placed, in UTF-8."""

KEY_ROLE = Qt.ItemDataRole.UserRole + 1
CATEGORY_ROLE = Qt.ItemDataRole.UserRole + 2
COMPOSITE_ROLE = Qt.ItemDataRole.UserRole + 3
"""Whether what a row stands for can be entered once it is placed."""

_FIRST = (str(Category.COMPOSITE), OWN_CATEGORY)
"""The categories of what is one's own."""


class LibraryModel(QStandardItemModel):
    """What can be placed, by category; `filter` leaves what answers to a text, the best first."""

    def __init__(self, stock: Stock) -> None:
        super().__init__()
        self._stock = stock
        self._document = Document()
        self._fixed = [*block_entries(), *stock.part_entries()]
        self._own: list[Entry] = []
        self._titles: dict[str, str] = {}
        self._query = ""
        self.best = ""
        """The key of what answers best to what is searched; empty without a search."""
        self.filter("")

    def filter(self, query: str) -> None:
        """Lists what answers to `query`, the best first; everything in the library's order without one."""
        self._query = query
        entries = [*self._own, *self._fixed]
        self._titles = {entry.key: entry.title for entry in entries}
        matches = find(query, entries)
        found: dict[str, list[Entry]] = {}
        for match in matches:
            found.setdefault(match.entry.category, []).append(match.entry)
        self.clear()
        root = self.invisibleRootItem()
        order = dict.fromkeys([*_FIRST, *map(str, Category), *(entry.category for entry in self._fixed)])
        for category in found if query.strip() else order:  # the best match is on top
            if category in found:
                root.appendRow(_category(category, found[category]))
        self.best = matches[0].entry.key if matches and query.strip() else ""

    def show_own(self, document: Document) -> bool:
        """Lists what a document has of its own and the user's own blocks as well; False when they are as before."""
        self._document = document
        entries = [*composite_entries(document), *self._stock.own_entries()]
        if entries == self._own:
            return False
        self._own = entries
        self.filter(self._query)
        return True

    def block(self, key: str) -> type[Block] | None:
        """The block of a key."""
        return self._stock.block(self._document, key)

    def key(self, index: QModelIndex) -> str | None:
        """The key of a row; None for a category."""
        found = index.data(KEY_ROLE)
        return found if isinstance(found, str) else None

    def mimeTypes(self) -> list[str]:
        return [BLOCK_MIME]

    def mimeData(self, indexes: Sequence[QModelIndex | QPersistentModelIndex]) -> QMimeData:
        data = QMimeData()
        keys = [found for index in indexes if isinstance(found := index.data(KEY_ROLE), str)]
        if keys:
            data.setData(BLOCK_MIME, QByteArray(keys[0].encode()))
            data.setText(self._titles[keys[0]])
        return data


def _category(category: str, entries: Sequence[Entry]) -> QStandardItem:
    head = QStandardItem("In this document" if category == str(Category.COMPOSITE) else category)
    head.setData(category, CATEGORY_ROLE)
    head.setFlags(Qt.ItemFlag.ItemIsEnabled)
    for entry in entries:
        head.appendRow(_item(entry))
    return head


def _item(entry: Entry) -> QStandardItem:
    item = QStandardItem(entry.title)
    item.setData(entry.key, KEY_ROLE)
    is_composite = is_composite_key(entry.key)
    item.setData(is_composite, COMPOSITE_ROLE)
    more = "\nA composite: enter it to see and change what is inside." if is_composite else ""
    item.setToolTip(entry.detail + more)
    item.setFlags(Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable | Qt.ItemFlag.ItemIsDragEnabled)
    told = f"{entry.title}, a composite: {entry.detail}" if is_composite else f"{entry.title}: {entry.detail}"
    item.setData(told, Qt.ItemDataRole.AccessibleTextRole)
    return item
