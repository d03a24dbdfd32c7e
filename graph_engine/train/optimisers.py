"""Optimisers of a plan as those of torch, and the groups of weights that learn at paces of their own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from graph_engine.document.plan import Optimiser

if TYPE_CHECKING:
    import torch
    from torch import nn

_NORMS = ("BatchNorm", "LayerNorm", "GroupNorm", "InstanceNorm", "RMSNorm")
_EPSILON = {"adagrad": 1e-10, "adadelta": 1e-6}
"""What torch adds to a root, where it is not 1e-8."""


@dataclass(frozen=True, slots=True)
class Paced:
    """Weights that learn at `factor` times the learning rate, pulled to zero by `weight_decay`."""

    parameters: Sequence[nn.Parameter]
    factor: float
    weight_decay: float


def kernels_of(network: nn.Module) -> set[nn.Parameter]:
    """The parameters that are neither biases nor weights of norms: those of two axes or more."""
    norms = {
        parameter
        for module in network.modules()
        if any(norm in type(module).__name__ for norm in _NORMS)
        for parameter in module.parameters(recurse=False)
    }
    return {parameter for parameter in network.parameters() if parameter.ndim > 1 and parameter not in norms}


def make_optimiser(chosen: Optimiser, groups: Sequence[Paced]) -> torch.optim.Optimizer:
    """The torch optimiser of `groups`, in their order.

    SGD, Adam, AdamW and AdaGrad are the fused ones: one call for all parameters.
    """
    import torch

    rate = chosen.learning_rate
    parameters = [
        {"params": list(each.parameters), "lr": rate * each.factor, "weight_decay": each.weight_decay}
        for each in groups
    ]
    epsilon = _EPSILON.get(chosen.kind, 1e-8) if chosen.epsilon is None else chosen.epsilon
    match chosen.kind:
        case "sgd":
            ahead = chosen.nesterov and chosen.momentum > 0  # without momentum there is nothing to look ahead with
            return torch.optim.SGD(parameters, lr=rate, momentum=chosen.momentum, nesterov=ahead, fused=True)
        case "adam":
            return torch.optim.Adam(
                parameters, lr=rate, betas=chosen.betas, eps=epsilon, amsgrad=chosen.amsgrad, fused=True
            )
        case "adamw":
            return torch.optim.AdamW(
                parameters, lr=rate, betas=chosen.betas, eps=epsilon, amsgrad=chosen.amsgrad, fused=True
            )
        case "rmsprop":
            return torch.optim.RMSprop(
                parameters,
                lr=rate,
                alpha=0.99 if chosen.smoothing is None else chosen.smoothing,
                eps=epsilon,
                momentum=chosen.momentum,
                centered=chosen.centred,
            )
        case "adagrad":
            return torch.optim.Adagrad(parameters, lr=rate, eps=epsilon, fused=True)
        case "adadelta":
            rho = 0.9 if chosen.smoothing is None else chosen.smoothing
            return torch.optim.Adadelta(parameters, lr=rate, rho=rho, eps=epsilon)
        case "nadam":
            return torch.optim.NAdam(parameters, lr=rate, betas=chosen.betas, eps=epsilon)
        case "radam":
            return torch.optim.RAdam(parameters, lr=rate, betas=chosen.betas, eps=epsilon)
        case "adamax":
            return torch.optim.Adamax(parameters, lr=rate, betas=chosen.betas, eps=epsilon)
        case "lion":
            from graph_engine.train.lion import Lion

            return Lion(parameters, rate=rate, betas=chosen.betas)


def moments(chosen: Optimiser) -> int:
    """How many numbers an optimiser remembers of each weight."""
    match chosen.kind:
        case "sgd":
            return int(chosen.momentum > 0)
        case "rmsprop":
            return 1 + int(chosen.momentum > 0) + int(chosen.centred)
        case "adam" | "adamw":
            return 2 + int(chosen.amsgrad)
        case "adagrad" | "lion":
            return 1
        case "adadelta" | "nadam" | "radam" | "adamax":
            return 2


def begin_parts(optimiser: torch.optim.Optimizer) -> None:
    """Let what an optimiser is to remember from now on, beside what it does, begin: as other settings want it that are
    taken up in the midst of a run.
    """
    import torch

    for group in optimiser.param_groups:
        for parameter in group["params"]:
            state = optimiser.state.get(parameter)
            if not state:
                continue
            if group.get("amsgrad") and "max_exp_avg_sq" not in state:
                state["max_exp_avg_sq"] = state["exp_avg_sq"].clone()
            if isinstance(optimiser, torch.optim.RMSprop):
                wanted = (("momentum_buffer", group["momentum"] > 0), ("grad_avg", group["centered"]))
                for name in (name for name, is_wanted in wanted if is_wanted and name not in state):
                    state[name] = torch.zeros_like(parameter)


def begin_momentum(optimiser: torch.optim.Optimizer) -> None:
    """Let the momentum of SGD that is not there yet begin as zeros, which changes no step. The fused kernel, which
    writes nothing in a step that is skipped because a gradient in fp16 is not finite, would else go on from memory that
    nobody wrote; and it takes no weights of which some have momentum and others, trained from now on, none.
    """
    import torch

    if not isinstance(optimiser, torch.optim.SGD):
        return
    for group in optimiser.param_groups:
        for parameter in group["params"] if group["momentum"] else ():
            if optimiser.state[parameter].get("momentum_buffer") is None:
                optimiser.state[parameter]["momentum_buffer"] = torch.zeros_like(parameter)
