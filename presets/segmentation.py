"""A class for every pixel: Lin, Milan, Shen, Reid (2017). RefineNet, on the stages of a residual network."""

from __future__ import annotations

from typing import Annotated, Literal

from graph_engine.blocks import Param, Reference
from graph_engine.document import Binding, Optimiser, Plan, Schedule, Stage, Update
from graph_engine.document.builder import Builder
from presets.parts.residual import bottleneck_stage
from presets.parts.segmentation import chained_residual_pooling, multi_resolution_fusion, residual_conv_unit
from presets.preset import Published, preset

_BLOCKS = {"50": (3, 4, 6, 3), "101": (3, 4, 23, 3), "152": (3, 8, 36, 3)}


@preset(
    title="RefineNet",
    family="Segmentation",
    size=1_556_675,
    data="digit_scenes",
    reference=Reference(
        "Lin, Milan, Shen, Reid",
        2017,
        "RefineNet: multi-path refinement networks for high-resolution semantic segmentation",
    ),
    sizes=tuple(
        Published(
            params,
            "DrSleep/refinenet-pytorch, models/resnet.py at 8f25c076, 21 classes",
            macs,
            (3, 512, 512),
            f"depth={depth},width=64,images=VOC",
        )
        for depth, params, macs in (
            ("50", 99_060_309, 243_504_513_024),
            ("101", 118_052_437, 262_898_974_720),
            ("152", 133_696_085, 282_293_436_416),
        )
    ),
)
def refinenet(
    depth: Annotated[Literal["50", "101", "152"], Param("Depth", "Layers of the residual network below.")] = "50",
    width: Annotated[int, Param("Width", "Channels of the first stage; 64 in the paper.", ge=1)] = 8,
    images: Annotated[
        Literal["digit scenes", "VOC"],
        Param("Images", "32×32 scenes of digits, 11 classes, or 512×512 photographs as of Pascal VOC, 21 classes."),
    ] = "digit scenes",
) -> Builder:
    """From coarse to fine: each stage of a ResNet sharpens what the coarser ones said of every pixel's class."""
    update = Update(optimiser=Optimiser(kind="adam", learning_rate=3e-3), schedule=Schedule(kind="one_cycle"))
    net = Builder(
        f"RefineNet-{depth}",
        plan=Plan(stages=(Stage(updates=(update,), epochs=6),), batch_size=32),
        binding=Binding(dataset="digit_scenes"),
    )
    small = images == "digit scenes"
    classes = 11 if small else 21
    image = net.input("image", 1, 32, 32) if small else net.input("image", 3, 512, 512)
    label = net.input("label", *((32, 32) if small else (512, 512)), classes=classes, tokens=True)

    stem = [image, net.add("conv2d", image, channels=width, kernel=3 if small else 7, stride=2, bias=False)]
    stem.append(net.add("batch_norm", stem[-1]))
    stem.append(net.add("relu", stem[-1]))
    if not small:
        stem.append(net.add("max_pool2d", stem[-1], kernel=3, stride=2, padding=1))
    x, maps = stem[-1], []
    for stage, blocks in enumerate(_BLOCKS[depth]):
        x = net.add(bottleneck_stage.into(net), x, width=width * 2**stage, blocks=blocks, stride=2 if stage else 1)
        maps.append(x)

    net.stand(0, 0, *stem, *maps)

    refined = None
    for row, stage in enumerate((3, 2, 1, 0), start=1):  # coarse to fine
        x = maps[stage]
        path = [net.add("dropout", x)] if stage > 1 else []
        path.append(net.add("conv2d", *path or [x], channels=width * (8 if stage == 3 else 4), bias=False))
        path.append(net.add(residual_conv_unit.into(net), path[-1], times=2))
        if refined is not None:
            path.append(net.add(multi_resolution_fusion.into(net), path[-1], refined, channels=width * 4))
        path.append(net.add(chained_residual_pooling.into(net), path[-1]))
        refined = net.add(residual_conv_unit.into(net), path[-1], times=3)
        net.stand(row, len(stem) + stage + 1, *path, refined)

    dropped = net.add("dropout", refined)
    scores = net.add("conv2d", dropped, channels=classes)
    output = net.output(scores)
    sharp = net.add("resize_as", scores, image, title="To the image's size")
    loss = net.add("pixel_cross_entropy", sharp, label)
    net.stand(5, len(stem), dropped, scores, sharp, loss)
    net.stand(6, len(stem) + 2, output, net.add("mean_iou", sharp, label))
    net.stand(7, len(stem) + 2, label)
    return net
