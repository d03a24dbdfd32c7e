"""Augmentation: images changed at random while training. In use, nothing happens."""

from __future__ import annotations

from typing import Annotated, ClassVar

from graph_engine.blocks.block import Block, Category, Input, Param, Reference, Specs
from graph_engine.blocks.call import Layer
from graph_engine.blocks.tensor import Kind, N, TensorSpec

_IMAGE = TensorSpec((N, 3, 6, 7))
_INPUTS = (Input("x", (Kind.IMAGE,), "the image, as it enters"),)


class Cutout(Block):
    """While training, covers a square of each image with zeros, so that no one part of it is relied on.

    x: (N, C, H, W) -> y: as x. The middle of the square is any pixel, so a part of it may lie outside. 16 pixels for
    images of 32×32, 8 for 100 classes of them.
    """

    title: ClassVar = "Cutout"
    category: ClassVar = Category.NORMALISATION
    keywords: ClassVar = ("augmentation", "random erasing", "occlusion", "mask", "regularisation", "cifar")
    reference: ClassVar = Reference(
        "DeVries, Taylor", 2017, "Improved regularization of convolutional neural networks with cutout"
    )
    inputs: ClassVar = _INPUTS
    examples: ClassVar = (({"size": 3}, {"x": _IMAGE}),)

    size: Annotated[int, Param("Size", "Height and width of the square.", ge=1, unit="px")] = 16

    def tell(self) -> str:
        return f"{self.size}×{self.size}"

    def build(self, inputs: Specs) -> Layer:
        return Layer.of("Cutout", self.size)


class RandomFlip(Block):
    """While training, mirrors images left to right at random: for things that may face either way.

    x: (N, C, H, W) -> y: as x.
    """

    title: ClassVar = "Random flip"
    category: ClassVar = Category.NORMALISATION
    keywords: ClassVar = ("augmentation", "mirror", "horizontal flip", "cifar", "imagenet")
    reference: ClassVar = Reference(
        "Krizhevsky, Sutskever, Hinton", 2012, "ImageNet classification with deep convolutional neural networks"
    )
    inputs: ClassVar = _INPUTS
    examples: ClassVar = (({}, {"x": _IMAGE}),)

    probability: Annotated[float, Param("Probability", "How often an image is mirrored.", ge=0, le=1)] = 0.5

    def tell(self) -> str:
        return f"p {self.probability:g}"

    def build(self, inputs: Specs) -> Layer:
        return Layer.of("RandomFlip", self.probability)


class RandomShift(Block):
    """While training, moves each image a few pixels at random, with zeros where it has left: a padded random crop.

    x: (N, C, H, W) -> y: as x.
    """

    title: ClassVar = "Random shift"
    category: ClassVar = Category.NORMALISATION
    keywords: ClassVar = ("augmentation", "random crop", "translate", "pad", "cifar")
    reference: ClassVar = Reference("Lee, Xie, Gallagher, Zhang, Tu", 2015, "Deeply-supervised nets")
    inputs: ClassVar = _INPUTS
    examples: ClassVar = (({"pixels": 2}, {"x": _IMAGE}), ({"pixels": 0}, {"x": _IMAGE}))

    pixels: Annotated[int, Param("Pixels", "How far at most, either way.", ge=0, unit="px")] = 4

    def tell(self) -> str:
        return f"± {self.pixels} px"

    def build(self, inputs: Specs) -> Layer:
        return Layer.of("RandomShift", self.pixels)
