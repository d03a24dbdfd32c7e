"""Who works on a search: places held by locks in its folder, what a worker printed, and the wish that it should end."""

from __future__ import annotations

import re
from pathlib import Path

from graph_engine.runs.lock import RunLock, is_held

RUN, REASON, STOPPED, WORKER = "run", "reason", "stopped", "worker"
"""What is noted with a trial: its run, why it failed, whether it was stopped, at which place it is tried."""
END = "end"
_LOCK = re.compile(r"worker_(\d+)\.lock\Z")


class WorkerPlace:
    """The right to work on a search as the worker of some number, until it is let go or the process ends."""

    def __init__(self, folder: Path, number: int, lock: RunLock) -> None:
        self.folder, self.number, self.lock = folder, number, lock

    @classmethod
    def take(cls, folder: Path) -> WorkerPlace:
        """The first place that is free.

        Raises: OSError when the folder can't be written.
        """
        number = 0
        while True:
            path = _lock(folder, number)
            lock = RunLock(path)
            if not is_held(path) and lock.take():
                return cls(folder, number, lock)
            number += 1

    @classmethod
    def inherited(cls, folder: Path, number: int, handle: int) -> WorkerPlace:
        """The place that the process which began this one took for it."""
        return cls(folder, number, RunLock.inherited(_lock(folder, number), handle))

    @property
    def log(self) -> Path:
        """What the process prints; gone when it has ended well."""
        return self.folder / f"worker_{self.number}.log"

    def let_go(self) -> None:
        self.lock.let_go()


def workers_of(folder: Path) -> set[int]:
    """The numbers of those who are at work on a search, in whatever process."""
    found = (match for path in folder.glob("worker_*.lock") if (match := _LOCK.search(path.name)))
    return {int(match[1]) for match in found if is_held(folder / match[0])}


def troubles_of(folder: Path) -> list[str]:
    """Why workers that are gone did not end well, a sentence each."""
    alive, found = workers_of(folder), []
    for path in sorted(folder.glob("worker_*.log")):
        number = path.stem.removeprefix("worker_")
        if int(number) not in alive:
            said = path.read_text("utf-8", "replace").strip().splitlines()
            found.append(said[-1] if said else "A worker ended without a word: the system may have ended it.")
    return found


def end_search(folder: Path) -> None:
    """Tells all who work on a search, in whatever process, to end; the trials in progress are stopped.

    Raises: OSError when the folder can't be written.
    """
    (folder / END).touch()


def is_to_end(folder: Path) -> bool:
    return (folder / END).exists()


def forget_end(folder: Path) -> None:
    """The search is gone on with: what was said of workers before is of no interest."""
    (folder / END).unlink(missing_ok=True)
    alive = workers_of(folder)
    for path in folder.glob("worker_*.log"):
        if int(path.stem.removeprefix("worker_")) not in alive:
            path.unlink(missing_ok=True)


def _lock(folder: Path, number: int) -> Path:
    return folder / f"worker_{number}.lock"
