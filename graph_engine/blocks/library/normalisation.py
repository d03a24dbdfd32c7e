"""Normalisation and regularisation. All keep the shape."""

from __future__ import annotations

from typing import Annotated, ClassVar

from graph_engine.blocks.block import Block, Category, Input, Param, Reference, Specs
from graph_engine.blocks.call import Layer
from graph_engine.blocks.tensor import Kind, N, TensorSpec

_VECTOR, _SEQUENCE, _IMAGE = TensorSpec((N, 5)), TensorSpec((N, 3, 5)), TensorSpec((N, 3, 5, 6))
_FEATURES = (Kind.VECTOR, Kind.SEQUENCE, Kind.IMAGE)


class BatchNorm(Block):
    """Gives each channel mean 0 and variance 1 over the batch, then a learned scale and shift.

    x: (N, C, H, W) or (N, C) -> y: as x. y = γ (x − μ)/√(σ² + ε) + β; in use, μ and σ are running averages.
    """

    title: ClassVar = "Batch norm"
    category: ClassVar = Category.NORMALISATION
    keywords: ClassVar = ("bn", "normalization")
    reference: ClassVar = Reference(
        "Ioffe, Szegedy",
        2015,
        "Batch normalization: accelerating deep network training by reducing internal covariate shift",
    )
    inputs: ClassVar = (Input("x", (Kind.IMAGE, Kind.VECTOR), "image or vector"),)
    examples: ClassVar = (({}, {"x": _VECTOR}), ({"affine": False}, {"x": _IMAGE}))

    epsilon: Annotated[float, Param("Epsilon", "Added to the variance.", gt=0, le=1, advanced=True)] = 1e-5
    momentum: Annotated[
        float, Param("Momentum", "Weight of the newest batch in the running averages.", ge=0, le=1, advanced=True)
    ] = 0.1
    affine: Annotated[bool, Param("Scale and shift", "Learn γ and β.")] = True

    def build(self, inputs: Specs) -> Layer:
        x = inputs["x"]
        target = "nn.BatchNorm2d" if x.rank == 4 else "nn.BatchNorm1d"
        return Layer.of(target, x.length(1), eps=self.epsilon, momentum=self.momentum, affine=self.affine)


class LayerNorm(Block):
    """Gives each sample (at each position of a sequence) mean 0 and variance 1, then a learned scale and shift.

    x: (N, C), (N, T, E) or (N, C, H, W) -> y: as x; over the last axis, for images over C, H and W.
    """

    title: ClassVar = "Layer norm"
    category: ClassVar = Category.NORMALISATION
    keywords: ClassVar = ("ln", "normalization", "transformer")
    reference: ClassVar = Reference("Ba, Kiros, Hinton", 2016, "Layer normalization")
    inputs: ClassVar = (Input("x", _FEATURES, "vector, sequence or image"),)
    examples: ClassVar = (({}, {"x": _VECTOR}), ({}, {"x": _SEQUENCE}), ({}, {"x": _IMAGE}))

    epsilon: Annotated[float, Param("Epsilon", "Added to the variance.", gt=0, le=1, advanced=True)] = 1e-5
    affine: Annotated[bool, Param("Scale and shift", "Learn γ and β.")] = True

    def build(self, inputs: Specs) -> Layer:
        x = inputs["x"]
        shape = tuple(x.length(axis) for axis in (1, 2, 3)) if x.rank == 4 else x.length(-1)
        return Layer.of("nn.LayerNorm", shape, eps=self.epsilon, elementwise_affine=self.affine)


class Dropout(Block):
    """While training, sets each value to zero with a probability and scales the rest; in use, does nothing.

    x: any -> y: as x.
    """

    title: ClassVar = "Dropout"
    category: ClassVar = Category.NORMALISATION
    keywords: ClassVar = ("regularisation", "overfitting", "noise")
    reference: ClassVar = Reference(
        "Srivastava, Hinton, Krizhevsky, Sutskever, Salakhutdinov",
        2014,
        "Dropout: a simple way to prevent neural networks from overfitting",
    )
    inputs: ClassVar = (Input("x", _FEATURES, "vector, sequence or image"),)
    examples: ClassVar = (({}, {"x": _VECTOR}), ({"probability": 0.1}, {"x": _IMAGE}), ({}, {"x": _SEQUENCE}))

    probability: Annotated[float, Param("Probability", "How often a value is set to zero.", ge=0, le=1)] = 0.5

    def tell(self) -> str:
        return f"p {self.probability:g}"

    def build(self, inputs: Specs) -> Layer:
        return Layer.of("nn.Dropout", self.probability)
