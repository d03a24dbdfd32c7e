"""Keeps the canvas and the session together: what is shown, selected, checked, told and asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QPoint
from PySide6.QtWidgets import QMenu

from app.widgets import announce
from graph_engine.document import Wire

if TYPE_CHECKING:
    from collections.abc import Callable

    from app.actions.book import ActionBook
    from app.canvas import CanvasView
    from app.notices import Notices
    from app.session import Session

_NODE_MENU = (
    ("canvas.connect", "network.wrap", "network.freeze", "edit.rename"),
    ("canvas.cut", "canvas.copy", "canvas.duplicate"),
    ("canvas.select_upstream", "canvas.select_downstream"),
    ("canvas.dissolve", "canvas.delete"),
    ("help.node",),
)
_CANVAS_MENU = (
    ("canvas.add_block", "canvas.paste", "canvas.paste_with_wires"),
    ("canvas.select_all", "canvas.arrange"),
    ("canvas.fit_all", "canvas.zoom_reset", "view.minimap", "view.snap"),
)


class CanvasLink(QObject):
    """Connects one canvas with one session."""

    def __init__(
        self,
        session: Session,
        canvas: CanvasView,
        notices: Notices,
        book: ActionBook,
        activate: Callable[[str], object],
    ) -> None:
        """`activate` is told of the node that was double-clicked, or on which Enter was pressed."""
        super().__init__(canvas)
        self._session = session
        self._canvas = canvas
        self._notices = notices
        self._book = book
        self._selecting = False
        canvas.set_keys({})  # the window's actions have them, and the user may change them
        canvas.canvas_scene.selection_changed.connect(self._on_chosen)
        canvas.message.connect(self._on_message)
        canvas.menu_requested.connect(self._open_menu)
        canvas.node_activated.connect(activate)
        session.opened.connect(self.show_document)
        session.selection_changed.connect(self._show_selection)
        session.check_changed.connect(self._show_check)
        session.reveal_requested.connect(self._reveal)

    def show_document(self) -> None:
        """Shows the document in front."""
        self._canvas.show_host(self._session)

    def _on_chosen(self, nodes: list[str], wires: list[Wire]) -> None:
        self._selecting = True
        self._session.select(nodes, wires)
        self._selecting = False

    def _show_selection(self) -> None:
        if not self._selecting:
            selection = self._session.selection
            self._canvas.canvas_scene.select(selection.nodes, selection.wires)

    def _show_check(self) -> None:
        self._canvas.canvas_scene.set_result(self._session.check)

    def _reveal(self, nodes: tuple[str, ...]) -> None:
        self._canvas.reveal(nodes)

    def _on_message(self, text: str, _at: QPoint) -> None:
        if self._canvas.note.is_refusal:
            announce(self._canvas, text, severity="warning")  # it is to be read beside the pointer
        else:
            self._notices.say(text)

    def _open_menu(self, at: QPoint) -> None:
        menu = QMenu(self._canvas)
        menu.aboutToHide.connect(menu.deleteLater)
        self._book.refresh()
        groups = _NODE_MENU if self._session.selection else _CANVAS_MENU
        for group in groups:
            for name in group:
                menu.addAction(self._book.qaction(name))
            menu.addSeparator()
        menu.popup(at)
