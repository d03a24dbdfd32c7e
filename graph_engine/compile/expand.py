"""Looking inside composites: their statements in place of the call, so that a value in them can be computed.

A node inside is called by its way there: `stage_1/bottleneck_2.3/conv2d_1`, `.3` for a turn of a repeated one; without
a number the first turn is meant.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Container, Iterable, Mapping
from dataclasses import dataclass, field, replace

from graph_engine.check.report import GraphReport, NodeReport
from graph_engine.compile.classes import Classes, results_of
from graph_engine.compile.statements import LayerKey, Result, Statement, statements_for, unbypassed
from graph_engine.document.composite import borders, graph_of, port_name
from graph_engine.document.document import Document
from graph_engine.document.graph import Graph, Node

INTO = "/"
"""Between a composite's node and a node inside it."""

Paths = Callable[[GraphReport], Mapping[LayerKey, str]]
"""The check of a composite's use → the paths of the modules below the module that it is."""


def full_turns(document: Document, target: Result) -> Result:
    """`target` with the turn of every repeated composite on its way.

    Raises: LookupError when there is no such node.
    """
    graph, parts = document.main, []
    *ways, last = target[0].split(INTO)
    for way in ways:
        name, dot, _ = way.partition(".")
        inner = document.graphs.get(graph_of(graph[name].block)) if name in graph else None
        if inner is None:
            raise LookupError(f"There is no composite {name!r} to look into.")
        parts.append(way if dot or graph[name].repeat == 1 else f"{way}.0")
        graph = inner
    if last not in graph:
        raise LookupError(f"There is no node {last!r} inside.")
    node, output = unbypassed(graph, (last, target[1]))
    return INTO.join([*parts, node]), output


@dataclass(slots=True)
class Expansion:
    """The statements of a drawing in which the composites on the ways to `nodes` are opened.

    `modules` maps what tells a module to its path below the network.
    """

    document: Document
    classes: Classes
    paths: Paths
    ways: Collection[str]
    statements: list[Statement] = field(default_factory=list)
    modules: dict[LayerKey, str] = field(default_factory=dict)
    _stands_for: dict[Result, Result] = field(default_factory=dict)

    def open(
        self,
        graph: Graph,
        nodes: Mapping[str, NodeReport],
        targets: Iterable[str],
        paths: Mapping[LayerKey, str],
        prefix: str = "",
        base: str = "",
    ) -> None:
        """Add the statements of `graph`, whose modules are below the path `base`."""
        for statement in statements_for(graph, nodes, targets, self.classes):
            node = graph[statement.node]
            operands = {
                port: self.value((prefix + source, output)) for port, (source, output) in statement.operands.items()
            }
            way = prefix + node.id
            if any(each == way or each.startswith(f"{way}.") for each in self.ways):
                self._open_use(node, nodes[node.id], operands, base + paths[statement.keys[0]], way)
                continue
            owner = prefix + (statement.owner or statement.node)
            self.statements.append(replace(statement, node=way, operands=operands, owner=owner))
            self.modules |= {(owner, key[1]): base + paths[key] for key in statement.keys}

    def value(self, result: Result) -> Result:
        """What computes a value: of an opened composite, a node inside it."""
        while result in self._stands_for:
            result = self._stands_for[result]
        return result

    def _open_use(self, node: Node, report: NodeReport, operands: Mapping[str, Result], path: str, way: str) -> None:
        """Open a composite's node, turn after turn.

        Raises: LookupError for a cell that runs over time: what is inside has a value at each step, not one.
        """
        if node.over_time:
            raise LookupError(f"{node.id} runs over time: what is inside has a value at each step.")
        given = dict(operands)
        repeated = node.repeat != 1
        for turn, inside in enumerate(report.inside):
            inner = self.document.graphs[inside.graph]
            here = f"{way}.{turn}{INTO}" if repeated else f"{way}{INTO}"
            for border in borders(inner, "input"):
                if port_name(border) in given:
                    self._stands_for[here + border.id, "y"] = given[port_name(border)]
            results = results_of(inner)
            below = f"{path}.{turn}." if repeated else f"{path}."
            self.open(inner, inside.nodes, [each for each, _ in results.values()], self.paths(inside), here, below)
            outputs = {port: self.value((here + source, output)) for port, (source, output) in results.items()}
            carried = zip((port_name(border) for border in borders(inner, "input")), outputs.values(), strict=False)
            given |= dict(carried)
            for port, result in outputs.items():
                self._stands_for[way, port] = result

    def needed(self, targets: Iterable[Result], given: Container[Result] = ()) -> list[Statement]:
        """The statements that `targets` need where the values `given` are known."""
        wanted = {target[0] for target in targets if target not in given}
        kept = []
        for statement in reversed(self.statements):
            if statement.node in wanted:
                kept.append(statement)
                wanted |= {source[0] for source in statement.operands.values() if source not in given}
        return kept[::-1]


def ways_to(target: Result) -> list[str]:
    """The composites on the way to a node: `stage_1`, `stage_1/bottleneck_2.3`."""
    parts = target[0].split(INTO)[:-1]
    return [INTO.join(parts[: at + 1]) for at in range(len(parts))]


__all__ = ["INTO", "Expansion", "full_turns", "ways_to"]
