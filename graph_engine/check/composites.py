"""The check of a node that is a composite: turn after turn where it is repeated, one step where it runs over time."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from graph_engine.blocks import ParameterError, TensorSpec
from graph_engine.blocks.library.borders import Input as InputBlock
from graph_engine.blocks.tensor import Dim
from graph_engine.check.draft import Draft
from graph_engine.check.report import Code, Cost, Fix, GraphReport, NodeReport, Problem, Severity, State
from graph_engine.check.shapes import bytes_per_sample
from graph_engine.check.values import evaluated
from graph_engine.document.composite import Composite, borders, port_name
from graph_engine.document.edits import SetNode
from graph_engine.document.graph import Graph, Node

CheckGraph = Callable[[str, Mapping[str, Any] | None, int, Mapping[str, TensorSpec]], GraphReport]
"""(graph, values, turn, inputs) → its check."""

_MOST_TURNS = 10_000


def check_turns(
    check: CheckGraph, draft: Draft, node: Node, block: Composite, found: Mapping[str, TensorSpec]
) -> NodeReport:
    """Each turn takes at its first inputs what the one before gave, and at the others what came in."""
    try:
        times = turns_of(node, draft.values)
    except ParameterError as error:
        return _fault(draft, node, block, found, str(error), SetNode(node.id, "repeat", 1, draft.name))
    if times > 1 and len(block.outputs) > len(block.inputs):
        message = f"{block.title} gives more values than it takes, so a next turn can't go on from what it gave."
        return _fault(draft, node, block, found, message, SetNode(node.id, "repeat", 1, draft.name))
    inputs = {port.name: found[port.name] for port in block.inputs if port.name in found}
    turns: list[GraphReport] = []
    for turn in range(times):
        report = check(block.graph, block.values, turn, inputs)
        turns.append(report)
        if report.errors or len(report.outputs) < len(block.outputs):
            break
        given = (report.outputs[port.name] for port in block.outputs)
        inputs = {**inputs, **dict(zip((port.name for port in block.inputs), given, strict=False))}
    return _joined(draft, block, found, turns, dict(turns[-1].outputs))


def turns_of(node: Node, values: Mapping[str, Any]) -> int:
    """How often a composite's node is repeated.

    Raises: ParameterError for a formula that gives no such number.
    """
    times = evaluated({"repeat": node.repeat}, values)["repeat"]
    if not isinstance(times, int) or isinstance(times, bool) or not 1 <= times <= _MOST_TURNS:
        raise ParameterError("repeat", f"Repeat must be a whole number from 1 to {_MOST_TURNS}; got {times}.")
    return int(times)


def check_over_time(
    check: CheckGraph, draft: Draft, node: Node, block: Composite, found: Mapping[str, TensorSpec]
) -> NodeReport:
    """A cell on one step after another. A state is an input of the same name as an output; it begins with zeros."""
    states = state_names(block)
    declared = _declared(draft, block)
    once = SetNode(node.id, "over_time", value=False, graph=draft.name)
    step: dict[str, TensorSpec] = {}
    length: Dim | None = None
    for port in block.inputs:
        spec, inner = found.get(port.name), declared.get(port.name)
        if port.name in states:
            start = spec or (inner.spec() if inner is not None else None)
            if start is not None:
                step[port.name] = start
        elif spec is not None and inner is not None and inner.over_time == "whole":
            step[port.name] = spec
        elif spec is not None:
            if spec.rank < 2 or (length is not None and spec.shape[1] != length):
                message = f"{port.name} is taken step by step, so it must be a sequence N×T×… as long as the others; "
                return _fault(draft, node, block, found, f"{message}got {spec}.", once)
            length = spec.shape[1]
            step[port.name] = TensorSpec((spec.shape[0], *spec.shape[2:]), spec.dtype, classes=spec.classes)
    if length is None:
        message = f"{block.title} takes no sequence, so there are no steps to go through. Every input is a state."
        return _fault(draft, node, block, found, message, once)
    report = check(block.graph, block.values, 0, step)
    if not report.errors:
        for state in states:
            before, after = step.get(state), report.outputs.get(state)
            if before is not None and after is not None and before.shape != after.shape:
                message = f"The state {state} of {block.title} begins as {before} and comes back as {after}."
                return _fault(draft, node, block, found, f"{message} Give its Input that shape inside.", once)
    outputs = {
        name: spec
        if name in states
        else TensorSpec((spec.shape[0], length, *spec.shape[1:]), spec.dtype, classes=spec.classes)
        for name, spec in report.outputs.items()
    }
    made = _joined(draft, block, found, [report], outputs)
    steps = length if isinstance(length, int) else 1
    cost = replace(
        made.cost,
        macs=made.cost.macs * steps,
        activation_bytes=made.cost.activation_bytes * steps + sum(bytes_per_sample(spec) for spec in outputs.values()),
    )
    return replace(made, cost=cost)


def state_names(block: type[Composite] | Composite) -> tuple[str, ...]:
    """The inputs of a cell that its outputs give anew, by their names."""
    given = {port.name for port in block.outputs}
    return tuple(port.name for port in block.inputs if port.name in given)


def first_declared(graph: Graph, values: Mapping[str, Any]) -> TensorSpec | None:
    """What the first Input of a composite says that arrives; None where there is none, or it is at fault."""
    try:
        made = (InputBlock.make(evaluated(node.parameters, values)) for node in borders(graph, "input"))
        return next((block.spec() for block in made), None)
    except ParameterError:
        return None


def _declared(draft: Draft, block: Composite) -> dict[str, InputBlock]:
    """The Input blocks inside a cell with the values of this use; without those that are at fault themselves."""
    graph = draft.graph.find_graph(block.graph)
    found = {}
    for inner in borders(graph, "input") if graph is not None else ():
        try:
            found[port_name(inner)] = InputBlock.make(evaluated(inner.parameters, block.values))
        except ParameterError:
            continue
    return found


def _joined(
    draft: Draft,
    block: Composite,
    found: Mapping[str, TensorSpec],
    turns: list[GraphReport],
    outputs: dict[str, TensorSpec],
) -> NodeReport:
    """One report of all turns. What is wrong inside is told once, where it is; the node shows it."""
    last = turns[-1]
    problems = [problem for problem in last.problems if problem.severity is not Severity.INFO]
    draft.problems += [problem for problem in problems if problem not in draft.problems]
    cost = sum((turn.cost for turn in turns), Cost())
    inside = tuple(turns)
    if last.errors:
        message = f"inside: {_told(last.errors[0])}"
        return NodeReport(State.ERROR, found, {}, cost, block.tell(), message, inside=inside)
    missing = [port.name for port in block.outputs if port.name not in outputs]
    if missing:
        message = f"inside, nothing is wired to the Output {missing[0]}"
        return NodeReport(State.WAITING, found, outputs, cost, block.tell(), message, inside=inside)
    weights = tuple(turn.weights for turn in turns if turn.weights)
    return NodeReport(State.OK, found, outputs, cost, block.tell(), inside=inside, weights=weights)


def _told(problem: Problem) -> str:
    return f"{problem.node}: {problem.message}" if problem.node else problem.message


def _fault(
    draft: Draft, node: Node, block: Composite, found: Mapping[str, TensorSpec], message: str, edit: SetNode
) -> NodeReport:
    repeats = edit.attribute == "repeat"
    label, code = ("Use it once", Code.REPEAT) if repeats else ("Run it once", Code.OVER_TIME)
    return draft.fault(node.id, code, message, extra=(Fix(label, edit),), inputs=dict(found), tell=block.tell())


__all__ = ["check_over_time", "check_turns", "state_names", "turns_of"]
