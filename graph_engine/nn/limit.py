"""The hard limit: McCulloch, Pitts (1943). A logical calculus of the ideas immanent in nervous activity."""

from __future__ import annotations

import torch
from torch import Tensor


def hard_limit(x: Tensor) -> Tensor:
    """1 where x ≥ 0, else −1; backwards as min(max(x, −1), 1), since its own slope is 0: Hubara et al. (2016)."""
    soft = x.clamp(-1, 1)
    hard = torch.where(x >= 0, torch.ones_like(x), -torch.ones_like(x))
    return soft + (hard - soft).detach()
