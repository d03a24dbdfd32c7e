"""A convolution with what usually follows it, which many families are made of."""

from __future__ import annotations

from collections.abc import Callable

from graph_engine.blocks import Reference
from graph_engine.document.builder import Builder, Port
from presets.parts.part import PartCategory, part


def conv_norm(
    block: Builder, x: Port, channels: int | str, kernel: int = 3, stride: int | str = 1, groups: int | str = 1
) -> Port:
    """A convolution without bias, and its batch norm."""
    x = block.add("conv2d", x, channels=channels, kernel=kernel, stride=stride, groups=groups, bias=False)
    return block.add("batch_norm", x)


def norm_relu_conv(
    block: Builder, x: Port, channels: int | str, kernel: int = 3, stride: int | str = 1, groups: int | str = 1
) -> Port:
    """A convolution after the norm and the activation of what it takes."""
    x = block.add("relu", block.add("batch_norm", x))
    return block.add("conv2d", x, channels=channels, kernel=kernel, stride=stride, groups=groups, bias=False)


_BATCH_NORM = Reference(
    "Ioffe, Szegedy", 2015, "Batch normalization: accelerating deep network training by reducing covariate shift"
)
_FACTORISED = Reference(
    "Szegedy, Vanhoucke, Ioffe, Shlens, Wojna", 2016, "Rethinking the inception architecture for computer vision"
)


@part(title="Conv norm ReLU", category=PartCategory.CONVOLUTION, reference=_BATCH_NORM)
def conv_norm_relu(block: Builder) -> None:
    """A convolution without bias, its batch norm and a ReLU."""
    channels = block.expose("channels", 64, "Channels", "How many maps come out.", least=1)
    kernel = block.expose("kernel", 3, "Kernel", "Height and width of the filters, an odd number.", least=1)
    stride = block.expose("stride", 1, "Stride", "How far the filters move at a time.", least=1)
    block.expose(
        "padded", default=True, title="Padded", help="Zeros around the image, so that stride 1 keeps its size."
    )
    x = block.input("x", 64, 32, 32)
    pad = "=kernel // 2 if padded else 0"
    x = block.add("conv2d", x, channels=channels, kernel=kernel, stride=stride, padding="custom", pad=pad, bias=False)
    block.output(block.add("relu", block.add("batch_norm", x)), "y")


@part(title="Row conv norm ReLU", category=PartCategory.CONVOLUTION, reference=_FACTORISED)
def row_conv_norm_relu(block: Builder) -> None:
    """A convolution along rows, 1×n, its batch norm and a ReLU: with one along columns, a cheap n×n."""
    _along(block, lambda length: [1, length])


@part(title="Column conv norm ReLU", category=PartCategory.CONVOLUTION, reference=_FACTORISED)
def column_conv_norm_relu(block: Builder) -> None:
    """A convolution along columns, n×1, its batch norm and a ReLU: with one along rows, a cheap n×n."""
    _along(block, lambda length: [length, 1])


def _along(block: Builder, kernel: Callable[[str], list[int | str]]) -> None:
    channels = block.expose("channels", 64, "Channels", "How many maps come out.", least=1)
    length = block.expose("length", 7, "Length", "n, an odd number.", least=1)
    x = block.add("conv2d", block.input("x", 64, 17, 17), channels=channels, kernel=kernel(length), bias=False)
    block.output(block.add("relu", block.add("batch_norm", x)), "y")
