"""Optimisers of a plan as those of torch."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from graph_engine.document.plan import Optimiser

if TYPE_CHECKING:
    import torch
    from torch import nn


def make_optimiser(chosen: Optimiser, parameters: Sequence[nn.Parameter]) -> torch.optim.Optimizer:
    """The torch optimiser. SGD, Adam and AdamW are the fused ones: one call for all parameters, on CPU and GPU."""
    import torch

    rate, decay = chosen.learning_rate, chosen.weight_decay
    match chosen.kind:
        case "sgd":
            return torch.optim.SGD(
                parameters,
                lr=rate,
                momentum=chosen.momentum,
                nesterov=chosen.nesterov
                and chosen.momentum > 0,  # without momentum there is nothing to look ahead with
                weight_decay=decay,
                fused=True,
            )
        case "adam":
            return torch.optim.Adam(parameters, lr=rate, betas=chosen.betas, weight_decay=decay, fused=True)
        case "adamw":
            return torch.optim.AdamW(parameters, lr=rate, betas=chosen.betas, weight_decay=decay, fused=True)
        case "rmsprop":
            return torch.optim.RMSprop(parameters, lr=rate, momentum=chosen.momentum, weight_decay=decay)
