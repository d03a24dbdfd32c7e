"""What is done for a run that can't go on: the steps that are done are saved as they were, so that it may be resumed as
if nothing had happened.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, TypeVar

from graph_engine.train.errors import TrainError
from graph_engine.train.keeper import Keeper, Weights
from graph_engine.train.memory import clear, fitting_batch, is_memory, let_go
from graph_engine.train.mishaps import explain, fit_in_words, is_of_device
from graph_engine.train.nonfinite import find_cause, return_to
from graph_engine.train.outcome import NotFinite
from graph_engine.train.position import Position
from graph_engine.train.standing import Standing
from graph_engine.train.stepper import State, Stepper
from graph_engine.train.team import Team

if TYPE_CHECKING:
    from graph_engine.compile import Program

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Ending:
    """Why a run ended, the node it concerns, if one, and a batch size that there is enough memory for; `diverged`:
    because a number was not finite.
    """

    message: str = ""
    node: str | None = None
    fits: int = 0
    diverged: bool = False


@dataclass(slots=True)
class Rescue:
    """Tells how a run failed, and keeps of it what can be kept."""

    stepper: Stepper
    program: Program
    standing: Standing
    keeper: Keeper
    team: Team | None
    judged: dict[int, float | None] = field(default_factory=dict)
    """By epoch, the value it was judged by: what schedules are told when its steps are taken again."""

    def after_error(self, error: Exception) -> Ending:
        """One worker of a team may call this alone: it asks nothing of the others."""
        message, node = explain(error, self.stepper, self.program)
        lacks_memory = is_memory(error)
        if lacks_memory:
            let_go(error)
            clear(self.stepper)
        kept = self._keep_what_is_done(error)
        if kept and not message.endswith("."):
            message += "."
        fits, advice = 0, ""
        if lacks_memory and self.team is None:
            fits = fitting_batch(error, self.stepper)
            advice = fit_in_words(fits)
        return Ending(" ".join(filter(None, (message, kept, advice))), node, fits)

    def after_not_finite(self, bad: NotFinite) -> Ending:
        """All workers of a team call this at the same moment."""
        stepper = self.stepper
        copied = self.keeper.copied if stepper.shards is not None else None  # of what is cut up, each has its part
        good = copied or self._found(self.keeper.last_good)
        if good is None:
            return Ending(f"{bad} A lower learning rate may help.", diverged=True)
        try:
            cause = find_cause(stepper, *good, bad, self._finish_epoch, self.team)
        except Exception as error:  # noqa: BLE001  the run has failed already: say what is known
            return Ending(explain(error, stepper, self.program)[0], diverged=True)
        message = cause.message
        if not self.is_finite():
            self._go_back(good)
            kept = f"The weights of step {stepper.position.step} are kept."
            message = f"{bad} {kept} A lower learning rate may help."
        try:
            self._save()
        except TrainError as error:
            message = f"{message} {error}"
        return Ending(message, cause.node, diverged=True)

    def is_finite(self) -> bool:
        """Whether all weights are finite: every worker of a team asks this at the same moment, and hears the same."""
        stepper = self.stepper
        return stepper.is_finite() if stepper.shards is not None else self._found(stepper.is_finite)

    def _keep_what_is_done(self, error: Exception) -> str:
        """Save the steps that are done, if that can be; what there is to go on from, in a sentence."""
        if self.keeper.folder is None:
            return ""
        self.stepper.count_as_not_done()
        at = replace(self.stepper.position)
        if self.stepper.shards is None and not is_of_device(error, self.stepper.device):
            with suppress(Exception):  # what was saved before is still there
                self._save_what_is_done(at)
        newest = self.keeper.newest()
        if newest is None:
            return "No step was saved." if at.step else ""
        return f"The weights of step {newest.step} are kept."

    def _save_what_is_done(self, at: Position) -> None:
        newest = self.keeper.newest()
        if at.step == (newest.step if newest is not None else 0):
            return
        if self.standing.meter.flush(at, self.standing.elapsed()) is not None:
            return
        if (self.stepper.is_whole or self._put_right(at)) and self.stepper.is_finite():
            self._save()

    def _put_right(self, at: Position) -> bool:
        """A step failed half way: go back and take those before it again. False when there is nothing to go back to."""
        good = self.keeper.last_good()
        if good is None:
            return False
        if self.team is None:  # else each step would wait for the others
            with suppress(Exception):
                return_to(self.stepper, *good, at, self._finish_epoch)
                return True
        self._go_back(good)
        return True

    def _go_back(self, good: tuple[Weights, State]) -> None:
        self.stepper.restore(*good)
        self.standing.restore(good[1])

    def _finish_epoch(self) -> None:
        """Of steps that are taken again."""
        self.stepper.judge(self.judged.get(self.stepper.position.epoch))
        self.stepper.finish_epoch()

    def _save(self) -> None:
        self.keeper.save(self.stepper, self.standing.state(), self.standing.meter.latest)

    def _found(self, find: Callable[[], T]) -> T:
        return find() if self.team is None else self.team.from_first(find)
