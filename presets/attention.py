"""Attention: Vaswani et al. (2017). Attention is all you need; on patches as Dosovitskiy et al. (2021)."""

from __future__ import annotations

from typing import Annotated

from graph_engine.blocks import Param, Reference
from graph_engine.document import Optimiser, Plan, Schedule, Stage, Update
from graph_engine.document.builder import Builder, Port
from presets.preset import preset


@preset(
    title="Small attention classifier",
    family="Attention",
    size=71_946,
    reference=Reference(
        "Dosovitskiy et al.", 2021, "An image is worth 16×16 words: transformers for image recognition at scale"
    ),
)
def small_attention(
    features: Annotated[
        int, Param("Features", "Length of the vector of each patch; a multiple of the heads.", ge=4)
    ] = 64,
    heads: Annotated[int, Param("Heads", "Attention heads.", ge=1)] = 4,
    layers: Annotated[int, Param("Layers", "Attention layers.", ge=1, le=100)] = 2,
) -> Builder:
    """Cuts the image into 4×4 patches, lets every patch attend to all others, and classifies their mean."""
    update = Update(
        optimiser=Optimiser(kind="adamw", learning_rate=2e-3, weight_decay=0.01), schedule=Schedule(kind="one_cycle")
    )
    net = Builder("Small attention classifier", plan=Plan(stages=(Stage(updates=(update,), epochs=15),), batch_size=32))
    image, label = net.input("image", 1, 28, 28), net.input("label", classes=10, label=True)
    x = net.add("conv2d", image, channels=features, kernel=4, stride=4, padding="none", title="Patches")
    x = net.add("positions_to_sequence", x)
    x = net.add("position_embedding", x)
    for _ in range(layers):
        x = net.add("add", x, net.add("self_attention", net.add("layer_norm", x), heads=heads))
        x = net.add("add", x, _feed_forward(net, net.add("layer_norm", x), features))
    x = net.add("global_avg_pool", net.add("layer_norm", x))
    net.classify(net.add("linear", x, features=10), label)
    return net


def _feed_forward(net: Builder, x: Port, features: int) -> Port:
    """Two linear layers, the same for every position."""
    x = net.add("gelu", net.add("linear", x, features=2 * features))
    return net.add("linear", x, features=features)
