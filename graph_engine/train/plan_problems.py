"""What is wrong with a plan for the drawing: names that mean nothing there, and losses that no update makes small."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from graph_engine.blocks import Role
from graph_engine.check.report import CheckResult, Code, Fix, Problem, Severity
from graph_engine.document import Document, Judgement, Penalty, Plan, SetNode, SetPlan, Stage, Update, WeightedLoss
from graph_engine.document.plan_names import exchanged
from graph_engine.train.choosing import holders, places_of
from graph_engine.train.errors import PlanError
from graph_engine.train.measures import usually_greater
from graph_engine.train.objectives import objectives_of, reached, require_loss, series_of_epochs
from graph_engine.train.words import listed, no_such_stage, no_such_value


def plan_problems(document: Document, result: CheckResult) -> list[Problem]:
    """What keeps a document, of which `result` is the check, from being trained by its plan, each with what mends it;
    else what is drawn and has no part in it. Of one without losses, nothing.
    """
    if not _losses(document):
        return []
    found = {problem.message: problem for problem in _names(document)}
    if not found:
        found = {problem.message: problem for problem in _series(document)}
    if found:
        return list(found.values())
    return [*_judged_wrongly(document), *_idle(document), *(_untrained(document, result) if result.ok else ())]


def _names(document: Document) -> Iterator[Problem]:
    plan = document.plan
    for at, stage in enumerate(plan.stages):
        for who, addresses in _addresses(stage):
            for address in addresses:
                try:
                    places_of(document, (address,), who)
                except PlanError as error:
                    yield _problem(document, str(error), _without(plan, address))
        for number, update in enumerate(stage.updates):
            yield from _losses_named(document, update)
            for penalty in update.penalties:
                why = _why_no_slope(document, penalty) or no_such_stage(plan, at, penalty)
                if why:
                    rest = tuple(each for each in update.penalties if each is not penalty)
                    fixed = _with(plan, at, number, replace(update, penalties=rest))
                    yield _problem(document, why, Fix("Take the penalty out of the plan", SetPlan(fixed)))


def _addresses(stage: Stage) -> Iterator[tuple[str, tuple[str, ...]]]:
    """What a stage does to which nodes, as a message begins."""
    for loading in stage.loads:
        yield "The plan loads weights for", loading.of
    yield "The plan resets", stage.resets
    for update in stage.updates:
        yield "The plan trains", update.trains
        yield "The plan freezes", update.freezes
        for group in update.optimiser.groups:
            yield "The optimiser's group names", group.of
        for penalty in update.penalties:
            yield f"The {penalty.kind} penalty names", penalty.of


def _why_no_slope(document: Document, penalty: Penalty) -> str:
    """Why the slope of a critic can't be taken where a penalty says; empty when its nodes are there."""
    if penalty.kind not in ("gradient_penalty", "r1"):
        return ""
    ports = ("real", "fake", "score") if penalty.kind == "gradient_penalty" else ("real", "score")
    for port in ports:
        value: str = getattr(penalty, port)
        if value.partition(".")[0] not in document.main:
            return no_such_value(penalty, port)
    return ""


def _losses_named(document: Document, update: Update) -> Iterator[Problem]:
    graph = document.main
    for loss in update.losses:
        try:
            require_loss(graph, loss.node)
        except PlanError as error:
            fixes = [_without(document.plan, loss.node)]
            if loss.node in graph and graph[loss.node].bypassed:
                again = SetNode(loss.node, "bypassed", value=False)
                fixes.insert(0, Fix(f"Bypass {loss.node} no longer", again))
            yield _problem(document, str(error), *fixes, node=loss.node)


def _series(document: Document) -> Iterator[Problem]:
    """What the plan judges by or waits for, and no epoch tells."""
    plan = document.plan
    try:
        told = [series_of_epochs(document, stage, held_out=plan.validation > 0) for stage in plan.stages]
    except (PlanError, ValueError):  # as of a drawing that goes in a circle: the check tells
        return
    judge = why_not_judged(plan, told)
    if judge:
        yield _problem(document, judge, Fix("Judge by the loss", SetPlan(replace(plan, judge=Judgement()))))
    for at, (stage, there) in enumerate(zip(plan.stages, told, strict=True)):
        why = why_not_waited_for(plan, at, there)
        if why:
            stages = list(plan.stages)
            stages[at] = replace(stage, until=None)
            yield _problem(document, why, Fix("Wait for no value", SetPlan(replace(plan, stages=tuple(stages)))))


def why_not_judged(plan: Plan, told: list[tuple[str, ...]]) -> str:
    """Why epochs, of which those of each stage tell `told`, can't be judged as the plan says; empty when they can."""
    names = dict.fromkeys(name.partition("_")[2] for stage in told for name in stage)
    if plan.judge.name in names:
        return ""
    measured = ", ".join(names)
    return f"The plan judges by {plan.judge.name!r}; what is measured is {measured}. Choose one of these."


def why_not_waited_for(plan: Plan, at: int, told: tuple[str, ...]) -> str:
    """Why stage `at` (from 0), whose epochs tell `told`, can't wait for what the plan says; empty when it can."""
    until = plan.stages[at].until
    if until is None or until.series in told:
        return ""
    why = "" if plan.validation else " Nothing is held out, so there is nothing that begins with val_."
    return (
        f"Stage {at + 1} goes on until {until.series!r} passes a value; "
        f"what its epochs tell is {', '.join(told)}. Name one of these.{why}"
    )


def _judged_wrongly(document: Document) -> Iterator[Problem]:
    plan = document.plan
    if usually_greater(plan.judge.name) and plan.judge.better == "smaller":
        message = (
            f"The plan takes smaller values of {plan.judge.name} for better, so it keeps the worst weights as the best."
        )
        judge = replace(plan.judge, better="greater")
        fix = Fix("Take greater values for better", SetPlan(replace(plan, judge=judge)))
        yield Problem(Severity.WARNING, Code.PLAN, message, fixes=(fix,))


def _idle(document: Document) -> Iterator[Problem]:
    plan, first = document.plan, document.plan.stages[0].updates[0]
    updates = [update for stage in plan.stages for update in stage.updates]
    named = {loss.node for update in updates for loss in update.losses}
    if any(not update.losses for update in updates):
        return
    for node in _losses(document):
        if node not in named:
            message = f"No update of the plan makes {node} small: it is drawn, and nothing learns from it."
            more = replace(first, losses=(*first.losses, WeightedLoss(node=node)))
            of = "the plan" if len(updates) == 1 else "its first update"
            fix = Fix(f"Let {of} make it small", SetPlan(_with(plan, 0, 0, more)))
            yield Problem(Severity.WARNING, Code.IDLE_LOSS, message, node, fixes=(fix,))


def _untrained(document: Document, result: CheckResult) -> Iterator[Problem]:
    """The nodes whose weights no update trains, none is told not to, and no stage loads: all in one problem."""
    plan, graph = document.plan, document.main
    objectives = [each for stage in plan.stages for each in objectives_of(document, stage)]
    chosen = {node for each in objectives for node in each.trains}
    for stage in plan.stages:
        for each in stage.loads:
            chosen |= holders(document, places_of(document, each.of)) if each.of else set(graph.nodes)
        for update in stage.updates:
            chosen |= holders(document, places_of(document, update.freezes))
    chosen |= {graph[node].shares for node in chosen} - {""}
    chosen |= {node.id for node in graph if node.shares in chosen or node.frozen}
    weighty = [node for node in graph.order() if result.nodes[node].cost.params and node not in chosen]
    if not weighty:
        return
    left = [(at, [node for node in weighty if node in reached(graph, each)]) for at, each in enumerate(objectives)]
    at, nodes = max(left, key=lambda pair: len(pair[1]))
    if nodes:
        places = [(at, number) for at, each in enumerate(plan.stages) for number in range(len(each.updates))]
        first, number = places[at]
        updates = plan.stages[first].updates
        which = f"update {updates[number].name or number + 1}" if len(updates) > 1 else "the plan"
        more = replace(updates[number], trains=(*updates[number].trains, *nodes))
        fix = Fix(f"Let {which} train {'it' if len(nodes) == 1 else 'them'}", SetPlan(_with(plan, first, number, more)))
        whose = "its weights stay as they begin" if len(nodes) == 1 else "their weights stay as they begin"
        message = f"No update of the plan trains {listed(nodes)}: {whose}."
        yield Problem(Severity.INFO, Code.UNTRAINED, message, nodes[0], fixes=(fix,))


def _losses(document: Document) -> list[str]:
    graph = document.main
    return [
        node.id
        for node in graph
        if (block := graph.block(node)) is not None and block.role is Role.LOSS and not node.bypassed
    ]


def _problem(document: Document, message: str, *fixes: Fix, node: str | None = None) -> Problem:
    where = node if node is not None and node in document.main else None
    return Problem(Severity.ERROR, Code.PLAN, message, where, fixes=fixes)


def _without(plan: Plan, name: str) -> Fix:
    after = exchanged(plan, {name: ()})
    pairs = [pair for one, other in zip(plan.stages, after.stages, strict=True) for pair in _pairs(one, other)]
    then = ""
    if any(one.losses and not other.losses for one, other in pairs):
        then = ", and make all losses small"
    elif any(one.trains and not other.trains for one, other in pairs):
        then = ", and train all nodes"
    return Fix(f"Take {name} out of the plan{then}", SetPlan(after))


def _pairs(before: Stage, after: Stage) -> Iterator[tuple[Update, Update]]:
    return zip(before.updates, after.updates, strict=True)


def _with(plan: Plan, stage: int, number: int, update: Update) -> Plan:
    stages = list(plan.stages)
    updates = list(stages[stage].updates)
    updates[number] = update
    stages[stage] = replace(stages[stage], updates=tuple(updates))
    return replace(plan, stages=tuple(stages))
