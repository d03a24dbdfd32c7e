"""Numbers that do not come from the data."""

from __future__ import annotations

import torch
from torch import Tensor, nn


class Constant(nn.Module):
    """The same numbers for every sample: one everywhere, or one for each place of the last axis.

    x: (N, …), of which only N counts -> y: (N, *shape). Parameters, if learned: as many as there are numbers.
    """

    def __init__(
        self,
        shape: tuple[int, ...],
        values: tuple[float, ...] = (0.0,),
        learned: bool = False,
    ) -> None:
        super().__init__()
        start = torch.tensor(values).expand(shape).clone()
        if learned:
            self.value = nn.Parameter(start)
        else:
            self.register_buffer("value", start, persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        value = self.value.clone()  # torch's counting of costs stumbles over a weight's view
        return value.expand(x.shape[0], *value.shape)
