"""Memories that are read by attention: Sukhbaatar, Szlam, Weston, Fergus (2015). End-to-end memory networks; Miller,
Fisch, Dodge, Karimi, Bordes, Weston (2016). Key-value memory networks for directly reading documents.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn


def word_weights(x: Tensor, features: int, pad_token: int = 0, by_position: bool = False) -> Tensor:
    """How much each feature of each word counts: 0 for padding, else 1 or, of J words by position,
    l_kj = (1 − j/J) − (k/E)(1 − 2j/J), both counted from 1.

    x: (…, W), padding behind the words -> (…, W, E), or (…, W, 1) where positions do not count.
    """
    there = (x != pad_token).unsqueeze(-1).to(torch.get_default_dtype())  # (…, W, 1)
    if not by_position:
        return there
    j = torch.arange(1, x.shape[-1] + 1, device=x.device, dtype=there.dtype).unsqueeze(1)
    j = j / there.sum(-2, keepdim=True).clamp_min(1)  # (…, W, 1)
    k = torch.arange(1, features + 1, device=x.device, dtype=there.dtype) / features
    return there * ((1 - j) - k * (1 - 2 * j))


class SentenceEncoder(nn.Module):
    """One vector for each sentence: the sum of its words' vectors, which may be weighed by their places.

    x: (N, S, W) or (N, W) -> y: (N, S, E) or (N, E), and the vectors of all words: (N, V, E).
    Parameters: V E.
    """

    def __init__(self, vocabulary: int, features: int, pad_token: int = 0, by_position: bool = False) -> None:
        super().__init__()
        self.pad_token = pad_token
        self.by_position = by_position
        self.words = nn.Parameter(torch.randn(vocabulary, features) * 0.1)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        weights = word_weights(x, self.words.shape[1], self.pad_token, self.by_position).to(self.words.dtype)
        y = (weights * self.words[x]).sum(-2)
        # Cloned, because torch's counting of costs stumbles over a weight's view.
        return y, self.words.clone().expand(x.shape[0], -1, -1)


def encode_sentences(
    x: Tensor,
    words: Tensor,
    pad_token: int = 0,
    by_position: bool = False,
) -> tuple[Tensor, Tensor]:
    """`SentenceEncoder` with the word vectors of another one.

    x: (N, S, W) or (N, W), words: (N, V, E) -> y: (N, S, E) or (N, E), and the words as they are.
    """
    e = words.shape[2]
    weights = word_weights(x, e, pad_token, by_position).to(words.dtype)
    found = words.gather(1, x.flatten(1).unsqueeze(2).expand(-1, -1, e)).view(*x.shape, e)
    return (weights * found).sum(-2), words


def score_words(u: Tensor, words: Tensor) -> Tensor:
    """The product of a vector with that of each word. u: (N, E), words: (N, V, E) -> (N, V)."""
    return torch.bmm(words, u.unsqueeze(2)).squeeze(2)


def memory_hop(u: Tensor, m: Tensor, c: Tensor) -> tuple[Tensor, Tensor]:
    """u + Σᵢ pᵢ cᵢ with p = softmax(u·mᵢ), and p. u: (N, E), m and c: (N, S, E) -> (N, E), (N, S)."""
    p = torch.softmax(torch.bmm(m, u.unsqueeze(2)).squeeze(2), 1)  # (N, S)
    return u + torch.bmm(p.unsqueeze(1), c).squeeze(1), p


class KeyValueMemory(nn.Module):
    """R (q + Σᵢ pᵢ vᵢ) with p = softmax(q·kᵢ), and p: what is matched differs from what is read.

    q: (N, E), keys and values: (N, S, E) -> y: (N, E), p: (N, S). Parameters: E².
    """

    def __init__(self, features: int) -> None:
        super().__init__()
        self.turn = nn.Linear(features, features, bias=False)

    def forward(self, q: Tensor, keys: Tensor, values: Tensor) -> tuple[Tensor, Tensor]:
        p = torch.softmax(torch.bmm(keys, q.unsqueeze(2)).squeeze(2), 1)  # (N, S)
        return self.turn(q + torch.bmm(p.unsqueeze(1), values).squeeze(1)), p
