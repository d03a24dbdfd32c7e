"""When a run is saved: checkpoints on disk, and a copy in memory to go back to when something is no longer finite.

On disk: at every pause, stop and end, after an epoch (but not more than once a second, so that epochs of a few
milliseconds are not spent waiting for the disk), and within an epoch after 30 s. A network that is too large to be
copied in memory is also saved after the first step, and after the first one by another plan, so that there is always
something to go back to: what an error costs at worst is 30 s of training, which are taken again.
"""

from __future__ import annotations

import copy
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from graph_engine.train.checkpoints import Checkpoint, Checkpoints
from graph_engine.train.errors import TrainError
from graph_engine.train.history import History
from graph_engine.train.stepper import State, Stepper

if TYPE_CHECKING:
    from torch import Tensor

EPOCH_INTERVAL = 1.0
"""s between checkpoints at the ends of epochs."""
SAVE_SHARE = 200
"""How many times as long as a checkpoint took is waited until the next at the end of an epoch."""
LONGEST = 30.0
"""s between checkpoints at most."""
COPY_INTERVAL = 1.0
"""s between copies in memory at least; longer for large networks, so that they take 2 % of the time at most."""
COPY_SHARE = 50
LARGEST_COPY = 1 << 29
"""Bytes of weights beyond which no copy is kept in memory; a bad step is then looked for from the newest checkpoint,
and what an error broke off is taken again from there.
"""

Weights = dict[str, "Tensor"]


@dataclass(slots=True)
class Keeper:
    """Saves one run; `folder` None: nothing goes to disk."""

    folder: Path | None
    history: History | None
    _saved_at: float = field(default_factory=time.perf_counter)
    _save_took: float = 0.0
    _copied_at: float = 0.0
    _copy_took: float = 0.0
    _good: tuple[Weights, State] | None = None
    _changed_at: int = -1  # the step after which the plan was changed last
    _saved_step: int = -1  # that of the newest checkpoint of this session
    _best: tuple[Weights, int, int, dict[str, float]] | None = None

    @property
    def checkpoints(self) -> Checkpoints | None:
        return Checkpoints(self.folder / "checkpoints") if self.folder is not None else None

    def is_due(self, now: float, *, epoch_done: bool = False) -> bool:
        """Whether to save at time `now` (s, of `time.perf_counter`)."""
        if self.folder is not None and not self.can_go_back:
            return True
        interval = max(EPOCH_INTERVAL, SAVE_SHARE * self._save_took) if epoch_done else LONGEST
        return now - self._saved_at >= min(interval, LONGEST)

    def save(self, stepper: Stepper, more: Mapping[str, Any], metrics: Mapping[str, float]) -> None:
        """Save a checkpoint of this very step, and the best weights if there are new ones. `more` is added to the
        state; it holds that of the judge as `best`.

        Raises: TrainError when that is not possible (full disk).
        """
        checkpoints = self.checkpoints
        started = self._saved_at = time.perf_counter()
        if checkpoints is None and stepper.shards is None:
            return
        weights, state = stepper.whole_weights(), stepper.whole_state()
        if checkpoints is None:
            return
        at = stepper.position
        try:
            if self.history is not None:
                self.history.sync()
            if self._best is not None:
                best, step, epoch, best_metrics = self._best
                checkpoints.save("best", best, step=step, epoch=epoch, metrics=best_metrics)
                self._best = None
            state = {**state, **more}
            best_step = state["best"]["step"]
            checkpoints.save("step", weights, state, step=at.step, epoch=at.epoch, metrics=metrics, best=best_step)
        except OSError as error:
            raise disk_error(error, at.step) from error
        self._saved_at, self._saved_step = time.perf_counter(), at.step
        self._save_took = self._saved_at - started

    def keep_best(self, stepper: Stepper, metrics: Mapping[str, float]) -> None:
        """Remember these weights as the best; they go to disk with the next checkpoint."""
        if self.folder is not None or stepper.shards is not None:
            weights = {name: tensor.detach().cpu().clone() for name, tensor in stepper.whole_weights().items()}
            self._best = (weights, stepper.position.step, stepper.position.epoch + 1, dict(metrics))

    def remember(
        self, stepper: Stepper, now: float, more: Callable[[], Mapping[str, Any]], *, at_once: bool = False
    ) -> bool:
        """Copy the state into memory if it is time to, with what `more` adds to it as to that of a checkpoint; False
        when some weight is not finite: nothing good to keep.
        """
        if not at_once and not self.copy_is_due(now):
            return True
        tensors = stepper.network.state_dict().values()
        if sum(tensor.numel() * tensor.element_size() for tensor in tensors) > LARGEST_COPY:
            return True
        if not stepper.is_finite():
            return False
        self._good = None  # so that there are never two copies; a run that has no memory for the new one is over
        weights = {name: tensor.detach().clone() for name, tensor in stepper.weights().items()}
        self._good = (weights, copy.deepcopy({**stepper.state(), **more()}))
        self._copied_at = time.perf_counter()
        self._copy_took = self._copied_at - now
        return True

    def copy_is_due(self, now: float) -> bool:
        """Whether to look whether all is well, and copy it, at time `now`."""
        return now - self._copied_at >= max(COPY_INTERVAL, COPY_SHARE * self._copy_took)

    @property
    def copied(self) -> tuple[Weights, State] | None:
        """What was copied into memory last."""
        return self._good

    @property
    def can_go_back(self) -> bool:
        """Whether there is something to take steps again from: a copy, or a checkpoint since the plan was changed."""
        return self._good is not None or self._saved_step > self._changed_at

    def last_good(self) -> tuple[Weights, State] | None:
        """The newest weights and state known to be finite, from which the steps since can be taken again."""
        if self._good is not None:
            return self._good
        newest = self.newest()
        return (newest.weights, newest.state) if newest is not None and newest.step > self._changed_at else None

    def begin_anew(self, stepper: Stepper, more: Callable[[], Mapping[str, Any]]) -> None:
        """The plan was changed: what was kept before is of another."""
        self._good, self._changed_at = None, stepper.position.step
        self.remember(stepper, time.perf_counter(), more, at_once=True)

    def mark(self, step: int) -> None:
        """Keep the checkpoint of `step` as long as the run."""
        if self.checkpoints is not None:
            self.checkpoints.keep(step)

    def go_back(self, step: int, best: int) -> bool:
        """Remove what was saved after `step`: it is damaged, or will be measured again. False when the weights of step
        `best`, the best until then, are gone.
        """
        checkpoints = self.checkpoints
        return checkpoints is None or checkpoints.go_back(step, best)

    def newest(self) -> Checkpoint | None:
        """The newest checkpoint on disk that is whole."""
        checkpoints = self.checkpoints
        found = checkpoints.newest() if checkpoints is not None else None
        self._saved_step = found.step if found is not None else -1
        return found


def disk_error(error: OSError, step: int) -> TrainError:
    """What to say when nothing can be saved at `step`."""
    why = error.strerror or str(error)
    return TrainError(f"Step {step} could not be saved ({why}): free some space and resume the run.")
