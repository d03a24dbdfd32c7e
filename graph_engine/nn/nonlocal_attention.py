"""Attention over the pixels of an image, each with its paper."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn


class NonLocal(nn.Module):
    """Every pixel gathers from all others: y_i = x_i + W Σ_j f(x_i, x_j) g(x_j) / C(x).

    `affinity` is f: `gaussian` and `embedded gaussian` (a softmax over j), `dot product` and `concatenation` (divided
    by the number of pixels). With `subsample`, what is gathered from is max-pooled by 2. W ends in a batch norm
    whose scale begins at `start`.
    x: (N, C, H, W) -> y: (N, C, H, W). Wang, Girshick, Gupta, He (2018). Non-local neural networks.
    """

    def __init__(
        self,
        channels: int,
        inner: int,
        affinity: str = "embedded gaussian",
        subsample: bool = False,
        start: float = 0.0,
    ) -> None:
        super().__init__()
        self.affinity = affinity
        embeds = affinity != "gaussian"
        self.pool = nn.MaxPool2d(2) if subsample else nn.Identity()
        self.value = nn.Conv2d(channels, inner, 1)
        self.query = nn.Conv2d(channels, inner, 1) if embeds else nn.Identity()
        self.key = nn.Conv2d(channels, inner, 1) if embeds else nn.Identity()
        self.concat = nn.Conv2d(2 * inner, 1, 1, bias=False) if affinity == "concatenation" else nn.Identity()
        self.output = nn.Conv2d(inner, channels, 1)
        self.norm = nn.BatchNorm2d(channels)
        nn.init.constant_(self.norm.weight, start)

    def forward(self, x: Tensor) -> Tensor:
        query = self.query(x).flatten(2)  # (N, E, P) with P = H·W
        key = self.pool(self.key(x)).flatten(2)  # (N, E, Q), Q pixels to gather from
        value = self.pool(self.value(x)).flatten(2)
        y = value @ self.weights(query, key).transpose(1, 2)  # (N, inner, P)
        rest: Tensor = self.norm(self.output(y.unflatten(2, x.shape[2:])))
        return x + rest

    def weights(self, query: Tensor, key: Tensor) -> Tensor:
        """f(x_i, x_j)/C(x): (N, E, P), (N, E, Q) -> (N, P, Q)."""
        if self.affinity == "concatenation":
            shape = (-1, -1, query.shape[2], key.shape[2])
            pairs = torch.cat([query[..., :, None].expand(shape), key[..., None, :].expand(shape)], 1)
            return F.relu(self.concat(pairs)).squeeze(1) / key.shape[2]
        scores = query.transpose(1, 2) @ key
        return scores / key.shape[2] if self.affinity == "dot product" else F.softmax(scores, -1)


class SpatialAttention(nn.Module):
    """Self-attention over pixels with a learned share: y = γ o + x, o_j = Σ_i softmax_i(f(x_i)ᵀ g(x_j)) h(x_i).

    γ begins at `start`. x: (N, C, H, W) -> y: (N, C, H, W). Zhang, Goodfellow, Metaxas, Odena (2019). Self-attention
    generative adversarial networks.
    """

    def __init__(self, channels: int, inner: int, start: float = 0.0) -> None:
        super().__init__()
        self.key = nn.Conv2d(channels, inner, 1)
        self.query = nn.Conv2d(channels, inner, 1)
        self.value = nn.Conv2d(channels, channels, 1)
        self.gamma = nn.Parameter(torch.tensor([start]))

    def forward(self, x: Tensor) -> Tensor:
        key, query, value = (each(x).flatten(2) for each in (self.key, self.query, self.value))  # (N, E, H·W)
        weights = F.softmax(query.transpose(1, 2) @ key, -1)  # (N, H·W, H·W), rows sum to one
        gathered: Tensor = (value @ weights.transpose(1, 2)).view_as(x)
        return self.gamma * gathered + x
