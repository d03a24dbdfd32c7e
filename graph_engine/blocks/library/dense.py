"""Layers that connect every input with every output."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from graph_engine.blocks.block import Block, Category, Input, Param, Reference, Specs
from graph_engine.blocks.call import Layer
from graph_engine.blocks.tensor import Kind, N, TensorSpec


class Linear(Block):
    """Every output is a weighted sum of every input: y = x Wᵀ + b.

    x: (N, C) -> y: (N, features), or x: (N, T, E) -> y: (N, T, features).
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
    examples: ClassVar = (
        ({"features": 4}, {"x": TensorSpec((N, 5))}),
        ({"features": 4, "bias": False}, {"x": TensorSpec((N, 3, 5))}),
    )

    features: Annotated[int, Param("Features", "How many numbers come out.", ge=1)] = 64
    bias: Annotated[bool, Param("Bias", "Add a learned number to each output.")] = True

    def tell(self) -> str:
        return str(self.features)

    def build(self, inputs: Specs) -> Layer:
        return Layer.of("nn.Linear", inputs["x"].length(-1), self.features, bias=self.bias)


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
