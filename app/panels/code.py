"""The program that the drawing stands for, live: a line leads to its node and a node to its lines."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QTimer
from PySide6.QtGui import QGuiApplication, QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QStackedLayout, QVBoxLayout, QWidget

from app.figures import plural
from app.panels.code_view import CodeView
from app.theme import icon, set_role, set_surface, theme_manager
from app.widgets import EmptyState

if TYPE_CHECKING:
    from app.session import Session
    from graph_engine.compile import Program

_COPIED_FOR = 1500  # ms


class CodePanel(QWidget):
    """The source of `Session.program`. Between drawings with errors, the last one without stays, and says so."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._program: Program | None = None
        set_surface(self, "panel")
        self.setAccessibleName("Code")
        self.view = CodeView()
        self.view.place_chosen.connect(self._select_nodes)
        self._about = QLabel()
        set_role(self._about, "faint")
        self.copy = QPushButton("Copy")
        self.copy.setIcon(icon("copy"))
        self.copy.setToolTip("Copy the whole program")
        self.copy.clicked.connect(self._copy)
        self._copied = QTimer(self, singleShot=True, interval=_COPIED_FOR)
        self._copied.timeout.connect(lambda: self.copy.setText("Copy"))
        self._laid_out = QTimer(self, singleShot=True, interval=0)
        self._laid_out.timeout.connect(lambda: self._mark_selection(reveal=True))
        self._empty = EmptyState("code", "")
        self._bar = QHBoxLayout()
        self._bar.addWidget(self._about, 1)
        self._bar.addWidget(self.copy)
        full = QWidget()
        self._column = QVBoxLayout(full)
        self._column.addLayout(self._bar)
        self._column.addWidget(self.view, 1)
        self._stack = QStackedLayout(self)
        self._stack.addWidget(self._empty)
        self._stack.addWidget(full)
        session.program_changed.connect(self._show)
        session.check_changed.connect(self._show_about)
        session.selection_changed.connect(self._mark_selection)
        session.opened.connect(self._forget)
        theme_manager().changed.connect(self._space)
        self._space()
        self._show()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._show()
        self._laid_out.start()  # a panel that has just come to the front has no size yet

    def _forget(self) -> None:
        self._program = None
        self._show()

    def _show(self) -> None:
        program = self._session.program
        if program is not None and program is not self._program and self.isVisible():
            self._program = program
            self.view.show_source(program.source)
            self._mark_selection()
            if self._stack.currentIndex() == 0:
                self._laid_out.start()  # behind the page that says why there is none, the view has no size of its own
        self._stack.setCurrentIndex(1 if self._program is not None else 0)
        if self._program is None:
            self._say_why_empty()
        self._show_about()

    def _show_about(self) -> None:
        stale = self._program is not None and self._session.program is None
        lines = self.view.blockCount() - 1
        needs = "torch and what your code imports" if self._session.document.customs else "torch alone"
        text = f"{self._program.class_name} · {plural(lines, 'line')} · needs {needs}" if self._program else ""
        if stale:
            text = "The drawing has errors; this is the program of the last one without."
        set_role(self._about, "warning" if stale else "faint")
        self._about.setText(text)
        if self._program is None:
            self._say_why_empty()

    def _say_why_empty(self) -> None:
        check = self._session.check
        if not len(self._session.graph):
            self._empty.set_sentence("Draw a network, or open a preset, to read it as PyTorch.", title="No program yet")
        elif check is not None and check.errors:
            self._empty.set_sentence(
                f"Solve the {plural(len(check.errors), 'error')} under Problems to see the program.",
                title="No program yet",
            )
        else:
            self._empty.set_sentence("It is being written.", title="No program yet")

    def _mark_selection(self, *, reveal: bool = False) -> None:
        """Lights the lines of what is selected; brings them into view unless it is the code that is worked in."""
        if self._program is None or self._session.program is not self._program:
            self.view.mark_lines([])
            return
        chosen = {self._session.place(node) for node in self._session.selection.nodes}
        lines = [line for line, nodes in sorted(self._program.lines.items()) if chosen & set(nodes)]
        self.view.mark_lines(lines, reveal=reveal or not self.view.hasFocus())

    def _select_nodes(self, line: int, column: int) -> None:
        nodes = self._program.nodes_at(line, column) if self._program is not None else ()
        if nodes:
            self._session.show_place(*nodes)

    def _copy(self) -> None:
        if self._program is not None:
            QGuiApplication.clipboard().setText(self._program.source)
            self.copy.setText("Copied")
            self._copied.start()

    def _space(self) -> None:
        spacing = theme_manager().spacing
        self._column.setContentsMargins(spacing.l, spacing.s, spacing.l, spacing.m)
        self._column.setSpacing(spacing.s)
