"""Positions told by waves: Vaswani et al. (2017). Attention is all you need."""

from __future__ import annotations

import torch
from torch import Tensor


def add_sinusoids(x: Tensor, longest: float = 10000.0) -> Tensor:
    """`x` plus sin(t/longest^(2i/E)) at feature 2i and the cosine at 2i + 1. (N, T, E) -> (N, T, E)."""
    t, e = x.shape[1:]
    position = torch.arange(t, device=x.device, dtype=x.dtype)[:, None]
    frequency = longest ** (-torch.arange(0, e, 2, device=x.device, dtype=x.dtype) / e)
    angle = position * frequency  # (T, ⌈E/2⌉)
    return x + torch.stack([angle.sin(), angle.cos()], -1).flatten(1)[:, :e]
