"""Images looked at through a transformation that a network chooses, each definition with its paper."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn


def affine_matrix(theta: Tensor, transform: str) -> Tensor:
    """The matrices [A | b] that the numbers of a transformation stand for. (N, numbers) -> (N, 2, 3).

    affine: the six numbers of the matrix, row by row. similarity: scale, angle, x, y. attention: scale, x, y.
    translation: x, y. rotation: angle. Angles are radians, from the x axis to the y axis.
    Jaderberg, Simonyan, Zisserman, Kavukcuoglu (2015). Spatial transformer networks.
    """
    if transform == "affine":
        return theta.reshape(-1, 2, 3)
    one, zero = torch.ones_like(theta[:, 0]), torch.zeros_like(theta[:, 0])
    x, y = (zero, zero) if transform == "rotation" else (theta[:, -2], theta[:, -1])
    if transform in ("translation", "attention"):
        scale = one if transform == "translation" else theta[:, 0]
        cos, sin = scale, zero
    else:
        scale, angle = (one, theta[:, 0]) if transform == "rotation" else (theta[:, 0], theta[:, 1])
        cos, sin = scale * angle.cos(), scale * angle.sin()
    return torch.stack([cos, -sin, x, sin, cos, y], 1).view(-1, 2, 3)


def spatial_transform(
    x: Tensor,
    theta: Tensor,
    transform: str = "affine",
    size: tuple[int, int] = (0, 0),
    coordinates: str = "edges",
    interpolation: str = "bilinear",
    padding: str = "zeros",
) -> Tensor:
    """Takes each pixel of the result from the image at A·(x, y) + b, where [A | b] is made of `theta`.

    `coordinates`: x and y go from −1 to 1 between the `edges` of an image or between the `centres` of its
    outermost pixels (in the image and in the result alike), or count columns and rows from 0 (`pixels`).
    (N, C, H, W), (N, numbers) -> (N, C, *size), a length of 0 being the image's.
    Jaderberg, Simonyan, Zisserman, Kavukcuoglu (2015). Spatial transformer networks.
    """
    columns = pixel_places(size[1] or x.shape[3], coordinates, x)
    rows = pixel_places(size[0] or x.shape[2], coordinates, x)[:, None]
    matrix = affine_matrix(theta, transform).flatten(1)[:, :, None, None]
    a, b, c, d, e, f = matrix.unbind(1)  # (N, 1, 1) each
    right, down = a * columns + b * rows + c, d * columns + e * rows + f  # (N, height, width)
    if coordinates == "pixels":
        right, down = (2 * right + 1) / x.shape[3] - 1, (2 * down + 1) / x.shape[2] - 1
    grid = torch.stack([right, down], -1)
    return F.grid_sample(x, grid, interpolation, padding, align_corners=coordinates == "centres")


def pixel_places(count: int, coordinates: str, like: Tensor) -> Tensor:
    """The coordinates of `count` pixels in a row: (count,). A single one is at 0."""
    at = torch.arange(count, dtype=like.dtype, device=like.device)
    if coordinates == "pixels":
        return at
    return (2 * at + 1 - count) / (max(count - 1, 1) if coordinates == "centres" else count)


class SpatialTransformer(nn.Module):
    """Turns, scales and moves an image by numbers that a small network, the localisation net, reads off it.

    The localisation net is convolutions, each with a 2×2 max pool and ReLU, a hidden linear layer with ReLU
    and a linear one whose bias begins as the identity, and its weights at `start` times a normal draw.
    x: (N, C, H, W) -> y: (N, C, *size).
    Jaderberg, Simonyan, Zisserman, Kavukcuoglu (2015). Spatial transformer networks.
    """

    def __init__(
        self,
        image: tuple[int, int, int],
        maps: tuple[int, ...],
        kernels: tuple[int, ...],
        hidden: int,
        transform: str = "affine",
        size: tuple[int, int] = (0, 0),
        coordinates: str = "edges",
        start: float = 0.0,
    ) -> None:
        super().__init__()
        self.transform, self.size, self.coordinates = transform, size, coordinates
        channels, height, width = image
        layers: list[nn.Module] = []
        for count, kernel in zip(maps, kernels, strict=True):
            layers += [nn.Conv2d(channels, count, kernel), nn.MaxPool2d(2), nn.ReLU()]
            channels, height, width = count, (height - kernel + 1) // 2, (width - kernel + 1) // 2
        layers += [nn.Flatten(), nn.Linear(channels * height * width, hidden), nn.ReLU()]
        self.localisation = nn.Sequential(*layers)
        identity = {
            "affine": (1.0, 0.0, 0.0, 0.0, 1.0, 0.0),
            "similarity": (1.0, 0.0, 0.0, 0.0),
            "attention": (1.0, 0.0, 0.0),
            "translation": (0.0, 0.0),
            "rotation": (0.0,),
        }[transform]
        self.theta = nn.Linear(hidden, len(identity))
        nn.init.normal_(self.theta.weight, std=start)
        with torch.no_grad():
            self.theta.bias.copy_(torch.tensor(identity))

    def forward(self, x: Tensor) -> Tensor:
        theta = self.theta(self.localisation(x))  # (N, numbers)
        return spatial_transform(x, theta, self.transform, self.size, self.coordinates)


def glimpse(x: Tensor, location: Tensor, size: int, patches: int = 3, factor: int = 2) -> Tensor:
    """Square patches around a place, each `factor` times as wide as the one before, all brought to size×size.

    `location` is (x, y), from −1 to 1 between the edges of the image; beyond them lies 0. A patch is read at
    steps of one pixel, bilinearly, and shrunk by averaging, so the location gets a gradient.
    (N, C, H, W), (N, 2) -> (N, patches·C, size, size).
    Mnih, Heess, Graves, Kavukcuoglu (2014). Recurrent models of visual attention.
    """
    views = []
    for zoom in (factor**each for each in range(patches)):
        side = size * zoom
        steps = torch.arange(side, dtype=x.dtype, device=x.device) - (side - 1) / 2  # pixels from the centre
        right = location[:, :1] + 2 * steps / x.shape[3]  # (N, side)
        down = location[:, 1:] + 2 * steps / x.shape[2]
        right, down = right[:, None, :].expand(-1, side, -1), down[:, :, None].expand(-1, -1, side)
        patch = F.grid_sample(x, torch.stack([right, down], -1), align_corners=False)  # (N, C, side, side)
        views.append(F.avg_pool2d(patch, zoom))
    return torch.cat(views, 1)


def add_coordinates(x: Tensor, distance: bool = False) -> Tensor:
    """Adds channels that say where a pixel lies: its row and column from −1 to 1 and how far from the middle.

    (N, C, H, W) -> (N, C + 2, H, W), or C + 3 with `distance`.
    Liu, Lehman, Molino, Petroski Such, Frank, Sergeev, Yosinski (2018). An intriguing failing of
    convolutional neural networks and the CoordConv solution.
    """
    height, width = x.shape[2:]
    row, column = pixel_places(height, "centres", x), pixel_places(width, "centres", x)
    channels = [row[:, None].expand(height, width), column.expand(height, width)]
    if distance:
        channels.append((row[:, None] ** 2 + column**2).sqrt())
    return torch.cat([x, torch.stack(channels).expand(x.shape[0], -1, -1, -1)], 1)
