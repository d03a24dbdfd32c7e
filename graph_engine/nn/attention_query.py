"""A query gathers from a memory what answers it: Bahdanau, Cho, Bengio (2015). Neural machine translation by jointly
learning to align and translate; Luong, Pham, Manning (2015); Chorowski et al. (2015); Vaswani et al. (2017).
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn


def padded_steps(mask: Tensor, x: Tensor) -> Tensor:
    """Which steps of `x` are padding. Where all are, none is: there must be something to look at.

    mask: (N, T), 0 at padding, or how many steps count: (N,); x: (N, T, E) -> (N, T).
    """
    padding = mask == 0 if mask.ndim == 2 else torch.arange(x.shape[1], device=x.device) >= mask.unsqueeze(1)
    return padding & ~padding.all(1, keepdim=True)


def mask_scores(scores: Tensor, padding: Tensor) -> Tensor:
    """`scores` with −∞ at padding. scores: (N, T) or (N, S, T), padding: (N, T) -> as scores."""
    return scores.masked_fill(padding if scores.ndim == 2 else padding.unsqueeze(1), float("-inf"))


def read_memory(scores: Tensor, memory: Tensor, padding: Tensor | None = None) -> tuple[Tensor, Tensor]:
    """The average of what is stored, weighted by the softmax of its scores, and the weights.

    scores: (N, T) or (N, S, T), memory: (N, T, D), padding: (N, T) -> (N, D), (N, T) or (N, S, D), (N, S, T).
    """
    if padding is not None:
        scores = mask_scores(scores, padding)
    weights = torch.softmax(scores, -1)
    return torch.einsum("n...t,ntd->n...d", weights, memory), weights


def attend(query: Tensor, key: Tensor, value: Tensor, scaled: bool = True, by_length: bool = False) -> Tensor:
    """softmax(q kᵀ) v, the scores `scaled` by 1/√E, `by_length` times √T. (N, S, E), (N, T, E), (N, T, D) -> (N, S, D).

    Vaswani et al. (2017). Attention is all you need; Gehring et al. (2017) for the length.
    """
    scores = query @ key.transpose(1, 2)  # (N, S, T)
    if scaled:
        scores = scores / key.shape[2] ** 0.5
    y = F.softmax(scores, -1) @ value
    return y * value.shape[1] ** 0.5 if by_length else y


def dot_attention(
    query: Tensor, memory: Tensor, padding: Tensor | None = None, scaled: bool = False
) -> tuple[Tensor, Tensor]:
    """Scores are dot products, `scaled` by 1/√E.

    query: (N, E) or (N, S, E), memory: (N, T, E) -> y: (N, E) or (N, S, E), weights: (N, T) or (N, S, T).
    Luong, Pham, Manning (2015). Effective approaches to attention-based neural machine translation.
    """
    scores = torch.einsum("n...e,nte->n...t", query, memory)
    if scaled:
        scores = scores / memory.shape[2] ** 0.5
    return read_memory(scores, memory, padding)


def cosine_attention(
    query: Tensor, memory: Tensor, sharpness: Tensor | float = 1.0, padding: Tensor | None = None
) -> tuple[Tensor, Tensor]:
    """Scores are β cos(query, memory).

    query: (N, E) or (N, S, E), memory: (N, T, E), sharpness β: (N, 1), (N, S, 1) or a number
    -> y: (N, E) or (N, S, E), weights: (N, T) or (N, S, T). Graves, Wayne, Danihelka (2014). Neural Turing machines.
    """
    cosine = torch.einsum("n...e,nte->n...t", F.normalize(query, dim=-1), F.normalize(memory, dim=-1))
    return read_memory(sharpness * cosine, memory, padding)


class BilinearAttention(nn.Module):
    """Scores are qᵀ W m, what Luong, Pham, Manning (2015) call general.

    query: (N, E) or (N, S, E), memory: (N, T, D) -> y: (N, D) or (N, S, D), weights: (N, T) or (N, S, T).
    Parameters: E D.
    """

    def __init__(self, query_features: int, memory_features: int) -> None:
        super().__init__()
        self.key = nn.Linear(memory_features, query_features, bias=False)

    def forward(self, query: Tensor, memory: Tensor, padding: Tensor | None = None) -> tuple[Tensor, Tensor]:
        scores = torch.einsum("n...e,nte->n...t", query, self.key(memory))
        return read_memory(scores, memory, padding)


class AdditiveScores(nn.Module):
    """How well each step of a memory answers a query: vᵀ tanh(W q + U m), or `normalised` g v̂ᵀ tanh(W q + U m + b).

    query: (N, E) or (N, S, E), memory: (N, T, D) -> (N, T) or (N, S, T). Parameters:
    A (E + D + 1), with `bias` 2 A more; `normalised` A + 1 more: b, and the length g of v.
    """

    def __init__(
        self,
        query_features: int,
        memory_features: int,
        features: int,
        bias: bool = False,
        score_bias: bool = False,
        activation: str = "tanh",
        normalised: bool = False,
    ) -> None:
        super().__init__()
        self.query = nn.Linear(query_features, features, bias=bias)
        self.memory = nn.Linear(memory_features, features, bias=bias or normalised)
        self.activation = nn.Tanh() if activation == "tanh" else nn.ReLU()
        self.score = nn.Linear(features, 1, bias=score_bias)
        if normalised:
            nn.utils.parametrizations.weight_norm(self.score)

    def forward(self, query: Tensor, memory: Tensor) -> Tensor:
        q = self.query(query).unsqueeze(-2)  # (N, 1, A) or (N, S, 1, A)
        m = self.memory(memory)  # (N, T, A)
        if query.ndim == 3:
            m = m.unsqueeze(1)  # (N, 1, T, A)
        scores: Tensor = self.score(self.activation(q + m))
        return scores.squeeze(-1)


class AdditiveAttention(nn.Module):
    """The average of a memory, weighted by the softmax of `AdditiveScores`, and the weights.

    query: (N, E) or (N, S, E), memory: (N, T, D) -> y: (N, D) or (N, S, D), weights: (N, T) or (N, S, T).
    """

    def __init__(
        self,
        query_features: int,
        memory_features: int,
        features: int,
        bias: bool = False,
        score_bias: bool = False,
        activation: str = "tanh",
        normalised: bool = False,
    ) -> None:
        super().__init__()
        self.scores = AdditiveScores(
            query_features, memory_features, features, bias, score_bias, activation, normalised
        )

    def forward(self, query: Tensor, memory: Tensor, padding: Tensor | None = None) -> tuple[Tensor, Tensor]:
        return read_memory(self.scores(query, memory), memory, padding)


class LocationAttention(nn.Module):
    """Additive attention that also knows where it looked: scores vᵀ tanh(W q + U m + L f), f = F * weights before.

    query: (N, E), memory: (N, T, D), before: (N, T), total (with `maps` = 2): (N, T) -> y: (N, D), weights: (N, T).
    Parameters: A (E + D + filters + 1) + maps · filters · kernel, with `bias` A more.
    Chorowski, Bahdanau, Serdyuk, Cho, Bengio (2015). Attention-based models for speech recognition.
    """

    def __init__(
        self,
        query_features: int,
        memory_features: int,
        features: int,
        filters: int,
        kernel: int,
        maps: int = 1,
        bias: bool = True,
    ) -> None:
        super().__init__()
        self.query = nn.Linear(query_features, features, bias=bias)
        self.memory = nn.Linear(memory_features, features, bias=False)
        self.look = nn.Conv1d(maps, filters, kernel, padding=kernel // 2, bias=False)
        self.place = nn.Linear(filters, features, bias=False)
        self.score = nn.Linear(features, 1, bias=False)

    def forward(
        self,
        query: Tensor,
        memory: Tensor,
        before: Tensor,
        total: Tensor | None = None,
        padding: Tensor | None = None,
    ) -> tuple[Tensor, Tensor]:
        maps = before.unsqueeze(1) if total is None else torch.stack([before, total], 1)  # (N, maps, T)
        place = self.place(self.look(maps).transpose(1, 2))  # (N, T, A)
        hidden = torch.tanh(self.query(query).unsqueeze(1) + self.memory(memory) + place)
        return read_memory(self.score(hidden).squeeze(-1), memory, padding)


class MultiHeadAttention(nn.Module):
    """softmax(Q Kᵀ/√d) V in h heads of d = E/h features; Q from a query, K and V from what it looks at.

    query: (N, S, E), key: (N, T, K), value: (N, T, V), padding: (N, T) -> y: (N, S, E).
    K and V are E where they are not given. With `causal`, step s sees the steps up to s alone.
    Parameters: E (2 E + K + V), with `bias` 4 E more.
    Vaswani et al. (2017). Attention is all you need.
    """

    def __init__(
        self,
        features: int,
        heads: int,
        key_features: int | None = None,
        value_features: int | None = None,
        bias: bool = True,
        dropout: float = 0.0,
        causal: bool = False,
    ) -> None:
        super().__init__()
        self.heads = heads
        self.dropout = dropout
        self.causal = causal
        self.query = nn.Linear(features, features, bias=bias)
        self.key = nn.Linear(key_features or features, features, bias=bias)
        self.value = nn.Linear(value_features or features, features, bias=bias)
        self.output = nn.Linear(features, features, bias=bias)

    def forward(self, query: Tensor, key: Tensor, value: Tensor, padding: Tensor | None = None) -> Tensor:
        q, k, v = (
            x.unflatten(2, (self.heads, -1)).transpose(1, 2)  # (N, h, T, E/h)
            for x in (self.query(query), self.key(key), self.value(value))
        )
        seen = None
        if padding is not None:
            seen = ~padding[:, None, None]  # (N, 1, 1, T)
            if self.causal:
                seen = seen & torch.ones(q.shape[2], k.shape[2], dtype=torch.bool, device=q.device).tril()
        y = F.scaled_dot_product_attention(
            q,
            k,
            v,
            attn_mask=seen,
            dropout_p=self.dropout if self.training else 0.0,
            is_causal=self.causal and seen is None,
        )
        return self.output(y.transpose(1, 2).flatten(2))
