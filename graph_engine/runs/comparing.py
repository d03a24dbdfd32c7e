"""Runs side by side: what differs between two, what groups of them come to, and all of them as a table for others."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import mean, stdev
from typing import TYPE_CHECKING, Any

from graph_engine.document.codec import binding_to_json, node_to_json, plan_to_json, wire_to_json
from graph_engine.document.file import write_whole
from graph_engine.runs.errors import RunError
from graph_engine.runs.record import RunRecord
from graph_engine.runs.settings import SEED, flat
from graph_engine.train.measures import usually_greater

if TYPE_CHECKING:
    from graph_engine.document import Document
    from graph_engine.runs.store import StoredRun


@dataclass(frozen=True, slots=True)
class Difference:
    """A value that is other in two documents; "" where there is none."""

    place: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Group:
    """Runs that are alike in what they are grouped by, and the mean and standard deviation (NaN for one run) of each
    metric over them.
    """

    key: tuple[tuple[str, str], ...]
    runs: tuple[RunRecord, ...]
    metrics: Mapping[str, tuple[float, float]]

    @property
    def title(self) -> str:
        return (
            ", ".join(value if name == "document" else f"{name} {value}" for name, value in self.key if value) or "All"
        )


def compare_documents(before: Document, after: Document) -> list[Difference]:
    """What is other in `after`: plan, data, nodes, their parameters, wires. Positions are left out."""
    found = []
    one, other = _facts(before), _facts(after)
    for place in dict.fromkeys((*one, *other)):
        values = (one.get(place, ""), other.get(place, ""))
        if values[0] != values[1]:
            found.append(Difference(place, *values))
    return found


def group_runs(records: Iterable[RunRecord], by: Sequence[str]) -> list[Group]:
    """Groups of runs with the same values of `by`: names of settings, `document` or `dataset`."""
    groups: dict[tuple[tuple[str, str], ...], list[RunRecord]] = {}
    for record in records:
        groups.setdefault(tuple((name, value_of(record, name)) for name in by), []).append(record)
    return [Group(key, tuple(runs), _figures(runs)) for key, runs in groups.items()]


def group_over_seeds(records: Iterable[RunRecord]) -> list[Group]:
    """Groups of runs that differ in nothing but the seed, named by the settings in which the groups differ."""
    records = list(records)
    differing = [name for name in varying(records) if name != SEED]
    several = len({record.document for record in records}) > 1
    return group_runs(records, [*(["document"] if several or not differing else []), *differing])


def varying(records: Sequence[RunRecord]) -> list[str]:
    """The settings that are not the same in all of the runs."""
    records = [record for record in records if record.settings]
    names = dict.fromkeys(name for record in records for name in record.settings)
    return [name for name in names if len({value_of(record, name) for record in records}) > 1]


def value_of(record: RunRecord, name: str) -> str:
    """A setting of a run as text; "" when it has none."""
    if name in ("document", "dataset"):
        return str(getattr(record, name))
    value = record.settings.get(name)
    return "" if value is None else f"{value:g}" if isinstance(value, float) else str(value)


def score(record: RunRecord, metric: str) -> float | None:
    """A metric of the best epoch, else the newest; None where it was not measured or is not finite."""
    for metrics in (record.best, record.metrics):
        value = metrics.get(metric)
        if value is not None and math.isfinite(value):
            return value
    return None


def is_greater(records: Sequence[RunRecord], metric: str) -> bool:
    """Whether greater values of a metric are better: as runs say, else by its name."""
    said = [record for record in records if record.greater]
    return any(metric in record.greater for record in said) if said else usually_greater(metric)


def table_of(records: Sequence[RunRecord]) -> str:
    """The runs as CSV: one row each, with their settings and metrics."""
    settings = list(dict.fromkeys(name for record in records for name in record.settings))
    metrics = sorted({name for record in records for name in (*record.metrics, *record.best)} - {"epoch", "step"})
    text = io.StringIO()
    rows = csv.writer(text, lineterminator="\n")
    head = ["run", "name", "document", "dataset", "state", "started", "seconds", "epoch", "step", "parameters"]
    rows.writerow([*head, *(f"best_{name}" for name in metrics), *metrics, "tags", "note", *settings])
    for record in records:
        about = [record.id, record.name, record.document, record.dataset, str(record.state), record.started]
        counts = [record.seconds, record.epoch, record.step, record.parameters]
        figures = [part.get(name, "") for part in (record.best, record.metrics) for name in metrics]
        said = [" ".join(record.tags), record.note]
        rows.writerow([*about, *counts, *figures, *said, *(record.settings.get(name, "") for name in settings)])
    return text.getvalue()


def write_table(records: Sequence[RunRecord], path: Path) -> None:
    """Raises: FileError when it can't be written."""
    write_whole(path, table_of(records))


def write_tensorboard(stored: StoredRun, folder: Path) -> Path:
    """The curves of a run as event files that TensorBoard shows, in a folder of its own below `folder`; they take the
    place of those written there before.

    Raises: RunError when TensorBoard is not installed, or the folder can't be written.
    """
    try:
        from torch.utils.tensorboard import SummaryWriter
    except ImportError as error:
        raise RunError(
            "Writing event files needs the package tensorboard, which is not installed. "
            "Install it with: pip install tensorboard"
        ) from error
    place = folder / stored.id
    try:
        before = list(place.glob("events.out.tfevents.*"))
        writer = SummaryWriter(str(place))
        for name, points in stored.folder.feed().since().points.items():
            split, _, measure = name.partition("_")
            for step, value in zip(points.step.tolist(), points.value.tolist(), strict=True):
                writer.add_scalar(f"{measure}/{split}", value, int(step))
        writer.close()
        for path in before:  # TensorBoard would draw both
            path.unlink(missing_ok=True)
    except OSError as error:
        raise RunError(f"{place} can't be written: {error.strerror or error}.") from error
    return place


def _figures(runs: Sequence[RunRecord]) -> dict[str, tuple[float, float]]:
    names = dict.fromkeys(name for run in runs for name in (*run.best, *run.metrics) if name not in ("epoch", "step"))
    found = {}
    for name in names:
        values = [value for run in runs if (value := score(run, name)) is not None]
        if values:
            found[name] = (mean(values), stdev(values) if len(values) > 1 else math.nan)
    return found


def _facts(document: Document) -> dict[str, str]:
    """All that a document says, by place."""
    facts: dict[str, Any] = {"title": document.title}
    facts |= {f"plan.{path}": value for path, value in flat(plan_to_json(document.plan))}
    facts |= {f"data.{path}": value for path, value in flat(binding_to_json(document.binding))}
    for name, graph in document.graphs.items():
        head = "" if name == "main" else f"{name}: "
        for node in graph:
            value = node_to_json(node)
            del value["position"], value["id"]
            parameters = value.pop("parameters", {})
            facts |= {f"{head}{node.id}.{path}": part for path, part in flat({**value, **parameters})}
        for wire in graph.wires:
            source, output, target, port = wire_to_json(wire)
            facts[f"{head}{target}.{port} ←"] = f"{source}.{output}"
    return {place: "" if value is None else str(value) for place, value in facts.items()}
