"""Recurrent layers whose state is an image, a row of one, or a diagonal of one, each with its paper."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn


class ConvLSTM(nn.Module):
    """An LSTM over the frames of a film, whose state is an image and whose products are convolutions.

    i, f = σ(Wₓ ∗ xₜ + Wₕ ∗ hₜ₋₁ + p·cₜ₋₁ + b), g = tanh(Wₓ ∗ xₜ + Wₕ ∗ hₜ₋₁ + b), cₜ = f·cₜ₋₁ + i·g,
    o = σ(Wₓ ∗ xₜ + Wₕ ∗ hₜ₋₁ + p·cₜ + b), hₜ = o·tanh(cₜ), each gate with its own W, b and peephole p. A peephole is a
    number for each place of the state, so it needs the size; without one there are none.
    x: (N, T, C, H, W), h and c: (N, channels, H, W), zeros if not given -> y: (N, T, channels, H, W), last h, last c.
    Shi, Chen, Wang, Yeung, Wong, Woo (2015). Convolutional LSTM network.
    """

    def __init__(
        self,
        in_channels: int,
        channels: int,
        kernel: int = 3,
        bias: bool = True,
        peephole_size: tuple[int, int] | None = None,
    ) -> None:
        super().__init__()
        self.channels = channels
        self.input_to_state = nn.Conv2d(in_channels, 4 * channels, kernel, padding=kernel // 2, bias=bias)
        self.state_to_state = nn.Conv2d(channels, 4 * channels, kernel, padding=kernel // 2, bias=False)
        self.peepholes = nn.Parameter(torch.zeros(3, channels, *peephole_size)) if peephole_size else None

    def forward(self, x: Tensor, h: Tensor | None = None, c: Tensor | None = None) -> tuple[Tensor, Tensor, Tensor]:
        frames = self.input_to_state(x.flatten(0, 1)).unflatten(0, (-1, x.shape[1]))  # all frames at once
        h = torch.zeros_like(frames[:, 0, : self.channels]) if h is None else h
        c = torch.zeros_like(h) if c is None else c
        states = []
        for frame in frames.unbind(1):
            i, f, o, g = (frame + self.state_to_state(h)).chunk(4, 1)
            if self.peepholes is not None:
                i, f = i + self.peepholes[0] * c, f + self.peepholes[1] * c
            c = f.sigmoid() * c + i.sigmoid() * g.tanh()
            if self.peepholes is not None:
                o = o + self.peepholes[2] * c
            h = o.sigmoid() * c.tanh()
            states.append(h)
        return torch.stack(states, 1), h, c


class RowLSTM(nn.Module):
    """An LSTM down the rows of an image that sees, of the pixel's own row, nothing to its right.

    [o, f, i, g] = Wₛ ∗ hᵣ₋₁ + Wᵢ ∗ xᵣ along the row, Wᵢ masked (type B); c = σ(f)·c + σ(i)·tanh(g), h = σ(o)·tanh(c).
    x: (N, C, H, W) -> y: (N, C, H, W), y = x + W h; without the residual y = h: (N, channels, H, W).
    Van den Oord, Kalchbrenner, Kavukcuoglu (2016). Pixel recurrent neural networks.
    """

    input_mask: Tensor
    output_mask: Tensor

    def __init__(
        self, in_channels: int, channels: int, kernel: int = 3, colours: int = 1, residual: bool = True
    ) -> None:
        super().__init__()
        self.channels = channels
        self.padding = kernel // 2
        self.input_to_state = nn.Conv2d(in_channels, 4 * channels, (1, kernel), padding=(0, self.padding))
        self.state_to_state = nn.Conv1d(channels, 4 * channels, kernel, padding=self.padding)
        self.output = nn.Conv2d(channels, in_channels, 1) if residual else None
        mask = torch.zeros(4 * channels, in_channels, 1, kernel)
        mask[..., : self.padding] = 1
        mask[..., 0, self.padding] = colour_mask(channels, in_channels, colours).repeat(4, 1)
        self.register_buffer("input_mask", mask, persistent=False)
        self.register_buffer(
            "output_mask", colour_mask(in_channels, channels, colours)[..., None, None], persistent=False
        )

    def forward(self, x: Tensor) -> Tensor:
        into = self.input_to_state
        rows = F.conv2d(x, into.weight * self.input_mask, into.bias, padding=(0, self.padding))  # all rows at once
        h = c = torch.zeros_like(rows[:, : self.channels, 0])  # (N, channels, W)
        states = []
        for row in rows.unbind(2):
            o, f, i, g = (row + self.state_to_state(h)).chunk(4, 1)
            c = f.sigmoid() * c + i.sigmoid() * g.tanh()
            h = o.sigmoid() * c.tanh()
            states.append(h)
        y = torch.stack(states, 2)
        if self.output is None:
            return y
        return x + F.conv2d(y, self.output.weight * self.output_mask, self.output.bias)


class DiagonalLSTM(nn.Module):
    """Two LSTMs over the diagonals of an image, one from each upper corner, that together see all earlier pixels.

    The image is skewed, each row one place further right than that above, so that a column holds a diagonal: a pixel's
    neighbours above and at its side stand in the column before, which a convolution of height 2 reads. The second LSTM
    does so from right to left; its result is moved down a row, since it saw what lies right of the pixel.
    x: (N, C, H, W) -> y: (N, C, H, W), y = x + W₁ h₁ + W₂ h₂; without the residual y = h₁ + h₂: (N, channels, H, W).
    Van den Oord, Kalchbrenner, Kavukcuoglu (2016). Pixel recurrent neural networks.
    """

    input_mask: Tensor
    output_mask: Tensor

    def __init__(self, in_channels: int, channels: int, colours: int = 1, residual: bool = True) -> None:
        super().__init__()
        self.channels = channels
        self.left_input = nn.Conv2d(in_channels, 4 * channels, 1)
        self.left_state = nn.Conv1d(channels, 4 * channels, 2)
        self.left_output = nn.Conv2d(channels, in_channels, 1) if residual else None
        self.right_input = nn.Conv2d(in_channels, 4 * channels, 1)
        self.right_state = nn.Conv1d(channels, 4 * channels, 2)
        self.right_output = nn.Conv2d(channels, in_channels, 1) if residual else None
        seen, shown = colour_mask(channels, in_channels, colours), colour_mask(in_channels, channels, colours)
        self.register_buffer("input_mask", seen.repeat(4, 1)[..., None, None], persistent=False)
        self.register_buffer("output_mask", shown[..., None, None], persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        left = self.sweep(x, self.left_input, self.left_state)
        right = self.sweep(x.flip(3), self.right_input, self.right_state).flip(3)
        right = F.pad(right, (0, 0, 1, 0))[:, :, :-1]  # a row down
        if self.left_output is None or self.right_output is None:
            return left + right
        y = x + F.conv2d(left, self.left_output.weight * self.output_mask, self.left_output.bias)
        return y + F.conv2d(right, self.right_output.weight * self.output_mask, self.right_output.bias)

    def sweep(self, x: Tensor, into: nn.Conv2d, onward: nn.Conv1d) -> Tensor:
        """x: (N, C, H, W) -> h: (N, channels, H, W), each pixel from those above and left of it."""
        columns = skew(F.conv2d(x, into.weight * self.input_mask, into.bias))  # (N, 4·channels, H, W + H − 1)
        inside = skew(x.new_ones(x.shape[2:]))  # beside the image the state stays zero
        h = c = torch.zeros_like(columns[:, : self.channels, :, 0])  # (N, channels, H)
        states = []
        for column, mask in zip(columns.unbind(3), inside.unbind(1), strict=True):
            o, f, i, g = (column + onward(F.pad(h, (1, 0)))).chunk(4, 1)
            c = (f.sigmoid() * c + i.sigmoid() * g.tanh()) * mask
            h = o.sigmoid() * c.tanh()
            states.append(h)
        return unskew(torch.stack(states, 3))


def colour_mask(out_channels: int, in_channels: int, colours: int) -> Tensor:
    """Which channels see which: those of a colour see it and the colours before. Gives (out_channels, in_channels)."""
    colour = torch.arange(out_channels)[:, None] * colours // out_channels
    sees = torch.arange(in_channels)[None] * colours // in_channels
    return (sees <= colour).float()


def skew(x: Tensor) -> Tensor:
    """Moves each row one place further right than that above: (..., H, W) -> (..., H, W + H − 1), zeros beside."""
    height, width = x.shape[-2:]
    return F.pad(x, (0, height)).flatten(-2)[..., :-height].reshape(*x.shape[:-2], height, width + height - 1)


def unskew(x: Tensor) -> Tensor:
    """Moves the rows back: (..., H, W + H − 1) -> (..., H, W)."""
    height, length = x.shape[-2:]
    return F.pad(x.flatten(-2), (0, height)).view(*x.shape[:-1], length + 1)[..., : length + 1 - height]
