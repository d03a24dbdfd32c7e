"""Whether the file of a document is still what was opened or saved here: another program may have written it since."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

from app.widgets import MessageAction

if TYPE_CHECKING:
    from app.notices import Notices
    from app.open_document import OpenDocument
    from app.session import Session
    from graph_engine.document import Document


class ChangedElsewhere(Exception):
    """A file was written by another program since it was opened or saved here."""


def fingerprint_of(data: bytes) -> str:
    """What tells the content of a file from any other."""
    return hashlib.sha256(data).hexdigest()


def fingerprint(path: Path) -> str:
    """That of a file as it is now; empty where it can't be read."""
    try:
        return fingerprint_of(path.read_bytes())
    except OSError:
        return ""


def is_same_file(one: Path | None, other: Path) -> bool:
    """Whether two paths lead to one place, links followed."""
    return one is not None and os.path.realpath(one) == os.path.realpath(other)


class DiskWatch(QObject):
    """Looks at the file of the document in front when it comes to the front, or the window does, and tells once of what
    another program wrote.
    """

    def __init__(self, session: Session, notices: Notices, parent: QObject) -> None:
        super().__init__(parent)
        self._session, self._notices = session, notices
        self._told: dict[Path, str] = {}
        session.opened.connect(self.look)

    def look(self) -> None:
        """Looks on a job."""
        opened = self._session.front
        path, known = opened.path, opened.on_disk
        if path is None or not known:
            return

        def done(found: str) -> None:
            is_news = found not in ("", known, self._told.get(path))
            if is_news and (opened.path, opened.on_disk) == (path, known) and opened is self._session.front:
                self._told[path] = found
                self._notices.say(
                    f"{path.name} was changed by another program.",
                    severity="warning",
                    action=MessageAction("Load it", lambda: self._load(opened, path)),
                )

        self._session.jobs.start(f"Looking at {path.name}", lambda: fingerprint(path), done, lambda _: None)

    def _load(self, opened: OpenDocument, path: Path) -> None:
        """Makes the document what the file is, as a step that can be taken back."""

        def read() -> tuple[Document, str]:
            from graph_engine.document.file import load

            found = fingerprint(path)
            return load(path), found

        def take(read: tuple[Document, str]) -> None:
            from graph_engine.document.versions import restoring

            if opened not in self._session.documents:
                return
            self._session.show(opened)
            document, found = read
            if self._session.attempt(restoring(opened.document, document, f"Load {path.name} from disk")):
                opened.on_disk = found
                self._session.mark_saved(path, opened.history.mark(), opened)

        self._session.jobs.start(f"Reading {path.name}", read, take, self._notices.tell)
