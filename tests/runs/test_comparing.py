"""Runs side by side: differences, groups, tables, tags, pins, trash."""

from __future__ import annotations

import csv
import io
import math
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from graph_engine.document import Document, SetParameter
from graph_engine.runs import RunError, RunHandle, RunRecord, RunState, RunStore
from graph_engine.runs.comparing import (
    Difference,
    compare_documents,
    group_over_seeds,
    group_runs,
    table_of,
    varying,
    write_tensorboard,
)
from graph_engine.runs.settings import settings_of

Make = Callable[..., Document]
Start = Callable[..., RunHandle]


def record(number: int, accuracy: float, **settings: str | float) -> RunRecord:
    return RunRecord(
        id=f"net-{number}",
        name=f"net-{number}",
        document="Net",
        state=RunState.FINISHED,
        settings={"optimiser": "adam", **settings},
        best={"epoch": 3, "step": 30, "val_accuracy": accuracy},
    )


def test_what_differs_between_two_documents(document: Make) -> None:
    one, other = document(), document(batch_size=50)
    assert compare_documents(one, one) == []
    other.apply(SetParameter("linear_1", "features", 32))
    assert compare_documents(one, other) == [
        Difference("plan.batch_size", "100", "50"),
        Difference("linear_1.features", "16", "32"),
    ]


def test_settings_are_short_names(document: Make) -> None:
    found = settings_of(document(epochs=7))
    assert {name: found[name] for name in ("learning_rate", "optimiser", "schedule", "epochs", "batch_size")} == {
        "learning_rate": 0.01,
        "optimiser": "adam",
        "schedule": "cosine",
        "epochs": 7,
        "batch_size": 100,
    }
    assert found["linear_1.features"] == 16


def test_mean_and_deviation_over_seeds() -> None:
    scores = {0.1: (0.90, 0.92, 0.97), 0.01: (0.8,)}
    records = [
        record(10 * at + seed, value, learning_rate=rate, seed=seed)
        for at, (rate, values) in enumerate(scores.items())
        for seed, value in enumerate(values)
    ]
    assert varying(records) == ["learning_rate", "seed"]
    groups = group_over_seeds(records)
    assert [group.title for group in groups] == ["learning_rate 0.1", "learning_rate 0.01"]
    found = groups[0].metrics["val_accuracy"]
    assert found == pytest.approx((np.mean(scores[0.1]), np.std(scores[0.1], ddof=1)))
    assert math.isnan(groups[1].metrics["val_accuracy"][1])
    assert [len(group.runs) for group in group_runs(records, ["seed"])] == [2, 1, 1]


def test_a_table_for_others() -> None:
    rows = list(
        csv.DictReader(io.StringIO(table_of([record(1, 0.5, seed=3), replace(record(2, 0.6), note='say "x", y')])))
    )
    assert [row["best_val_accuracy"] for row in rows] == ["0.5", "0.6"]
    assert [row["seed"] for row in rows] == ["3", ""]
    assert rows[1]["note"] == 'say "x", y'


def test_curves_for_tensorboard(
    document: Make, start: Start, store: RunStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    run = start(document(epochs=1))
    assert run.wait(60)
    written = EventAccumulator(str(write_tensorboard(store.get(run.id), tmp_path / "curves")))
    written.Reload()
    curves = run.folder.feed().since().points
    names = [name.partition("_") for name in curves]
    assert sorted(written.Tags()["scalars"]) == sorted(f"{measure}/{split}" for split, _, measure in names)
    again = EventAccumulator(str(write_tensorboard(store.get(run.id), tmp_path / "curves")))
    again.Reload()
    assert [each.step for each in again.Scalars("loss/train")] == curves["train_loss"].step.tolist(), "not twice"
    losses = written.Scalars("loss/train")
    assert [each.step for each in losses] == curves["train_loss"].step.tolist()
    assert [each.value for each in losses] == pytest.approx(curves["train_loss"].value.tolist(), rel=1e-6)
    monkeypatch.setitem(sys.modules, "torch.utils.tensorboard", None)
    with pytest.raises(RunError, match="pip install tensorboard"):
        write_tensorboard(store.get(run.id), tmp_path)


def test_tags_pins_and_the_trash(document: Make, start: Start, store: RunStore) -> None:
    run = start(document(epochs=1))
    assert run.wait(60)
    store.set_tags(run.id, ["good  one", "", "good one", "slow"])
    store.pin(run.id)
    store.set_note(run.id, "remember")
    found = store.get(run.id).record
    assert (found.tags, found.pinned, found.note) == (("good one", "slow"), True, "remember")
    assert [each.id for each in store.records(text="slow")] == [run.id]
    store.rebuild()
    assert store.get(run.id).record == found
    store.delete(run.id)
    assert [each.id for each in store.trash()] == [run.id]
    store.restore(run.id)
    assert store.get(run.id).record == found
    store.delete(run.id)
    store.empty_trash()
    assert store.trash() == []
    with pytest.raises(RunError):
        store.restore(run.id)
