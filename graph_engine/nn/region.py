"""A map of fixed size for each box in an image, each definition with its paper."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor


def roi_align(
    x: Tensor,
    boxes: Tensor,
    size: tuple[int, int],
    scale: float = 1.0,
    samples: int = 2,
    aligned: bool = True,
) -> Tensor:
    """Averages, for each of h×w bins of a box, `samples`² values read bilinearly, without rounding.

    A box is (x₁, y₁, x₂, y₂); `scale` brings it to the pixels of the map. `aligned`: pixel i of the map is
    the point i + ½ of that scale (as in Detectron2), otherwise i itself, and no box is less than a pixel
    wide (as first published). Points more than a pixel outside the map read 0, those less far its border.
    (N, C, H, W), (N, R, 4) -> (N, R, C, h, w). He, Gkioxari, Dollár, Girshick (2017). Mask R-CNN.
    """
    count, channels = boxes.shape[1], x.shape[1]
    corners = boxes * scale - (0.5 if aligned else 0.0)
    places = []
    for axis, bins in enumerate((size[1], size[0])):
        start, length = corners[..., axis, None], corners[..., axis + 2, None] - corners[..., axis, None]
        if not aligned:
            length = length.clamp(min=1.0)
        steps = (torch.arange(bins * samples, dtype=x.dtype, device=x.device) + 0.5) / (bins * samples)
        places.append(start + steps * length)  # (N, R, bins·samples), in pixels from the first one's centre
    right = places[0][:, :, None, :].expand(-1, -1, size[0] * samples, -1)
    down = places[1][:, :, :, None].expand(-1, -1, -1, size[1] * samples)
    grid = torch.stack([(2 * right + 1) / x.shape[3] - 1, (2 * down + 1) / x.shape[2] - 1], -1)
    read = F.grid_sample(x, grid.flatten(1, 2), padding_mode="border", align_corners=False)
    outside = (right < -1) | (right > x.shape[3]) | (down < -1) | (down > x.shape[2])
    y = F.avg_pool2d(read.masked_fill(outside.flatten(1, 2)[:, None], 0), samples)  # (N, C, R·h, w)
    return y.view(-1, channels, count, *size).transpose(1, 2)


def roi_pool(x: Tensor, boxes: Tensor, size: tuple[int, int], scale: float = 1.0) -> Tensor:
    """Takes the largest pixel of each of h×w bins of a box; corners and bins end at whole pixels.

    A box is (x₁, y₁, x₂, y₂); `scale` brings it to the pixels of the map, both corners included. Bins may
    overlap by a pixel; one that lies outside the map gives 0. Boxes get no gradient.
    (N, C, H, W), (N, R, 4) -> (N, R, C, h, w). Girshick (2015). Fast R-CNN.
    """
    height, width = x.shape[2:]
    corners = (boxes * scale + 0.5).floor().long()
    spans = []
    for axis, bins, side in ((1, size[0], height), (0, size[1], width)):
        first = corners[..., axis, None]
        length = (corners[..., axis + 2, None] - first + 1).clamp(min=1)
        at = torch.arange(bins, device=x.device)
        start = (first + at * length // bins).clamp(0, side)  # (N, R, bins)
        end = (first + ((at + 1) * length + bins - 1) // bins).clamp(0, side)
        powers = 2 ** torch.arange(1, side.bit_length(), device=x.device)
        level = ((end - start)[..., None] >= powers).sum(-1)  # ⌊log₂⌋ of its pixels
        last = end - 2**level
        spans.append((level, start.clamp(max=side - 1), last.clamp(min=0), end <= start))
    tall, top, bottom, none_high = (each[..., :, None] for each in spans[0])  # (N, R, h, 1)
    wide, left, right, none_wide = (each[..., None, :] for each in spans[1])  # (N, R, 1, w)
    table = largest_of_windows(x)
    window = tall * width.bit_length() + wide
    found = []
    for row, column in ((top, left), (top, right), (bottom, left), (bottom, right)):
        place = ((window * height + row) * width + column).flatten(1)  # (N, R·h·w)
        found.append(table.gather(2, place[:, None].expand(-1, x.shape[1], -1)))
    y = torch.stack(found).amax(0).view(-1, x.shape[1], boxes.shape[1], *size)
    y = y.transpose(1, 2)  # (N, R, C, h, w)
    return y.masked_fill((none_high | none_wide)[:, :, None], 0)


def largest_of_windows(x: Tensor) -> Tensor:
    """The largest value of each window whose height and width are powers of two, by its first pixel.

    With four of these, which may overlap, the largest value of any rectangle is at hand.
    (N, C, H, W) -> (N, C, P·Q·H·W), for heights 1, 2, 4, … 2^(P−1) ≤ H and widths 1, 2, 4, … 2^(Q−1) ≤ W.
    """
    windows = []
    for i in range(x.shape[2].bit_length()):
        x = torch.maximum(x, x.roll(-(2 ** (i - 1)), 2)) if i else x
        wide = x
        for j in range(x.shape[3].bit_length()):
            wide = torch.maximum(wide, wide.roll(-(2 ** (j - 1)), 3)) if j else wide
            windows.append(wide)
    return torch.stack(windows, 2).flatten(2)
