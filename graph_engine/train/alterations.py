"""The changes made in a run: those asked for, and those ahead, whose step is still to come."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from graph_engine.document import Document
from graph_engine.document.file import FileError
from graph_engine.train.changes import (
    DatedChange,
    RunChange,
    changed,
    in_words,
    read_changes,
    with_changes,
    write_changes,
)
from graph_engine.train.errors import TrainError
from graph_engine.train.stepper import Stepper


class Alterations:
    """Makes changes between two steps and keeps them with the run. `document` is as the run goes on now."""

    def __init__(self, document: Document, folder: Path | None, ahead: Sequence[DatedChange] = ()) -> None:
        """`ahead` are changes to be made when their step comes, as those of a run that is done again."""
        self.document = document
        self._folder = folder
        self._made: list[DatedChange] = []
        self._ahead = list(ahead)

    @property
    def next_step(self) -> int:
        """The step after which the next change ahead is to be made; -1 when there is none."""
        return self._ahead[0].step if self._ahead else -1

    def kept(self) -> list[DatedChange]:
        """The changes that the folder knows."""
        return read_changes(self._folder) if self._folder is not None else []

    def begin_at(self, step: int, stepper: Stepper, known: Sequence[DatedChange]) -> None:
        """The run goes on after `step`: of the changes `known`, those made before are in force, what comes later is to
        be made then.

        Raises: TrainError.
        """
        self._made = [each for each in known if each.step < step]
        self._ahead = [each for each in known if each.step >= step] or self._ahead
        if self._made:
            self._take(with_changes(self.document, self._made), stepper)

    def due(self, stepper: Stepper) -> list[DatedChange]:
        """Takes out the changes ahead that are to be made now."""
        at = stepper.position
        due = [each for each in self._ahead if each.step <= at.step and not (each.change.waits and at.epoch_step)]
        self._ahead = [each for each in self._ahead if each not in due]
        return due

    def ask(self, change: RunChange, stepper: Stepper) -> None:
        """Makes a change now, or keeps one that has to wait for the end of the epoch.

        Raises: TrainError when it does not fit or can't be kept; then nothing has changed.
        """
        at = stepper.position
        after = changed(self.document, change, at.stage)
        words = in_words(self.document, after, at.stage)
        dated = DatedChange(at.step, at.stage, change, words, datetime.now(UTC).isoformat(timespec="seconds"))
        if not (change.waits and at.epoch_step):
            self.make(dated, stepper)
            return
        left = min(stepper.course.steps_per_epoch - at.epoch_step, stepper.course.steps - at.stage_step)
        stepper.require(after.plan)  # refused now rather than then
        ahead = [*self._ahead, replace(dated, step=at.step + left)]
        self._keep(self._made, ahead)
        self._ahead = sorted(ahead, key=lambda each: each.step)

    def make(self, dated: DatedChange, stepper: Stepper) -> None:
        """Makes a change whose time has come.

        Raises: TrainError as `ask`.
        """
        before = self.document
        self._take(changed(before, dated.change, dated.stage), stepper)
        try:
            self._keep([*self._made, dated], self._ahead)
        except TrainError:
            self._take(before, stepper)
            raise
        self._made.append(dated)

    def _keep(self, made: Sequence[DatedChange], ahead: Sequence[DatedChange]) -> None:
        if self._folder is None:
            return
        try:
            write_changes(self._folder, [*made, *ahead])
        except FileError as error:
            raise TrainError(str(error)) from error

    def _take(self, document: Document, stepper: Stepper) -> None:
        stepper.change(document)
        self.document = document
