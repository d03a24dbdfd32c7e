"""The changes made in a run: those asked for, and those ahead, whose step is still to come."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from graph_engine.document import Document, Plan
from graph_engine.document.file import FileError
from graph_engine.train.changes import (
    DatedChange,
    RunChange,
    changed,
    dated_now,
    in_words,
    read_changes,
    replanned,
    require_like,
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
        self._first = document
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

    def begin(self) -> None:
        """Keep the changes ahead with a run that begins, for whoever goes on with it.

        Raises: TrainError when they can't be kept.
        """
        if self._ahead:
            self._keep(self._made, self._ahead)

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
        dated = dated_now(at.step, at.stage, change, in_words(self.document, after, at.stage))
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
        if dated.change.plan is not None:
            require_like(before.plan, dated.change.plan, stepper.position.stage)
            after = with_changes(self._first, [*self._made, dated])
        else:
            after = changed(before, dated.change, dated.stage)
        self._take(after, stepper)
        try:
            self._keep([*self._made, dated], self._ahead)
        except TrainError:
            self._take(before, stepper)
            raise
        self._made.append(dated)

    def go_on_by(self, plan: Plan, stepper: Stepper) -> None:
        """Another plan takes the place of the run's own, and of those that were still to do so.

        Raises: TrainError as `ask`.
        """
        at, ahead = stepper.position, self._ahead
        require_like(self.document.plan, plan, at.stage)
        after = self._first.snapshot()
        after.plan = plan
        dated = dated_now(at.step, at.stage, RunChange(plan=plan), in_words(self.planned, after, at.stage))
        self._ahead = [each for each in ahead if each.change.plan is None]
        try:
            self.make(dated, stepper)
        except TrainError:
            self._ahead = ahead
            raise

    def plan_due(self, step: int) -> DatedChange | None:
        """The plan that was to take the place of the run's own after step `step`, when the run was broken off."""
        due = [each for each in self._ahead if each.change.plan is not None and each.step <= step]
        self._ahead = [each for each in self._ahead if each not in due]
        return due[-1] if due else None

    @property
    def planned(self) -> Document:
        """The document by the plan that the run goes on by, without what was changed beside."""
        return replanned(self._first, self._made)

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
