"""Functions applied to each element, and softmax. All keep the shape: x: any -> y: as x."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar

from graph_engine.blocks.block import Block, Category, Param, Reference, Specs
from graph_engine.blocks.call import Expression, Function, Ref
from graph_engine.blocks.refusal import ChangeChannels, Refusal, SetParameterHint
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
    keeps_numbers: ClassVar = True
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


class _OverAxis(Block):
    """Shared by what works along one axis."""

    axis: Annotated[int, Param("Axis", "1 is channels or classes, −1 the last.")] = 1

    def tell(self) -> str:
        return f"axis {self.axis}"

    def _checked_axis(self, inputs: Specs) -> int:
        x = inputs["x"]
        if not -x.rank <= self.axis < x.rank or self.axis % x.rank == 0:
            raise Refusal(
                f"Axis {self.axis} can't be used: what arrives is {x}, with {x.axes} beside the batch.",
                parameter="axis",
                hints=(SetParameterHint("axis", -1),) if x.rank > 1 else (),
            )
        return self.axis


class LogSoftmax(_OverAxis):
    """The logarithm of softmax, computed without overflow: y_i = x_i − log Σ eˣʲ.

    x: (N, K) or any with that axis -> y: as x. NLL takes it.
    """

    title: ClassVar = "Log-softmax"
    category: ClassVar = Category.ACTIVATION
    keywords: ClassVar = ("log probability", "classes", "normalise", "nll")
    reference: ClassVar = Reference(
        "Bridle", 1990, "Probabilistic interpretation of feedforward classification network outputs"
    )
    examples: ClassVar = _EXAMPLES

    def build(self, inputs: Specs) -> Expression:
        return Function.of("F.log_softmax", Ref("x"), dim=self._checked_axis(inputs))


class Glu(_OverAxis):
    """One half of the channels decides how much of the other half passes: y = A · σ(B) for x = [A, B].

    x: (N, 2C, …) -> y: (N, C, …), split along the axis.
    """

    title: ClassVar = "GLU"
    category: ClassVar = Category.ACTIVATION
    keywords: ClassVar = ("gated linear unit", "gate", "convs2s", "language model")
    reference: ClassVar = Reference(
        "Dauphin, Fan, Auli, Grangier", 2017, "Language modeling with gated convolutional networks"
    )
    examples: ClassVar = (
        ({}, {"x": TensorSpec((N, 6))}),
        ({}, {"x": TensorSpec((N, 4, 3, 5))}),
        ({"axis": -1}, {"x": TensorSpec((N, 5, 6))}),
    )

    def build(self, inputs: Specs) -> Expression:
        axis = self._checked_axis(inputs)
        length = inputs["x"].length(axis)
        if length % 2:
            hints = (ChangeChannels("x", length + 1),) if axis % inputs["x"].rank == 1 else ()
            raise Refusal(
                f"GLU splits an axis in two halves; axis {axis} of {inputs['x']} is odd.",
                port="x",
                expected=f"an even axis {axis}",
                hints=hints,
            )
        return Function.of("F.glu", Ref("x"), dim=axis)


class Softmax(_OverAxis):
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

    def build(self, inputs: Specs) -> Expression:
        return Function.of("F.softmax", Ref("x"), dim=self._checked_axis(inputs))
