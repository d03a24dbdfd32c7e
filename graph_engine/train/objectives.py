"""What each update of a stage computes, and which nodes it trains: the plan read against the drawing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from graph_engine.blocks import Role
from graph_engine.blocks.collected import CollectedMetric
from graph_engine.document import Graph, Stage, Update, WeightedLoss
from graph_engine.train.collecting import Collected
from graph_engine.train.errors import PlanError

Result = tuple[str, str]
"""(node, output port)."""


@dataclass(frozen=True, slots=True)
class Objective:
    """One update: the losses to make smaller, the metrics told beside them, the nodes trained.

    `names` are what is measured, without `train_` or `val_`: the weighted sum of the losses, then, where there are
    several, each loss, then each metric.
    """

    losses: tuple[Result, ...]
    weights: tuple[float, ...]
    metrics: tuple[Result, ...]
    trains: tuple[str, ...]
    names: tuple[str, ...]
    collected: tuple[Collected, ...] = ()
    """Those of the metrics whose value over all samples is no average over batches."""

    @property
    def targets(self) -> tuple[Result, ...]:
        """What is to be computed: losses, then metrics."""
        return self.losses + self.metrics

    @property
    def is_plain(self) -> bool:
        """Whether the sum of the losses is the one loss itself."""
        return self.weights == (1.0,)


def objectives_of(graph: Graph, stage: Stage) -> list[Objective]:
    """The objectives of a stage, in the order of its updates. The metrics of the drawing are told by the first.

    Raises: PlanError when the plan names what is not there, or has nothing to train.
    """
    metrics = _of_role(graph, Role.METRIC)
    found = []
    for at, update in enumerate(stage.updates):
        losses = update.losses or tuple(WeightedLoss(node=node) for node, _ in _of_role(graph, Role.LOSS))
        if not losses:
            raise PlanError(
                "There is no loss node, so there is nothing to make smaller. Wire a loss such as cross entropy."
            )
        results = tuple(_loss(graph, loss.node) for loss in losses)
        told = metrics if at == 0 else []
        names = _names(at, results, told)
        found.append(
            Objective(
                losses=results,
                weights=tuple(float(loss.weight) for loss in losses),
                metrics=tuple(told),
                trains=_trained(graph, update, results),
                names=names,
                collected=_collected(graph, dict(zip(told, names[len(names) - len(told) :], strict=True))),
            )
        )
    return found


def series_of(graph: Graph, stages: Sequence[Stage]) -> tuple[str, ...]:
    """Everything that the stages of a plan measure, each name once."""
    return tuple(dict.fromkeys(name for stage in stages for each in objectives_of(graph, stage) for name in each.names))


def frozen_nodes(graph: Graph) -> set[str]:
    return {node.id for node in graph if node.frozen}


def _of_role(graph: Graph, role: Role) -> list[Result]:
    found = []
    for name in graph.order():
        block = graph.block(name)
        if block is not None and block.role is role:
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


def _loss(graph: Graph, node: str) -> Result:
    block = graph.block(node) if node in graph else None
    if block is None or block.role is not Role.LOSS:
        there = ", ".join(name for name, _ in _of_role(graph, Role.LOSS)) or "none"
        raise PlanError(
            f"The plan names the loss {node!r}, and there is no such loss node (there is {there}). Choose another."
        )
    return node, block.outputs[0].name


def _trained(graph: Graph, update: Update, losses: Sequence[Result]) -> tuple[str, ...]:
    """The nodes that an update trains: those it names, or all, if its losses depend on them and they are not frozen."""
    for node in update.trains:
        if node not in graph:
            raise PlanError(f"The plan trains the node {node!r}, and there is no such node. Choose others.")
    needed = graph.upstream(node for node, _ in losses)
    chosen = set(update.trains) or needed
    frozen = frozen_nodes(graph)
    return tuple(node for node in graph.order() if node in needed and node in chosen and node not in frozen)


def _names(update: int, losses: Sequence[Result], metrics: Sequence[Result]) -> tuple[str, ...]:
    """`loss` (of the second update: `loss_2`), then `cross_entropy_1` …, then `accuracy` or, of two alike, the node."""
    ports = [port for _, port in metrics]
    total = "loss" if update == 0 else f"loss_{update + 1}"
    each = [node for node, _ in losses] if len(losses) > 1 else []
    told = [port if ports.count(port) == 1 else node for node, port in metrics]
    return (total, *each, *told)
