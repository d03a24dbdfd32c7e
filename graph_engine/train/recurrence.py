"""Recurrent layers on GPUs, as cuDNN computes them: it gives no gradients in evaluation mode, and none of gradients."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import torch
from torch import nn


@contextmanager
def differentiable(network: nn.Module) -> Iterator[None]:
    """Within, all gradients of recurrent layers can be taken, in evaluation mode and of gradients too: cuDNN is left
    out where `network` has such layers.
    """
    if not _layers(network):
        yield
        return
    with torch.backends.cudnn.flags(enabled=False):
        yield


def dropouts(network: nn.Module) -> dict[nn.RNNBase, float]:
    """The recurrent layers of a network, each with how much it drops between its own."""
    return {layer: layer.dropout for layer in _layers(network)}


def let_gradients_through(dropouts: Mapping[nn.RNNBase, float]) -> None:
    """Put recurrent layers that are in evaluation mode in training mode, in which they drop nothing, as before; the
    others drop what they do.
    """
    for layer, dropout in dropouts.items():
        layer.dropout = dropout if layer.training else 0.0
        layer.training = True


def _layers(network: nn.Module) -> list[nn.RNNBase]:
    return [module for module in network.modules() if isinstance(module, nn.RNNBase)]
