"""The crash journal: the document as it was last on disk, then every edit as it happens, one a line.

A line is handed to the system at once, so a killed process loses nothing that was recorded; it is made durable within
half a second, so a power cut loses at most that. A lock tells the journals of living processes from those left behind.
"""

from __future__ import annotations

import fcntl
import json
import os
import threading
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from graph_engine.document.codec import FormatError, edit_from_json, edit_to_json
from graph_engine.document.document import Document
from graph_engine.document.edits import AnyEdit, SetAbout
from graph_engine.document.file import FileError, dumps, loads
from graph_engine.document.rules import EditRefused

SUFFIX = ".journal"
_SYNC_AFTER = 0.5  # seconds


class Journal:
    """Records the edits of one open document.

    `failed` is told, once, when the disk takes no more; editing goes on, and the next edit begins
    a fresh file.
    """

    def __init__(
        self,
        folder: Path,
        document: Document,
        path: Path | None = None,
        failed: Callable[[str], None] = lambda _: None,
    ) -> None:
        self._folder = folder
        self._file = folder / f"{uuid.uuid4().hex}{SUFFIX}"
        self._document = document
        self._path = path
        self._failed = failed
        self._descriptor = -1
        self._broken = False
        self._told = False
        self._lock = threading.Lock()
        self._dirty = threading.Event()
        self._closing = threading.Event()
        self._attempt(self._begin)
        self._syncer = threading.Thread(target=self._sync_when_dirty, name="journal", daemon=True)
        self._syncer.start()

    def record(self, edit: AnyEdit) -> None:
        """Note an edit that the document has just taken."""
        if self._broken:
            self._attempt(self._begin_unsaved)
        else:
            self._attempt(lambda: self._append(_line(edit_to_json(edit))))

    def rebase(self, path: Path | None) -> None:
        """The document as it is now is on disk at `path` (or is a new one): begin again from here."""
        self._path = path
        self._attempt(self._begin)

    def close(self) -> None:
        """The document was closed on purpose: nothing needs to be recovered."""
        self._closing.set()
        self._dirty.set()
        self._syncer.join()
        with self._lock:
            self._file.unlink(missing_ok=True)
            if self._descriptor >= 0:
                os.close(self._descriptor)
                self._descriptor = -1

    def _begin(self) -> None:
        """Write a new file beside, lock it, and put it in place of the old one."""
        self._folder.mkdir(parents=True, exist_ok=True)
        header = {"journal": 1, "path": str(self._path) if self._path else None, "began": time.time()}
        beside = self._file.with_suffix(".new")
        descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_APPEND, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            _write(descriptor, _line(header) + _line(dumps(self._document)))
            beside.replace(self._file)
        except BaseException:
            os.close(descriptor)
            beside.unlink(missing_ok=True)
            raise
        with self._lock:
            before, self._descriptor = self._descriptor, descriptor
        if before >= 0:
            os.close(before)
        self._dirty.set()

    def _begin_unsaved(self) -> None:
        """Begin again from a document that is not on disk elsewhere: an entry that changes nothing says so."""
        self._begin()
        self._append(_line(edit_to_json(SetAbout(self._document.title, self._document.notes))))

    def _append(self, line: str) -> None:
        _write(self._descriptor, line)
        self._dirty.set()

    def _attempt(self, action: Callable[[], None]) -> None:
        try:
            action()
            self._broken = self._told = False
        except (OSError, FileError) as error:
            self._broken = True
            if not self._told:
                self._told = True
                why = (error.strerror if isinstance(error, OSError) else None) or str(error).rstrip(".")
                self._failed(
                    f"The crash journal could not be written: {why}. Your drawing is safe in the "
                    "window, but save it soon: a crash would lose it."
                )

    def _sync_when_dirty(self) -> None:
        while not self._closing.is_set():
            self._dirty.wait()
            self._closing.wait(_SYNC_AFTER)
            self._dirty.clear()
            self._sync()

    def _sync(self) -> None:
        with self._lock:
            if self._descriptor >= 0:
                try:
                    os.fsync(self._descriptor)
                except OSError:
                    self._broken = True  # the next edit begins a new file, and tells if that fails too


@dataclass(frozen=True, slots=True)
class Recovery:
    """What a process that ended without closing its document has left.

    `path` is the file it had open, if any; `edits` how many edits were not saved; `changed` the time of the last, in
    seconds since 1970.
    """

    file: Path
    path: Path | None
    title: str
    edits: int
    changed: float

    def document(self) -> Document:
        """The document with every recorded edit; a last line that was cut short is left out.

        Raises: FileError when the journal is damaged beyond that.
        """
        _, document, lines = _read(self.file)
        for line in lines:
            try:
                document.apply(edit_from_json(json.loads(line)))
            except (ValueError, RecursionError, FormatError, EditRefused):
                break  # the rest was never written whole
        return document

    def discard(self) -> None:
        """Forget it."""
        self.file.unlink(missing_ok=True)


def recoverable(folder: Path) -> list[Recovery]:
    """What crashed processes have left, newest first. Journals without any edit are removed."""
    found = []
    for file in folder.glob(f"*{SUFFIX}"):
        try:
            if _is_held(file):
                continue
            path, document, lines = _read(file)
            if lines:
                found.append(Recovery(file, path, document.title, len(lines), file.stat().st_mtime))
            else:
                file.unlink(missing_ok=True)
        except (FileError, OSError):
            continue
    return sorted(found, key=lambda recovery: -recovery.changed)


def _is_held(file: Path) -> bool:
    """Whether a living process has this journal open."""
    with file.open("rb") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


def _read(file: Path) -> tuple[Path | None, Document, list[str]]:
    """The path in the header, the base document and the whole lines after them.

    Raises: FileError.
    """
    try:
        lines = file.read_text("utf-8", errors="replace").split("\n")
        header, base = json.loads(lines[0]), json.loads(lines[1])
    except (OSError, ValueError, RecursionError, IndexError) as error:
        raise FileError(f"The journal {file} is damaged and can't be read.") from error
    path = header.get("path") if isinstance(header, dict) else header
    if not isinstance(path, str | None) or not isinstance(base, str):
        raise FileError(f"The journal {file} is damaged and can't be read.")
    return Path(path) if path else None, loads(base, "the journal"), lines[2:-1]


def _line(value: Any) -> str:
    return json.dumps(value) + "\n"


def _write(descriptor: int, text: str) -> None:
    data = text.encode("utf-8")
    while data:
        data = data[os.write(descriptor, data) :]
