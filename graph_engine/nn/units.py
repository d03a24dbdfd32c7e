"""Small units of convolutional networks, each with its paper."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn


class SqueezeExcitation(nn.Module):
    """Weighs each channel by what all channels are on average: y = x · σ(W₂ relu(W₁ mean(x))).

    x: (N, C, H, W) -> y: (N, C, H, W). Hu, Shen, Sun (2018). Squeeze-and-excitation networks.
    """

    def __init__(self, channels: int, squeezed: int) -> None:
        super().__init__()
        self.squeeze = nn.Conv2d(channels, squeezed, 1)
        self.excite = nn.Conv2d(squeezed, channels, 1)

    def forward(self, x: Tensor) -> Tensor:
        average = x.mean((2, 3), keepdim=True)  # (N, C, 1, 1)
        return x * torch.sigmoid(self.excite(F.relu(self.squeeze(average))))


class Fire(nn.Module):
    """Squeezes with 1×1, then expands with 1×1 and 3×3 side by side, ReLU after each.

    x: (N, C, H, W) -> y: (N, expand1x1 + expand3x3, H, W). Iandola et al. (2016). SqueezeNet.
    """

    def __init__(self, in_channels: int, squeezed: int, expand1x1: int, expand3x3: int) -> None:
        super().__init__()
        self.squeeze = nn.Conv2d(in_channels, squeezed, 1)
        self.expand1x1 = nn.Conv2d(squeezed, expand1x1, 1)
        self.expand3x3 = nn.Conv2d(squeezed, expand3x3, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        x = F.relu(self.squeeze(x))
        return F.relu(torch.cat([self.expand1x1(x), self.expand3x3(x)], 1))


class ShuffleUnit(nn.Module):
    """1×1 group convolution, channel shuffle, 3×3 depthwise, 1×1 group convolution, beside a shortcut.

    At stride 1 the shortcut is added; at stride 2 it is average-pooled and concatenated.
    x: (N, C, H, W) -> y: (N, channels, H', W'), H' = ⌈H/stride⌉. Zhang, Zhou, Lin, Sun (2018). ShuffleNet.
    """

    def __init__(self, in_channels: int, channels: int, groups: int, stride: int = 1, group_first: bool = True) -> None:
        super().__init__()
        middle = channels // 4
        rest = channels - in_channels if stride == 2 else channels
        self.groups = groups
        self.stride = stride
        self.compress = nn.Conv2d(in_channels, middle, 1, groups=groups if group_first else 1, bias=False)
        self.compress_norm = nn.BatchNorm2d(middle)
        self.depthwise = nn.Conv2d(middle, middle, 3, stride, padding=1, groups=middle, bias=False)
        self.depthwise_norm = nn.BatchNorm2d(middle)
        self.expand = nn.Conv2d(middle, rest, 1, groups=groups, bias=False)
        self.expand_norm = nn.BatchNorm2d(rest)

    def forward(self, x: Tensor) -> Tensor:
        y = F.relu(self.compress_norm(self.compress(x)))
        y = F.channel_shuffle(y, self.groups)
        y = self.depthwise_norm(self.depthwise(y))
        y = self.expand_norm(self.expand(y))
        if self.stride == 1:
            return F.relu(x + y)
        return F.relu(torch.cat([F.avg_pool2d(x, 3, stride=2, padding=1), y], 1))


class BoundaryRefinement(nn.Module):
    """Sharpens the edges of a score map: y = x + conv3×3(relu(conv3×3(x))).

    x: (N, C, H, W) -> y: (N, C, H, W). Peng, Zhang, Yu, Luo, Sun (2017). Large kernel matters.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(channels, channels, 3, padding=1)
        self.conv2 = nn.Conv2d(channels, channels, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        rest: Tensor = self.conv2(F.relu(self.conv1(x)))
        return x + rest
