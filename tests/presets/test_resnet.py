"""The residual networks, drawn from stages: published sizes, and a short training."""

from __future__ import annotations

import pytest

from graph_engine.check import Checker
from graph_engine.compile import compile_document
from presets import open_preset
from tests.presets.training import accuracy

# torchvision 0.28.0, at 3×224×224; strided in the first 1×1, as in the paper: pytorchcv 0.0.74 resnet50.
PUBLISHED = {
    "depth=18": (11_689_512, 1_814_073_344),
    "depth=34": (21_797_672, 3_663_761_408),
    "depth=50": (25_557_032, 4_089_184_256),
    "depth=50,strided=1×1": (25_557_032, 3_857_973_248),
    "depth=152": (60_192_808, 11_513_626_624),
}


@pytest.mark.parametrize("parameters", PUBLISHED)
def test_it_has_the_published_size(parameters: str) -> None:
    total = Checker().check(open_preset(f"resnet:width=64,images=ImageNet,{parameters}")).total
    assert (total.params, total.macs) == PUBLISHED[parameters]


def test_152_layers_are_as_short_to_read_as_50() -> None:
    lines = [len(compile_document(open_preset(f"resnet:depth={depth}")).source.splitlines()) for depth in (50, 152)]
    assert lines[0] == lines[1] < 150


def test_it_learns_the_digits() -> None:
    assert accuracy("resnet:depth=18", epochs=2) >= 0.95
