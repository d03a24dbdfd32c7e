"""Products of two inputs: Tenenbaum, Freeman (2000). Separating style and content with bilinear models."""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor, nn


class Bilinear(nn.Bilinear):
    """y_k = aᵀ W_k b + c_k, as one matrix product over all outputs where torch computes them one by one.

    a: (..., A), b: (..., B) -> y: (..., features). Parameters: features (A B + 1).
    """

    def forward(self, a: Tensor, b: Tensor) -> Tensor:
        products = (a.unsqueeze(-1) * b.unsqueeze(-2)).flatten(-2)  # (..., A·B)
        return F.linear(products, self.weight.flatten(1), self.bias)
