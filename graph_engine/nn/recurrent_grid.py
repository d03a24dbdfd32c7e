"""Grid LSTM: Kalchbrenner, Danihelka, Graves (2015). Grid long short-term memory."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn


class GridLSTMCell(nn.Module):
    """A place of a grid: a hidden and a memory vector comes in along each dimension, and leaves it at the other side.

    Along dimension k: u, f, o = σ(Wₖ H + bₖ), c = tanh(Wₖ H + bₖ), mₖ' = f·mₖ + u·c, hₖ' = tanh(o·mₖ'), each gate with
    its own W and b, where H is the hidden vectors of all dimensions, one behind the other. With priority the last
    dimension sees the new hidden vectors of the others.
    h₁, m₁, h₂, m₂, …: (..., features) -> h₁', m₁', h₂', m₂', …. Parameters: D (4 D features² + 4 features), D pairs.
    """

    def __init__(self, features: int, dimensions: int, priority: bool = False) -> None:
        super().__init__()
        self.priority = priority
        self.transforms = nn.ModuleList(nn.Linear(dimensions * features, 4 * features) for _ in range(dimensions))

    def forward(self, *states: Tensor) -> tuple[Tensor, ...]:
        old, memories = states[::2], states[1::2]
        hidden, out = list(old), []
        for place, (transform, memory) in enumerate(zip(self.transforms, memories, strict=True)):
            seen = hidden if self.priority and place == len(old) - 1 else old
            u, f, o, c = transform(torch.cat(list(seen), -1)).chunk(4, -1)
            m = f.sigmoid() * memory + u.sigmoid() * c.tanh()
            hidden[place] = torch.tanh(o.sigmoid() * m)
            out += [hidden[place], m]
        return tuple(out)


class GridLSTM1d(nn.Module):
    """Grid LSTM cells one upon the other: a deep network whose memory runs from its foot to its top.

    x: (N, C) -> y: (N, features). A linear layer makes the first hidden and memory vector of x.
    """

    def __init__(self, in_features: int, features: int, layers: int = 2, tied: bool = False) -> None:
        super().__init__()
        self.enter = nn.Linear(in_features, 2 * features)
        self.cells = nn.ModuleList(GridLSTMCell(features, 1) for _ in range(1 if tied else layers))
        self.repeats = layers if tied else 1

    def forward(self, x: Tensor) -> Tensor:
        h, m = self.enter(x).chunk(2, -1)
        for cell in [*self.cells] * self.repeats:
            h, m = cell(h, m)
        return h


class GridLSTM2d(nn.Module):
    """A grid of time and depth: layers of LSTMs over a sequence, with memories from layer to layer too.

    x: (N, T, E) -> y: (N, T, features), the hidden vectors that leave the top. A linear layer makes of each step the
    hidden and memory vector that enter the foot; along time they start as zeros.
    """

    def __init__(
        self, in_features: int, features: int, layers: int = 2, tied: bool = False, priority: bool = False
    ) -> None:
        super().__init__()
        self.enter = nn.Linear(in_features, 2 * features)
        self.cells = nn.ModuleList(GridLSTMCell(features, 2, priority) for _ in range(1 if tied else layers))
        self.repeats = layers if tied else 1

    def forward(self, x: Tensor) -> Tensor:
        up = self.enter(x)  # (N, T, 2·features): hidden, then memory
        for cell in [*self.cells] * self.repeats:
            hidden, memories = up.chunk(2, -1)
            h = m = torch.zeros_like(hidden[:, 0])
            steps = []
            for entering in zip(hidden.unbind(1), memories.unbind(1), strict=True):
                h, m, *leaving = cell(h, m, *entering)
                steps.append(torch.cat(leaving, -1))
            up = torch.stack(steps, 1)
        return up.chunk(2, -1)[0]


class GridLSTM3d(nn.Module):
    """A grid of rows, columns and depth: each layer goes over the image from a corner, with memories to the next.

    The places of a diagonal don't see one another, so they are computed together: the image is skewed, each row one
    place further right than that above, and taken column by column. With `corners` 4, layers start at the corners in
    turn: upper left, lower right, upper right, lower left; with 1, all start at the upper left.
    x: (N, C, H, W) -> y: (N, features, H, W), the hidden vectors that leave the top. A linear layer makes of each pixel
    the hidden and memory vector that enter the foot; along rows and columns they start as zeros.
    """

    def __init__(
        self,
        in_channels: int,
        features: int,
        layers: int = 2,
        tied: bool = False,
        priority: bool = False,
        corners: int = 1,
    ) -> None:
        super().__init__()
        self.enter = nn.Linear(in_channels, 2 * features)
        self.cells = nn.ModuleList(GridLSTMCell(features, 3, priority) for _ in range(1 if tied else layers))
        self.repeats = layers if tied else 1
        self.corners = corners

    def forward(self, x: Tensor) -> Tensor:
        up = self.enter(x.movedim(1, -1))  # (N, H, W, 2·features): hidden, then memory
        for place, cell in enumerate([*self.cells] * self.repeats):
            axes = ((), (1, 2), (2,), (1,))[place % self.corners]
            up = self.sweep(cell, up.flip(axes)).flip(axes)
        return up.chunk(2, -1)[0].movedim(-1, 1)

    def sweep(self, cell: nn.Module, up: Tensor) -> Tensor:
        """What leaves one layer upward: up: (N, H, W, 2·features) -> (N, H, W, 2·features)."""
        _, height, width, _ = up.shape
        length = width + height - 1
        inside = F.pad(up.new_ones(height, width), (0, height)).flatten()[:-height].view(height, length)
        skewed = F.pad(up, (0, 0, 0, height)).flatten(1, 2)[:, :-height].reshape(-1, height, length, up.shape[3])
        zeros = torch.zeros_like(up[:, :, 0].chunk(2, -1)[0])  # (N, H, features)
        down_h = down_m = right_h = right_m = zeros
        diagonals = []
        for diagonal, mask in zip(skewed.unbind(2), inside.unbind(1), strict=True):
            above = [F.pad(state, (0, 0, 1, 0))[:, :-1] for state in (down_h, down_m)]
            down_h, down_m, right_h, right_m, *leaving = (
                state * mask[:, None]  # beside the image all states stay zero
                for state in cell(*above, right_h, right_m, *diagonal.chunk(2, -1))
            )
            diagonals.append(torch.cat(leaving, -1))
        skewed = torch.stack(diagonals, 2).flatten(1, 2)
        return F.pad(skewed, (0, 0, 0, height)).view(-1, height, length + 1, up.shape[3])[:, :, :width]
