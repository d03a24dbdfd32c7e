"""What may be wired, in one place: it lights legal ports, refuses with a reason and completes a wire."""

from __future__ import annotations

import re
from math import isfinite
from typing import Any

from graph_engine.blocks import find_block
from graph_engine.blocks.custom import custom_of, is_custom
from graph_engine.blocks.tensor import Kind
from graph_engine.document.composite import MARK
from graph_engine.document.graph import Graph, Node, Wire


class EditRefused(Exception):
    """An edit that the document can't take; the message says why, and nothing was changed."""


ID = re.compile(r"[a-z][a-z0-9_]*\Z")
TAG_NAME = re.compile(r"[^\W\d_][\w-]*")


def why_not_json(value: Any) -> str | None:
    """Why a file can't hold `value`, in a few words; None when it can."""
    match value:
        case None | bool() | int() | str():
            return None
        case float():
            return None if isfinite(value) else f"{value} is not a number that a file can hold"
        case list() | tuple():
            return next((reason for item in value if (reason := why_not_json(item))), None)
        case dict():
            if not all(isinstance(key, str) for key in value):
                return "its keys must be text"
            return why_not_json(list(value.values()))
        case _:
            return f"a {type(value).__name__} is not a value that a file can hold"


def title_of(node: Node, graph: Graph | None = None) -> str:
    """What a person calls a node: its own title, else its block's. `graph`, where it stands, knows its composites."""
    block = graph.block(node) if graph is not None else find_block(node.block)
    return node.title or (block.title if block else _words(node.block))


def _words(block: str) -> str:
    """The name of a block that is not known here: `@basic_block` → `Basic block`."""
    if is_custom(block):
        return custom_of(block).replace("_", " ").capitalize()
    return block.removeprefix(MARK).replace("_", " ").capitalize() if block.startswith(MARK) else block


def why_not_wire(graph: Graph, wire: Wire, carried: Kind = Kind.ANY) -> str | None:
    """Why this wire may not be drawn, in a sentence; None when it may.

    A taken input is no reason: the wire that is there is replaced. `carried` is what is known to leave the output.
    """
    for name in (wire.source, wire.target):
        if name not in graph:
            return f"There is no node {name!r}."
    source, target = graph[wire.source], graph[wire.target]
    from_block, to_block = graph.block(source), graph.block(target)
    from_title, to_title = title_of(source, graph), title_of(target, graph)
    if from_block is not None and from_block.output(wire.output) is None:
        return f"{from_title} has no output {wire.output!r}."
    port = to_block.input(wire.input) if to_block is not None else None
    if to_block is not None and port is None:
        return f"{to_title} has no input {wire.input!r}."
    if wire.source == wire.target or graph.leads_to(wire.target, wire.source):
        return f"That would be a circle: {from_title} already depends on {to_title}."
    if port is not None and not port.takes(carried) and not target.over_time:  # then it takes a step of what is carried
        is_said = set(port.help.replace(",", "").split()) <= {*port.kinds, "or"}
        about = f" ({port.help})" if port.help and not is_said else ""
        return f"{to_title} takes {port.wants} here{about}, not {carried} ({carried.axes})."
    return None
