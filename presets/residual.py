"""Residual networks: He, Zhang, Ren, Sun (2016). Deep residual learning for image recognition."""

from __future__ import annotations

from typing import Annotated

from graph_engine.blocks import Param, Reference
from graph_engine.document import Optimiser, Plan, Schedule, Stage, Update
from graph_engine.document.builder import Builder, Port
from presets.preset import preset


@preset(
    title="Small residual net",
    family="Residual",
    size=77_754,
    reference=Reference("He, Zhang, Ren, Sun", 2016, "Deep residual learning for image recognition"),
)
def small_resnet(
    width: Annotated[int, Param("Width", "Channels of the first stage; each stage doubles them.", ge=1)] = 16,
    blocks: Annotated[int, Param("Blocks", "Residual blocks in each of the three stages.", ge=1, le=200)] = 1,
) -> Builder:
    """Three stages of basic residual blocks, as in the paper's nets for small images."""
    update = Update(optimiser=Optimiser(kind="adam", learning_rate=3e-3), schedule=Schedule(kind="one_cycle"))
    net = Builder("Small residual net", plan=Plan(stages=(Stage(updates=(update,), epochs=10),), batch_size=32))
    x, label = net.input("image", 1, 28, 28), net.input("label", classes=10, label=True)
    x = _convolution(net, x, width)
    x = net.add("relu", x)
    for stage in range(3):
        for block in range(blocks):
            skip = x
            x = _convolution(net, x, width * 2**stage, stride=2 if stage and not block else 1)
            x = net.add("relu", x)
            x = _convolution(net, x, width * 2**stage)
            x = net.add("residual", skip, x)
    x = net.add("global_avg_pool", x)
    net.classify(net.add("linear", x, features=10), label)
    return net


def _convolution(net: Builder, x: Port, channels: int, stride: int = 1) -> Port:
    """A 3×3 convolution and its batch norm."""
    return net.add("batch_norm", net.add("conv2d", x, channels=channels, stride=stride, bias=False))
