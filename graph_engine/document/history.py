"""Undo and redo: pairs of an edit and its inverse. Knows no window."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from graph_engine.document.document import Document
from graph_engine.document.edits import Edit
from graph_engine.document.rules import EditRefused


@dataclass(frozen=True, slots=True)
class Step:
    """An edit that was applied, what takes it back, and what may be merged with it."""

    edit: Edit
    inverse: Edit
    merge: str = ""
    label: str = ""


@dataclass(frozen=True, slots=True)
class Mark:
    """A point in the history: after this step."""

    step: Step | None


class History:
    """Applies edits to a document and takes them back.

    Edits that follow each other with one merge key (a drag, typing in one field) become a single step: the newest edit
    with the oldest inverse. `applied` hears every edit as it is applied, undo and redo as well: the journal
    listens there.
    """

    def __init__(self, document: Document) -> None:
        self.document = document
        self.applied: Callable[[Edit], None] = lambda _: None
        self._done: list[Step] = []
        self._undone: list[Step] = []
        self._saved: Step | None = None
        self._closed = True

    def perform(self, edit: Edit, merge: str = "", label: str = "") -> None:
        """Apply `edit` as a new step, or as part of the last one if both have the same `merge` key.

        Raises: EditRefused, and then nothing has changed.
        """
        inverse = self.document.apply(edit)
        self.applied(edit)
        last = self._done[-1] if self._done else None
        if merge and last is not None and last.merge == merge and not self._closed:
            self._done[-1] = Step(edit, last.inverse, merge, last.label)
        else:
            self._done.append(Step(edit, inverse, merge, label or edit.label))
        self._undone.clear()
        self._closed = False

    def close_step(self) -> None:
        """Let nothing more merge into the last step: a drag ended, a field was left."""
        self._closed = True

    def undo(self) -> str | None:
        """Take back the last step; returns its label, or None when there is none.

        Raises: EditRefused when the document was changed past this history.
        """
        if not self._done:
            return None
        step = self._done.pop()
        self._apply(step.inverse, lambda: self._done.append(step))
        self.applied(step.inverse)
        self._undone.append(step)
        self._closed = True
        return step.label

    def redo(self) -> str | None:
        """Apply again what was taken back last; returns its label, or None.

        Raises: EditRefused when the document was changed past this history.
        """
        if not self._undone:
            return None
        step = self._undone.pop()
        self._apply(step.edit, lambda: self._undone.append(step))
        self.applied(step.edit)
        self._done.append(step)
        self._closed = True
        return step.label

    def _apply(self, edit: Edit, otherwise: Callable[[], None]) -> None:
        try:
            self.document.apply(edit)
        except EditRefused:  # somebody changed the document past this history: the step stays where it was
            otherwise()
            raise

    @property
    def undo_label(self) -> str | None:
        return self._done[-1].label if self._done else None

    @property
    def redo_label(self) -> str | None:
        return self._undone[-1].label if self._undone else None

    @property
    def labels(self) -> list[str]:
        """What was done, oldest first."""
        return [step.label for step in self._done]

    @property
    def undone_labels(self) -> list[str]:
        """What was taken back and could be made again, in the order in which it would be."""
        return [step.label for step in reversed(self._undone)]

    @property
    def position(self) -> int:
        """How many steps are done."""
        return len(self._done)

    @property
    def saved_position(self) -> int | None:
        """After how many steps the document was as it is on disk; None when those steps are gone."""
        if self._saved is None:
            return 0
        steps = [*self._done, *reversed(self._undone)]
        return next((at + 1 for at, step in enumerate(steps) if step is self._saved), None)

    def go_to(self, position: int) -> None:
        """Undo or redo until `position` steps are done; what is beyond either end is passed over.

        Raises: EditRefused when the document was changed past this history; the steps before that stay as they went.
        """
        while len(self._done) > max(0, position):
            self.undo()
        while len(self._done) < position and self._undone:
            self.redo()

    def mark(self) -> Mark:
        """Where the history stands; nothing later merges into it, so that it can be come back to."""
        self._closed = True
        return Mark(self._done[-1] if self._done else None)

    def mark_saved(self, mark: Mark | None = None) -> None:
        """What was in the document at `mark` (now, if there is none) is on disk."""
        self._saved = (mark or self.mark()).step

    @property
    def clean(self) -> bool:
        """Whether the document is as it was saved or opened."""
        return (self._done[-1] if self._done else None) is self._saved
