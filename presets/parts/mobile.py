"""Blocks of networks for small devices: Sandler, Howard, Zhu, Zhmoginov, Chen (2018)."""

from __future__ import annotations

from graph_engine.blocks import Reference
from graph_engine.document.builder import Builder
from presets.parts.convolution import conv_norm
from presets.parts.part import PartCategory, part

_MOBILENET = Reference(
    "Sandler, Howard, Zhu, Zhmoginov, Chen", 2018, "MobileNetV2: inverted residuals and linear bottlenecks"
)


_SHUFFLENET = Reference(
    "Ma, Zhang, Zheng, Sun", 2018, "ShuffleNet V2: practical guidelines for efficient CNN architecture design"
)


def _expansion(block: Builder) -> str:
    block.expose("expansion", 6, "Expansion", "t: how many times more maps the depthwise convolution has.", least=1)
    return "=in_channels * expansion"


@part(title="Linear bottleneck", category=PartCategory.MOBILE, reference=_MOBILENET)
def linear_bottleneck(block: Builder) -> None:
    """Widens with a 1×1 convolution, filters each map by itself, and narrows with a 1×1 without activation.

    The block of MobileNetV2 where the shape changes; where it does not, the inverted residual adds the input.
    """
    channels = block.expose("channels", 32, "Channels", "How many maps come out.", least=1)
    wide = _expansion(block)
    stride = block.expose("stride", 1, "Stride", "2 halves height and width.", least=1)
    x = block.input("x", 24, 56, 56)
    x = block.add("relu6", conv_norm(block, x, wide, kernel=1))
    x = block.add("relu6", conv_norm(block, x, "=in_channels * expansion", stride=stride, groups=wide))
    block.output(conv_norm(block, x, channels, kernel=1), "y")


@part(title="Inverted residual", category=PartCategory.MOBILE, reference=_MOBILENET)
def inverted_residual(block: Builder) -> None:
    """A linear bottleneck around which the input skips: the narrow ends are joined, not the wide middle."""
    _expansion(block)
    x = block.input("x", 24, 56, 56)
    y = block.add(linear_bottleneck.into(block), x, channels="=in_channels", expansion="=expansion")
    block.output(block.add("add", x, y), "y")


@part(title="ShuffleNet V2 unit", category=PartCategory.MOBILE, reference=_SHUFFLENET)
def shuffle_unit_v2(block: Builder) -> None:
    """Half of the maps pass, the other half is filtered, and then both are mixed by shuffling the maps.

    1×1, depthwise 3×3 and 1×1 convolutions, each with batch norm; ReLU after the 1×1 ones.
    """
    half = "=in_channels // 2"
    x = block.input("x", 116, 28, 28)
    parts = block.add("split_evenly", x, parts=2)
    y = block.add("relu", conv_norm(block, parts.other("part2"), half, kernel=1))
    y = conv_norm(block, y, half, groups=half)
    y = block.add("relu", conv_norm(block, y, half, kernel=1))
    block.output(block.add("channel_shuffle", block.add("concat", parts, y), groups=2), "y")
