"""Composites: a graph of the document that is used as a block. Its Input and Output nodes are its ports."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from keyword import iskeyword
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

from graph_engine.blocks.block import Block, Category, Input, Output
from graph_engine.blocks.named import is_formula, names_of
from graph_engine.blocks.parameter import Param, ParameterType
from graph_engine.blocks.tensor import Kind

if TYPE_CHECKING:
    from graph_engine.document.graph import Graph, Node

MARK = "@"
"""Before the name of a graph where a node's block is a composite: `@bottleneck`."""
TURN = "turn"
"""In the formulas of a repeated composite: which turn it is, counted from 0."""
IN_CHANNELS = "in_channels"
"""In the formulas of a composite: how many channels (or features) arrive at its first input."""
GIVEN = (IN_CHANNELS, TURN)

_Port = tuple[str, Kind, str]
"""Name, kind and help of a port."""
ExposedType = Literal["int", "float", "bool", "choice"]


@dataclass(frozen=True, slots=True)
class Exposed:
    """A parameter of a composite: what a use may set, and what its nodes' formulas may name."""

    name: str
    type: ExposedType
    default: Any
    title: str = ""
    help: str = ""
    least: int | None = None
    choices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Declaration:
    """What is said of a graph beside its nodes: title, help, paper, exposed parameters, and the order of its ports.

    `order` names ports from top to bottom; those it does not name come after, by the ids of their nodes.
    """

    title: str = ""
    help: str = ""
    paper: str = ""
    exposes: tuple[Exposed, ...] = ()
    order: tuple[str, ...] = ()

    def exposed(self, name: str) -> Exposed | None:
        return next((each for each in self.exposes if each.name == name), None)


class Composite(Block):
    """Base of the blocks that composites are; made by `composite_block`, one for each graph."""

    title: ClassVar = "Composite"
    category: ClassVar = Category.COMPOSITE
    whole_numbers: ClassVar = True
    graph: ClassVar[str] = ""
    """The name of its graph in the document."""

    @classmethod
    def key(cls) -> str:
        return MARK + cls.graph

    def tell(self) -> str:
        values = ((spec, getattr(self, spec.name)) for spec in self.parameters())
        return " · ".join(f"{spec.meta.title.lower()} {value}" for spec, value in values if value != spec.default)

    @property
    def values(self) -> dict[str, Any]:
        """What each exposed parameter stands for in this use."""
        return {spec.name: getattr(self, spec.name) for spec in self.parameters()}


def is_composite(block: str) -> bool:
    """Whether a node's block names a graph of the document."""
    return block.startswith(MARK)


def graph_of(block: str) -> str:
    """The graph that the block of a composite's node names."""
    return block.removeprefix(MARK)


def composite_block(name: str, graph: Graph) -> type[Composite]:
    """The block that graph `name` is."""
    inputs = _ports(graph, "input")
    outputs = _ports(graph, "output")
    return _made(name, graph.declaration, inputs, outputs)


def port_names(graph: Graph) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The names of inputs and outputs, in order."""
    return (
        tuple(dict.fromkeys(port_name(node) for node in borders(graph, "input"))),
        tuple(dict.fromkeys(port_name(node) for node in borders(graph, "output"))),
    )


def borders(graph: Graph, block: Literal["input", "output"]) -> list[Node]:
    """The Input or Output nodes of a graph, in the order of its ports."""
    from graph_engine.document.graph import natural

    order = {name: at for at, name in enumerate(graph.declaration.order)}
    nodes = [node for node in graph if node.block == block]
    return sorted(nodes, key=lambda node: (order.get(port_name(node), len(order)), natural(node.id)))


def port_name(node: Node) -> str:
    """The name of the port that an Input or Output node is."""
    name = node.parameters.get("name")
    return name if isinstance(name, str) and name else {"input": "image", "output": "logits"}.get(node.block, node.id)


def _ports(graph: Graph, block: Literal["input", "output"]) -> tuple[_Port, ...]:
    """The ports on one side: name, kind and help of each."""
    found: dict[str, _Port] = {}
    for node in borders(graph, block):
        name, kind, about = port_name(node), node.parameters.get("kind"), node.parameters.get("help")
        known = kind if isinstance(kind, str) and kind in set(Kind) else Kind.ANY
        found.setdefault(name, (name, Kind(known), about if isinstance(about, str) else ""))
    return tuple(found.values())


def composites_in(graph: Graph) -> set[str]:
    """The graphs that nodes of `graph` use."""
    return {graph_of(node.block) for node in graph if is_composite(node.block)}


def reached(graphs: Mapping[str, Graph], start: Iterable[str]) -> list[str]:
    """The graphs in `start` and all that they use, at any depth, used before user; unknown ones are passed over."""
    found: dict[str, None] = {}
    visiting: set[str] = set()

    def visit(name: str) -> None:
        if name in found or name in visiting or name not in graphs:
            return
        visiting.add(name)
        for inner in sorted(composites_in(graphs[name])):
            visit(inner)
        found[name] = None

    for name in start:
        visit(name)
    return list(found)


def uses_turn(graph: Graph) -> bool:
    """Whether what a composite computes depends on which turn of a repeat it is."""
    return any(TURN in names_of(text) for node in graph for text in formulas(node))


def formulas(node: Node) -> list[str]:
    """Every formula among a node's values."""
    return _formulas((*node.parameters.values(), node.repeat))


def _formulas(values: Iterable[Any]) -> list[str]:
    found: list[str] = []
    for value in values:
        if is_formula(value):
            found.append(value)
        elif isinstance(value, (list, tuple)):
            found += _formulas(value)
    return found


def why_not_exposed(exposed: Exposed) -> str | None:
    """Why a composite can't expose this, in a sentence; None when it can."""
    name = exposed.name
    if not re.match(r"[a-z][a-z0-9_]*\Z", name) or iskeyword(name):
        return f"{name!r} can't be the name of a parameter: it takes lower-case letters, digits and _."
    if name in GIVEN or hasattr(Composite, name) or name not in names_of(name):  # such as `min` in formulas
        return f"{name!r} means something else already; choose another name for the parameter."
    if not isinstance(exposed.default, (bool, int, float, str)):
        return f"The default of {name!r} must be a number, a switch or a word; got {exposed.default!r}."
    spec = next(iter(_made("x", Declaration(exposes=(exposed,)), (), ()).parameters()))
    try:
        spec.parse(exposed.default)
    except ValueError as error:
        return str(error)
    return None


@cache
def _made(
    name: str, declaration: Declaration, inputs: tuple[_Port, ...], outputs: tuple[_Port, ...]
) -> type[Composite]:
    """One type for equal declarations, so that blocks of equal values are equal."""
    title = declaration.title or name.replace("_", " ").capitalize()
    namespace: dict[str, Any] = {
        "__module__": __name__,
        "__doc__": declaration.help or f"The composite {title}.",
        "__annotations__": {each.name: _annotation(each) for each in declaration.exposes},
        "title": title,
        "graph": name,
        "inputs": tuple(Input(port, (kind,) if kind is not Kind.ANY else (), about) for port, kind, about in inputs),
        "outputs": tuple(Output(*port) for port in outputs),
        **{each.name: each.default for each in declaration.exposes},
    }
    return type(f"Composite_{name}", (Composite,), namespace)


def _annotation(exposed: Exposed) -> Any:
    kinds: dict[str, Any] = {ParameterType.INT: int, ParameterType.FLOAT: float, ParameterType.BOOL: bool}
    title = exposed.title or exposed.name.replace("_", " ").capitalize()
    kind = Literal[exposed.choices] if exposed.choices else kinds.get(exposed.type, int)
    return Annotated[kind, Param(title, exposed.help, ge=exposed.least)]
