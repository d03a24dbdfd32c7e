"""Spatial transformers with their localisation net inside: Jaderberg, Simonyan, Zisserman, Kavukcuoglu (2015); and the
network that proposes regions: Ren, He, Girshick, Sun (2015).
"""

from __future__ import annotations

from graph_engine.blocks import Reference
from graph_engine.document.builder import Builder
from presets.parts.part import PartCategory, part

_JADERBERG = Reference("Jaderberg, Simonyan, Zisserman, Kavukcuoglu", 2015, "Spatial transformer networks")
_FASTER = Reference(
    "Ren, He, Girshick, Sun", 2015, "Faster R-CNN: towards real-time object detection with region proposal networks"
)


def _hidden(block: Builder) -> str:
    return block.expose("hidden", 32, "Hidden", "Units of the hidden layer before the numbers.", least=1)


@part(
    title="Localisation net",
    category=PartCategory.SPATIAL,
    reference=_JADERBERG,
    keywords=("stn", "spatial transformer"),
)
def localisation_net(block: Builder) -> None:
    """Reads off an image by which numbers to transform it; all are 0 at first.

    x: (N, C, H, W) -> y: (N, numbers). Two convolutions with max pools, and two linear layers.
    """
    numbers = block.expose("numbers", 6, "Numbers", "How many the transformation takes.", least=1)
    hidden = _hidden(block)
    x = block.input("x", 1, 28, 28)
    for channels, kernel in ((8, 7), (10, 5)):
        x = block.add("conv2d", x, channels=channels, kernel=kernel, padding="none")
        x = block.add("relu", block.add("max_pool2d", x))
    x = block.add("relu", block.add("linear", block.add("flatten", x), features=hidden))
    block.output(block.add("linear", x, features=numbers, init="zero"), "y")


def _transformer(block: Builder, transform: str, identity: list[float]) -> None:
    """What the localisation net finds is how far the transformation is from leaving all in place."""
    hidden = _hidden(block)
    x = block.input("x", 1, 28, 28)
    change = block.add(localisation_net.into(block), x, numbers=len(identity), hidden=hidden)
    stay = block.add("constant", x, shape=[len(identity)], values=identity, title="Identity")
    theta = block.add("add", stay, change, title="Theta")
    block.output(block.add("spatial_transform", x, theta, transform=transform), "y")
    block.output(theta, "theta")


@part(
    title="Affine transformer",
    category=PartCategory.SPATIAL,
    reference=_JADERBERG,
    keywords=("stn", "spatial transformer", "warp"),
)
def affine_transformer(block: Builder) -> None:
    """Turns, scales, shears and moves an image as a network inside sees fit; the block Spatial transformer, drawn.

    x: (N, C, H, W) -> y: (N, C, H, W), theta: (N, 6), the matrix [A | b] row by row. At first nothing is changed.
    """
    _transformer(block, "affine", [1.0, 0.0, 0.0, 0.0, 1.0, 0.0])


@part(
    title="Zoom transformer",
    category=PartCategory.SPATIAL,
    reference=_JADERBERG,
    keywords=("stn", "spatial transformer", "scale", "translation", "attention"),
)
def zoom_transformer(block: Builder) -> None:
    """Scales and moves an image, and no more, as a network inside sees fit: looks at a part of it.

    x: (N, C, H, W) -> y: (N, C, H, W), theta: (N, 3): scale, x and y. At first nothing is changed.
    """
    _transformer(block, "attention", [1.0, 0.0, 0.0])


@part(
    title="Region proposal net",
    category=PartCategory.SPATIAL,
    reference=_FASTER,
    keywords=("rpn", "faster r-cnn", "anchors", "detection"),
)
def region_proposal_net(block: Builder) -> None:
    """Says at each pixel of a map whether an object is there, and where its edges are, for each of some anchor boxes.

    x: (N, C, H, W) -> objectness: (N, scores · anchors, H, W), boxes: (N, 4 · anchors, H, W): how far a box lies from
    its anchor, and how much larger it is.
    """
    anchors = block.expose("anchors", 9, "Anchors", "Boxes of other sizes and shapes at each pixel.", least=1)
    block.expose("scores", 2, "Scores", "For each anchor: 2 for a softmax, as in the paper, 1 for a sigmoid.", least=1)
    x = block.add("relu", block.add("conv2d", block.input("x", 512, 37, 37), channels="=in_channels"))
    objectness = block.add("conv2d", x, channels=f"{anchors} * scores", kernel=1, title="Objectness")
    block.output(objectness, "objectness")
    block.output(block.add("conv2d", x, channels=f"{anchors} * 4", kernel=1, title="Boxes"), "boxes")
