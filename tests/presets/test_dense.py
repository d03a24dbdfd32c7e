"""Densely connected networks: the sizes of those for CIFAR-10."""

from __future__ import annotations

import pytest

from graph_engine.check import Checker
from presets import open_preset
from tests.presets.training import accuracy

# osmr/imgclsmob pytorchcv 0.0.74, densenet_cifar.py, at 3×32×32, growth 12.
PUBLISHED = {
    "layers=12,bottleneck=false,first=24": (599_050, 205_906_452),
    "layers=16,first=24": (769_162, 287_929_692),
}


def parameters_of(text: str) -> tuple[int, int]:
    """Parameters and multiply-adds on colour images."""
    document = open_preset(f"densenet:growth=12,{text}")
    image = next(node for node in document.main if node.parameters.get("name") == "image")
    document.main.put(image.with_(parameters={**image.parameters, "shape": [3, 32, 32]}))
    total = Checker().check(document).total
    return total.params, total.macs


@pytest.mark.parametrize("text", PUBLISHED)
def test_it_has_the_published_size(text: str) -> None:
    assert parameters_of(text) == PUBLISHED[text]


def test_the_first_densenet_of_the_paper_has_the_million_parameters_of_its_table() -> None:
    """Table 2: k = 12, 40 layers, 1.0M: without compression."""
    params, _ = parameters_of("layers=12,bottleneck=false,reduction=1")
    convolutions, maps = 3 * 9 * 16, 16
    norms = 0
    for block in range(3):
        for _layer in range(12):
            convolutions, norms, maps = convolutions + 9 * maps * 12, norms + 2 * maps, maps + 12
        if block < 2:
            convolutions, norms = convolutions + maps * maps, norms + 2 * maps
    assert params == convolutions + norms + 2 * maps + 10 * (maps + 1)
    assert round(params / 1e6, 1) == 1.0


def test_it_learns_the_digits() -> None:
    assert accuracy("densenet:layers=2", epochs=3) >= 0.9
