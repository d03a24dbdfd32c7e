"""Inception modules: several filter sizes side by side. Szegedy et al. (2015, 2016, 2017)."""

from __future__ import annotations

from graph_engine.blocks import Reference
from graph_engine.document.builder import Builder, Port
from presets.parts.convolution import column_conv_norm_relu, conv_norm_relu, row_conv_norm_relu
from presets.parts.part import PartCategory, part

_DEEPER = Reference("Szegedy et al.", 2015, "Going deeper with convolutions")
_RETHINKING = Reference(
    "Szegedy, Vanhoucke, Ioffe, Shlens, Wojna", 2016, "Rethinking the inception architecture for computer vision"
)
_V4 = Reference(
    "Szegedy, Ioffe, Vanhoucke, Alemi",
    2017,
    "Inception-v4, Inception-ResNet and the impact of residual connections on learning",
)


def _conv(block: Builder, x: Port, channels: int | str, kernel: int | str = 1) -> Port:
    """A square convolution with norm and ReLU that keeps height and width."""
    return block.add(conv_norm_relu.into(block), x, channels=channels, kernel=kernel)


def _halving(block: Builder, x: Port, channels: int | str) -> Port:
    """A 3×3 convolution with norm and ReLU, of stride 2 and without padding."""
    return block.add(conv_norm_relu.into(block), x, channels=channels, stride=2, padded=False)


def _row(block: Builder, x: Port, channels: int | str, length: int = 7) -> Port:
    return block.add(row_conv_norm_relu.into(block), x, channels=channels, length=length)


def _column(block: Builder, x: Port, channels: int | str, length: int = 7) -> Port:
    return block.add(column_conv_norm_relu.into(block), x, channels=channels, length=length)


def _average(block: Builder, x: Port) -> Port:
    """The mean of each 3×3 window around a position."""
    return block.add("avg_pool2d", x, kernel=3, stride=1, padding=1)


def _join(block: Builder, *branches: Port) -> None:
    block.output(block.add("concat", *branches), "y")


def _widths_of_the_first(block: Builder) -> None:
    """The six widths of a module of GoogLeNet, as its table has them; those of module 3a to begin with."""
    for name, width, title in (
        ("conv1x1", 64, "#1×1"),
        ("reduce3x3", 96, "#3×3 reduce"),
        ("conv3x3", 128, "#3×3"),
        ("reduce5x5", 16, "#5×5 reduce"),
        ("conv5x5", 32, "#5×5"),
        ("pool", 32, "Pool proj"),
    ):
        block.expose(name, width, title, "How many maps this convolution gives.", least=1)


@part(title="Inception module", category=PartCategory.INCEPTION, reference=_DEEPER)
def inception_module(block: Builder) -> None:
    """1×1, 3×3 and 5×5 convolutions and a max pool side by side, with 1×1 convolutions before what is costly.

    The module of GoogLeNet as in 2014: convolutions with bias and ReLU.
    """

    def conv(x: Port, channels: str, kernel: int = 1) -> Port:
        return block.add("relu", block.add("conv2d", x, channels=channels, kernel=kernel))

    _widths_of_the_first(block)
    x = block.input("x", 192, 28, 28)
    small = conv(x, "=conv1x1")
    middle = conv(conv(x, "=reduce3x3"), "=conv3x3", 3)
    large = conv(conv(x, "=reduce5x5"), "=conv5x5", 5)
    pooled = conv(block.add("max_pool2d", x, kernel=3, stride=1, padding=1), "=pool")
    _join(block, small, middle, large, pooled)


@part(title="Inception module with norm", category=PartCategory.INCEPTION, reference=_DEEPER)
def inception_module_norm(block: Builder) -> None:
    """The inception module with batch norm after each convolution, which trains from other starts and rates.

    With `largest` = 3, the 5×5 convolution is a 3×3, as in torchvision.
    """
    _widths_of_the_first(block)
    largest = block.expose("largest", 5, "Largest", "The kernel of the branch that is 5×5 in the paper.", least=1)
    x = block.input("x", 192, 28, 28)
    small = _conv(block, x, "=conv1x1")
    middle = _conv(block, _conv(block, x, "=reduce3x3"), "=conv3x3", 3)
    large = _conv(block, _conv(block, x, "=reduce5x5"), "=conv5x5", largest)
    pooled = _conv(block, block.add("max_pool2d", x, kernel=3, stride=1, padding=1), "=pool")
    _join(block, small, middle, large, pooled)


@part(title="Inception-v3 A", category=PartCategory.INCEPTION, reference=_RETHINKING)
def inception_v3_a(block: Builder) -> None:
    """Inception-v3 on 35×35 positions: the 5×5 of one branch becomes two 3×3 in another."""
    pool = block.expose("pool", 32, "Pool", "How many maps the branch with the pool gives.", least=1)
    x = block.input("x", 192, 35, 35)
    small = _conv(block, x, 64)
    large = _conv(block, _conv(block, x, 48), 64, 5)
    double = _conv(block, _conv(block, _conv(block, x, 64), 96, 3), 96, 3)
    _join(block, small, large, double, _conv(block, _average(block, x), pool))


@part(title="Inception-v3 B", category=PartCategory.INCEPTION, reference=_RETHINKING)
def inception_v3_b(block: Builder) -> None:
    """Inception-v3 from 35×35 to 17×17 positions: strided convolutions beside a pool, so that nothing is lost."""
    x = block.input("x", 288, 35, 35)
    once = _halving(block, x, 384)
    double = _halving(block, _conv(block, _conv(block, x, 64), 96, 3), 96)
    _join(block, once, double, block.add("max_pool2d", x, kernel=3, stride=2))


@part(title="Inception-v3 C", category=PartCategory.INCEPTION, reference=_RETHINKING)
def inception_v3_c(block: Builder) -> None:
    """Inception-v3 on 17×17 positions: each 7×7 is a 1×7 and a 7×1."""
    width = block.expose("width", 128, "Width", "Maps between the convolutions of a branch.", least=1)
    x = block.input("x", 768, 17, 17)
    small = _conv(block, x, 192)
    once = _column(block, _row(block, _conv(block, x, width), width), 192)
    twice = _row(block, _column(block, _conv(block, x, width), width), width)
    twice = _row(block, _column(block, twice, width), 192)
    _join(block, small, once, twice, _conv(block, _average(block, x), 192))


@part(title="Inception-v3 D", category=PartCategory.INCEPTION, reference=_RETHINKING)
def inception_v3_d(block: Builder) -> None:
    """Inception-v3 from 17×17 to 8×8 positions: strided convolutions beside a pool."""
    x = block.input("x", 768, 17, 17)
    once = _halving(block, _conv(block, x, 192), 320)
    wide = _halving(block, _column(block, _row(block, _conv(block, x, 192), 192), 192), 192)
    _join(block, once, wide, block.add("max_pool2d", x, kernel=3, stride=2))


@part(title="Inception-v3 E", category=PartCategory.INCEPTION, reference=_RETHINKING)
def inception_v3_e(block: Builder) -> None:
    """Inception-v3 on 8×8 positions: 1×3 and 3×1 side by side, for many different features."""
    x = block.input("x", 1280, 8, 8)
    small = _conv(block, x, 320)
    once = _conv(block, x, 384)
    twice = _conv(block, _conv(block, x, 448), 384, 3)
    sides = [side(block, branch, 384, 3) for branch in (once, twice) for side in (_row, _column)]
    _join(block, small, *sides, _conv(block, _average(block, x), 192))


@part(title="Inception-v4 A", category=PartCategory.INCEPTION, reference=_V4)
def inception_v4_a(block: Builder) -> None:
    """Inception-v4 on 35×35 positions: 96 maps from each of four branches."""
    x = block.input("x", 384, 35, 35)
    small = _conv(block, x, 96)
    once = _conv(block, _conv(block, x, 64), 96, 3)
    twice = _conv(block, _conv(block, _conv(block, x, 64), 96, 3), 96, 3)
    _join(block, small, once, twice, _conv(block, _average(block, x), 96))


@part(title="Inception-v4 reduction A", category=PartCategory.INCEPTION, reference=_V4)
def inception_v4_reduction_a(block: Builder) -> None:
    """From 35×35 to 17×17 positions, in Inception-v4 and in both Inception-ResNets, with widths of their own."""
    for letter, width in (("k", 192), ("l", 224), ("m", 256), ("n", 384)):
        block.expose(f"width_{letter}", width, f"Width {letter}", "A width, as table 1 of the paper names it.", least=1)
    x = block.input("x", 384, 35, 35)
    once = _halving(block, x, "=width_n")
    twice = _halving(block, _conv(block, _conv(block, x, "=width_k"), "=width_l", 3), "=width_m")
    _join(block, once, twice, block.add("max_pool2d", x, kernel=3, stride=2))


@part(title="Inception-v4 B", category=PartCategory.INCEPTION, reference=_V4)
def inception_v4_b(block: Builder) -> None:
    """Inception-v4 on 17×17 positions: each 7×7 is a 1×7 and a 7×1."""
    x = block.input("x", 1024, 17, 17)
    small = _conv(block, x, 384)
    once = _column(block, _row(block, _conv(block, x, 192), 224), 256)
    twice = _row(block, _column(block, _conv(block, x, 192), 192), 224)
    twice = _row(block, _column(block, twice, 224), 256)
    _join(block, small, once, twice, _conv(block, _average(block, x), 128))


@part(title="Inception-v4 reduction B", category=PartCategory.INCEPTION, reference=_V4)
def inception_v4_reduction_b(block: Builder) -> None:
    """Inception-v4 from 17×17 to 8×8 positions."""
    x = block.input("x", 1024, 17, 17)
    once = _halving(block, _conv(block, x, 192), 192)
    wide = _halving(block, _column(block, _row(block, _conv(block, x, 256), 256), 320), 320)
    _join(block, once, wide, block.add("max_pool2d", x, kernel=3, stride=2))


@part(title="Inception-v4 C", category=PartCategory.INCEPTION, reference=_V4)
def inception_v4_c(block: Builder) -> None:
    """Inception-v4 on 8×8 positions: 1×3 and 3×1 side by side."""
    x = block.input("x", 1536, 8, 8)
    small = _conv(block, x, 256)
    once = _conv(block, x, 384)
    twice = _row(block, _column(block, _conv(block, x, 384), 448, 3), 512, 3)
    sides = [side(block, branch, 256, 3) for branch in (once, twice) for side in (_row, _column)]
    _join(block, small, *sides, _conv(block, _average(block, x), 256))


def _scaled_sum(block: Builder, x: Port, scale: float, *branches: Port) -> None:
    """What the branches give, brought to the channels of `x` by a 1×1 convolution, scaled and added."""
    factor = block.expose("scale", scale, "Scale", "What the branches are multiplied by: 0.1 to 0.3 is stable.")
    y = block.add("conv2d", block.add("concat", *branches), channels="=in_channels", kernel=1)
    block.output(block.add("relu", block.add("add", x, block.add("scale", y, factor=factor))), "y")


@part(title="Inception-ResNet 35", category=PartCategory.INCEPTION, reference=_V4)
def inception_resnet_35(block: Builder) -> None:
    """Inception-ResNet-v2 on 35×35 positions: three branches, scaled, added to the input."""
    x = block.input("x", 320, 35, 35)
    small = _conv(block, x, 32)
    once = _conv(block, _conv(block, x, 32), 32, 3)
    twice = _conv(block, _conv(block, _conv(block, x, 32), 48, 3), 64, 3)
    _scaled_sum(block, x, 0.17, small, once, twice)


@part(title="Inception-ResNet 17", category=PartCategory.INCEPTION, reference=_V4)
def inception_resnet_17(block: Builder) -> None:
    """Inception-ResNet-v2 on 17×17 positions: a 7×7 as 1×7 and 7×1, scaled, added to the input."""
    x = block.input("x", 1088, 17, 17)
    small = _conv(block, x, 192)
    wide = _column(block, _row(block, _conv(block, x, 128), 160), 192)
    _scaled_sum(block, x, 0.1, small, wide)


@part(title="Inception-ResNet 8", category=PartCategory.INCEPTION, reference=_V4)
def inception_resnet_8(block: Builder) -> None:
    """Inception-ResNet-v2 on 8×8 positions: a 3×3 as 1×3 and 3×1, scaled, added to the input."""
    x = block.input("x", 2080, 8, 8)
    small = _conv(block, x, 192)
    wide = _column(block, _row(block, _conv(block, x, 192), 224, 3), 256, 3)
    _scaled_sum(block, x, 0.2, small, wide)
