"""Highway layers: Srivastava, Greff, Schmidhuber (2015). Training very deep networks."""

from __future__ import annotations

import torch
from torch import Tensor, nn


class Highway(nn.Module):
    """y = T(x)·H(x) + (1 − T(x))·x, with H an activated linear layer and T a sigmoid gate.

    x: (..., features) -> y: (..., features). Parameters: 2 (features² + features).
    """

    def __init__(self, features: int, activation: str = "relu", gate_bias: float = -2.0) -> None:
        super().__init__()
        self.transform = nn.Linear(features, features)
        self.gate = nn.Linear(features, features)
        nn.init.constant_(self.gate.bias, gate_bias)
        self.activation = getattr(torch, activation)

    def forward(self, x: Tensor) -> Tensor:
        gate = torch.sigmoid(self.gate(x))
        return torch.lerp(x, self.activation(self.transform(x)), gate)
