"""The folder of a run: everything that was, and all that it takes to go on.

`run.json` what is known of it, `about.json` name and note that a person gave; `document.loom` and `network.py` what
was trained, `plan.txt` how, in words; `steps.bin` and `metrics.csv` what was measured; `checkpoints/` weights; `lock`
held while it runs.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from graph_engine.document import Document
from graph_engine.document.file import FileError, load, save, write_whole
from graph_engine.runs.errors import RunError
from graph_engine.runs.heartbeat import is_at_work, stays_at_work
from graph_engine.runs.lock import RunLock, asked
from graph_engine.runs.owner import read_owner
from graph_engine.runs.record import RunRecord, from_json, to_json
from graph_engine.train.checkpoints import Checkpoint, Checkpoints
from graph_engine.train.feed import Feed, Progress
from graph_engine.train.history import read_epochs, read_feed

RECORD, ABOUT, DOCUMENT, SOURCE = "run.json", "about.json", "document.loom", "network.py"
PLAN = "plan.txt"
PID = "pid"
"""The number of the process of its own, for whoever wants to look at it; the lock says whether it is still there."""
LOCK, CHECKPOINTS = "lock", "checkpoints"
TRASH = ".trash"
_LONGEST = 40


class RunFolder:
    """Reads and writes one folder. Whoever writes holds its lock."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @property
    def lock(self) -> RunLock:
        """Taking it may last a minute where another machine was at work on the run and is no longer heard of."""
        return RunLock(self.path / LOCK, lambda held: stays_at_work(self.path, held))

    @property
    def is_busy(self) -> bool:
        """Whether some process is at work on it, on whatever machine."""
        held = asked(self.path / LOCK)
        return held is True or is_at_work(self.path, held)

    @property
    def is_ours(self) -> bool:
        """Whether what is known of it may be put right from here: no other machine was at work on it last, and its
        lock can be told.
        """
        owner = read_owner(self.path)
        if owner is not None:
            return owner.is_here
        return asked(self.path / LOCK) is not None

    @property
    def had_own_process(self) -> bool:
        """Whether it was trained in a process of its own, apart from whoever began it."""
        return (self.path / PID).exists()

    @property
    def checkpoints(self) -> Checkpoints:
        return Checkpoints(self.path / CHECKPOINTS)

    def read(self) -> RunRecord:
        """Raises: RunError when there is no record, or a damaged one."""
        try:
            record = from_json((self.path / RECORD).read_bytes())
            return replace(record, **self._about())
        except OSError as error:
            raise RunError(f"{self.path} is no run: {RECORD} can't be read ({error.strerror or error}).") from error
        except (ValueError, TypeError) as error:
            raise RunError(f"{self.path / RECORD} is damaged ({error}).") from error

    def write(self, record: RunRecord) -> None:
        """For the run itself. Raises: FileError when the disk is full; then the record before is still there."""
        write_whole(self.path / RECORD, to_json(record))

    def write_about(self, record: RunRecord) -> None:
        """What a person calls it and says of it: in a file of its own, since the run writes the record.

        Raises: FileError.
        """
        said = {"name": record.name, "note": record.note, "tags": list(record.tags), "pinned": record.pinned}
        write_whole(self.path / ABOUT, json.dumps(said, ensure_ascii=False, indent=1))

    def write_subject(self, document: Document, source: str) -> None:
        """Keep what is trained. Raises: FileError."""
        save(document, self.path / DOCUMENT)
        write_whole(self.path / SOURCE, source)

    def write_plan(self, lines: Sequence[str]) -> None:
        """Keep in words how it is trained, for people. Raises: FileError."""
        write_whole(self.path / PLAN, "".join(f"{line}\n" for line in lines))

    def plan_in_words(self) -> list[str]:
        """How it is trained, in sentences; none where that was not kept."""
        try:
            return (self.path / PLAN).read_text("utf-8").splitlines()
        except (OSError, UnicodeDecodeError):
            return []

    def document(self) -> Document:
        """The document that is trained: as it was when the run began, but by the plan that it was gone on with since.

        Raises: RunError.
        """
        from graph_engine.train.changes import read_changes, replanned
        from graph_engine.train.errors import PlanError

        try:
            return replanned(self.first_document(), read_changes(self.path))
        except PlanError as error:
            raise RunError(f"The run's plan is damaged: {error}") from error

    def first_document(self) -> Document:
        """The document as it was when the run began.

        Raises: RunError.
        """
        try:
            return load(self.path / DOCUMENT)
        except FileError as error:
            raise RunError(f"The run's document is missing or damaged: {error}") from error

    def source(self) -> str:
        """The Python source that was trained.

        Raises: RunError.
        """
        try:
            return (self.path / SOURCE).read_text("utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise RunError(f"The run's source {self.path / SOURCE} can't be read ({error}).") from error

    def feed(self) -> Feed:
        """The curves, read from disk, and where the run stands."""
        feed = read_feed(self.path)
        record = self.read()
        feed.report(
            Progress(
                state=record.state,
                epoch=record.epoch,
                epochs=record.epochs,
                step=record.step,
                steps=record.steps,
                seconds=record.seconds,
                metrics=dict(record.metrics),
                message=record.message,
                node=record.node,
            )
        )
        return feed

    def epochs(self) -> list[dict[str, float]]:
        """What was measured after each epoch, by column."""
        return read_epochs(self.path)

    def _about(self) -> dict[str, Any]:
        """What a person said of it, by field of the record."""
        try:
            said = json.loads((self.path / ABOUT).read_bytes())
            return {
                "name": str(said["name"]),
                "note": str(said["note"]),
                "tags": tuple(map(str, said.get("tags") or ())),
                "pinned": bool(said.get("pinned")),
            }
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            return {}

    def checkpoint(self, which: str) -> Checkpoint:
        """`best` or `last`.

        Raises: RunError when there is none that is whole.
        """
        found = self.checkpoints.best() if which == "best" else self.checkpoints.newest()
        if found is None:
            raise RunError(f"The run in {self.path} has no whole checkpoint yet: it ended before the first was saved.")
        return found


def make_folder(runs: Path, title: str) -> Path:
    """A new folder for a run of a document called `title`; its name is the id of the run: `lenet5-3`.

    Raises: FileError when it can't be made.
    """
    stem = _stem(title)
    number = 1 + max((_number(stem, each.name) for each in _taken(runs)), default=0)
    while True:
        path = runs / f"{stem}-{number}"
        try:
            path.mkdir(parents=True)
        except FileExistsError:
            number += 1
        except OSError as error:
            raise FileError(f"{path} could not be made: {error.strerror or error}. Free some space.") from error
        else:
            return path


def _stem(title: str) -> str:
    """`LeNet-5` → `lenet5`, `Small residual net` → `small-residual-net`."""
    words = re.sub(r"[^a-z0-9]+(?=\d)", "", title.lower())
    stem = re.sub(r"[^a-z0-9]+", "-", words).strip("-")[:_LONGEST].strip("-")
    return stem or "run"


def _taken(runs: Path) -> list[Path]:
    """The runs that are there, and those in the trash: their names are not given again."""
    return [each for place in (runs, runs / TRASH) if place.is_dir() for each in place.iterdir()]


def _number(stem: str, name: str) -> int:
    match = re.fullmatch(rf"{re.escape(stem)}-(\d+)", name)
    return int(match[1]) if match else 0
