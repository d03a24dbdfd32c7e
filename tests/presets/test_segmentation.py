"""RefineNet: what it gives and learns from, and what it is written as."""

from __future__ import annotations

from graph_engine.check import Checker
from graph_engine.compile import compile_document
from graph_engine.train.objectives import objectives_of
from presets import open_preset


def test_scores_are_a_quarter_of_the_images_size() -> None:
    result = Checker().check(open_preset("refinenet:width=64,images=VOC"))
    assert result.nodes["output_1"].inputs["x"].shape[1:] == (21, 128, 128)


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
