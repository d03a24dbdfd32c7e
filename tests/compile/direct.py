"""A document computed node by node, without its program; and documents drawn from a list of numbers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from itertools import cycle
from typing import Any

import torch
from torch import Tensor, nn

from graph_engine.blocks import Block, Refusal, Role, Specs, TensorSpec, get_block
from graph_engine.blocks.block import unpacked
from graph_engine.blocks.call import layers_of
from graph_engine.blocks.tensor import N
from graph_engine.check import CheckResult
from graph_engine.check.evaluate import evaluate
from graph_engine.check.report import NodeReport
from graph_engine.check.shapes import build, run_block
from graph_engine.check.tied import is_tied, main_layer, tied
from graph_engine.check.values import evaluated
from graph_engine.compile import Program
from graph_engine.document import Document
from graph_engine.document.builder import Builder, Port
from graph_engine.document.composite import borders, graph_of, port_name
from graph_engine.document.graph import Graph

Values = dict[tuple[str, str], Tensor]


def compute(
    document: Document, result: CheckResult, program: Program, network: nn.Module, inputs: Mapping[str, Tensor]
) -> Values:
    """Every value that outputs, losses and metrics need and `inputs` (by argument) determine, with these weights."""
    values: Values = {
        (node, "y"): inputs[argument] for node, argument in program.input_nodes.items() if argument in inputs
    }
    _compute(document.main, result.nodes, {}, values, _Run(program, network))
    return values


@dataclass(frozen=True)
class _Run:
    """With which weights is computed, and the way to where: `stage_1/bottleneck_2.1/`.

    `cell`: inside one that runs over time, what has no values to ask for by their way: its graph, and its path below
    the network.
    """

    program: Program
    network: nn.Module
    way: str = ""
    cell: tuple[str, str] | None = None

    def inside(self, node: str, turn: str, graph: str) -> _Run:
        """In a composite's `turn`, such as `bottleneck_2.1`."""
        way = f"{self.way}{turn}/"
        if self.cell is None:
            return replace(self, way=way)
        outer, path = self.cell
        (found,) = (each for each in self.program.paths_in(outer, node) if each.startswith(f"{path}."))
        return replace(self, way=way, cell=(graph, found + turn.removeprefix(node)))

    def modules(self, node: str) -> list[nn.Module]:
        if self.cell is not None:
            graph, path = self.cell
            inside = self.program.paths_in(graph, node)
            return [self.network.get_submodule(each) for each in inside if each.startswith(f"{path}.")]
        return [self.network.get_submodule(path) for path in self.program.paths_of(self.way + node)]


def _compute(
    graph: Graph, reports: Mapping[str, NodeReport], names: Mapping[str, Any], values: Values, run: _Run
) -> None:
    """Add what a graph computes to `values`; `names` are what formulas in it may name."""
    ends = (Role.OUTPUT, Role.LOSS, Role.METRIC)
    blocks = {node.id: graph.block(node) for node in graph}
    needed = graph.upstream([name for name, block in blocks.items() if block is not None and block.role in ends])
    for name in graph.order():
        block = graph.block(name)
        assert block is not None
        wires = graph.wires_into(name)
        if (
            name not in needed
            or not block.inputs
            or any((wire.source, wire.output) not in values for wire in wires.values())
        ):
            continue
        operands = {port: values[wire.source, wire.output] for port, wire in wires.items()}
        if reports[name].inside:
            outs = _composite(graph, name, reports[name], operands, run)
        else:
            made = block.make(evaluated(graph[name].parameters, names))
            expression = build(made, Specs(reports[name].inputs))
            if owner := graph[name].shares:
                expression = _with_weights_of(expression, graph, reports, owner, names)
            layers = list(dict.fromkeys(layers_of(expression)))
            out = evaluate(expression, operands, dict(zip(layers, run.modules(name), strict=True)))
            outs = tuple(unpacked(made.pattern(), out).values()) if block.outputs else ()
        values |= {(name, port.name): out for port, out in zip(block.outputs, outs, strict=True)}


def _with_weights_of(
    expression: Any, graph: Graph, reports: Mapping[str, NodeReport], owner: str, names: Mapping[str, Any]
) -> Any:
    """`expression` with the weight of another node in its place, where it is tied to that."""
    block = graph.block(owner)
    assert block is not None
    other = main_layer(build(block.make(evaluated(graph[owner].parameters, names)), Specs(reports[owner].inputs)))
    own = main_layer(expression)
    return tied(expression, other) if own is not None and other is not None and is_tied(own, other) else expression


def _composite(
    graph: Graph, name: str, report: NodeReport, operands: Mapping[str, Tensor], run: _Run
) -> tuple[Tensor, ...]:
    """What a composite gives, turn after turn."""
    node = graph[name]
    inner = graph.find_graph(graph_of(node.block))
    assert inner is not None
    if node.over_time:
        return _steps(inner, name, report, operands, run)
    entries, ends = borders(inner, "input"), borders(inner, "output")
    given = dict(operands)
    outs: tuple[Tensor, ...] = ()
    for turn, inside in enumerate(report.inside):
        values: Values = {(entry.id, "y"): given[port_name(entry)] for entry in entries}
        here = f"{name}.{turn}" if node.repeat != 1 else name
        _compute(inner, inside.nodes, inside.values, values, run.inside(name, here, inside.graph))
        sources = [inner.wires_into(end.id)["x"] for end in ends]
        outs = tuple(values[wire.source, wire.output] for wire in sources)
        given |= dict(zip((port_name(entry) for entry in entries), outs, strict=False))
    return outs


def random_inputs(program: Program, document: Document, batch: int = 3) -> dict[str, Tensor]:
    """A tensor for every input node."""
    found = {}
    for node, argument in program.input_nodes.items():
        made = get_block("input").make(document.main[node].parameters)
        shape = [5 if isinstance(length, str) else length for length in made.shape]  # type: ignore[attr-defined]
        if made.dtype == "int64":  # type: ignore[attr-defined]
            found[argument] = torch.randint(made.classes or 2, (batch, *shape))  # type: ignore[attr-defined]
        else:
            found[argument] = torch.randn(batch, *shape)
    return found


def _steps(
    inner: Graph, name: str, report: NodeReport, operands: Mapping[str, Tensor], run: _Run
) -> tuple[Tensor, ...]:
    """What a cell gives that takes one step of a sequence after another: states as they are last, the rest stacked."""
    (inside,) = report.inside
    entries, ends = borders(inner, "input"), borders(inner, "output")
    states = {port_name(end) for end in ends} & {port_name(entry) for entry in entries}
    whole = {port_name(entry) for entry in entries if entry.parameters.get("over_time") == "whole"}
    sequences = {port: value for port, value in operands.items() if port not in states | whole}
    samples, length = next(iter(sequences.values())).shape[:2]
    given = dict(operands)
    for entry in entries:
        if (port := port_name(entry)) in states and port not in given:
            given[port] = torch.zeros(samples, *map(int, inside.inputs[port].shape[1:]))  # type: ignore[call-overload]
    (path,) = run.program.attributes[name]
    cell = replace(run, cell=(report.inside[0].graph, path))
    said: list[list[Tensor]] = []
    for step in range(length):
        given |= {port: value[:, step] for port, value in sequences.items()}
        values: Values = {(entry.id, "y"): given[port_name(entry)] for entry in entries}
        _compute(inner, inside.nodes, inside.values, values, cell)
        wires = [inner.wires_into(end.id)["x"] for end in ends]
        said.append([values[wire.source, wire.output] for wire in wires])
        given |= {port: out for port, out in zip(map(port_name, ends), said[-1], strict=True) if port in states}
    told = zip(map(port_name, ends), zip(*said, strict=True), strict=True)
    return tuple(outs[-1] if port in states else torch.stack(outs, 1) for port, outs in told)


# What may follow a value of a kind, as (block, parameters).
_STEPS: dict[int, list[tuple[str, dict[str, Any]]]] = {
    2: [
        ("linear", {"features": 6}),
        ("linear", {"features": 4, "bias": False}),
        ("relu", {}),
        ("tanh", {}),
        ("highway", {}),
        ("layer_norm", {}),
        ("batch_norm", {}),
        ("softmax", {}),
        ("leaky_relu", {"slope": 0.3}),
        ("dropout", {"probability": 0.25}),
    ],
    3: [
        ("linear", {"features": 6}),
        ("self_attention", {"heads": 2}),
        ("layer_norm", {"affine": False}),
        ("position_embedding", {}),
        ("gelu", {}),
        ("flatten", {}),
        ("global_avg_pool", {}),
    ],
    4: [
        ("conv2d", {"channels": 4}),
        ("conv2d", {"channels": 4, "kernel": [3, 1], "bias": False}),
        ("conv2d", {"channels": 6, "stride": 2}),
        ("batch_norm", {"momentum": 0.3}),
        ("relu", {}),
        ("max_pool2d", {}),
        ("avg_pool2d", {"kernel": 3, "stride": 1, "padding": 1}),
        ("self_attention", {"heads": 2}),
        ("positions_to_sequence", {}),
        ("flatten", {}),
        ("global_avg_pool", {}),
    ],
}
_JOINS = ("add", "multiply", "concat", "residual")


@cache
def _result(block: Block, ports: tuple[str, ...], specs: tuple[TensorSpec, ...]) -> TensorSpec | None:
    """What leaves a block, or None where it does not take what comes."""
    try:
        return run_block(block, Specs(dict(zip(ports, specs, strict=True)))).outputs["y"]
    except Refusal:
        return None


class Drawer:
    """Draws a network from numbers: each decides one thing, and any list of them makes a document without errors."""

    def __init__(self, choices: Sequence[int]) -> None:
        self._choices: Iterator[int] = cycle(choices or [0])
        self._net = Builder("Random net")
        self._open: list[tuple[Port, TensorSpec]] = []
        self._length = min(3 + len(choices), 12)
        for name, shape in (("a", (6,)), ("image", (4, 8, 8)), ("sequence", (5, 6))):
            self._open.append((self._net.input(name, *shape), TensorSpec((N, *shape))))

    def document(self) -> Document:
        for _ in range(self._length):
            self._grow()
        ends = dict.fromkeys(self._pick(self._open) for _ in range(1 + self._next(3)))
        for at, (port, _) in enumerate(ends):
            self._net.output(port, f"out_{at}")
        self._loss()
        return self._net.document

    def _next(self, count: int) -> int:
        return next(self._choices) % count

    def _pick(self, items: Sequence[Any]) -> Any:
        return items[self._next(len(items))]

    def _grow(self) -> None:
        port, spec = self._pick(self._open[-4:])
        what = self._next(4)
        if what == 0:
            self._join(port, spec)
        else:
            chain = [self._pick(_STEPS.get(spec.rank, [("relu", {})])) for _ in range(what)]
            for _ in range(1 + self._next(5)):  # the same steps over and over, if their shapes allow
                for block, parameters in chain:
                    port, spec = self._step(block, parameters, (port, spec))
            self._open.append((port, spec))

    def _step(
        self, block: str, parameters: dict[str, Any], *inputs: tuple[Port, TensorSpec]
    ) -> tuple[Port, TensorSpec]:
        """The block after its inputs or, where it does not take them, the first input as it is."""
        declared = get_block(block)
        first = declared.inputs[0]
        if first.kinds and inputs[0][1].kind not in first.kinds:
            return inputs[0]
        names = [f"xs.{at}" for at in range(len(inputs))] if first.variadic else [port.name for port in declared.inputs]
        spec = _result(declared.make(parameters), tuple(names), tuple(spec for _, spec in inputs))
        return (self._net.add(block, *(port for port, _ in inputs), **parameters), spec) if spec else inputs[0]

    def _join(self, port: Port, spec: TensorSpec) -> None:
        others = [each for each in self._open if each[1].rank == spec.rank]
        block = self._pick(_JOINS)
        joined = [(port, spec), self._pick(others)]
        if block != "residual" and self._next(2):
            joined.append(self._pick(others))
        self._open.append(self._step(block, {}, *joined))

    def _loss(self) -> None:
        """A loss on some value, so that the program may have a head that only it needs."""
        port, spec = self._pick(self._open)
        shape = [length for length in spec.shape[1:] if isinstance(length, int)]
        self._net.add("mean_squared_error", port, self._net.input("target", *shape))


def drawn(choices: Sequence[int]) -> Document:
    return Drawer(choices).document()


FIXED = [[pow(5, seed * 31 + at + 2, 10_007) for at in range(9 + seed)] for seed in range(30)]
"""Lists that draw documents of all sorts."""
