"""Changes of a drawing that take several edits: pure functions that give one edit, for gestures and keys alike."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from graph_engine.blocks import Block
from graph_engine.blocks.block import slot_of
from graph_engine.document import (
    AddCustom,
    AddGraph,
    AddNodes,
    Annotate,
    Annotation,
    AnyEdit,
    Batch,
    BendWire,
    Connect,
    Disconnect,
    Graph,
    Move,
    Node,
    Position,
    RemoveNodes,
    Wire,
    title_of,
)
from graph_engine.document.annotation import fresh_annotation_id
from graph_engine.document.carrying import composites_of, customs_of, missing_composites, missing_customs


@dataclass(frozen=True, slots=True)
class Fragment:
    """Nodes with the wires between them, those that lead into them from elsewhere, and what they use of the document.

    `composites` are all that the nodes use, also inside one another, used before user; `customs` the custom blocks;
    `lenders` the nodes elsewhere whose weights they share.
    """

    nodes: tuple[Node, ...]
    wires: tuple[Wire, ...]
    incoming: tuple[Wire, ...] = ()
    composites: tuple[AddGraph, ...] = ()
    annotations: tuple[Annotation, ...] = ()
    customs: tuple[AddCustom, ...] = ()
    lenders: tuple[Node, ...] = ()


def fragment_of(graph: Graph, nodes: Iterable[str], annotations: Iterable[str] = ()) -> Fragment:
    """These nodes, frames and notes of `graph`, to be copied."""
    names = dict.fromkeys(nodes)
    lenders = dict.fromkeys(graph[name].shares for name in names if graph[name].shares not in ("", *names))
    into = [wire for name in names for wire in graph.wires_into(name).values()]
    composites = tuple(composites_of(graph, (graph[name] for name in names)))
    return Fragment(
        tuple(graph[name] for name in names),
        tuple(wire for wire in into if wire.source in names),
        tuple(wire for wire in into if wire.source not in names),
        composites,
        tuple(graph.annotations[name] for name in annotations),
        tuple(customs_of(graph, (graph[name] for name in names), composites)),
        tuple(graph[name] for name in lenders if name in graph),
    )


def add_fragment(
    graph: Graph, fragment: Fragment, offset: Position, graph_name: str, *, with_incoming: bool = False
) -> tuple[AnyEdit, dict[str, str]]:
    """An edit that adds a copy of `fragment` under new ids, and the new id of each of its nodes.

    Composites and custom blocks that the document does not have come with it. A copy of a node that shares weights
    shares those of the copy, if that is copied as well, or of the same node as before where that is drawn; elsewhere it
    gets weights of its own.
    """
    lent = {node.id: node.id for node in fragment.lenders if node.id in graph and _is_same(node, graph[node.id])}
    customs, renamed = missing_customs(graph, fragment.customs)
    graphs, blocks = missing_composites(graph, fragment.composites, renamed)
    added: list[AnyEdit] = [*customs, *graphs]
    names: dict[str, str] = {}
    for node in fragment.nodes:
        names[node.id] = graph.fresh_id(blocks.get(node.block, node.block), names.values())
    nodes = tuple(
        replace(
            node,
            id=names[node.id],
            block=blocks.get(node.block, node.block),
            position=(node.position[0] + offset[0], node.position[1] + offset[1]),
            shares=(lent | names).get(node.shares, ""),
        )
        for node in fragment.nodes
    )
    wires = [
        replace(wire.moved(*offset), source=names[wire.source], target=names[wire.target]) for wire in fragment.wires
    ]
    if with_incoming:
        wires += [
            replace(wire, target=names[wire.target], bends=())
            for wire in fragment.incoming
            if wire.source in graph and _has_output(graph, wire.source, wire.output)
        ]
    edits: list[AnyEdit] = [*added]
    if nodes:
        edits.append(AddNodes(nodes, tuple(wires), graph_name))
    notes: list[Annotation] = []
    for each in fragment.annotations:
        fresh = fresh_annotation_id(graph, each.kind, [note.id for note in notes])
        notes.append(replace(each.moved(*offset), id=fresh))
    if notes:
        edits.append(Annotate(tuple(notes), (), graph_name))
    return together(next((edit.label for edit in edits if isinstance(edit, AddNodes)), "Paste"), edits), names


def _is_same(node: Node, other: Node) -> bool:
    """Whether two nodes of one id are one node, and not such as two drawings have by chance."""
    return all(getattr(node, each) == getattr(other, each) for each in ("block", "parameters", "title", "position"))


def delete(
    nodes: Sequence[str], wires: Sequence[Wire], graph_name: str, annotations: Sequence[str] = ()
) -> AnyEdit | None:
    """Take nodes, wires, frames and notes away; None when there is nothing to take."""
    gone = set(nodes)
    rest = tuple(wire for wire in wires if wire.source not in gone and wire.target not in gone)
    edits: list[AnyEdit] = []
    if rest:
        edits.append(Disconnect(rest, graph_name))
    if nodes:
        edits.append(RemoveNodes(tuple(nodes), graph_name))
    if annotations:
        edits.append(Annotate((), tuple(annotations), graph_name))
    if len(edits) == 1:
        return edits[0]
    if annotations:
        return Batch(f"Delete {len(nodes) + len(rest) + len(annotations)} parts", tuple(edits))
    return Batch(f"Delete {len(nodes)} nodes and {len(rest)} wires", tuple(edits)) if edits else None


def dissolve(graph: Graph, nodes: Sequence[str], graph_name: str) -> AnyEdit:
    """Delete nodes and join what came into each one's first input with what its outputs led to."""
    gone = set(nodes)
    joined: list[AnyEdit] = []
    for name in nodes:
        for wire in graph.wires_out_of(name):
            if wire.target in gone:
                continue
            before = _before(graph, name, gone)
            if before is not None:
                joined.append(Connect(replace(wire, source=before.source, output=before.output), graph_name))
    removed = RemoveNodes(tuple(nodes), graph_name)
    label = f"Dissolve {title_of(graph[nodes[0]], graph)}" if len(nodes) == 1 else f"Dissolve {len(nodes)} nodes"
    return Batch(label, (removed, *joined))


def splice(
    graph: Graph,
    node: Node,
    wire: Wire,
    graph_name: str,
    *,
    added: bool,
    position: Position | None = None,
    block: type[Block] | None = None,
) -> AnyEdit | None:
    """Put `node` into the middle of a wire of `graph` by its first ports; None for a block that can't stand there.

    `added` places the node first; otherwise it is in the graph and moves to `position`. `block` is that of the node,
    where the document does not know it yet.
    """
    block = block or graph.block(node)
    if block is None or not block.inputs or not block.outputs:
        return None
    port = block.inputs[0]
    first = f"{port.name}.0" if port.variadic else port.name
    into = Wire(wire.source, wire.output, node.id, first)
    out = Wire(node.id, block.outputs[0].name, wire.target, wire.input)
    place: AnyEdit
    if added:
        place = AddNodes((node,), (), graph_name)
    elif position is not None:
        place = Move(((node.id, position),), graph_name)
    else:
        return None
    label = f"Insert {node.title or block.title}"
    return Batch(label, (place, Connect(into, graph_name), Connect(out, graph_name)))


def can_be_spliced(graph: Graph, node: str) -> bool:
    """Whether a node's first input and its first output are free, so that it may be dropped on a wire."""
    block = graph.block(node)
    if block is None or not block.inputs or not block.outputs:
        return False
    taken = {slot_of(port)[0] for port in graph.wires_into(node)}
    return block.inputs[0].name not in taken and not graph.wires_out_of(node, block.outputs[0].name)


def rewire(old: Iterable[Wire], new: Iterable[Wire], graph_name: str, label: str) -> AnyEdit:
    """Take some wires away and draw others, as one step."""
    gone = tuple(old)
    edits: list[AnyEdit] = [Disconnect(gone, graph_name)] if gone else []
    return Batch(label, (*edits, *(Connect(wire, graph_name) for wire in new)))


def moved(
    graph: Graph, nodes: Iterable[str], dx: float, dy: float, graph_name: str, annotations: Iterable[str] = ()
) -> AnyEdit:
    """Nodes, frames and notes moved by (`dx`, `dy`), and the points of the wires between these nodes."""
    names = list(nodes)
    places = ((name, graph[name].position) for name in names)
    move = Move(tuple((name, (x + dx, y + dy)) for name, (x, y) in places), graph_name)
    notes = tuple(graph.annotations[name].moved(dx, dy) for name in annotations)
    beside: list[AnyEdit] = [Annotate(notes, (), graph_name)] if notes else []
    beside += [BendWire(wire, wire.moved(dx, dy).bends, graph_name) for wire in bent_between(graph, names)]
    if not beside:
        return move
    label = move.label if names else "Move annotations" if len(notes) > 1 else f"Move the {notes[0].kind}"
    return Batch(label, (*([move] if names else []), *beside))


def bent_between(graph: Graph, nodes: Iterable[str]) -> list[Wire]:
    """The wires between these nodes that are led through points."""
    names = set(nodes)
    into = (wire for name in names for wire in graph.wires_into(name).values())
    return sorted((wire for wire in into if wire.bends and wire.source in names), key=str)


def new_node(graph: Graph, block: str, position: Position, parameters: Mapping[str, Any] | None = None) -> Node:
    """A node of `block` that is not yet in the graph."""
    return Node(graph.fresh_id(block), block, parameters or {}, position)


def _before(graph: Graph, node: str, gone: set[str]) -> Wire | None:
    """The wire into a node's first wired input, followed through nodes that go as well."""
    seen: set[str] = set()
    while node not in seen:
        seen.add(node)
        wire = next(iter(_in_order(graph, node)), None)
        if wire is None or wire.source not in gone:
            return wire
        node = wire.source
    return None


def _in_order(graph: Graph, node: str) -> list[Wire]:
    """The wires into a node in the order in which its block declares the ports."""
    block = graph.block(node)
    order = {port.name: at for at, port in enumerate(block.inputs)} if block else {}
    into = graph.wires_into(node).values()
    return sorted(into, key=lambda wire: (order.get(slot_of(wire.input)[0], len(order)), slot_of(wire.input)[1]))


def _has_output(graph: Graph, node: str, port: str) -> bool:
    block = graph.block(node)
    return block is None or block.output(port) is not None


def together(label: str, edits: Sequence[AnyEdit]) -> AnyEdit:
    """Several edits as one step."""
    return edits[0] if len(edits) == 1 else Batch(label, tuple(edits))
