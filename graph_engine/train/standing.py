"""Where a run stands, beside its network: what was measured and judged, and how long it took."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from graph_engine.document.plan import Judgement
from graph_engine.train.feed import Progress
from graph_engine.train.judge import Judge
from graph_engine.train.meter import Meter
from graph_engine.train.stepper import Stepper


@dataclass(frozen=True, slots=True)
class Standing:
    """Taken out and put back with the state of the network; `elapsed` are the seconds of training."""

    meter: Meter
    judge: Judge
    elapsed: Callable[[], float]

    def state(self) -> dict[str, Any]:
        return {"meter": self.meter.state(), "best": self.judge.state(), "seconds": self.elapsed()}

    def restore(self, state: Mapping[str, Any]) -> None:
        """From a state that holds this one."""
        self.meter.restore(state["meter"], state["seconds"])
        self.judge.restore(state["best"])


def progress_of(stepper: Stepper, seconds: float, first: int) -> Progress:
    """Where training stands `seconds` into a session that began after `first` steps: place, pace, what is left."""
    at = stepper.position
    taken = at.step - first
    pace = seconds / taken if taken and seconds > 0 else None  # s a step, evaluation included
    return Progress(
        stage=at.stage + 1,
        stages=len(stepper.plan.stages),
        epoch=at.epoch,
        epochs=stepper.total_epochs,
        step=at.step,
        steps=stepper.total_steps,
        rate=stepper.plan.batch_size * stepper.course.batches / pace if pace else None,
        eta=pace * (stepper.total_steps - at.step) if pace else None,
    )


JudgedBy = tuple[Judgement, tuple[tuple[str, float], ...]]
"""What epochs are judged by: the series, and the losses that it is a sum of with their weights, if it is one."""


def judged_by(stepper: Stepper) -> JudgedBy:
    """What the epochs of the stage in progress are judged by."""
    judge = stepper.plan.judge
    objective = next((each.objective for each in stepper.updates if each.objective.names[0] == judge.name), None)
    if objective is None:
        return judge, ()
    nodes = (node for node, _ in objective.losses)
    return judge, tuple(zip(nodes, objective.weights, strict=True))
