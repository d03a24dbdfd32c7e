"""The settings of a run as one flat table: what runs are grouped by, compared by and searched over."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from typing import TYPE_CHECKING, Any

from graph_engine.document import Document
from graph_engine.document.codec import plan_to_json

if TYPE_CHECKING:
    from graph_engine.document import Plan

MOST = 200
"""Settings that a record holds at most; those of the plan come first."""
SEED = "seed"
_SHORT = (
    "stages.1.updates.1.optimiser.",
    "stages.1.updates.1.schedule.",
    "stages.1.updates.1.",
    "stages.1.",
)
"""What is left out of a name where the plan has one stage of one update."""


def settings_of(document: Document) -> dict[str, str | float]:
    """`learning_rate`, `optimiser`, `batch_size`, `conv2d_1.channels` …: what the plan says, and parameters of nodes
    that were given a value.
    """
    plan = document.plan
    found: dict[str, str | float] = {}
    for path, value in flat(plan_to_json(plan)):
        if path.startswith("search."):
            continue
        if value is not None and value != "":
            found[_name(path, short=plan.is_simple)] = value
    for node in document.main:
        for path, value in flat(node.parameters):
            if value is not None:
                found[f"{node.id}.{path}"] = value
    return dict(list(found.items())[:MOST])


def flat(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """The leaves of a JSON value with their paths; items of lists count from 1. A list of numbers is one leaf."""
    if isinstance(value, Mapping):
        for key, part in value.items():
            yield from flat(part, f"{path}.{key}" if path else str(key))
    elif isinstance(value, (list, tuple)) and any(isinstance(part, (Mapping, list, tuple)) for part in value):
        for at, part in enumerate(value, 1):
            yield from flat(part, f"{path}.{at}" if path else str(at))
    elif isinstance(value, (list, tuple)):
        yield path, "×".join(map(str, value))
    else:
        yield path, value


def _name(path: str, *, short: bool) -> str:
    if short:
        if path.endswith("optimiser.kind"):
            return "optimiser"
        if path.endswith("schedule.kind"):
            return "schedule"
        for head in _SHORT:
            if path.startswith(head):
                return path.removeprefix(head)
    return path


def plan_path(plan: Plan, name: str) -> str | None:
    """Where in the plan's JSON the setting `name` is, as a path of `flat`; None when it is none of the plan."""
    for path, _ in flat(complete(plan)):
        if name in (path, _name(path, short=plan.is_simple)):
            return path
    return None


def complete(value: Any) -> Any:
    """A plan as JSON, with what a file leaves out because it is as usual."""
    if is_dataclass(value):
        return {each.name: complete(getattr(value, each.name)) for each in fields(value)}
    return [complete(part) for part in value] if isinstance(value, tuple) else value
