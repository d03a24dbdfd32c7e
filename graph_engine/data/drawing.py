"""Values of inputs that are no data but drawn: the code that a generator makes a sample of."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from torch import Tensor

    from graph_engine.data.binding import Served

Drawn = Literal["data", "normal", "uniform"]
"""Where the values of an input come from: the data set, N(0, 1), or U(−1, 1); whole numbers are of all classes
alike often."""


def draw(served: Served, count: int, seed: int) -> Tensor:
    """Values for `count` samples, (count, *shape), on the CPU: the same for the same seed."""
    import torch

    generator = torch.Generator().manual_seed(seed)
    size = (count, *served.shape)
    if served.dtype == "int64":
        return torch.randint(max(served.classes, 1), size, generator=generator)
    if served.drawn == "uniform":
        return 2 * torch.rand(size, generator=generator) - 1
    if served.truncation:  # Brock, Donahue, Simonyan (2019). Large scale GAN training
        bound = served.truncation
        return torch.nn.init.trunc_normal_(torch.empty(size), a=-bound, b=bound, generator=generator)
    return torch.randn(size, generator=generator)
