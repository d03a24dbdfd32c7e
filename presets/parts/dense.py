"""Densely connected blocks: Huang, Liu, van der Maaten, Weinberger (2017); and dual paths: Chen et al. (2017)."""

from __future__ import annotations

from graph_engine.blocks import Reference
from graph_engine.document.builder import Builder, Port
from presets.parts.convolution import norm_relu_conv
from presets.parts.part import PartCategory, part

_DENSENET = Reference("Huang, Liu, van der Maaten, Weinberger", 2017, "Densely connected convolutional networks")
_DUAL = Reference("Chen, Li, Xiao, Jin, Yan, Feng", 2017, "Dual path networks")


def _growth(block: Builder, default: int) -> str:
    return block.expose("growth", default, "Growth", "k: the maps that each layer adds.", least=1)


@part(title="Dense layer", category=PartCategory.DENSE, reference=_DENSENET)
def dense_layer(block: Builder) -> None:
    """Adds a few new maps to all that came before: norm, ReLU, 3×3 convolution, and the input beside them."""
    growth = _growth(block, 12)
    x = block.input("x", 64, 32, 32)
    block.output(block.add("concat", x, norm_relu_conv(block, x, growth)), "y")


@part(title="Dense bottleneck layer", category=PartCategory.DENSE, reference=_DENSENET)
def dense_bottleneck_layer(block: Builder) -> None:
    """A dense layer whose 1×1 convolution first narrows all that came before to a few times the growth (DenseNet-B)."""
    growth = _growth(block, 32)
    block.expose("bottleneck", 4, "Bottleneck", "How many times the growth the 1×1 convolution gives.", least=1)
    x = block.input("x", 64, 56, 56)
    y = norm_relu_conv(block, x, "=growth * bottleneck", kernel=1)
    block.output(block.add("concat", x, norm_relu_conv(block, y, growth)), "y")


@part(title="Dense block", category=PartCategory.DENSE, reference=_DENSENET)
def dense_block(block: Builder) -> None:
    """Dense layers, each of which sees the maps of all before it."""
    layers = block.expose("layers", 12, "Layers", "How many dense layers follow each other.", least=1)
    growth = _growth(block, 12)
    x = block.input("x", 24, 32, 32)
    block.output(block.add(dense_layer.into(block), x, times=layers, growth=growth), "y")


@part(title="Dense bottleneck block", category=PartCategory.DENSE, reference=_DENSENET)
def dense_bottleneck_block(block: Builder) -> None:
    """Dense bottleneck layers, each of which sees the maps of all before it: the blocks of DenseNet-121 and 201."""
    layers = block.expose("layers", 6, "Layers", "How many dense layers follow each other.", least=1)
    growth = _growth(block, 32)
    x = block.input("x", 64, 56, 56)
    block.output(block.add(dense_bottleneck_layer.into(block), x, times=layers, growth=growth), "y")


@part(title="Transition", category=PartCategory.DENSE, reference=_DENSENET)
def transition(block: Builder) -> None:
    """Between dense blocks: a 1×1 convolution to half of the maps, as in DenseNet-C, and an average pool."""
    block.expose("reduction", 2, "Reduction", "1/θ: 2 keeps half of the maps, 1 keeps all of them.", least=1)
    x = norm_relu_conv(block, block.input("x", 256, 56, 56), "=in_channels // reduction", kernel=1)
    block.output(block.add("avg_pool2d", x), "y")


def _dual_path(block: Builder, x: Port, stride: int | str = 1) -> tuple[Port, Port]:
    """The grouped bottleneck of a dual-path block: what it adds to the residual path, and the new maps."""
    y = norm_relu_conv(block, x, "=width", kernel=1)
    y = norm_relu_conv(block, y, "=width", stride=stride, groups="=groups")
    split = block.add("split", norm_relu_conv(block, y, "=channels + growth", kernel=1), size="=channels")
    return split, split.other("rest")


def _dual_path_parameters(block: Builder) -> None:
    block.expose("channels", 256, "Channels", "Maps of the residual path.", least=1)
    block.expose("width", 96, "Width", "Maps of the 3×3 convolution.", least=1)
    _growth(block, 16)
    block.expose("groups", 32, "Groups", "Independent groups of the 3×3 convolution.", least=1)


@part(title="First dual-path block", category=PartCategory.DENSE, reference=_DUAL)
def first_dual_path_block(block: Builder) -> None:
    """Begins a stage of two paths: what skips is projected, to the residual path and to the first dense maps.

    y: the residual path, (N, channels, H', W'); dense: (N, 3·growth, H', W').
    """
    _dual_path_parameters(block)
    stride = block.expose("stride", 1, "Stride", "2 halves height and width, where a stage begins.", least=1)
    x = block.input("x", 64, 56, 56)
    skip = norm_relu_conv(block, x, "=channels + 2 * growth", kernel=1, stride=stride)
    skip = block.add("split", skip, size="=channels")
    y, new = _dual_path(block, x, stride)
    block.output(block.add("add", skip, y), "y")
    block.output(block.add("concat", skip.other("rest"), new), "dense")


@part(title="Dual-path block", category=PartCategory.DENSE, reference=_DUAL)
def dual_path_block(block: Builder) -> None:
    """One grouped bottleneck for two paths: a part of it is added, as in a ResNet, the rest joined, as in a DenseNet.

    x: the residual path, (N, channels, H, W); dense: (N, D, H, W) -> y: as x; dense: (N, D + growth, H, W). So it can
    be repeated.
    """
    _dual_path_parameters(block)
    x, dense = block.input("x", 256, 56, 56), block.input("dense", 48, 56, 56)
    y, new = _dual_path(block, block.add("concat", x, dense))
    block.output(block.add("add", x, y), "y")
    block.output(block.add("concat", dense, new), "dense")
