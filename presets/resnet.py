"""The residual networks of He, Zhang, Ren, Sun (2016), drawn from stages of blocks."""

from __future__ import annotations

from typing import Annotated, Literal

from graph_engine.blocks import Param, Reference
from graph_engine.document import Optimiser, Plan, Schedule, Stage, Update
from graph_engine.document.builder import Builder
from presets.parts.convolution import conv_norm
from presets.parts.residual import basic_stage, bottleneck_stage
from presets.preset import Published, preset

_BLOCKS = {
    "18": (2, 2, 2, 2),
    "34": (3, 4, 6, 3),
    "50": (3, 4, 6, 3),
    "101": (3, 4, 23, 3),
    "152": (3, 8, 36, 3),
}


@preset(
    title="ResNet",
    family="Residual",
    size=375_618,
    reference=Reference("He, Zhang, Ren, Sun", 2016, "Deep residual learning for image recognition"),
    sizes=(
        *(
            Published(params, "torchvision 0.28.0", macs, (3, 224, 224), f"depth={depth},width=64,images=ImageNet")
            for depth, params, macs in (
                ("18", 11_689_512, 1_814_073_344),
                ("34", 21_797_672, 3_663_761_408),
                ("50", 25_557_032, 4_089_184_256),
                ("152", 60_192_808, 11_513_626_624),
            )
        ),
        Published(
            25_557_032,
            "pytorchcv 0.0.74, strided as in the paper",
            3_857_973_248,
            (3, 224, 224),
            "depth=50,width=64,images=ImageNet,strided=1×1",
        ),
    ),
)
def resnet(
    depth: Annotated[
        Literal["18", "34", "50", "101", "152"], Param("Depth", "Layers with weights; from 50 on with bottlenecks.")
    ] = "50",
    width: Annotated[int, Param("Width", "Channels of the first stage; 64 in the paper.", ge=1)] = 8,
    images: Annotated[
        Literal["digits", "ImageNet"],
        Param("Images", "28×28 digits, seen by a 3×3 convolution, or the paper's start on 224×224, and 1000 classes."),
    ] = "digits",
    strided: Annotated[
        Literal["3×3", "1×1"], Param("Strided", "Where bottlenecks take the stride: as torchvision, or as the paper.")
    ] = "3×3",
) -> Builder:
    """Four stages of residual blocks, each of half the size and twice the channels of the one before.

    Weights begin as PyTorch's convolutions do, and not as in the paper, where they are normal with a variance of 2 over
    the inputs of a unit.
    """
    update = Update(optimiser=Optimiser(kind="adam", learning_rate=3e-3), schedule=Schedule(kind="one_cycle"))
    net = Builder(f"ResNet-{depth}", plan=Plan(stages=(Stage(updates=(update,), epochs=5),), batch_size=32))
    classes = 10 if images == "digits" else 1000
    x = net.input("image", 1, 28, 28) if images == "digits" else net.input("image", 3, 224, 224)
    label = net.input("label", classes=classes, label=True)
    x = conv_norm(net, x, width, *((3, 1) if images == "digits" else (7, 2)))
    x = net.add("relu", x)
    if images == "ImageNet":
        x = net.add("max_pool2d", x, kernel=3, stride=2, padding=1)
    for stage, blocks in enumerate(_BLOCKS[depth]):
        stride, channels = 2 if stage else 1, width * 2**stage
        if int(depth) < 50:
            x = net.add(basic_stage.into(net), x, channels=channels, blocks=blocks, stride=stride)
        else:
            x = net.add(bottleneck_stage.into(net), x, width=channels, blocks=blocks, stride=stride, strided=strided)
    net.classify(net.add("linear", net.add("global_avg_pool", x), features=classes), label)
    return net
