"""Check a document without running it. Answers are cached by (block, parameters, input specs), and of composites by
(what they hold, values, input specs), so an edit costs only what lies downstream of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from difflib import get_close_matches
from typing import Any

from graph_engine.blocks import Block, Input, Kind, Layer, ParameterError, Refusal, Specs, TensorSpec
from graph_engine.blocks.custom import CUSTOM, CustomBlock, custom_of, is_custom
from graph_engine.blocks.library.borders import Input as InputBlock
from graph_engine.blocks.library.borders import Output as OutputBlock
from graph_engine.blocks.named import named
from graph_engine.check import trust
from graph_engine.check.borders import check_borders, lenders
from graph_engine.check.composites import check_over_time, check_turns, first_declared
from graph_engine.check.custom import fault_of
from graph_engine.check.draft import Draft
from graph_engine.check.fixes import conversion_hints, fixes_for
from graph_engine.check.report import (
    CheckResult,
    Code,
    Cost,
    Fix,
    GraphReport,
    NodeReport,
    Problem,
    Severity,
    State,
)
from graph_engine.check.shapes import NodeResult, run_block
from graph_engine.check.tied import is_tied, why_not_tied
from graph_engine.check.values import evaluated, in_channels
from graph_engine.document.composite import (
    IN_CHANNELS,
    MARK,
    TURN,
    Composite,
    borders,
    composites_in,
    port_name,
    reached,
    uses_turn,
)
from graph_engine.document.document import MAIN, Document
from graph_engine.document.edits import Disconnect, RemoveNodes, SetNode, SetParameter
from graph_engine.document.graph import Graph, Node, Wire
from graph_engine.document.rules import title_of

_CACHE_LIMIT = 20_000


class Checker:
    """Checks documents. Not safe for several threads at once; keep one for each thread that checks."""

    def __init__(self) -> None:
        self._blocks: dict[Any, NodeResult | Refusal] = {}
        self._graphs: dict[Any, GraphReport] = {}
        self._document = Document()
        self._stamps: dict[str, Any] = {}
        self._untrusted: set[str] = set()

    def check(self, document: Document) -> CheckResult:
        """Specs, problems and costs of `document` as it is now; pass a snapshot when another thread may edit it."""
        self._document = document
        self._stamps = {}
        self._untrusted = {CUSTOM + name for name in trust.untrusted(document)}
        if len(self._graphs) >= _CACHE_LIMIT:
            self._graphs.clear()
        main = self._report(MAIN, document.main, _defaults(document.main), {})
        used = set(reached(document.graphs, [MAIN]))
        unused = {name: self.graph(name, None, 0, {}) for name in document.composites if name not in used}
        idle = [problem for report in unused.values() for problem in report.problems]
        problems = (*main.problems, *(replace(each, severity=_lessened(each.severity)) for each in idle))
        return CheckResult(document.revision, main.nodes, _once(problems), main.cost, main, unused)

    def graph(
        self, name: str, values: Mapping[str, Any] | None, turn: int, inputs: Mapping[str, TensorSpec]
    ) -> GraphReport:
        """The check of composite `name` as it is used; without `values`, and for missing inputs, as it is declared."""
        graph = self._document.graphs[name]
        values = values if values is not None else _defaults(graph)
        values = {**values, TURN: turn if uses_turn(graph) else 0}
        first = next((inputs[port] for node in borders(graph, "input") if (port := port_name(node)) in inputs), None)
        if not inputs:
            first = first_declared(graph, values)
        if first is not None and (channels := in_channels(first)) is not None:
            values = {**values, IN_CHANNELS: channels}
        key = (name, self._stamp(name), tuple(values.items()), tuple(inputs.items()))
        if key not in self._graphs:
            self._graphs[key] = self._report(name, graph, values, inputs)
        return self._graphs[key]

    def _stamp(self, name: str) -> Any:
        """What changes whenever the composite or one that it uses does."""
        if name not in self._stamps:
            graph = self._document.graphs.get(name)
            self._stamps[name] = None  # what a file made part of itself is not followed any further
            inner = sorted(composites_in(graph)) if graph is not None else []
            customs = self._customs_in(graph) if graph is not None else ()
            self._stamps[name] = (graph.stamp if graph else None, customs, *(self._stamp(each) for each in inner))
        return self._stamps[name]

    def _customs_in(self, graph: Graph) -> tuple[Any, ...]:
        """The custom blocks that a graph uses, with what changes when they do."""
        if not self._document.customs:
            return ()
        names = sorted({node.block for node in graph if is_custom(node.block)})
        codes = [self._document.customs.get(custom_of(name)) for name in names]
        return tuple(
            (name, code and code.source, name in self._untrusted) for name, code in zip(names, codes, strict=True)
        )

    def _report(
        self, name: str, graph: Graph, values: Mapping[str, Any], inputs: Mapping[str, TensorSpec]
    ) -> GraphReport:
        known = {key: named(key, value) for key, value in values.items()}
        draft = Draft(graph, name, known, inputs)
        try:
            order = graph.order()
        except ValueError:
            return GraphReport(name, known, inputs, *_cyclic(graph, name))
        for node in order:
            draft.reports[node] = self._node(draft, node)
        self._share(draft)
        needed = check_borders(draft)
        cost = sum((draft.reports[node].cost for node in needed), Cost())
        lent = (draft.reports[node].cost for node in lenders(graph, needed))
        cost = sum((replace(each, macs=0, activation_bytes=0) for each in lent), cost)
        outputs = {
            port_name(node): spec
            for node in borders(graph, "output")
            if (spec := draft.reports[node.id].inputs.get("x")) is not None
        }
        weights = tuple(report.weights for report in draft.reports.values() if report.weights)
        entering = {port_name(node): draft.reports[node.id].outputs.get("y") for node in borders(graph, "input")}
        inputs = {port: spec for port, spec in entering.items() if spec is not None}
        return GraphReport(name, known, inputs, draft.reports, outputs, tuple(draft.problems), cost, weights)

    def _node(self, draft: Draft, name: str) -> NodeReport:
        node = draft.graph[name]
        block_type = draft.graph.block(node)
        if block_type is None:
            fix = Fix("Delete the node", RemoveNodes((name,), draft.name))
            return draft.fault(name, Code.UNKNOWN_BLOCK, _unknown(node), extra=(fix,))
        told, stray = node.parameters, [each for each in node.parameters if block_type.parameter(each) is None]
        if stray:
            draft.problems += [_stray_parameter(draft, node, block_type, each) for each in stray]
            told = {each: value for each, value in told.items() if each not in stray}
        try:
            block = block_type.make(evaluated(told, draft.values))
        except ParameterError as error:
            fix = Fix("Use the default", SetParameter(name, error.name, None, draft.name))
            return draft.fault(name, Code.PARAMETER, str(error), parameter=error.name, extra=(fix,))
        if isinstance(block, InputBlock):
            return _entering(draft, node, block)
        if isinstance(block, CustomBlock):
            fault = fault_of(draft, node, block, trusted=node.block not in self._untrusted)
            if fault is not None:
                return replace(fault, block=block)
        report = self._computed(draft, node, block)
        if isinstance(block, OutputBlock) and (spec := report.inputs.get("x")) is not None:
            report = _leaving(draft, node, block, spec, report)
        return report if report.block is not None else replace(report, block=block)

    def _computed(self, draft: Draft, node: Node, block: Block) -> NodeReport:
        found: dict[str, TensorSpec] = {}
        waits_for = ""
        passing = draft.graph.passing(node.id)
        wires = draft.graph.wires_into(node.id) if passing is None else {passing.input: passing}
        for port, wire in wires.items():
            declared = block.input(port)
            source = draft.reports[wire.source]
            spec = source.outputs.get(wire.output)
            if declared is not None and spec is None and source.outputs and draft.is_bypassed(wire.source):
                return _passed_over(draft, node, port, wire)
            if declared is None or (spec is None and source.state is State.OK):
                fix = Fix("Remove the wire", Disconnect((wire,), draft.name))
                message = f"The wire {wire} leads to a port that does not exist."
                return draft.fault(node.id, Code.STRAY_WIRE, message, port=port, extra=(fix,))
            if spec is None:
                waits_for = waits_for or wire.source
                continue
            if not declared.fits(spec.kind) and passing is None and not node.over_time:
                return _wrong_kind(draft, node, block, port, declared, spec)
            found[port] = spec
        if waits_for:
            return NodeReport(State.WAITING, found, tell=block.tell(), message=f"waits for {waits_for}")
        if passing is not None:
            passed = {block.outputs[0].name: found[passing.input]}
            return NodeReport(State.OK, found, passed, tell="bypassed")
        missing = _missing(block, found, over_time=node.over_time)
        if missing:
            draft.incomplete[node.id] = missing
            message = f"needs a wire at {missing[0]}"
            return NodeReport(State.WAITING, found, tell=block.tell(), message=message, lacks=tuple(missing))
        if isinstance(block, Composite):
            report = (check_over_time if node.over_time else check_turns)(self.graph, draft, node, block, found)
        else:
            report = self._single(draft, node, block, Specs(found))
        if node.frozen:
            report = replace(report, cost=replace(report.cost, trainable=0))
        return report

    def _single(self, draft: Draft, node: Node, block: Block, inputs: Specs) -> NodeReport:
        answer = self._answer(block, inputs)
        if isinstance(answer, Refusal):
            return draft.fault(
                node.id,
                Code.REFUSED,
                answer.message,
                port=answer.port,
                parameter=answer.parameter,
                expected=answer.expected,
                detail=str(answer.__cause__ or ""),
                extra=fixes_for(draft.graph, draft.name, node.id, answer.hints),
                inputs=dict(inputs),
                tell=block.tell(),
            )
        return NodeReport(
            State.OK, dict(inputs), answer.outputs, answer.cost, block.tell(), block=block, weights=answer.weights
        )

    def _answer(self, block: Block, inputs: Specs) -> NodeResult | Refusal:
        key = (block, tuple(inputs.items()))
        if key not in self._blocks:
            if len(self._blocks) >= _CACHE_LIMIT:
                self._blocks.clear()
            try:
                self._blocks[key] = run_block(block, inputs)
            except Refusal as refusal:
                self._blocks[key] = refusal.with_traceback(None)
        return self._blocks[key]

    def _share(self, draft: Draft) -> None:
        """Nodes that share weights have none of their own, if those of the other fit."""
        for node in draft.graph:
            report = draft.reports[node.id]
            if not node.shares or report.state is not State.OK or node.bypassed:
                continue
            own = Fix("Give it weights of its own", SetNode(node.id, "shares", "", draft.name))
            other = draft.reports.get(node.shares)
            alike = other is not None and draft.graph[node.shares].block == node.block
            ties = other is not None and _ties(draft.graph, node, node.shares)
            if other is None or draft.graph[node.shares].shares or not (alike or ties):
                message = f"It shares the weights of {node.shares!r}, which is no node with such weights of its own."
                draft.reports[node.id] = draft.fault(
                    node.id, Code.SHARING, message, extra=(own,), inputs=dict(report.inputs)
                )
            elif draft.is_bypassed(node.shares):
                message = f"It shares the weights of {node.shares}, which is bypassed, so there are none."
                back = Fix(
                    f"Bypass {node.shares} no longer", SetNode(node.shares, "bypassed", value=False, graph=draft.name)
                )
                draft.reports[node.id] = draft.fault(
                    node.id, Code.SHARING, message, extra=(back, own), inputs=dict(report.inputs)
                )
            elif other.state is State.OK and (reason := _why_other_weights(report, other)):
                has_bias = "Bias" in reason
                bare = Fix("Switch Bias off", SetParameter(node.id, "bias", value=False, graph=draft.name))
                draft.reports[node.id] = draft.fault(
                    node.id,
                    Code.SHARING,
                    f"It shares the weights of {node.shares}, but {reason}.",
                    parameter="bias" if has_bias else None,
                    extra=(bare, own) if has_bias else (own,),
                    inputs=dict(report.inputs),
                )
            else:
                cost = replace(report.cost, params=0, trainable=0, buffers=0, parameter_bytes=0)
                draft.reports[node.id] = replace(report, cost=cost, weights=())


def _stray_parameter(draft: Draft, node: Node, block: type[Block], name: str) -> Problem:
    near = get_close_matches(name, [spec.name for spec in block.parameters()], n=1)
    meant = f" Perhaps {near[0]} is meant." if near else ""
    message = f"{block.title} has no parameter {name!r}: what the file says of it has no effect.{meant}"
    fix = Fix(f"Take {name} away", SetParameter(node.id, name, None, draft.name))
    return Problem(Severity.WARNING, Code.STRAY_PARAMETER, message, node.id, fixes=(fix,), graph=draft.name)


def _passed_over(draft: Draft, node: Node, port: str, wire: Wire) -> NodeReport:
    """What takes more of a bypassed node than it lets through."""
    source = draft.graph[wire.source]
    first = next(iter(draft.reports[wire.source].outputs))
    message = (
        f"{title_of(source, draft.graph)} ({source.id}) is bypassed: what enters leaves at {first}, "
        f"and nothing leaves at {wire.output}."
    )
    again = Fix(f"Use {source.id} again", SetNode(source.id, "bypassed", value=False, graph=draft.name))
    return draft.fault(node.id, Code.BYPASSED, message, port=port, extra=(again,))


def _ties(graph: Graph, node: Node, other: str) -> bool:
    block = graph.block(node)
    return block is not None and graph[other].block in block.ties


def _why_other_weights(report: NodeReport, other: NodeReport) -> str:
    """Why the weights of `other` don't fit a node; empty when they do, as they are or the other way round."""
    if other.weights == report.weights:
        return ""
    if len(report.weights) == len(other.weights) == 1 and isinstance(layer := report.weights[0], Layer):
        theirs = other.weights[0]
        if isinstance(theirs, Layer) and is_tied(layer, theirs):
            what = why_not_tied(layer)
            return f"turned round, and so can't have {what}" if what else ""
    return f"needs others: {_shapes(report)} arrives here, {_shapes(other)} there, or their parameters differ"


def _defaults(graph: Graph) -> dict[str, Any]:
    return {each.name: each.default for each in graph.declaration.exposes}


def _once(problems: Iterable[Problem]) -> tuple[Problem, ...]:
    """What is wrong inside a composite is the same for many uses of it, and told once."""
    found: dict[Any, Problem] = {}
    for problem in problems:
        found.setdefault((problem.graph, problem.node, problem.port, problem.message), problem)
    return tuple(found.values())


def _lessened(severity: Severity) -> Severity:
    """How bad a problem of a composite is that nothing uses."""
    return Severity.WARNING if severity is Severity.ERROR else severity


def _unknown(node: Node) -> str:
    if node.block.startswith(MARK):
        return f"The composite {node.block.removeprefix(MARK)!r} is not in this document. Delete the node, or undo."
    if is_custom(node.block):
        return f"The custom block {custom_of(node.block)!r} is not in this document. Delete the node, or undo."
    return (
        f"The block {node.block!r} is not known to this Layerloom. The node is kept as it was saved; "
        "update Layerloom, or delete the node."
    )


def _shapes(report: NodeReport) -> str:
    return " and ".join(str(spec) for spec in report.inputs.values())


def _missing(block: Block, found: dict[str, TensorSpec], *, over_time: bool = False) -> list[str]:
    """The ports that still need a wire; a variadic one with how many more. A cell's states begin with zeros."""
    names = Specs(found)
    states = {port.name for port in block.outputs} if over_time else set()
    missing = []
    for port in block.inputs:
        wired = len(names.slots(port.name))
        if port.variadic and wired < port.least:
            missing.append(f"{port.name} ({port.least - wired} more)")
        elif not port.variadic and not port.optional and not wired and port.name not in states:
            missing.append(port.name)
    return missing


def _entering(draft: Draft, node: Node, block: InputBlock) -> NodeReport:
    """What enters at an Input, told as the kind that it is declared to be."""
    spec = draft.inputs.get(block.name) or block.spec()
    kind = Kind(block.kind)
    if kind is not Kind.ANY and kind.form is not spec.kind.form:
        message = f"It is declared to carry {kind} ({kind.axes}), and {spec} ({spec.kind}) enters."
        fix = Fix("Take anything", SetParameter(node.id, "kind", None, draft.name))
        return draft.fault(node.id, Code.KIND, message, parameter="kind", extra=(fix,), tell=block.tell())
    told = spec if kind is Kind.ANY else replace(spec, kind=kind)
    return NodeReport(State.OK, {}, {"y": told}, tell=block.tell(), block=block)


def _leaving(draft: Draft, node: Node, block: OutputBlock, spec: TensorSpec, report: NodeReport) -> NodeReport:
    """What leaves at an Output, which is declared to be of a kind."""
    kind = Kind(block.kind)
    if report.state is not State.OK or kind is Kind.ANY:
        return report
    if kind.form is not spec.kind.form:
        message = f"It is declared to carry {kind} ({kind.axes}), and {spec} ({spec.kind}) leaves."
        fix = Fix("Let anything leave", SetParameter(node.id, "kind", None, draft.name))
        return draft.fault(
            node.id, Code.KIND, message, port="x", parameter="kind", extra=(fix,), inputs={"x": spec}, tell=block.tell()
        )
    return replace(report, inputs={"x": replace(spec, kind=kind)})


def _wrong_kind(draft: Draft, node: Node, block: Block, port: str, declared: Input, spec: TensorSpec) -> NodeReport:
    wanted = " or ".join(f"{kind.axes} ({kind})" for kind in declared.kinds)
    came = spec.dtype if spec.kind is Kind.ANY else spec.kind
    return draft.fault(
        node.id,
        Code.KIND,
        f"{block.title} expects {wanted}, got {spec} ({came}).",
        port=port,
        expected=wanted,
        extra=fixes_for(draft.graph, draft.name, node.id, conversion_hints(spec.kind, declared.kinds, port)),
        inputs={port: spec},
        tell=block.tell(),
    )


def _cyclic(graph: Graph, name: str) -> tuple[dict[str, NodeReport], dict[str, TensorSpec], tuple[Problem, ...], Cost]:
    cycle = graph.cycle()
    path = " → ".join([*cycle, cycle[0]])
    wire = next(wire for wire in graph.wires_out_of(cycle[-1]) if wire.target == cycle[0])
    message = f"These nodes form a circle, so none can be computed first: {path}. Remove one of the wires."
    fix = Fix(f"Remove the wire {wire}", Disconnect((wire,), name))
    problem = Problem(Severity.ERROR, Code.CIRCLE, message, cycle[0], fixes=(fix,), graph=name)
    reports = {
        node: NodeReport(State.ERROR, message=message) if node in cycle else NodeReport(State.WAITING, message="waits")
        for node in graph.nodes
    }
    return reports, {}, (problem,), Cost()
