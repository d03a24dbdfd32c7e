"""What edits look at before they change anything: why a node, a wire, a flag or a declaration can't be."""

from __future__ import annotations

from math import isfinite
from typing import Any, Literal

from graph_engine.blocks.custom import custom_of, is_custom
from graph_engine.blocks.named import is_formula
from graph_engine.document.annotation import check_bends
from graph_engine.document.composite import Declaration, graph_of, is_composite, reached, why_not_exposed
from graph_engine.document.document import Document
from graph_engine.document.graph import Graph, Node, Wire
from graph_engine.document.rules import ID, TAG_NAME, EditRefused, title_of, why_not_json, why_not_wire

NodeAttribute = Literal["title", "frozen", "bypassed", "shares", "repeat", "over_time", "tags", "collapsed"]


def check_declaration(declaration: Declaration) -> None:
    """Raises: EditRefused for a parameter that can't be exposed."""
    for exposed in declaration.exposes:
        if reason := why_not_exposed(exposed):
            raise EditRefused(reason)
    if len({exposed.name for exposed in declaration.exposes}) < len(declaration.exposes):
        raise EditRefused("Two exposed parameters have one name; names must differ.")


def why_not_attribute(graph: Graph, node: Node, attribute: NodeAttribute, value: Any) -> str | None:
    """Why a node can't have this, in a sentence; None when it can."""
    is_flag = attribute in ("frozen", "bypassed", "over_time", "collapsed")
    fits = isinstance(value, bool) if is_flag else isinstance(value, str)
    if attribute == "repeat":
        fits = is_formula(value) or (isinstance(value, int) and not isinstance(value, bool) and value >= 1)
    if attribute == "tags":
        return why_not_tags(value)
    if not fits:
        return f"{value!r} can't be the {attribute} of a node."
    if attribute in ("repeat", "over_time") and not is_composite(node.block) and value not in (1, False):
        return f"Only composites can be repeated or run over time; {title_of(node)} is a single block."
    if attribute == "shares" and value:
        if value not in graph or value == node.id:
            return f"{node.id} can't share the weights of {value!r}: there is no such other node here."
        block = graph.block(node)
        ties = block.ties if block is not None else ()
        if graph[value].block not in (node.block, *ties):
            return f"{node.id} can't share the weights of {value}: they are different blocks."
        if graph[value].shares:
            return f"{value} shares weights itself; share those of {graph[value].shares}."
        if any(other.shares == node.id for other in graph):
            return f"Other nodes share the weights of {node.id}, so it needs its own."
    return None


def why_not_tags(tags: Any) -> str | None:
    """Why these can't be the tags of a node."""
    if not isinstance(tags, tuple) or not all(isinstance(tag, str) for tag in tags):
        return f"{tags!r} can't be the tags of a node."
    for tag in tags:
        if not TAG_NAME.fullmatch(tag):
            return f"{tag!r} can't be a tag: it takes letters, digits, _ and -, and begins with a letter."
    if len(set(tags)) < len(tags):
        return "A node has each of its tags once."
    return None


def check_new(document: Document, name: str, node: Node, restored: bool) -> None:
    """Raises: EditRefused when `node` can't be placed in the graph `name`."""
    graph = document.graphs[name]
    if is_composite(node.block) and not restored:
        inner = graph_of(node.block)
        if inner not in document.composites:
            raise EditRefused(f"There is no composite {inner!r} in this document.")
        if name in reached(document.graphs, [inner]):
            raise EditRefused(f"{inner} can't stand in {name}: a composite can't be part of itself.")
    if is_custom(node.block) and not restored and custom_of(node.block) not in document.customs:
        raise EditRefused(f"There is no custom block {custom_of(node.block)!r} in this document.")
    if node.id in graph:
        raise EditRefused(f"There is a node called {node.id!r} already.")
    if not ID.match(node.id):
        raise EditRefused(f"{node.id!r} can't be an id: it takes lower-case letters, digits and _.")
    if not all(map(isfinite, node.position)):
        raise EditRefused(f"{node.id} can't be put at {node.position}: that is not a place.")
    for parameter, value in node.parameters.items():
        if not restored and (reason := why_not_json(value)):
            raise EditRefused(f"{parameter} of {node.id} can't have this value: {reason}.")


def why_not(graph: Graph, wire: Wire, restored: bool) -> str | None:
    """Why a wire may not be drawn or, if it only comes back, can't be there; None when it may."""
    if wire.bends:
        check_bends(wire.bends)
    if not restored:
        return why_not_wire(graph, wire)
    missing = next((end for end in (wire.source, wire.target) if end not in graph), None)
    return f"There is no node {missing!r}." if missing is not None else None


def ends(wires: tuple[Wire, ...]) -> list[str]:
    return [end for wire in wires for end in (wire.source, wire.target)]
