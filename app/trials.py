"""What is found out of the document in front by trying it in a job: asked for, told, and forgotten when it changes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

if TYPE_CHECKING:
    from app.session import Session
    from graph_engine.compile import Program
    from graph_engine.document import Plan

Subject = tuple["Program | None", "Plan"]
"""What is tried: while it is the same, what was found of it holds."""


class Trial(QObject):
    """One thing to find out, by one job at a time."""

    changed = Signal()

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._session = session
        self._of: Subject | None = None
        self._going_on = False
        self.trouble = ""
        """Why there is none, in a sentence."""
        for signal in (session.program_changed, session.opened, session.changed):
            signal.connect(self._on_changed)

    @property
    def going_on(self) -> bool:
        return self._going_on

    @property
    def possible(self) -> bool:
        """Whether there is a program that could be tried."""
        return self._session.program is not None and not self._going_on

    @property
    def holds(self) -> bool:
        """Whether what was found is of the drawing and plan as they are."""
        return self._of == self._subject()

    def _subject(self) -> Subject:
        return self._session.program, self._session.document.plan

    def _begin(self) -> None:
        """A job is about to start; who calls this tells by `changed` once it has."""
        self._of = self._subject()
        self._going_on, self.trouble = True, ""

    def _end(self, error: Exception | None = None) -> None:
        """The job has ended."""
        self._going_on = False
        if error is not None and self.holds:
            self.trouble = (str(error).strip().splitlines() or [type(error).__name__])[0]
        self.changed.emit()

    def _on_changed(self) -> None:
        self.trouble = ""
        self.changed.emit()
