"""What is typed into the outline as edits: a title, and where a node's inputs come from."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.canvas.changes import rewire
from graph_engine.blocks.block import slot_of
from graph_engine.document import AnyEdit, EditRefused, Graph, SetNode, Wire, title_of

if TYPE_CHECKING:
    from app.session import Session


def rename(session: Session, node: str, text: str) -> bool:
    """Gives a node another title; an empty one gives it its block's again."""
    placed, title = session.graph[node], text.strip()
    if title == title_of(placed, session.graph):
        return False
    return session.attempt(SetNode(node, "title", title, session.graph_name))


def connect(session: Session, node: str, text: str) -> bool:
    """Wires the inputs of a node as `text` says: `conv2d_1`, `a: add_1, b: relu_2.y`; what it does not name is cut."""
    try:
        edit = _connecting(session.graph, node, text, session.graph_name)
    except EditRefused as refusal:
        session.refused.emit(str(refusal))
        return False
    return edit is not None and session.attempt(edit)


def _connecting(graph: Graph, node: str, text: str, graph_name: str) -> AnyEdit | None:
    """None when nothing would change. Raises: EditRefused for what can't be understood."""
    before = set(graph.wires_into(node).values())
    after: list[Wire] = []
    for part in filter(None, (part.strip() for part in text.split(","))):
        port, colon, source = part.rpartition(":")
        name, dot, output = source.strip().partition(".")
        if name not in graph:
            raise EditRefused(f"There is no node called {name!r}. Type ids such as {next(iter(graph.nodes))}.")
        block = graph.block(name)
        if not dot:
            output = block.outputs[0].name if block is not None and block.outputs else "y"
        after.append(Wire(name, output, node, port.strip() if colon else _free_port(graph, node, after)))
    if set(after) == before:
        return None
    kept = before & set(after)
    title = title_of(graph[node], graph)
    return rewire(before - kept, [wire for wire in after if wire not in kept], graph_name, f"Wire {title} anew")


def _free_port(graph: Graph, node: str, taken: list[Wire]) -> str:
    """The first input that no wire of `taken` ends at, or the next slot of a variadic one."""
    block = graph.block(node)
    used = {wire.input for wire in taken}
    for port in block.inputs if block is not None else ():
        if port.variadic:
            slots = [slot_of(name)[1] for name in used if slot_of(name)[0] == port.name]
            return f"{port.name}.{max(slots, default=-1) + 1}"
        if port.name not in used:
            return port.name
    raise EditRefused(f"{title_of(graph[node], graph)} has no input left for that.")
