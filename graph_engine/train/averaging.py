"""A running mean of weights (EMA), as `torch.optim.swa_utils.AveragedModel` keeps it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn

from graph_engine.document.plan import Average


class WeightMean:
    """The mean of `parameters`; the weights themselves until the first step is taken in."""

    def __init__(self, chosen: Average, parameters: Sequence[nn.Parameter]) -> None:
        self.chosen = chosen
        self.parameters = list(parameters)
        self.steps = 0
        self.means: list[Tensor] = [parameter.detach().clone() for parameter in self.parameters]

    @torch.no_grad()
    def take_in(self) -> None:
        """After a step of the optimiser."""
        live = [parameter.detach() for parameter in self.parameters]
        if self.steps == 0:
            torch._foreach_copy_(self.means, live)
        else:
            torch._foreach_lerp_(self.means, live, 1 - self.decay)
        self.steps += 1

    @property
    def decay(self) -> float:
        """That of the next step."""
        decay = self.chosen.decay
        return min(decay, (1 + self.steps) / (10 + self.steps)) if self.chosen.warm_up else decay

    @contextmanager
    def in_place(self) -> Iterator[None]:
        """Within, the network has the means for its weights."""
        if self.steps == 0:
            yield
            return
        weights = [parameter.detach() for parameter in self.parameters]
        live = [weight.clone() for weight in weights]
        with torch.no_grad():
            torch._foreach_copy_(weights, self.means)
        try:
            yield
        finally:
            with torch.no_grad():
                torch._foreach_copy_(weights, live)

    @torch.no_grad()
    def settle(self) -> None:
        """Let the network have the means for its weights from now on."""
        if self.steps:
            torch._foreach_copy_([parameter.detach() for parameter in self.parameters], self.means)

    def state(self) -> dict[str, Any]:
        return {"steps": self.steps, "means": list(self.means)}

    def restore(self, state: Mapping[str, Any]) -> None:
        self.steps = int(state["steps"])
        for mean, saved in zip(self.means, state["means"], strict=True):
            mean.copy_(saved)
