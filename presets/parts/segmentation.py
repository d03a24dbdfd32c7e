"""Parts of RefineNet: Lin, Milan, Shen, Reid (2017). Multi-path refinement for high-resolution segmentation."""

from __future__ import annotations

from graph_engine.blocks import Reference
from graph_engine.document.builder import Builder
from presets.parts.part import PartCategory, part

_REFINENET = Reference(
    "Lin, Milan, Shen, Reid",
    2017,
    "RefineNet: multi-path refinement networks for high-resolution semantic segmentation",
)


@part(title="Residual conv unit", category=PartCategory.SEGMENTATION, reference=_REFINENET)
def residual_conv_unit(block: Builder) -> None:
    """Two 3×3 convolutions, each after a ReLU, added to the input (RCU); without batch norm.

    The first has a bias, the second has none, as in the authors' networks.
    """
    x = block.input("x", 256, 32, 32)
    y = block.add("conv2d", block.add("relu", x), channels="=in_channels")
    y = block.add("conv2d", block.add("relu", y), channels="=in_channels", bias=False)
    block.output(block.add("add", x, y), "y")


@part(title="Pool and refine", category=PartCategory.SEGMENTATION, reference=_REFINENET)
def pool_and_refine(block: Builder) -> None:
    """One link of chained residual pooling: a 5×5 max pool that keeps the size, a 3×3 convolution, and the sum.

    path: what the link before gave; total: the sum so far -> path: (N, C, H, W); total: (N, C, H, W).
    """
    path, total = block.input("path", 256, 32, 32), block.input("total", 256, 32, 32)
    y = block.add("max_pool2d", path, kernel=5, stride=1, padding=2)
    y = block.add("conv2d", y, channels="=in_channels", bias=False)
    block.output(y, "path")
    block.output(block.add("add", total, y), "total")


@part(title="Chained residual pooling", category=PartCategory.SEGMENTATION, reference=_REFINENET)
def chained_residual_pooling(block: Builder) -> None:
    """Looks at wider and wider surroundings, pool after pool, and adds what each of them found to the input."""
    links = block.expose("links", 4, "Links", "How many pools follow each other.", least=1)
    x = block.add("relu", block.input("x", 256, 32, 32))
    chain = block.add(pool_and_refine.into(block), x, x, times=links)
    block.output(chain.other("total"), "y")


@part(title="Multi-resolution fusion", category=PartCategory.SEGMENTATION, reference=_REFINENET)
def multi_resolution_fusion(block: Builder) -> None:
    """Brings a fine and a coarse map to the same channels and the finer size, and adds them.

    fine: (N, C, H, W), coarse: (N, D, h, w) -> y: (N, channels, H, W).
    """
    channels = block.expose("channels", 256, "Channels", "How many maps come out.", least=1)
    fine, coarse = block.input("fine", 256, 32, 32), block.input("coarse", 512, 16, 16)
    sharp = block.add("conv2d", fine, channels=channels, bias=False)
    rough = block.add("conv2d", coarse, channels=channels, bias=False)
    block.output(block.add("add", sharp, block.add("resize_as", rough, sharp, align_corners=True)), "y")
