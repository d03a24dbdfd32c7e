"""Curves on disk: read back, torn ends passed over, cut where a run goes on."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest

from graph_engine.train import read_epochs, read_feed, read_steps
from graph_engine.train.history import EPOCHS, STEPS, History, empty_records

NAMES = ("loss", "accuracy")


def write(folder: Path, first: int, last: int) -> None:
    """Steps `first` … `last`, four an epoch."""
    history = History(folder, NAMES)
    history.open()
    for step in range(first, last + 1):
        records = empty_records(1, NAMES)
        records["step"], records["epoch"], records["seconds"] = step, step / 4, step / 100
        records["values"] = [[1 / step, np.nan if step < 3 else step / 100]]
        history.append_steps(records)
        if step % 4 == 0:
            epoch = {"step": step, "epoch": step // 4, "seconds": 1.0, "learning_rate": 0.1}
            history.append_epoch(epoch | {"train_loss": 0.25, "val_loss": 1 / 3 / step})
    history.sync()
    history.close()


def test_what_is_written_is_read(tmp_path: Path) -> None:
    write(tmp_path, 1, 9)
    feed = read_feed(tmp_path)
    points = feed.since().points

    assert points["train_loss"].step.tolist() == list(range(1, 10))
    assert points["train_loss"].value.tolist() == [float(np.float32(1 / step)) for step in range(1, 10)]
    assert points["train_accuracy"].step.tolist() == list(range(3, 10))
    assert points["val_loss"].epoch.tolist() == [1, 2]
    assert points["val_loss"].value.tolist() == [1 / 3 / 4, 1 / 3 / 8]
    assert "val_accuracy" not in points


def test_the_epochs_are_a_table_for_anybody(tmp_path: Path) -> None:
    write(tmp_path, 1, 8)
    rows = list(csv.DictReader((tmp_path / EPOCHS).read_text().splitlines()))

    assert [row["epoch"] for row in rows] == ["1", "2"]
    assert list(rows[0])[:4] == ["step", "epoch", "seconds", "learning_rate"]
    assert rows[0]["val_accuracy"] == ""


@pytest.mark.parametrize("lost", range(1, 33))
def test_a_torn_end_is_passed_over(tmp_path: Path, lost: int) -> None:
    write(tmp_path, 1, 9)
    for name in (STEPS, EPOCHS):
        data = (tmp_path / name).read_bytes()
        (tmp_path / name).write_bytes(data[:-lost])
    size = read_steps(tmp_path).dtype.itemsize

    assert len(read_steps(tmp_path)) == 9 - -(-lost // size)
    assert [row["epoch"] for row in read_epochs(tmp_path)] == [1]


@pytest.mark.parametrize(("step", "epoch"), [(0, 0), (4, 1), (7, 1), (9, 2)])
@pytest.mark.parametrize("torn", [0, 5])
def test_a_run_that_goes_on_writes_the_same_again(tmp_path: Path, step: int, epoch: int, torn: int) -> None:
    write(tmp_path, 1, 9)
    whole = {name: (tmp_path / name).read_bytes() for name in (STEPS, EPOCHS)}
    for name in (STEPS, EPOCHS):
        with (tmp_path / name).open("ab") as file:
            file.write(b"0" * torn)
    History(tmp_path, NAMES).cut(step, epoch)

    assert len(read_steps(tmp_path)) == step
    assert len(read_epochs(tmp_path)) == epoch
    write(tmp_path, step + 1, 9)
    assert {name: (tmp_path / name).read_bytes() for name in (STEPS, EPOCHS)} == whole


@pytest.mark.parametrize("content", [b"", b"nonsense", b"{}\n123", b'{"format": "layerloom steps", "version": 99}\n'])
def test_what_is_no_history_is_empty(tmp_path: Path, content: bytes) -> None:
    (tmp_path / STEPS).write_bytes(content)
    (tmp_path / EPOCHS).write_bytes(b"\xff\xfe")

    assert read_feed(tmp_path).names == ()
    assert read_feed(tmp_path / "nowhere").names == ()
