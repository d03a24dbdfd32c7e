"""What each update of a stage computes, and which nodes it trains: the plan read against the drawing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from graph_engine.blocks import Role
from graph_engine.blocks.collected import CollectedMetric
from graph_engine.blocks.counted import CountedByLabel, Counting
from graph_engine.blocks.library.borders import Input
from graph_engine.check.borders import NO_LOSS
from graph_engine.document import Document, Graph, Stage, Update, WeightedLoss
from graph_engine.document.document import MAIN
from graph_engine.train.choosing import holders, places_of
from graph_engine.train.collecting import Collected
from graph_engine.train.errors import PlanError

Result = tuple[str, str]
"""(node, output port)."""


@dataclass(frozen=True, slots=True)
class Objective:
    """One update: the losses to make smaller, the metrics told beside them, the nodes trained.

    `trains` are nodes of the main drawing of which something is trained. `names` are what is measured, without `train_`
    or `val_`: the weighted sum of the losses, then, where there are several, each loss, then each metric. `penalties`
    are measured in training alone, `judging` are those metrics that are measured in evaluations alone.
    """

    losses: tuple[Result, ...]
    weights: tuple[float, ...]
    metrics: tuple[Result, ...]
    trains: tuple[str, ...]
    names: tuple[str, ...]
    collected: tuple[Collected, ...] = ()
    """Those of the metrics whose value over all samples is no average over batches."""
    penalties: tuple[str, ...] = ()
    judging: frozenset[str] = frozenset()
    counted: tuple[tuple[int, Result, Counting], ...] = ()
    """Those of `targets` that are no mean over samples: where among them, the labels, how much each of these counts."""

    @property
    def targets(self) -> tuple[Result, ...]:
        """What an evaluation computes: losses, then metrics."""
        return self.losses + self.metrics

    @property
    def step_targets(self) -> tuple[Result, ...]:
        """What a step computes: `targets`, without the metrics of `judging`."""
        named = zip(self.metrics, self.names[len(self.names) - len(self.metrics) :], strict=True)
        return self.losses + tuple(metric for metric, name in named if name not in self.judging)

    @property
    def told(self) -> tuple[str, ...]:
        """What a step tells: `names` without `judging`, then `penalties`."""
        return tuple(name for name in self.names if name not in self.judging) + self.penalties

    @property
    def is_plain(self) -> bool:
        """Whether the sum of the losses is the one loss itself."""
        return self.weights == (1.0,)


def objectives_of(document: Document, stage: Stage) -> list[Objective]:
    """The objectives of a stage, in the order of its updates.

    A metric is told by the first update whose losses need all that it needs; where there is none, by the first.

    Raises: PlanError when the plan names what is not there, or has nothing to train.
    """
    graph = document.main
    chosen = [_losses(graph, update) for update in stage.updates]
    tellers = _tellers(graph, [[node for node, _ in losses] for losses, _ in chosen])
    found: list[Objective] = []
    for at, (update, (losses, weights)) in enumerate(zip(stage.updates, chosen, strict=True)):
        told = [metric for metric, teller in tellers.items() if teller == at]
        taken = {name for each in found for name in (*each.names, *each.penalties)}
        names = _names(at, losses, told, _of_role(graph, Role.METRIC), taken)
        collected = _collected(graph, dict(zip(told, names[len(names) - len(told) :], strict=True)))
        found.append(
            Objective(
                losses=losses,
                weights=weights,
                metrics=tuple(told),
                trains=_trained(document, update, losses),
                names=names,
                collected=collected,
                penalties=_penalties(at, update),
                judging=frozenset(each.name for each in collected if not each.block.at_each_step),
                counted=_counted(graph, (*losses, *told)),
            )
        )
    return found


def _losses(graph: Graph, update: Update) -> tuple[tuple[Result, ...], tuple[float, ...]]:
    """The values that an update makes small, and how much each counts."""
    losses = update.losses or tuple(WeightedLoss(node=node) for node, _ in _of_role(graph, Role.LOSS))
    if not losses:
        raise PlanError(NO_LOSS)
    weights: dict[Result, float] = {}
    for loss in losses:  # one that is named twice counts twice
        result = require_loss(graph, loss.node)
        weights[result] = weights.get(result, 0.0) + float(loss.weight)
    return tuple(weights), tuple(weights.values())


def _tellers(graph: Graph, losses: Sequence[Sequence[str]]) -> dict[Result, int]:
    """Which update tells each metric."""
    metrics = _of_role(graph, Role.METRIC)
    if len(losses) == 1:
        return dict.fromkeys(metrics, 0)
    needed = [graph.needed_by(each) for each in losses]
    inputs = {node.id for node in graph if node.block == Input.key()}
    found = {}
    for node, port in metrics:
        wants = graph.needed_by([node]) - {node} - inputs
        found[node, port] = next((at for at, each in enumerate(needed) if wants <= each), 0)
    return found


def _penalties(at: int, update: Update) -> tuple[str, ...]:
    """`gradient_penalty` (of the second update: `gradient_penalty_2`), each kind once."""
    kinds = dict.fromkeys(penalty.kind for penalty in update.penalties)
    return tuple(kind if at == 0 else f"{kind}_{at + 1}" for kind in kinds)


def series_of(document: Document, stages: Sequence[Stage]) -> tuple[str, ...]:
    """Everything that the stages of a plan measure, each name once."""
    return tuple(
        dict.fromkeys(
            name
            for stage in stages
            for each in objectives_of(document, stage)
            for name in (*each.names, *each.penalties)
        )
    )


def series_of_epochs(document: Document, stage: Stage, *, held_out: bool) -> tuple[str, ...]:
    """What an epoch of a stage is told and judged by (`val_loss`, `train_loss` …). Of the training samples there is no
    value of what is no average over steps, such as F1; `held_out`: there are others.
    """
    found = []
    for each in objectives_of(document, stage):
        uneven = {collected.name for collected in each.collected}
        found += [f"val_{name}" for name in each.names if held_out]
        found += [f"train_{name}" for name in (*each.names, *each.penalties) if name not in uneven]
    return tuple(dict.fromkeys(found))


def frozen_nodes(graph: Graph) -> set[str]:
    return {node.id for node in graph if node.frozen}


def _of_role(graph: Graph, role: Role) -> list[Result]:
    """The nodes of a role; what is bypassed computes nothing."""
    found = []
    for name in graph.order():
        block = graph.block(name)
        if block is not None and block.role is role and not graph[name].bypassed:
            found.append((name, block.outputs[0].name))
    return found


def _collected(graph: Graph, names: Mapping[Result, str]) -> tuple[Collected, ...]:
    found = []
    for (node, _), name in names.items():
        block = graph.block(node)
        if block is not None and issubclass(block, CollectedMetric):
            wires = graph.wires_into(node)
            operands = [(wires[port.name].source, wires[port.name].output) for port in block.inputs]
            found.append(Collected(name, block.make(graph[node].parameters), tuple(operands)))
    return tuple(found)


def _counted(graph: Graph, targets: Sequence[Result]) -> tuple[tuple[int, Result, Counting], ...]:
    found = []
    for at, (node, _) in enumerate(targets):
        block = graph.block(node)
        if block is not None and issubclass(block, CountedByLabel):
            counting = block.make(graph[node].parameters).counting()
            wire = graph.wires_into(node).get(block.labels)
            if counting is not None and wire is not None:
                found.append((at, (wire.source, wire.output), counting))
    return tuple(found)


def require_loss(graph: Graph, node: str) -> Result:
    """The value of a loss that the plan names. Raises: PlanError when it is none that can be made small."""
    block = graph.block(node) if node in graph else None
    if block is None or block.role is not Role.LOSS:
        there = ", ".join(name for name, _ in _of_role(graph, Role.LOSS)) or "none"
        raise PlanError(
            f"The plan names the loss {node!r}, and there is no such loss node (there is {there}). Choose another."
        )
    if graph[node].bypassed:
        raise PlanError(
            f"The plan names the loss {node!r}, which is bypassed. Let it through no longer, or name another."
        )
    return node, block.outputs[0].name


def reached(graph: Graph, objective: Objective) -> set[str]:
    """The nodes that the gradients of an objective's losses come to."""
    return _reached(graph, (node for node, _ in objective.losses))


def _reached(graph: Graph, losses: Iterable[str]) -> set[str]:
    found = set(losses)
    stack = list(found)
    while stack:
        node = stack.pop()
        block, passing = graph.block(node), graph.passing(node)
        detached = block.detached if block is not None and passing is None else ()
        wires = graph.wires_into(node).values() if passing is None else [passing]
        for wire in wires:
            if wire.input not in detached and wire.source not in found:
                found.add(wire.source)
                stack.append(wire.source)
    return found


def _trained(document: Document, update: Update, losses: Sequence[Result]) -> tuple[str, ...]:
    """The nodes that an update trains: those it names, or all, if gradients of its losses come to them and they are not
    frozen.
    """
    graph = document.main
    needed = _reached(graph, (node for node, _ in losses))
    chosen = holders(document, places_of(document, update.trains, "The plan trains")) if update.trains else needed
    frozen = frozen_nodes(graph)
    if update.freezes:
        frozen |= {node for name, node in places_of(document, update.freezes, "The plan freezes") if name == MAIN}
    return tuple(node for node in graph.order() if node in needed and node in chosen and node not in frozen)


def _names(
    update: int, losses: Sequence[Result], told: Sequence[Result], metrics: Sequence[Result], taken: set[str]
) -> tuple[str, ...]:
    """`loss` (of the second update: `loss_2`), then `cross_entropy_1` …, then `accuracy` or, of two alike, the node.

    `told` are those of the `metrics` of the drawing that this update tells; a loss that an update before tells as well
    gets this one's number.
    """
    ports = [port for _, port in metrics]
    total = "loss" if update == 0 else f"loss_{update + 1}"
    each = [f"{node}_{update + 1}" if node in taken else node for node, _ in losses] if len(losses) > 1 else []
    return (total, *each, *(port if ports.count(port) == 1 else node for node, port in told))
