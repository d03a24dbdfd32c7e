"""Pooling at several scales at once."""

from __future__ import annotations

from typing import Annotated, ClassVar

from graph_engine.blocks.block import Block, Category, Input, Param, Reference, Specs
from graph_engine.blocks.call import Expression, Function, Layer, Ref
from graph_engine.blocks.parameter import Shape
from graph_engine.blocks.refusal import Refusal, SetParameterHint
from graph_engine.blocks.tensor import Kind, N, TensorSpec

_IMAGE = TensorSpec((N, 4, 7, 9))
_INPUTS = (Input("x", (Kind.IMAGE,), "the image"),)


def _numbers(title: str, parameter: str, values: Shape, default: tuple[int, ...]) -> tuple[int, ...]:
    """`values` as whole numbers.

    Raises: Refusal where there is none, or a letter.
    """
    numbers = tuple(value for value in values if isinstance(value, int))
    if not numbers or len(numbers) < len(values):
        raise Refusal(
            f"{title}: {parameter} takes one or more whole numbers.",
            parameter=parameter,
            expected=" × ".join(map(str, default)),
            hints=(SetParameterHint(parameter, list(default)),),
        )
    return numbers


def _listed(values: Shape) -> str:
    return ", ".join(map(str, values))


class SpatialPyramidPool(Block):
    """Keeps the largest values at several scales in one vector that is as long whatever size of image arrives.

    x: (N, C, H, W) -> y: (N, C·Σ b²), with b×b fields for each b of the bins.
    """

    title: ClassVar = "Spatial pyramid pool"
    category: ClassVar = Category.POOLING
    keywords: ClassVar = ("spp", "any size", "adaptive", "fixed length")
    reference: ClassVar = Reference(
        "He, Zhang, Ren, Sun", 2014, "Spatial pyramid pooling in deep convolutional networks for visual recognition"
    )
    inputs: ClassVar = _INPUTS
    examples: ClassVar = (({"bins": [3, 2, 1]}, {"x": _IMAGE}), ({"bins": [2]}, {"x": _IMAGE}))

    bins: Annotated[Shape, Param("Bins", "Fields on each side, one number a scale.", ge=1)] = (6, 3, 2, 1)

    def tell(self) -> str:
        return _listed(self.bins)

    def build(self, inputs: Specs) -> Expression:
        return Function.of("spatial_pyramid_pool", Ref("x"), _numbers(self.title, "bins", self.bins, (6, 3, 2, 1)))


class PyramidPooling(Block):
    """Puts averages over fields at several scales beside the image, so that each pixel knows its surroundings.

    x: (N, C, H, W) -> y: (N, C + bins·⌊C/bins⌋, H, W). For each scale: average pool, 1×1 convolution to C/bins
    channels, batch norm, ReLU, bilinear to the image's size. Needs two samples or more while training.
    """

    title: ClassVar = "Pyramid pooling"
    category: ClassVar = Category.POOLING
    keywords: ClassVar = ("psp", "pspnet", "segmentation", "context", "scene parsing")
    reference: ClassVar = Reference("Zhao, Shi, Qi, Wang, Jia", 2017, "Pyramid scene parsing network")
    inputs: ClassVar = _INPUTS
    examples: ClassVar = (({"bins": [1, 3]}, {"x": _IMAGE}), ({}, {"x": _IMAGE}))

    bins: Annotated[Shape, Param("Bins", "Fields on each side, one number a scale.", ge=1)] = (1, 2, 3, 6)

    def tell(self) -> str:
        return _listed(self.bins)

    def build(self, inputs: Specs) -> Layer:
        bins, channels = _numbers(self.title, "bins", self.bins, (1, 2, 3, 6)), inputs["x"].length(1)
        if channels < len(bins):
            raise Refusal(
                f"{self.title}: {channels} channels can't be shared by {len(bins)} scales.",
                port="x",
                expected=f"{len(bins)} channels or more",
                hints=(SetParameterHint("bins", [1]),),
            )
        return Layer.of("PyramidPooling", channels, bins)


class AtrousPyramidPooling(Block):
    """Looks at each pixel's surroundings at several distances at once, and at the whole image.

    x: (N, C, H, W) -> y: (N, channels, H, W). A 1×1, a 3×3 of each dilation and the average of the image, side by side
    and then 1×1; batch norm and ReLU after each. Needs two samples or more while training.
    """

    title: ClassVar = "Atrous pyramid pooling"
    category: ClassVar = Category.POOLING
    keywords: ClassVar = ("aspp", "deeplab", "dilated", "segmentation", "context")
    reference: ClassVar = Reference(
        "Chen, Papandreou, Schroff, Adam", 2017, "Rethinking atrous convolution for semantic image segmentation"
    )
    inputs: ClassVar = _INPUTS
    examples: ClassVar = (
        ({"channels": 3, "rates": [1, 2]}, {"x": _IMAGE}),
        ({"channels": 5, "dropout": 0.0}, {"x": _IMAGE}),
    )

    channels: Annotated[int, Param("Channels", "Maps of each branch and of the result.", ge=1)] = 256
    rates: Annotated[Shape, Param("Rates", "Dilations of the 3×3 convolutions, one number a branch.", ge=1)] = (
        12,
        24,
        36,
    )
    dropout: Annotated[float, Param("Dropout", "How often a value of the result is set to zero.", ge=0, le=1)] = 0.5

    def tell(self) -> str:
        return f"{self.channels} · rates {_listed(self.rates)}"

    def build(self, inputs: Specs) -> Layer:
        rates = _numbers(self.title, "rates", self.rates, (12, 24, 36))
        return Layer.of("AtrousPyramidPooling", inputs["x"].length(1), self.channels, rates, dropout=self.dropout)
