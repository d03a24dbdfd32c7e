"""What a graph computes, in order: one statement a node, and runs of statements that repeat."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from graph_engine.blocks import Block, Expression, Ref, Role, Specs, TensorSpec
from graph_engine.blocks.block import Pattern
from graph_engine.blocks.call import Layer, layers_of
from graph_engine.blocks.custom import CustomBlock
from graph_engine.check.report import NodeReport
from graph_engine.check.shapes import build
from graph_engine.check.tied import is_tied, main_layer, tied
from graph_engine.document.composite import Composite
from graph_engine.document.graph import Graph, Node

_LEAST_REPEATS = 3
_GOES_ALONG = re.compile(r"Norm|Dropout|Noise|DropPath|nn\.\w*(ELU|ReLU)\d?$")
"""Layers that stand on the line of another one: norms, activations, noise."""
_LONGEST_PERIOD = 60


Result = tuple[str, str]
"""(node, output port)."""
LayerKey = tuple[str, int]
"""(node, which of its modules)."""


@dataclass(frozen=True, slots=True)
class EachTurn:
    """A composite repeated with further inputs: a list of modules, each on what the one before gave."""

    carried: tuple[str, ...]
    """The ports that take what the turn before gave, in the order of the outputs."""


@dataclass(frozen=True, slots=True)
class OverTime:
    """A cell that takes one step of a sequence after another."""

    steps: tuple[str, ...]
    """The ports that take a step."""
    states: tuple[tuple[str, tuple[Any, ...]], ...]
    """The ports that take what the step before gave under that name, and the lengths of the zeros they begin with."""
    like: str = ""
    """The port whose value those zeros are like in all but shape; none where only whole numbers arrive."""


@dataclass(frozen=True, slots=True)
class Statement:
    """One node of the body: `operands` maps each of its ports to the (node, output) whose value it takes.

    `owner` is the node whose modules it uses, itself but where weights are shared. `shape` is that of its first value,
    as a comment shows it. `loop` says how a composite is gone through that is not simply called. `title` is what a
    person called the node; `drawn` is whether it is a composite, `reshapes` whether it gives another shape than its
    first operand has. `place` is where it stands in the order of the drawing.
    """

    node: str
    expression: Expression
    operands: Mapping[str, Result]
    shape: str
    pattern: Pattern = "y"
    owner: str = ""
    loop: EachTurn | OverTime | None = None
    title: str = ""
    drawn: bool = False
    reshapes: bool = False
    place: int = 0

    @property
    def layers(self) -> list[Layer]:
        return list(dict.fromkeys(layers_of(self.expression)))

    def key(self, layer: Layer) -> LayerKey:
        return self.owner or self.node, self.layers.index(layer)

    @property
    def works(self) -> bool:
        """Whether it calls a layer that is more than a norm, an activation or a projection of what skips."""
        return self.drawn or any(not layer.name and not _GOES_ALONG.search(layer.target) for layer in self.layers)

    @property
    def keys(self) -> list[LayerKey]:
        """What tells each of its modules from all others."""
        return [(self.owner or self.node, at) for at in range(len(self.layers))]


@dataclass(frozen=True, slots=True)
class Repeat:
    """Statements from `start` on: `times` turns of the same `period` statements, each turn fed by the one before."""

    start: int
    period: int
    times: int

    @property
    def stop(self) -> int:
        return self.start + self.period * self.times


class Uses(Protocol):
    """Who knows what the use of a composite, or of a custom block, is written as."""

    def use(self, node: Node, report: NodeReport) -> tuple[Expression, EachTurn | OverTime | None]: ...

    def custom(self, block: CustomBlock, expression: Expression) -> Expression: ...


def statements_for(
    graph: Graph, nodes: Mapping[str, NodeReport], targets: Iterable[str], uses: Uses
) -> list[Statement]:
    """The statements that the nodes `targets` need, in an order in which each can be computed. Inputs need none."""
    needed = graph.needed_by(targets)
    statements = []
    order = graph.order()
    places = {name: at for at, name in enumerate(order)}
    for name in _as_read(graph, order):
        node, report = graph[name], nodes[name]
        if name not in needed or report.block is None or report.block.role is Role.INPUT:
            continue
        if graph.passing(name) is not None:
            continue
        operands = {
            port: unbypassed(graph, (wire.source, wire.output)) for port, wire in graph.wires_into(name).items()
        }
        if isinstance(report.block, Composite):
            expression, loop = uses.use(node, report)
        else:
            expression, loop = _built(report.block, report, nodes.get(node.shares)), None
            if isinstance(report.block, CustomBlock):
                expression = uses.custom(report.block, expression)
        shape = shape_comment(next(iter(report.outputs.values()), None))
        statements.append(
            Statement(
                name,
                expression,
                operands,
                shape,
                report.block.pattern(),
                node.shares,
                loop,
                node.title,
                isinstance(report.block, Composite),
                shape != shape_comment(next(iter(report.inputs.values()), None)),
                places[name],
            )
        )
    return statements


def _as_read(graph: Graph, order: Iterable[str]) -> list[str]:
    """The nodes in `order`, but each no sooner than what else its first user needs: as the parts of an
    expression stand, which is the same whatever part of the graph is asked for."""
    ordered: dict[str, None] = {}
    for last in order:
        if graph.wires_out_of(last):
            continue
        waiting = [last]
        while waiting:
            name = waiting[-1]
            before = next((source for source in _sources(graph, name) if source not in ordered), None)
            if before is not None:
                waiting.append(before)
            else:
                ordered[waiting.pop()] = None
    return list(ordered)


def _sources(graph: Graph, node: str) -> list[str]:
    """The nodes that a node is wired to, in the order of its ports."""
    block = graph.block(node)
    ports = [port.name for port in block.inputs] if block is not None else []
    wires = graph.wires_into(node).items()
    rank = {port: at for at, port in enumerate(ports)}
    return [wire.source for _, wire in sorted(wires, key=lambda item: rank.get(item[0].partition(".")[0], len(ports)))]


def _built(block: Block, report: NodeReport, shared: NodeReport | None) -> Expression:
    """What a node is written as; with the weight of another one where it is tied to that."""
    expression = build(block, Specs(report.inputs))
    if shared is None or shared.block is None or isinstance(shared.block, Composite):
        return expression
    own, other = main_layer(expression), main_layer(build(shared.block, Specs(shared.inputs)))
    return tied(expression, other) if own is not None and other is not None and is_tied(own, other) else expression


def unbypassed(graph: Graph, result: Result) -> Result:
    """The value that stands at an output once bypassed nodes let through what enters them."""
    while (wire := graph.passing(result[0])) is not None:
        result = (wire.source, wire.output)
    return result


def shape_comment(spec: TensorSpec | None) -> str:
    """`(N, 6, 28, 28)`; nothing for a scalar."""
    return f"({', '.join(str(dim) for dim in spec.shape)})" if spec is not None and spec.shape else ""


def find_repeats(statements: list[Statement], used_later: Iterable[str]) -> list[Repeat]:
    """Runs that can be written as a loop: of a turn, only its last value is used outside it, by the next turn.

    `used_later` are nodes whose value is needed after all statements.
    """
    index = {statement.node: at for at, statement in enumerate(statements)}
    signatures = [_signature(statement, at, index) for at, statement in enumerate(statements)]
    alone = {statement.owner for statement in statements if statement.owner}
    for at, statement in enumerate(statements):
        if statement.owner or statement.loop or statement.node in alone:
            signatures[at] = (at, ())  # what shares weights or is a loop itself is like no other
    last_use = list(range(len(statements)))
    for at, statement in enumerate(statements):
        for source, _ in statement.operands.values():
            if source in index:
                last_use[index[source]] = max(last_use[index[source]], at)
    for node in used_later:
        if node in index:
            last_use[index[node]] = len(statements)
    single = [isinstance(statement.pattern, str) and statement.loop is None for statement in statements]
    repeats = []
    start = 0
    while start < len(statements):
        best = max(
            (_repeat_at(start, period, signatures, last_use, single) for period in range(1, _LONGEST_PERIOD + 1)),
            key=lambda repeat: (repeat.times - 1) * repeat.period if repeat.times >= _LEAST_REPEATS else 0,
        )
        if best.times >= _LEAST_REPEATS:
            repeats.append(best)
            start = best.stop
        else:
            start += 1
    return repeats


def _signature(statement: Statement, at: int, index: Mapping[str, int]) -> Any:
    """What two statements share when one line can stand for both: the expression, and how far back its operands are."""
    back = tuple(
        (port, at - index[source] if source in index else source, output)
        for port, (source, output) in sorted(statement.operands.items())
    )
    return repr(statement.expression), back


def _repeat_at(start: int, period: int, signatures: list[Any], last_use: list[int], single: list[bool]) -> Repeat:
    """The longest repeat of `period` that begins at `start`; `times` is 1 when there is none."""
    body = signatures[start : start + period]
    if (
        len(body) < period
        or start == 0
        or not _feeds_itself(body)
        or not (single[start - 1] and single[start + period - 1])
    ):
        return Repeat(start, period, 1)
    times = 1
    while signatures[start + times * period : start + (times + 1) * period] == body:
        times += 1
    while times > 1 and not _is_closed(start, period, times, last_use):
        times -= 1
    return Repeat(start, period, times)


def _feeds_itself(body: list[Any]) -> bool:
    """Whether every operand lies in the same turn or is the last value of the turn before, and that one is used."""
    reaches = [(at, back) for at, (_, operands) in enumerate(body) for _, back, _ in operands]
    inside = all(isinstance(back, int) and (back <= at or back == at + 1) for at, back in reaches)
    return inside and any(back == at + 1 for at, back in reaches)


def _is_closed(start: int, period: int, times: int, last_use: list[int]) -> bool:
    """Whether the entering value and every value inside but the very last die within their turn or the next."""
    if last_use[start - 1] >= start + period:
        return False
    for at in range(start, start + period * times - 1):
        turn_end = start + ((at - start) // period + 1) * period
        is_last_of_turn = at == turn_end - 1
        if last_use[at] >= turn_end + (period if is_last_of_turn else 0):
            return False
    return True


__all__ = [
    "EachTurn",
    "Layer",
    "LayerKey",
    "OverTime",
    "Ref",
    "Repeat",
    "Result",
    "Statement",
    "Uses",
    "find_repeats",
    "shape_comment",
    "statements_for",
    "unbypassed",
]
