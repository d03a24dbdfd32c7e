"""The inspector: all about the selected node, about several, or with nothing selected about the drawing shown."""

from __future__ import annotations

from typing import TYPE_CHECKING

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


class InspectorPanel(QWidget):
    """Follows the selection; a page for each kind of thing that can be selected."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        set_surface(self, "panel")
        self.setAccessibleName("Inspector")
        self.node_page = NodePage(session)
        self.document_page = DocumentPage(session)
        self.several_page = SeveralPage(session)
        self.composite_page = CompositePage(session)
        self._pages = QStackedWidget()
        for page in (self.document_page, self.node_page, self.several_page, self.composite_page):
            self._pages.addWidget(_Scrolled(page))
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self._pages)
        session.selection_changed.connect(self._show)
        session.opened.connect(self._show)
        session.changed.connect(self._show)
        self._show()

    def rename(self) -> None:
        """Lets the user give the selected node, or the document, another title."""
        pages = (self.document_page, self.node_page, self.document_page, self.composite_page)
        pages[self._pages.currentIndex()].header.title.begin()

    def focus_form(self, parameter: str | None = None) -> None:
        """Puts the keyboard into a parameter of the selected node."""
        if self._pages.currentIndex() == 1:
            self.node_page.focus_form(parameter)

    def show_live(self, node: str, lines: list[str]) -> None:
        """Shows what training measures of a node, if it is the one that is shown."""
        if node == self.node_page.node:
            self.node_page.show_live(lines)

    def show_help(self) -> None:
        """Unfolds the help of the selected node and brings it into view."""
        if self._pages.currentIndex() == 1:
            section = self.node_page.help
            section.set_folded(folded=False)
            section.header.setFocus(Qt.FocusReason.ShortcutFocusReason)
            area = self._pages.currentWidget()
            if isinstance(area, QScrollArea):
                area.ensureWidgetVisible(section, 0, section.height())

    def _show(self) -> None:
        nodes = self._session.selection.nodes
        if len(nodes) > 1:
            self._pages.setCurrentIndex(2)
            self.several_page.refresh()
        elif nodes:
            self._pages.setCurrentIndex(1)
            self.node_page.show_node(nodes[0])
        elif self._session.graph_name != MAIN:
            self._pages.setCurrentIndex(3)
            self.composite_page.refresh()
        else:
            self._pages.setCurrentIndex(0)
            self.document_page.refresh()


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
