"""Check a document without running it. Answers are cached by (block, parameters, input specs), so an edit costs only
what lies downstream of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from graph_engine.blocks import Block, Input, Kind, ParameterError, Refusal, Specs, TensorSpec, find_block
from graph_engine.blocks.library.borders import Input as InputBlock
from graph_engine.check.borders import check_borders, needed_nodes
from graph_engine.check.fixes import conversion_hints, fixes_for
from graph_engine.check.report import CheckResult, Cost, Fix, NodeReport, Problem, Severity, State
from graph_engine.check.shapes import NodeResult, run_block
from graph_engine.document.document import MAIN, Document
from graph_engine.document.edits import Disconnect, RemoveNodes, SetParameter
from graph_engine.document.graph import Graph, Node

_CACHE_LIMIT = 20_000


class Checker:
    """Checks documents. Not safe for several threads at once; keep one for each thread that checks."""

    def __init__(self) -> None:
        self._cache: dict[Any, NodeResult | Refusal] = {}

    def check(self, document: Document) -> CheckResult:
        """Specs, problems and costs of `document` as it is now; pass a snapshot when another thread may edit it."""
        draft = _Draft(document.main)
        try:
            order = document.main.order()
        except ValueError:
            return CheckResult(document.revision, *_cyclic(document.main))
        for name in order:
            draft.reports[name] = self._node(draft, name)
        problems = [*draft.problems, *check_borders(draft.graph, draft.reports, draft.incomplete)]
        total = sum((draft.reports[name].cost for name in needed_nodes(draft.graph)), Cost())
        return CheckResult(document.revision, draft.reports, tuple(problems), total)

    def _node(self, draft: _Draft, name: str) -> NodeReport:
        node = draft.graph[name]
        block_type = find_block(node.block)
        if block_type is None:
            message = (
                f"The block {node.block!r} is not known to this Layerloom. The node is kept as it was saved; "
                "update Layerloom, or delete the node."
            )
            return draft.fault(name, message, extra=(Fix("Delete the node", RemoveNodes((name,))),))
        try:
            block = block_type.make(node.parameters)
        except ParameterError as error:
            fix = Fix("Use the default", SetParameter(name, error.name, None))
            return draft.fault(name, str(error), parameter=error.name, extra=(fix,))
        if isinstance(block, InputBlock):
            return NodeReport(State.OK, {}, {"y": block.spec()}, tell=block.tell())
        return self._computed(draft, node, block)

    def _computed(self, draft: _Draft, node: Node, block: Block) -> NodeReport:
        found: dict[str, TensorSpec] = {}
        waits_for = ""
        for port, wire in draft.graph.wires_into(node.id).items():
            declared = block.input(port)
            spec = draft.reports[wire.source].outputs.get(wire.output)
            if declared is None or (spec is None and draft.reports[wire.source].state is State.OK):
                fix = Fix("Remove the wire", Disconnect((wire,)))
                return draft.fault(
                    node.id, f"The wire {wire} leads to a port that does not exist.", port=port, extra=(fix,)
                )
            if spec is None:
                waits_for = waits_for or wire.source
                continue
            if declared.kinds and spec.kind not in declared.kinds:
                return _wrong_kind(draft, node, block, port, declared, spec)
            found[port] = spec
        if waits_for:
            return NodeReport(State.WAITING, found, tell=block.tell(), message=f"waits for {waits_for}")
        missing = _missing(block, found)
        if missing:
            draft.incomplete[node.id] = missing
            message = f"needs a wire at {missing[0]}"
            return NodeReport(State.WAITING, found, tell=block.tell(), message=message, lacks=tuple(missing))
        inputs = Specs(found)
        answer = self._answer(block, inputs)
        if isinstance(answer, Refusal):
            return draft.fault(
                node.id,
                answer.message,
                port=answer.port,
                parameter=answer.parameter,
                expected=answer.expected,
                detail=str(answer.__cause__ or ""),
                extra=fixes_for(draft.graph, MAIN, node.id, answer.hints),
                inputs=found,
                tell=block.tell(),
            )
        cost = answer.cost
        if node.frozen:
            cost = Cost(cost.params, 0, cost.buffers, cost.macs, cost.activation_bytes, cost.parameter_bytes)
        return NodeReport(State.OK, found, answer.outputs, cost, block.tell())

    def _answer(self, block: Block, inputs: Specs) -> NodeResult | Refusal:
        key = (block, tuple(inputs.items()))
        if key not in self._cache:
            if len(self._cache) >= _CACHE_LIMIT:
                self._cache.clear()
            try:
                self._cache[key] = run_block(block, inputs)
            except Refusal as refusal:
                self._cache[key] = refusal.with_traceback(None)
        return self._cache[key]


@dataclass(slots=True)
class _Draft:
    """The check of one graph while it is being made."""

    graph: Graph
    reports: dict[str, NodeReport] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    incomplete: dict[str, list[str]] = field(default_factory=dict)

    def fault(
        self,
        name: str,
        message: str,
        *,
        port: str | None = None,
        parameter: str | None = None,
        expected: str = "",
        detail: str = "",
        extra: tuple[Fix, ...] = (),
        inputs: dict[str, TensorSpec] | None = None,
        tell: str = "",
    ) -> NodeReport:
        """Note an error at a node and give the report that shows it."""
        self.problems.append(Problem(Severity.ERROR, message, name, port, parameter, expected, detail, extra))
        return NodeReport(State.ERROR, inputs or {}, tell=tell, message=message)


def _missing(block: Block, found: dict[str, TensorSpec]) -> list[str]:
    """The ports that still need a wire; a variadic one with how many more."""
    names = Specs(found)
    missing = []
    for port in block.inputs:
        wired = len(names.slots(port.name))
        if port.variadic and wired < port.least:
            missing.append(f"{port.name} ({port.least - wired} more)")
        elif not port.variadic and not port.optional and not wired:
            missing.append(port.name)
    return missing


def _wrong_kind(draft: _Draft, node: Node, block: Block, port: str, declared: Input, spec: TensorSpec) -> NodeReport:
    wanted = " or ".join(f"{kind.axes} ({kind})" for kind in declared.kinds)
    came = spec.dtype if spec.kind is Kind.ANY else spec.kind
    return draft.fault(
        node.id,
        f"{block.title} expects {wanted}, got {spec} ({came}).",
        port=port,
        expected=wanted,
        extra=fixes_for(draft.graph, MAIN, node.id, conversion_hints(spec.kind, declared.kinds, port)),
        inputs={port: spec},
        tell=block.tell(),
    )


def _cyclic(graph: Graph) -> tuple[dict[str, NodeReport], tuple[Problem, ...]]:
    cycle = graph.cycle()
    path = " → ".join([*cycle, cycle[0]])
    wire = next(wire for wire in graph.wires_out_of(cycle[-1]) if wire.target == cycle[0])
    message = f"These nodes form a circle, so none can be computed first: {path}. Remove one of the wires."
    problem = Problem(Severity.ERROR, message, cycle[0], fixes=(Fix(f"Remove the wire {wire}", Disconnect((wire,))),))
    reports = {
        name: NodeReport(State.ERROR, message=message) if name in cycle else NodeReport(State.WAITING, message="waits")
        for name in graph.nodes
    }
    return reports, (problem,)
