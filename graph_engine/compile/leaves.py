"""The plain values in an expression: found, compared and replaced, wherever they stand."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from dataclasses import replace as rebuilt
from functools import cache
from typing import Any, Literal

from graph_engine.blocks.call import (
    Apply,
    Code,
    Function,
    Infix,
    Layer,
    Method,
    Ref,
    Run,
    Stepwise,
    Weight,
    Wrapper,
    layers_of,
)
from graph_engine.check.evaluate import resolve

Where = Literal["init", "forward"]


@dataclass(frozen=True, slots=True)
class Leaf:
    """A plain value, whether it makes a module or is used in `forward`, and the name of the argument that it is.

    `optional` are those of a layer that is not always there.
    """

    value: Any
    where: Where
    hint: str
    optional: bool = False


Replace = Callable[[Leaf], Any]
ArgumentNames = Callable[[str], Sequence[str]]
"""Target of a layer → the names of its constructor's arguments."""


def leaves_of(expression: Any, names: ArgumentNames) -> list[Leaf]:
    """Every plain value of an expression, in order."""
    found: list[Leaf] = []

    def note(leaf: Leaf) -> Any:
        found.append(leaf)
        return leaf.value

    replaced(expression, note, names)
    return found


def skeleton_of(expression: Any, names: ArgumentNames) -> str:
    """What is left of an expression without its plain values: two of one skeleton differ in values alone."""
    return repr(replaced(expression, lambda _: Code("_"), names))


def optional_layers(expression: Any) -> list[Layer]:
    """The layers of an expression that are not always there."""
    return [layer for layer in layers_of(expression) if layer.optional]


def without_optional(expression: Any) -> Any:
    """An expression as it is where its optional layers are not needed."""
    match expression:
        case Apply(layer, inputs):
            inner = tuple(map(without_optional, inputs))
            return inner[0] if layer.optional else Apply(layer, inner)
        case Function(target, arguments, options):
            named = tuple((name, without_optional(value)) for name, value in options)
            return Function(target, tuple(map(without_optional, arguments)), named)
        case Method(owner, name, arguments, options):
            return Method(without_optional(owner), name, tuple(map(without_optional, arguments)), options)
        case Infix(sign, operands):
            return Infix(sign, tuple(map(without_optional, operands)))
        case list():
            return list(map(without_optional, expression))
        case _:
            return expression


def replaced(expression: Any, replace: Replace, names: ArgumentNames) -> Any:  # noqa: C901  a case for each kind
    """An expression with every plain value replaced."""

    optional = False

    def layer(part: Layer) -> Layer:
        nonlocal optional
        around, optional = optional, optional or part.optional
        known = names(part.target)
        arguments = tuple(
            value(each, "init", known[at] if at < len(known) else "size") for at, each in enumerate(part.arguments)
        )
        options = tuple((name, value(each, "init", name)) for name, each in part.options)
        wrappers = tuple(
            Wrapper(each.target, tuple((name, value(part, "init", name)) for name, part in each.options))
            for each in part.wrappers
        )
        optional = around
        return rebuilt(part, arguments=arguments, options=options, wrappers=wrappers)

    def value(part: Any, where: Where, hint: str) -> Any:
        match part:
            case Ref() | Apply() | Weight() | Function() | Method() | Infix():
                return walk(part)
            case Layer():
                return layer(part)
            case Run(inner, times):
                return Run(layer(inner), replace(Leaf(times, "init", "depth", optional)))
            case Stepwise(start, by):
                return Stepwise(
                    replace(Leaf(start, where, hint, optional)), replace(Leaf(by, where, "growth", optional))
                )
            case tuple() | list():
                return type(part)(value(each, where, hint) for each in part)
            case _:
                return replace(Leaf(part, where, hint, optional))

    def walk(part: Any) -> Any:
        match part:
            case Ref():
                return part
            case Apply(inner, inputs):
                return Apply(layer(inner), tuple(walk(each) for each in inputs))
            case Weight(inner):
                return Weight(layer(inner))
            case Function(target, arguments, options):
                return Function(
                    target,
                    tuple(value(each, "forward", "size") for each in arguments),
                    tuple((name, value(each, "forward", name)) for name, each in options),
                )
            case Method(owner, name, arguments, options):
                return Method(
                    walk(owner),
                    name,
                    tuple(value(each, "forward", "size") for each in arguments),
                    tuple((key, value(each, "forward", key)) for key, each in options),
                )
            case Infix(sign, operands):
                return Infix(sign, tuple(value(each, "forward", "factor") for each in operands))
            case _:
                return value(part, "forward", "size")

    return walk(expression)


def each_layer(expression: Any, change: Callable[[Layer], Layer]) -> Any:
    """An expression with every module in it changed, those inside modules as well."""
    match expression:
        case Layer():
            inner = tuple(each_layer(part, change) for part in expression.arguments)
            return change(rebuilt(expression, arguments=inner))
        case Run(layer, times):
            return Run(each_layer(layer, change), times)
        case Apply(layer, inputs):
            return Apply(each_layer(layer, change), tuple(each_layer(part, change) for part in inputs))
        case Weight(layer):
            return Weight(each_layer(layer, change))
        case Function(target, arguments, options):
            return Function(target, tuple(each_layer(part, change) for part in arguments), options)
        case Method(owner, name, arguments, options):
            return Method(each_layer(owner, change), name, arguments, options)
        case Infix(sign, operands):
            return Infix(sign, tuple(each_layer(part, change) for part in operands))
        case list() | tuple():
            return type(expression)(each_layer(part, change) for part in expression)
        case _:
            return expression


@cache
def torch_names(target: str) -> tuple[str, ...]:
    """The names of the arguments of a class or function of torch or of our own; none where they can't be read."""
    try:
        return tuple(inspect.signature(resolve(target)).parameters)
    except (ValueError, LookupError):
        return ()
