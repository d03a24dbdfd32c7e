"""What is typed into the outline as edits: a title, values, and where a node's inputs come from."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.canvas.changes import rewire
from app.formulas import may_hold_formulas
from app.panels.outline_values import read_value, split_values
from app.panels.parameter_field import json_value, with_uses
from graph_engine.blocks import ParameterError
from graph_engine.blocks.block import slot_of
from graph_engine.blocks.named import FormulaError
from graph_engine.document import AnyEdit, Batch, EditRefused, Graph, SetNode, SetParameter, Wire, title_of

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


def set_values(session: Session, node: str, text: str) -> bool:
    """Gives parameters the values of `channels=64, kernel=3×5`; one without a value (`channels=`) gets its default.

    Parameters that are not named stay as they are.
    """
    try:
        edits = _setting(session, node, text)
    except (EditRefused, ValueError, FormulaError) as refusal:
        session.refused.emit(str(refusal))
        return False
    if not edits:
        return False
    if len(edits) == 1:
        return session.attempt(edits[0])
    return session.attempt(Batch(f"Change {title_of(session.graph[node], session.graph)}", tuple(edits)))


def _setting(session: Session, node: str, text: str) -> list[AnyEdit]:
    """Only what changes. Raises: EditRefused, ValueError, FormulaError for what can't be understood or taken."""
    placed, block = session.graph[node], session.graph.block(node)
    if block is None:
        raise EditRefused(f"The block {placed.block!r} is not known here, so its values can't be read.")
    names = session.front.values if may_hold_formulas(session) else None
    edits: list[AnyEdit] = []
    for name, written in split_values(text):
        spec = block.parameter(name)
        if spec is None:
            known = ", ".join(each.name for each in block.parameters()) or "none"
            raise EditRefused(f"{block.title} has no parameter {name!r}. It has: {known}.")
        try:
            value = json_value(spec, read_value(spec, written, names)) if written else None
        except ParameterError:
            if written == str(placed.parameters.get(name, spec.default)):
                continue  # as it was, though it can't be taken: the check tells of it
            raise
        if value != placed.parameters.get(name):
            edits.append(with_uses(session.document, SetParameter(node, name, value, session.graph_name)))
    return edits


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
