"""A block: one declaration from which palette, form, shape, cost, source, file format, help and tests derive."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from typing import Any, ClassVar, Self, dataclass_transform

from graph_engine.blocks.call import Apply, Expression, Layer, Ref
from graph_engine.blocks.parameter import Param, ParameterError, ParameterSpec, parameters_of
from graph_engine.blocks.refusal import Refusal
from graph_engine.blocks.tensor import Kind, TensorSpec


class Category(StrEnum):
    """Where a block stands in the library, in the library's order."""

    DATA = "Input & output"
    CONVOLUTION = "Convolution"
    POOLING = "Pooling"
    DENSE = "Dense"
    NORMALISATION = "Normalisation"
    ACTIVATION = "Activation"
    SKIP = "Skip & merge"
    ATTENTION = "Attention"
    RECURRENT = "Recurrent"
    MEMORY = "Memory"
    SPATIAL = "Spatial"
    SHAPE = "Shape"
    LOSS = "Loss"
    METRIC = "Metric"
    COMPOSITE = "Composites"


class Role(StrEnum):
    """What a block is for: borders of the network, layers between them, and what hangs beside the outputs."""

    INPUT = "input"
    OUTPUT = "output"
    LAYER = "layer"
    LOSS = "loss"
    METRIC = "metric"


@dataclass(frozen=True, slots=True)
class Reference:
    """The paper that a block or preset implements."""

    authors: str
    year: int
    title: str

    def __str__(self) -> str:
        return f"{self.authors} ({self.year}). {self.title}."


@dataclass(frozen=True, slots=True)
class Input:
    """An input port. A variadic one has slots `name.0`, `name.1`, … in order, at least `least` of them."""

    name: str
    kinds: tuple[Kind, ...] = ()
    help: str = ""
    optional: bool = False
    variadic: bool = False
    least: int = 2

    def takes(self, kind: Kind) -> bool:
        """Whether what is known to be of `kind` may be wired; what is not known yet may."""
        return kind is Kind.ANY or self.fits(kind)

    def fits(self, kind: Kind) -> bool:
        """Whether something of `kind` can be worked with."""
        return not self.kinds or any(kind.form is each.form for each in self.kinds)

    @property
    def wants(self) -> str:
        """The kinds in words: `image (N×C×H×W) or vector (N×C)`; empty where anything will do."""
        return " or ".join(f"{kind} ({kind.axes})" if kind.axes else str(kind) for kind in self.kinds)


Pattern = str | tuple["Pattern", ...]
"""How one value holds the outputs of a block: the name of one, or a tuple of patterns."""


@dataclass(frozen=True, slots=True)
class Output:
    """An output port; `kind` where rank and dtype do not tell it."""

    name: str = "y"
    kind: Kind = Kind.ANY
    help: str = ""


class Specs(Mapping[str, TensorSpec]):
    """What arrives at each connected input port."""

    def __init__(self, specs: Mapping[str, TensorSpec]) -> None:
        self._specs = dict(specs)

    def __getitem__(self, port: str) -> TensorSpec:
        return self._specs[port]

    def __iter__(self) -> Iterator[str]:
        return iter(self._specs)

    def __len__(self) -> int:
        return len(self._specs)

    def slots(self, port: str) -> list[str]:
        """The connected slots of a variadic port, in order."""
        found = [name for name in self._specs if slot_of(name)[0] == port]
        return sorted(found, key=lambda name: slot_of(name)[1])


_SLOT = re.compile(r"[0-9]{1,9}\Z")


def slot_of(port: str) -> tuple[str, int]:
    """Name and slot of a port: `xs.2` → `("xs", 2)`, `x` → `("x", 0)`."""
    name, _, slot = port.partition(".")
    return name, int(slot) if _SLOT.match(slot) else 0


@dataclass_transform(kw_only_default=True, frozen_default=True)
class Block:
    """Base of every block. Subclasses are frozen keyword dataclasses; their class variables describe them."""

    title: ClassVar[str]
    category: ClassVar[Category]
    role: ClassVar[Role] = Role.LAYER
    greater: ClassVar[bool] = False
    """Of a metric: whether greater values are better."""
    reference: ClassVar[Reference | None] = None
    keywords: ClassVar[tuple[str, ...]] = ()
    inputs: ClassVar[tuple[Input, ...]] = (Input("x"),)
    outputs: ClassVar[tuple[Output, ...]] = (Output(),)
    returns: ClassVar[Pattern | None] = None
    """How what it computes holds the outputs, if not as one value or a plain tuple: `("y", ("h", "c"))`."""
    whole_numbers: ClassVar[bool] = False
    """Whether it takes int64 at ports that do not name a kind of whole numbers."""
    keeps_numbers: ClassVar[bool] = False
    """Whether every number that leaves is one that entered, so that labels and tokens stay of as many classes."""
    detached: ClassVar[tuple[str, ...]] = ()
    """The inputs through which no gradient comes back: what lies before learns nothing by them."""
    ties: ClassVar[tuple[str, ...]] = ()
    """The blocks whose weights it can use the other way round, as a decoder does its encoder's."""
    converts: ClassVar[tuple[tuple[Kind, Kind], ...]] = ()
    """(from, to): the block is offered where one kind came and another was wanted."""
    examples: ClassVar[tuple[tuple[dict[str, Any], dict[str, TensorSpec]], ...]] = ()
    """(parameters, input specs) on which the every-block tests run."""

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        dataclass(frozen=True, kw_only=True)(cls)

    @classmethod
    def key(cls) -> str:
        """The name in files and source: the class's own in snake case."""
        return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", cls.__name__).lower()

    @classmethod
    def summary(cls) -> str:
        """The first sentence of the help."""
        return (cls.__doc__ or "").strip().split("\n", 1)[0]

    @classmethod
    def parameters(cls) -> tuple[ParameterSpec, ...]:
        return _parameters(cls)  # type: ignore[arg-type]  # mypy takes the metaclass's hash for the dataclass's

    @classmethod
    def parameter(cls, name: str) -> ParameterSpec | None:
        return next((spec for spec in cls.parameters() if spec.name == name), None)

    @classmethod
    def make(cls, values: Mapping[str, Any]) -> Self:
        """The block with `values`; what is not given has its default, what is not a parameter is passed over.

        Raises: ParameterError for the first value that its parameter cannot take.
        """
        return cls(**{spec.name: spec.parse(values[spec.name]) for spec in cls.parameters() if spec.name in values})

    @classmethod
    def specialised(cls, values: Mapping[str, Any]) -> type[Block]:  # noqa: ARG003
        """The block as it is with `values`: one whose ports depend on them gives another."""
        return cls

    @classmethod
    def input(cls, port: str) -> Input | None:
        """The input that `port` (a name or the slot of a variadic input) belongs to."""
        name, _, slot = port.partition(".")
        found = next((declared for declared in cls.inputs if declared.name == name), None)
        return found if found is not None and found.variadic == bool(_SLOT.match(slot)) else None

    @classmethod
    def pattern(cls) -> Pattern:
        """How what it computes holds the outputs, by name: one value, a tuple, or tuples in tuples."""
        names = tuple(port.name for port in cls.outputs)
        return cls.returns or (names[0] if len(names) == 1 else names or "")

    @classmethod
    def output(cls, port: str) -> Output | None:
        return next((declared for declared in cls.outputs if declared.name == port), None)

    def tell(self) -> str:
        """The telling parameters in a few words, as on the node: `3×3 · 64 · stride 2`."""
        return ""

    def build(self, inputs: Specs) -> Layer | Expression:
        """What this block stands for on these inputs; a bare `Layer` is applied to the inputs in order.

        Raises: Refusal when the inputs do not fit.
        """
        raise Refusal(f"{self.title} has nothing to compute")

    def expression(self, inputs: Specs) -> Expression:
        """`build`, with a bare layer applied to every connected input in order of declaration."""
        built = self.build(inputs)
        if isinstance(built, Layer):
            ports = [name for port in self.inputs for name in inputs.slots(port.name)]
            return Apply(built, tuple(Ref(name) for name in ports))
        return built


def flat(pattern: Pattern) -> Iterator[str]:
    """The names in `pattern`, in order."""
    if isinstance(pattern, str):
        yield pattern
    else:
        for part in pattern:
            yield from flat(part)


def unpacked(pattern: Pattern, value: Any) -> dict[str, Any]:
    """What each name of `pattern` stands for in `value`.

    Raises: ValueError when `value` is held otherwise.
    """
    if isinstance(pattern, str):
        return {pattern: value}
    return {
        name: each for part, inner in zip(pattern, value, strict=True) for name, each in unpacked(part, inner).items()
    }


@cache
def _parameters(block: type[Block]) -> tuple[ParameterSpec, ...]:
    return parameters_of(block)


__all__ = ["Block", "Category", "Input", "Output", "Param", "ParameterError", "Reference", "Role", "Specs", "slot_of"]
