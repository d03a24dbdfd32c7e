"""What is known of a run without opening its curves or weights: `run.json`, and a row of the store."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from typing import TYPE_CHECKING, Any

from graph_engine.train.states import RunState

if TYPE_CHECKING:
    from graph_engine.train.feed import Progress

VERSION = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRecord:
    """A run. Times are ISO 8601 in UTC; `seconds` are those of training, pauses aside.

    `document` is its title, `parameters` how many weights it has. `metrics` are the newest values (`val_accuracy` …),
    `best` the epoch with the best validation loss: its number, step and metrics. `provenance` says what it takes to do
    it again: versions, device, threads, seed, data. `node` is where a failed run failed, `message` why; `fits` is a
    batch size that memory would have been enough for (0: it was); `diverged`: it failed because a number was not
    finite. `parent` is the run that this one branched from after `parent_step` steps, or does again. `settings` are the
    values of plan and nodes by which runs are compared. Of the series `greater`, greater values are better. `tags` and
    `pinned` are a person's, as `name` and `note` are.
    """

    id: str
    name: str
    document: str = ""
    dataset: str = ""
    state: RunState = RunState.QUEUED
    created: str = ""
    started: str = ""
    ended: str = ""
    seconds: float = 0.0
    epoch: int = 0
    epochs: int = 0
    step: int = 0
    steps: int = 0
    parameters: int = 0
    metrics: Mapping[str, float] = field(default_factory=dict)
    best: Mapping[str, float] = field(default_factory=dict)
    message: str = ""
    node: str | None = None
    note: str = ""
    provenance: Mapping[str, Any] = field(default_factory=dict)
    fits: int = 0
    diverged: bool = False
    parent: str = ""
    parent_step: int = 0
    settings: Mapping[str, str | float] = field(default_factory=dict)
    greater: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    pinned: bool = False

    def at(self, progress: Progress) -> RunRecord:
        """As `progress` tells it, which is newer."""
        return replace(
            self,
            state=progress.state,
            epoch=progress.epoch,
            epochs=progress.epochs,
            step=progress.step,
            steps=progress.steps,
            seconds=progress.seconds,
            metrics=dict(progress.metrics) or self.metrics,
        )


def to_json(record: RunRecord) -> str:
    """One JSON object. Numbers that are not finite become null."""
    return json.dumps({"version": VERSION, **_finite(asdict(record))}, indent=1, ensure_ascii=False, allow_nan=False)


def from_json(text: str | bytes) -> RunRecord:
    """What `to_json` wrote; what this version does not know is passed over.

    Raises: ValueError when it is no record.
    """
    value = json.loads(text)
    known = {each.name for each in fields(RunRecord)}
    if not isinstance(value, dict) or not {"id", "name", "state"} <= set(value):
        raise ValueError("not the record of a run")
    kept = {name: item for name, item in value.items() if name in known}
    kept["state"] = RunState(kept["state"])
    for name in ("tags", "greater"):
        kept[name] = tuple(map(str, kept.get(name) or ()))
    for name in ("metrics", "best"):
        numbers = kept.get(name) or {}
        kept[name] = {key: math.nan if number is None else float(number) for key, number in numbers.items()}
    return RunRecord(**kept)


def _finite(value: Any) -> Any:
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {name: _finite(item) for name, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_finite(item) for item in value]
    return value
