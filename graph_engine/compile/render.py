"""Expressions as Python text."""

from __future__ import annotations

import inspect
import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import cache
from typing import Any

from graph_engine.blocks.call import Apply, Code, Function, Infix, Layer, Method, Ref, Run, Stepwise, Weight
from graph_engine.check.evaluate import resolve
from graph_engine.compile.naming import INDEX

WIDTH = 120


def render_layer(layer: Layer) -> str:
    """The constructor call of a module: `nn.Conv2d(1, 6, 5)`; arguments equal to the class's defaults are left out."""
    if layer.condition:
        return f"{render_layer(replace(layer, condition=''))} if {layer.condition} else nn.Identity()"
    if any(isinstance(part, (Layer, Run)) for part in layer.arguments):
        return _call(layer.target, [_part(part) for part in layer.arguments], [])
    if layer.arguments and isinstance(layer.arguments[0], tuple) and any(map(_is_part, layer.arguments[0])):
        return _call(layer.target, [_list(layer.arguments[0])], [])
    text = _call(layer.target, [_value(a) for a in layer.arguments], _options(layer.target, layer.options, _value))
    for wrapper in layer.wrappers:
        text = _call(wrapper.target, [text], _options(wrapper.target, wrapper.options, _value))
    return text


def _is_part(value: Any) -> bool:
    return isinstance(value, (Layer, Run))


def _list(parts: tuple[Layer | Run, ...]) -> str:
    """The modules of an `nn.ModuleList`."""
    if len(parts) == 1 and isinstance(parts[0], Run):
        return _generator(parts[0])
    return f"[{', '.join(_part(part) for part in parts)}]"


def _part(part: Layer | Run) -> str:
    """One or several of the modules of an `nn.Sequential`."""
    return f"*({_generator(part)})" if isinstance(part, Run) else render_layer(part)


def _generator(run: Run) -> str:
    made = render_layer(run.layer)
    counts = any(
        isinstance(value, Stepwise) for value in (*run.layer.arguments, *(each for _, each in run.layer.options))
    )
    return f"{made} for {INDEX if counts else '_'} in range({_value(run.times)})"


def render(expression: Any, values: Mapping[str, str], module: Callable[[Layer], str]) -> str:
    """An expression over the names of the values at its ports; `module` names what a layer is called as."""

    def text(part: Any) -> str:
        match part:
            case Ref(port):
                return values[port]
            case Apply(layer, inputs):
                return _call(module(layer), [text(each) for each in inputs], [])
            case Weight(layer):
                return f"{module(layer)}.weight"
            case Function(target, arguments, options):
                return _call(target, [text(each) for each in arguments], _options(target, options, text))
            case Method(value, name, arguments, options):
                named = [f"{key}={text(each)}" for key, each in options]
                return _call(f"{_owner(text(value))}.{name}", [text(each) for each in arguments], named)
            case Infix(operator, operands):
                first, *rest = (text(each) for each in operands)
                terms = [_term(first, operator, "+-" if operator != "*" else "*")]
                return f" {operator} ".join([*terms, *(_term(each, operator) for each in rest)])
            case list():
                return f"[{', '.join(text(each) for each in part)}]"
            case _:
                return _value(part)

    return text(expression)


def targets_of(expression: Any, *, modules: bool = True) -> list[str]:
    """Every dotted target that an expression calls, and with `modules` also those that it constructs."""
    match expression:
        case Apply(layer, inputs):
            own = _targets_of_layer(layer) if modules else []
            return [*own, *(found for part in inputs for found in targets_of(part, modules=modules))]
        case Weight(layer):
            return _targets_of_layer(layer) if modules else []
        case Function(target, arguments, options):
            parts = (*arguments, *(value for _, value in options))
            return [target, *(found for part in parts for found in targets_of(part, modules=modules))]
        case Method(value, _, arguments, _):
            return [found for part in (value, *arguments) for found in targets_of(part, modules=modules)]
        case Infix(_, operands):
            return [found for part in operands for found in targets_of(part, modules=modules)]
        case list():
            return [found for part in expression for found in targets_of(part, modules=modules)]
        case _:
            return []


def _targets_of_layer(layer: Layer) -> list[str]:
    parts = [part for each in layer.arguments for part in (each if isinstance(each, tuple) else [each])]
    inner = [part.layer if isinstance(part, Run) else part for part in parts if _is_part(part)]
    own = [layer.target, *(wrapper.target for wrapper in layer.wrappers)]
    return [*own, *(found for part in inner for found in _targets_of_layer(part))]


def wrap(line: str, indent: int) -> list[str]:
    """`line` indented; where it is too long, what its longest bracket holds goes on a line of its own, or each part of
    that on one, and so on."""
    space = " " * indent
    if len(space + line) <= WIDTH:
        return [space + line]
    head, _, value = line.partition(" = ")
    choice = _split(value, " if ")
    if len(choice) > 1 and not value.startswith("("):
        parts = wrap(value, indent + 4)
        apart = [f"{space}    {choice[0]}", f"{space}    if {choice[1]}".replace(" else ", f"\n{space}    else ")]
        inner = parts if len(parts) == 1 else "\n".join(apart).split("\n")
        return [f"{space}{head} = (", *inner, f"{space})"]
    bracket = _longest_bracket(line)
    if bracket is not None and indent + bracket[0] <= WIDTH:
        start, stop = bracket
        parts = _split(line[start:stop], ", ")
        together = f"{space}    {line[start:stop]}"
        comma = "," if len(parts) > 1 else ""  # none after a single one: it may be a generator
        each_alone = [folded for part in parts for folded in wrap(part + comma, indent + 4)]
        inner = [together] if len(together) <= WIDTH else each_alone
        return [space + line[:start], *inner, space + line[stop:]]
    head, equals, value = line.partition(" = ")
    if line.startswith("return "):
        head, equals, value = "return", " ", line.removeprefix("return ")
    parts = _terms(value or line)
    if len(parts) == 1:
        return [space + line]
    if not equals:  # it stands inside brackets already
        return [space + part for part in parts]
    return [f"{space}{head}{equals}(", *(f"{space}    {part}" for part in parts), f"{space})"]


def _terms(text: str) -> list[str]:
    """The values of a tuple, each with its comma, or the operands of an operator, each but the first with its sign."""
    values = _split(text, ", ")
    if len(values) > 1:
        return [f"{value}," for value in values]
    for sign in "+-*":
        first, *rest = _split(text, f" {sign} ")
        if rest:
            return [first, *(f"{sign} {each}" for each in rest)]
    return [text]


def _longest_bracket(line: str) -> tuple[int, int] | None:
    """Where the contents of the longest outermost bracket of calls, lists and definitions start and stop."""
    found: list[tuple[int, int]] = []
    depth = start = 0
    for at, letter in enumerate(line):
        if letter in "([{":
            depth += 1
            if depth == 1:
                start = at + 1
        elif letter in ")]}":
            depth -= 1
            if depth == 0:
                found.append((start, at))
    return max((each for each in found if each[1] > each[0]), key=lambda each: each[1] - each[0], default=None)


def _split(text: str, separator: str) -> list[str]:
    """The parts between separators that stand in no bracket."""
    parts, depth, start = [], 0, 0
    for at, letter in enumerate(text):
        depth += (letter in "([{") - (letter in ")]}")
        if depth == 0 and text.startswith(separator, at):
            parts.append(text[start:at])
            start = at + len(separator)
    return [*parts, text[start:]]


def _term(text: str, operator: str, alike: str = "") -> str:
    """`text` as an operand: in brackets unless its own operators bind tighter, or are among those `alike`."""
    tighter = alike + ("*" if operator != "*" else "")
    signs = {text[at + 1] for at in _spaces(text)} if " " in text else set()
    return text if signs <= set(tighter) else f"({text})"


def _owner(text: str) -> str:
    """`text` as that whose method is called."""
    return f"({text})" if _spaces(text) else text


def _spaces(text: str) -> list[int]:
    """Where, outside all brackets, an operator begins: a space with another one after it."""
    found, depth, last = [], 0, 0
    for at, letter in enumerate(text):
        depth += (letter in "([{") - (letter in ")]}")
        if depth == 0 and letter == " " and at >= last:
            found.append(at)
            last = at + 1 + len(text[at + 1 :].partition(" ")[0]) + 1
    return found


def _call(name: str, arguments: list[str], named: list[str]) -> str:
    return f"{name}({', '.join(arguments + named)})"


def _options(target: str, options: tuple[tuple[str, Any], ...], text: Callable[[Any], str]) -> list[str]:
    defaults = _defaults(target)
    return [f"{name}={text(value)}" for name, value in options if name not in defaults or defaults[name] != value]


def _value(value: Any) -> str:
    """A plain value as it is typed; text in double quotes."""
    match value:
        case Code(text):
            return text
        case Stepwise(start, by):
            step = _value(by)
            factor = "" if step == "1" else f"({step}) * " if " " in step else f"{step} * "
            return f"{_value(start)} + {factor}{INDEX}"
        case str():
            return json.dumps(value, ensure_ascii=False)
        case tuple():
            return f"({', '.join(map(_value, value))}{',' if len(value) == 1 else ''})"
        case list():
            return f"[{', '.join(map(_value, value))}]"
        case _:
            return repr(value)


@cache
def _defaults(target: str) -> dict[str, Any]:
    """Default values by argument; empty where the signature can't be read (torch's built-in functions)."""
    try:
        signature = inspect.signature(resolve(target))
    except (ValueError, LookupError):  # built in, or a class of this very program
        return {}
    return {
        name: parameter.default
        for name, parameter in signature.parameters.items()
        if parameter.default is not inspect.Parameter.empty
    }
