"""CBHG: Wang et al. (2017). Tacotron: towards end-to-end speech synthesis."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn


class CBHG(nn.Module):
    """A bank of convolutions, highway layers and a bidirectional GRU: what a step is, from near and from far.

    Convolutions with kernels of 1 to `bank` steps side by side, the larger of each two neighbouring steps, two
    convolutions of 3 steps (the second linear) whose result is added to x, then the highways and the GRU. Batch norm
    follows each convolution's ReLU. The bridge is a linear layer from the width of the projections to that of x, before
    the sum; a `spare` one is made but not used, as in the published code where the widths agree.
    x: (N, T, E) -> y: (N, T, 2E).
    """

    def __init__(
        self,
        features: int,
        bank: int = 16,
        projections: tuple[int, int] = (128, 128),
        highways: int = 4,
        bridge: bool = False,
        spare: bool = False,
    ) -> None:
        super().__init__()
        self.bank = nn.ModuleList(
            nn.Conv1d(features, features, size, padding=size // 2, bias=False) for size in range(1, bank + 1)
        )
        self.bank_norms = nn.ModuleList(nn.BatchNorm1d(features) for _ in range(bank))
        first, second = projections
        self.project1 = nn.Conv1d(bank * features, first, 3, padding=1, bias=False)
        self.norm1 = nn.BatchNorm1d(first)
        self.project2 = nn.Conv1d(first, second, 3, padding=1, bias=False)
        self.norm2 = nn.BatchNorm1d(second)
        self.bridge = nn.Linear(second, features, bias=False) if bridge or spare else nn.Identity()
        self.is_spare = spare
        self.transforms = nn.ModuleList(nn.Linear(features, features) for _ in range(highways))
        gates = [nn.Linear(features, features) for _ in range(highways)]
        for gate in gates:
            nn.init.constant_(gate.bias, -1.0)  # at first a highway carries more than it transforms
        self.gates = nn.ModuleList(gates)
        self.gru = nn.GRU(features, features, batch_first=True, bidirectional=True)

    def forward(self, x: Tensor) -> Tensor:
        steps = x.shape[1]
        y = x.transpose(1, 2)  # (N, E, T)
        # An even kernel, padded by half of it, gives a step too many.
        y = torch.cat(
            [
                norm(F.relu(convolution(y)[..., :steps]))
                for convolution, norm in zip(self.bank, self.bank_norms, strict=True)
            ],
            1,
        )
        y = F.max_pool1d(y, 2, stride=1, padding=1)[..., :steps]
        y = self.norm1(F.relu(self.project1(y)))
        y = self.norm2(self.project2(y)).transpose(1, 2)  # (N, T, projections)
        y = x + (y if self.is_spare else self.bridge(y))
        for transform, gate in zip(self.transforms, self.gates, strict=True):
            y = torch.lerp(y, F.relu(transform(y)), torch.sigmoid(gate(y)))
        y, _ = self.gru(y)
        return y
