"""Regularisation: what disturbs a network while it trains and does nothing in use. All keep the shape."""

from __future__ import annotations

from typing import Annotated, ClassVar

from graph_engine.blocks.block import Block, Category, Input, Param, Reference, Specs
from graph_engine.blocks.call import Expression, Layer, Method, Ref
from graph_engine.blocks.tensor import Kind, N, TensorSpec

_VECTOR, _SEQUENCE, _IMAGE = TensorSpec((N, 5)), TensorSpec((N, 3, 5)), TensorSpec((N, 3, 5, 6))
_VOLUME = TensorSpec((N, 3, 2, 4, 5))
_FEATURES = (Kind.VECTOR, Kind.SEQUENCE, Kind.IMAGE, Kind.VOLUME)


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
    inputs: ClassVar = (Input("x", _FEATURES, "any features"),)
    examples: ClassVar = (
        ({}, {"x": _VECTOR}),
        ({"probability": 0.1}, {"x": _IMAGE}),
        ({}, {"x": _SEQUENCE}),
        ({}, {"x": _VOLUME}),
    )

    probability: Annotated[float, Param("Probability", "How often a value is set to zero.", ge=0, le=1)] = 0.5

    def tell(self) -> str:
        return f"p {self.probability:g}"

    def build(self, inputs: Specs) -> Layer:
        return Layer.of("nn.Dropout", self.probability)


class ChannelDropout(Block):
    """While training, sets whole channels to zero with a probability and scales the rest; in use, does nothing.

    x: (N, C, H, W), (N, C, D, H, W) or (N, T, E) -> y: as x; of a sequence, features vanish at all steps at once.
    """

    title: ClassVar = "Channel dropout"
    category: ClassVar = Category.NORMALISATION
    keywords: ClassVar = ("spatial dropout", "dropout2d", "regularisation", "overfitting", "maps")
    reference: ClassVar = Reference(
        "Tompson, Goroshin, Jain, LeCun, Bregler", 2015, "Efficient object localization using convolutional networks"
    )
    inputs: ClassVar = (Input("x", (Kind.IMAGE, Kind.VOLUME, Kind.SEQUENCE), "image, volume or sequence"),)
    examples: ClassVar = (({}, {"x": _IMAGE}), ({"probability": 0.1}, {"x": _SEQUENCE}), ({}, {"x": _VOLUME}))

    probability: Annotated[float, Param("Probability", "How often a channel is set to zero.", ge=0, le=1)] = 0.5

    def tell(self) -> str:
        return f"p {self.probability:g}"

    def build(self, inputs: Specs) -> Layer | Expression:
        rank = inputs["x"].rank
        if rank == 3:
            channels_first = Method.of(Ref("x"), "transpose", 1, 2)
            return Method.of(Layer.of("nn.Dropout1d", self.probability).on(channels_first), "transpose", 1, 2)
        return Layer.of("nn.Dropout2d" if rank == 4 else "nn.Dropout3d", self.probability)


class DropPath(Block):
    """While training, sets whole samples to zero with a probability, so that a residual branch is skipped.

    x: (N, …) -> y: as x; what is kept is scaled by 1/(1 − p). Put it at the end of a branch, before the sum. With a
    ramp, p grows evenly from 0 over so many steps of training, as in NASNet (Zoph et al., 2018).
    """

    title: ClassVar = "Drop path"
    category: ClassVar = Category.NORMALISATION
    keywords: ClassVar = ("stochastic depth", "regularisation", "residual", "skip", "scheduled drop path", "nasnet")
    reference: ClassVar = Reference("Huang, Sun, Liu, Sedra, Weinberger", 2016, "Deep networks with stochastic depth")
    inputs: ClassVar = (Input("x", _FEATURES, "what a branch computed"),)
    examples: ClassVar = (
        ({}, {"x": _IMAGE}),
        ({"probability": 0.5, "ramp": 4}, {"x": _SEQUENCE}),
        ({}, {"x": _VECTOR}),
        ({}, {"x": _VOLUME}),
    )

    probability: Annotated[float, Param("Probability", "How often a sample is set to zero.", ge=0, lt=1)] = 0.1
    ramp: Annotated[
        int,
        Param(
            "Ramp",
            "Steps of training over which it grows from 0; 0: it is there at once.",
            ge=0,
            unit="steps",
            advanced=True,
        ),
    ] = 0

    def tell(self) -> str:
        return f"p {self.probability:g}" + (f" · over {self.ramp} steps" if self.ramp else "")

    def build(self, inputs: Specs) -> Layer:
        return Layer.of("DropPath", self.probability, ramp=self.ramp)


class GaussianNoise(Block):
    """While training, adds normal noise to each value; in use, does nothing.

    x: any -> y: as x. y = x + σ ε with ε ~ N(0, 1).
    """

    title: ClassVar = "Gaussian noise"
    category: ClassVar = Category.NORMALISATION
    keywords: ClassVar = ("regularisation", "jitter", "denoising", "robust")
    reference: ClassVar = Reference("Bishop", 1995, "Training with noise is equivalent to Tikhonov regularization")
    inputs: ClassVar = (Input("x", _FEATURES, "any features"),)
    examples: ClassVar = (
        ({}, {"x": _IMAGE}),
        ({"deviation": 1.0}, {"x": _SEQUENCE}),
        ({}, {"x": _VECTOR}),
        ({}, {"x": _VOLUME}),
    )

    deviation: Annotated[float, Param("Deviation", "Standard deviation σ of the noise.", ge=0)] = 0.1

    def tell(self) -> str:
        return f"σ {self.deviation:g}"

    def build(self, inputs: Specs) -> Layer:
        return Layer.of("GaussianNoise", self.deviation)
