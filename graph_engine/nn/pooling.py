"""Pools and resizing that torch has no function for."""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor


def rms_pool2d(
    x: Tensor,
    kernel: int | tuple[int, int],
    stride: int | tuple[int, int] | None = None,
    padding: int | tuple[int, int] = 0,
) -> Tensor:
    """The root mean square of each window; where all is 0, the slope is 0 and not infinite.

    (N, C, H, W) -> (N, C, H', W'). Boureau, Ponce, LeCun (2010). A theoretical analysis of feature pooling.
    """
    return F.avg_pool2d(x * x, kernel, stride, padding).clamp_min(1e-12).sqrt()


def resize_as(x: Tensor, like: Tensor, mode: str = "nearest", align_corners: bool | None = None) -> Tensor:
    """`x` brought to the height and width of `like`. (N, C, H, W), (N, D, H', W') -> (N, C, H', W')."""
    return F.interpolate(x, size=like.shape[2:], mode=mode, align_corners=align_corners)


def sequence_as(x: Tensor, like: Tensor) -> Tensor:
    """A sequence of positions, row by row, as an image of the height and width of `like`.

    (N, H·W, C), (N, D, H, W) -> (N, C, H, W).
    """
    return x.transpose(1, 2).reshape(x.shape[0], x.shape[2], *like.shape[2:])


def unpool_as(
    x: Tensor,
    indices: Tensor,
    like: Tensor,
    kernel: tuple[int, int],
    stride: tuple[int, int],
    padding: tuple[int, int] = (0, 0),
) -> Tensor:
    """Each value back where a max pool found it, 0 elsewhere, at the height and width of `like`.

    (N, C, H, W), (N, C, H, W) of whole numbers, (N, D, H', W') -> (N, C, H', W'). Zeiler, Taylor, Fergus (2011).
    Adaptive deconvolutional networks for mid and high level feature learning.
    """
    return F.max_unpool2d(x, indices, kernel, stride, padding, like.shape[2:])
