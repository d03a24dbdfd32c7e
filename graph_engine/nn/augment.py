"""Images changed at random while training, so that a network learns what does not matter; in use, nothing happens."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn


class Cutout(nn.Module):
    """Covers a square of each image with zeros, its middle anywhere: a part of it may lie outside.

    x: (N, C, H, W) -> y: as x. DeVries, Taylor (2017). Improved regularization of convolutional neural networks
    with cutout.
    """

    def __init__(self, size: int) -> None:
        super().__init__()
        self.size = size

    def forward(self, x: Tensor) -> Tensor:
        if not self.training:
            return x
        n, _, height, width = x.shape
        covered = []
        for length in (height, width):
            first = torch.randint(length, (n, 1), device=x.device) - self.size // 2
            places = torch.arange(length, device=x.device)
            covered.append((places >= first) & (places < first + self.size))
        rows, columns = covered
        return x.masked_fill((rows[:, :, None] & columns[:, None])[:, None], 0)


class RandomFlip(nn.Module):
    """Mirrors images left to right with a probability. x: (N, C, H, W) -> y: as x."""

    def __init__(self, probability: float = 0.5) -> None:
        super().__init__()
        self.probability = probability

    def forward(self, x: Tensor) -> Tensor:
        if not self.training:
            return x
        flipped = torch.rand(len(x), 1, 1, 1, device=x.device) < self.probability
        return torch.where(flipped, x.flip(3), x)


class RandomShift(nn.Module):
    """Moves each image by up to so many pixels either way, with zeros where it has left.

    x: (N, C, H, W) -> y: as x.
    """

    def __init__(self, pixels: int) -> None:
        super().__init__()
        self.pixels = pixels

    def forward(self, x: Tensor) -> Tensor:
        if not self.training or self.pixels == 0:
            return x
        n, channels, height, width = x.shape
        first = torch.randint(2 * self.pixels + 1, (n, 2, 1), device=x.device)
        rows = first[:, 0] + torch.arange(height, device=x.device)  # (N, H)
        columns = first[:, 1] + torch.arange(width, device=x.device)  # (N, W)
        padded = F.pad(x, [self.pixels] * 4)
        samples = torch.arange(n, device=x.device)[:, None, None, None]
        maps = torch.arange(channels, device=x.device)[:, None, None]
        return padded[samples, maps, rows[:, None, :, None], columns[:, None, None]]
