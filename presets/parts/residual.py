"""Residual blocks: He, Zhang, Ren, Sun (2016), and what others made of them: grouped, pre-activated, gated."""

from __future__ import annotations

from graph_engine.blocks import Reference
from graph_engine.document.builder import Builder, Port
from presets.parts.convolution import conv_norm, norm_relu_conv
from presets.parts.part import PartCategory, part

_RESNET = Reference("He, Zhang, Ren, Sun", 2016, "Deep residual learning for image recognition")
_MAPPINGS = Reference("He, Zhang, Ren, Sun", 2016, "Identity mappings in deep residual networks")
_RESNEXT = Reference("Xie, Girshick, Dollár, Tu, He", 2017, "Aggregated residual transformations for deep networks")
_EXCITATION = Reference("Hu, Shen, Sun", 2018, "Squeeze-and-excitation networks")


def _channels(block: Builder, default: int) -> str:
    return block.expose("channels", default, "Channels", "How many maps come out.", least=1)


def _width(block: Builder, default: int = 64) -> str:
    return block.expose("width", default, "Width", "Maps of the 3×3 convolution; 4 times as many come out.", least=1)


def _stride(block: Builder) -> str:
    return block.expose("stride", 1, "Stride", "2 halves height and width, where a stage begins.", least=1)


def _excited(block: Builder, x: Port) -> Port:
    """Each map weighed by a look at all of them."""
    reduction = block.expose("reduction", 16, "Reduction", "How much narrower the look is than the maps.", least=1)
    return block.add("squeeze_excitation", x, reduction=reduction)


def _strided(block: Builder) -> str:
    return block.expose(
        "strided",
        "3×3",
        "Strided",
        "Which convolution takes the stride: the first 1×1, as the paper has it, or the 3×3, as torchvision does.",
        choices=("3×3", "1×1"),
    )


def _basic(block: Builder, x: Port) -> Port:
    """Two 3×3 convolutions with batch norm."""
    channels, stride = _channels(block, 64), _stride(block)
    y = block.add("relu", conv_norm(block, x, channels, stride=stride))
    return conv_norm(block, y, channels)


@part(title="Basic block", category=PartCategory.RESIDUAL, reference=_RESNET)
def basic_block(block: Builder) -> None:
    """Two 3×3 convolutions around which the input skips: ResNet-18 and 34, and nets for small images.

    Where the shape changes, a 1×1 convolution with batch norm adapts what skips.
    """
    x = block.input("x", 64, 56, 56)
    block.output(block.add("residual", x, _basic(block, x)), "y")


@part(title="SE basic block", category=PartCategory.RESIDUAL, reference=_EXCITATION)
def se_basic_block(block: Builder) -> None:
    """A basic block whose maps are weighed, by a look at all of them, before the sum: SE-ResNet-18 and 34."""
    x = block.input("x", 64, 56, 56)
    block.output(block.add("residual", x, _excited(block, _basic(block, x))), "y")


def _bottleneck(block: Builder, x: Port) -> Port:
    """1×1 to fewer channels, 3×3, and 1×1 to four times as many."""
    width = _width(block)
    _stride(block)
    _strided(block)
    y = block.add("relu", conv_norm(block, x, width, kernel=1, stride='=stride if strided == "1×1" else 1'))
    y = block.add("relu", conv_norm(block, y, width, stride='=stride if strided == "3×3" else 1'))
    return conv_norm(block, y, "=width * 4", kernel=1)


@part(title="Bottleneck", category=PartCategory.RESIDUAL, reference=_RESNET)
def bottleneck(block: Builder) -> None:
    """Narrows with a 1×1 convolution, looks around with a 3×3, widens with a 1×1, and adds the input.

    The block of ResNet-50, 101 and 152. Where the shape changes, a 1×1 convolution with batch norm adapts what skips.
    """
    x = block.input("x", 256, 56, 56)
    block.output(block.add("residual", x, _bottleneck(block, x)), "y")


@part(title="SE bottleneck", category=PartCategory.RESIDUAL, reference=_EXCITATION)
def se_bottleneck(block: Builder) -> None:
    """A bottleneck whose maps are weighed, by a look at all of them, before the sum: SE-ResNet-50."""
    x = block.input("x", 256, 56, 56)
    block.output(block.add("residual", x, _excited(block, _bottleneck(block, x))), "y")


@part(title="ResNeXt block", category=PartCategory.RESIDUAL, reference=_RESNEXT)
def resnext_block(block: Builder) -> None:
    """A bottleneck whose 3×3 convolution is many small ones side by side, each on a group of the channels.

    The groups are what the paper calls cardinality: 32 of 4 channels each are 32×4d. Twice the width comes out.
    """
    width = block.expose("width", 128, "Width", "Maps of the 3×3 convolution; twice as many come out.", least=1)
    groups = block.expose("groups", 32, "Groups", "The cardinality; it must divide the width.", least=1)
    stride = _stride(block)
    x = block.input("x", 256, 56, 56)
    y = block.add("relu", conv_norm(block, x, width, kernel=1))
    y = block.add("relu", conv_norm(block, y, width, stride=stride, groups=groups))
    y = conv_norm(block, y, "=width * 2", kernel=1)
    block.output(block.add("residual", x, y), "y")


@part(title="Pre-activation block", category=PartCategory.RESIDUAL, reference=_MAPPINGS)
def preactivation_block(block: Builder) -> None:
    """Norm and ReLU before each of two 3×3 convolutions, and nothing but the sum on the way that skips."""
    x = block.input("x", 64, 56, 56)
    y = norm_relu_conv(block, norm_relu_conv(block, x, "=in_channels"), "=in_channels")
    block.output(block.add("add", x, y), "y")


@part(title="First pre-activation block", category=PartCategory.RESIDUAL, reference=_MAPPINGS)
def first_preactivation_block(block: Builder) -> None:
    """The pre-activation block that begins a stage: a 1×1 convolution makes what skips of the activated input."""
    channels, stride = _channels(block, 128), _stride(block)
    x = block.add("relu", block.add("batch_norm", block.input("x", 64, 56, 56)))
    skip = block.add("conv2d", x, channels=channels, kernel=1, stride=stride, bias=False)
    y = norm_relu_conv(block, block.add("conv2d", x, channels=channels, stride=stride, bias=False), channels)
    block.output(block.add("add", skip, y), "y")


@part(title="Pre-activation bottleneck", category=PartCategory.RESIDUAL, reference=_MAPPINGS)
def preactivation_bottleneck(block: Builder) -> None:
    """Norm and ReLU before the 1×1, 3×3 and 1×1 convolutions, and nothing but the sum on the way that skips."""
    x = block.input("x", 256, 56, 56)
    y = norm_relu_conv(block, x, "=in_channels // 4", kernel=1)
    y = norm_relu_conv(block, norm_relu_conv(block, y, "=in_channels // 4"), "=in_channels", kernel=1)
    block.output(block.add("add", x, y), "y")


@part(title="First pre-activation bottleneck", category=PartCategory.RESIDUAL, reference=_MAPPINGS)
def first_preactivation_bottleneck(block: Builder) -> None:
    """The pre-activation bottleneck that begins a stage: a 1×1 convolution makes what skips of the activated input."""
    width, stride = _width(block), _stride(block)
    x = block.add("relu", block.add("batch_norm", block.input("x", 64, 56, 56)))
    skip = block.add("conv2d", x, channels="=width * 4", kernel=1, stride=stride, bias=False)
    y = block.add("conv2d", x, channels=width, kernel=1, stride=stride, bias=False)
    y = norm_relu_conv(block, norm_relu_conv(block, y, width), "=width * 4", kernel=1)
    block.output(block.add("add", skip, y), "y")


def _blocks(block: Builder) -> str:
    return block.expose("blocks", 2, "Blocks", "How many blocks follow each other.", least=2)


@part(title="Stage of basic blocks", category=PartCategory.RESIDUAL, reference=_RESNET)
def basic_stage(block: Builder) -> None:
    """Basic blocks on maps of one size; the first of them takes the stride."""
    channels, blocks, stride = _channels(block, 64), _blocks(block), _stride(block)
    basic = basic_block.into(block)
    x = block.add(basic, block.input("x", 64, 56, 56), channels=channels, stride=stride)
    block.output(block.add(basic, x, channels=channels, times=f"{blocks} - 1"), "y")


@part(title="Stage of bottlenecks", category=PartCategory.RESIDUAL, reference=_RESNET)
def bottleneck_stage(block: Builder) -> None:
    """Bottlenecks on maps of one size; the first of them takes the stride."""
    width, blocks, stride = _width(block), _blocks(block), _stride(block)
    strided = _strided(block)
    narrow = bottleneck.into(block)
    x = block.add(narrow, block.input("x", 64, 56, 56), width=width, stride=stride, strided=strided)
    block.output(block.add(narrow, x, width=width, times=f"{blocks} - 1"), "y")
