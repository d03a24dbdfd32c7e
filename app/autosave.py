"""Keeps the crash journals of the open documents, and says when they last wrote."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from app.open_document import OpenDocument
from graph_engine.document import Edit, SetAbout
from graph_engine.home import HomeError, journal_folder

if TYPE_CHECKING:
    from app.session import Session
    from graph_engine.document.journal import Journal, Recovery


class Autosave(QObject):
    """Records every edit of every open document in a crash journal of its own.

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
        self._journals: dict[OpenDocument, Journal] = {}
        self._wrote: dict[OpenDocument, float] = {}
        self._ready = False
        self._trouble = ""
        session.documents_changed.connect(self._follow)
        session.opened.connect(self.changed)
        session.file_saved.connect(self._rebase)

    @property
    def seconds_ago(self) -> float | None:
        """How long ago (s) the last change of the document in front was recorded; None when nothing was changed."""
        wrote = self._wrote.get(self._session.front)
        return None if wrote is None else self._clock() - wrote

    @property
    def trouble(self) -> str:
        """Why it does not write; empty when it does."""
        return self._trouble

    def start(self) -> None:
        """Loads what it needs, tells what crashed windows left, and begins to record."""
        self._session.jobs.start("Looking for unsaved work", _look, self._on_ready, self._on_no_journal)

    def close(self) -> None:
        """The documents were closed on purpose: their journals go."""
        for opened in tuple(self._journals):
            self._end(opened)
        self._ready = False

    def _on_ready(self, left: list[Recovery]) -> None:
        self._ready = True
        self._follow()
        if left:
            self.found.emit(left)

    def _on_no_journal(self, error: Exception) -> None:
        self._trouble = str(error) if isinstance(error, HomeError) else f"The crash journal can't be kept: {error}."
        self.failed.emit(self._trouble)
        self.changed.emit()

    def _follow(self) -> None:
        """Begins journals of documents that were opened, and ends those of documents that were closed."""
        if not self._ready:
            return
        for opened in tuple(self._journals):
            if opened not in self._session.documents:
                self._end(opened)
        for opened in self._session.documents:
            if opened not in self._journals:
                self._begin(opened)
        self.changed.emit()

    def _begin(self, opened: OpenDocument) -> None:
        from graph_engine.document.journal import Journal

        try:
            folder = journal_folder()
        except HomeError as error:
            self._on_no_journal(error)
            return
        self._journals[opened] = Journal(folder, opened.document, opened.path, self._on_trouble)
        opened.history.applied = partial(self._record, opened)
        if opened.dirty:
            self._record(opened, _mark(opened))

    def _end(self, opened: OpenDocument) -> None:
        opened.history.applied = _ignore
        self._journals.pop(opened).close()
        self._wrote.pop(opened, None)

    def _record(self, opened: OpenDocument, edit: Edit) -> None:
        self._trouble = ""
        self._journals[opened].record(edit)  # type: ignore[arg-type]  # every edit is one of AnyEdit
        if not self._trouble:
            self._wrote[opened] = self._clock()
        self.changed.emit()

    def _rebase(self, opened: OpenDocument) -> None:
        journal = self._journals.get(opened)
        if journal is not None:
            journal.rebase(opened.path)
            if opened.dirty:
                self._record(opened, _mark(opened))

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
