"""Ports and exposed parameters of a composite changed, together with every use of it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import replace
from typing import Literal

from graph_engine.blocks import get_block
from graph_engine.blocks.named import renamed
from graph_engine.blocks.parameter import ParameterError
from graph_engine.document.composite import (
    MARK,
    Declaration,
    Exposed,
    borders,
    port_name,
    port_names,
    why_not_exposed,
)
from graph_engine.document.document import MAIN, Document
from graph_engine.document.edits import AddNodes, AnyEdit, Batch, Declare, Disconnect, RemoveNodes, SetParameter
from graph_engine.document.formulas import Rewrite, edits_of, rewritten, substituted
from graph_engine.document.graph import Graph, Node, Wire
from graph_engine.document.rules import EditRefused

Side = Literal["input", "output"]
_SIDES: tuple[Side, Side] = ("input", "output")


def uses_of(document: Document, graph_name: str) -> Iterator[tuple[str, Node]]:
    """(graph, node) of every node that uses a composite."""
    if graph_name != MAIN:
        for name, graph in document.graphs.items():
            yield from ((name, node) for node in graph if node.block == MARK + graph_name)


def rename_port(document: Document, graph_name: str, node: str, new: str) -> Batch:
    """An Input or Output gets the name `new`; wires at uses of the composite, and the order of its ports, follow.

    Where a cell runs over time, an Input and an Output of one name are a state: both are renamed.

    Raises: EditRefused for a name that can't be, or that another port has.
    """
    graph = document.graphs[graph_name]
    own = _side_of(graph, node)
    old = port_name(graph[node])
    is_state = any(use.over_time for _, use in uses_of(document, graph_name))
    chosen: dict[Side, list[str]] = {side: [] for side in _SIDES}
    chosen[own].append(node)
    if is_state:
        for side in _SIDES:
            chosen[side] = list(dict.fromkeys((*chosen[side], *_named(graph, side, old))))
    try:
        get_block(own).make({"name": new})
    except ParameterError as error:
        raise EditRefused(str(error)) from error
    for side, nodes in chosen.items():
        if nodes and set(_named(graph, side, new)) - set(nodes):
            raise EditRefused(f"There is an {side} called {new!r} already; names must differ.")
    left = {side: [name for name in _named(graph, side, old) if name not in chosen[side]] for side in _SIDES}
    moved = [
        side for side in _SIDES if chosen[side] and not left[side]
    ]  # of two of one name, the other keeps the wires
    before, after = rewired(document, graph_name, lambda side, port: new if port == old and side in moved else port)
    edits = [*before, *(SetParameter(name, "name", new, graph_name) for names in chosen.values() for name in names)]
    declaration = graph.declaration
    if old in declaration.order:
        kept = (old, new) if any(left.values()) else (new,)
        order = [name for each in declaration.order for name in (kept if each == old else (each,))]
        edits.append(Declare(replace(declaration, order=tuple(dict.fromkeys(order))), graph_name))
    return Batch(f"Rename {old} to {new}", (*edits, *after))


def delete_nodes(document: Document, graph_name: str, nodes: Collection[str]) -> Batch:
    """Take nodes away. Where they are ports of a composite, its uses lose what was wired there."""
    graph = document.graphs[graph_name]
    kept = {side: {port_name(node) for node in borders(graph, side) if node.id not in nodes} for side in _SIDES}
    gone = {side: {port_name(node) for node in borders(graph, side)} - kept[side] for side in _SIDES}
    edits, _ = rewired(document, graph_name, lambda side, port: None if port in gone[side] else port)
    edits.append(RemoveNodes(tuple(dict.fromkeys(nodes)), graph_name))
    order = tuple(
        name
        for name in graph.declaration.order
        if any(name in kept[side] for side in _SIDES) or not any(name in gone[side] for side in _SIDES)
    )
    if order != graph.declaration.order:
        edits.append(Declare(replace(graph.declaration, order=order), graph_name))
    return Batch(f"Delete {len(nodes)} nodes" if len(nodes) != 1 else "Delete 1 node", tuple(edits))


def reorder_ports(document: Document, graph_name: str, names: Sequence[str]) -> Batch:
    """The ports `names` come first, in this order, and the others after them as they were.

    Of a composite that is repeated, what a turn gives goes to the first inputs of the next.

    Raises: EditRefused for a name that is no port.
    """
    graph = document.graphs[graph_name]
    known = dict.fromkeys(name for names_ in port_names(graph) for name in names_)
    stray = next((name for name in names if name not in known), None)
    if stray is not None:
        raise EditRefused(f"There is no Input or Output called {stray!r}.")
    declaration = replace(graph.declaration, order=tuple(dict.fromkeys((*names, *known))))
    return Batch("Change the order of ports", (Declare(declaration, graph_name),))


def rename_exposed(document: Document, graph_name: str, old: str, new: str) -> Batch:
    """An exposed parameter gets the name `new`, in formulas inside and at every use.

    Raises: EditRefused for a name that can't be.
    """
    graph = document.graphs[graph_name]
    exposed = _exposed(graph.declaration, old)
    if reason := why_not_exposed(replace(exposed, name=new)):
        raise EditRefused(reason)
    if new != old and graph.declaration.exposed(new) is not None:
        raise EditRefused(f"There is an exposed parameter called {new!r} already; names must differ.")
    exposes = tuple(replace(each, name=new) if each.name == old else each for each in graph.declaration.exposes)
    inside = _formulas_exchanged(graph, graph_name, lambda formula: renamed(formula, {old: new}))
    return Batch(
        f"Rename {old} to {new}",
        (
            *_set_at_uses(document, graph_name, old, None),
            Declare(replace(graph.declaration, exposes=exposes), graph_name),
            *inside,
            *_set_at_uses(document, graph_name, old, new),
        ),
    )


def remove_exposed(document: Document, graph_name: str, name: str) -> Batch:
    """A parameter is exposed no more: formulas that name it are written with its default, and uses lose their value."""
    graph = document.graphs[graph_name]
    exposed = _exposed(graph.declaration, name)
    exposes = tuple(each for each in graph.declaration.exposes if each.name != name)
    inside = _formulas_exchanged(graph, graph_name, lambda formula: substituted(formula, {name: exposed.default}))
    return Batch(
        f"Expose {name} no more",
        (
            *_set_at_uses(document, graph_name, name, None),
            *inside,
            Declare(replace(graph.declaration, exposes=exposes), graph_name),
        ),
    )


def _side_of(graph: Graph, node: str) -> Side:
    """Raises: EditRefused for a node that is no port."""
    for side in _SIDES:
        if node in graph and graph[node].block == side:
            return side
    raise EditRefused(f"{node!r} is no Input or Output here.")


def _named(graph: Graph, side: Side, name: str) -> list[str]:
    return [node.id for node in borders(graph, side) if port_name(node) == name]


def rewired(
    document: Document, graph_name: str, new_port: Callable[[Side, str], str | None]
) -> tuple[list[AnyEdit], list[AnyEdit]]:
    """The edits before and after ports get other names (None: they go), so that wires at uses follow."""
    before: list[AnyEdit] = []
    after: list[AnyEdit] = []
    users: dict[str, set[str]] = {}
    for name, node in uses_of(document, graph_name):
        users.setdefault(name, set()).add(node.id)
    for name, uses in users.items():
        exchanged: dict[Wire, Wire | None] = {}
        for wire in document.graphs[name].wires:
            output = new_port("output", wire.output) if wire.source in uses else wire.output
            target = new_port("input", wire.input) if wire.target in uses else wire.input
            new = replace(wire, output=output, input=target) if output is not None and target is not None else None
            if new != wire:
                exchanged[wire] = new
        kept = tuple(wire for wire in exchanged.values() if wire is not None)
        if exchanged:
            before.append(Disconnect(tuple(exchanged), name))
        if kept:
            after.append(AddNodes((), kept, name, restored=True))
    return before, after


def _exposed(declaration: Declaration, name: str) -> Exposed:
    exposed = declaration.exposed(name)
    if exposed is None:
        raise EditRefused(f"There is no exposed parameter {name!r}.")
    return exposed


def _formulas_exchanged(graph: Graph, graph_name: str, rewrite: Rewrite) -> list[AnyEdit]:
    return [edit for node in graph for edit in edits_of(node, rewritten(node, rewrite), graph_name)]


def _set_at_uses(document: Document, graph_name: str, name: str, new: str | None) -> list[AnyEdit]:
    """Each use's value of `name` given to the parameter `new`, or taken away."""
    return [
        SetParameter(node.id, new or name, node.parameters[name] if new else None, graph)
        for graph, node in uses_of(document, graph_name)
        if name in node.parameters
    ]
