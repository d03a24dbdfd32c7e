"""What stands around the layers of a transformer: Vaswani et al. (2017). Attention is all you need; Dosovitskiy et al.
(2021). An image is worth 16x16 words.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn


def causal_mask(x: Tensor) -> Tensor:
    """Which steps (columns) each step (rows) must not see: those after it. x: (N, T, E) -> (T, T)."""
    t = x.shape[1]
    return torch.ones(t, t, dtype=torch.bool, device=x.device).triu(1)


class ClassToken(nn.Module):
    """A learned step before all others, in which a transformer gathers what the whole sequence says.

    x: (N, T, E) -> y: (N, T + 1, E). Parameters: E.
    """

    def __init__(self, features: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(features) * 0.02)

    def forward(self, x: Tensor) -> Tensor:
        return torch.cat([self.weight.expand(x.shape[0], 1, -1), x], 1)


class LayerScale(nn.Module):
    """A learned scale of each feature that begins small.

    x: (N, …, E) -> y: as x; of an image (N, C, H, W) each channel has a scale. Parameters: E or C.
    Touvron, Cord, Sablayrolles, Synnaeve, Jégou (2021). Going deeper with image transformers.
    """

    def __init__(self, features: int, start: float = 1e-5, image: bool = False) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.full((features, 1, 1) if image else (features,), start))

    def forward(self, x: Tensor) -> Tensor:
        return self.weight * x
