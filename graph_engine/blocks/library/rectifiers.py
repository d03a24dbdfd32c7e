"""Rectifiers and smooth kin, and the hard limit. All keep the shape: x: any -> y: as x."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal

from graph_engine.blocks.block import Block, Category, Param, Reference, Specs
from graph_engine.blocks.call import Expression, Function, Layer, Method, Ref
from graph_engine.blocks.refusal import Refusal, SetParameterHint
from graph_engine.blocks.tensor import N, TensorSpec

_VECTOR, _IMAGE, _SEQUENCE = TensorSpec((N, 5)), TensorSpec((N, 3, 4, 4)), TensorSpec((N, 3, 4))
_EXAMPLES: tuple[tuple[dict[str, Any], dict[str, TensorSpec]], ...] = (({}, {"x": _VECTOR}), ({}, {"x": _IMAGE}))


class Relu6(Block):
    """Keeps what lies between 0 and 6: y = min(max(x, 0), 6).

    x: any -> y: as x.
    """

    title: ClassVar = "ReLU6"
    category: ClassVar = Category.ACTIVATION
    keywords: ClassVar = ("rectifier", "nonlinearity", "mobilenet", "clipped")
    reference: ClassVar = Reference("Krizhevsky", 2010, "Convolutional deep belief networks on CIFAR-10")
    examples: ClassVar = _EXAMPLES

    def build(self, inputs: Specs) -> Expression:
        return Function.of("F.relu6", Ref("x"))


class Prelu(Block):
    """Leaky ReLU that learns its slope: y = max(x, 0) + a · min(x, 0), with one a a channel or one for all.

    x: any -> y: as x. Parameters: C, or 1.
    """

    title: ClassVar = "Parametric ReLU"
    category: ClassVar = Category.ACTIVATION
    keywords: ClassVar = ("prelu", "rectifier", "learned slope", "leaky")
    reference: ClassVar = Reference(
        "He, Zhang, Ren, Sun",
        2015,
        "Delving deep into rectifiers: surpassing human-level performance on ImageNet classification",
    )
    examples: ClassVar = (*_EXAMPLES, ({}, {"x": _SEQUENCE}), ({"slopes": "one", "slope": 0.1}, {"x": _SEQUENCE}))

    slopes: Annotated[Literal["each channel", "one"], Param("Slopes", "What has a slope of its own.")] = "each channel"
    slope: Annotated[float, Param("Slope", "Where the slope begins.", ge=0, le=1)] = 0.25

    def tell(self) -> str:
        return "" if self.slopes == "each channel" else "one slope"

    def build(self, inputs: Specs) -> Layer | Expression:
        x = inputs["x"]
        if self.slopes == "one":
            return Layer.of("nn.PReLU", num_parameters=1, init=self.slope)
        if x.rank < 2:
            raise Refusal(
                f"What arrives, {x}, has no channels: use one slope.",
                parameter="slopes",
                hints=(SetParameterHint("slopes", "one"),),
            )
        if x.rank == 3:  # torch takes axis 1 for the channels, and a sequence has its features last
            layer = Layer.of("nn.PReLU", x.length(2), init=self.slope)
            return Method.of(layer.on(Method.of(Ref("x"), "transpose", 1, 2)), "transpose", 1, 2)
        return Layer.of("nn.PReLU", x.length(1), init=self.slope)


class Rrelu(Block):
    """Leaky ReLU whose slope is drawn anew for each value while training: y = max(x, 0) + a · min(x, 0), a ~ U(l, u).

    x: any -> y: as x. In use, the slope is (l + u)/2.
    """

    title: ClassVar = "Randomised ReLU"
    category: ClassVar = Category.ACTIVATION
    keywords: ClassVar = ("rrelu", "rectifier", "random slope", "regularisation")
    reference: ClassVar = Reference(
        "Xu, Wang, Chen, Li", 2015, "Empirical evaluation of rectified activations in convolutional network"
    )
    examples: ClassVar = _EXAMPLES

    lower: Annotated[float, Param("Lower", "The least slope.", ge=0, le=1)] = 0.125
    upper: Annotated[float, Param("Upper", "The greatest slope.", ge=0, le=1)] = 1 / 3

    def tell(self) -> str:
        return f"{self.lower:.2g} to {self.upper:.2g}"

    def build(self, inputs: Specs) -> Layer:
        if self.lower > self.upper:
            raise Refusal(
                f"The least slope ({self.lower:g}) is above the greatest ({self.upper:g}).",
                parameter="lower",
                hints=(SetParameterHint("lower", self.upper),),
            )
        return Layer.of("nn.RReLU", lower=self.lower, upper=self.upper)


class Erelu(Block):
    """A ReLU whose slope on the positive side is drawn anew for each value while training: y = r · max(x, 0).

    x: any -> y: as x. r ~ U(1 − a, 1 + a); in use, r = 1: a plain ReLU.
    """

    title: ClassVar = "Elastic ReLU"
    category: ClassVar = Category.ACTIVATION
    keywords: ClassVar = ("erelu", "rectifier", "random slope", "regularisation")
    reference: ClassVar = Reference(
        "Jiang, Pang, Li, Pan", 2018, "Deep neural networks with elastic rectified linear units for object recognition"
    )
    examples: ClassVar = (*_EXAMPLES, ({"spread": 0.1}, {"x": _SEQUENCE}))

    spread: Annotated[float, Param("Spread", "a: how far a slope may be from 1.", ge=0, lt=1)] = 0.5

    def tell(self) -> str:
        return f"1 ± {self.spread:.3g}"

    def build(self, inputs: Specs) -> Layer:
        return Layer.of("Erelu", self.spread)


class Elu(Block):
    """Keeps what is positive and lets the rest level off smoothly: y = max(x, 0) + min(α (eˣ − 1), 0).

    x: any -> y: as x.
    """

    title: ClassVar = "ELU"
    category: ClassVar = Category.ACTIVATION
    keywords: ClassVar = ("exponential", "rectifier", "smooth")
    reference: ClassVar = Reference(
        "Clevert, Unterthiner, Hochreiter",
        2016,
        "Fast and accurate deep network learning by exponential linear units (ELUs)",
    )
    examples: ClassVar = (*_EXAMPLES, ({"alpha": 0.5}, {"x": _VECTOR}))

    alpha: Annotated[float, Param("Alpha", "Minus where it levels off: α.", gt=0)] = 1.0

    def tell(self) -> str:
        return "" if self.alpha == 1 else f"α {self.alpha:g}"

    def build(self, inputs: Specs) -> Expression:
        return Function.of("F.elu", Ref("x"), alpha=self.alpha)


class Softplus(Block):
    """A smooth ReLU that stays above 0: y = log(1 + e^(βx))/β.

    x: any -> y: as x.
    """

    title: ClassVar = "Softplus"
    category: ClassVar = Category.ACTIVATION
    keywords: ClassVar = ("smooth", "rectifier", "positive", "variance")
    reference: ClassVar = Reference(
        "Dugas, Bengio, Bélisle, Nadeau, Garcia",
        2001,
        "Incorporating second-order functional knowledge for better option pricing",
    )
    examples: ClassVar = (*_EXAMPLES, ({"beta": 2.0}, {"x": _VECTOR}))

    beta: Annotated[float, Param("Beta", "How sharp the bend is; large is like ReLU.", gt=0)] = 1.0

    def tell(self) -> str:
        return "" if self.beta == 1 else f"β {self.beta:g}"

    def build(self, inputs: Specs) -> Expression:
        if self.beta == 1:
            return Function.of("F.softplus", Ref("x"))
        return Function.of("F.softplus", Ref("x"), beta=self.beta)


class Swish(Block):
    """Weighs each value by its own sigmoid: y = x · σ(x); torch calls it SiLU.

    x: any -> y: as x.
    """

    title: ClassVar = "Swish"
    category: ClassVar = Category.ACTIVATION
    keywords: ClassVar = ("silu", "smooth", "self-gated", "efficientnet")
    reference: ClassVar = Reference("Ramachandran, Zoph, Le", 2017, "Searching for activation functions")
    examples: ClassVar = _EXAMPLES

    def build(self, inputs: Specs) -> Expression:
        return Function.of("F.silu", Ref("x"))


class HardLimit(Block):
    """Says only on which side of 0 a value lies: y = 1 for x ≥ 0, else −1.

    x: any -> y: as x. Its slope is 0, so training passes the gradient straight through where |x| ≤ 1 (Hubara et al.,
    2016. Binarized neural networks).
    """

    title: ClassVar = "Hard limit"
    category: ClassVar = Category.ACTIVATION
    keywords: ClassVar = ("sign", "step", "threshold", "perceptron", "binary", "straight-through")
    reference: ClassVar = Reference(
        "McCulloch, Pitts", 1943, "A logical calculus of the ideas immanent in nervous activity"
    )
    examples: ClassVar = _EXAMPLES

    def build(self, inputs: Specs) -> Expression:
        return Function.of("hard_limit", Ref("x"))
