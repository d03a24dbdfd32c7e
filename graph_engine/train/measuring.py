"""Computing what an objective names, in training and in evaluation alike."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from graph_engine.document.plan import Plan
from graph_engine.train.devices import autocast_type
from graph_engine.train.objectives import Objective

if TYPE_CHECKING:
    from graph_engine.compile import Program


class Measurement:
    """Losses and metrics of one objective on a batch."""

    def __init__(
        self, objective: Objective, program: Program, network: nn.Module, plan: Plan, device: torch.device
    ) -> None:
        self.objective = objective
        self.names = objective.names
        self.network = network
        self._compute = program.function(objective.targets)
        self._device = device
        self._autocast = autocast_type(plan)

    def forward(self, batch: Mapping[str, Tensor]) -> Sequence[Tensor]:
        """What `names` name, the sum of the losses first. `batch` may hold more than is needed."""
        needed = {name: batch[name] for name in self._compute.inputs}
        if self._autocast is None:
            return self._summed(self._compute(self.network, **needed))
        with self.in_precision():
            return self._summed(self._compute(self.network, **needed))

    def in_precision(self) -> AbstractContextManager[object]:
        """Computing as precisely as the plan says."""
        if self._autocast is None:
            return nullcontext()
        return torch.autocast(self._device.type, self._autocast)

    def _summed(self, values: Sequence[Tensor]) -> Sequence[Tensor]:
        objective = self.objective
        if objective.is_plain:
            return values
        losses = values[: len(objective.weights)]
        total = torch.stack([weight * loss for weight, loss in zip(objective.weights, losses, strict=True)]).sum()
        return [total, *(losses if len(losses) > 1 else ()), *values[len(losses) :]]
