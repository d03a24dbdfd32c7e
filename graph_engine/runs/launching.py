"""The folder of a run made ready, and its thread begun."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from graph_engine.document import Document, Plan
from graph_engine.document.file import FileError
from graph_engine.probe import ProbeBoard, ProbeInputs
from graph_engine.runs.errors import RunError
from graph_engine.runs.folder import RECORD, RunFolder, make_folder
from graph_engine.runs.handle import RunHandle, Watch
from graph_engine.runs.lock import RunLock
from graph_engine.runs.owner import claim
from graph_engine.runs.preparing import Prepared
from graph_engine.runs.provenance import provenance
from graph_engine.runs.record import RunRecord
from graph_engine.runs.settings import settings_of
from graph_engine.runs.store import RunStore
from graph_engine.runs.wishes import forget_wishes
from graph_engine.train import Control, RunState
from graph_engine.train.changes import DatedChange
from graph_engine.train.measures import measures_of

if TYPE_CHECKING:
    from graph_engine.train.team import Team


def launch(
    prepared: Prepared,
    record: RunRecord,
    folder: RunFolder,
    store: RunStore,
    *,
    resumed: Document | None = None,
    plan: Plan | None = None,
    compiled: bool = False,
    lock: RunLock | None = None,
    ahead: Sequence[DatedChange] = (),
    team: Team | None = None,
) -> RunHandle:
    """Begin a run, or go on with it, on a thread: with `resumed`, the document that it began with, from here on by
    `plan`, if that is another. `lock` is that of the folder, if it is held already; `team` this worker's, which is the
    first.

    Raises: RunError, TrainError, FileError as `start_run`.
    """
    from graph_engine.runs.results import weights_from
    from graph_engine.train.devices import describe
    from graph_engine.train.trainer import Trainer
    from graph_engine.train.words import plan_in_words

    is_taken_here = lock is None
    if lock is None:
        lock = lock_of(record.id, folder)
    try:
        if is_taken_here:
            forget_wishes(folder.path)  # from here on it is seen to go on, and may be told to stop
        claim(folder.path)
        board = ProbeBoard(ProbeInputs.of(prepared.samples, prepared.inputs, prepared.device))
        watch = Watch(board)
        trainer = Trainer(
            prepared.document,
            prepared.program,
            prepared.samples,
            control=Control(),
            folder=folder.path,
            threads=prepared.threads,
            watcher=watch,
            ahead=ahead,
            find_weights=weights_from(store),
            team=team,
        )
        if resumed is not None:
            trainer.resume(plan)
            record = replace(record, ended="", message="", node=None, fits=0, diverged=False)
        else:
            trainer.begin()
        document = trainer.alterations.planned
        compiled = compiled or document.plan.compiled
        if compiled:
            trainer.compile()
        facts = provenance(
            document.plan, prepared.samples, describe(prepared.device), prepared.threads, compiled=compiled
        )
        greater = tuple(name for name, is_greater in measures_of(document).items() if is_greater)
        record = replace(
            record, state=RunState.QUEUED, provenance=facts, settings=settings_of(document), greater=greater
        )
        folder.write_subject(resumed or document, prepared.program.source)
        folder.write_plan([*plan_in_words(document, prepared.result), *trainer.notes])
        folder.write(record)
        store.refresh(record.id)
        handle = RunHandle(record, folder, store, lock, document, prepared.program, trainer, board)
        watch.handle = handle
        handle.start()
    except OSError as error:
        lock.let_go()
        raise disk_error(folder, error) from error
    except BaseException:
        lock.let_go()
        raise
    return handle


def make_place(store: RunStore, title: str, out: Path | None) -> Path:
    """The folder of a new run; one in a place of the user's own is linked from among the others."""
    if out is None:
        return make_folder(store.folder, title)
    out = out.expanduser().absolute()
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise RunError(f"{out} is not an empty folder. Name one that is empty or not there yet.")
    try:
        out.mkdir(parents=True, exist_ok=True)
        entry = make_folder(store.folder, title)
        entry.rmdir()
        entry.symlink_to(out, target_is_directory=True)
    except OSError as error:
        raise RunError(f"{out} can't hold a run: {error.strerror or error}.") from error
    return entry


def take_place(folder: RunFolder) -> RunLock:
    """The lock of a place just made. Where somebody else took it at the same moment, nothing of theirs is touched.

    Raises: RunError, FileError.
    """
    lock = folder.lock
    try:
        if lock.take() and not (folder.path / RECORD).exists():
            return lock
    except OSError as error:
        take_back(folder.path)
        raise disk_error(folder, error) from error
    lock.let_go()
    goal = folder.path.resolve()
    if folder.path.is_symlink():
        folder.path.unlink(missing_ok=True)
    raise RunError(f"{goal} is not an empty folder any more: another run was begun there. Name another.")


def take_back(path: Path) -> None:
    """Remove what was made for a run that could not be started."""
    if path.is_symlink():
        for each in path.resolve().iterdir():
            shutil.rmtree(each, ignore_errors=True) if each.is_dir() else each.unlink(missing_ok=True)
        path.unlink(missing_ok=True)
    else:
        shutil.rmtree(path, ignore_errors=True)


def lock_of(run: str, folder: RunFolder) -> RunLock:
    """The lock of a run, taken.

    Raises: RunError when somebody is at work on it, or it is gone; FileError when its folder can't be written.
    """
    lock = folder.lock
    try:
        if lock.take():
            return lock
    except FileNotFoundError as error:
        raise RunError(f"The run {run} is gone: there is no folder {folder.path} any more.") from error
    except OSError as error:
        raise disk_error(folder, error) from error
    raise RunError(f"The run {run} is going on, in this or another process. Stop it first.")


def disk_error(folder: RunFolder, error: OSError) -> FileError:
    """What to say when the folder of a run can't be written."""
    return FileError(
        f"{folder.path} can't be written: {error.strerror or error}. Free some space, or choose another place."
    )
