"""What a block stands for, as data: an expression that is both run on the meta device and written as source.

`Layer` is a module made in `__init__`; `Ref` is the value at an input port; the rest is the body of `forward`.
Targets are dotted names: `nn.*`, `F.*` and `torch.*` are torch's, those of `PARAMETRIZATIONS` are imported from
`torch.nn.utils.parametrizations`, any other name is a class or function of `graph_engine.nn`, whose source is copied
into the program.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Literal

PARAMETRIZATIONS = ("spectral_norm", "weight_norm")


@dataclass(frozen=True, slots=True)
class Ref:
    """The value at an input port."""

    port: str


@dataclass(frozen=True, slots=True)
class Wrapper:
    """A function that takes a new module, changes how its weights begin or are made, and gives it back."""

    target: str
    options: tuple[tuple[str, Any], ...] = ()


@dataclass(frozen=True, slots=True)
class Layer:
    """A module: its class and the arguments that construct it.

    `name` tells several modules of one node apart (`projection`); the main one has none.
    Keyword arguments that equal torch's defaults are left out of the source. The module goes through `wrappers`,
    innermost first: `spectral_norm(he_weights(nn.Linear(3, 4)))`. One that is `optional` is only there for inputs that
    need it; elsewhere its input is taken as it is. `condition` is Python for when it is made, in a class of which some
    uses need it.
    """

    target: str
    arguments: tuple[Any, ...] = ()
    options: tuple[tuple[str, Any], ...] = ()
    name: str = ""
    wrappers: tuple[Wrapper, ...] = ()
    optional: bool = False
    condition: str = ""

    @staticmethod
    def of(target: str, *arguments: Any, name: str = "", **options: Any) -> Layer:
        return Layer(target, arguments, tuple(options.items()), name)

    def through(self, target: str, **options: Any) -> Layer:
        """This module, given to the function `target` before it is used."""
        return replace(self, wrappers=(*self.wrappers, Wrapper(target, tuple(options.items()))))

    def where_needed(self) -> Layer:
        """This module as one that other inputs do without."""
        return replace(self, optional=True)

    def on(self, *inputs: Expression) -> Apply:
        """This module called on `inputs`."""
        return Apply(self, inputs)


@dataclass(frozen=True, slots=True)
class Run:
    """Among the modules of an `nn.Sequential` or `nn.ModuleList`: `times` of the same, one after another."""

    layer: Layer
    times: int


@dataclass(frozen=True, slots=True)
class Stepwise:
    """An argument that grows from one module of a `Run` to the next: `start + by * i`."""

    start: int
    by: int


@dataclass(frozen=True, slots=True)
class Code:
    """An argument as it is written, where it is not a plain value: `width * 4`."""

    text: str


@dataclass(frozen=True, slots=True)
class Apply:
    """A module called on inputs."""

    layer: Layer
    inputs: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class Weight:
    """The weight of a module, used outside it: a decoder that is tied to its encoder."""

    layer: Layer


@dataclass(frozen=True, slots=True)
class Function:
    """A function called with expressions and plain values."""

    target: str
    arguments: tuple[Any, ...] = ()
    options: tuple[tuple[str, Any], ...] = ()

    @staticmethod
    def of(target: str, *arguments: Any, **options: Any) -> Function:
        return Function(target, arguments, tuple(options.items()))


@dataclass(frozen=True, slots=True)
class Method:
    """A method of a tensor: `value.name(*arguments)`."""

    value: Expression
    name: str
    arguments: tuple[Any, ...] = ()
    options: tuple[tuple[str, Any], ...] = ()

    @staticmethod
    def of(value: Expression, name: str, *arguments: Any, **options: Any) -> Method:
        return Method(value, name, arguments, tuple(options.items()))


@dataclass(frozen=True, slots=True)
class Infix:
    """Operands, values or plain numbers, joined by one operator, left to right."""

    operator: Literal["+", "-", "*"]
    operands: tuple[Expression | float, ...]


Expression = Ref | Apply | Weight | Function | Method | Infix


def layers_of(expression: Any) -> list[Layer]:
    """Every module inside an expression, in the order in which they are called."""
    match expression:
        case Apply(layer, inputs):
            return [found for part in inputs for found in layers_of(part)] + [layer]
        case Weight(layer):
            return [layer]
        case Function(_, arguments, options):
            return [found for part in (*arguments, *(v for _, v in options)) for found in layers_of(part)]
        case Method(value, _, arguments, _):
            return [found for part in (value, *arguments) for found in layers_of(part)]
        case Infix(_, operands):
            return [found for part in operands for found in layers_of(part)]
        case tuple() | list():
            return [found for part in expression for found in layers_of(part)]
        case _:
            return []
