"""Keeps the crash journal of the document in front, and says when it last wrote."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from app.open_document import OpenDocument
from graph_engine.document import Edit, SetAbout
from graph_engine.home import HomeError, journal_folder

if TYPE_CHECKING:
    from app.session import Session
    from graph_engine.document.journal import Journal, Recovery


class Autosave(QObject):
    """Records every edit of the session in a crash journal.

    The journal's code is loaded on a job, since it takes longer than a window may wait; what was changed until then is
    in the journal's first entry.
    """

    changed = Signal()
    """It wrote, or stopped writing."""
    found = Signal(object)
    """What crashed windows left: a list of `Recovery`, newest first, never empty."""
    failed = Signal(str)
    """Why nothing can be recorded, in a sentence."""

    def __init__(self, session: Session, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__(session)
        self._session = session
        self._clock = clock
        self._journal: Journal | None = None
        self._of: OpenDocument | None = None
        self._ready = False
        self._trouble = ""
        self.wrote_at: float | None = None
        """When it last wrote, by its clock (s); None as long as nothing was changed."""
        session.opened.connect(self._on_opened)
        session.file_saved.connect(self._rebase)

    @property
    def seconds_ago(self) -> float | None:
        """How long ago (s) the last change was recorded."""
        return None if self.wrote_at is None else self._clock() - self.wrote_at

    @property
    def trouble(self) -> str:
        """Why it does not write; empty when it does."""
        return self._trouble

    def start(self) -> None:
        """Loads what it needs, tells what crashed windows left, and begins to record."""
        self._session.jobs.start("Looking for unsaved work", _look, self._on_ready, self._on_no_journal)

    def close(self) -> None:
        """The document was closed on purpose: its journal goes."""
        if self._journal is not None:
            self._journal.close()
            self._journal = None
        if self._of is not None:
            self._of.history.applied = _ignore
            self._of = None

    def _on_ready(self, left: list[Recovery]) -> None:
        self._ready = True
        self._on_opened()
        if left:
            self.found.emit(left)

    def _on_no_journal(self, error: Exception) -> None:
        self._trouble = str(error) if isinstance(error, HomeError) else f"The crash journal can't be kept: {error}."
        self.failed.emit(self._trouble)
        self.changed.emit()

    def _on_opened(self) -> None:
        if not self._ready:
            return
        from graph_engine.document.journal import Journal

        self.close()
        front = self._session.front
        try:
            folder = journal_folder()
        except HomeError as error:
            self._on_no_journal(error)
            return
        self._journal = Journal(folder, front.document, front.path, self._on_trouble)
        self._of = front
        self.wrote_at = None
        front.history.applied = self._record
        if front.dirty:
            self._record(_mark(front))
        self.changed.emit()

    def _record(self, edit: Edit) -> None:
        if self._journal is not None:
            self._trouble = ""
            self._journal.record(edit)  # type: ignore[arg-type]  # every edit is one of AnyEdit
            if not self._trouble:
                self.wrote_at = self._clock()
            self.changed.emit()

    def _rebase(self) -> None:
        if self._journal is not None and self._of is self._session.front:
            self._journal.rebase(self._session.path)
            if self._session.dirty:
                self._record(_mark(self._session.front))

    def _on_trouble(self, text: str) -> None:
        self._trouble = text
        self.failed.emit(text)


def _look() -> list[Recovery]:
    from graph_engine.document.journal import recoverable

    return recoverable(journal_folder())


def _mark(opened: OpenDocument) -> SetAbout:
    """An entry that changes nothing: it says that the journal's beginning is not on disk elsewhere."""
    return SetAbout(opened.document.title, opened.document.notes)


def _ignore(edit: Edit) -> None:
    pass
