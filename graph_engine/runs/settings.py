"""The settings of a run as one flat table: what runs are grouped by, compared by and searched over."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from graph_engine.document import Document
from graph_engine.document.codec import plan_to_json

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
