"""Pooling at several scales at once, each with its paper."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn


def spatial_pyramid_pool(x: Tensor, bins: tuple[int, ...]) -> Tensor:
    """The largest values of b×b fields for each b of `bins`, in one vector that is as long for any size of image.

    (N, C, H, W) -> (N, C·Σ b²). He, Zhang, Ren, Sun (2014). Spatial pyramid pooling in deep convolutional networks.
    """
    return torch.cat([F.adaptive_max_pool2d(x, size).flatten(1) for size in bins], 1)


class PyramidPooling(nn.Module):
    """Averages over fields at several scales, brings each back to the image's size and puts it beside the image.

    x: (N, C, H, W) -> y: (N, C + bins·⌊C/bins⌋, H, W). Zhao, Shi, Qi, Wang, Jia (2017). Pyramid scene parsing network.
    """

    def __init__(self, channels: int, bins: tuple[int, ...]) -> None:
        super().__init__()
        share = channels // len(bins)
        self.scales = nn.ModuleList(
            nn.Sequential(
                nn.AdaptiveAvgPool2d(size),
                nn.Conv2d(channels, share, 1, bias=False),
                nn.BatchNorm2d(share),
                nn.ReLU(),
            )
            for size in bins
        )

    def forward(self, x: Tensor) -> Tensor:
        maps = [F.interpolate(scale(x), size=x.shape[2:], mode="bilinear", align_corners=True) for scale in self.scales]
        return torch.cat([x, *maps], 1)


class AtrousPyramidPooling(nn.Module):
    """3×3 convolutions at several dilations, a 1×1 and the image's average, side by side, then a 1×1 over all.

    x: (N, C, H, W) -> y: (N, channels, H, W). Chen, Papandreou, Schroff, Adam (2017). Rethinking atrous convolution
    for semantic image segmentation.
    """

    def __init__(self, in_channels: int, channels: int, rates: tuple[int, ...], dropout: float = 0.5) -> None:
        super().__init__()
        self.branches = nn.ModuleList([atrous_branch(in_channels, channels)])
        self.branches.extend(atrous_branch(in_channels, channels, rate) for rate in rates)
        self.average = nn.Sequential(nn.AdaptiveAvgPool2d(1), atrous_branch(in_channels, channels))
        self.project = atrous_branch((len(rates) + 2) * channels, channels)
        self.dropout = nn.Dropout(dropout)

    def forward(self, x: Tensor) -> Tensor:
        maps = [branch(x) for branch in self.branches]
        maps.append(F.interpolate(self.average(x), size=x.shape[2:], mode="bilinear"))
        y: Tensor = self.dropout(self.project(torch.cat(maps, 1)))
        return y


def atrous_branch(in_channels: int, channels: int, rate: int = 0) -> nn.Sequential:
    """A convolution with batch norm and ReLU: 3×3 of dilation `rate`, or 1×1 for rate 0."""
    convolution = (
        nn.Conv2d(in_channels, channels, 3, padding=rate, dilation=rate, bias=False)
        if rate
        else nn.Conv2d(in_channels, channels, 1, bias=False)
    )
    return nn.Sequential(convolution, nn.BatchNorm2d(channels), nn.ReLU())
