"""The arguments of a custom block's constructor: which are parameters, and which follow from what arrives."""

from __future__ import annotations

import ast
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from graph_engine.blocks.block import Block
from graph_engine.blocks.custom.definition import Argument, Fault, Inferred
from graph_engine.blocks.parameter import Param, ParameterError, ParameterSpec, ParameterType

OWN = ("source", "definition", "target", "name_of_custom")
"""What a custom block's class says beside what every block does."""
_TAKEN = frozenset({*dir(Block), *OWN, "title", "category"})
_PAIR = r"([tT]uple|typing\.Tuple)\[int, int\]"
_KINDS = "int, float, bool, str, tuple[int, int], int | tuple[int, int] or Literal[…]"


@dataclass(frozen=True, slots=True)
class _Type:
    type: ParameterType
    choices: tuple[str, ...] = ()
    always_two: bool = False


def read_arguments(
    init: ast.FunctionDef, docs: str, inputs: Sequence[str]
) -> tuple[list[Argument | Inferred], list[Fault]]:
    """What a constructor takes beside `self`, in order, and what is wrong with it. `docs` tell of its arguments."""
    args = init.args
    faults = [
        Fault(each.lineno, f"Name every parameter of __init__: *{each.arg} says neither how many nor which.")
        for each in (args.vararg, args.kwarg)
        if each is not None
    ]
    faults += [
        Fault(each.lineno, f"{each.arg} must be given by name, so take away the /.") for each in args.posonlyargs
    ]
    every = args.args if args.posonlyargs else args.args[1:]
    before = [*([None] * (len(every) - len(args.defaults))), *args.defaults][-len(every) :] if every else []
    found: list[Argument | Inferred] = []
    pairs = [*zip(every, before, strict=True), *zip(args.kwonlyargs, args.kw_defaults, strict=True)]
    for arg, default in pairs:
        inferred = _inferred(arg.arg, inputs)
        if inferred is not None:
            found.append(inferred)
            continue
        try:
            found.append(_argument(arg, default, docs))
        except _WrongError as error:
            faults.append(Fault(arg.lineno, str(error)))
    return found, faults


class _WrongError(Exception):
    """What is wrong with one argument."""


def _inferred(name: str, inputs: Sequence[str]) -> Inferred | None:
    """What follows from an input: `in_channels` from the first, `skip_features` from the one called `skip`."""
    port, _, length = name.rpartition("_")
    port = inputs[0] if port == "in" and inputs else port
    if port in inputs and length == "channels":
        return Inferred(name, port, "channels")
    if port in inputs and length == "features":
        return Inferred(name, port, "features")
    return None


def _argument(arg: ast.arg, default: ast.expr | None, docs: str) -> Argument:
    name = arg.arg
    if name in _TAKEN or name.startswith("_"):
        raise _WrongError(f"{name} can't be the name of a parameter here: it means something else. Choose another.")
    if default is None:
        raise _WrongError(f"{name} needs a default, such as `{name}: int = 64`, so that the block can be placed.")
    try:
        value = ast.literal_eval(default)
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
        raise _WrongError(f"The default of {name} must be a plain value, such as 64 or 0.1.") from None
    kind = _type(arg.annotation, value)
    if kind is None:
        says = f"is declared {ast.unparse(arg.annotation)}" if arg.annotation is not None else "has no known type"
        raise _WrongError(f"A parameter is {_KINDS}; {name} {says}.")
    if kind.always_two and not (isinstance(value, tuple) and len(value) == 2):
        raise _WrongError(f"The default of {name} must be two numbers, such as (3, 3).")
    text, unit = _told(name, docs)
    spec = ParameterSpec(name, kind.type, value, Param(name), kind.choices)
    try:
        value = spec.parse(value)
    except ParameterError as error:
        raise _WrongError(f"The default does not fit: {error}") from None
    return Argument(name, kind.type, value, text, unit, kind.choices, kind.always_two)


def _type(annotation: ast.expr | None, default: Any) -> _Type | None:
    if annotation is None:
        return _type_of(default)
    if isinstance(annotation, ast.Constant) and isinstance(annotation.value, str):
        try:
            return _type(ast.parse(annotation.value, mode="eval").body, default)
        except SyntaxError:
            return None
    plain = {"int": ParameterType.INT, "float": ParameterType.FLOAT, "bool": ParameterType.BOOL}
    text = ast.unparse(annotation)
    if text in plain:
        return _Type(plain[text])
    if text == "str":
        return _Type(ParameterType.TEXT)
    if re.fullmatch(_PAIR, text):
        return _Type(ParameterType.PAIR, always_two=True)
    if re.fullmatch(rf"int \| {_PAIR}|{_PAIR} \| int|(typing\.)?Union\[int, {_PAIR}\]", text):
        return _Type(ParameterType.PAIR)
    if isinstance(annotation, ast.Subscript) and ast.unparse(annotation.value) in ("Literal", "typing.Literal"):
        try:
            choices = ast.literal_eval(annotation.slice)
        except ValueError:
            return None
        choices = choices if isinstance(choices, tuple) else (choices,)
        if all(isinstance(each, str) for each in choices):
            return _Type(ParameterType.CHOICE, choices)
    return None


def _type_of(value: Any) -> _Type | None:
    match value:
        case bool():
            return _Type(ParameterType.BOOL)
        case int():
            return _Type(ParameterType.INT)
        case float():
            return _Type(ParameterType.FLOAT)
        case str():
            return _Type(ParameterType.TEXT)
        case (int(), int()):
            return _Type(ParameterType.PAIR, always_two=True)
        case _:
            return None


def _told(name: str, docs: str) -> tuple[str, str]:
    """What a docstring says of an argument, `width: channels that come out [px]`, and the unit in the brackets."""
    found = re.search(rf"^\s*(?::param\s+)?{re.escape(name)}\s*(?:\([^)\n]*\))?\s*:\s*(.+)$", docs, re.MULTILINE)
    if found is None:
        return "", ""
    text = found[1].strip()
    unit = re.search(r"\s*\[([^\]]{1,12})\]\.?$", text)
    text = text[: unit.start()] if unit is not None else text
    return text[:1].upper() + text[1:], unit[1] if unit is not None else ""
