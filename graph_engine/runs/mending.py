"""Going on with a run that failed, in another way: in smaller batches, or at a lower learning rate."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from graph_engine.runs.again import branch_run, enqueue
from graph_engine.runs.errors import RunError
from graph_engine.runs.launching import lock_of
from graph_engine.runs.provenance import now
from graph_engine.runs.store import RunStore, StoredRun
from graph_engine.runs.waiting import put_in_queue
from graph_engine.train.changes import (
    DatedChange,
    RunChange,
    changed,
    in_words,
    read_changes,
    with_changes,
    write_changes,
)

if TYPE_CHECKING:
    from graph_engine.train.checkpoints import Checkpoint


def retry_run(run: str | StoredRun, batch_size: int, store: RunStore | None = None) -> StoredRun:
    """A new run in the queue that does in batches of `batch_size` what there was not enough memory for: a branch from
    the newest whole checkpoint of an epoch's end (`parent_step` says of which step), else the document from the start.

    Raises: RunError, PlanError, FileError; as `enqueue`.
    """
    store = store or RunStore()
    stored = store.get(run) if isinstance(run, str) else run
    found = _newest_between_epochs(stored)
    if found is None:
        document = stored.document()
        document.plan = replace(document.plan, batch_size=batch_size)
        waiting = enqueue(document, store=store)
        waiting.folder.write(replace(waiting.record, parent=stored.id))
        return StoredRun(store.refresh(waiting.id), waiting.folder)
    branch = branch_run(stored, found.step, store=store)
    _change(branch, found, [RunChange(batch_size=batch_size)], _known(stored, found))
    return put_in_queue(branch, store)


def slow_down(run: str | StoredRun, factor: float, store: RunStore | None = None) -> int:
    """Have a run go on from its newest whole checkpoint, when it is resumed, with all learning rates of the stage in
    progress times `factor`; the step of the checkpoint.

    Raises: RunError when there is no such run or no checkpoint, or it is going on; PlanError; FileError.
    """
    store = store or RunStore()
    stored = store.get(run) if isinstance(run, str) else run
    lock = lock_of(stored.id, stored.folder)
    try:
        found = stored.folder.checkpoint("last")
        stage = _stage(found)
        known = _known(stored, found)
        updates = with_changes(stored.folder.first_document(), known).plan.stages[stage].updates
        rates = [update.optimiser.learning_rate * factor for update in updates]
        _change(stored, found, [RunChange(learning_rate=rate, update=at) for at, rate in enumerate(rates)], known)
        return found.step
    finally:
        lock.let_go()


def _newest_between_epochs(stored: StoredRun) -> Checkpoint | None:
    """Other batches are taken from the beginning of an epoch on."""
    for step in stored.folder.checkpoints.steps():
        found = stored.folder.checkpoints.at(step)
        if found is not None and step and not found.state["position"]["epoch_step"]:
            return found
    return None


def _change(stored: StoredRun, found: Checkpoint, changes: Sequence[RunChange], known: Sequence[DatedChange]) -> None:
    """Have changes made when the run goes on from a checkpoint, after those that are `known`."""
    stage, step = _stage(found), found.step
    before, dated = with_changes(stored.folder.first_document(), known), []
    for change in changes:
        after = changed(before, change, stage)
        dated.append(DatedChange(step, stage, change, in_words(before, after, stage), now()))
        before = after
    write_changes(stored.folder.path, [*known, *dated])


def _known(stored: StoredRun, found: Checkpoint) -> list[DatedChange]:
    """The changes made in a run until it failed: also those for which the checkpoint was taken."""
    return [each for each in read_changes(stored.folder.path) if each.step <= found.step]


def _stage(found: Checkpoint) -> int:
    try:
        return int(found.state["position"]["stage"])
    except (KeyError, TypeError, ValueError) as error:
        raise RunError(f"The checkpoint of step {found.step} does not say which stage it is of.") from error
