"""What passes forward and changes what comes back; and a draw that lets gradients pass."""

from __future__ import annotations

from typing import Annotated, ClassVar

from graph_engine.blocks.block import Block, Category, Input, Output, Param, Reference, Specs
from graph_engine.blocks.call import Expression, Function, Layer, Method, Ref
from graph_engine.blocks.library.loss_elementwise import check_pair
from graph_engine.blocks.tensor import Kind, N, TensorSpec

_VECTOR, _SEQUENCE, _IMAGE = TensorSpec((N, 5)), TensorSpec((N, 3, 4)), TensorSpec((N, 3, 4, 5))
_CODES = (Kind.VECTOR, Kind.SEQUENCE, Kind.IMAGE)


class StopGradient(Block):
    """Passes its input on and no gradient back: what lies before learns nothing from what comes after.

    x: any -> y: as x.
    """

    title: ClassVar = "Stop gradient"
    category: ClassVar = Category.SKIP
    keywords: ClassVar = ("detach", "freeze", "target", "teacher", "siamese")
    reference: ClassVar = Reference("Chen, He", 2021, "Exploring simple Siamese representation learning")
    inputs: ClassVar = (Input("x", help="what is passed on"),)
    detached: ClassVar = ("x",)
    examples: ClassVar = (({}, {"x": _VECTOR}), ({}, {"x": _IMAGE}))

    def build(self, inputs: Specs) -> Expression:
        return Method.of(Ref("x"), "detach")


class GradientReversal(Block):
    """Passes its input on and turns the gradient round: what lies before learns to make what comes after worse.

    x: any -> y: as x; backwards, the gradient times −strength.
    """

    title: ClassVar = "Gradient reversal"
    category: ClassVar = Category.SKIP
    keywords: ClassVar = ("adversarial", "domain adaptation", "dann", "invariant")
    reference: ClassVar = Reference("Ganin, Lempitsky", 2015, "Unsupervised domain adaptation by backpropagation")
    inputs: ClassVar = (Input("x", help="what is passed on"),)
    examples: ClassVar = (({}, {"x": _VECTOR}), ({"strength": 0.1}, {"x": _IMAGE}))

    strength: Annotated[float, Param("Strength", "What the gradient is multiplied by, beside −1.", gt=0)] = 1.0

    def tell(self) -> str:
        return f"−{self.strength:g}"

    def build(self, inputs: Specs) -> Expression:
        return Function.of("reverse_gradient", Ref("x"), strength=self.strength)


class GaussianSample(Block):
    """Draws a code from a normal distribution so that gradients reach its mean and spread: z = μ + σ ε, ε ~ N(0, 1).

    mean, log_variance: (N, C), (N, T, E) or (N, C, H, W) -> z: as both, σ = exp(½ log_variance). In use (evaluation and
    export) z = μ, the likeliest code, so that a network always says the same of the same input.
    """

    title: ClassVar = "Gaussian sample"
    category: ClassVar = Category.SKIP
    keywords: ClassVar = ("reparameterisation", "reparameterization", "vae", "variational", "latent", "draw", "random")
    reference: ClassVar = Reference("Kingma, Welling", 2014, "Auto-encoding variational Bayes")
    inputs: ClassVar = (
        Input("mean", _CODES, "μ of each number of the code"),
        Input("log_variance", _CODES, "log σ² of each number of the code"),
    )
    outputs: ClassVar = (Output("z", help="the code drawn"),)
    examples: ClassVar = (
        ({}, {"mean": _VECTOR, "log_variance": _VECTOR}),
        ({}, {"mean": _SEQUENCE, "log_variance": _SEQUENCE}),
        ({}, {"mean": _IMAGE, "log_variance": _IMAGE}),
    )

    def build(self, inputs: Specs) -> Layer:
        check_pair(self.title, inputs, "log_variance", "mean")
        return Layer.of("GaussianSample")
