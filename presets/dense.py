"""Densely connected networks: Huang, Liu, van der Maaten, Weinberger (2017)."""

from __future__ import annotations

from typing import Annotated

from graph_engine.blocks import Param, Reference
from graph_engine.document import Optimiser, Plan, Schedule, Stage, Update
from graph_engine.document.builder import Builder
from presets.parts.dense import dense_block, dense_bottleneck_block, transition
from presets.preset import preset


@preset(
    title="DenseNet",
    family="Dense",
    size=46_362,
    reference=Reference("Huang, Liu, van der Maaten, Weinberger", 2017, "Densely connected convolutional networks"),
)
def densenet(
    layers: Annotated[int, Param("Layers", "Dense layers in each of the three blocks.", ge=1, le=100)] = 4,
    growth: Annotated[int, Param("Growth", "k: the maps that each layer adds.", ge=1)] = 8,
    first: Annotated[int, Param("First", "Maps of the first convolution; 16, or twice the growth.", ge=1)] = 16,
    bottleneck: Annotated[
        bool, Param("Bottleneck", "A 1×1 convolution narrows what each layer sees: DenseNet-B.")
    ] = True,
    reduction: Annotated[
        int, Param("Reduction", "1/θ: 2 halves the maps between the blocks, DenseNet-C; 1 keeps all.", ge=1, le=8)
    ] = 2,
) -> Builder:
    """Three blocks in which every layer sees the maps of all layers before it.

    With growth 12, DenseNet-BC-100 has 16 layers in a block and begins with 24 maps. DenseNet-40 has 12 without
    bottleneck; in the paper it begins with 16 maps and has a reduction of 1, elsewhere with 24 and 2.
    """
    update = Update(optimiser=Optimiser(kind="adam", learning_rate=1e-2), schedule=Schedule(kind="one_cycle"))
    net = Builder("DenseNet", plan=Plan(stages=(Stage(updates=(update,), epochs=6),), batch_size=32))
    x, label = net.input("image", 1, 28, 28), net.input("label", classes=10, label=True)
    x = net.add("conv2d", x, channels=first, bias=False)
    dense = dense_bottleneck_block.into(net) if bottleneck else dense_block.into(net)
    between = transition.into(net)
    for block in range(3):
        if block:
            x = net.add(between, x, reduction=reduction)
        x = net.add(dense, x, layers=layers, growth=growth)
    x = net.add("global_avg_pool", net.add("relu", net.add("batch_norm", x)))
    net.classify(net.add("linear", x, features=10), label)
    return net
