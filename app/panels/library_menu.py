"""What can be done with a composite or a custom block of the library, as a menu."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtWidgets import QMenu

from app.figures import plural
from app.theme import icon
from graph_engine.blocks.custom import custom_of, is_custom
from graph_engine.document import RemoveCustom, RemoveGraph
from graph_engine.document.composite import graph_of, is_composite
from graph_engine.document.porting import uses_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from PySide6.QtWidgets import QWidget

    from app.canvas.stock import Stock
    from app.files import Files
    from app.own_blocks import OwnBlocks
    from app.session import Session


class LibraryMenu:
    """Makes the menu of a key."""

    def __init__(
        self, session: Session, stock: Stock, own: OwnBlocks, files: Files, place: Callable[[str], object]
    ) -> None:
        self._session = session
        self._stock = stock
        self._own = own
        self._files = files
        self._place = place

    def menu(self, key: str, parent: QWidget) -> QMenu:
        """The menu of what `key` stands for; it goes when it is closed."""
        menu = QMenu(parent)
        menu.aboutToHide.connect(menu.deleteLater)
        menu.addAction(icon("plus"), "Place", lambda: self._place(key))
        if is_custom(key):
            self._of_custom(menu, custom_of(key))
        elif is_composite(key):
            self._of_document(menu, graph_of(key))
        elif (block := self._stock.own(key)) is not None:
            menu.addAction(icon("rename"), "Rename or describe…", lambda: self._own.ask_to_revise(block))
            menu.addAction(icon("external"), "Open as a document", lambda: self._files.open_path(block.path))
            menu.addSeparator()
            menu.addAction(icon("trash"), "Delete", lambda: self._own.delete(block))
        return menu

    def _of_custom(self, menu: QMenu, name: str) -> None:
        session = self._session
        menu.addAction(icon("code"), "Edit code…", lambda: session.code_requested.emit(name))
        menu.addSeparator()
        uses = len(session.document.users_of(name))
        title = "Delete" if not uses else f"Delete (used {plural(uses, 'time')})"
        delete = menu.addAction(icon("trash"), title, lambda: session.attempt(RemoveCustom(name)))
        delete.setEnabled(not uses)

    def _of_document(self, menu: QMenu, name: str) -> None:
        session, own = self._session, self._own
        menu.addAction(icon("arrow-right"), "Show what is inside", lambda: session.show_graph(name))
        menu.addAction(icon("save"), "Save to my blocks…", lambda: own.ask_to_keep(session.document.snapshot(), name))
        if own.newer(name) is not None:
            menu.addAction(icon("refresh"), "Update from my blocks", lambda: self._update(name))
        menu.addSeparator()
        uses = sum(1 for _ in uses_of(session.document, name))
        title = "Delete" if not uses else f"Delete (used {plural(uses, 'time')})"
        delete = menu.addAction(icon("trash"), title, lambda: session.attempt(RemoveGraph(name)))
        delete.setEnabled(not uses)

    def _update(self, name: str) -> None:
        edit = self._session.made(lambda: self._own.update(name))
        if edit is not None:
            self._session.attempt(edit)
