"""The queue, as the folders of its runs know it: put into it, taken out of it, failed to begin."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from graph_engine.runs.launching import lock_of
from graph_engine.runs.provenance import now
from graph_engine.runs.record import RunRecord
from graph_engine.runs.store import RunStore, StoredRun
from graph_engine.train import RunState


def put_in_queue(run: str | StoredRun, store: RunStore | None = None) -> StoredRun:
    """Let a run wait until there is room for it; `resume_run` begins it, or goes on with it.

    Raises: RunError when there is no such run, or it is going on; FileError when the disk is full.
    """
    store = store or RunStore()
    stored = store.get(run) if isinstance(run, str) else run
    _rewrite(
        stored,
        lambda record: replace(record, state=RunState.WAITING, message="", node=None, fits=0, diverged=False),
    )
    return StoredRun(store.refresh(stored.id), stored.folder)


def take_out_of_queue(run: str, store: RunStore | None = None) -> None:
    """Let a run wait no longer: one that has not begun goes to the trash, any other can be gone on with.

    Raises: as `put_in_queue`.
    """
    store = store or RunStore()
    stored = store.get(run)
    if stored.record.state is not RunState.WAITING:
        return
    if stored.record.step == 0:
        store.delete(run)
        return
    _rewrite(stored, lambda record: replace(record, state=RunState.STOPPED))
    store.refresh(run)


def could_not_begin(run: str, reason: str, store: RunStore | None = None) -> RunRecord:
    """A run of the queue has failed before its first step, for `reason`; it can be gone on with when that is mended.

    Raises: as `put_in_queue`.
    """
    store = store or RunStore()
    message = f"It could not begin: {reason}"
    _rewrite(store.get(run), lambda record: replace(record, state=RunState.FAILED, ended=now(), message=message))
    return store.refresh(run)


def _rewrite(stored: StoredRun, change: Callable[[RunRecord], RunRecord]) -> None:
    lock = lock_of(stored.id, stored.folder)
    try:
        stored.folder.write(change(stored.folder.read()))
    finally:
        lock.let_go()
