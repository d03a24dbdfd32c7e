"""The store: found at once, made again from the folders, thousands of rows."""

from __future__ import annotations

import os
import shutil
import sqlite3
import threading
from dataclasses import replace
from pathlib import Path

import pytest

from graph_engine.runs import RunError, RunFolder, RunRecord, RunState, RunStore
from graph_engine.runs.lock import RunLock, is_held
from graph_engine.runs.record import from_json, to_json


def put(store: RunStore, number: int, **changes: object) -> RunRecord:
    """A run that is a folder with a record, and nothing else."""
    record = RunRecord(
        id=f"net-{number}",
        name=f"net-{number}",
        document="Net",
        dataset="digits",
        state=RunState.FINISHED,
        created=f"2026-01-01T00:00:{number % 60:02}.{number:04}+00:00",
        metrics={"val_accuracy": 0.9, "val_loss": float("nan")},
    )
    record = replace(record, **changes)  # type: ignore[arg-type]
    (store.folder / record.id).mkdir()
    store.run_folder(record.id).write(record)
    store.refresh(record.id)
    return record


def ids(store: RunStore, **options: object) -> list[str]:
    return [record.id for record in store.records(**options)]  # type: ignore[arg-type]


def test_runs_are_listed_newest_first_filtered_and_ordered(store: RunStore) -> None:
    put(store, 1, name="zebra", seconds=5)
    put(store, 2, state=RunState.FAILED, seconds=1)
    put(store, 3, document="LeNet-5", seconds=3)

    assert ids(store) == ["net-3", "net-2", "net-1"]
    assert ids(store, limit=1) == ["net-3"]
    assert ids(store, text="lenet") == ["net-3"]
    assert ids(store, text="ZEBRA") == ["net-1"]
    put(store, 4, name="Übung ΛΆΜΔΑ")
    assert ids(store, text="übung") == ids(store, text="Übung") == ids(store, text="λάμδα") == ["net-4"]
    store.delete("net-4")
    assert ids(store, states=[RunState.FAILED]) == ["net-2"]
    assert ids(store, order="seconds", descending=False) == ["net-2", "net-3", "net-1"]
    assert ids(store, text="%") == []


def test_a_record_survives_json(store: RunStore) -> None:
    record = put(store, 1, best={"epoch": 3.0}, note="ä", provenance={"threads": 1})
    again = from_json(to_json(record))

    assert again.metrics["val_loss"] != again.metrics["val_loss"]  # NaN
    assert replace(again, metrics={}) == replace(record, metrics={})
    assert from_json(to_json(record).replace('"note"', '"of_a_later_version"')).note == ""


@pytest.mark.parametrize("harm", ["lost", "garbage", "cut", "empty", "other version", "no table"])
def test_the_database_is_made_again_from_the_folders(store: RunStore, harm: str) -> None:
    for number in range(20):
        put(store, number)
    path = store.folder / "runs.sqlite"
    match harm:
        case "lost":
            path.unlink()
        case "garbage":
            path.write_bytes(os.urandom(8192))
        case "cut":
            path.write_bytes(path.read_bytes()[:5000])
        case "empty":
            path.write_bytes(b"")
        case "other version":
            with sqlite3.connect(path) as db:
                db.execute("PRAGMA user_version = 99")
            db.close()
        case "no table":
            with sqlite3.connect(path) as db:
                db.execute("DROP TABLE run")
            db.close()

    assert len(RunStore(store.folder).records()) == 20
    put(store, 20)
    assert len(store.records()) == 21


def test_runs_that_come_and_go_by_other_means_are_noticed(store: RunStore) -> None:
    for number in range(3):
        put(store, number)
    shutil.copytree(store.folder / "net-1", store.folder / "copied")
    shutil.rmtree(store.folder / "net-2")

    assert ids(store) == ["net-1", "copied", "net-0"]


def test_a_damaged_folder_does_not_hide_the_others(store: RunStore) -> None:
    for number in range(3):
        put(store, number)
    (store.folder / "net-1" / "run.json").write_text("{")
    store.rebuild()

    assert ids(store) == ["net-2", "net-0"]


def test_deleted_runs_lie_in_the_trash_and_come_back(store: RunStore) -> None:
    put(store, 1, note="keep me")
    store.delete("net-1")
    assert ids(store) == []
    store.rebuild()
    assert ids(store) == []

    assert store.restore("net-1").note == "keep me"
    assert ids(store) == ["net-1"]
    with pytest.raises(RunError, match="no run called 'net-9'"):
        store.delete("net-9")


def test_a_name_in_the_trash_is_not_given_again(store: RunStore) -> None:
    from graph_engine.runs.folder import make_folder

    assert make_folder(store.folder, "Net").name == "net-1"
    put(store, 2)
    store.delete("net-2")

    assert make_folder(store.folder, "Net").name == "net-3"
    assert [make_folder(store.folder, title).name for title in ("LeNet-5", "Plain 20!", "…", "a/b")] == [
        "lenet5-1",
        "plain20-1",
        "run-1",
        "a-b-1",
    ]


def test_a_run_whose_process_is_gone_is_interrupted(store: RunStore) -> None:
    put(store, 1, state=RunState.RUNNING)
    put(store, 2, state=RunState.PAUSED)
    lock = RunLock(store.folder / "net-2" / "lock")
    assert lock.take()
    states = {record.id: record.state for record in store.records()}
    lock.let_go()

    assert states == {"net-1": RunState.INTERRUPTED, "net-2": RunState.PAUSED}
    assert store.run_folder("net-1").read().state is RunState.INTERRUPTED
    assert "Resume it" in store.run_folder("net-1").read().message
    assert store.get("net-2").record.state is RunState.INTERRUPTED


def test_a_run_that_goes_on_is_not_deleted(store: RunStore) -> None:
    put(store, 1, state=RunState.RUNNING)
    lock = RunLock(store.folder / "net-1" / "lock")
    assert lock.take()
    with pytest.raises(RunError, match=r"is going on\. Stop it first"):
        store.delete("net-1")
    lock.let_go()
    store.delete("net-1")


def test_one_lock_at_a_time(tmp_path: Path) -> None:
    one, other = RunLock(tmp_path / "lock"), RunLock(tmp_path / "lock")
    assert not is_held(tmp_path / "lock")
    assert one.take()
    assert is_held(tmp_path / "lock")
    assert not other.take()
    one.let_go()
    assert other.take()
    other.let_go()
    assert not is_held(tmp_path / "lock")


def test_two_runs_of_one_name_are_told_apart_by_id(store: RunStore) -> None:
    put(store, 1, name="same")
    put(store, 2, name="same")

    assert store.find("same") is None
    assert store.find("net-2") is not None
    assert store.find(str(store.folder / "net-2")) is not None


def test_thousands_of_runs(store: RunStore) -> None:
    template = put(store, 0)
    for number in range(3000):
        record = replace(template, id=f"many-{number}", created=f"2025-{number:06}")
        (store.folder / record.id).mkdir()
        (store.folder / record.id / "run.json").write_text(to_json(record))

    assert len(store.records()) == 3001
    assert ids(store, text="many-29", limit=3) == ["many-2999", "many-2998", "many-2997"]


def test_threads_share_a_store(store: RunStore) -> None:
    failed: list[BaseException] = []

    def work(base: int) -> None:
        try:
            for number in range(10):
                put(store, base + number)
                store.records(limit=5)
        except BaseException as error:  # noqa: BLE001
            failed.append(error)

    threads = [threading.Thread(target=work, args=[100 * number]) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert not failed
    assert len(store.records()) == 40


def test_a_store_that_cant_be_written_says_so(store: RunStore, monkeypatch: pytest.MonkeyPatch) -> None:
    put(store, 1)

    def full(*_: object, **__: object) -> None:
        raise sqlite3.OperationalError("database or disk is full")

    monkeypatch.setattr(sqlite3, "connect", full)
    with pytest.raises(RunError, match=r"The list of runs in .* can't be used \(database or disk is full\)"):
        store.refresh("net-1")


def test_a_folder_that_is_no_run_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RunError, match="is no run"):
        RunFolder(tmp_path).read()
    with pytest.raises(RunError, match="document is missing or damaged"):
        RunFolder(tmp_path).document()
