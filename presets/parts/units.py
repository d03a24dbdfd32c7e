"""Units that are also blocks of one piece, drawn from their layers: to be entered, read and changed."""

from __future__ import annotations

from graph_engine.blocks import Reference
from graph_engine.document.builder import Builder, Port
from presets.parts.convolution import conv_norm
from presets.parts.part import PartCategory, part

_SQUEEZENET = Reference(
    "Iandola, Han, Moskewicz, Ashraf, Dally, Keutzer",
    2016,
    "SqueezeNet: AlexNet-level accuracy with 50x fewer parameters and <0.5MB model size",
)
_SENET = Reference("Hu, Shen, Sun", 2018, "Squeeze-and-excitation networks")
_SHUFFLENET = Reference(
    "Zhang, Zhou, Lin, Sun",
    2018,
    "ShuffleNet: an extremely efficient convolutional neural network for mobile devices",
)
_GCN = Reference(
    "Peng, Zhang, Yu, Luo, Sun",
    2017,
    "Large kernel matters: improve semantic segmentation by global convolutional network",
)
_PSP = Reference("Zhao, Shi, Qi, Wang, Jia", 2017, "Pyramid scene parsing network")
_NON_LOCAL = Reference("Wang, Girshick, Gupta, He", 2018, "Non-local neural networks")
_NIN = Reference("Lin, Chen, Yan", 2014, "Network in network")
_ASPP = Reference(
    "Chen, Papandreou, Schroff, Adam", 2017, "Rethinking atrous convolution for semantic image segmentation"
)


@part(title="Fire module", category=PartCategory.MOBILE, reference=_SQUEEZENET)
def fire_module(block: Builder) -> None:
    """Squeezes the channels with 1×1, then expands them with 1×1 and 3×3 side by side; the block Fire, drawn."""
    squeeze = block.expose("squeeze", 16, "Squeeze", "Maps of the first 1×1 convolution.", least=1)
    narrow = block.expose("expand1x1", 64, "Expand 1×1", "Maps of the second 1×1 convolution.", least=1)
    wide = block.expose("expand3x3", 64, "Expand 3×3", "Maps of the 3×3 convolution.", least=1)
    x = block.add("relu", block.add("conv2d", block.input("x", 96, 55, 55), channels=squeeze, kernel=1))
    y = block.add("concat", block.add("conv2d", x, channels=narrow, kernel=1), block.add("conv2d", x, channels=wide))
    block.output(block.add("relu", y), "y")


@part(title="Channel gate", category=PartCategory.MOBILE, reference=_SENET)
def channel_gate(block: Builder) -> None:
    """Weighs each channel by what all of them are on average; the block Squeeze-excitation, drawn."""
    block.expose("reduction", 16, "Reduction", "How many times fewer numbers than channels lie between.", least=1)
    x = block.input("x", 64, 56, 56)
    y = block.add("adaptive_avg_pool2d", x, size=1)
    y = block.add("relu", block.add("conv2d", y, channels="=max(1, in_channels // reduction)", kernel=1))
    y = block.add("sigmoid", block.add("conv2d", y, channels="=in_channels", kernel=1))
    block.output(block.add("multiply", x, block.add("resize_as", y, x, mode="nearest")), "y")


def _shuffled(block: Builder, x: Port, groups: int | str, stride: int, rest: str) -> Port:
    """1×1 group convolution, channel shuffle, 3×3 depthwise, 1×1 group convolution."""
    y = block.add("relu", conv_norm(block, x, "=channels // 4", kernel=1, groups=groups))
    y = block.add("channel_shuffle", y, groups=groups)
    y = conv_norm(block, y, "=channels // 4", stride=stride, groups="=channels // 4")
    return conv_norm(block, y, rest, kernel=1, groups=groups)


@part(title="ShuffleNet V1 unit", category=PartCategory.MOBILE, reference=_SHUFFLENET)
def shuffle_unit_v1(block: Builder) -> None:
    """Cheap group convolutions with a channel shuffle between, added to the input; the block ShuffleNet unit, drawn."""
    block.expose("channels", 240, "Channels", "How many maps arrive and come out.", least=4)
    groups = block.expose("groups", 3, "Groups", "Of the two 1×1 convolutions.", least=1)
    x = block.input("x", 240, 28, 28)
    y = _shuffled(block, x, groups, 1, "=channels")
    block.output(block.add("relu", block.add("add", x, y)), "y")


@part(title="ShuffleNet V1 unit, stride 2", category=PartCategory.MOBILE, reference=_SHUFFLENET)
def shuffle_unit_v1_down(block: Builder) -> None:
    """Halves the size: new maps beside the averaged input; the block ShuffleNet unit at stride 2, drawn."""
    block.expose("channels", 480, "Channels", "How many maps come out, more than arrive.", least=4)
    groups = block.expose("groups", 3, "Groups", "Of the two 1×1 convolutions.", least=1)
    x = block.input("x", 240, 28, 28)
    y = _shuffled(block, x, groups, 2, "=channels - in_channels")
    skip = block.add("avg_pool2d", x, kernel=3, stride=2, padding=1)
    block.output(block.add("relu", block.add("concat", skip, y)), "y")


@part(title="Mlpconv layers", category=PartCategory.CONVOLUTION, reference=_NIN)
def mlp_conv(block: Builder) -> None:
    """A convolution and two 1×1 convolutions, ReLU after each; the block Mlpconv, drawn."""
    first = block.expose("first", 192, "First", "Maps of the convolution.", least=1)
    kernel = block.expose("kernel", 5, "Kernel", "Height and width of the convolution; odd.", least=1)
    second = block.expose("second", 160, "Second", "Maps of the first 1×1 layer.", least=1)
    channels = block.expose("channels", 96, "Channels", "Maps that come out of the second 1×1 layer.", least=1)
    x = block.add("relu", block.add("conv2d", block.input("x", 3, 32, 32), channels=first, kernel=kernel))
    x = block.add("relu", block.add("conv2d", x, channels=second, kernel=1))
    block.output(block.add("relu", block.add("conv2d", x, channels=channels, kernel=1)), "y")


@part(title="Boundary refinement unit", category=PartCategory.SEGMENTATION, reference=_GCN)
def boundary_refinement_unit(block: Builder) -> None:
    """Sharpens the edges of a score map by two convolutions and a sum; the block Boundary refinement, drawn."""
    x = block.input("x", 21, 64, 64)
    y = block.add("relu", block.add("conv2d", x, channels="=in_channels"))
    block.output(block.add("add", x, block.add("conv2d", y, channels="=in_channels")), "y")


@part(title="Pyramid of averages", category=PartCategory.SEGMENTATION, reference=_PSP)
def pyramid_of_averages(block: Builder) -> None:
    """Averages over 1, 4, 9 and 36 fields, put beside the image; the block Pyramid pooling, drawn."""
    x = block.input("x", 512, 32, 32)
    maps = [x]
    for size in (1, 2, 3, 6):
        y = block.add("adaptive_avg_pool2d", x, size=size)
        y = block.add("relu", conv_norm(block, y, "=in_channels // 4", kernel=1))
        maps.append(block.add("resize_as", y, x, mode="bilinear", align_corners=True))
    block.output(block.add("concat", *maps), "y")


@part(title="Non-local layers", category=PartCategory.RESIDUAL, reference=_NON_LOCAL)
def non_local_layers(block: Builder) -> None:
    """Every pixel adds what it gathers from all others; the block Non-local with embedded gaussians, drawn."""
    start = block.expose("start", 0.0, "Start", "Where the scale of the batch norm begins; 0 adds nothing at first.")
    x = block.input("x", 64, 28, 28)
    value, query, key = (
        block.add("positions_to_sequence", block.add("conv2d", x, channels="=max(1, in_channels // 2)", kernel=1))
        for _ in range(3)
    )
    y = block.add("sequence_to_positions", block.add("attend", query, key, value, scaled=False), x)
    y = block.add("batch_norm", block.add("conv2d", y, channels="=in_channels", kernel=1), start=start)
    block.output(block.add("add", x, y), "y")


@part(title="Atrous pyramid", category=PartCategory.SEGMENTATION, reference=_ASPP)
def atrous_pyramid(block: Builder) -> None:
    """Surroundings at three distances and the whole image, side by side; the block Atrous pyramid pooling, drawn."""
    channels = block.expose("channels", 256, "Channels", "Maps of each branch and of the result.", least=1)
    x = block.input("x", 512, 32, 32)
    branches = [block.add("relu", conv_norm(block, x, channels, kernel=1))]
    for name, rate in (("near", 12), ("middle", 24), ("far", 36)):
        dilation = block.expose(name, rate, name.capitalize(), "Dilation of a 3×3 convolution.", least=1)
        y = block.add("conv2d", x, channels=channels, dilation=dilation, bias=False)
        branches.append(block.add("relu", block.add("batch_norm", y)))
    average = block.add("adaptive_avg_pool2d", x, size=1)
    average = block.add("relu", conv_norm(block, average, channels, kernel=1))
    branches.append(block.add("resize_as", average, x, mode="nearest"))
    y = block.add("relu", conv_norm(block, block.add("concat", *branches), channels, kernel=1))
    block.output(block.add("dropout", y), "y")
