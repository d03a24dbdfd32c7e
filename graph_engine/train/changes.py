"""What may be changed while a run goes on, as data: kept with the run, so that resuming makes the same changes."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from graph_engine.document import MAIN, Document, EditRefused, Plan, SetNode, SetPlan, WeightedLoss
from graph_engine.document.codec import FormatError, plan_from_json, plan_to_json
from graph_engine.document.plan import Stage
from graph_engine.train.errors import PlanError
from graph_engine.train.objectives import objectives_of

CHANGES = "changes.jsonl"
FIXED = ("seed", "validation")
"""What no plan changes in a run that goes on: what it began with, and what is held out from it."""
MACHINE = ("device", "channels_last", "compiled", "cuda_graphs", "sharded")
"""Where and how a plan is computed: chosen when a run begins or is gone on with."""


@dataclass(frozen=True, kw_only=True, slots=True)
class RunChange:
    """Other values from some step on; None or empty: as before.

    `learning_rate` and `loss_weights` (of loss nodes) are those of update `update` of the stage in progress; a schedule
    multiplies the new learning rate as it did the one before. A batch size holds from the next epoch on, `freeze` and
    `unfreeze` name nodes: `conv2d_1`, or `bottleneck:conv2d_1` inside a composite, in all its uses. `plan`, alone,
    takes the place of the plan that the run had: what is changed beside it stays changed.
    """

    learning_rate: float | None = None
    batch_size: int | None = None
    loss_weights: tuple[tuple[str, float], ...] = ()
    freeze: tuple[str, ...] = ()
    unfreeze: tuple[str, ...] = ()
    update: int = 0
    plan: Plan | None = None

    @property
    def waits(self) -> bool:
        """Whether it has to wait for the end of the epoch."""
        return self.batch_size is not None


@dataclass(frozen=True, slots=True)
class DatedChange:
    """A change, the step after which it was made, the stage then in progress, and what it did in words."""

    step: int
    stage: int
    change: RunChange
    words: str = ""
    at: str = ""


def dated_now(step: int, stage: int, change: RunChange, words: str) -> DatedChange:
    """A change made, or asked for, at this moment."""
    return DatedChange(step, stage, change, words, datetime.now(UTC).isoformat(timespec="seconds"))


def changed(document: Document, change: RunChange, stage: int) -> Document:
    """A copy of `document` with a change made to stage `stage` (from 0) and to its nodes.

    Raises: PlanError when it makes no sense.
    """
    copy = document.snapshot()
    plan = copy.plan
    updates = list(plan.stages[stage].updates)
    if not 0 <= change.update < len(updates):
        raise PlanError(f"There is no update {change.update + 1}: this stage of the plan has {len(updates)}.")
    update = updates[change.update]
    if change.learning_rate is not None:
        if not (math.isfinite(change.learning_rate) and change.learning_rate > 0):
            raise PlanError(f"A learning rate is a number above 0, not {change.learning_rate:g}.")
        update = replace(update, optimiser=replace(update.optimiser, learning_rate=change.learning_rate))
    if change.loss_weights:
        update = replace(update, losses=_weighted(copy, stage, change))
    updates[change.update] = update
    stages = list(plan.stages)
    stages[stage] = replace(plan.stages[stage], updates=tuple(updates))
    plan = replace(plan, stages=tuple(stages))
    if change.batch_size is not None:
        plan = replace(plan, batch_size=change.batch_size)
    _set_plan(copy, plan)
    try:
        for nodes, frozen in ((change.freeze, True), (change.unfreeze, False)):
            for address in nodes:
                graph, _, node = address.rpartition(":")
                copy.apply(SetNode(node, "frozen", frozen, graph or MAIN))
    except EditRefused as refusal:
        raise PlanError(str(refusal)) from refusal
    return copy


def with_changes(document: Document, changes: Iterable[DatedChange]) -> Document:
    """A copy of `document` as it is after changes: by the last plan that took the place of its own, and with what was
    changed beside.

    Raises: PlanError.
    """
    made = list(changes)
    copy = replanned(document, made)
    for each in made:
        if each.change.plan is None:
            copy = changed(copy, each.change, each.stage)
    return copy


def replanned(document: Document, changes: Iterable[DatedChange]) -> Document:
    """A copy of `document` by the last plan that took the place of its own.

    Raises: PlanError.
    """
    copy = document.snapshot()
    for each in changes:
        if each.change.plan is not None:
            _set_plan(copy, each.change.plan)
    return copy


def equipped(document: Document, plan: Plan) -> Document:
    """A copy of `document` to be computed where and how `plan` says."""
    copy = document.snapshot()
    copy.plan = replace(copy.plan, **{name: getattr(plan, name) for name in MACHINE})
    return copy


def require_like(before: Plan, after: Plan, stage: int) -> None:
    """Raises: PlanError when a run in stage `stage` (from 0) of a plan can't go on by another."""
    for name in FIXED:
        if getattr(before, name) != getattr(after, name):
            raise PlanError(f"The {name} of a plan can't be changed in a run that goes on. Start a new run.")
    if len(after.stages) < len(before.stages) or len(after.stages[stage].updates) != len(before.stages[stage].updates):
        raise PlanError("A run can't go on by a plan with fewer stages or other updates. Start a new run.")


def in_words(before: Document, after: Document, stage: int) -> str:
    """What a change does: `learning rate 0.001 → 0.0005, froze conv2d_1`."""
    old, new = before.plan, after.plan
    found = []
    for at, (left, right) in enumerate(zip(old.stages, new.stages, strict=False), 1):
        if _length(left) != _length(right):
            which = f"stage {at}: " if len(new.stages) > 1 else ""
            found.append(f"{which}{_length(left)} → {_length(right)}")
    for at, (one, other) in enumerate(zip(old.stages[stage].updates, new.stages[stage].updates, strict=True)):
        which = f" of update {at + 1}" if len(new.stages[stage].updates) > 1 else ""
        if one.optimiser.learning_rate != other.optimiser.learning_rate:
            rates = f"{one.optimiser.learning_rate:g} → {other.optimiser.learning_rate:g}"
            found.append(f"learning rate{which} {rates}")
        weights = loss_weights(before, stage, at)
        for name, weight in loss_weights(after, stage, at).items():
            if weights.get(name) != weight:
                found.append(f"weight of {name} {weights.get(name, 0.0):g} → {weight:g}")
    if old.batch_size != new.batch_size:
        found.append(f"batch size {old.batch_size} → {new.batch_size}")
    for word, less, more in (("froze", before, after), ("unfroze", after, before)):
        nodes = [
            node.id if name == MAIN else f"{name}:{node.id}"
            for name, graph in more.graphs.items()
            for node in graph
            if node.frozen and not less.graphs[name][node.id].frozen
        ]
        if nodes:
            found.append(f"{word} {', '.join(nodes)}")
    found += [f"{name} {one} → {other}" for name, one, other in moved(old, new)]
    return ", ".join(found) or ("another plan" if old != new else "")


def moved(before: Plan, after: Plan) -> list[tuple[str, Any, Any]]:
    """Where and how one plan is computed and another otherwise: names and values."""
    pairs = [(name, getattr(before, name), getattr(after, name)) for name in MACHINE]
    return [each for each in pairs if each[1] != each[2]]


def change_to_json(change: RunChange) -> dict[str, Any]:
    """What is not as before."""
    value: dict[str, Any] = {}
    if change.learning_rate is not None:
        value["learning_rate"] = change.learning_rate
    if change.batch_size is not None:
        value["batch_size"] = change.batch_size
    if change.loss_weights:
        value["loss_weights"] = dict(change.loss_weights)
    for name in ("freeze", "unfreeze"):
        if getattr(change, name):
            value[name] = list(getattr(change, name))
    if change.plan is not None:
        value["plan"] = plan_to_json(change.plan)
    return value | ({"update": change.update} if change.update else {})


def change_from_json(value: Mapping[str, Any]) -> RunChange:
    """Raises: ValueError, TypeError, FormatError when it is none."""
    rate, batch = value.get("learning_rate"), value.get("batch_size")
    weights = dict(value.get("loss_weights") or {})
    return RunChange(
        learning_rate=None if rate is None else float(rate),
        batch_size=None if batch is None else int(batch),
        loss_weights=tuple((str(name), float(weight)) for name, weight in weights.items()),
        freeze=tuple(map(str, value.get("freeze") or ())),
        unfreeze=tuple(map(str, value.get("unfreeze") or ())),
        update=int(value.get("update") or 0),
        plan=plan_from_json(value["plan"]) if value.get("plan") else None,
    )


def dated_to_json(dated: DatedChange) -> dict[str, Any]:
    """A change with its place in the run."""
    change = change_to_json(dated.change)
    return {"step": dated.step, "stage": dated.stage, "change": change, "words": dated.words, "at": dated.at}


def dated_from_json(value: Mapping[str, Any]) -> DatedChange:
    """Raises: ValueError, KeyError, TypeError, FormatError when it is none."""
    change = change_from_json(value["change"])
    return DatedChange(int(value["step"]), int(value["stage"]), change, value["words"], value["at"])


def read_changes(folder: Path) -> list[DatedChange]:
    """The changes made in a run, in order; a last line cut off by a crash is passed over."""
    try:
        lines = (folder / CHANGES).read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        return []
    found = []
    for line in lines:
        try:
            found.append(dated_from_json(json.loads(line)))
        except (ValueError, KeyError, TypeError, AttributeError, FormatError):
            break
    return found


def write_changes(folder: Path, changes: Iterable[DatedChange]) -> None:
    """Keep exactly these changes, durably.

    Raises: FileError when the disk is full; then those before are still there.
    """
    from graph_engine.document.file import write_whole

    lines = [json.dumps(dated_to_json(each)) for each in changes]
    if lines or (folder / CHANGES).exists():
        write_whole(folder / CHANGES, "".join(f"{line}\n" for line in lines))


def _set_plan(document: Document, plan: Plan) -> None:
    try:
        document.apply(SetPlan(plan))
    except EditRefused as refusal:
        raise PlanError(str(refusal)) from refusal


def _length(stage: Stage) -> str:
    return f"{stage.epochs} epochs" if stage.steps is None else f"{stage.steps} steps"


def _weighted(document: Document, stage: int, change: RunChange) -> tuple[WeightedLoss, ...]:
    weights = loss_weights(document, stage, change.update)
    for node, weight in change.loss_weights:
        if node not in weights:
            raise PlanError(f"{node} is no loss of this update; there are {', '.join(weights)}.")
        weights[node] = weight
    return tuple(WeightedLoss(node=node, weight=weight) for node, weight in weights.items())


def loss_weights(document: Document, stage: int, update: int) -> dict[str, float]:
    """The losses of an update of a document's plan, and how much they count.

    Raises: PlanError when the plan does not fit the drawing.
    """
    objective = objectives_of(document, document.plan.stages[stage])[update]
    return {node: weight for (node, _), weight in zip(objective.losses, objective.weights, strict=True)}
