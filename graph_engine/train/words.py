"""What a plan does, in words: said alike in the panel, on the command line and in the folder of a run."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from graph_engine.blocks import Role
from graph_engine.check.report import CheckResult, NodeReport
from graph_engine.document import MAIN, Document, Graph, Plan, Stage, Update
from graph_engine.document.plan import Optimiser, Penalty, Schedule
from graph_engine.train.choosing import places_of
from graph_engine.train.objectives import Objective, objectives_of

_OPTIMISERS = {
    "sgd": "SGD",
    "adam": "Adam",
    "adamw": "AdamW",
    "rmsprop": "RMSprop",
    "adagrad": "AdaGrad",
    "adadelta": "AdaDelta",
    "nadam": "NAdam",
    "radam": "RAdam",
    "adamax": "Adamax",
    "lion": "Lion",
}
_MOST = 4
"""Nodes that are named; of more, the first."""


def plan_in_words(document: Document, result: CheckResult) -> list[str]:
    """A line for every stage, where there are several or there is more to it than its length, and one for every update.

    Raises: PlanError when the plan names what is not there.
    """
    plan, lines = document.plan, []
    for at, stage in enumerate(plan.stages):
        if says_of_stages(plan):
            lines.append(f"{_called(stage.name, f'Stage {at + 1}')}: {stage_in_words(plan, at)}.")
        told = updates_in_words(document, stage, result)
        if len(told) == 1:
            lines.append(f"{_large(told[0])}.")
        else:
            names = [_called(update.name, f"Update {number + 1}") for number, update in enumerate(stage.updates)]
            lines += [f"{name}: {each}." for name, each in zip(names, told, strict=True)]
    return lines


def says_of_stages(plan: Plan) -> bool:
    """Whether there is something to be said of the stages of a plan beside their updates."""
    only = plan.stages[0]
    return len(plan.stages) > 1 or bool(only.until or only.data or only.loads or only.resets)


def stage_in_words(plan: Plan, number: int) -> str:
    """Of stage `number` (from 0): `20 epochs, or until val_accuracy is above 0.95; on 0, 1 and 2 alone`."""
    stage, before = plan.stages[number], plan.stages[number - 1] if number else None
    length = _counted(stage.steps, "step") if stage.steps is not None else _counted(stage.epochs, "epoch")
    parts = [length]
    if stage.until is not None:
        parts[0] += f", or until {stage.until.series} is {stage.until.direction} {stage.until.value:g}"
    if stage.data is not None:
        values = _and([str(value) for value in stage.data.values])
        of = f"whose {stage.data.field} is" if stage.data.field else "of class"
        parts.append(f"on samples {of} {values} alone")
    if before is not None and any(update.average is not None and update.average.used for update in before.updates):
        parts.append("begins with the running mean that the stage before was judged by")
    parts += [f"begins with the weights of {each.source}" for each in stage.loads]
    if stage.resets:
        parts.append(f"makes {_and(stage.resets)} anew")
    return "; ".join(parts)


def updates_in_words(document: Document, stage: Stage, result: CheckResult) -> list[str]:
    """What each update of a stage does: `updates 2 of 3 blocks (conv2d_1 and linear_1) by Adam at 0.001 …`.

    Raises: PlanError when the plan names what is not there.
    """
    objectives = objectives_of(document, stage)
    return [
        "; ".join(_update(document, update, objective, result))
        for update, objective in zip(stage.updates, objectives, strict=True)
    ]


def _update(document: Document, update: Update, objective: Objective, result: CheckResult) -> Iterator[str]:
    graph = document.main
    weighty = [node for node in graph.order() if node in result.nodes and result.nodes[node].cost.params]
    trained = list(_learning(document, update, objective, result, weighty))
    borders = (Role.INPUT, Role.OUTPUT, Role.METRIC)
    working = {node.id for node in graph if (block := graph.block(node)) is not None and block.role not in borders}
    needed = graph.needed_by(node for node, _ in objective.losses) & working
    is_all = trained == weighty
    names = f" ({_and(trained, _MOST)})" if trained and not is_all else ""
    blocks = "block" if len(weighty) == 1 else "blocks"
    losses = [
        node if weight == 1 else f"{weight:g} × {node}"
        for (node, _), weight in zip(objective.losses, objective.weights, strict=True)
    ]
    yield f"updates {len(trained)} of {len(weighty)} {blocks}{names} by {optimiser_in_words(update)} for {_and(losses)}"
    if len(needed) < len(working):
        yield f"runs {len(needed)} of {len(working)} blocks"
    yield from _decay(update.optimiser)
    yield from _turn(update)
    yield from (_penalty(penalty) for penalty in update.penalties)


def _learning(
    document: Document, update: Update, objective: Objective, result: CheckResult, weighty: Sequence[str]
) -> Iterator[str]:
    """The nodes of `weighty` that learn: `conv2d_1`, or `part of encoder_1` where something inside does not. What one
    node with some weights may or may not is so of all that share them.
    """
    frozen = {(name, node.id) for name, graph in document.graphs.items() for node in graph if node.frozen}
    frozen |= set(places_of(document, update.freezes, "The plan freezes"))
    chosen = set(places_of(document, update.trains, "The plan trains"))

    def count(name: str, node: str, report: NodeReport, *, is_chosen: bool) -> tuple[int, int]:
        """How many of the nodes with weights in a node learn, and how many there are."""
        places = {(name, each) for each in _alike(document.graphs[name], node)}
        is_chosen = is_chosen or bool(places & chosen)
        can_learn = not places & frozen
        if not report.inside:
            return int(can_learn and is_chosen), 1
        inside = report.inside[0]
        parts = [
            count(inside.graph, each, part, is_chosen=is_chosen)
            for each, part in inside.nodes.items()
            if part.cost.params
        ]
        return sum(learn for learn, _ in parts) if can_learn else 0, sum(there for _, there in parts)

    for node in weighty:
        if _alike(document.main, node) & set(objective.trains):
            learn, there = count(MAIN, node, result.nodes[node], is_chosen=not update.trains)
            if learn:
                yield node if learn == there else f"part of {node}"


def _alike(graph: Graph, node: str) -> set[str]:
    """A node and those that share its weights."""
    return {node, *(each.id for each in graph if each.shares == node)}


def optimiser_name(optimiser: Optimiser) -> str:
    """`AdamW`."""
    return _OPTIMISERS[optimiser.kind]


def optimiser_in_words(update: Update) -> str:
    """`SGD with momentum 0.9 at 0.1, falling along a cosine`."""
    chosen: Optimiser = update.optimiser
    said = optimiser_name(chosen)
    if chosen.kind in ("sgd", "rmsprop") and chosen.momentum:
        is_ahead = chosen.nesterov and chosen.kind == "sgd"
        said += f" with {'Nesterov momentum' if is_ahead else 'momentum'} {chosen.momentum:g}"
    said += f" at {chosen.learning_rate:g}"
    return f"{said}{_schedule(update.schedule)}"


def _schedule(schedule: Schedule) -> str:
    warm = f" after {_counted(schedule.warm_up, 'step')} of warm-up" if schedule.warm_up else ""
    match schedule.kind:
        case "constant":
            return warm
        case "step":
            return f", times {schedule.factor:g} every {_counted(schedule.every, 'epoch')}{warm}"
        case "multi_step":
            return f", times {schedule.factor:g} after epoch {_and([str(each) for each in schedule.milestones])}{warm}"
        case "exponential":
            return f", times {schedule.factor:g} every epoch{warm}"
        case "cosine":
            again = f", again every {_counted(schedule.period, 'epoch')}" if schedule.period else ""
            return f", falling along a cosine{again}{warm}"
        case "polynomial":
            return f", falling by the power {schedule.power:g}{warm}"
        case "one_cycle":
            return f", up and down in one cycle{warm}"
        case "plateau":
            return f", times {schedule.factor:g} after {_counted(schedule.patience, 'epoch')} without progress{warm}"


def _decay(chosen: Optimiser) -> Iterator[str]:
    """What pulls at weights, and the groups of them that learn at paces of their own."""
    if chosen.weight_decay:
        which = " of all but biases and norms" if chosen.decays == "kernels" else ""
        yield f"weight decay {chosen.weight_decay:g}{which}"
    for group in chosen.groups:
        decay = f", weight decay {group.weight_decay:g}" if group.weight_decay is not None else ""
        yield f"{_and(group.of)} at {group.factor:g} times the rate{decay}"


def _turn(update: Update) -> Iterator[str]:
    if update.every > 1:
        yield f"every {update.every} steps"
    if update.repeat > 1:
        yield f"{update.repeat} steps a turn, each on a fresh batch"
    if update.accumulate > 1:
        yield f"gradients of {update.accumulate} batches a step"
    if update.clip_norm is not None:
        yield f"gradients of norm {update.clip_norm:g} at most"
    if update.clip_value is not None:
        yield f"gradients within ±{update.clip_value:g}"
    if update.clip_weights is not None:
        yield f"weights within ±{update.clip_weights:g}"
    if update.average is not None:
        kept = "judged and kept" if update.average.used else "kept aside"
        yield f"running mean of weights (decay {update.average.decay:g}) {kept}"


def _penalty(penalty: Penalty) -> str:
    match penalty.kind:
        case "l1" | "l2" | "orthogonal":
            name = penalty.kind if penalty.kind == "orthogonal" else penalty.kind.upper()
            return f"{name} penalty {penalty.weight:g}{f' of {_and(penalty.of)}' if penalty.of else ''}"
        case "gradient_penalty":
            towards = f" towards {penalty.target:g}" if penalty.target != 1 else ""
            between = f"between {penalty.real} and {penalty.fake}{towards}"
            return f"gradient penalty {penalty.weight:g} on {penalty.score} {between}"
        case "r1":
            return f"R1 penalty {penalty.weight:g} on {penalty.score} at {penalty.real}"
        case "ewc":
            return f"held to the weights of stage {penalty.stage} by {penalty.weight:g} times their importance"


def called(penalty: Penalty) -> str:
    """What a message calls a penalty on the slope of a critic."""
    return "R1 penalty" if penalty.kind == "r1" else "gradient penalty"


def no_such_value(penalty: Penalty, port: str) -> str:
    """What to say of a penalty whose value `port` is of a node that is not there."""
    value: str = getattr(penalty, port)
    return f"The {called(penalty)} names the value {value!r} as {port}, and there is no such node. Choose another."


def no_such_stage(plan: Plan, at: int, penalty: Penalty) -> str:
    """What to say of a penalty of stage `at` (from 0) that remembers a stage which is not before it; empty where it is,
    or remembers none.
    """
    before = {each.name for each in plan.stages[:at] if each.name}
    if penalty.kind != "ewc" or penalty.stage in before:
        return ""
    there = ", ".join(sorted(before)) or "none with a name"
    return (
        f"A penalty of stage {at + 1} remembers the stage {penalty.stage!r}; before it there is {there}. "
        "Name an earlier stage."
    )


def length_in_words(plan: Plan) -> str:
    """`30 epochs`, `2 stages of 10 and 20 epochs`: how long a plan takes at most."""
    parts = [
        _counted(each.steps, "step") if each.steps is not None else _counted(each.epochs, "epoch")
        for each in plan.stages
    ]
    return parts[0] if len(parts) == 1 else f"{len(parts)} stages of {_and(parts)}"


def listed(names: Sequence[str]) -> str:
    """`a, b, c, d and 3 more`."""
    return _and(names, _MOST)


def _called(name: str, otherwise: str) -> str:
    return f"{otherwise} “{name}”" if name else otherwise


def _large(text: str) -> str:
    return text[:1].upper() + text[1:]


def _counted(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}".replace(",", "\u202f")


def _and(names: Sequence[str], most: int | None = None) -> str:
    """`a`, `a and b`, `a, b and c`; of more than `most`, `a, b, c, d and 3 more`."""
    shown = list(names)
    if most is not None and len(shown) > most:
        shown = [*shown[:most], f"{len(shown) - most} more"]
    return shown[0] if len(shown) == 1 else f"{', '.join(shown[:-1])} and {shown[-1]}" if shown else "nothing"
