"""How made samples compare with real ones, by whose neighbours they are."""

from __future__ import annotations

import torch
from torch import Tensor


def reach(real: Tensor, neighbours: int = 5) -> Tensor:
    """How far from each real sample its k-th neighbour among the others is. (N, C) -> (N,)."""
    rank = min(neighbours, len(real) - 1) + 1  # each is its own nearest
    return torch.cdist(real, real).kthvalue(rank, dim=1).values


def coverage(made: Tensor, real: Tensor, neighbours: int = 5) -> Tensor:
    """The share of real samples that have a made one within their reach. (M, …), (N, …) -> scalar.

    Naeem, Oh, Uh, Choi, Yoo (2020). Reliable fidelity and diversity metrics for generative models.
    """
    made, real = made.flatten(1), real.flatten(1)
    nearest = torch.cdist(real, made).min(dim=1).values
    return (nearest <= reach(real, neighbours)).float().mean()


def fidelity(made: Tensor, real: Tensor, neighbours: int = 5) -> Tensor:
    """The share of made samples within the reach of a real one. (M, …), (N, …) -> scalar.

    Kynkäänniemi, Karras, Laine, Lehtinen, Aila (2019). Improved precision and recall metric for assessing generative
    models.
    """
    made, real = made.flatten(1), real.flatten(1)
    return (torch.cdist(made, real) <= reach(real, neighbours)).any(dim=1).float().mean()
