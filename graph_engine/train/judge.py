"""Which epoch did best so far, and whether it is time to stop."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(slots=True)
class Judge:
    """Looks at one loss after every epoch: that of the validation samples, or of training where none are held out.

    The loss rather than the accuracy decides: it tells apart epochs that get equally many right, and always means
    better when smaller.
    """

    patience: int | None
    value: float | None = None
    step: int = 0
    epoch: int = 0
    metrics: dict[str, float] = field(default_factory=dict)
    waited: int = 0

    def look(self, metrics: Mapping[str, float], step: int, epoch: int) -> bool:
        """Whether this epoch (the number of epochs done) is the best so far."""
        value = metrics.get("val_loss", metrics.get("train_loss"))
        if value is None or math.isnan(value) or (self.value is not None and value >= self.value):
            self.waited += 1
            return False
        self.value, self.step, self.epoch, self.metrics, self.waited = value, step, epoch, dict(metrics), 0
        return True

    @property
    def has_enough(self) -> bool:
        """Whether `patience` epochs went by without a better one."""
        return self.patience is not None and self.waited >= self.patience

    @property
    def best(self) -> dict[str, float]:
        """The best epoch: its number, step and metrics; empty before the first."""
        return {} if self.value is None else {"epoch": self.epoch, "step": self.step, **self.metrics}

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
