"""Keeps earlier versions of documents that have a file: whenever they are saved, and now and then while they change."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, Signal

from app.open_document import OpenDocument
from graph_engine.home import versions_folder

if TYPE_CHECKING:
    from app.session import Session
    from graph_engine.document import Document
    from graph_engine.document.versions import Reason, Version

_EVERY = 5 * 60_000  # ms


class VersionKeeper(QObject):
    """Writes on jobs. A version that can't be kept is told once; the document itself is not in danger."""

    changed = Signal()
    """There are other versions of the document in front."""
    failed = Signal(str)

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._session = session
        self._seen: dict[OpenDocument, int] = {}
        self._told = False
        self._looks = 0
        session.file_saved.connect(self._on_saved)
        self._clock = QTimer(self, interval=_EVERY)
        self._clock.timeout.connect(self.keep_changed)

    def start(self) -> None:
        """Begins to keep versions now and then."""
        self._clock.start()

    def stop(self) -> None:
        """Keeps no more."""
        self._clock.stop()

    def keep_changed(self) -> None:
        """Keeps a version of each document with a file that was changed since the last one."""
        from graph_engine.document.versions import Reason

        for opened in self._session.documents:
            if opened.path is not None and opened.dirty and self._seen.get(opened) != opened.document.revision:
                self.keep(opened, Reason.INTERVAL)

    def keep(self, opened: OpenDocument, reason: Reason) -> None:
        """Keeps a version of a document as it is now."""
        path = opened.path
        if path is None:
            return
        self._seen[opened] = opened.document.revision
        snapshot = opened.document.snapshot()

        def work() -> object:
            from graph_engine.document.versions import Versions

            return Versions(versions_folder(), path).keep(snapshot, reason)

        self._session.jobs.start("Keeping a version", work, lambda _: self.changed.emit(), self._on_failed)

    def look(self, take: Callable[[list[Version]], object]) -> None:
        """Reads which versions there are of the document in front; `take` gets them, newest first."""
        opened = self._session.front
        path = opened.path
        self._looks = look = self._looks + 1
        if path is None:
            take([])
            return

        def work() -> list[Version]:
            from graph_engine.document.versions import Versions

            return Versions(versions_folder(), path).list()

        def done(found: list[Version]) -> None:
            if self._session.front is opened and look == self._looks:
                take(found)

        self._session.jobs.start("Looking for versions", work, done, self._on_failed)

    def read(self, version: Version, take: Callable[[Document], None]) -> None:
        """Reads a version of the document in front; `take` gets it, if that still is."""
        opened = self._session.front

        def done(document: Document) -> None:
            if self._session.front is opened:
                take(document)

        self._session.jobs.start("Reading a version", version.document, done)

    def restore(self, version: Version) -> None:
        """Makes the document in front what a version is, in one step of its history; what it was is kept as well."""
        opened = self._session.front

        def take(document: Document) -> None:
            from graph_engine.document.versions import Reason, restoring

            self.keep(opened, Reason.RESTORED)
            self._session.attempt(restoring(opened.document, document))

        self.read(version, take)

    def _on_saved(self, opened: OpenDocument) -> None:
        from graph_engine.document.versions import Reason

        self.keep(opened, Reason.SAVED)

    def _on_failed(self, error: Exception) -> None:
        if not self._told:
            self._told = True
            self.failed.emit(f"Earlier versions can't be kept: {error}")
