"""The names in a plan of nodes, composites and tags: exchanged for others, or taken out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from graph_engine.document.document import MAIN
from graph_engine.document.plan import Plan, Stage, Update


def address(graph_name: str, node: str) -> str:
    """What a plan calls a node."""
    return node if graph_name == MAIN else f"{graph_name}:{node}"


def exchanged(plan: Plan, instead: Mapping[str, Sequence[str]]) -> Plan:
    """`plan` with losses and addresses exchanged for those given, each of them once; none takes one out.

    A group, a penalty or a loading of which nothing is left goes, rather than hold for all. An update of which no loss,
    or nothing that it trains, is left is one for all.
    """
    return replace(plan, stages=tuple(_stage(stage, instead) for stage in plan.stages))


def _stage(stage: Stage, instead: Mapping[str, Sequence[str]]) -> Stage:
    loads = [replace(each, of=_new(each.of, instead)) for each in stage.loads if _is_left(each.of, instead)]
    updates = tuple(_update(update, instead) for update in stage.updates)
    return replace(stage, updates=updates, loads=tuple(loads), resets=_new(stage.resets, instead))


def _update(update: Update, instead: Mapping[str, Sequence[str]]) -> Update:
    optimiser = update.optimiser
    groups = [replace(each, of=_new(each.of, instead)) for each in optimiser.groups if _is_left(each.of, instead)]
    penalties = [replace(each, of=_new(each.of, instead)) for each in update.penalties if _is_left(each.of, instead)]
    losses = [replace(each, node=new) for each in update.losses for new in instead.get(each.node, (each.node,))]
    return replace(
        update,
        losses=tuple(losses),
        trains=_new(update.trains, instead),
        freezes=_new(update.freezes, instead),
        optimiser=replace(optimiser, groups=tuple(groups)),
        penalties=tuple(penalties),
    )


def _new(names: tuple[str, ...], instead: Mapping[str, Sequence[str]]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(each for old in names for each in instead.get(old, (old,))))


def _is_left(names: tuple[str, ...], instead: Mapping[str, Sequence[str]]) -> bool:
    """Whether something is left of names, if there were any."""
    return not names or bool(_new(names, instead))
