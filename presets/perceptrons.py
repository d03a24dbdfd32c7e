"""From one layer to several: perceptron, XOR, multi-layer perceptron."""

from __future__ import annotations

from typing import Annotated, Literal

from graph_engine.blocks import Param, Reference
from graph_engine.document import Binding, Optimiser, Plan, Schedule, Stage, Update
from graph_engine.document.builder import Builder, Port
from presets.preset import Published, preset

Data = Literal["digits", "xor"]
_DATA = Param("Data", "What it is drawn for: handwritten digits or exclusive or.")


def _start(title: str, data: Data, plan: Plan) -> tuple[Builder, Port, Port]:
    """A builder with the inputs for `data`, the image already in one row."""
    net = Builder(title, plan=plan, binding=Binding(dataset=data))
    if data == "xor":
        return net, net.input("point", 2), net.input("label", classes=2, label=True)
    image = net.input("image", 1, 28, 28)
    return net, net.add("flatten", image), net.input("label", classes=10, label=True)


def _plan(data: Data, epochs: int, learning_rate: float) -> Plan:
    schedule = Schedule(kind="constant" if data == "xor" else "one_cycle")
    update = Update(optimiser=Optimiser(kind="adam", learning_rate=learning_rate), schedule=schedule)
    return Plan(stages=(Stage(updates=(update,), epochs=epochs),), batch_size=64 if data == "xor" else 32)


@preset(
    title="Perceptron",
    family="Perceptrons",
    size=7_850,
    reference=Reference(
        "Rosenblatt",
        1958,
        "The perceptron: a probabilistic model for information storage and organization in the brain",
    ),
    published=Published(7850, "784 · 10 weights and 10 biases"),
)
def perceptron(data: Annotated[Data, _DATA] = "digits") -> Builder:
    """One layer of weights: draws straight lines between classes, so it can't learn exclusive or."""
    plan = _plan(data, *((100, 0.05) if data == "xor" else (15, 0.02)))
    net, x, label = _start("Perceptron", data, plan)
    net.classify(net.add("linear", x, features=2 if data == "xor" else 10), label)
    return net


@preset(
    title="XOR",
    family="Perceptrons",
    size=22,
    data="xor",
    reference=Reference("Rumelhart, Hinton, Williams", 1986, "Learning representations by back-propagating errors"),
)
def xor(hidden: Annotated[int, Param("Hidden", "How many hidden units.", ge=1)] = 4) -> Builder:
    """Exclusive or with one hidden layer: the smallest task that needs one."""
    net, x, label = _start("XOR", "xor", _plan("xor", 100, 0.05))
    x = net.add("linear", x, features=hidden)
    x = net.add("tanh", x)
    net.classify(net.add("linear", x, features=2), label)
    return net


@preset(
    title="Multi-layer perceptron",
    family="Perceptrons",
    size=109_386,
    reference=Reference("Rumelhart, Hinton, Williams", 1986, "Learning representations by back-propagating errors"),
    published=Published(109_386, "784-128-64-10 with biases"),
)
def mlp(
    data: Annotated[Data, _DATA] = "digits",
    width: Annotated[int, Param("Width", "Units of the first hidden layer; the second has half.", ge=2)] = 128,
) -> Builder:
    """Two hidden layers between the pixels and the classes."""
    plan = _plan(data, *((100, 0.05) if data == "xor" else (15, 5e-3)))
    net, x, label = _start("Multi-layer perceptron", data, plan)
    for features in (width, width // 2):
        x = net.add("linear", x, features=features)
        x = net.add("relu", x)
    net.classify(net.add("linear", x, features=2 if data == "xor" else 10), label)
    return net
