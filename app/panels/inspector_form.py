"""The parameters of a node as a form made from its block's declaration, previewed while one types."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QVBoxLayout, QWidget

from app.panels.parameter_field import field_for, json_value, show_value
from app.theme import theme_manager
from app.widgets import FormRow, Scrubbable, Section
from graph_engine.document import SetParameter

if TYPE_CHECKING:
    from app.session import Session
    from graph_engine.blocks import Block, ParameterSpec


class ParameterForm(QWidget):
    """A row for each parameter of one block; shows one node of that block at a time.

    What is typed is tried out (`Session.try_out`); Enter or leaving the field makes one step of the history of it.
    """

    def __init__(self, session: Session, block: type[Block], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._node = ""
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
        if node != self._node:
            for field in self._fields.values():
                if field.hasFocus() and isinstance(field, Scrubbable):
                    field.commit()
        self._node = node
        self.refresh()

    def refresh(self) -> None:
        """Shows the values as they are in the document."""
        if self._node not in self._session.graph:
            return
        values = self._session.graph[self._node].parameters
        for name, spec in self._specs.items():
            if self._session.preview is None or not self._fields[name].hasFocus():
                show_value(self._fields[name], spec, values.get(name, spec.default))
        self.show_problems()

    def show_problems(self) -> None:
        """Puts what the check says of a parameter under its field."""
        found = {
            problem.parameter: problem.message
            for problem in self._session.problems
            if problem.node == self._node and problem.parameter
        }
        for name, row in self.rows.items():
            row.field.set_error(found.get(name))

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
        self.rows[spec.name] = row
        self._fields[spec.name] = field
        return row

    def _on_edited(self, spec: ParameterSpec, value: Any) -> None:
        if not self._node:
            return
        edit = self._edit(spec, value)
        self._session.try_out(edit if self._is_new(spec, edit) else None)

    def _on_committed(self, spec: ParameterSpec, value: Any) -> None:
        if not self._node:
            return
        edit = self._edit(spec, value)
        if self._is_new(spec, edit):
            self._session.attempt(edit)
        else:
            self._session.try_out(None)

    def _edit(self, spec: ParameterSpec, value: Any) -> SetParameter:
        return SetParameter(self._node, spec.name, json_value(spec, value), self._session.graph_name)

    def _is_new(self, spec: ParameterSpec, edit: SetParameter) -> bool:
        return self._node in self._session.graph and (
            self._session.graph[self._node].parameters.get(spec.name) != edit.value
        )

    def _space(self) -> None:
        self._column.setSpacing(theme_manager().spacing.px(5))
