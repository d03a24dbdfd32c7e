"""How the numbers of weights, and of what an optimiser remembers of them, lie in memory."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from graph_engine.train.sharding import is_cut


def lay_channels_last(network: nn.Module) -> None:
    """Let the channels of kernels (K, C, H, W) lie side by side. Those that are cut up stay as they are, as FSDP wants
    them, and so do all others, for which torch has no such layout or another one.
    """
    for weight in network.parameters():
        if weight.dim() == 4 and not is_cut(weight):
            weight.data = weight.data.contiguous(memory_format=torch.channels_last)


def settle(optimiser: torch.optim.Optimizer) -> None:
    """Put what an optimiser has loaded where its steps look for it. Fused kernels take the numbers of a weight and of
    its moments in the order in which they lie in memory, whatever their strides say; and NAdam reads a number of each
    weight on the CPU, which torch has moved to the device, so that every step would wait for it.
    """
    for weight, kept in optimiser.state.items():
        for name, value in kept.items():
            if not isinstance(value, Tensor):
                continue
            if value.shape == weight.shape and value.dim() and value.stride() != weight.stride():
                kept[name] = torch.empty_like(weight, dtype=value.dtype, requires_grad=False).copy_(value)
            elif name == "mu_product":
                kept[name] = value.cpu()
