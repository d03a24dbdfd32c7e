"""The values of a node as a line of text, `channels=64, kernel=3×5`, and such a line as values."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from graph_engine.blocks import ParameterError
from graph_engine.blocks.named import is_formula
from graph_engine.blocks.parameter import ParameterType

if TYPE_CHECKING:
    from collections.abc import Mapping

    from graph_engine.blocks import Block, ParameterSpec
    from graph_engine.document import Node

_BETWEEN = re.compile(r",\s*(?=\w+\s*=)")  # a comma in a formula or a note parts nothing
_WORDS = {"on": True, "true": True, "yes": True, "off": False, "false": False, "no": False}


def values_text(block: type[Block] | None, node: Node, *, whole: bool = False) -> str:
    """The values of a node, those of advanced parameters only where they are not the default, or if it is `whole`."""
    values = node.parameters
    if block is None:
        return ", ".join(f"{name}={_written(value)}" for name, value in values.items())
    return ", ".join(
        f"{spec.name}={_written(values.get(spec.name, spec.default))}"
        for spec in block.parameters()
        if whole or not spec.meta.advanced or spec.name in values
    )


def split_values(text: str) -> list[tuple[str, str]]:
    """The names and what is written behind them.

    Raises: ValueError for what is not `name=value`.
    """
    pairs = []
    for part in filter(None, (part.strip().rstrip(",") for part in _BETWEEN.split(text))):
        name, equals, value = part.partition("=")
        if not equals or not name.strip():
            raise ValueError(f"{part!r} says no value: write name=value, name=value.")
        pairs.append((name.strip(), value.strip()))
    return pairs


def read_value(spec: ParameterSpec, text: str, names: Mapping[str, Any] | None) -> Any:
    """What is written as the parameter's value; a formula (`=width * 4`) only where `names` tells what it may name.

    Raises: ParameterError, FormulaError with a sentence.
    """
    from graph_engine.blocks.named import evaluate

    if is_formula(text):
        if names is None:
            raise ParameterError(spec.name, f"{spec.meta.title}: formulas have their place in composites; got {text}.")
        spec.parse(evaluate(text, names))
        return text
    return spec.parse(_typed(spec.type, text))


def _typed(kind: ParameterType, text: str) -> Any:
    match kind:
        case ParameterType.TEXT | ParameterType.NOTE | ParameterType.CHOICE:
            return text
        case ParameterType.BOOL:
            return _WORDS.get(text.casefold(), text)
        case ParameterType.PAIR | ParameterType.SHAPE:
            items = [_number(item) for item in re.split(r"\s*[×x*]\s*|\s+", text.strip("()[] ")) if item]
            return items[0] if kind is ParameterType.PAIR and len(items) == 1 else items
    return _number(text)


def _number(text: str) -> Any:
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text


def _written(value: Any) -> str:
    if isinstance(value, bool):
        return "on" if value else "off"
    return "×".join(map(str, value)) if isinstance(value, (list, tuple)) else str(value)
