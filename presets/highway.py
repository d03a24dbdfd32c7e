"""Highway networks: Srivastava, Greff, Schmidhuber (2015). Training very deep networks."""

from __future__ import annotations

from typing import Annotated

from graph_engine.blocks import Param, Reference
from graph_engine.document import Optimiser, Plan, Schedule, Stage, Update
from graph_engine.document.builder import Builder
from presets.parts.highway import highway_layer, plain_layer
from presets.preset import Published, preset


@preset(
    title="Highway MLP",
    family="Highway",
    size=85_660,
    reference=Reference("Srivastava, Greff, Schmidhuber", 2015, "Training very deep networks"),
    published=Published(85_660, "784-50, nine highway layers of 50, 10", 84_700, (1, 784)),
)
def highway_mlp(
    width: Annotated[int, Param("Width", "Units of every layer.", ge=1)] = 50,
    layers: Annotated[int, Param("Layers", "Highway layers.", ge=1, le=200)] = 9,
) -> Builder:
    """A deep stack of gated dense layers that begin by carrying their input through, so that depth does no harm."""
    update = Update(optimiser=Optimiser(kind="adam", learning_rate=5e-3), schedule=Schedule(kind="one_cycle"))
    net = Builder("Highway MLP", plan=Plan(stages=(Stage(updates=(update,), epochs=15),), batch_size=32))
    x, label = net.input("image", 1, 28, 28), net.input("label", classes=10, label=True)
    x = net.add("linear", net.add("flatten", x), features=width)
    for _ in range(layers):
        x = net.add("highway", x)
    net.classify(net.add("linear", x, features=10), label)
    return net


@preset(
    title="Deep highway network",
    family="Highway",
    size=156_760,
    reference=Reference("Srivastava, Greff, Schmidhuber", 2015, "Training very deep networks"),
)
def deep_highway(
    layers: Annotated[int, Param("Layers", "Layers between the first and the last.", ge=1, le=200)] = 30,
    width: Annotated[int, Param("Width", "Units of every layer.", ge=1)] = 50,
    plain: Annotated[bool, Param("Plain", "Layers without gates, for comparison: as deep, it learns nothing.")] = False,
) -> Builder:
    """A layer drawn from its gates, thirty times one after another: gates that carry make such depth trainable.

    As in section 3.3 of the paper, the gates begin almost closed. The same net of plain layers does not train.
    """
    update = Update(optimiser=Optimiser(kind="adam", learning_rate=2e-3), schedule=Schedule(kind="one_cycle"))
    title = "Deep plain network" if plain else "Deep highway network"
    net = Builder(title, plan=Plan(stages=(Stage(updates=(update,), epochs=15),), batch_size=32))
    x, label = net.input("image", 1, 8, 8), net.input("label", classes=10, label=True)
    x = net.add("linear", net.add("flatten", x), features=width)
    x = net.add((plain_layer if plain else highway_layer).into(net), x, times=layers)
    net.classify(net.add("linear", x, features=10), label)
    return net
