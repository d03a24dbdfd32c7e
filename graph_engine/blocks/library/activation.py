"""Functions applied to each element, and softmax. All keep the shape: x: any -> y: as x."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar

from graph_engine.blocks.block import Block, Category, Param, Reference, Specs
from graph_engine.blocks.call import Expression, Function, Ref
from graph_engine.blocks.refusal import Refusal, SetParameterHint
from graph_engine.blocks.tensor import N, TensorSpec

_EXAMPLES: tuple[tuple[dict[str, Any], dict[str, TensorSpec]], ...] = (
    ({}, {"x": TensorSpec((N, 5))}),
    ({}, {"x": TensorSpec((N, 3, 4, 4))}),
)


class Relu(Block):
    """Keeps what is positive: y = max(x, 0)."""

    title: ClassVar = "ReLU"
    category: ClassVar = Category.ACTIVATION
    whole_numbers: ClassVar = True
    keywords: ClassVar = ("rectifier", "nonlinearity")
    reference: ClassVar = Reference(
        "Nair, Hinton", 2010, "Rectified linear units improve restricted Boltzmann machines"
    )
    examples: ClassVar = _EXAMPLES

    def build(self, inputs: Specs) -> Expression:
        return Function.of("F.relu", Ref("x"))


class LeakyRelu(Block):
    """Keeps what is positive and lets a little of the rest through: y = max(x, 0) + slope · min(x, 0)."""

    title: ClassVar = "Leaky ReLU"
    category: ClassVar = Category.ACTIVATION
    keywords: ClassVar = ("rectifier", "nonlinearity")
    reference: ClassVar = Reference(
        "Maas, Hannun, Ng", 2013, "Rectifier nonlinearities improve neural network acoustic models"
    )
    examples: ClassVar = _EXAMPLES

    slope: Annotated[float, Param("Slope", "How much of a negative value passes.", ge=0, le=1)] = 0.01

    def tell(self) -> str:
        return f"slope {self.slope:g}"

    def build(self, inputs: Specs) -> Expression:
        return Function.of("F.leaky_relu", Ref("x"), negative_slope=self.slope)


class Sigmoid(Block):
    """Squeezes each value into 0 … 1: y = 1/(1 + e⁻ˣ)."""

    title: ClassVar = "Sigmoid"
    category: ClassVar = Category.ACTIVATION
    keywords: ClassVar = ("logistic", "gate", "probability")
    reference: ClassVar = Reference(
        "Rumelhart, Hinton, Williams", 1986, "Learning representations by back-propagating errors"
    )
    examples: ClassVar = _EXAMPLES

    def build(self, inputs: Specs) -> Expression:
        return Function.of("torch.sigmoid", Ref("x"))


class Tanh(Block):
    """Squeezes each value into −1 … 1: y = tanh x."""

    title: ClassVar = "Tanh"
    category: ClassVar = Category.ACTIVATION
    keywords: ClassVar = ("hyperbolic tangent",)
    reference: ClassVar = Reference("LeCun, Bottou, Orr, Müller", 1998, "Efficient backprop")
    examples: ClassVar = _EXAMPLES

    def build(self, inputs: Specs) -> Expression:
        return Function.of("torch.tanh", Ref("x"))


class Gelu(Block):
    """Weighs each value by how large it is among normal values: y = x · Φ(x)."""

    title: ClassVar = "GELU"
    category: ClassVar = Category.ACTIVATION
    keywords: ClassVar = ("gaussian", "transformer")
    reference: ClassVar = Reference("Hendrycks, Gimpel", 2016, "Gaussian error linear units (GELUs)")
    examples: ClassVar = _EXAMPLES

    def build(self, inputs: Specs) -> Expression:
        return Function.of("F.gelu", Ref("x"))


class Softmax(Block):
    """Turns scores into shares that sum to one along an axis: yᵢ = eˣⁱ / Σ eˣʲ.

    Cross entropy takes scores (logits) and does this by itself: do not put a softmax before it.
    """

    title: ClassVar = "Softmax"
    category: ClassVar = Category.ACTIVATION
    keywords: ClassVar = ("probability", "classes", "normalise")
    reference: ClassVar = Reference(
        "Bridle", 1990, "Probabilistic interpretation of feedforward classification network outputs"
    )
    examples: ClassVar = _EXAMPLES

    axis: Annotated[int, Param("Axis", "Along which the shares sum to one; 1 is channels or classes, −1 the last.")] = 1

    def tell(self) -> str:
        return f"axis {self.axis}"

    def build(self, inputs: Specs) -> Expression:
        rank = inputs["x"].rank
        if not -rank <= self.axis < rank:
            raise Refusal(
                f"Axis {self.axis} does not exist: what arrives is {inputs['x']}, with axes 0 to {rank - 1}.",
                parameter="axis",
                hints=(SetParameterHint("axis", -1),),
            )
        return Function.of("F.softmax", Ref("x"), dim=self.axis)
