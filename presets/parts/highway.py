"""Highway layers drawn from their gates: Srivastava, Greff, Schmidhuber (2015), and a plain layer beside them."""

from __future__ import annotations

from typing import Any

from graph_engine.blocks import Reference
from graph_engine.document.builder import Builder
from presets.parts.part import PartCategory, part


@part(
    title="Highway layer",
    category=PartCategory.RESIDUAL,
    reference=Reference("Srivastava, Greff, Schmidhuber", 2015, "Training very deep networks"),
)
def highway_layer(block: Builder) -> None:
    """A dense layer and a gate that decides how much of it replaces the input: y = x + T · (H − x).

    H = relu(W x + b), T = σ(W′ x + b′). b′ begins negative, so that the layer begins by carrying its input through.
    """
    bias = block.expose("gate_bias", -2.0, "Gate bias", "Where the biases of the gate begin: low ones close it.")
    x = block.input("x", 50)
    new = block.add("relu", block.add("linear", x, features="=in_channels"))
    gate = block.add("sigmoid", block.add("linear", x, features="=in_channels", bias_start=bias), title="Gate")
    block.output(block.add("add", x, block.add("multiply", gate, block.add("subtract", new, x))), "y")


@part(
    title="Highway layer with projection",
    category=PartCategory.RESIDUAL,
    reference=Reference("Srivastava, Greff, Schmidhuber", 2015, "Training very deep networks"),
)
def projected_highway_layer(block: Builder) -> None:
    """A highway layer that carries a linear view of its input in place of the input: y = Q x + T · (H − Q x).

    H = relu(W x + b), T = σ(W′ x + b′), Q x = W″ x + b″, all as wide as x.
    """
    bias = block.expose("gate_bias", -2.0, "Gate bias", "Where the biases of the gate begin: low ones close it.")
    x = block.input("x", 50)
    new = block.add("relu", block.add("linear", x, features="=in_channels"))
    gate = block.add("sigmoid", block.add("linear", x, features="=in_channels", bias_start=bias), title="Gate")
    carried = block.add("linear", x, features="=in_channels", title="Carried")
    mixed = block.add("multiply", gate, block.add("subtract", new, carried))
    block.output(block.add("add", carried, mixed), "y")


@part(
    title="Plain layer",
    category=PartCategory.RESIDUAL,
    reference=Reference("Rosenblatt", 1962, "Principles of neurodynamics"),
)
def plain_layer(block: Builder) -> None:
    """A dense layer with ReLU that keeps the number of features, to compare highway and residual layers with."""
    x = block.input("x", 50)
    block.output(block.add("relu", block.add("linear", x, features="=in_channels")), "y")


@part(
    title="Convolutional highway layer",
    category=PartCategory.RESIDUAL,
    reference=Reference("Srivastava, Greff, Schmidhuber", 2015, "Training very deep networks"),
    keywords=("highway", "carry", "gate"),
)
def conv_highway_layer(block: Builder) -> None:
    """A highway layer over images: a convolution and a gate for each pixel and map, y = x + T · (H − x).

    H = relu(W ∗ x + b), T = σ(W′ ∗ x + b′); b′ begins negative. x: (N, C, H, W) -> y: as x.
    """
    kernel = block.expose("kernel", 3, "Kernel", "Height and width of the filters; odd.", least=1)
    bias = block.expose("gate_bias", -2.0, "Gate bias", "Where the biases of the gate begin: low ones close it.")
    x = block.input("x", 16, 32, 32)
    filters: dict[str, Any] = {"channels": "=in_channels", "kernel": kernel, "padding": "custom", "pad": "=kernel // 2"}
    new = block.add("relu", block.add("conv2d", x, **filters))
    gate = block.add("sigmoid", block.add("conv2d", x, **filters, bias_start=bias), title="Gate")
    block.output(block.add("add", x, block.add("multiply", gate, block.add("subtract", new, x))), "y")
