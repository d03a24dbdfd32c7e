"""What a decoder goes on from: the right token while it learns, its own when it speaks."""

from __future__ import annotations

import torch
from torch import Tensor, nn


class TeacherForcing(nn.Module):
    """The teacher's token with probability `share` while training, else the likeliest of its own.

    Bengio et al. (2015). Scheduled sampling for sequence prediction with recurrent neural networks.

    teacher: (N,), own: (N, K) -> y: (N,); or what is no token, as frames of sound are: both (N, E) -> y: (N, E).
    """

    def __init__(self, share: float = 1.0) -> None:
        super().__init__()
        self.share = share

    def forward(self, teacher: Tensor, own: Tensor) -> Tensor:
        said = own if teacher.is_floating_point() else own.argmax(1)
        if not self.training:
            return said
        if self.share == 1:
            return teacher
        heard = torch.rand(len(teacher), device=teacher.device) < self.share
        return torch.where(heard if teacher.ndim == 1 else heard.unsqueeze(1), teacher, said)


class DrawAction(nn.Module):
    """An action with probability softmax(logits) while training, else the likeliest. logits: (N, K) -> y: (N,).

    Drawn by the Gumbel-max trick: the highest of the scores, each with noise of its own. Williams (1992). Simple
    statistical gradient-following algorithms for connectionist reinforcement learning.
    """

    def forward(self, logits: Tensor) -> Tensor:
        if not self.training:
            return logits.argmax(1)
        noise = -torch.rand_like(logits).clamp_min(1e-20).log()  # exponential
        return (logits - noise.log()).argmax(1)
