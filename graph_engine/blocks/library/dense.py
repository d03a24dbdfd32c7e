"""Layers that connect every input with every output."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from graph_engine.blocks.block import Block, Category, Input, Param, Reference, Specs
from graph_engine.blocks.call import Expression, Layer, Method, Ref
from graph_engine.blocks.refusal import Refusal
from graph_engine.blocks.tensor import Kind, N, TensorSpec
from graph_engine.blocks.weights import BiasStart, Init, InitValue, WeightNorm, weighted


class Linear(Block):
    """Every output is a weighted sum of every input: y = x Wᵀ + b.

    x: (N, C) -> y: (N, features), or x: (N, T, E) -> y: (N, T, features). It can share the weights of another linear
    layer turned round, and those of an embedding, whose words it scores.
    """

    title: ClassVar = "Linear"
    category: ClassVar = Category.DENSE
    keywords: ClassVar = ("dense", "fully connected", "perceptron", "affine", "fc")
    reference: ClassVar = Reference(
        "Rosenblatt",
        1958,
        "The perceptron: a probabilistic model for information storage and organization in the brain",
    )
    inputs: ClassVar = (Input("x", (Kind.VECTOR, Kind.SEQUENCE), "vector or sequence"),)
    ties: ClassVar = ("linear", "embedding")
    examples: ClassVar = (
        ({"features": 4}, {"x": TensorSpec((N, 5))}),
        ({"features": 4, "bias": False}, {"x": TensorSpec((N, 3, 5))}),
        ({"features": 4, "init": "orthogonal", "weight_norm": "weight"}, {"x": TensorSpec((N, 5))}),
    )

    features: Annotated[int, Param("Features", "How many numbers come out.", ge=1)] = 64
    bias: Annotated[bool, Param("Bias", "Add a learned number to each output.")] = True
    init: Init = "default"
    init_value: InitValue = 0.01
    bias_start: BiasStart = 0.0
    weight_norm: WeightNorm = "none"

    def tell(self) -> str:
        return str(self.features)

    def build(self, inputs: Specs) -> Layer:
        layer = Layer.of("nn.Linear", inputs["x"].length(-1), self.features, bias=self.bias)
        return weighted(layer, self.init, self.weight_norm, value=self.init_value, bias=self.bias_start)


class Bilinear(Block):
    """Every output is a weighted sum of all products of one number of a and one of b: y_k = aᵀ W_k b + c_k.

    a: (N, A), b: (N, B) -> y: (N, features), or with steps (N, T, A), (N, T, B) -> (N, T, features). Parameters:
    features (A B + 1).
    """

    title: ClassVar = "Bilinear"
    category: ClassVar = Category.DENSE
    keywords: ClassVar = ("product", "tensor", "two inputs", "interaction", "fusion")
    reference: ClassVar = Reference("Tenenbaum, Freeman", 2000, "Separating style and content with bilinear models")
    inputs: ClassVar = (
        Input("a", (Kind.VECTOR, Kind.SEQUENCE), "vector or sequence"),
        Input("b", (Kind.VECTOR, Kind.SEQUENCE), "what it is multiplied with"),
    )
    examples: ClassVar = (
        ({"features": 4}, {"a": TensorSpec((N, 5)), "b": TensorSpec((N, 3))}),
        ({"features": 2, "bias": False}, {"a": TensorSpec((N, 4, 5)), "b": TensorSpec((N, 4, 3))}),
    )

    features: Annotated[int, Param("Features", "How many numbers come out.", ge=1)] = 64
    bias: Annotated[bool, Param("Bias", "Add a learned number to each output.")] = True

    def tell(self) -> str:
        return str(self.features)

    def build(self, inputs: Specs) -> Layer:
        a, b = inputs["a"], inputs["b"]
        if a.shape[:-1] != b.shape[:-1]:
            raise Refusal(
                f"Bilinear needs as many steps on both sides: {a} and {b} arrive.",
                port="b",
                expected="×".join(map(str, (*a.shape[:-1], b.shape[-1]))),
            )
        return Layer.of("Bilinear", a.length(-1), b.length(-1), self.features, bias=self.bias)


class Maxout(Block):
    """Each output is the largest of k weighted sums: an activation that learns its own shape.

    x: (N, C) -> y: (N, features), or x: (N, T, E) -> y: (N, T, features). y_i = max_j (x W_ij + b_ij). Parameters:
    k features (C + 1).
    """

    title: ClassVar = "Maxout"
    category: ClassVar = Category.DENSE
    keywords: ClassVar = ("piecewise linear", "maximum", "activation")
    reference: ClassVar = Reference("Goodfellow, Warde-Farley, Mirza, Courville, Bengio", 2013, "Maxout networks")
    inputs: ClassVar = (Input("x", (Kind.VECTOR, Kind.SEQUENCE), "vector or sequence"),)
    examples: ClassVar = (
        ({"features": 4, "pieces": 3}, {"x": TensorSpec((N, 5))}),
        ({"features": 4, "bias": False, "init": "xavier"}, {"x": TensorSpec((N, 3, 5))}),
    )

    features: Annotated[int, Param("Features", "How many numbers come out.", ge=1)] = 64
    pieces: Annotated[int, Param("Pieces", "Of how many sums the largest is kept.", ge=1)] = 2
    bias: Annotated[bool, Param("Bias", "Add a learned number to each sum.")] = True
    init: Init = "default"
    init_value: InitValue = 0.01
    bias_start: BiasStart = 0.0
    weight_norm: WeightNorm = "none"

    def tell(self) -> str:
        return f"{self.features} · best of {self.pieces}"

    def build(self, inputs: Specs) -> Expression:
        layer = Layer.of("nn.Linear", inputs["x"].length(-1), self.features * self.pieces, bias=self.bias)
        sums = weighted(layer, self.init, self.weight_norm, value=self.init_value, bias=self.bias_start).on(Ref("x"))
        return Method.of(Method.of(sums, "unflatten", -1, (self.features, self.pieces)), "amax", -1)


class Highway(Block):
    """A dense layer that learns how much of its input to carry past itself: y = T(x)·H(x) + (1 − T(x))·x.

    x: (N, C) -> y: (N, C), or x: (N, T, E) -> y: (N, T, E). H is an activated linear layer, T a sigmoid gate.
    """

    title: ClassVar = "Highway"
    category: ClassVar = Category.SKIP
    keywords: ClassVar = ("gate", "carry", "transform", "skip", "dense")
    reference: ClassVar = Reference("Srivastava, Greff, Schmidhuber", 2015, "Training very deep networks")
    inputs: ClassVar = (Input("x", (Kind.VECTOR, Kind.SEQUENCE), "vector or sequence"),)
    examples: ClassVar = (
        ({}, {"x": TensorSpec((N, 5))}),
        ({"activation": "tanh", "gate_bias": -3.0}, {"x": TensorSpec((N, 3, 5))}),
    )

    activation: Annotated[Literal["relu", "tanh", "sigmoid"], Param("Activation", "What follows the transform H.")] = (
        "relu"
    )
    gate_bias: Annotated[
        float,
        Param(
            "Gate bias",
            "Where the gate starts; negative means that at first the input is carried through.",
            ge=-20,
            le=20,
        ),
    ] = -2.0

    def tell(self) -> str:
        return f"{self.activation} · gate {self.gate_bias:g}"

    def build(self, inputs: Specs) -> Layer:
        return Layer.of("Highway", inputs["x"].length(-1), activation=self.activation, gate_bias=self.gate_bias)
