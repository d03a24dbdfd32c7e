"""Lion: Chen, Liang, Huang, Real, Wang, Liu, Pham, Dong, Luong, Hsieh, Lu, Le (2023). Symbolic discovery of
optimization algorithms.

torch has none, so it is here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch import Tensor


class Lion(torch.optim.Optimizer):
    """Steps by the sign alone of a mean of gradient and momentum m:

    u = sign(β₁ m + (1 − β₁) g);  w ← w − rate · (u + decay · w);  m ← β₂ m + (1 − β₂) g.
    """

    def __init__(
        self, parameters: Iterable[dict[str, Any]] | Iterable[Tensor], rate: float, betas: tuple[float, float]
    ) -> None:
        super().__init__(parameters, {"lr": rate, "betas": betas, "weight_decay": 0.0})

    @torch.no_grad()
    def step(self, closure: Callable[[], float] | None = None) -> None:  # type: ignore[override]
        """One step for every weight that has a gradient."""
        if closure is not None:
            raise TypeError("Lion takes no closure")
        for group in self.param_groups:
            weights = [weight for weight in group["params"] if weight.grad is not None]
            if not weights:
                continue
            rate, (first, second) = group["lr"], group["betas"]
            gradients = [weight.grad for weight in weights]
            momenta = [self._momentum(weight) for weight in weights]
            torch._foreach_mul_(weights, 1 - rate * group["weight_decay"])
            steps = [momentum.lerp(grad, 1 - first) for momentum, grad in zip(momenta, gradients, strict=True)]
            torch._foreach_sign_(steps)
            torch._foreach_add_(weights, steps, alpha=-rate)
            torch._foreach_lerp_(momenta, gradients, 1 - second)

    def _momentum(self, weight: Tensor) -> Tensor:
        kept = self.state[weight]
        if "exp_avg" not in kept:
            kept["exp_avg"] = torch.zeros_like(weight, memory_format=torch.preserve_format)
        momentum: Tensor = kept["exp_avg"]
        return momentum
