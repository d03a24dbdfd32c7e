"""A convolution with what usually follows it, which many families are made of."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

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
    "Ioffe, Szegedy",
    2015,
    "Batch normalization: accelerating deep network training by reducing internal covariate shift",
)
_FACTORISED = Reference(
    "Szegedy, Vanhoucke, Ioffe, Shlens, Wojna", 2016, "Rethinking the inception architecture for computer vision"
)
_MOBILENET = Reference(
    "Howard, Zhu, Chen, Kalenichenko, Wang, Weyand, Andreetto, Adam",
    2017,
    "MobileNets: efficient convolutional neural networks for mobile vision applications",
)
_GCN = Reference(
    "Peng, Zhang, Yu, Luo, Sun",
    2017,
    "Large kernel matters: improve semantic segmentation by global convolutional network",
)
_SPP = Reference(
    "He, Zhang, Ren, Sun", 2014, "Spatial pyramid pooling in deep convolutional networks for visual recognition"
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


@part(
    title="Depthwise and pointwise",
    category=PartCategory.CONVOLUTION,
    reference=_MOBILENET,
    keywords=("depthwise separable", "mobilenet", "xception"),
)
def depthwise_and_pointwise(block: Builder) -> None:
    """Filters each map by itself, then mixes the maps with 1×1; the block Depthwise separable conv, drawn."""
    channels = block.expose("channels", 32, "Channels", "How many maps come out.", least=1)
    kernel = block.expose("kernel", 3, "Kernel", "Height and width of the filters; odd.", least=1)
    stride = block.expose("stride", 1, "Stride", "How far the filters move at a time.", least=1)
    x = block.input("x", 32, 32, 32)
    each: dict[str, Any] = {
        "channels": "=in_channels",
        "groups": "=in_channels",
        "padding": "custom",
        "pad": "=kernel // 2",
    }
    x = block.add("conv2d", x, **each, kernel=kernel, stride=stride, bias=False, title="Depthwise")
    block.output(block.add("conv2d", x, channels=channels, kernel=1, bias=False, title="Pointwise"), "y")


@part(
    title="Large kernel of strips",
    category=PartCategory.SEGMENTATION,
    reference=_GCN,
    keywords=("gcn", "global convolutional network", "separable"),
)
def large_kernel_of_strips(block: Builder) -> None:
    """A k×k field from two pairs of strips, summed; the block Large kernel conv, drawn.

    k×1 then 1×k, and 1×k then k×1: as far as a k×k convolution sees, for 2/k of its price.
    """
    channels = block.expose("channels", 21, "Channels", "How many maps come out.", least=1)
    length = block.expose("kernel", 7, "Kernel", "Height and width of the field; odd.", least=1)
    x = block.input("x", 512, 16, 16)
    tall: dict[str, Any] = {"kernel": [length, 1], "padding": "custom", "pad": ["=kernel // 2", 0]}
    wide: dict[str, Any] = {"kernel": [1, length], "padding": "custom", "pad": [0, "=kernel // 2"]}
    pairs = []
    for first, second in ((tall, wide), (wide, tall)):
        y = block.add("conv2d", x, channels=channels, **first)
        pairs.append(block.add("conv2d", y, channels=channels, **second))
    block.output(block.add("add", *pairs), "y")


@part(
    title="Pyramid of maxima",
    category=PartCategory.CONVOLUTION,
    reference=_SPP,
    keywords=("spp", "spatial pyramid pooling"),
)
def pyramid_of_maxima(block: Builder) -> None:
    """The largest values of 36, 9, 4 and 1 fields: as many for any size; the block Spatial pyramid pool, drawn.

    x: (N, C, H, W) -> y: (N, 50 C).
    """
    x = block.input("x", 256, 13, 13)
    fields = [block.add("flatten", block.add("adaptive_max_pool2d", x, size=size)) for size in (6, 3, 2, 1)]
    block.output(block.add("concat", *fields), "y")
