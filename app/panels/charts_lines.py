"""Which curves of which runs a chart draws, in which colours and under which names."""

from __future__ import annotations

from collections.abc import Sequence

from app.panels.charts_items import Line
from app.panels.charts_legend import Entry
from app.runs.curves import Split, is_loss
from app.runs.shown import TRAIN_SERIES, VAL_SERIES, ShownRun

_FIRST = ("loss", "accuracy")


def measures_of(runs: Sequence[ShownRun], *, losses: bool) -> tuple[str, ...]:
    """What the losses' chart, or that of the metrics, can show of these runs; the usual one first."""
    found = dict.fromkeys(measure for run in runs for measure in run.curves.measures if is_loss(measure) is losses)
    return tuple(sorted(found, key=lambda measure: measure not in _FIRST))


def lines_of(runs: Sequence[ShownRun], measure: str) -> list[Line]:
    """The curves of a measure, those of the current run on top."""
    lines = []
    for run in reversed(_current_first(runs)):
        for split in reversed(_splits(run, measure)):
            curve = run.curves.get(measure, split)
            if curve is not None:
                lines.append(
                    Line(
                        _key(run, split),
                        split if run.current else run.name,
                        curve,
                        _series(run, split),
                        dashed=not run.current and split == "train",
                        raw_behind=run.current and split == "train",
                        leads=run.current,
                    )
                )
    return lines


def entries_of(runs: Sequence[ShownRun], measure: str) -> list[Entry]:
    """The legend of these curves, the current run first."""
    return [
        Entry(
            _key(run, split),
            split if run.current else run.name,
            _series(run, split),
            dashed=not run.current and split == "train",
            help=f"{'Training' if split == 'train' else 'Validation'} of {run.name}. Click to hide or show it.",
        )
        for run in _current_first(runs)
        for split in _splits(run, measure)
    ]


def _current_first(runs: Sequence[ShownRun]) -> list[ShownRun]:
    return sorted(runs, key=lambda run: not run.current)


def _splits(run: ShownRun, measure: str) -> tuple[Split, ...]:
    """Both curves of the current run; of one that is compared, validation where there is any."""
    found: tuple[Split, ...] = ("train", "val")
    here = tuple(split for split in found if run.curves.get(measure, split) is not None)
    if run.current:
        return here
    return here[-1:]


def _key(run: ShownRun, split: Split) -> str:
    return split if run.current else f"{run.run}/{split}"


def _series(run: ShownRun, split: Split) -> int:
    if not run.current:
        return run.series
    return TRAIN_SERIES if split == "train" else VAL_SERIES
