"""The inspector: all about the selected node, about several, or with nothing selected about the drawing shown."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, TypeVar

from PySide6.QtCore import QEvent, Qt
from PySide6.QtWidgets import QFrame, QScrollArea, QStackedWidget, QVBoxLayout, QWidget

from app.panels.inspector_composite import CompositePage
from app.panels.inspector_document import DocumentPage
from app.panels.inspector_node import NodePage
from app.panels.inspector_several import SeveralPage
from app.theme import set_surface, theme_manager
from graph_engine.document import MAIN

if TYPE_CHECKING:
    from app.session import Session

_Page = NodePage | DocumentPage | SeveralPage | CompositePage
_AnyPage = TypeVar("_AnyPage", NodePage, DocumentPage, SeveralPage, CompositePage)


class InspectorPanel(QWidget):
    """Follows the selection; a page for each kind of thing that can be selected."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        set_surface(self, "panel")
        self.setAccessibleName("Inspector")
        self._pages = QStackedWidget()
        self._scrolled: dict[QWidget, _Scrolled] = {}
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self._pages)
        session.selection_changed.connect(self._show)
        session.opened.connect(self._show)
        session.changed.connect(self._show)
        self._page: _Page = self.document_page
        self._show()

    # --- the pages, each made when it is first needed

    @cached_property
    def node_page(self) -> NodePage:
        return self._added(NodePage(self._session))

    @cached_property
    def document_page(self) -> DocumentPage:
        return self._added(DocumentPage(self._session))

    @cached_property
    def several_page(self) -> SeveralPage:
        return self._added(SeveralPage(self._session))

    @cached_property
    def composite_page(self) -> CompositePage:
        return self._added(CompositePage(self._session))

    def rename(self) -> None:
        """Lets the user give the selected node, or the document, another title."""
        page = self.document_page if isinstance(self._page, SeveralPage) else self._page
        page.header.title.begin()

    def focus_form(self, parameter: str | None = None) -> None:
        """Puts the keyboard into a parameter of the selected node."""
        if isinstance(self._page, NodePage):
            self._page.focus_form(parameter)

    def show_live(self, node: str, lines: list[str]) -> None:
        """Shows what training measures of a node, if it is the one that is shown."""
        if node == self.node_page.node:
            self.node_page.show_live(lines)

    def show_help(self) -> None:
        """Unfolds the help of the selected node and brings it into view."""
        if isinstance(self._page, NodePage):
            section = self._page.help
            section.set_folded(folded=False)
            section.header.setFocus(Qt.FocusReason.ShortcutFocusReason)
            self._scrolled[self._page].ensureWidgetVisible(section, 0, section.height())

    def _show(self) -> None:
        nodes = self._session.selection.nodes
        if len(nodes) > 1:
            self._turn_to(self.several_page)
            self.several_page.refresh()
        elif nodes:
            self._turn_to(self.node_page)
            self.node_page.show_node(nodes[0])
        elif self._session.graph_name != MAIN:
            self._turn_to(self.composite_page)
            self.composite_page.refresh()
        else:
            self._turn_to(self.document_page)
            self.document_page.refresh()

    def _turn_to(self, page: _Page) -> None:
        self._page = page
        self._pages.setCurrentWidget(self._scrolled[page])

    def _added(self, page: _AnyPage) -> _AnyPage:
        self._scrolled[page] = _Scrolled(page)
        self._pages.addWidget(self._scrolled[page])
        return page


class _Scrolled(QScrollArea):
    """A page that scrolls up and down, never sideways."""

    def __init__(self, page: QWidget) -> None:
        super().__init__()
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        holder = QWidget()
        set_surface(holder, "panel")
        self._column = QVBoxLayout(holder)
        self._column.addWidget(page)
        self._column.addStretch(1)
        self.setWidget(holder)
        theme_manager().changed.connect(self._space)
        self._space()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.FontChange:
            self._space()

    def _space(self) -> None:
        spacing = theme_manager().spacing
        self._column.setContentsMargins(spacing.px(14), spacing.px(14), spacing.l, spacing.l)
