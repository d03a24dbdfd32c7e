"""A graph as links: from one node to the next through which everything must go.

That is its immediate dominator and post-dominator, as in Lengauer, Tarjan (1979). "A fast algorithm for finding
dominators in a flowgraph". Links are compared by walking back from their last node, so neither ids nor the order in
which nodes were drawn matters.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from graph_engine.blocks.block import Role
from graph_engine.blocks.named import is_formula
from graph_engine.blocks.parameter import ParameterError
from graph_engine.document.enclosing import role_of
from graph_engine.document.graph import Graph, Node
from graph_engine.document.port_values import Source

_START, _END = "", " "
"""Before and behind all nodes; no node has such an id."""
Values = tuple[tuple[tuple[str, Any], ...], ...]
"""The parameters of each node of a turn."""


@dataclass(frozen=True, slots=True)
class Link:
    """The nodes behind one node up to the next through which everything goes: sources first, that one last.

    `shape` is what two links must share to be one; `values` may then differ by a rule.
    """

    nodes: tuple[str, ...]
    entry: Source
    shape: Any
    values: Values


Chain = list[Link]


def chains_of(graph: Graph) -> Iterator[Chain]:
    """Links in a row, each beginning where the one before ends. Those inside a link are in a chain of their own.

    What the first link of a chain takes may be used elsewhere as well.
    """
    import networkx as nx

    flow: nx.DiGraph[str] = nx.DiGraph((wire.source, wire.target) for wire in graph.wires)
    flow.add_nodes_from(graph.nodes)
    flow.add_edges_from((_START, node) for node in graph.nodes if not graph.wires_into(node))
    flow.add_edges_from((node, _END) for node in graph.nodes if not graph.wires_out_of(node))
    before = nx.immediate_dominators(flow, _START) if graph.nodes else {}
    after = nx.immediate_dominators(flow.reverse(copy=False), _END) if graph.nodes else {}
    links: dict[str, Link] = {}
    for start, end in after.items():
        is_link = {start, end} <= graph.nodes.keys() and before[end] == start
        if is_link and (link := _link(graph, start, end)) is not None:
            links[start] = link
    inner = {link.nodes[-1] for link in links.values()}
    for first in links:
        if first in inner:
            continue
        head = _link(graph, before[first], first) if before[first] in graph else None
        chain, at = [head] if head is not None else [], first
        while at in links:
            chain.append(links[at])
            at = links[at].nodes[-1]
        yield chain


def _link(graph: Graph, start: str, end: str) -> Link | None:
    """The link from `start` to `end`; None where it can't be a part of a composite that is repeated.

    That is one where more than one value enters or leaves, or which shares weights with nodes elsewhere.
    """
    nodes = _walk(graph, start, end)
    place = {name: at for at, name in enumerate(nodes)}
    entries: set[Source] = set()
    shape: list[Any] = [exit_of(graph, end)[1]]
    values = []
    for name in nodes:
        node = graph[name]
        onward = {wire.target for wire in graph.wires_out_of(name)}
        sharing = {other.id for other in graph if other.shares == name} | ({node.shares} - {""})
        if role_of(graph, name) is not Role.LAYER or (name != end and onward - place.keys()) or sharing - place.keys():
            return None
        into = graph.wires_into(name)
        entries |= {(wire.source, wire.output) for wire in into.values() if wire.source not in place}
        wires = tuple(
            (port, place[wire.source], wire.output) if wire.source in place else (port,) for port, wire in into.items()
        )
        tags = sorted(node.tags)  # by which the plan may train some turns and not others
        flags = (node.frozen, node.bypassed, place.get(node.shares), node.repeat, node.over_time, *tags)
        shape.append((node.block, flags, text_of(dict(node.extra)), wires))
        values.append(_values(graph, node))
    if len(entries) != 1 or len(_outputs_used(graph, end)) > 1:
        return None
    return Link(nodes, entries.pop(), tuple(shape), tuple(values))


def _walk(graph: Graph, start: str, end: str) -> tuple[str, ...]:
    """The nodes from which wires lead to `end` without passing `start`, sources first, by the order of ports."""
    found: dict[str, None] = {}
    stack = [(end, False)]
    while stack:
        name, is_done = stack.pop()
        if is_done:
            found[name] = None
        elif name != start and name not in found:
            stack.append((name, True))
            sources = [graph.wires_into(name)[port].source for port in sorted(graph.wires_into(name), reverse=True)]
            stack += [(source, False) for source in sources]
    return tuple(found)


def _outputs_used(graph: Graph, node: str) -> set[str]:
    return {wire.output for wire in graph.wires_out_of(node)}


def exit_of(graph: Graph, node: str) -> Source:
    """The value that leaves a fold at its last node."""
    block = graph.block(node)
    first = block.outputs[0].name if block is not None and block.outputs else ""
    return (node, next(iter(_outputs_used(graph, node)), first))


def _values(graph: Graph, node: Node) -> tuple[tuple[str, Any], ...]:
    """The parameters of a node, defaults as well, each as text that is equal where they are."""
    block = graph.block(node)
    found = {spec.name: spec.default for spec in block.parameters()} if block is not None else {}
    for name, value in node.parameters.items():
        spec = block.parameter(name) if block is not None else None
        try:
            found[name] = spec.parse(value) if spec is not None and not is_formula(value) else value
        except ParameterError:
            found[name] = value
    return tuple((name, text_of(value)) for name, value in sorted(found.items()))


def text_of(value: Any) -> str:
    return json.dumps(value, sort_keys=True)
