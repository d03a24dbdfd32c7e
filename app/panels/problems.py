"""The list of what is wrong, with one-click fixes; a click on a problem shows its node."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QApplication, QLabel, QStackedLayout, QVBoxLayout, QWidget

from app.figures import plural
from app.panels.problem_row import ProblemRow
from app.theme import set_role, set_surface, theme_manager
from app.widgets import EmptyState, scrolled
from graph_engine.document import MAIN, title_of
from graph_engine.document.composite import MARK

if TYPE_CHECKING:
    from app.session import Session
    from graph_engine.check.report import Fix, Problem
    from graph_engine.document import Document

_AT_MOST = 100
_AT_ONCE = 12
_ORDER = {"error": 0, "warning": 1, "info": 2}


class ProblemsPanel(QWidget):
    """Errors first, then warnings and hints, in the order of the graph."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._shown: tuple[Problem, ...] | None = None
        self._waiting: list[Problem] = []
        self._soon = QTimer(self, singleShot=True, interval=0)
        self._soon.timeout.connect(self._add_rows)
        set_surface(self, "panel")
        self.setAccessibleName("Problems")
        self._empty = EmptyState("check", "")
        self._rest = QLabel()
        self._rest.setWordWrap(True)
        set_role(self._rest, "faint")
        holder = QWidget()
        set_surface(holder, "panel")
        self._rows = QVBoxLayout(holder)
        self._rows.addWidget(self._rest)
        self._rows.addStretch(1)
        scroll = scrolled(holder)
        self._stack = QStackedLayout(self)
        self._stack.addWidget(self._empty)
        self._stack.addWidget(scroll)
        session.check_changed.connect(self._show)
        theme_manager().changed.connect(self._space)
        self._space()
        self._show()

    def rows(self) -> list[ProblemRow]:
        """What is listed."""
        items = (self._rows.itemAt(at) for at in range(self._rows.count()))
        return [row for item in items if item is not None and isinstance(row := item.widget(), ProblemRow)]

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._show()

    def _show(self) -> None:
        problems = tuple(sorted(self._session.problems, key=lambda it: _ORDER[it.severity]))
        if not problems:
            self._say_why_empty()
        if problems == self._shown or not self.isVisible():
            return
        self._shown = problems
        had_focus = self._stack.currentIndex() == 1 and self.isAncestorOf(QApplication.focusWidget() or self)
        for row in self.rows():
            self._rows.removeWidget(row)
            row.hide()
            row.deleteLater()
        self._waiting = list(problems[:_AT_MOST])
        self._add_rows()
        more = len(problems) - _AT_MOST
        self._rest.setText(f"… and {plural(more, 'problem')} more; they are listed when these are solved.")
        self._rest.setVisible(more > 0)
        self._stack.setCurrentIndex(1 if problems else 0)
        if had_focus:  # Qt would hand the keyboard to whatever comes next in the window
            next(iter(self.rows()), self).setFocus(Qt.FocusReason.OtherFocusReason)

    def _add_rows(self) -> None:
        """Makes some of the rows that are still to come, and the rest a moment later: none makes the window wait."""
        first = len(self.rows())
        now, self._waiting = self._waiting[:_AT_ONCE], self._waiting[_AT_ONCE:]
        for at, problem in enumerate(now):
            self._rows.insertWidget(first + at, self._row(problem))
        if self._waiting:
            self._soon.start()

    def _say_why_empty(self) -> None:
        if self._session.check is None:
            self._empty.set_sentence("The first check comes when torch is loaded.", title="Not checked yet")
        elif not len(self._session.graph):
            self._empty.set_sentence(
                "Drag blocks from the library, or press Tab on the canvas. What does not fit is listed here.",
                title="Nothing drawn yet",
            )
        else:
            self._empty.set_sentence("Every shape fits. Press Train, or export the program.", title="No problems")

    def _row(self, problem: Problem) -> ProblemRow:
        row = ProblemRow(problem, where_is(self._session.document, problem))
        row.chosen.connect(lambda node: self._show_node(problem.graph, node))
        row.fix_chosen.connect(self._fix)
        return row

    def _show_node(self, graph: str, node: str) -> None:
        """Shows the node, and the composite that it is in."""
        if graph == self._session.graph_name or self._session.show_graph(graph):
            self._session.reveal(node)

    def _fix(self, fix: Fix) -> None:
        self._session.apply_fix(fix)

    def _space(self) -> None:
        spacing = theme_manager().spacing
        self._rows.setContentsMargins(spacing.m, spacing.s, spacing.m, spacing.m)
        self._rows.setSpacing(spacing.xs)


def where_is(document: Document, problem: Problem) -> str:
    """Where something is wrong, as a person calls it: `Conv 2d (conv2d_1) in Bottleneck`."""
    graph = document.graphs.get(problem.graph)
    if graph is None:
        return ""
    is_there = problem.node is not None and problem.node in graph
    where = f"{title_of(graph[problem.node], graph)} ({problem.node})" if is_there else ""  # type: ignore[index]
    block = document.find_block(MARK + problem.graph) if problem.graph != MAIN else None
    return " ".join(filter(None, (where, f"in {block.title}" if block is not None else "")))
