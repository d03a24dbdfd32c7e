"""Keeps the canvas and the session together: what is shown, selected, checked, told and asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QPoint, QPointF
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import QMenu

from app.canvas.eye import View
from app.composites import look_for_folds
from app.places import KeptPlaces, Place
from app.widgets import announce
from graph_engine.document import Wire

if TYPE_CHECKING:
    from collections.abc import Callable

    from app.actions.book import ActionBook
    from app.canvas import CanvasView
    from app.notices import Notices
    from app.open_document import OpenDocument
    from app.retracing import Retraced
    from app.session import Session
    from app.settings import Settings

_Groups = tuple[tuple[str, ...], ...]

_NODE_MENU: _Groups = (
    ("canvas.connect", "network.wrap", "network.freeze", "network.bypass", "edit.rename"),
    ("canvas.frame", "canvas.collapse", "canvas.straighten"),
    ("composite.make", "composite.enter", "composite.unpack", "custom.edit", "composite.keep", "composite.update"),
    ("canvas.cut", "canvas.copy", "canvas.duplicate"),
    ("canvas.select_upstream", "canvas.select_downstream"),
    ("canvas.dissolve", "canvas.delete"),
    ("help.node",),
)
_WIRE_MENU: _Groups = (
    ("canvas.bend", "canvas.unbend"),
    ("canvas.delete",),
)
_ANNOTATION_MENU: _Groups = (
    ("edit.rename", "canvas.recolor", "canvas.fit_frame"),
    ("canvas.cut", "canvas.copy", "canvas.duplicate"),
    ("canvas.delete",),
)
_CANVAS_MENU: _Groups = (
    ("canvas.add_block", "custom.new", "canvas.frame", "canvas.note", "canvas.paste", "canvas.paste_with_wires"),
    ("canvas.select_all", "canvas.arrange", "canvas.arrange_down"),
    ("composite.fold", "composite.keep", "composite.update", "composite.leave"),
    ("canvas.fit_all", "canvas.zoom_reset", "view.minimap", "view.snap"),
)


Level = tuple[str, tuple[str, ...]]
"""A graph that is shown, and the nodes through which it was entered."""


class CanvasLink(QObject):
    """Connects one canvas with one session."""

    def __init__(
        self,
        session: Session,
        canvas: CanvasView,
        notices: Notices,
        book: ActionBook,
        settings: Settings,
        activate: Callable[[str], object],
    ) -> None:
        """`activate` is told of the node that was double-clicked, or on which Enter was pressed."""
        super().__init__(canvas)
        self._session = session
        self._canvas = canvas
        self._notices = notices
        self._book = book
        self._selecting = False
        self._level: Level = (session.graph_name, ())
        self._of = session.front
        self._views: dict[OpenDocument, dict[Level, View]] = {}
        self._places = KeptPlaces(settings)
        canvas.set_keys({})  # the window's actions have them, and the user may change them
        book.keys_changed.connect(self._name_keys)
        self._name_keys()
        canvas.canvas_scene.selection_changed.connect(self._on_chosen)
        canvas.message.connect(self._on_message)
        canvas.menu_requested.connect(self._open_menu)
        canvas.node_activated.connect(activate)
        canvas.leave_requested.connect(session.leave)
        canvas.graph_requested.connect(session.show_graph)
        session.documents_changed.connect(self._keep_closed)
        session.opened.connect(self.show_document)
        session.level_changed.connect(self._show_level)
        session.selection_changed.connect(self._show_selection)
        session.check_changed.connect(self._show_check)
        session.reveal_requested.connect(self._reveal)
        session.retraced.connect(self._show_retraced)

    def _name_keys(self) -> None:
        """Has the canvas name the keys that its commands have now."""

        def key_of(command: str) -> str:
            keys = self._book.keys(f"canvas.{command}")
            return keys[0].toString(QKeySequence.SequenceFormat.NativeText) if keys else ""

        self._canvas.name_keys(key_of)

    def show_document(self) -> None:
        """Shows the document in front, as it was seen the last time, be it by another window."""
        self._note_view()
        self._keep_closed()
        front = self._session.front
        if front not in self._views:
            places = self._places.of(front.path) if front.path is not None else []
            self._views[front] = {
                (place.graph, place.way): View(place.zoom, QPointF(place.x, place.y), shows_all=place.shows_all)
                for place in places
            }
        self._show_anew()

    def keep_places(self) -> None:
        """Remembers for the next window how the open documents are seen."""
        self._note_view()
        for opened in self._views:
            self._keep(opened)

    def _show_level(self) -> None:
        """Shows another graph of the document, as it was seen the last time on this way."""
        self._note_view()
        self._show_anew()

    def _show_anew(self) -> None:
        self._of, self._level = self._session.front, self._level_now()
        self._canvas.show_host(self._session)
        self._show_selection()
        view = self._views[self._of].get(self._level)
        if view is not None:
            self._canvas.come_back(view)
            if not self._canvas.sees_something:
                self._canvas.fit_all()  # it was changed elsewhere meanwhile

    def _note_view(self) -> None:
        if self._of in self._views:
            views = self._views[self._of]
            views.pop(self._level, None)
            views[self._level] = self._canvas.view  # the last one is the one shown last

    def _keep_closed(self) -> None:
        """Remembers how the documents were seen that are open no longer."""
        for opened in [each for each in self._views if each not in self._session.documents]:
            if opened is self._of:
                self._note_view()
            self._keep(opened)
            del self._views[opened]

    def _keep(self, opened: OpenDocument) -> None:
        if opened.path is None:
            return
        shown = (opened.graph_name, opened.way)
        levels = [*self._views[opened].items()][::-1]
        levels.sort(key=lambda each: each[0] != shown)
        self._places.keep(
            opened.path,
            [
                Place(graph, way, view.zoom, view.center.x(), view.center.y(), view.shows_all)
                for (graph, way), view in levels
            ],
        )

    def _level_now(self) -> Level:
        return self._session.graph_name, self._session.front.way

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

    def _show_retraced(self, found: Retraced) -> None:
        """Selects what came back, and looks where something was changed, unless some of it is in view."""
        scene = self._canvas.canvas_scene
        if found.came or found.annotations:
            scene.choose(found.came, (), found.annotations)
        seen = self._canvas.visible_rect()
        if self._canvas.view.shows_all or not any(scene.nodes[node].card.intersects(seen) for node in found.nodes):
            self._canvas.reveal(found.nodes)

    def _on_message(self, text: str, _at: QPoint) -> None:
        if self._canvas.note.is_refusal:
            announce(self._canvas, text, severity="warning")  # it is to be read beside the pointer
        else:
            self._notices.say(text)

    def _open_menu(self, at: QPoint) -> None:
        menu = QMenu(self._canvas)
        menu.aboutToHide.connect(menu.deleteLater)
        look_for_folds(self._session)
        self._book.refresh()
        selection = self._session.selection
        groups = _NODE_MENU if selection.nodes else _WIRE_MENU if selection.wires else _CANVAS_MENU
        if self._canvas.canvas_scene.selected_annotations and not selection:
            groups = _ANNOTATION_MENU
        for group in groups:
            for name in group:
                menu.addAction(self._book.qaction(name))
            menu.addSeparator()
        menu.popup(at)
