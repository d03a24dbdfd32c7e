"""Convolutions that torch has no module for, each with its paper."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn


class MaskedConv2d(nn.Conv2d):
    """A convolution that sees only what comes before each pixel, row by row, and in the pixel itself what may be seen.

    Type A sees the earlier colours of the pixel itself, type B also its own colour; with one colour, A excludes the
    pixel and B includes it. Channels are split evenly over the colours, in order.
    x: (N, C, H, W) -> y: (N, channels, H, W). Van den Oord, Kalchbrenner, Kavukcuoglu (2016). Pixel recurrent
    neural networks.
    """

    mask: Tensor

    def __init__(
        self, in_channels: int, channels: int, kernel: int, kind: str = "B", colours: int = 1, bias: bool = True
    ) -> None:
        super().__init__(in_channels, channels, kernel, padding=kernel // 2, bias=bias)
        middle = kernel // 2
        mask = torch.ones(channels, in_channels, kernel, kernel)
        mask[:, :, middle, middle:] = 0
        mask[:, :, middle + 1 :] = 0
        of = torch.arange(channels)[:, None] * colours // channels
        sees = torch.arange(in_channels)[None] * colours // in_channels
        mask[:, :, middle, middle] = (sees < of if kind == "A" else sees <= of).float()
        self.register_buffer("mask", mask, persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        return F.conv2d(x, self.weight * self.mask, self.bias, padding=self.padding)


class LargeKernelConv2d(nn.Module):
    """A k×k field from two pairs of strips, summed: k×1 then 1×k, and 1×k then k×1.

    x: (N, C, H, W) -> y: (N, channels, H, W). Peng, Zhang, Yu, Luo, Sun (2017). Large kernel matters.
    """

    def __init__(self, in_channels: int, channels: int, kernel: int, bias: bool = True) -> None:
        super().__init__()
        tall, wide = (kernel, 1), (1, kernel)
        self.tall_wide = nn.Sequential(
            nn.Conv2d(in_channels, channels, tall, padding="same", bias=bias),
            nn.Conv2d(channels, channels, wide, padding="same", bias=bias),
        )
        self.wide_tall = nn.Sequential(
            nn.Conv2d(in_channels, channels, wide, padding="same", bias=bias),
            nn.Conv2d(channels, channels, tall, padding="same", bias=bias),
        )

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.tall_wide(x) + self.wide_tall(x)
        return y


class MlpConv2d(nn.Sequential):
    """A convolution and two 1×1 convolutions, ReLU after each: a small network that slides over the image.

    x: (N, C, H, W) -> y: (N, channels, H', W'). Lin, Chen, Yan (2014). Network in network.
    """

    def __init__(
        self, in_channels: int, widths: tuple[int, int], channels: int, kernel: int, stride: int = 1, padding: int = 0
    ) -> None:
        first, second = widths
        super().__init__(
            nn.Conv2d(in_channels, first, kernel, stride, padding),
            nn.ReLU(),
            nn.Conv2d(first, second, 1),
            nn.ReLU(),
            nn.Conv2d(second, channels, 1),
            nn.ReLU(),
        )
