"""What may be wired, in one place: it lights legal ports, refuses with a reason and completes a wire."""

from __future__ import annotations

import re

from graph_engine.blocks import find_block
from graph_engine.blocks.tensor import Kind
from graph_engine.document.graph import Graph, Node, Wire


class EditRefused(Exception):
    """An edit that the document can't take; the message says why, and nothing was changed."""


ID = re.compile(r"[a-z][a-z0-9_]*$")


def title_of(node: Node) -> str:
    """What a person calls a node: its own title, else its block's."""
    block = find_block(node.block)
    return node.title or (block.title if block else node.block)


def why_not_wire(graph: Graph, wire: Wire, carried: Kind = Kind.ANY) -> str | None:
    """Why this wire may not be drawn, in a sentence; None when it may.

    A taken input is no reason: the wire that is there is replaced. `carried` is what is known to leave the output.
    """
    for name in (wire.source, wire.target):
        if name not in graph:
            return f"There is no node {name!r}."
    source, target = graph[wire.source], graph[wire.target]
    from_block, to_block = find_block(source.block), find_block(target.block)
    if from_block is not None and from_block.output(wire.output) is None:
        return f"{title_of(source)} has no output {wire.output!r}."
    port = to_block.input(wire.input) if to_block is not None else None
    if to_block is not None and port is None:
        return f"{title_of(target)} has no input {wire.input!r}."
    if wire.source == wire.target or graph.leads_to(wire.target, wire.source):
        return f"That would be a circle: {title_of(source)} already depends on {title_of(target)}."
    if port is not None and not port.takes(carried):
        wanted = " or ".join(f"{kind} ({kind.axes})" for kind in port.kinds)
        return f"{title_of(target)} takes {wanted} here, not {carried} ({carried.axes})."
    return None
