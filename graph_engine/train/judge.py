"""Which epoch did best so far, and whether it is time to stop."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from graph_engine.document.plan import Judgement


@dataclass(slots=True)
class Judge:
    """Looks at one series after every epoch: that of the validation samples, or of training where none are held out.

    Unless the plan says otherwise it is the loss, rather than the accuracy: it tells apart epochs that get equally many
    right.
    """

    patience: int | None
    judgement: Judgement = field(default_factory=Judgement)
    value: float | None = None
    step: int = 0
    epoch: int = 0
    metrics: dict[str, float] = field(default_factory=dict)
    waited: int = 0

    def look(self, metrics: Mapping[str, float], step: int, epoch: int) -> bool:
        """Whether this epoch (the number of epochs done) is the best so far. One in which what decides is not measured,
        as of a stage with other updates, says nothing.
        """
        if not self.is_best(metrics):
            self.waited += self.judged(metrics) is not None
            return False
        self.value, self.step, self.epoch, self.metrics, self.waited = (
            self.judged(metrics),
            step,
            epoch,
            dict(metrics),
            0,
        )
        return True

    def is_best(self, metrics: Mapping[str, float]) -> bool:
        """Whether an epoch of these figures would be the best so far."""
        value = self.judged(metrics)
        return (
            value is not None and not math.isnan(value) and (self.value is None or self._is_better(value, self.value))
        )

    def judged(self, metrics: Mapping[str, float]) -> float | None:
        """What decides; None when it was not measured."""
        name = self.judgement.name
        return metrics.get(f"val_{name}", metrics.get(f"train_{name}"))

    def _is_better(self, value: float, best: float) -> bool:
        return value > best if self.judgement.better == "greater" else value < best

    def start_over(self) -> None:
        """A stage begins: other losses, other figures. The best of the stage before stays until there is a better."""
        self.value, self.waited = None, 0

    def forget(self) -> None:
        """The weights of the best epoch are gone: the next one is the best so far."""
        self.value, self.step, self.epoch, self.metrics, self.waited = None, 0, 0, {}, 0

    @property
    def has_enough(self) -> bool:
        """Whether `patience` epochs went by without a better one."""
        return self.patience is not None and self.waited >= self.patience

    @property
    def best(self) -> dict[str, float]:
        """The best epoch: its number, step and metrics; empty before the first."""
        return {} if not self.epoch else {"epoch": self.epoch, "step": self.step, **self.metrics}

    def state(self) -> dict[str, Any]:
        return {
            "value": self.value,
            "step": self.step,
            "epoch": self.epoch,
            "metrics": dict(self.metrics),
            "waited": self.waited,
        }

    def restore(self, state: Mapping[str, Any]) -> None:
        self.value, self.step, self.epoch = state["value"], state["step"], state["epoch"]
        self.metrics, self.waited = dict(state["metrics"]), state["waited"]
