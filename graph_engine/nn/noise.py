"""Randomness that helps while training and is absent in use."""

from __future__ import annotations

import torch
from torch import Tensor, nn


class DropPath(nn.Module):
    """Sets whole samples to zero with a probability and scales the rest: Huang et al. (2016). Deep networks with
    stochastic depth.

    x: (N, ...) -> y: as x.
    """

    def __init__(self, probability: float) -> None:
        super().__init__()
        self.probability = probability

    def forward(self, x: Tensor) -> Tensor:
        if not self.training or self.probability == 0:
            return x
        kept = torch.rand(len(x), *[1] * (x.dim() - 1), device=x.device, dtype=x.dtype) >= self.probability
        return x * kept / (1 - self.probability)


class GaussianNoise(nn.Module):
    """Adds normal noise: y = x + σ ε.

    x: any -> y: as x.
    """

    def __init__(self, deviation: float) -> None:
        super().__init__()
        self.deviation = deviation

    def forward(self, x: Tensor) -> Tensor:
        return x + self.deviation * torch.randn_like(x) if self.training else x
