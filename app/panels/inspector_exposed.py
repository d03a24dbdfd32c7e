"""A parameter that a composite exposes: its name, what it may be, and its words."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QPushButton, QWidget

from app.theme import set_role
from app.widgets import Choice, ChoiceField, FormRow, NumberField, Section, TextField, Toggle
from graph_engine.document import Batch, Declare, Exposed
from graph_engine.document.composite import ExposedType, why_not_exposed
from graph_engine.document.porting import remove_exposed, rename_exposed

if TYPE_CHECKING:
    from app.session import Session

_TYPES = (
    Choice("int", "Whole number"),
    Choice("float", "Number"),
    Choice("bool", "Yes or no"),
    Choice("choice", "One of several"),
)
_FIRST: dict[ExposedType, Any] = {"int": 1, "float": 1.0, "bool": False, "choice": "first"}
_CHOICES = ("first", "second")


def form_key(exposed: Exposed) -> tuple[str, str, tuple[str, ...]]:
    """What a section is made for; another name, type or choices take another section."""
    return exposed.name, exposed.type, exposed.choices


class ExposedSection(Section):
    """One exposed parameter, folded to its name and default. Each change is one step of the history."""

    def __init__(self, session: Session, graph: str, exposed: Exposed, *, folded: bool) -> None:
        super().__init__(exposed.name, folded=folded)
        self._session = session
        self._graph = graph
        self._exposed = exposed
        self.rows: dict[str, FormRow] = {}
        self._row("name", "Name", TextField(exposed.name, required=True, check=self._why_not_name), self._rename)
        self._row("type", "Type", ChoiceField(_TYPES, exposed.type), self._set_type)
        if exposed.type == "choice":
            choices = TextField(", ".join(exposed.choices), required=True)
            self._row("choices", "Choices", choices, self._set_choices, "Words, with commas between them.")
        self._row("default", "Default", self._default_field(), lambda value: self._change(default=value))
        if exposed.type == "int":
            least = NumberField(exposed.least, whole=True, words={"none": None})
            self._row("least", "At least", least, lambda value: self._change(least=value))
        self._row("title", "Title", TextField(exposed.title), lambda value: self._change(title=value))
        self._row("help", "Help", TextField(exposed.help), lambda value: self._change(help=value))
        self.remove = QPushButton("Remove")
        set_role(self.remove, "quiet")
        self.remove.setToolTip("Formulas that name it are written with its default")
        self.remove.setAccessibleName(f"Remove the parameter {exposed.name}")
        self.remove.clicked.connect(self._remove)
        self.add(self.remove)
        self.show_exposed(exposed)

    def show_exposed(self, exposed: Exposed) -> None:
        """Shows the parameter as it is declared now."""
        self._exposed = exposed
        self.header.set_note(f"= {exposed.default}")
        for name in ("default", "least", "title", "help"):
            if name in self.rows:
                self.rows[name].field.set_value(getattr(exposed, name))

    def focus_name(self) -> None:
        """Lets another name be typed."""
        self.set_folded(folded=False)
        line = self.rows["name"].widget
        line.setFocus(Qt.FocusReason.OtherFocusReason)
        if isinstance(line, TextField):
            line.selectAll()

    def _row(self, name: str, label: str, field: QWidget, take: Any, help_text: str = "") -> None:
        row = FormRow(label, field, help_text=help_text)
        field.setAccessibleName(f"{label} of {self._exposed.name}")
        row.field.committed.connect(take)
        self.rows[name] = row
        self.add(row)

    def _default_field(self) -> QWidget:
        exposed = self._exposed
        match exposed.type:
            case "bool":
                return Toggle(exposed.default)
            case "choice":
                return ChoiceField([Choice(word, word) for word in exposed.choices], exposed.default)
            case _:
                return NumberField(exposed.default, whole=exposed.type == "int", check=self._why_not_default)

    def _why_not_name(self, name: Any) -> str | None:
        return why_not_exposed(replace(self._exposed, name=name))

    def _why_not_default(self, value: Any) -> str | None:
        return why_not_exposed(replace(self._exposed, default=value))

    def _rename(self, name: str) -> None:
        session = self._session
        if name != self._exposed.name:
            self._attempt(lambda: rename_exposed(session.document, self._graph, self._exposed.name, name))

    def _remove(self) -> None:
        session = self._session
        self._attempt(lambda: remove_exposed(session.document, self._graph, self._exposed.name))

    def _set_type(self, kind: ExposedType) -> None:
        choices = _CHOICES if kind == "choice" else ()
        self._change(type=kind, default=_FIRST[kind], choices=choices, least=None)

    def _set_choices(self, text: str) -> None:
        choices = tuple(dict.fromkeys(word for part in text.split(",") if (word := part.strip())))
        if choices:
            default = self._exposed.default if self._exposed.default in choices else choices[0]
            self._change(choices=choices, default=default)

    def _change(self, **changes: Any) -> None:
        graph, name = self._session.document.graphs.get(self._graph), self._exposed.name
        declared = graph.declaration.exposed(name) if graph is not None else None
        if graph is None or declared is None:
            return
        new = replace(declared, **changes)
        if new != declared:
            exposes = tuple(new if each.name == name else each for each in graph.declaration.exposes)
            edit = Declare(replace(graph.declaration, exposes=exposes), self._graph)
            if not self._session.attempt(edit, label=f"Change the parameter {name}"):
                self.show_exposed(declared)

    def _attempt(self, edit: Any) -> None:
        made: Batch | None = self._session.made(edit)
        if made is not None:
            self._session.attempt(made)
