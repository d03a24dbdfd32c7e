"""The block that a custom block's source declares. Making it runs nothing of the source."""

from __future__ import annotations

import hashlib
from functools import lru_cache
from typing import Annotated, Any, ClassVar, Literal, TypeGuard

from graph_engine.blocks.block import Block, Category, Input, Output, Specs
from graph_engine.blocks.call import Apply, Expression, Layer, Ref
from graph_engine.blocks.custom.definition import Argument, Definition, Inferred
from graph_engine.blocks.custom.source import read_source, title_from
from graph_engine.blocks.parameter import Pair, Param, ParameterType
from graph_engine.blocks.refusal import Refusal
from graph_engine.blocks.tensor import Axis, Kind

CUSTOM = "custom:"
"""Before the name of a custom block where a node's block is one: `custom:gated_conv`."""
TARGET = "custom:"
"""Before the fingerprint of a source where a layer's target is the class that it defines."""
_TELLING = 2
"""How many parameters a node always tells; of the others those that are not at their default."""


class CustomBlock(Block):
    """Base of the blocks that users write; made by `custom_block`, one for each name and source."""

    title: ClassVar = "Custom block"
    category: ClassVar = Category.COMPOSITE
    whole_numbers: ClassVar = True
    keywords: ClassVar = ("custom", "code")
    source: ClassVar[str] = ""
    definition: ClassVar[Definition] = Definition()
    target: ClassVar[str] = ""
    """What names its class among all sources."""
    name_of_custom: ClassVar[str] = ""
    """What the document calls it."""

    @classmethod
    def key(cls) -> str:
        return CUSTOM + cls.name_of_custom

    def tell(self) -> str:
        values = [(spec, getattr(self, spec.name)) for spec in self.parameters()]
        telling = [each for at, each in enumerate(values) if at < _TELLING or each[1] != each[0].default]
        return " · ".join(f"{spec.meta.title.lower()} {_shown(value)}" for spec, value in telling)

    def build(self, inputs: Specs) -> Expression:
        options = tuple((each.name, self._value(each, inputs)) for each in self.definition.takes)
        operands: list[Any] = [Ref(port.name) if port.name in inputs else None for port in self.inputs]
        while operands and operands[-1] is None:
            operands.pop()
        return Apply(Layer(self.target, (), options), tuple(operands))

    def _value(self, takes: Argument | Inferred, inputs: Specs) -> Any:
        if isinstance(takes, Inferred):
            return self._length(takes, inputs)
        value = getattr(self, takes.name)
        return (value, value) if takes.always_two and not isinstance(value, tuple) else value

    def _length(self, inferred: Inferred, inputs: Specs) -> int:
        """The length of the axis that an argument names.

        Raises: Refusal when it is not there, or known only when data comes.
        """
        spec = inputs.get(inferred.port)
        if spec is None:
            message = f"{inferred.name} is taken from what arrives at {inferred.port}: wire it."
            raise Refusal(message, port=inferred.port)
        image = inferred.length == "channels" and spec.kind in (Kind.IMAGE, Kind.VOLUME)
        dim = spec.shape[1 if image else -1] if spec.rank > 1 else None
        if dim is None or isinstance(dim, Axis):
            message = f"{inferred.name} can't be taken from {spec}: it has no {inferred.length} of a fixed number."
            raise Refusal(message, port=inferred.port)
        return dim


def custom_block(name: str, source: str) -> type[CustomBlock]:
    """The block that `source` declares under `name`; with faults, it has the ports that could be read."""
    return _made(name, source)


def is_custom(block: str) -> bool:
    """Whether a node's block names a custom block of the document."""
    return block.startswith(CUSTOM)


def custom_of(block: str) -> str:
    """The custom block that a node's block names."""
    return block.removeprefix(CUSTOM)


def as_custom(block: object) -> TypeGuard[type[CustomBlock]]:
    return isinstance(block, type) and issubclass(block, CustomBlock)


@lru_cache(maxsize=512)
def fingerprint(source: str) -> str:
    """What tells a source from every other: its SHA-256 in hexadecimal digits."""
    return hashlib.sha256(source.encode("utf-8", "surrogatepass")).hexdigest()


@lru_cache(maxsize=512)
def _made(name: str, source: str) -> type[CustomBlock]:
    """One type for equal sources, so that blocks of equal values are equal."""
    definition = read_source(source)
    arguments = definition.arguments
    namespace: dict[str, Any] = {
        "__module__": __name__,
        "__doc__": definition.help or f"The custom block {definition.class_name or name}.",
        "__annotations__": {each.name: _annotation(each) for each in arguments},
        "title": definition.title or title_from(name) or name,
        "source": source,
        "definition": definition,
        "target": TARGET + fingerprint(source),
        "name_of_custom": name,
        "inputs": tuple(Input(port.name, optional=port.optional) for port in definition.inputs),
        "outputs": tuple(Output(port) for port in definition.outputs),
        **{each.name: each.default for each in arguments},
    }
    return type(f"Custom_{name}", (CustomBlock,), namespace)


def _annotation(argument: Argument) -> Any:
    kinds: dict[ParameterType, Any] = {
        ParameterType.INT: int,
        ParameterType.FLOAT: float,
        ParameterType.BOOL: bool,
        ParameterType.TEXT: str,
        ParameterType.PAIR: Pair,
    }
    kind = Literal[argument.choices] if argument.choices else kinds[argument.type]
    title = argument.name.replace("_", " ").capitalize()
    return Annotated[kind, Param(title, argument.help, unit=argument.unit)]


def _shown(value: Any) -> str:
    if isinstance(value, bool):
        return "on" if value else "off"
    return "×".join(map(str, value)) if isinstance(value, tuple) else str(value)
