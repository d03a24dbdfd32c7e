"""Parameter values with their formulas computed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from graph_engine.blocks import ParameterError, TensorSpec
from graph_engine.blocks.named import FormulaError, evaluate, is_formula
from graph_engine.blocks.tensor import Kind


def evaluated(parameters: Mapping[str, Any], values: Mapping[str, Any]) -> dict[str, Any]:
    """`parameters` with each formula replaced by what it gives where names stand for `values`.

    Raises: ParameterError naming the parameter.
    """
    return {name: _value(name, value, values) for name, value in parameters.items()}


def _value(name: str, value: Any, values: Mapping[str, Any]) -> Any:
    if isinstance(value, (list, tuple)) and any(map(is_formula, value)):
        return [_value(name, part, values) for part in value]
    if not is_formula(value):
        return value
    try:
        return evaluate(value, values)
    except FormulaError as error:
        raise ParameterError(name, str(error)) from error


def in_channels(spec: TensorSpec) -> int | None:
    """How many channels or features arrive: axis 1 of images and volumes, else the last; None where not known."""
    if spec.rank < 2 or not spec.is_floating:
        return None
    length = spec.shape[1 if spec.kind in (Kind.IMAGE, Kind.VOLUME) else -1]
    return length if isinstance(length, int) else None
