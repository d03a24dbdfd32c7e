"""The inspector's page about one node."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtWidgets import QVBoxLayout, QWidget

from app.panels.inspector_details import Facts, HelpText, Snippet, cost_lines, snippet, tensor_lines
from app.panels.inspector_form import ParameterForm
from app.panels.inspector_header import InspectorHeader
from app.panels.problem_row import ProblemRow
from app.theme import theme_manager
from app.widgets import FormRow, Section, Toggle
from graph_engine.blocks import Role, find_block
from graph_engine.check.report import Problem, Severity
from graph_engine.document import SetNode

if TYPE_CHECKING:
    from app.session import Session
    from graph_engine.blocks import Block
    from graph_engine.check.report import Fix

_UNKNOWN = "This Layerloom does not know this block. The node is kept as it was saved."


class NodePage(QWidget):
    """Title, what is wrong, parameters, tensors, cost, live figures, source, weights and help of a node.

    Forms and helps are made once for each block and kept: walking through nodes stays quick.
    """

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._node = ""
        self._forms: dict[str, ParameterForm] = {}
        self._helps: dict[str, HelpText] = {}
        self._problems: tuple[Problem, ...] = ()
        self._live: dict[str, list[str]] = {}
        self.header = InspectorHeader()
        self.header.renamed.connect(self._rename)
        self._trouble = QVBoxLayout()
        self.parameters = Section("Parameters")
        self.tensors, self._tensor_facts = self._facts("Tensors")
        self.cost, self._cost_facts = self._facts("Cost")
        self.live, self._live_facts = self._facts("Live")
        self.code = Section("Code")
        self._snippet = Snippet()
        self.code.add(self._snippet)
        self.weights = Section("Weights")
        self.freeze = Toggle()
        row = FormRow("Freeze", self.freeze, help_text="Frozen weights keep their values while the rest is trained.")
        self.freeze.committed.connect(self._freeze)
        self.weights.add(row)
        self.help = Section("Help")
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.addWidget(self.header)
        self._column.addLayout(self._trouble)
        for section in (self.parameters, self.tensors, self.cost, self.live, self.code, self.weights, self.help):
            self._column.addWidget(section)
        session.check_changed.connect(self._show_check)
        session.program_changed.connect(self._show_code)
        theme_manager().changed.connect(self._space)
        self._space()

    @property
    def form(self) -> ParameterForm | None:
        """The form of the node that is shown; None for one without parameters."""
        node = self._session.graph.nodes.get(self._node)
        return self._forms.get(node.block) if node is not None else None

    def show_node(self, name: str) -> None:
        """Shows a node of the graph."""
        if name not in self._session.graph:
            return
        if name != self._node:
            self.show_live([])
        self._node = name
        node = self._session.graph[name]
        block = find_block(node.block)
        title = block.title if block is not None else node.block
        self.header.show_about(
            node.title,
            placeholder=title,
            dot=f"category:{block.category}" if block is not None else "danger",
            id_=name,
            summary=block.summary() if block is not None else _UNKNOWN,
        )
        self._show_form(block)
        self._show_help(block)
        self.freeze.set_value(node.frozen)
        self._show_check()
        self._show_code()

    def focus_form(self, parameter: str | None) -> None:
        """Puts the keyboard into a parameter."""
        if self.form is not None:
            self.parameters.set_folded(folded=False)
            self.form.focus(parameter)

    def show_live(self, lines: list[str]) -> None:
        """Shows what training measures of this node; no lines, no section."""
        self._live_facts.show_lines(lines)
        self.live.setVisible(bool(lines))

    @property
    def node(self) -> str:
        """The node that is shown."""
        return self._node

    def _facts(self, title: str) -> tuple[Section, Facts]:
        section, facts = Section(title), Facts()
        facts.setAccessibleName(title)
        section.add(facts)
        section.hide()
        return section, facts

    def _show_form(self, block: type[Block] | None) -> None:
        wanted = None
        if block is not None and block.parameters():
            key = block.key()
            if key not in self._forms:
                self._forms[key] = ParameterForm(self._session, block)
                self.parameters.add(self._forms[key])
            wanted = self._forms[key]
            wanted.show_node(self._node)
        for form in self._forms.values():
            form.setVisible(form is wanted)
        self.parameters.setVisible(wanted is not None)

    def _show_help(self, block: type[Block] | None) -> None:
        wanted = None
        if block is not None:
            key = block.key()
            if key not in self._helps:
                self._helps[key] = HelpText(block)
                self.help.add(self._helps[key])
            wanted = self._helps[key]
        for text in self._helps.values():
            text.setVisible(text is wanted)
        self.help.setVisible(wanted is not None)

    def _show_check(self) -> None:
        if self._node not in self._session.graph:
            return
        report, check = self._session.report(self._node), self._session.check
        tensors = tensor_lines(report) if report is not None else []
        costs = cost_lines(report.cost, check.total) if report is not None and check is not None else []
        for section, facts, lines in (
            (self.tensors, self._tensor_facts, tensors),
            (self.cost, self._cost_facts, costs),
        ):
            facts.show_lines(lines)
            section.setVisible(bool(lines))
        block = self._session.graph.block(self._node)
        has_weights = report is not None and report.cost.params > 0
        frozen = self._session.graph[self._node].frozen
        self.weights.setVisible(frozen or (has_weights and block is not None and block.role is Role.LAYER))
        self._show_problems()
        form = self.form
        if form is not None:
            form.show_problems()

    def _show_problems(self) -> None:
        problems = tuple(
            problem
            for problem in self._session.problems
            if problem.node == self._node and problem.severity is not Severity.INFO
        )
        if problems == self._problems:
            return
        self._problems = problems
        while (item := self._trouble.takeAt(0)) is not None:
            if (widget := item.widget()) is not None:
                widget.hide()
                widget.deleteLater()
        for problem in problems:
            row = ProblemRow(problem, stacked=True)
            row.fix_chosen.connect(self._fix)
            self._trouble.addWidget(row)

    def _show_code(self) -> None:
        program = self._session.program
        text = snippet(program, self._node) if program is not None and self._node in self._session.graph else ""
        if text:
            self._snippet.show_text(text)
        self.code.setVisible(bool(text))

    def _fix(self, fix: Fix) -> None:
        self._session.attempt(fix.edit, label=fix.label)

    def _rename(self, title: str) -> None:
        node = self._session.graph[self._node]
        block = find_block(node.block)
        if block is not None and title == block.title:
            title = ""
        if title != node.title:
            self._session.attempt(SetNode(self._node, "title", title, self._session.graph_name))

    def _freeze(self, frozen: object) -> None:
        self._session.attempt(SetNode(self._node, "frozen", bool(frozen), self._session.graph_name))

    def _space(self) -> None:
        self._column.setSpacing(theme_manager().spacing.px(10))
        self._trouble.setSpacing(theme_manager().spacing.s)
