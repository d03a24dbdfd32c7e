"""The block library as a tree for Qt: categories, and in each its blocks, to be dragged."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QByteArray, QMimeData, QModelIndex, QPersistentModelIndex, Qt
from PySide6.QtGui import QStandardItem, QStandardItemModel

from app.canvas.search import Entry, block_entries, composite_entries, find
from graph_engine.blocks import Block, Category, all_blocks
from graph_engine.document import Document

BLOCK_MIME = "application/x-layerloom-block"
"""What is dragged from the library: the name of a block, in UTF-8."""

KEY_ROLE = Qt.ItemDataRole.UserRole + 1
CATEGORY_ROLE = Qt.ItemDataRole.UserRole + 2


class LibraryModel(QStandardItemModel):
    """Blocks by category; `filter` leaves those that answer to a text, the best of a category first."""

    def __init__(self) -> None:
        super().__init__()
        self._blocks = dict(all_blocks())
        self._entries = block_entries()
        self._composites: list[Entry] = []
        self._query = ""
        self.best = ""
        """The block that answers best to what is searched; empty without a search."""
        self.filter("")

    def filter(self, query: str) -> None:
        """Lists the blocks that answer to `query`; all of them in the library's order without one."""
        self._query = query
        matches = find(query, [*self._composites, *self._entries])
        keys: dict[str, list[str]] = {}
        for match in matches:
            keys.setdefault(match.entry.category, []).append(match.entry.key)
        self.clear()
        root = self.invisibleRootItem()
        for category in sorted(Category, key=lambda each: each is not Category.COMPOSITE):  # what is one's own first
            if category in keys:
                root.appendRow(self._category(category, keys[category]))
        self.best = matches[0].entry.key if matches and query.strip() else ""

    def show_composites(self, document: Document) -> bool:
        """Lists the composites of a document as well; False when they are as before."""
        entries = composite_entries(document)
        if entries == self._composites:
            return False
        self._composites = entries
        self._blocks = dict(all_blocks())
        for entry in entries:
            block = document.find_block(entry.key)
            if block is not None:
                self._blocks[entry.key] = block
        self.filter(self._query)
        return True

    def block(self, key: str) -> type[Block]:
        """The block of a key that is listed."""
        return self._blocks[key]

    def key(self, index: QModelIndex) -> str | None:
        """The block of a row; None for a category."""
        found = index.data(KEY_ROLE)
        return found if isinstance(found, str) else None

    def mimeTypes(self) -> list[str]:
        return [BLOCK_MIME]

    def mimeData(self, indexes: Sequence[QModelIndex | QPersistentModelIndex]) -> QMimeData:
        data = QMimeData()
        keys = [found for index in indexes if isinstance(found := index.data(KEY_ROLE), str)]
        if keys:
            data.setData(BLOCK_MIME, QByteArray(keys[0].encode()))
            data.setText(self._blocks[keys[0]].title)
        return data

    def _category(self, category: Category, keys: list[str]) -> QStandardItem:
        head = QStandardItem("In this document" if category is Category.COMPOSITE else str(category))
        head.setData(str(category), CATEGORY_ROLE)
        head.setFlags(Qt.ItemFlag.ItemIsEnabled)
        for key in keys:
            head.appendRow(_item(key, self._blocks[key]))
        return head


def _item(key: str, block: type[Block]) -> QStandardItem:
    item = QStandardItem(block.title)
    item.setData(key, KEY_ROLE)
    item.setToolTip(block.summary())
    item.setFlags(Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable | Qt.ItemFlag.ItemIsDragEnabled)
    item.setData(f"{block.title}: {block.summary()}", Qt.ItemDataRole.AccessibleTextRole)
    return item
