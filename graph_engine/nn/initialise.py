"""Initial weights: functions that take a new module and give it back with other weights and biases of 0.

Glorot, Bengio (2010); He, Zhang, Ren, Sun (2015); LeCun, Bottou, Orr, Müller (1998); Saxe, McClelland, Ganguli (2014);
Balduzzi, Frean, Leary, Lewis, Ma, McWilliams (2017); Le, Jaitly, Hinton (2015); Jaeger (2001).
"""

from __future__ import annotations

import torch
from torch import nn


def weighted_parts(
    module: nn.Module,
) -> list[nn.Linear | nn.Conv1d | nn.Conv2d | nn.Conv3d | nn.ConvTranspose1d | nn.ConvTranspose2d]:
    """The linear layers and convolutions of a module, their biases set to 0."""
    kinds = (nn.Linear, nn.Conv1d, nn.Conv2d, nn.Conv3d, nn.ConvTranspose1d, nn.ConvTranspose2d)
    parts = [part for part in module.modules() if isinstance(part, kinds)]
    for part in parts:
        if part.bias is not None:
            nn.init.zeros_(part.bias)
    return parts


def fan_in(
    part: nn.Linear | nn.Conv1d | nn.Conv2d | nn.Conv3d | nn.ConvTranspose1d | nn.ConvTranspose2d,
) -> int:
    """How many inputs each output sums.

    Stride aside for a transposed convolution, whose weight is (in, out, k, k).
    """
    if isinstance(part, nn.ConvTranspose1d | nn.ConvTranspose2d):
        return part.weight[:, 0].numel() // part.groups
    return part.weight[0].numel()


def xavier_weights(module: nn.Module) -> nn.Module:
    """Uniform weights of variance 2/(fan-in + fan-out): Glorot and Bengio (2010)."""
    for part in weighted_parts(module):
        nn.init.xavier_uniform_(part.weight)
    return module


def he_weights(module: nn.Module) -> nn.Module:
    """Normal weights of variance 2/fan-in, for ReLU: He et al. (2015)."""
    for part in weighted_parts(module):
        nn.init.normal_(part.weight, std=(2 / fan_in(part)) ** 0.5)
    return module


def lecun_weights(module: nn.Module) -> nn.Module:
    """Normal weights of variance 1/fan-in: LeCun et al. (1998)."""
    for part in weighted_parts(module):
        nn.init.normal_(part.weight, std=(1 / fan_in(part)) ** 0.5)
    return module


def orthogonal_weights(module: nn.Module) -> nn.Module:
    """Weights whose rows, or columns, are orthonormal: Saxe et al. (2014)."""
    for part in weighted_parts(module):
        nn.init.orthogonal_(part.weight)
    return module


def identity_weights(module: nn.Module) -> nn.Module:
    """Weights that pass the input through, as far as there are as many outputs."""
    for part in weighted_parts(module):
        if isinstance(part, nn.Linear):
            nn.init.eye_(part.weight)
        else:
            nn.init.dirac_(part.weight, groups=part.groups)
    return module


def zero_weights(module: nn.Module) -> nn.Module:
    """Weights of 0."""
    for part in weighted_parts(module):
        nn.init.zeros_(part.weight)
    return module


def constant_weights(module: nn.Module, value: float) -> nn.Module:
    """Weights of one value: a window averages where that is 1/fan-in."""
    for part in weighted_parts(module):
        nn.init.constant_(part.weight, value)
    return module


def small_weights(module: nn.Module, bound: float = 0.01) -> nn.Module:
    """Weights spread evenly between −bound and bound."""
    for part in weighted_parts(module):
        nn.init.uniform_(part.weight, -bound, bound)
    return module


def looks_linear_weights(module: nn.Module, inputs: bool = True, outputs: bool = True) -> nn.Module:
    """Mirrored weights, [[W, −W], [−W, W]] with W orthogonal: ReLUs between such layers undo each other.

    Balduzzi et al. (2017). The shattered gradients problem.

    Without `inputs` the rows alone are mirrored (the first layer), without `outputs` the columns (the last).
    """
    for part in weighted_parts(module):
        swapped = isinstance(part, nn.ConvTranspose1d | nn.ConvTranspose2d)  # its weight is (in, out, …)
        axes = [axis for axis, mirrored in ((1, inputs), (0, outputs)) if mirrored]
        shape = list(part.weight.transpose(0, 1).shape if swapped else part.weight.shape)
        for axis in axes:
            shape[axis] //= 2
        weight = nn.init.orthogonal_(part.weight.new_empty(shape))
        for axis in axes:
            weight = torch.cat([weight, -weight], axis)
        with torch.no_grad():
            part.weight.copy_(weight.transpose(0, 1) if swapped else weight)
    return module


def scales_at(module: nn.Module, value: float) -> nn.Module:
    """A norm whose scale γ begins at `value`; at 0 what it ends passes nothing at first.

    Goyal et al. (2017). Accurate, large minibatch SGD: training ImageNet in 1 hour.
    """
    nn.init.constant_(module.get_parameter("weight"), value)
    return module


def biases_at(module: nn.Module, value: float) -> nn.Module:
    """Biases that begin at `value`, of whatever has some."""
    for part in module.modules():
        bias = getattr(part, "bias", None)
        if isinstance(bias, nn.Parameter):
            nn.init.constant_(bias, value)
    return module


def recurrent_weights(module: nn.Module, start: str, radius: float = 0.9) -> nn.Module:
    """The weights from state to state, of every layer, direction and gate, and with them what is remembered.

    `identity`: all of it at first; a plain layer's biases begin at 0: Le, Jaitly, Hinton (2015). A simple way to
    initialize recurrent networks of rectified linear units. `orthogonal`: Saxe et al. (2014). `echo state`: random
    weights whose largest eigenvalue is `radius`: Jaeger (2001). The echo state approach to analysing and training
    recurrent neural networks.
    """
    for name, weight in module.named_parameters():
        if "weight_hh" in name:
            for gate in torch.split(weight.data, weight.shape[1]):
                if start == "identity":
                    nn.init.eye_(gate)
                elif start == "orthogonal":
                    nn.init.orthogonal_(gate)
                else:
                    nn.init.uniform_(gate, -1, 1)
                    if not gate.is_meta:
                        gate.mul_(radius / torch.linalg.eigvals(gate.double()).abs().max())
        elif start == "identity" and "bias" in name and module.get_submodule("rnn").hidden_size == len(weight):
            nn.init.zeros_(weight)
    return module
