"""The inspector's page about one node."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PySide6.QtWidgets import QPushButton, QVBoxLayout, QWidget

from app.panels.inspector_details import Facts, HelpText, Snippet, cost_lines, has_help, snippet, tensor_lines
from app.panels.inspector_form import ParameterForm
from app.panels.inspector_header import InspectorHeader
from app.panels.inspector_use import ShareRow, UseSection
from app.panels.plan_texts import TextPartField, read_tags, write_tags
from app.panels.problem_row import ProblemRow
from app.theme import icon, theme_manager
from app.widgets import FormRow, Section, Toggle
from graph_engine.blocks import Role
from graph_engine.blocks.custom import CustomBlock, as_custom, custom_of
from graph_engine.check.report import Problem, Severity
from graph_engine.document import MAIN, SetNode
from graph_engine.document.composite import Composite

if TYPE_CHECKING:
    from app.session import Session
    from graph_engine.blocks import Block
    from graph_engine.check.report import Fix

_UNKNOWN = "This Layerloom does not know this block. The node is kept as it was saved."


class NodePage(QWidget):
    """Title, what is wrong, parameters, tensors, cost, live figures, source, weights and help of a node.

    Forms and helps are made once for each block and kept: walking through nodes stays quick. A composite that is
    declared anew is another block.
    """

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._node, self._graph = "", MAIN
        self._forms: dict[type[Block], ParameterForm] = {}
        self._helps: dict[type[Block], HelpText] = {}
        self._problems: tuple[Problem, ...] = ()
        self._live: dict[str, list[str]] = {}
        self.header = InspectorHeader()
        self.header.renamed.connect(self._rename)
        self.edit_code = QPushButton("Edit code…")
        self.edit_code.setIcon(icon("code"))
        self.edit_code.setToolTip("Change the code of this custom block (Enter on the canvas)")
        self.edit_code.clicked.connect(self._edit_code)
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
        row = FormRow("Freeze", self.freeze, help_text="What is frozen keeps its weights and computes as in use.")
        self.freeze.committed.connect(self._freeze)
        self.weights.add(row)
        self.tags = TextPartField((), read_tags, write_tags, {"none": ()})
        self.tags.committed.connect(self._tag)
        self.weights.add(
            FormRow("Tags", self.tags, help_text="Words by which the training plan names several nodes at once: #head.")
        )
        self.shares = ShareRow(session)
        self.weights.add(self.shares)
        self.use = UseSection(session)
        self.help = Section("Help")
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.addWidget(self.header)
        self._column.addWidget(self.edit_code)
        self._column.addLayout(self._trouble)
        sections = (self.parameters, self.use, self.tensors, self.cost, self.live, self.code, self.weights, self.help)
        for section in sections:
            self._column.addWidget(section)
        session.check_changed.connect(self._show_check)
        session.program_changed.connect(self._show_code)
        theme_manager().changed.connect(self._space)
        self._space()

    @property
    def form(self) -> ParameterForm | None:
        """The form of the node that is shown; None for one without parameters."""
        block = self._session.graph.block(self._node) if self._node in self._session.graph else None
        return self._forms.get(block) if block is not None else None

    def show_node(self, name: str) -> None:
        """Shows a node of the graph."""
        if name not in self._session.graph:
            return
        if name != self._node:
            self.show_live([])
        self._node, self._graph = name, self._session.graph_name
        node = self._session.graph[name]
        block = self._session.graph.block(node)
        title = block.title if block is not None else node.block
        self.header.show_about(
            node.title,
            placeholder=title,
            dot=f"category:{block.category}" if block is not None else "danger",
            id_=name,
            summary=block.summary() if block is not None else _UNKNOWN,
        )
        self.edit_code.setVisible(as_custom(block))
        self._show_form(block)
        self._show_help(block)
        self.use.show_node(name)
        self.freeze.set_value(node.frozen)
        self.tags.set_value(node.tags)
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
            if block not in self._forms:
                self._drop_older(self._forms, block)
                self._forms[block] = ParameterForm(self._session, block)
                self.parameters.add(self._forms[block])
            wanted = self._forms[block]
            wanted.show_node(self._node)
        for form in self._forms.values():
            form.setVisible(form is wanted)
        self.parameters.setVisible(wanted is not None)

    def _show_help(self, block: type[Block] | None) -> None:
        wanted = None
        if block is not None:
            if block not in self._helps:
                self._drop_older(self._helps, block)
                self._helps[block] = HelpText(block)
                self.help.add(self._helps[block])
            wanted = self._helps[block]
        for text in self._helps.values():
            text.setVisible(text is wanted)
        self.help.setVisible(block is not None and has_help(block))

    @staticmethod
    def _drop_older(kept: dict[type[Block], Any], block: type[Block]) -> None:
        """Forgets what was made for a composite as it was declared before, or a custom block as it was written."""
        for older in [
            each for each in kept if issubclass(block, Composite | CustomBlock) and each.key() == block.key()
        ]:
            kept.pop(older).deleteLater()

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
        is_weighted = has_weights and block is not None and block.role is Role.LAYER
        shares = self._session.graph[self._node].shares
        may_share = self.shares.show_node(self._node)
        self.shares.setVisible(may_share and (is_weighted or bool(shares)))
        self.weights.setVisible(frozen or bool(shares) or is_weighted or bool(self._session.graph[self._node].tags))
        self._show_problems()
        self.use.show_given()
        form = self.form
        if form is not None:
            form.show_check()

    def _show_problems(self) -> None:
        problems = tuple(
            problem
            for problem in self._session.problems
            if (problem.graph, problem.node) == (self._session.graph_name, self._node)
            and problem.severity is not Severity.INFO
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
        text = (
            snippet(program, self._session.place(self._node))
            if program is not None and self._node in self._session.graph
            else ""
        )
        if text:
            self._snippet.show_text(text)
        self.code.setVisible(bool(text))

    def _fix(self, fix: Fix) -> None:
        self._session.apply_fix(fix)

    def _edit_code(self) -> None:
        if self._node in self._session.graph:
            self._session.code_requested.emit(custom_of(self._session.graph[self._node].block))

    def _rename(self, title: str) -> None:
        graph = self._session.document.graphs.get(self._graph)
        if graph is None or self._node not in graph:
            return
        node, block = graph[self._node], graph.block(self._node)
        if block is not None and title == block.title:
            title = ""
        if title != node.title:
            self._session.attempt(SetNode(self._node, "title", title, self._graph))

    def _freeze(self, frozen: object) -> None:
        self._session.attempt(SetNode(self._node, "frozen", bool(frozen), self._session.graph_name))

    def _tag(self, tags: tuple[str, ...]) -> None:
        self._session.attempt(SetNode(self._node, "tags", tags, self._session.graph_name))

    def _space(self) -> None:
        self._column.setSpacing(theme_manager().spacing.px(10))
        self._trouble.setSpacing(theme_manager().spacing.s)
