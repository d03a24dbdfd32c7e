"""All runs, findable at once: an index in SQLite over the folders, which hold the truth.

The database can be lost, damaged or of another version at any time: it is made again from the folders.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal, TypeVar

from graph_engine.document import Document
from graph_engine.document.file import FileError
from graph_engine.home import runs_folder
from graph_engine.runs.database import NOT_DAMAGED, SCHEMA, connected, insert, make, version
from graph_engine.runs.errors import RunError
from graph_engine.runs.folder import RECORD, TRASH, RunFolder, make_folder
from graph_engine.runs.lock import RunLock
from graph_engine.runs.owner import read_owner
from graph_engine.runs.record import RunRecord, from_json
from graph_engine.train.states import RunState

T = TypeVar("T")
Order = Literal["created", "name", "document", "state", "seconds"]

DATABASE = "runs.sqlite"
_LOCK = ".store-lock"
_SILENT = "Nothing is heard of it any more"


@dataclass(frozen=True, slots=True)
class StoredRun:
    """A run and its folder."""

    record: RunRecord
    folder: RunFolder

    @property
    def id(self) -> str:
        return self.record.id

    @property
    def name(self) -> str:
        return self.record.name

    def document(self) -> Document:
        """The document that is trained, by the plan that the run was gone on with last.

        Raises: RunError.
        """
        return self.folder.document()


class RunStore:
    """Every method may be called from any thread; several processes may use one store."""

    def __init__(self, folder: Path | None = None) -> None:
        """`folder` holds the runs; None: that of the user.

        Raises: HomeError when there is no such place.
        """
        self.folder = folder if folder is not None else runs_folder()
        self.folder.mkdir(parents=True, exist_ok=True)
        self._lock = threading.RLock()

    def records(
        self,
        *,
        text: str = "",
        states: Sequence[RunState] = (),
        order: Order = "created",
        descending: bool = True,
        limit: int | None = None,
    ) -> list[RunRecord]:
        """The runs whose id, name, document, data set or note contains `text`, in one of `states` (none: any).

        Runs that claim to be going on but whose process is gone are marked as interrupted first. One on another machine
        of which nothing is heard is told to be interrupted, and its folder left alone.
        """
        self._catch_up()
        silent = self._mark_interrupted()
        where, values = ["1"], []
        if text:
            said = ("json_extract(record, '$.note')", "json_extract(record, '$.tags')")
            words = ["id", "name", "document", "dataset", *(f"ifnull({each}, '')" for each in said)]
            joined = " || ' ' || ".join(words)
            where.append(f"instr(lower({joined}), ?)")
            values.append(text.lower())
        if states:
            where.append(f"state IN ({', '.join('?' * len(states))})")
            values += [str(state) for state in states]
        direction = "DESC" if descending else "ASC"
        query = f"SELECT record FROM run WHERE {' AND '.join(where)}"  # noqa: S608
        query += f" ORDER BY {order} {direction}, id {direction} LIMIT ?"
        rows = self._ask(lambda db: db.execute(query, [*values, -1 if limit is None else limit]).fetchall())
        return [silent.get(record.id, record) for record in (from_json(row[0]) for row in rows)]

    def find(self, text: str) -> StoredRun | None:
        """The run with this id, the only one with this name, or the one in this folder; None when there is none."""
        record = self._get(text)
        if record is None:
            rows = self._ask(lambda db: db.execute("SELECT record FROM run WHERE name = ?", [text]).fetchall())
            record = from_json(rows[0][0]) if len(rows) == 1 else None
        if record is not None:
            return StoredRun(self._checked(record), self.run_folder(record.id))
        path = Path(text).expanduser()
        if not (path / RECORD).is_file():
            return None
        entry = self._entry_of(path)
        if entry is not None:
            return StoredRun(self._checked(self.refresh(entry)), self.run_folder(entry))
        folder = RunFolder(path)
        return StoredRun(folder.read(), folder)

    def get(self, run: str) -> StoredRun:
        """As `find`. Raises: RunError when there is no such run."""
        found = self.find(run)
        if found is None:
            raise RunError(f"There is no run called {run!r}. `layerloom runs` lists those there are.")
        return found

    def adopt(self, run: StoredRun | Path) -> StoredRun:
        """A run in whatever folder, listed among the others from now on: where it is not one of them, a link to it is.

        Raises: RunError when there is no run in it, or it can't be linked.
        """
        path = run if isinstance(run, Path) else run.folder.path
        if path.parent == self.folder and not isinstance(run, Path):
            return run
        path = path.expanduser()
        record = RunFolder(path).read()
        entry = self._entry_of(path)
        if entry is None:
            try:
                place = self.folder / record.id
                if place.name in self._folders() or (self.folder / TRASH / place.name).exists():
                    place = make_folder(self.folder, record.id)
                    place.rmdir()
                place.symlink_to(path.resolve(), target_is_directory=True)
            except (OSError, FileError) as error:
                raise RunError(f"{path} could not be listed among the runs in {self.folder}: {error}") from error
            entry = place.name
        return StoredRun(self._checked(self.refresh(entry)), self.run_folder(entry))

    def run_folder(self, run: str) -> RunFolder:
        return RunFolder(self.folder / run)

    def refresh(self, run: str) -> RunRecord:
        """Take in what the folder of a run says now. Whoever comes last has read last, in all processes.

        Raises: RunError when there is no such run, or the database can't be written.
        """

        def take(db: sqlite3.Connection) -> RunRecord:
            db.execute("BEGIN IMMEDIATE")
            record = replace(self.run_folder(run).read(), id=run)
            insert(db, [record])
            return record

        return self._ask(take)

    def rename(self, run: str, name: str) -> RunRecord:
        """Raises: RunError when there is no such run, or its folder can't be written."""
        return self._change(run, lambda record: replace(record, name=name.strip() or run))

    def set_note(self, run: str, note: str) -> RunRecord:
        """Raises: RunError as `rename`."""
        return self._change(run, lambda record: replace(record, note=note))

    def set_tags(self, run: str, tags: Sequence[str]) -> RunRecord:
        """Give a run exactly these tags. Raises: RunError as `rename`."""
        kept = tuple(dict.fromkeys(tag for each in tags if (tag := " ".join(each.split()))))
        return self._change(run, lambda record: replace(record, tags=kept))

    def pin(self, run: str, *, on: bool = True) -> RunRecord:
        """Keep a run at the top of lists, or no more. Raises: RunError as `rename`."""
        return self._change(run, lambda record: replace(record, pinned=on))

    def delete(self, run: str) -> None:
        """Move a run to the trash, from where `restore` brings it back. One in a folder of the user's own is only
        forgotten.

        Raises: RunError when there is no such run, or it is going on.
        """
        folder = self.run_folder(run)
        if folder.is_busy:
            raise RunError(f"The run {run} is going on. Stop it first.")
        trash = self.folder / TRASH
        self._move(folder.path, trash / run)
        self._ask(lambda db: db.execute("DELETE FROM run WHERE id = ?", [run]))

    def restore(self, run: str) -> RunRecord:
        """Bring a run back from the trash. Raises: RunError when it is not there."""
        self._move(self.folder / TRASH / run, self.folder / run)
        return self.refresh(run)

    def rebuild(self) -> int:
        """Make the database again from the folders; how many runs there are.

        Raises: RunError when another process keeps doing the same.
        """
        lock = RunLock(self.folder / _LOCK)
        with self._lock:
            if not lock.take():
                raise RunError(f"The list of runs in {self.folder} is being made again by another process. Try again.")
            try:
                records = [record for name in self._folders() if (record := self._read(name)) is not None]
                make(self.folder / DATABASE, records)
            finally:
                lock.let_go()
        return len(records)

    def trash(self) -> list[RunRecord]:
        """The runs in the trash, the newest first."""
        place = self.folder / TRASH
        names = [each.name for each in place.iterdir() if each.is_dir()] if place.is_dir() else []
        found = [record for name in names if (record := self._read(f"{TRASH}/{name}")) is not None]
        return sorted(found, key=lambda record: record.created, reverse=True)

    def empty_trash(self) -> None:
        """Delete what is in the trash for good."""
        shutil.rmtree(self.folder / TRASH, ignore_errors=True)

    def _change(self, run: str, change: Callable[[RunRecord], RunRecord]) -> RunRecord:
        folder = self.run_folder(run)
        with self._lock:
            record = folder.read()
            try:
                folder.write_about(change(record))
            except FileError as error:
                raise RunError(str(error)) from error
            return self.refresh(run)

    def _get(self, run: str) -> RunRecord | None:
        row = self._ask(lambda db: db.execute("SELECT record FROM run WHERE id = ?", [run]).fetchone())
        return from_json(row[0]) if row is not None else None

    def _mark_interrupted(self) -> dict[str, RunRecord]:
        """The runs of which nothing is heard, but which are not for this machine to mark."""
        live = [str(state) for state in RunState if state.live]
        query = f"SELECT record FROM run WHERE state IN ({', '.join('?' * len(live))})"  # noqa: S608
        rows = self._ask(lambda db: db.execute(query, live).fetchall())
        found = [self._checked(from_json(row[0])) for row in rows]
        return {record.id: record for record in found if record.message.startswith(_SILENT)}

    def _checked(self, record: RunRecord) -> RunRecord:
        """The record; as interrupted when it claims to be going on and nobody is at work on it."""
        folder = self.run_folder(record.id)
        if not record.state.live or folder.is_busy:
            return record
        try:
            record = replace(folder.read(), id=record.id)  # it may have ended since
            if record.state.live and not folder.is_ours:
                owner = read_owner(folder.path)
                where = f", last on {owner.host}" if owner is not None else ""
                message = f"{_SILENT}{where}. If it has ended there, go on with it from its newest checkpoint."
                return replace(record, state=RunState.INTERRUPTED, message=message)
            if record.state.live:
                message = "Its process ended before the run did. Resume it from its newest checkpoint."
                record = replace(record, state=RunState.INTERRUPTED, message=message)
                folder.write(record)
            return self.refresh(record.id)
        except (RunError, FileError):
            return replace(record, state=RunState.INTERRUPTED)

    def _entry_of(self, path: Path) -> str | None:
        """The run of this store that is in a folder, or links to it."""
        try:
            goal = path.resolve()
            for name in self._folders():
                entry = self.folder / name
                if entry == path.absolute() or (entry.is_symlink() and entry.resolve() == goal):
                    return name
        except OSError:
            return None
        return goal.name if goal.parent == self.folder.resolve() else None

    def _move(self, path: Path, goal: Path) -> None:
        try:
            goal.parent.mkdir(exist_ok=True)
            path.rename(goal)
        except FileNotFoundError as error:
            raise RunError(f"There is no run called {path.name!r} in {path.parent}.") from error
        except OSError as error:
            raise RunError(f"The run {path.name} could not be moved to {goal}: {error.strerror or error}.") from error

    def _folders(self) -> set[str]:
        """The names of all folders that may be runs."""
        with os.scandir(self.folder) as entries:
            return {entry.name for entry in entries if not entry.name.startswith(".") and entry.is_dir()}

    def _read(self, name: str) -> RunRecord | None:
        """The record in a folder; None when there is none, or a damaged one (its weights are still there)."""
        try:
            return replace(self.run_folder(name).read(), id=Path(name).name)
        except RunError:
            return None

    def _catch_up(self) -> None:
        """Take in runs that were brought here by other means than this store, and forget those whose folder is gone."""
        there = self._folders()
        known = {row[0] for row in self._ask(lambda db: db.execute("SELECT id FROM run").fetchall())}
        new = [record for name in there - known if (record := self._read(name)) is not None]
        gone = [(name,) for name in known - there]
        if new or gone:
            self._ask(lambda db: insert(db, new))
            self._ask(lambda db: db.executemany("DELETE FROM run WHERE id = ?", gone))

    def _ask(self, question: Callable[[sqlite3.Connection], T]) -> T:
        """The answer of the database, which is made (again) from the folders when it is missing or damaged.

        Raises: RunError when it can't be read or written.
        """
        with self._lock:
            try:
                if (self.folder / DATABASE).exists():
                    try:
                        with connected(self.folder / DATABASE) as db:
                            if version(db) == SCHEMA:
                                return question(db)
                    except sqlite3.DatabaseError as error:
                        if any(word in str(error) for word in NOT_DAMAGED):
                            raise
                self.rebuild()
                with connected(self.folder / DATABASE) as db:
                    return question(db)
            except (sqlite3.Error, OSError) as error:
                advice = " Free some space." if "full" in str(error) else ""
                raise RunError(f"The list of runs in {self.folder} can't be used ({error}).{advice}") from error
