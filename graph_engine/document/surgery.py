"""Changes of a drawing that take several edits: pure functions from a graph to one batch."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import Any

from graph_engine.blocks import get_block
from graph_engine.document.document import MAIN
from graph_engine.document.edits import AddNodes, AnyEdit, Batch, Connect, Move
from graph_engine.document.geometry import geometry_in, measure
from graph_engine.document.graph import Graph, Node, Position, Wire
from graph_engine.document.rules import EditRefused, title_of

GAP = 48.0
"""What is left free between two nodes in a row, in scene units."""
_MARGIN, _LARGEST = 12.0, 400.0
"""What is left free around a node that gives way, and how wide or high one is at most, in scene units."""


def insert_on_wire(
    graph: Graph, wire: Wire, block: str, parameters: dict[str, Any] | None = None, graph_name: str = MAIN
) -> Batch:
    """Place a node of `block` on `wire`, through its first ports, behind the node where the wire begins.

    What follows is moved to the right where it would be in the way; the node stands below anything else there.

    Raises: UnknownBlock; ValueError for a block without input or output.
    """
    found = graph.find_block(block) or get_block(block)
    if not found.inputs or not found.outputs:
        raise ValueError(f"{found.title} has no input or no output, so it can't stand on a wire.")
    new = Node(graph.fresh_id(block), block, parameters or {})
    placed, moves = _place_behind(graph, wire.source, wire.output, new, [wire])
    (node,) = in_the_clear(graph, [placed], {name for name, _ in moves})
    port = found.inputs[0]
    into = Wire(wire.source, wire.output, node.id, f"{port.name}.0" if port.variadic else port.name)
    out = Wire(node.id, found.outputs[0].name, wire.target, wire.input)
    edits: list[AnyEdit] = [AddNodes((node,), (into,), graph_name), Connect(out, graph_name)]
    if moves:
        edits.append(Move(moves, graph_name))
    return Batch(f"Insert {found.title}", tuple(edits))


def in_the_clear(graph: Graph, nodes: Sequence[Node], ignored: Collection[str] = ()) -> tuple[Node, ...]:
    """New nodes, moved down together until they lie on none that is drawn but those `ignored`, which move away."""
    sizes = [measure(node, block=graph.block(node)) for node in nodes]
    left, top = (min(node.position[at] for node in nodes) for at in (0, 1))
    right = max(node.position[0] + size.width for node, size in zip(nodes, sizes, strict=True))
    height = max(node.position[1] + size.height for node, size in zip(nodes, sizes, strict=True)) - top
    near = [
        other.id
        for other in graph
        if other.id not in ignored
        and left - _LARGEST < other.position[0] < right + _MARGIN
        and other.position[1] > top - _LARGEST
    ]
    down = 0.0
    for other in sorted(near, key=lambda name: graph[name].position[1]):
        x, y = graph[other].position
        if y - _MARGIN >= top + down + height:
            break
        size = geometry_in(graph, other)
        if x + size.width > left - _MARGIN and y + size.height + _MARGIN > top + down:
            down = y + size.height + _MARGIN - top
    return tuple(node.with_(position=(node.position[0], node.position[1] + down)) for node in nodes)


def wrap_in_residual(graph: Graph, nodes: Collection[str], graph_name: str = MAIN) -> Batch:
    """Let what enters a chain of nodes skip it: a `residual` node adds it to what the chain gives.

    The chain may branch inside, but one value enters it and one leaves it. The new node stands behind the chain;
    what followed is moved to the right where it would be in the way.

    Raises: EditRefused when what is selected is not such a chain.
    """
    chosen = set(nodes)
    if not chosen:
        raise EditRefused("Select the layers that the skip connection should pass: one node or a chain.")
    source = _only_entry(graph, chosen)
    exit_node, output = _only_exit(graph, chosen)
    block = get_block("residual")
    id_ = graph.fresh_id("residual")
    followers = [wire for wire in graph.wires_out_of(exit_node, output) if wire.target not in chosen]
    x, f = (port.name for port in block.inputs)
    wires = (Wire(*source, id_, x), Wire(exit_node, output, id_, f))
    node, moves = _place_behind(graph, exit_node, output, Node(id_, "residual"), followers)
    edits: list[AnyEdit] = [AddNodes((node,), wires, graph_name)]
    edits += [Connect(Wire(id_, block.outputs[0].name, wire.target, wire.input), graph_name) for wire in followers]
    if moves:
        edits.append(Move(moves, graph_name))
    return Batch("Wrap in residual", tuple(edits))


def _only_entry(graph: Graph, chosen: set[str]) -> tuple[str, str]:
    """The one output port whose value enters `chosen` from outside.

    Raises: EditRefused.
    """
    sources = {
        (wire.source, wire.output)
        for name in chosen
        for wire in graph.wires_into(name).values()
        if wire.source not in chosen
    }
    if not sources:
        raise EditRefused("Nothing leads into the selected nodes, so there is nothing that could skip them.")
    if len(sources) > 1:
        names = ", ".join(sorted({title_of(graph[name], graph) for name, _ in sources}))
        raise EditRefused(
            f"Several values enter the selected nodes (from {names}); select a chain that one value enters."
        )
    return sources.pop()


def _only_exit(graph: Graph, chosen: set[str]) -> tuple[str, str]:
    """The one output port of `chosen` whose value leaves it, or which nothing uses yet.

    Raises: EditRefused.
    """
    used = {
        (wire.source, wire.output) for name in chosen for wire in graph.wires_out_of(name) if wire.target not in chosen
    }
    if not used:
        for name in chosen:
            block = graph.block(name)
            inside = {wire.output for wire in graph.wires_out_of(name)}
            used |= {(name, port.name) for port in (block.outputs if block else ()) if port.name not in inside}
    if len(used) != 1:
        raise EditRefused(
            "The selected nodes must end in one value that goes on; select a chain of layers without its loss."
        )
    return used.pop()


def _place_behind(
    graph: Graph, before: str, output: str, node: Node, followers: Iterable[Wire]
) -> tuple[Node, tuple[tuple[str, Position], ...]]:
    """`node` right of `before`, its port on the line of that node's `output`, and the moves that make room for it."""
    left, top = graph[before].position
    ahead = geometry_in(graph, before)
    own = measure(node, block=graph.block(node))
    x = left + ahead.width + GAP
    y = top + ahead.offset("output", output)[1] - own.outputs[0][1]
    behind = graph.downstream(wire.target for wire in followers)
    nearest = min((graph[name].position[0] for name in behind), default=x + own.width + GAP)
    shift = x + own.width + GAP - nearest
    moves: tuple[tuple[str, Position], ...] = ()
    if shift > 0:
        moves = tuple(
            (other.id, (other.position[0] + shift, other.position[1])) for other in graph if other.id in behind
        )
    return node.with_(position=(x, y)), moves
