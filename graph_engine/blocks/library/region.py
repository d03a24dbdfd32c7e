"""Regions of interest: a map of fixed size for each box in an image."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar

from graph_engine.blocks.block import Block, Category, Input, Param, Reference, Specs
from graph_engine.blocks.call import Expression, Function, Method, Ref
from graph_engine.blocks.parameter import Pair
from graph_engine.blocks.refusal import InsertBlock, Refusal
from graph_engine.blocks.tensor import Kind, N, TensorSpec
from graph_engine.blocks.windows import both, pair_text

_MAP, _BOXES = TensorSpec((N, 3, 6, 7)), TensorSpec((N, 5, 4))


class _Regions(Block):
    """Shared by what pools boxes."""

    inputs: ClassVar = (
        Input("x", (Kind.IMAGE,), "the feature map"),
        Input("boxes", (Kind.SEQUENCE,), "boxes of each image: left, top, right, bottom"),
    )

    size: Annotated[Pair, Param("Size", "Height and width of the map of each box.", ge=1, le=512, unit="px")] = 7
    scale: Annotated[
        float,
        Param("Scale", "Pixels of the map to one of the boxes' units: 1/16 behind four halvings.", gt=0, le=1024),
    ] = 1.0
    flat: Annotated[
        bool, Param("Flat", "Give one row of numbers for each box, as linear layers take them.", advanced=True)
    ] = False

    def tell(self) -> str:
        return pair_text(self.size)

    def _pool(self, function: str, inputs: Specs, **options: Any) -> Expression:
        arriving = inputs["boxes"].length(2)
        if arriving != 4:
            raise Refusal(
                f"A box is four numbers: left, top, right and bottom; {arriving} arrive.",
                port="boxes",
                expected="N×R×4",
                hints=(InsertBlock("linear", "boxes", (("features", 4),)),),
            )
        given = {"scale": self.scale} if self.scale != 1.0 else {}
        pooled = Function.of(function, Ref("x"), Ref("boxes"), both(self.size), **given, **options)
        return Method.of(pooled, "flatten", 2) if self.flat else pooled


class RoiPool(_Regions):
    """Cuts each box into h×w bins and keeps the largest value of each, so that boxes of any size give maps of one.

    x: (N, C, H, W), boxes: (N, R, 4) -> y: (N, R, C, h, w), or (N, R, C·h·w) when flat. Corners and bins are rounded to
    whole pixels; what lies outside the map gives 0.
    """

    title: ClassVar = "RoI pool"
    category: ClassVar = Category.SPATIAL
    keywords: ClassVar = ("region of interest", "fast r-cnn", "faster r-cnn", "boxes", "detection", "crop")
    reference: ClassVar = Reference("Girshick", 2015, "Fast R-CNN")
    examples: ClassVar = (
        ({"size": 2}, {"x": _MAP, "boxes": _BOXES}),
        ({"size": [3, 2], "scale": 4.0, "flat": True}, {"x": _MAP, "boxes": _BOXES}),
    )

    def build(self, inputs: Specs) -> Expression:
        return self._pool("roi_pool", inputs)


class RoiAlign(_Regions):
    """Reads each box at even places between the pixels, without rounding, and averages them in h×w bins.

    x: (N, C, H, W), boxes: (N, R, 4) -> y: (N, R, C, h, w), or (N, R, C·h·w) when flat. Each bin is the average of
    samples² bilinear readings.
    """

    title: ClassVar = "RoI align"
    category: ClassVar = Category.SPATIAL
    keywords: ClassVar = ("region of interest", "mask r-cnn", "boxes", "bilinear", "detection", "crop")
    reference: ClassVar = Reference("He, Gkioxari, Dollár, Girshick", 2017, "Mask R-CNN")
    examples: ClassVar = (
        ({"size": 2}, {"x": _MAP, "boxes": _BOXES}),
        ({"size": [3, 2], "scale": 2.0, "samples": 1, "aligned": False}, {"x": _MAP, "boxes": _BOXES}),
        ({"size": [1, 2], "flat": True}, {"x": _MAP, "boxes": _BOXES}),
    )

    samples: Annotated[int, Param("Samples", "Readings along each side of a bin.", ge=1, le=16)] = 2
    aligned: Annotated[
        bool,
        Param(
            "Aligned",
            "Pixels are squares: the first one's centre is at ½ of the map's scale. Off: it is at 0, and boxes are a "
            "pixel wide at least, as first published.",
            advanced=True,
        ),
    ] = True

    def build(self, inputs: Specs) -> Expression:
        options: dict[str, Any] = {"samples": self.samples} if self.samples != 2 else {}
        options |= {"aligned": False} if not self.aligned else {}
        return self._pool("roi_align", inputs, **options)
