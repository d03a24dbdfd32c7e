"""Problems of a graph as a whole: its inputs and outputs, what it lacks, and what nothing uses."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from graph_engine.blocks import Role, get_block
from graph_engine.blocks.tensor import Kind
from graph_engine.check.draft import Draft
from graph_engine.check.report import Code, Fix, NodeReport, Problem, Severity, State
from graph_engine.document.document import MAIN
from graph_engine.document.edits import AddNodes, Batch, Connect, SetNode, SetParameter
from graph_engine.document.graph import Graph, Node, Position, Wire
from graph_engine.document.rules import title_of
from graph_engine.document.surgery import in_the_clear

Roles = dict[Role, list[str]]
"""Role → the nodes whose blocks have it."""

NO_LOSS = "There is no loss node, so there is nothing to train. Wire a loss such as cross entropy."

_STEP = 220.0
"""How far to the right of a node a fix places what it adds, in scene units."""
_MOST_LOOSE, _MOST_WIRES = 20, 2
"""Of how many nodes that lead nowhere a wire is looked for, and how many wires are offered."""


def check_borders(draft: Draft) -> set[str]:
    """Note the problems of a graph of which every node was looked at.

    Returns what outputs need and, in the main drawing, losses and metrics, and these themselves: the nodes that are
    part of the program.
    """
    graph = draft.graph
    roles: Roles = {role: [] for role in Role}
    for node in graph:
        block = graph.find_block(node.block)  # whatever its values are, its role is the same
        if block is not None and not (node.bypassed and block.role in (Role.LOSS, Role.METRIC)):
            roles[block.role].append(node.id)
    ends = roles[Role.OUTPUT]
    if draft.name == MAIN:  # what a composite tells is what leaves it
        ends = [*ends, *roles[Role.LOSS], *roles[Role.METRIC]]
    needed = graph.needed_by(ends)
    if draft.reports:
        draft.problems += [replace(problem, graph=draft.name) for problem in _problems(draft, roles, needed)]
    return needed


def lenders(graph: Graph, needed: set[str]) -> set[str]:
    """The nodes that are not computed for what is needed, and whose weights are used there."""
    shared = {graph[name].shares for name in needed if graph.passing(name) is None}
    return {name for name in shared if name in graph} - needed


def _problems(draft: Draft, roles: Roles, needed: set[str]) -> Iterator[Problem]:
    graph, reports, incomplete = draft.graph, draft.reports, draft.incomplete
    used = needed | lenders(graph, needed)
    yield from _same_names(graph, draft.name, roles)
    loose = _loose_ends(graph, reports) if incomplete else []
    for name, ports in incomplete.items():
        severity = Severity.ERROR if name in used else Severity.WARNING
        message = f"{title_of(graph[name], graph)} needs a wire at {', '.join(ports)}."
        port = ports[0].split(" ")[0]
        fixes = _wire_to(draft, name, port, loose)
        yield Problem(severity, Code.UNWIRED, message, name, port=port, fixes=fixes)
    for name, report in reports.items() if needed else ():  # without any end, that is what is said
        is_idle = name not in used and not graph.wires_out_of(name) and not graph[name].bypassed
        if is_idle and report.state is State.OK:
            message = "Nothing uses this node: it leads to no output and no loss, so it is not part of the program."
            if name in (*roles[Role.LOSS], *roles[Role.METRIC]):
                message = (
                    "A loss or metric inside a composite does not count: only those of the main drawing do. "
                    "Lead what it compares out by Outputs, and put it there."
                )
            yield Problem(Severity.WARNING, Code.UNUSED, message, name)
    yield from _missing_ends(draft, roles)


def _loose_ends(graph: Graph, reports: Mapping[str, NodeReport]) -> list[tuple[str, str, Kind]]:
    """Outputs to begin a wire at, (node, port, kind): of nodes that lead nowhere yet, and of inputs with labels, which
    losses and metrics share.
    """
    roles = (Role.INPUT, Role.LAYER)
    leading = {wire.source for wire in graph.wires}
    return [
        (name, port, spec.kind)
        for name, report in reports.items()
        for port, spec in list(report.outputs.items())[:1]
        if name not in leading or (spec.kind is Kind.LABEL and _has_role(graph, graph[name], Role.INPUT))
        if report.state is State.OK and any(_has_role(graph, graph[name], role) for role in roles)
    ]


def _wire_to(draft: Draft, name: str, port: str, loose: list[tuple[str, str, Kind]]) -> tuple[Fix, ...]:
    """A wire from each loose end that a port takes; nothing where there are so many that none is the likely one."""
    graph = draft.graph
    block = graph.block(graph[name])
    declared = block.input(port) if block is not None else None
    if declared is None or declared.variadic or len(loose) > _MOST_LOOSE:
        return ()
    fixes = []
    for source, output, kind in loose:
        is_meant = kind is not Kind.LABEL or Kind.LABEL in declared.kinds  # not where anything may come
        if is_meant and declared.takes(kind) and name not in graph.needed_by([source]):
            told = f"Wire {title_of(graph[source], graph)} ({source}) to {port}"
            fixes.append(Fix(told, Connect(Wire(source, output, name, port), draft.name)))
    return tuple(fixes) if len(fixes) <= _MOST_WIRES else ()


def _same_names(graph: Graph, name_of_graph: str, roles: Roles) -> Iterator[Problem]:
    """Inputs and outputs become arguments and results: their names must differ."""
    for role in (Role.INPUT, Role.OUTPUT):
        default = get_block(role.value).parameter("name")
        names = {
            node: str(graph[node].parameters.get("name", default.default if default else "")) for node in roles[role]
        }
        first: dict[str, str] = {}
        for node, name in names.items():
            if name in first:
                fresh = next(f"{name}_{at}" for at in range(2, len(names) + 3) if f"{name}_{at}" not in names.values())
                yield Problem(
                    Severity.ERROR,
                    Code.SAME_NAME,
                    f"Two {role}s are called {name!r}: {first[name]} and {node}. Names must differ.",
                    node,
                    parameter="name",
                    fixes=(Fix(f"Rename to {fresh}", SetParameter(node, "name", fresh, name_of_graph)),),
                )
            first.setdefault(name, node)


def _missing_ends(draft: Draft, roles: Roles) -> Iterator[Problem]:
    graph, reports, outputs = draft.graph, draft.reports, roles[Role.OUTPUT]
    if not outputs:
        layers = set(roles[Role.LAYER])
        ends = [
            node
            for node in roles[Role.LAYER]
            if reports[node].state is State.OK and not any(wire.target in layers for wire in graph.wires_out_of(node))
        ]
        what = "network" if draft.name == MAIN else "composite"
        message = f"The {what} has no Output node, so it gives nothing back. Wire one to the last layer."
        yield Problem(Severity.ERROR, Code.NO_OUTPUT, message, fixes=tuple(_add_output(draft, end) for end in ends[:1]))
    if draft.name == MAIN and not roles[Role.LOSS]:
        bypassed = [node for node in graph if node.bypassed and _has_role(graph, node, Role.LOSS)]
        fixes = tuple(
            Fix(f"Bypass {node.id} no longer", SetNode(node.id, "bypassed", value=False, graph=draft.name))
            for node in bypassed[:1]
        ) or tuple(_add_classifier_ends(graph, reports, outputs, roles))
        yield Problem(Severity.INFO, Code.NO_LOSS, NO_LOSS, fixes=fixes)


def _has_role(graph: Graph, node: Node, role: Role) -> bool:
    block = graph.find_block(node.block)
    return block is not None and block.role is role


def _beside(graph: Graph, node: str, rows: float = 0) -> Position:
    x, y = graph[node].position
    return (x + _STEP, y + rows * _STEP / 2)


def _add_output(draft: Draft, end: str) -> Fix:
    graph, reports = draft.graph, draft.reports
    (output,) = in_the_clear(graph, [Node(graph.fresh_id("output"), "output", {}, _beside(graph, end))])
    wire = Wire(end, next(iter(reports[end].outputs)), output.id, "x")
    return Fix(f"Add an Output after {title_of(graph[end], graph)} ({end})", AddNodes((output,), (wire,), draft.name))


def _add_classifier_ends(
    graph: Graph, reports: Mapping[str, NodeReport], outputs: list[str], roles: Roles
) -> Iterator[Fix]:
    """Label, cross entropy and accuracy for the only output, if it gives one score for each class."""
    wire = graph.wire_at(outputs[0], "x") if len(outputs) == 1 else None
    spec = reports[wire.source].outputs.get(wire.output) if wire else None
    if wire is None or spec is None or spec.kind is not Kind.VECTOR or not isinstance(spec.shape[1], int):
        return
    label = _label_of(graph, reports, roles)
    is_new = label is None
    if label is None:
        if any(node.parameters.get("name") == "label" for node in graph):
            return
        told = {"name": "label", "shape": [], "dtype": "int64", "classes": spec.shape[1]}
        label = Node(graph.fresh_id("input"), "input", told, _beside(graph, wire.source, 2))
    ends = [
        Node(graph.fresh_id(block), block, {}, _beside(graph, wire.source, row))
        for block, row in (("cross_entropy", 1), ("accuracy", 3))
    ]
    wires = [
        Wire(source, port, end.id, target)
        for end in ends
        for source, port, target in ((wire.source, wire.output, "logits"), (label.id, "y", "label"))
    ]
    ends = [end.with_(position=(end.position[0] + _STEP, end.position[1])) for end in ends]
    added = in_the_clear(graph, [label, *ends] if is_new else ends)
    text = "Add label, cross entropy and accuracy" if is_new else "Add cross entropy and accuracy"
    yield Fix(text, Batch(text, (AddNodes(added, tuple(wires)),)))


def _label_of(graph: Graph, reports: Mapping[str, NodeReport], roles: Roles) -> Node | None:
    """The only input that carries labels and leads nowhere yet."""
    found = [
        name
        for name in roles[Role.INPUT]
        if not graph.wires_out_of(name) and any(spec.kind is Kind.LABEL for spec in reports[name].outputs.values())
    ]
    return graph[found[0]] if len(found) == 1 else None
