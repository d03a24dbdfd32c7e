"""All curves of one run: what was measured, on which part of the data.

Loaded with the first run that is drawn (numpy).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal

from app.runs.series import Curve

if TYPE_CHECKING:
    from graph_engine.document import Document
    from graph_engine.train import News

Split = Literal["train", "val"]
"""The part of the data that a value was measured on: what is trained on, or what is held out."""

_LOSS = re.compile(r"(\w+_)?loss(_\d+)?|(cross_entropy|mean_squared_error)\w*")
_SHARE = re.compile(r"(\w+_)?accuracy(_\w+)?|(coverage|fidelity)(_\d+)?")
_NO_NAMES: Mapping[str, str] = MappingProxyType({})

_SPLITS: tuple[tuple[str, Split], ...] = (("train_", "train"), ("val_", "val"))


def measure_of(column: str) -> tuple[str, Split] | None:
    """What a column of a run holds: `val_loss` → (`loss`, `val`); None for what is not a measure, such as the step."""
    for prefix, split in _SPLITS:
        if column.startswith(prefix) and len(column) > len(prefix):
            return column.removeprefix(prefix), split
    return None


def is_loss(measure: str) -> bool:
    """Whether a measure is one to be made small; the others are metrics."""
    return _LOSS.fullmatch(measure) is not None


def is_share(measure: str) -> bool:
    """Whether a measure counts from 0 to 1 and is written in percent."""
    return _SHARE.fullmatch(measure) is not None


def measure_names(document: Document) -> dict[str, str]:
    """What a drawing calls its measures: metrics and losses by the titles of their nodes, the loss of each of several
    updates by the name of the update.
    """
    names = {node.id: node.title for node in document.main if node.title}
    for stage in document.plan.stages:
        for at, update in enumerate(stage.updates):
            if len(stage.updates) > 1 and update.name:
                names.setdefault("loss" if at == 0 else f"loss_{at + 1}", f"Loss: {update.name}")
    return names


def measure_title(measure: str, names: Mapping[str, str] = _NO_NAMES) -> str:
    """A measure as a heading: as `names` has it, else `mean_squared_error_1` → `Mean squared error 1`."""
    if measure in names:
        return names[measure]
    words = measure.replace("_", " ").strip()
    return words[:1].upper() + words[1:]


class RunCurves:
    """The curves of one run by measure and split, in the order in which they first came."""

    def __init__(self, weight: float = 0.0) -> None:
        self._curves: dict[tuple[str, Split], Curve] = {}
        self._weight = weight

    def __iter__(self) -> Iterator[tuple[str, Split, Curve]]:
        return ((measure, split, curve) for (measure, split), curve in self._curves.items())

    def __len__(self) -> int:
        """How many points there are in all."""
        return sum(len(curve) for curve in self._curves.values())

    @property
    def keys(self) -> frozenset[tuple[str, str]]:
        """Which curves there are: (measure, split)."""
        return frozenset(self._curves)

    @property
    def measures(self) -> tuple[str, ...]:
        """What was measured, whatever on."""
        return tuple(dict.fromkeys(measure for measure, _ in self._curves))

    def get(self, measure: str, split: Split) -> Curve | None:
        return self._curves.get((measure, split))

    def curve(self, measure: str, split: Split) -> Curve:
        """The curve, made where there was none. What is measured once an epoch is not smoothed."""
        key = (measure, split)
        if key not in self._curves:
            self._curves[key] = Curve(self._weight if split == "train" else 0.0)
        return self._curves[key]

    def set_weight(self, weight: float) -> None:
        """Smooths the curves of training with another weight, 0 (not at all) to below 1."""
        self._weight = weight
        for (_, split), curve in self._curves.items():
            if split == "train":
                curve.set_weight(weight)


def take_news(curves: RunCurves, news: News) -> bool:
    """Appends what a run told since the last news; whether there was anything."""
    for column, points in news.points.items():
        found = measure_of(column)
        if found is None:
            continue
        curve = curves.curve(*found)
        if column in news.restarted:
            curve.clear()
        curve.extend(points.step, points.epoch, points.seconds, points.value)
    return any(len(points) for points in news.points.values())
