"""Convolutional networks without skips: LeNet-5, the CNN of the slides, a plain deep one."""

from __future__ import annotations

from typing import Annotated, Literal

from graph_engine.blocks import Param, Reference
from graph_engine.document import Optimiser, Plan, Schedule, Stage, Update
from graph_engine.document.builder import Builder
from presets.preset import Published, preset


def _plan(epochs: int, learning_rate: float) -> Plan:
    update = Update(optimiser=Optimiser(kind="adam", learning_rate=learning_rate), schedule=Schedule(kind="one_cycle"))
    return Plan(stages=(Stage(updates=(update,), epochs=epochs),), batch_size=32)


@preset(
    title="LeNet-5",
    family="Convolutional",
    size=61_706,
    reference=Reference(
        "LeCun, Bottou, Bengio, Haffner", 1998, "Gradient-based learning applied to document recognition"
    ),
    published=Published(61_706, "modern form: full C3, plain average pooling, linear output", 416_520, (1, 1, 32, 32)),
)
def lenet5(
    activation: Annotated[Literal["tanh", "relu"], Param("Activation", "The paper has tanh.")] = "tanh",
) -> Builder:
    """The classic of 1998: two convolutions with average pooling, then three dense layers.

    As it is built today: C3 sees every map, pooling has no weights and the output is linear; the original had a sparse
    C3, trainable subsampling and fixed radial outputs (60 000 trained weights).
    """
    net = Builder("LeNet-5", plan=_plan(15, 3e-3))
    x, label = net.input("image", 1, 32, 32), net.input("label", classes=10, label=True)
    for channels in (6, 16):
        x = net.add("conv2d", x, channels=channels, kernel=5, padding="none")
        x = net.add(activation, x)
        x = net.add("avg_pool2d", x)
    x = net.add("flatten", x)
    for features in (120, 84):
        x = net.add("linear", x, features=features)
        x = net.add(activation, x)
    net.classify(net.add("linear", x, features=10), label)
    return net


@preset(
    title="Slides CNN",
    family="Convolutional",
    size=62_006,
    reference=Reference("PyTorch", 2017, "Training a classifier (60 minute blitz)"),
    published=Published(62_006, "the tutorial's Net, as in the lecture slides", 651_720, (1, 3, 32, 32)),
)
def slides_cnn() -> Builder:
    """The small CNN for colour images that the course slides and PyTorch's first tutorial train."""
    net = Builder("Slides CNN", plan=_plan(15, 5e-3))
    x, label = net.input("image", 3, 32, 32), net.input("label", classes=10, label=True)
    for channels in (6, 16):
        x = net.add("conv2d", x, channels=channels, kernel=5, padding="none")
        x = net.add("relu", x)
        x = net.add("max_pool2d", x)
    x = net.add("flatten", x)
    for features in (120, 84):
        x = net.add("linear", x, features=features)
        x = net.add("relu", x)
    net.classify(net.add("linear", x, features=10), label)
    return net


@preset(
    title="Plain CNN",
    family="Convolutional",
    size=72_666,
    reference=Reference(
        "Simonyan, Zisserman", 2015, "Very deep convolutional networks for large-scale image recognition"
    ),
)
def plain_cnn(
    width: Annotated[int, Param("Width", "Channels of the first stage; each stage doubles them.", ge=1)] = 16,
    depth: Annotated[int, Param("Depth", "Convolutions in each of the three stages.", ge=1, le=30)] = 2,
) -> Builder:
    """Stages of 3×3 convolutions with batch norm, each half as large and twice as wide as the one before."""
    net = Builder("Plain CNN", plan=_plan(10, 3e-3))
    x, label = net.input("image", 1, 28, 28), net.input("label", classes=10, label=True)
    for stage in range(3):
        for _ in range(depth):
            x = net.add("conv2d", x, channels=width * 2**stage, bias=False)
            x = net.add("batch_norm", x)
            x = net.add("relu", x)
        x = net.add("max_pool2d", x) if stage < 2 else net.add("global_avg_pool", x)
    net.classify(net.add("linear", x, features=10), label)
    return net
