"""A part of a graph as a graph of its own: what enters it becomes Inputs, what leaves it Outputs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from keyword import iskeyword
from typing import Any, Literal, Protocol

from graph_engine.blocks.block import Role, slot_of
from graph_engine.blocks.named import FORMULA, names_of, renamed
from graph_engine.blocks.tensor import Kind, TensorSpec
from graph_engine.document.annotation import annotations_of
from graph_engine.document.composite import (
    GIVEN,
    IN_CHANNELS,
    MARK,
    Declaration,
    Exposed,
    borders,
    composite_block,
    formulas,
)
from graph_engine.document.document import MAIN, Document
from graph_engine.document.edits import AddGraph
from graph_engine.document.formulas import rewritten
from graph_engine.document.geometry import NodeGeometry, geometry_in, measure
from graph_engine.document.graph import Graph, Node, Position, Wire, natural
from graph_engine.document.port_values import (
    Source,
    example_for,
    fresh_name,
    name_of_input,
    name_of_output,
    unique_names,
)
from graph_engine.document.rules import ID, EditRefused

GAP = 48.0
"""What is left free between two nodes, in scene units."""

_EXAMPLE_CHANNELS = 64


class Checked(Protocol):
    """What a check found of a node: `NodeReport` is one."""

    @property
    def outputs(self) -> Mapping[str, TensorSpec]:
        """What leaves each port."""
        ...

    @property
    def weights(self) -> Any:
        """Empty for a node without weights."""
        ...


@dataclass(frozen=True, slots=True)
class Enclosed:
    """The composite that a part of a graph becomes, and how a node that uses it stands in the place of the part.

    `inputs` and `outputs` are the ports by the values outside that they stand for.
    """

    add: AddGraph
    use: Node
    inputs: Mapping[Source, str]
    outputs: Mapping[Source, str]
    annotations: tuple[str, ...] = ()
    """The frames and notes outside that went along."""

    def wires_into(self) -> tuple[Wire, ...]:
        return tuple(Wire(*source, self.use.id, port) for source, port in self.inputs.items())


def enclose(
    document: Document,
    graph_name: str,
    nodes: Sequence[str],
    entries: Sequence[Source],
    exits: Sequence[Source],
    name: str,
    title: str,
    reports: Mapping[str, Checked],
    *,
    repeated: bool = False,
) -> Enclosed:
    """A new composite `name` of `nodes`, into which the values `entries` go and which gives the values `exits`.

    Ids inside keep their names. `repeated`: what enters is not the same in each of its turns.

    Raises: EditRefused for a name that can't be that of a new composite.
    """
    check_graph_name(document, name)
    graph = document.graphs[graph_name]
    exposes, names = _exposed(graph, graph_name, nodes, entries, reports, repeated=repeated)
    declaration = Declaration(title, exposes=tuple(exposes))
    chosen = set(nodes)
    inputs = unique_names((source, name_of_input(graph, chosen, source)) for source in entries)
    outputs = unique_names((source, name_of_output(graph, source)) for source in exits)
    frames = {node: (graph[node].position, geometry_in(graph, node)) for node in nodes}
    left, top = min(at[0] for at, _ in frames.values()), min(at[1] for at, _ in frames.values())

    made = Graph()
    made.find_block = graph.find_block
    column, wires, heights = 0.0, [], [0.0, 0.0]
    for source, port in inputs.items():
        report = reports.get(source[0])
        carried = report.outputs.get(source[1]) if report else None
        targets = [wire for wire in graph.wires_out_of(*source) if wire.target in chosen]
        node = Node(
            made.fresh_id("input", nodes), "input", {**example_for(graph, chosen, source, carried), "name": port}
        )
        box = measure(node, block=graph.block(node))
        heights[0] = max(heights[0], min(graph[wire.target].position[1] for wire in targets) - top)
        made.put(node.with_(position=(0.0, heights[0])))
        heights[0] += box.height + GAP
        column = max(column, box.width + GAP)
        wires += [Wire(node.id, "y", wire.target, wire.input) for wire in targets]
    for id_ in nodes:
        at, _ = frames[id_]
        node = graph[id_].with_(position=(at[0] - left + column, at[1] - top))
        made.put(rewritten(node, lambda formula: renamed(formula, names)))
    right = max(at[0] - left + column + box.width for at, box in frames.values())
    wires += [
        wire.moved(column - left, -top)
        for id_ in nodes
        for wire in graph.wires_into(id_).values()
        if wire.source in chosen
    ]
    for source, port in outputs.items():
        node = Node(made.fresh_id("output"), "output", {"name": port})
        heights[1] = max(heights[1], graph[source[0]].position[1] - top)
        made.put(node.with_(position=(right + GAP, heights[1])))
        heights[1] += measure(node, block=graph.block(node)).height + GAP
        wires.append(Wire(*source, node.id, "x"))
    for wire in wires:
        made.link(wire)
    made.declare(declaration)
    outside = {new: old for old, new in names.items()}
    taken = {each.name: FORMULA + outside.get(each.name, each.name) for each in exposes}
    use = Node(graph.fresh_id(MARK + name), MARK + name, taken)
    box = measure(use, block=composite_block(name, made))
    use = use.with_(position=_middle(frames.values(), box))
    taken_along = annotations_of(graph, nodes)
    inside = tuple(each.moved(column - left, -top) for each in taken_along)
    parts = tuple(made), tuple(made.wires)
    add = AddGraph(name, declaration, *parts, restored=True, annotations=inside)  # also what may not be drawn anew
    return Enclosed(add, use, inputs, outputs, tuple(each.id for each in taken_along))


def entries_of(graph: Graph, nodes: Sequence[str]) -> list[Source]:
    """The values that enter `nodes` from outside, in the order in which they are needed, each once."""
    chosen = set(nodes)
    found: dict[Source, None] = {}
    for name in nodes:
        for wire in _declared_order(graph, name):
            if wire.source not in chosen:
                found.setdefault((wire.source, wire.output))
    return list(found)


def exits_of(graph: Graph, nodes: Sequence[str]) -> list[Source]:
    """The values of `nodes` that are used outside; where none is, the first of each node that nothing uses."""
    chosen = set(nodes)
    found: dict[Source, None] = {}
    for name in nodes:
        for wire in sorted(graph.wires_out_of(name), key=lambda wire: _output_place(graph, wire)):
            if wire.target not in chosen:
                found.setdefault((name, wire.output))
    if not found:
        for name in nodes:
            block = graph.block(name)
            if block is not None and block.outputs and not graph.wires_out_of(name):
                found.setdefault((name, block.outputs[0].name))
    return list(found)


def in_order(graph: Graph, nodes: Iterable[str]) -> list[str]:
    """`nodes` so that every wire goes forward.

    Raises: EditRefused while the drawing has a circle.
    """
    chosen = set(nodes)
    try:
        return [name for name in graph.order() if name in chosen]
    except ValueError as error:
        raise EditRefused("The drawing has a circle; remove one of its wires first.") from error


def refuse_shared(graph: Graph, nodes: Iterable[str]) -> None:
    """Raises: EditRefused when weights are shared between `nodes` and others, which two graphs can't."""
    chosen = set(nodes)
    for node in sorted(graph, key=lambda node: natural(node.id)):
        if node.shares and node.shares in graph and (node.id in chosen) != (node.shares in chosen):
            raise EditRefused(
                f"{node.id} shares the weights of {node.shares}, and only one of the two is among these nodes. "
                "Take both, or give it weights of its own."
            )


def check_graph_name(document: Document, name: str) -> None:
    """Raises: EditRefused when `name` can't be that of a new composite."""
    if name in document.graphs:
        raise EditRefused(f"There is a graph called {name!r} already; choose another name.")
    if not ID.match(name) or iskeyword(name):
        raise EditRefused(f"{name!r} can't name a composite: it takes lower-case letters, digits and _.")


def _exposed(
    graph: Graph,
    graph_name: str,
    nodes: Iterable[str],
    entries: Sequence[Source],
    reports: Mapping[str, Checked],
    *,
    repeated: bool,
) -> tuple[list[Exposed], dict[str, str]]:
    """What the new composite must expose, since formulas of `nodes` name it, and the names that are others inside.

    `in_channels` is what arrives at the first input of the drawing: inside, that may be another number.
    """
    used = frozenset[str]().union(*(names_of(text) for node in nodes for text in formulas(graph[node])))
    found = [each for each in graph.declaration.exposes if each.name in used]
    names: dict[str, str] = {}
    for given in GIVEN if graph_name != MAIN else ():
        is_same = given == IN_CHANNELS and not repeated and entries[:1] == _first_entry(graph)
        if given not in used or is_same:
            continue
        taken = {each.name for each in graph.declaration.exposes}
        names[given] = fresh_name(f"outer_{given}", taken.__contains__)
        default = _channels(graph, reports) if given == IN_CHANNELS else 0
        found.append(Exposed(names[given], "int", default))
    return found, names


def _first_entry(graph: Graph) -> list[Source]:
    return [(node.id, "y") for node in borders(graph, "input")[:1]]


def _channels(graph: Graph, reports: Mapping[str, Checked]) -> int:
    """How many channels the first input of the drawing has, as it was checked."""
    for source, output in _first_entry(graph):
        spec = reports[source].outputs.get(output) if source in reports else None
        if spec is not None and spec.rank >= 2:
            length = spec.shape[1 if spec.kind in (Kind.IMAGE, Kind.VOLUME) else -1]
            return length if isinstance(length, int) else _EXAMPLE_CHANNELS
    return _EXAMPLE_CHANNELS


def _declared_order(graph: Graph, node: str) -> list[Wire]:
    block = graph.block(node)
    place = {port.name: at for at, port in enumerate(block.inputs)} if block is not None else {}
    wires = graph.wires_into(node).values()
    return sorted(wires, key=lambda wire: (place.get(slot_of(wire.input)[0], len(place)), slot_of(wire.input)[1]))


def _output_place(graph: Graph, wire: Wire) -> tuple[int, str]:
    block = graph.block(wire.source)
    names = [port.name for port in block.outputs] if block is not None else []
    return (names.index(wire.output) if wire.output in names else len(names), wire.output)


def _middle(frames: Iterable[tuple[Position, NodeGeometry]], own: NodeGeometry) -> Position:
    """Where a node stands in the middle of others."""
    boxes = [(x, y, x + box.width, y + box.height) for (x, y), box in frames]
    left, top = min(box[0] for box in boxes), min(box[1] for box in boxes)
    right, foot = max(box[2] for box in boxes), max(box[3] for box in boxes)
    return ((left + right - own.width) / 2, (top + foot - own.height) / 2)


def role_of(graph: Graph, node: str) -> Role | Literal["unknown"]:
    """What a node is for; `unknown` for a block that is not known here."""
    block = graph.block(node)
    return block.role if block is not None else "unknown"
