"""Spatial transformers: Jaderberg, Simonyan, Zisserman, Kavukcuoglu (2015). Spatial transformer networks."""

from __future__ import annotations

from typing import Annotated

from graph_engine.blocks import Param, Reference
from graph_engine.document import Binding, Optimiser, Plan, Schedule, Stage, Update
from graph_engine.document.builder import Builder
from presets.preset import preset


@preset(
    title="Spatial transformer network",
    family="Spatial",
    size=36_000,
    data="distorted_digits",
    reference=Reference("Jaderberg, Simonyan, Zisserman, Kavukcuoglu", 2015, "Spatial transformer networks"),
)
def spatial_transformer(
    transformer: Annotated[bool, Param("Transformer", "Off: the same CNN without it, for comparison.")] = True,
    hidden: Annotated[int, Param("Hidden", "Units of the layer before the last.", ge=1)] = 50,
) -> Builder:
    """A small CNN that first turns, scales and moves each image as a localisation net inside tells it.

    It is trained on digits that are turned, scaled and moved; without the transformer, the same CNN, which then sees
    more pixels and has more weights, learns them by heart and fails on others.
    """
    update = Update(optimiser=Optimiser(kind="adam", learning_rate=3e-3), schedule=Schedule(kind="one_cycle"))
    net = Builder(
        "Spatial transformer network" if transformer else "CNN without a spatial transformer",
        plan=Plan(stages=(Stage(updates=(update,), epochs=60),), batch_size=32),
        binding=Binding(dataset="distorted_digits"),
    )
    x, label = net.input("image", 1, 40, 40), net.input("label", classes=10, label=True)
    if transformer:
        x = net.add("spatial_transformer", x, size=28, start=0.01)
    for channels in (10, 20):
        x = net.add("conv2d", x, channels=channels, kernel=5, padding="none")
        x = net.add("max_pool2d", net.add("relu", x))
    x = net.add("relu", net.add("linear", net.add("flatten", x), features=hidden))
    net.classify(net.add("linear", x, features=10), label)
    return net
