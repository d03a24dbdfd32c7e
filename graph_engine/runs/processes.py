"""Runs in processes of their own: they outlive whoever began them, and can't take anybody down."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from graph_engine.data import open_dataset
from graph_engine.document import Document, Plan
from graph_engine.document.codec import plan_to_json
from graph_engine.document.file import save
from graph_engine.runs.errors import RunError
from graph_engine.runs.folder import DOCUMENT, RunFolder
from graph_engine.runs.following import FollowedRun
from graph_engine.runs.launching import disk_error, lock_of, make_place, take_back, take_place
from graph_engine.runs.link import PROGRESS
from graph_engine.runs.lock import RunLock
from graph_engine.runs.provenance import now
from graph_engine.runs.record import RunRecord
from graph_engine.runs.store import RunStore, StoredRun
from graph_engine.runs.wishes import forget_wishes
from graph_engine.train.changes import DatedChange, dated_to_json

LOG = "worker.log"
"""What the process printed, in the folder of the run."""
REFUSED = "refused.json"
"""Why the process did not begin."""
_LOOK = 0.02  # s between two looks at whether it has begun


def start_process(
    document: Document,
    *,
    dataset: str | None = None,
    name: str = "",
    out: Path | None = None,
    store: RunStore | None = None,
    compiled: bool = False,
    ahead: Sequence[DatedChange] = (),
    threads: int | None = None,
    parent: str = "",
) -> FollowedRun:
    """As `start_run`, in a process of its own; returns with the first step under way. Takes some seconds.

    Raises: RunError, FileError, DataError with what kept it from beginning; then nothing is left of it.
    """
    store = store or RunStore()
    snapshot = document.snapshot()
    if dataset is not None:
        snapshot.binding = replace(snapshot.binding, dataset=open_dataset(dataset).name)
    path = make_place(store, snapshot.title, out)
    folder = RunFolder(path)
    record = RunRecord(
        id=path.name,
        name=name.strip() or path.name,
        document=snapshot.title,
        dataset=snapshot.binding.dataset,
        created=now(),
        parent=parent,
    )
    lock = take_place(folder)
    try:
        save(snapshot, path / DOCUMENT)
        folder.write(record)
        request = {
            "resume": False,
            "compiled": compiled,
            "ahead": [dated_to_json(each) for each in ahead],
            "threads": threads,
        }
        return _begin(record, folder, store, lock, request)
    except OSError as error:
        take_back(path)
        raise disk_error(folder, error) from error
    except BaseException:
        take_back(path)
        raise
    finally:
        lock.let_go()


def resume_process(
    run: str | StoredRun,
    *,
    plan: Plan | None = None,
    dataset: str | None = None,
    store: RunStore | None = None,
    compiled: bool = False,
) -> FollowedRun:
    """As `resume_run`, in a process of its own. Raises: as `start_process`."""
    store = store or RunStore()
    stored = store.adopt(store.get(run) if isinstance(run, str) else run)
    lock = lock_of(stored.id, stored.folder)
    request = {
        "resume": True,
        "compiled": compiled,
        "plan": plan_to_json(plan) if plan is not None else None,
        "dataset": dataset,
    }
    try:
        forget_wishes(stored.folder.path)
        return _begin(stored.record, stored.folder, store, lock, request)
    except OSError as error:
        raise disk_error(stored.folder, error) from error
    finally:
        lock.let_go()


def _begin(
    record: RunRecord, folder: RunFolder, store: RunStore, lock: RunLock, request: dict[str, Any]
) -> FollowedRun:
    """Begin the process, hand it the lock, and wait until it trains.

    Raises: RunError with its reason when it does not; OSError.
    """
    for name in (PROGRESS, REFUSED):
        (folder.path / name).unlink(missing_ok=True)
    with (folder.path / LOG).open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "graph_engine.runs.worker", str(folder.path), str(lock.handle)],
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=subprocess.STDOUT,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
            pass_fds=(lock.handle,),
            start_new_session=True,  # closing a terminal or a window is no reason to end
        )
    try:
        if process.stdin is not None:
            with process.stdin as pipe:
                pipe.write(json.dumps({**request, "by": os.getpid()}).encode())
    except BrokenPipeError:
        pass  # it has ended: why is said below
    while not (folder.path / PROGRESS).exists():
        if process.poll() is not None:
            raise RunError(_reason(folder.path, process.returncode))
        time.sleep(_LOOK)
    lock.let_go()  # the process holds it now
    return FollowedRun(store.refresh(record.id), folder, store, process)


def _reason(folder: Path, status: int) -> str:
    try:
        return str(json.loads((folder / REFUSED).read_bytes())["message"])
    except (OSError, ValueError, KeyError, TypeError):
        lines = (folder / LOG).read_text("utf-8", "replace").strip().splitlines() or [f"exit status {status}"]
        return f"The process of the run ended before its first step: {lines[-1]}"
