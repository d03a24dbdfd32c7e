"""Earlier versions of a document: whole files in the user's home, taken when it is saved and now and then.

Each is written beside and put in place at once, so that a crash leaves the others whole. There are never more than
`MOST` of one document: the newest all, older ones ever further apart.
"""

from __future__ import annotations

import hashlib
import re
import time
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from graph_engine.document.annotating import Annotate, SetBookmark
from graph_engine.document.composite import reached
from graph_engine.document.document import MAIN, Document
from graph_engine.document.edits import (
    AddGraph,
    AddNodes,
    AnyEdit,
    Batch,
    Declare,
    RemoveGraph,
    RemoveNodes,
    SetAbout,
    SetBinding,
    SetPlan,
)
from graph_engine.document.file import SUFFIX, dumps, load, write_whole

MOST = 60
"""How many versions of a document are kept."""
_NEWEST = 20  # of them that are never thinned out
_NAME = re.compile(r"(?P<time>[0-9]{1,17})-(?P<reason>saved|interval|restored)\.loom\Z")


class Reason(StrEnum):
    """Why a version was kept."""

    SAVED = "saved"
    INTERVAL = "interval"
    RESTORED = "restored"
    """It is what an older version took the place of."""


@dataclass(frozen=True, slots=True)
class Version:
    """A version on disk; `kept` in seconds since 1970."""

    file: Path
    kept: float
    reason: Reason

    def document(self) -> Document:
        """Raises: FileError when it can't be read."""
        return load(self.file)


class Versions:
    """The versions of one document, which is known by where it is saved."""

    def __init__(self, folder: Path, path: Path) -> None:
        """`folder` holds the versions of all documents; `path` is the file of this one."""
        key = hashlib.sha256(str(path.absolute()).encode()).hexdigest()[:16]
        self.folder = folder / f"{path.stem[:40]}-{key}"

    def keep(self, document: Document, reason: Reason, now: float | None = None) -> Version | None:
        """Keep the document as it is; None when the newest version is the same.

        Raises: FileError when it can't be written; OSError when the folder can't be made.
        """
        text = dumps(document)
        found = self.list()
        if found and _text(found[0].file) == text:
            return None
        self.folder.mkdir(parents=True, exist_ok=True)
        moment = time.time() if now is None else now
        latest = found[0].kept if found else 0.0
        stamp = max(round(moment * 1000), round(latest * 1000) + 1)  # in order, whatever the clock does
        file = self.folder / f"{stamp}-{reason}{SUFFIX}"
        write_whole(file, text)
        self._thin()
        return Version(file, stamp / 1000, reason)

    def list(self) -> list[Version]:
        """What is kept, newest first; other files are passed over."""
        if not self.folder.is_dir():
            return []
        found = []
        for file in self.folder.iterdir():
            match = _NAME.match(file.name)
            if match is not None:
                found.append(Version(file, int(match["time"]) / 1000, Reason(match["reason"])))
        return sorted(found, key=lambda version: -version.kept)

    def _thin(self) -> None:
        """Beyond the newest, take away what stands closest to its older neighbour until few enough are left."""
        found = self.list()
        while len(found) > MOST:
            ages = [found[at].kept - found[at + 1].kept for at in range(_NEWEST, len(found) - 1)]
            closest = _NEWEST + ages.index(min(ages))
            found.pop(closest).file.unlink(missing_ok=True)


def restoring(document: Document, version: Document, label: str = "Restore a version") -> Batch:
    """One edit that makes `document` what `version` is, title and plan included."""
    gone = list(reversed(reached(document.graphs, sorted(document.composites))))
    edits: list[AnyEdit] = [
        RemoveNodes(tuple(document.graphs[name].nodes), name) for name in (MAIN, *gone) if len(document.graphs[name])
    ]
    edits += [RemoveGraph(name) for name in gone]
    for name in reached(version.graphs, sorted(version.composites)):
        graph = version.graphs[name]
        edits.append(AddGraph(name, graph.declaration, tuple(graph), tuple(graph.wires), restored=True))
        if graph.annotations:
            edits.append(Annotate(tuple(graph.annotations.values()), graph=name))
    main = version.main
    if main.declaration != document.main.declaration:
        edits.append(Declare(main.declaration))
    if len(main):
        edits.append(AddNodes(tuple(main), tuple(main.wires), restored=True))
    if main.annotations != document.main.annotations:
        stale = tuple(name for name in document.main.annotations if name not in main.annotations)
        edits.append(Annotate(tuple(main.annotations.values()), stale))
    slots = sorted({*document.bookmarks, *version.bookmarks})
    edits += [
        SetBookmark(slot, version.bookmarks.get(slot))
        for slot in slots
        if document.bookmarks.get(slot) != version.bookmarks.get(slot)
    ]
    if version.plan != document.plan:
        edits.append(SetPlan(version.plan))
    if version.binding != document.binding:
        edits.append(SetBinding(version.binding))
    if (version.title, version.notes) != (document.title, document.notes):
        edits.append(SetAbout(version.title, version.notes))
    return Batch(label, tuple(edits))


def _text(file: Path) -> str:
    try:
        return file.read_text("utf-8")
    except (OSError, UnicodeDecodeError):
        return ""
