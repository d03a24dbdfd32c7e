"""Selected nodes made into a composite that stands in their place."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

from graph_engine.blocks.block import Role
from graph_engine.document.annotating import Annotate
from graph_engine.document.document import Document
from graph_engine.document.edits import AddNodes, AnyEdit, Batch, RemoveNodes, SetPlan
from graph_engine.document.enclosing import (
    Checked,
    Enclosed,
    enclose,
    entries_of,
    exits_of,
    in_order,
    refuse_shared,
    role_of,
)
from graph_engine.document.graph import Graph, Wire, natural
from graph_engine.document.plan_names import address, exchanged
from graph_engine.document.rules import EditRefused, title_of

_BORDERS = (Role.INPUT, Role.OUTPUT, Role.LOSS, Role.METRIC)


def make_composite(
    document: Document,
    graph_name: str,
    nodes: Collection[str],
    name: str,
    title: str = "",
    reports: Mapping[str, Checked] | None = None,
) -> Batch:
    """`nodes` become the composite `name`, and a node that uses it stands in their place.

    Each value that enters becomes an Input, each that leaves an Output. Inputs, Outputs, losses and metrics
    among `nodes` stay outside: they mark the borders of the drawing. `reports` are the check of the drawing, by
    node: Inputs inside take their shapes from it.

    Raises: EditRefused when these nodes can't be one.
    """
    graph = document.graphs[graph_name]
    chosen = in_order(graph, (node for node in nodes if node in graph and role_of(graph, node) not in _BORDERS))
    if not chosen:
        raise EditRefused("Select the layers that the composite should hold. Inputs, Outputs, losses and metrics stay.")
    _refuse_detour(graph, chosen)
    refuse_shared(graph, chosen)
    entries, exits = entries_of(graph, chosen), exits_of(graph, chosen)
    if not exits:
        raise EditRefused("These nodes give no value that could leave a composite. Select layers.")
    reports = reports or {}
    made = enclose(document, graph_name, chosen, entries, exits, name, title, reports)
    plan = trained_as_one(document, graph_name, chosen, made.use.id, reports)
    return Batch(f"Make the composite {title or name}", (*put_in_place(graph, graph_name, made, chosen), *plan))


def put_in_place(graph: Graph, graph_name: str, made: Enclosed, nodes: Sequence[str]) -> tuple[AnyEdit, ...]:
    """The edits that put a node that uses the new composite in the place of `nodes`."""
    gone = set(nodes)
    onward = tuple(
        Wire(made.use.id, port, wire.target, wire.input)
        for source, port in made.outputs.items()
        for wire in graph.wires_out_of(*source)
        if wire.target not in gone
    )
    return (
        made.add,
        *([Annotate((), made.annotations, graph_name)] if made.annotations else []),
        RemoveNodes(tuple(nodes), graph_name),
        AddNodes((made.use,), (*made.wires_into(), *onward), graph_name, restored=True),
    )


def trained_instead(document: Document, graph_name: str, instead: Mapping[str, Sequence[str]]) -> tuple[SetPlan, ...]:
    """The plan with nodes of a graph, as it names them, exchanged for others; nothing where it names none of them."""
    plan = document.plan
    named = {address(graph_name, old): [address(graph_name, each) for each in new] for old, new in instead.items()}
    after = exchanged(plan, named)
    return (SetPlan(after),) if after != plan else ()


def trained_as_one(
    document: Document, graph_name: str, nodes: Sequence[str], use: str, reports: Mapping[str, Checked]
) -> tuple[SetPlan, ...]:
    """The plan that trains the composite in place of its nodes.

    Raises: EditRefused when it trains some of them but not others with weights: a composite is trained as a whole.
    """
    weighted = {address(graph_name, node) for node in nodes if node in reports and reports[node].weights}
    for verb, names in named_by(document):
        left = weighted - set(names)
        if set(names) & {address(graph_name, node) for node in nodes} and left:
            first = min(left, key=natural)
            raise EditRefused(
                f"The plan {verb}s some of these nodes but not {first}. Let it {verb} all of them or none, "
                "since a composite stands for them as a whole."
            )
    return trained_instead(document, graph_name, dict.fromkeys(nodes, (use,)))


def named_by(document: Document) -> Iterator[tuple[str, tuple[str, ...]]]:
    """What the plan does with nodes, and with which."""
    for stage in document.plan.stages:
        yield "reset", stage.resets
        yield from (("load", each.of) for each in stage.loads)
        for update in stage.updates:
            yield "train", update.trains
            yield "freeze", update.freezes
            yield from (("pace", group.of) for group in update.optimiser.groups)
            yield from (("penalise", penalty.of) for penalty in update.penalties)


def _refuse_detour(graph: Graph, nodes: Iterable[str]) -> None:
    """Raises: EditRefused when a path leaves `nodes` and enters them again: the composite would wait for itself."""
    chosen = set(nodes)
    between = (graph.downstream(chosen) & graph.upstream(chosen)) - chosen
    if between:
        names = sorted(between, key=natural)
        more = f" and {len(names) - 1} more" if len(names) > 1 else ""
        raise EditRefused(
            f"A path leaves these nodes and comes back through {title_of(graph[names[0]], graph)} ({names[0]}){more}. "
            "Select what lies between as well."
        )
