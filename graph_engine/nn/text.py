"""Texts as counts: letters of words, and how alike the words of two texts are."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor


def similarity_histogram(similarity: Tensor, bins: int, count: str = "log") -> Tensor:
    """How many of the last axis fall into each of `bins` equal parts of −1 … 1, the last of which is 1 itself.

    `count`: `count` as it is, `share` of all, or `log` of 1 + the count. Counting has no slope: no gradient comes back.
    (N, Q, T) -> (N, Q, bins). Guo, Fan, Ai, Croft (2016). A deep relevance matching model for ad-hoc retrieval.
    """
    similarity = similarity.detach() + 1e-6  # what rounding may have taken from the cosine of equals
    place = ((similarity + 1) / 2 * (bins - 1)).long().clamp(0, bins - 1)
    empty = torch.zeros(*place.shape[:2], bins, device=similarity.device, dtype=similarity.dtype)
    found = empty.scatter_add(2, place, torch.ones_like(similarity))
    if count == "share":
        return found / similarity.shape[2]
    return torch.log1p(found) if count == "log" else found


def matching_histogram(query: Tensor, document: Tensor, bins: int, count: str = "log") -> Tensor:
    """The histogram of each query word's cosine with all words of a document.

    (N, Q, E), (N, T, E) -> (N, Q, bins). Guo, Fan, Ai, Croft (2016).
    """
    cosine = F.normalize(query, dim=2) @ F.normalize(document, dim=2).transpose(1, 2)  # (N, Q, T)
    return similarity_histogram(cosine, bins, count)


def letter_ngrams(letters: Tensor, alphabet: int, n: int = 3, features: int = 0) -> Tensor:
    """How often each n-gram of letters stands in the words of a text.

    Letter 0 is the mark before and after each word, and what fills up short texts; n-grams with a mark inside lie
    between two words and are not counted. N-gram abc is number (a · alphabet + b) · alphabet + c, of which with
    `features` the remainder is taken.
    (N, T) of 0 … alphabet − 1 -> (N, alphabetⁿ) or (N, features). Huang et al. (2013). Learning deep structured
    semantic models for web search using clickthrough data.
    """
    grams = letters.unfold(1, n, 1)  # (N, T − n + 1, n)
    number = grams[..., 0]
    for at in range(1, n):
        number = number * alphabet + grams[..., at]
    size = features or alphabet**n
    inside = (grams[..., 1:-1] != 0).all(2) & (grams != 0).any(2)
    empty = torch.zeros(letters.shape[0], size, device=letters.device)
    return empty.scatter_add(1, number % size, inside.to(empty.dtype))
