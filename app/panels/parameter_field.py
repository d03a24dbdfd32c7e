"""The field that a declared parameter is edited with."""

from __future__ import annotations

from typing import Any

from PySide6.QtWidgets import QWidget

from app.widgets import Choice, ChoiceField, Field, NumberField, NumbersField, PairField, ShapeField, TextField, Toggle
from app.widgets.formula_switch import FormulaSwitch
from app.widgets.number_field import Open
from app.widgets.parsed_field import ParsedField
from graph_engine.blocks import ParameterError, ParameterSpec
from graph_engine.blocks.named import is_formula
from graph_engine.blocks.parameter import ParameterType
from graph_engine.document import MAIN, AnyEdit, Document, EditRefused, SetParameter
from graph_engine.document.porting import rename_port


def field_for(spec: ParameterSpec) -> QWidget:
    """A field (see `app.widgets.Field`) with the bounds, the unit and the choices that `spec` declares."""
    meta = spec.meta

    def check(value: Any) -> str | None:
        try:
            spec.parse(value)
        except ParameterError as error:
            return str(error)
        return None

    low = meta.ge if meta.ge is not None else meta.gt
    high = meta.le if meta.le is not None else meta.lt
    match spec.type:
        case ParameterType.INT | ParameterType.FLOAT:
            return NumberField(
                spec.default,
                whole=spec.type is ParameterType.INT,
                minimum=low,
                maximum=high,
                open_bounds=_open(spec),
                unit=meta.unit,
                check=check,
            )
        case ParameterType.BOOL:
            return FormulaSwitch(Toggle(spec.default), check)
        case ParameterType.CHOICE:
            choices = [Choice(choice, choice) for choice in spec.choices]
            return FormulaSwitch(ChoiceField(choices, spec.default), check)
        case ParameterType.PAIR:
            return PairField(
                spec.default,
                minimum=None if low is None else int(low),
                maximum=None if high is None else int(high),
                check=check,
            )
        case ParameterType.NUMBERS:
            return NumbersField(spec.default, check=check)
        case ParameterType.SHAPE:
            return ShapeField(spec.default, inferred=low is None, check=check)
        case ParameterType.TEXT | ParameterType.NOTE:
            return TextField(spec.default, check=check)


def show_value(field: QWidget, spec: ParameterSpec, value: Any) -> None:
    """Shows a JSON value of a document, also one that the parameter can't take: it is shown as it is, and marked."""
    line = field if isinstance(field, ParsedField) else None
    if not isinstance(field, Field):
        raise TypeError(f"{type(field).__name__} is not a field")
    if is_formula(value):
        field.set_value(value)
        field.set_error(None)
        return
    try:
        field.set_value(spec.parse(value))
        field.set_error(None)
    except ParameterError as error:
        if line is not None:
            between = ", " if spec.type is ParameterType.NUMBERS else " × "
            line.setText(between.join(map(str, value)) if isinstance(value, (list, tuple)) else str(value))
        else:
            field.set_value(value)
        field.set_error(str(error))


def json_value(spec: ParameterSpec, value: Any) -> Any:
    """A field's value as a document keeps it: lists for tuples, None for the default."""
    if value == spec.default:
        return None
    return list(value) if isinstance(value, tuple) else value


def with_uses(document: Document, edit: SetParameter) -> AnyEdit:
    """The edit; where it names a composite's port, the wires at the uses of the composite change with it."""
    node = document.graphs[edit.graph][edit.node]
    is_port = edit.graph != MAIN and node.block in ("input", "output")
    if is_port and edit.name == "name" and isinstance(edit.value, str):
        try:
            return rename_port(document, edit.graph, edit.node, edit.value)
        except EditRefused:
            return edit  # a name that can't be: the check says so
    return edit


def _open(spec: ParameterSpec) -> Open:
    low, high = spec.meta.gt is not None, spec.meta.lt is not None
    if low and high:
        return "both"
    return "minimum" if low else "maximum" if high else ""
