"""Going back in a run, branching from it, doing it again, and keeping one for later."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypedDict

from graph_engine.document import Document, Plan
from graph_engine.document.file import FileError, save
from graph_engine.runs.errors import RunError
from graph_engine.runs.folder import CHECKPOINTS, DOCUMENT, SOURCE, RunFolder
from graph_engine.runs.launching import disk_error, lock_of, make_place, take_back
from graph_engine.runs.preparing import prepare
from graph_engine.runs.processes import start_process
from graph_engine.runs.provenance import now
from graph_engine.runs.record import RunRecord
from graph_engine.runs.settings import settings_of
from graph_engine.runs.starting import start_run
from graph_engine.runs.store import RunStore, StoredRun
from graph_engine.train import RunState
from graph_engine.train.changes import (
    DatedChange,
    RunChange,
    dated_now,
    in_words,
    moved,
    read_changes,
    replanned,
    require_like,
    write_changes,
)
from graph_engine.train.history import EPOCHS, STEPS, cut_history
from graph_engine.train.judge import Judge

if TYPE_CHECKING:
    from graph_engine.runs.following import FollowedRun
    from graph_engine.runs.handle import RunHandle
    from graph_engine.train.checkpoints import Checkpoint


def rewind_run(run: str | StoredRun, step: int, store: RunStore | None = None) -> RunRecord:
    """Put a run back to the checkpoint of `step`: what came after is forgotten, changes made there as well. Resume it
    to go on from there.

    Raises: RunError when there is no such run or whole checkpoint, or it is going on; FileError when the disk is full.
    """
    store = store or RunStore()
    stored = store.get(run) if isinstance(run, str) else run
    folder = stored.folder
    lock = lock_of(stored.id, folder)
    try:
        found = _checkpoint(stored, step)
        write_changes(folder.path, [each for each in read_changes(folder.path) if each.step < step])
        is_there = folder.checkpoints.go_back(step, _judge(found).step)
        cut_history(folder.path, found.step, found.epoch)
        record = _as_of(stored.record, found, is_there=is_there)
        record = replace(record, ended=now(), message=f"Rewound to step {step}. {record.message}".rstrip())
        folder.write(record)
        return store.refresh(stored.id)
    finally:
        lock.let_go()


def keep_checkpoint(run: str, step: int, store: RunStore | None = None) -> None:
    """Have a run that goes on never let go of the checkpoint of `step`: it is to be put back to it.

    Raises: RunError when there is no such run or whole checkpoint; FileError when the disk is full.
    """
    stored = (store or RunStore()).get(run)
    _checkpoint(stored, step)
    try:
        stored.folder.checkpoints.keep(step)
    except OSError as error:
        raise disk_error(stored.folder, error) from error
    _checkpoint(stored, step)  # else it was let go of at that very moment


def branch_run(
    run: str | StoredRun, step: int, *, name: str = "", plan: Plan | None = None, store: RunStore | None = None
) -> StoredRun:
    """A new run that has come as far as `run` at the checkpoint of `step`. Resume it to go on from there; `plan` takes
    the place of the run's own. The run itself is left as it is, and may go on meanwhile.

    Raises: RunError when there is no such run or whole checkpoint; PlanError when it can't go on by `plan`; FileError
    when the disk is full.
    """
    store = store or RunStore()
    stored = store.get(run) if isinstance(run, str) else run
    found = _checkpoint(stored, step)
    document = stored.folder.first_document()
    changes = [each for each in read_changes(stored.folder.path) if each.step < step]
    if plan is not None:
        changes.append(_go_on_by(plan, document, changes, found))
    path = make_place(store, document.title, None)
    folder = RunFolder(path)
    try:
        save(document, path / DOCUMENT)
        for part in (SOURCE, STEPS, EPOCHS):
            if (stored.folder.path / part).exists():
                shutil.copyfile(stored.folder.path / part, path / part)
        best = _judge(found).step
        for place in (stored.folder.checkpoints.place("step", step), stored.folder.checkpoints.place("best", best)):
            _copy_if_there(place, path / CHECKPOINTS / place.name)
        is_there = folder.checkpoints.go_back(step, best)
        if folder.checkpoints.at(step) is None:
            raise RunError(f"The run {stored.id} went on and let go of its checkpoint of step {step}. Choose another.")
        write_changes(path, changes)
        cut_history(path, found.step, found.epoch)
        record = replace(
            _as_of(stored.record, found, is_there=is_there),
            id=path.name,
            name=name.strip() or path.name,
            note="",
            created=now(),
            ended="",
            parent=stored.id,
            parent_step=step,
            pinned=False,
        )
        folder.write(record)
        return StoredRun(store.refresh(path.name), folder)
    except OSError as error:  # shutil's own is one too
        take_back(path)
        raise disk_error(folder, error) from error
    except BaseException:
        take_back(path)
        raise


def rerun(run: str | StoredRun, *, store: RunStore | None = None) -> RunHandle:
    """Do a run again from its provenance: its document, data, device, threads and the changes made on the way. On the
    CPU, with the same versions, it ends with the same weights (`differences` says what is not as it was).

    Raises: RunError when its data are not what they were; as `start_run`.
    """
    store = store or RunStore()
    stored = store.get(run) if isinstance(run, str) else run
    document, options = repeatable(stored)
    return start_run(document, store=store, **_as_it_was(stored, document, options))


def rerun_process(run: str | StoredRun, *, store: RunStore | None = None) -> FollowedRun:
    """As `rerun`, in a process of its own. Raises: as `rerun` and `start_process`."""
    store = store or RunStore()
    stored = store.get(run) if isinstance(run, str) else run
    document, options = repeatable(stored)
    return start_process(document, store=store, **_as_it_was(stored, document, options))


_KEPT = ("threads", "compiled", "data")
"""Of its provenance, what a run that waits to be done again is begun with, and by."""


class _Repeated(TypedDict):
    """What a run that is done again is begun with."""

    name: str
    compiled: bool
    threads: int | None
    ahead: Sequence[DatedChange]
    parent: str


def _as_it_was(stored: StoredRun, document: Document, facts: dict[str, Any]) -> _Repeated:
    return _Repeated(
        name=f"{stored.name} again",
        compiled=bool(facts.get("compiled")),
        threads=facts.get("threads"),
        ahead=[_on_device_of(document, each) for each in read_changes(stored.folder.path)],
        parent=stored.id,
    )


def _on_device_of(document: Document, dated: DatedChange) -> DatedChange:
    plan = dated.change.plan
    if plan is None:
        return dated
    return replace(dated, change=replace(dated.change, plan=replace(plan, device=document.plan.device)))


def repeatable(stored: StoredRun) -> tuple[Document, dict[str, Any]]:
    """The document that a run began with, on the device that it ran on, and what else decides its numbers.

    Raises: RunError when it can't be read, or its data are not what they were.
    """
    from graph_engine.data import resolve

    document, facts = stored.folder.first_document(), dict(stored.record.provenance)
    fingerprint = facts.get("data", {}).get("fingerprint")
    dataset = resolve(document).dataset
    if fingerprint and dataset is not None and dataset.fingerprint != fingerprint:
        raise RunError(
            f"The data of the run {stored.id} have changed since ({stored.record.dataset}), so it can't be done again. "
            "Bring them back, or train its document as a new run."
        )
    if facts.get("device") == "cpu":
        document.plan = replace(document.plan, device="cpu")
    return document, facts


def differences(stored: StoredRun) -> list[str]:
    """What is not as it was when the run began, so that doing it again may give other numbers: `torch 2.12 → 2.13`,
    another device, or another source that the drawing is compiled to.

    Raises: as `repeatable`; CompileError, TrainError when it can't be trained here at all.
    """
    from graph_engine.compile import compile_document
    from graph_engine.runs.provenance import versions
    from graph_engine.train.devices import choose_device, describe

    document, facts = repeatable(stored)
    then, today = dict(facts.get("versions") or {}), versions()
    found = [f"{name} {then[name]} → {today[name]}" for name in today if name in then and then[name] != today[name]]
    before, device = facts.get("device", ""), describe(choose_device(document.plan))
    if before and before != device:
        found.append(f"device {before} → {device}")
    plan = stored.folder.first_document().plan
    for each in read_changes(stored.folder.path):
        if each.change.plan is not None:
            found += [
                f"{name} {one} → {other} after step {each.step}" for name, one, other in moved(plan, each.change.plan)
            ]
            plan = each.change.plan
    if compile_document(document).source != stored.folder.source():
        found.append("the source that the drawing is compiled to")
    return found


def enqueue(document: Document, *, name: str = "", store: RunStore | None = None) -> StoredRun:
    """Keep a run for later, checked as if it were to start now. `resume_run` starts it.

    Raises: as `start_run`.
    """
    store = store or RunStore()
    prepared = prepare(document, None)
    path = make_place(store, prepared.document.title, None)
    folder = RunFolder(path)
    try:
        folder.write_subject(prepared.document, prepared.program.source)
        folder.write(
            RunRecord(
                id=path.name,
                name=name.strip() or path.name,
                document=prepared.document.title,
                dataset=prepared.samples.dataset.name,
                created=now(),
                state=RunState.WAITING,
                parameters=prepared.result.total.params,
                settings=settings_of(prepared.document),
            )
        )
        return StoredRun(store.refresh(path.name), folder)
    except (OSError, FileError):
        take_back(path)
        raise


def enqueue_again(run: str | StoredRun, *, store: RunStore | None = None) -> StoredRun:
    """Keep for later that a run is done again, as `rerun` does it. `resume_run` starts it.

    Raises: as `rerun`.
    """
    store = store or RunStore()
    stored = store.get(run) if isinstance(run, str) else run
    document, facts = repeatable(stored)
    as_it_was = _as_it_was(stored, document, facts)
    if as_it_was["compiled"]:
        document.plan = replace(document.plan, compiled=True)
    waiting = enqueue(document, name=as_it_was["name"], store=store)
    try:
        write_changes(waiting.folder.path, as_it_was["ahead"])
        kept = {name: facts[name] for name in _KEPT if name in facts}
        waiting.folder.write(replace(waiting.record, parent=stored.id, provenance=kept))
        return StoredRun(store.refresh(waiting.id), waiting.folder)
    except BaseException:
        take_back(waiting.folder.path)
        raise


def _checkpoint(stored: StoredRun, step: int) -> Checkpoint:
    found = stored.folder.checkpoints.at(step)
    if found is None:
        there = ", ".join(map(str, reversed(stored.folder.checkpoints.steps()))) or "none"
        raise RunError(f"The run {stored.id} has no whole checkpoint of step {step}. It has those of steps {there}.")
    return found


def _copy_if_there(place: Path, goal: Path) -> None:
    """Copy a checkpoint, unless it is gone: a run that goes on lets older ones go.

    Raises: OSError when the disk is full.
    """
    try:
        shutil.copytree(place, goal)
    except OSError:
        if place.is_dir():
            raise


def _go_on_by(plan: Plan, document: Document, changes: Sequence[DatedChange], found: Checkpoint) -> DatedChange:
    """A change to another plan at a checkpoint. Raises: PlanError when the run can't go on by it."""
    stage = int(found.state["position"]["stage"])
    before = replanned(document, changes)
    require_like(before.plan, plan, stage)
    after = before.snapshot()
    after.plan = plan
    return dated_now(found.step, stage, RunChange(plan=plan), in_words(before, after, stage))


def _as_of(record: RunRecord, found: Checkpoint, *, is_there: bool) -> RunRecord:
    """The record of a run that has come as far as a checkpoint; `is_there`: so are the weights that were the best."""
    judge = _judge(found)
    gone = f"The best weights until then, those of step {judge.step}, are gone: the next epoch will be the best."
    return replace(
        record,
        state=RunState.STOPPED,
        step=found.step,
        epoch=found.epoch,
        metrics=dict(found.metrics),
        best=judge.best if is_there else {},
        seconds=float(found.state.get("seconds", 0.0)),
        message="" if is_there else gone,
        node=None,
        fits=0,
        diverged=False,
    )


def _judge(found: Checkpoint) -> Judge:
    """The judge as it was at a checkpoint."""
    judge = Judge(None)
    judge.restore(found.state["best"])
    return judge
