"""GoogLeNet: Szegedy et al. (2015). Going deeper with convolutions."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from graph_engine.blocks import Param, Reference
from graph_engine.document import Optimiser, Plan, Schedule, Stage, Update
from graph_engine.document.builder import Builder, Port
from presets.parts.inception import inception_module, inception_module_norm
from presets.preset import preset

_NAMES = ("conv1x1", "reduce3x3", "conv3x3", "reduce5x5", "conv5x5", "pool")
_WIDTHS = (
    {"3a": (64, 96, 128, 16, 32, 32), "3b": (128, 128, 192, 32, 96, 64)},
    {
        "4a": (192, 96, 208, 16, 48, 64),
        "4b": (160, 112, 224, 24, 64, 64),
        "4c": (128, 128, 256, 24, 64, 64),
        "4d": (112, 144, 288, 32, 64, 64),
        "4e": (256, 160, 320, 32, 128, 128),
    },
    {"5a": (256, 160, 320, 32, 128, 128), "5b": (384, 192, 384, 48, 128, 128)},
)
"""The modules between two pools, with the widths of table 1."""


@preset(
    title="GoogLeNet",
    family="Inception",
    size=94_578,
    reference=Reference("Szegedy et al.", 2015, "Going deeper with convolutions"),
)
def googlenet(
    divide: Annotated[int, Param("Divide", "The widths of the paper are divided by this.", ge=1, le=16)] = 8,
    norm: Annotated[bool, Param("Norm", "Batch norm after each convolution; the paper has none.")] = True,
    images: Annotated[
        Literal["digits", "ImageNet"],
        Param("Images", "28×28 digits, seen by one convolution, or the paper's start on 224×224, and 1000 classes."),
    ] = "digits",
) -> Builder:
    """Nine modules that look at small and large surroundings side by side.

    With divide = 1, without norm and on ImageNet it is the net of 2014, without the two classifiers at its side that
    only trained it. Its pools begin a pixel outside the image, where those of Caffe begin at the edge.
    """
    update = Update(optimiser=Optimiser(kind="adam", learning_rate=5e-3), schedule=Schedule(kind="one_cycle"))
    net = Builder("GoogLeNet", plan=Plan(stages=(Stage(updates=(update,), epochs=8),), batch_size=32))
    classes = 10 if images == "digits" else 1000
    x = net.input("image", 1, 28, 28) if images == "digits" else net.input("image", 3, 224, 224)
    label = net.input("label", classes=classes, label=True)
    x = _conv(net, x, 192 // divide, norm=norm) if images == "digits" else _start(net, x, divide, norm=norm)
    module = (inception_module_norm if norm else inception_module).into(net)
    for modules in _WIDTHS:
        x = net.add("max_pool2d", x, kernel=3, stride=2, padding=1)
        for title, widths in modules.items():
            given: dict[str, Any] = {name: width // divide for name, width in zip(_NAMES, widths, strict=True)}
            x = net.add(module, x, title=f"Inception {title}", **given)
    x = net.add("dropout", net.add("global_avg_pool", x), probability=0.4)
    net.classify(net.add("linear", x, features=classes), label)
    return net


def _conv(net: Builder, x: Port, channels: int, kernel: int = 3, stride: int = 1, *, norm: bool) -> Port:
    x = net.add("conv2d", x, channels=channels, kernel=kernel, stride=stride, bias=not norm)
    return net.add("relu", net.add("batch_norm", x) if norm else x)


def _start(net: Builder, x: Port, divide: int, *, norm: bool) -> Port:
    """From 224×224 to 56×56, with the local response norms of the paper where there is no batch norm."""
    x = _conv(net, x, 64 // divide, 7, 2, norm=norm)
    x = net.add("max_pool2d", x, kernel=3, stride=2, padding=1)
    x = x if norm else _normed(net, x)
    x = _conv(net, _conv(net, x, 64 // divide, 1, norm=norm), 192 // divide, norm=norm)
    return x if norm else _normed(net, x)


def _normed(net: Builder, x: Port) -> Port:
    """Local response norm by the numbers of bvlc_googlenet: a mean over five channels, and not AlexNet's sum."""
    return net.add("local_response_norm", x, alpha=2e-5, k=1.0)
