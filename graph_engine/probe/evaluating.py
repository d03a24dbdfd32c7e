"""Looking at a network without leaving a trace."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import nn


@contextmanager
def evaluating(network: nn.Module) -> Iterator[None]:
    """The network in evaluation mode and without gradients; afterwards every module is in the mode in which it was.

    In this mode nothing is drawn at random and running averages stay as they are.
    """
    import torch

    trained = [module for module in network.modules() if module.training]
    try:
        for module in trained:
            module.training = False
        with torch.inference_mode():
            yield
    finally:
        for module in trained:
            module.training = True
