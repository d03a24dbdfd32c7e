"""Attention: Vaswani et al. (2017). Attention is all you need."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn


class SelfAttention(nn.Module):
    """Multi-head self-attention over the steps of a sequence.

    x: (N, T, E) -> y: (N, T, E). Parameters: 4 (E² + E), without bias 4 E².
    """

    def __init__(self, features: int, heads: int, bias: bool = True) -> None:
        super().__init__()
        self.heads = heads
        self.query_key_value = nn.Linear(features, 3 * features, bias=bias)
        self.output = nn.Linear(features, features, bias=bias)

    def forward(self, x: Tensor) -> Tensor:
        n, t, e = x.shape
        q, k, v = self.query_key_value(x).view(n, t, 3, self.heads, e // self.heads).permute(2, 0, 3, 1, 4)
        y = F.scaled_dot_product_attention(q, k, v)  # (N, h, T, E/h)
        return self.output(y.transpose(1, 2).reshape(n, t, e))


class SelfAttention2d(nn.Module):
    """Multi-head self-attention over the pixels of an image.

    x: (N, C, H, W) -> y: (N, C, H, W).
    """

    def __init__(self, channels: int, heads: int, bias: bool = True) -> None:
        super().__init__()
        self.attention = SelfAttention(channels, heads, bias)

    def forward(self, x: Tensor) -> Tensor:
        y = self.attention(x.flatten(2).transpose(1, 2))  # (N, H·W, C)
        return y.transpose(1, 2).reshape(x.shape)


class PositionEmbedding(nn.Module):
    """Adds a learned vector to each position.

    x: (N, T, E) -> y: (N, T, E), with T at most `length`. Parameters: length · E.
    """

    def __init__(self, length: int, features: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(length, features) * 0.02)

    def forward(self, x: Tensor) -> Tensor:
        return x + self.weight[: x.shape[1]]
