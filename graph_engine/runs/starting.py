"""Starting a run, and going on with one."""

from __future__ import annotations

import shutil
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from graph_engine.check.report import CheckResult
from graph_engine.data import Dataset, Samples, Served, load_samples, open_dataset, resolve, served_inputs, split
from graph_engine.document import Document, Plan
from graph_engine.document.file import FileError
from graph_engine.probe import ProbeBoard, ProbeInputs
from graph_engine.runs.errors import RunError
from graph_engine.runs.folder import RunFolder, make_folder
from graph_engine.runs.handle import RunHandle, Watch
from graph_engine.runs.provenance import now, provenance
from graph_engine.runs.record import RunRecord
from graph_engine.runs.store import RunStore, StoredRun
from graph_engine.train import Control, RunState

if TYPE_CHECKING:
    import torch

    from graph_engine.compile import Program


@dataclass(frozen=True, slots=True)
class _Prepared:
    """All that training takes, found to fit together."""

    document: Document
    result: CheckResult
    program: Program
    samples: Samples
    inputs: dict[str, Served]
    device: torch.device
    threads: int


def start_run(
    document: Document,
    *,
    dataset: str | Dataset | None = None,
    name: str = "",
    out: Path | None = None,
    store: RunStore | None = None,
    compiled: bool = False,
) -> RunHandle:
    """Train `document` by its plan, on a thread of its own. Everything is checked first: takes a second or so, and
    returns with the first step under way. Call it from a worker, not from the window's thread.

    `dataset` (name, path or open) takes the place of the one that the document is bound to; `out` is a folder to keep
    the run in, empty or not there yet (None: one beside the other runs). `compiled` makes the steps faster after a
    slow first one (`torch.compile`). The document is copied: it may be edited at once.

    Raises:
        CompileError: the document has errors.
        DataError: the data can't be read, or do not fit its inputs.
        TrainError: the plan does not fit (no loss, nothing to train, batch larger than the data, no such device).
        RunError, FileError, HomeError: the folder can't be made.
    """
    store = store or RunStore()
    prepared = _prepare(document, open_dataset(dataset) if isinstance(dataset, str) else dataset)
    path = _make_place(store, prepared.document.title, out)
    folder = RunFolder(path)
    try:
        record = RunRecord(
            id=path.name,
            name=name.strip() or path.name,
            document=prepared.document.title,
            dataset=prepared.samples.dataset.name,
            created=now(),
            parameters=prepared.result.total.params,
        )
        return _launch(prepared, record, folder, store, compiled=compiled)
    except BaseException:
        _take_back(path)
        raise


def resume_run(
    run: str | StoredRun,
    *,
    plan: Plan | None = None,
    dataset: str | Dataset | None = None,
    store: RunStore | None = None,
    compiled: bool = False,
) -> RunHandle:
    """Go on with a run from its newest whole checkpoint, as if it had never been interrupted.

    `plan` takes the place of the run's own, for example one with more epochs; `dataset` says where its data are now,
    if they were moved.

    Raises: RunError: there is no such run, it is going on, it has nothing left to do, or its data are not those it
    began with. CompileError, DataError, TrainError, FileError: as `start_run`.
    """
    store = store or RunStore()
    stored = store.get(run) if isinstance(run, str) else run
    document = stored.document()
    longer = plan is not None and plan != document.plan
    if plan is not None:
        document.plan = plan
    record = stored.record
    if record.state is RunState.FINISHED and not longer:
        raise RunError(f"The run {stored.id} has finished: nothing is left to do. Give it more epochs to go on.")
    chosen = open_dataset(dataset) if isinstance(dataset, str) else dataset
    prepared = _prepare(document, chosen, threads=record.provenance.get("threads"))
    began_with = record.provenance.get("data", {}).get("fingerprint")
    if began_with and prepared.samples.dataset.fingerprint != began_with:
        raise RunError(
            f"The data of the run {stored.id} have changed since it began ({record.dataset}). "
            "Bring them back, or start a new run."
        )
    return _launch(prepared, record, stored.folder, store, resume=True, compiled=compiled)


def _prepare(document: Document, dataset: Dataset | None, threads: int | None = None) -> _Prepared:
    from graph_engine.check import Checker
    from graph_engine.compile import compile_document
    from graph_engine.train.devices import choose_device, choose_threads

    snapshot = document.snapshot()
    result = Checker().check(snapshot)
    program = compile_document(snapshot, result)
    resolution = resolve(snapshot, dataset)
    inputs = dict(served_inputs(resolution))
    found = resolution.dataset
    if found is None:
        raise RunError(f"{snapshot.title} is bound to no data set. Choose one.")
    snapshot.binding = replace(snapshot.binding, dataset=found.name)  # a path is absolute now
    device = choose_device(snapshot.plan)
    samples = load_samples(found, inputs, split(found, snapshot.plan.validation, snapshot.plan.seed), device)
    threads = threads or choose_threads(result.total.macs, snapshot.plan.batch_size)
    return _Prepared(snapshot, result, program, samples, inputs, device, threads)


def _launch(
    prepared: _Prepared,
    record: RunRecord,
    folder: RunFolder,
    store: RunStore,
    *,
    resume: bool = False,
    compiled: bool = False,
) -> RunHandle:
    from graph_engine.train.devices import describe
    from graph_engine.train.trainer import Trainer

    lock = folder.lock
    if not lock.take():
        raise RunError(f"The run {record.id} is going on, in this or another process. Stop it first.")
    try:
        board = ProbeBoard(ProbeInputs.of(prepared.samples, prepared.inputs, prepared.device))
        watch = Watch(board)
        document = prepared.document
        trainer = Trainer(
            document,
            prepared.program,
            prepared.samples,
            control=Control(),
            folder=folder.path,
            threads=prepared.threads,
            watcher=watch,
        )
        if resume:
            trainer.resume()
            record = replace(record, ended="", message="", node=None)
        if compiled:
            trainer.stepper.network.compile()  # in place: its names and weights stay as they are
        facts = provenance(
            document.plan, prepared.samples, describe(prepared.device), prepared.threads, compiled=compiled
        )
        record = replace(record, state=RunState.QUEUED, provenance=facts)
        folder.write_subject(document, prepared.program.source)
        folder.write(record)
        store.refresh(record.id)
        handle = RunHandle(record, folder, store, lock, document, prepared.program, trainer, board)
        watch.handle = handle
        handle.start()
    except OSError as error:
        lock.let_go()
        raise _disk(folder, error) from error
    except BaseException:
        lock.let_go()
        raise
    return handle


def _make_place(store: RunStore, title: str, out: Path | None) -> Path:
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


def _take_back(path: Path) -> None:
    """Remove what was made for a run that could not be started."""
    if path.is_symlink():
        for each in path.resolve().iterdir():
            shutil.rmtree(each, ignore_errors=True) if each.is_dir() else each.unlink(missing_ok=True)
        path.unlink(missing_ok=True)
    else:
        shutil.rmtree(path, ignore_errors=True)


def _disk(folder: RunFolder, error: OSError) -> FileError:
    return FileError(
        f"{folder.path} can't be written: {error.strerror or error}. Free some space, or choose another place."
    )
