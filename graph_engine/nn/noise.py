"""Randomness that helps while training and is absent in use."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn


class DropPath(nn.Module):
    """Sets whole samples to zero with a probability and scales the rest: Huang et al. (2016). Deep networks with
    stochastic depth.

    With `ramp`, the probability grows from 0 over so many steps of training: Zoph, Vasudevan, Shlens, Le (2018).
    Learning transferable architectures for scalable image recognition. x: (N, ...) -> y: as x.
    """

    steps: Tensor

    def __init__(self, probability: float, ramp: int = 0) -> None:
        super().__init__()
        self.probability = probability
        self.ramp = ramp
        if ramp:
            self.register_buffer("steps", torch.zeros(()))

    def forward(self, x: Tensor) -> Tensor:
        if not self.training or self.probability == 0:
            return x
        chance: Tensor | float = self.probability
        if self.ramp:
            chance = self.probability * (self.steps / self.ramp).clamp(max=1).to(x.dtype)
            self.steps += 1
        kept = torch.rand(len(x), *[1] * (x.dim() - 1), device=x.device, dtype=x.dtype) >= chance
        return x * kept / (1 - chance)


class GaussianNoise(nn.Module):
    """Adds normal noise: y = x + σ ε.

    x: any -> y: as x.
    """

    def __init__(self, deviation: float) -> None:
        super().__init__()
        self.deviation = deviation

    def forward(self, x: Tensor) -> Tensor:
        return x + self.deviation * torch.randn_like(x) if self.training else x


class Erelu(nn.Module):
    """A ReLU whose positive slope is drawn from U(1 − spread, 1 + spread) while training: Jiang, Pang, Li, Pan (2018).
    Deep neural networks with elastic rectified linear units for object recognition.

    x: any -> y: as x.
    """

    def __init__(self, spread: float) -> None:
        super().__init__()
        self.spread = spread

    def forward(self, x: Tensor) -> Tensor:
        y = F.relu(x)
        return y * (1 + self.spread * (2 * torch.rand_like(y) - 1)) if self.training else y


class GaussianSample(nn.Module):
    """Draws z = μ + σ ε while training, so that gradients reach μ and log σ²; in use, z = μ.

    mean, log_variance: (N, ...) -> z: as mean. Kingma, Welling (2014). Auto-encoding variational Bayes.
    """

    def forward(self, mean: Tensor, log_variance: Tensor) -> Tensor:
        return mean + (log_variance / 2).exp() * torch.randn_like(mean) if self.training else mean
