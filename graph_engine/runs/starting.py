"""Starting a run, and going on with one."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from graph_engine.data import Dataset, open_dataset
from graph_engine.document import Document, Plan
from graph_engine.runs.errors import RunError
from graph_engine.runs.folder import RunFolder
from graph_engine.runs.handle import RunHandle
from graph_engine.runs.launching import launch, make_place, take_back, take_place
from graph_engine.runs.lock import RunLock
from graph_engine.runs.preparing import prepare
from graph_engine.runs.provenance import now
from graph_engine.runs.record import RunRecord
from graph_engine.runs.store import RunStore, StoredRun
from graph_engine.train import RunState
from graph_engine.train.changes import DatedChange, equipped

if TYPE_CHECKING:
    from graph_engine.train.team import Team


def start_run(
    document: Document,
    *,
    dataset: str | Dataset | None = None,
    name: str = "",
    out: Path | None = None,
    store: RunStore | None = None,
    compiled: bool = False,
    ahead: Sequence[DatedChange] = (),
    threads: int | None = None,
    parent: str = "",
    team: Team | None = None,
) -> RunHandle:
    """Train `document` by its plan, on a thread of its own. Everything is checked first: takes a second or so, and
    returns with the first step under way. Call it from a worker, not from the window's thread.

    `dataset` (name, path or open) takes the place of the one that the document is bound to; `out` is a folder to keep
    the run in, empty or not there yet (None: one beside the other runs). `compiled` makes the steps faster after a
    slow first one (`torch.compile`). The document is copied: it may be edited at once. `ahead`, `threads` and `parent`
    are those of the run that is done again. `team` is that of this worker, the first, where others assist
    (`graph_engine.runs.assisting`).

    Raises:
        CompileError: the document has errors.
        DataError: the data can't be read, or do not fit its inputs.
        TrainError: the plan does not fit (no loss, nothing to train, batch larger than the data, no such device).
        RunError, FileError, HomeError: the folder can't be made.
    """
    store = store or RunStore()
    prepared = prepare(document, open_dataset(dataset) if isinstance(dataset, str) else dataset, threads)
    path = make_place(store, prepared.document.title, out)
    folder = RunFolder(path)
    lock = take_place(folder)
    try:
        record = RunRecord(
            id=path.name,
            name=name.strip() or path.name,
            document=prepared.document.title,
            dataset=prepared.samples.dataset.name,
            created=now(),
            parameters=prepared.result.total.params,
            parent=parent,
        )
        return launch(prepared, record, folder, store, compiled=compiled, lock=lock, ahead=ahead, team=team)
    except BaseException:
        lock.let_go()
        take_back(path)
        raise


def resume_run(
    run: str | StoredRun,
    *,
    plan: Plan | None = None,
    dataset: str | Dataset | None = None,
    store: RunStore | None = None,
    compiled: bool = False,
    lock: RunLock | None = None,
    team: Team | None = None,
) -> RunHandle:
    """Go on with a run from its newest whole checkpoint, as if it had never been interrupted. One in a folder of
    another home is listed among those of `store` from then on.

    `plan` takes the place of the run's own from there on, for example one with more epochs, and is kept with the run as
    other changes on the way are; `dataset` says where its data are now,
    if they were moved; `lock` is that of its folder, if it is held already; `team` as for `start_run`.

    Raises: RunError: there is no such run, it is going on, it has nothing left to do, or its data are not those it
    began with. CompileError, DataError, TrainError, FileError: as `start_run`.
    """
    store = store or RunStore()
    stored = store.adopt(store.get(run) if isinstance(run, str) else run)
    document, begun = stored.folder.first_document(), bool(stored.folder.checkpoints.steps())
    known = stored.document().plan
    longer = plan is not None and plan != known
    chosen_plan = plan if plan is not None else known if begun else document.plan
    if plan is not None and not begun:
        document.plan = plan
    record = stored.record
    if record.state is RunState.FINISHED and not longer:
        raise RunError(f"The run {stored.id} has finished: nothing is left to do. Give it more epochs to go on.")
    chosen = open_dataset(dataset) if isinstance(dataset, str) else dataset
    prepared = prepare(equipped(document, chosen_plan), chosen, threads=record.provenance.get("threads"))
    began_with = record.provenance.get("data", {}).get("fingerprint")
    if began_with and prepared.samples.dataset.fingerprint != began_with:
        raise RunError(
            f"The data of the run {stored.id} have changed since it began ({record.dataset}). "
            "Bring them back, or start a new run."
        )
    document.binding = prepared.document.binding
    return launch(
        prepared,
        record,
        stored.folder,
        store,
        resumed=document,
        plan=plan if longer and begun else None,
        compiled=compiled,
        lock=lock,
        team=team,
    )
