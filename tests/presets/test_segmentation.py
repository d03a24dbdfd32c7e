"""RefineNet: its published sizes, and what its parts are held to."""

from __future__ import annotations

import pytest

from graph_engine.check import Checker
from graph_engine.compile import compile_document
from graph_engine.train.objectives import objectives_of
from presets import open_preset

# DrSleep/refinenet-pytorch, models/resnet.py at 8f25c076, 21 classes, at 3×512×512.
PUBLISHED = {
    "50": (99_060_309, 243_504_513_024),
    "101": (118_052_437, 262_898_974_720),
    "152": (133_696_085, 282_293_436_416),
}


@pytest.mark.parametrize("depth", PUBLISHED)
def test_it_has_the_published_size(depth: str) -> None:
    document = open_preset(f"refinenet:width=64,images=VOC,depth={depth}")
    result = Checker().check(document)
    assert (result.total.params, result.total.macs) == PUBLISHED[depth]
    assert result.nodes["output_1"].inputs["x"].shape[1:] == (21, 128, 128), "a quarter of the image's size"


def test_the_loss_is_of_the_pixels_of_the_image() -> None:
    document = open_preset("refinenet:images=VOC")
    result = Checker().check(document)
    (objective,) = objectives_of(document, document.plan.stages[0])
    (loss, _), *_ = objective.losses
    assert result.nodes[loss].inputs["logits"].shape[1:] == (21, 512, 512)
    assert result.nodes[loss].inputs["label"].shape[1:] == (512, 512)


def test_152_layers_are_as_short_to_read_as_50() -> None:
    lines = [len(compile_document(open_preset(f"refinenet:depth={depth}")).source.splitlines()) for depth in (50, 152)]
    assert lines[0] == lines[1] < 250
