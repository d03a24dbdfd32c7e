"""The parameters of a node as a form made from its block's declaration, previewed while one types."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QVBoxLayout, QWidget

from app.formulas import may_hold_formulas, meaning
from app.panels.parameter_field import field_for, json_value, show_value, with_uses
from app.runs.searches import SEARCH_OVER
from app.theme import theme_manager
from app.widgets import FormRow, Scrubbable, Section
from app.widgets.field import InvalidText
from app.widgets.formula_switch import FormulaSwitch
from app.widgets.parsed_field import ParsedField
from graph_engine.blocks.named import is_formula, plain
from graph_engine.blocks.parameter import ParameterType
from graph_engine.document import MAIN, SetParameter
from graph_engine.runs.searchable import SEARCHED

if TYPE_CHECKING:
    from app.session import Session
    from graph_engine.blocks import Block, ParameterSpec
    from graph_engine.document import Node


_WORDS = (ParameterType.TEXT, ParameterType.NOTE)


class ParameterForm(QWidget):
    """A row for each parameter of one block; shows one node of that block at a time.

    What is typed is tried out (`Session.try_out`); Enter or leaving the field makes one step of the history of it.
    """

    def __init__(self, session: Session, block: type[Block], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._node, self._graph = "", MAIN
        self.rows: dict[str, FormRow] = {}
        self._fields: dict[str, QWidget] = {}
        self._specs = {spec.name: spec for spec in block.parameters()}
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        more: Section | None = None
        for spec in block.parameters():
            row = self._row(spec)
            if spec.meta.advanced:
                if more is None:
                    more = Section("More", folded=True)
                more.add(row)
            else:
                self._column.addWidget(row)
        if more is not None:
            self._column.addWidget(more)
        theme_manager().changed.connect(self._space)
        self._space()

    def show_node(self, node: str) -> None:
        """Shows the values of `node`; what was typed for another one is entered first."""
        if (node, self._session.graph_name) != (self._node, self._graph):
            for field in self._fields.values():
                if field.hasFocus() and isinstance(field, (Scrubbable, FormulaSwitch)):
                    field.commit()
        self._node, self._graph = node, self._session.graph_name
        self.refresh()

    def refresh(self) -> None:
        """Shows the values as they are in the document."""
        if self._node not in self._session.graph:
            return
        values = self._session.graph[self._node].parameters
        takes_formulas = may_hold_formulas(self._session)
        for name, spec in self._specs.items():
            field = self._fields[name]
            if isinstance(field, FormulaSwitch) or (isinstance(field, ParsedField) and spec.type not in _WORDS):
                field.set_formulas((lambda text: meaning(self._session, text)) if takes_formulas else None)
            if self._session.preview is None or not field.hasFocus():
                show_value(field, spec, values.get(name, spec.default))
        self.show_check()

    def show_check(self) -> None:
        """Puts what the check says of a parameter under its field, and what a formula gives."""
        if self._node not in self._session.graph:
            return
        found = {
            problem.parameter: problem.message
            for problem in self._session.problems
            if (problem.graph, problem.node) == (self._session.graph_name, self._node) and problem.parameter
        }
        for name, row in self.rows.items():
            row.field.set_error(found.get(name))
            self._show_given(name)

    def focus(self, parameter: str | None = None) -> None:
        """Puts the keyboard into a field, the first one by default."""
        field = self._fields.get(parameter or "") or next(iter(self._fields.values()), None)
        if field is not None:
            field.setFocus(Qt.FocusReason.ShortcutFocusReason)

    def _row(self, spec: ParameterSpec) -> FormRow:
        field = field_for(spec)
        words = " ".join(filter(None, (spec.meta.help, f"{spec.meta.title}: {spec.expectation}.")))
        row = FormRow(spec.meta.title, field, help_text=words, default=spec.default)
        row.field.edited.connect(lambda value: self._on_edited(spec, value))
        row.field.committed.connect(lambda value: self._on_committed(spec, value))
        if spec.type in SEARCHED:
            search = QAction(SEARCH_OVER, row)
            search.triggered.connect(lambda: self._search_over(spec.name))
            row.offer(search)
        self.rows[spec.name] = row
        self._fields[spec.name] = field
        return row

    def _search_over(self, name: str) -> None:
        place = self._node if self._graph == MAIN else f"{self._graph}:{self._node}"
        self._session.search_requested.emit(f"{place}.{name}")

    def _given(self, formula: str) -> Any:
        try:
            return meaning(self._session, formula)
        except InvalidText:
            return None

    def _show_given(self, name: str) -> None:
        """Says under a field what its formula gives in this use."""
        row = self.rows[name]
        value = row.field.value()
        given = self._given(str(value)) if is_formula(value) else None
        row.set_note(f"gives {_said(plain(given))} here" if given is not None else "")

    def _on_edited(self, spec: ParameterSpec, value: Any) -> None:
        if self._shown_node() is None or self._graph != self._session.graph_name:
            return
        self._show_given(spec.name)
        edit = self._edit(spec, value)
        self._session.try_out(edit if self._is_new(spec, edit) else None)

    def _on_committed(self, spec: ParameterSpec, value: Any) -> None:
        if self._shown_node() is None:
            return
        edit = self._edit(spec, value)
        if self._is_new(spec, edit):
            self._session.attempt(with_uses(self._session.document, edit))
        else:
            self._session.try_out(None)

    def _edit(self, spec: ParameterSpec, value: Any) -> SetParameter:
        return SetParameter(self._node, spec.name, json_value(spec, value), self._graph)

    def _is_new(self, spec: ParameterSpec, edit: SetParameter) -> bool:
        node = self._shown_node()
        return node is not None and node.parameters.get(spec.name) != edit.value

    def _shown_node(self) -> Node | None:
        """The node that is shown; what is typed is for it, also when another level comes to be seen meanwhile."""
        graph = self._session.document.graphs.get(self._graph)
        return graph.nodes.get(self._node) if graph is not None else None

    def _space(self) -> None:
        self._column.setSpacing(theme_manager().spacing.px(5))


def _said(value: Any) -> str:
    return ("on" if value else "off") if isinstance(value, bool) else str(value)
