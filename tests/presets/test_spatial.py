"""The spatial transformer network and the CNN that it is compared with."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F

from graph_engine.check import Checker
from graph_engine.compile import compile_document
from graph_engine.data import open_dataset, resolve
from presets import open_preset

# Sums over layers by hand, at 1×40×40; the CNN is that of pytorch/tutorials without its dropout.
# localisation: conv 7×7 to 8 on 34², pool 17², conv 5×5 to 10 on 13², pool 6², linear 360 to 32 to 6
LOCALISATION = (
    (49 + 1) * 8 + (8 * 25 + 1) * 10 + (360 + 1) * 32 + (32 + 1) * 6,
    34 * 34 * 49 * 8 + 13 * 13 * 8 * 25 * 10 + 360 * 32 + 32 * 6,
)


def cnn(side: int) -> tuple[int, int]:
    """Parameters and multiply-adds of conv 5×5 to 10, pool, conv 5×5 to 20, pool, linear to 50, to 10."""
    first, second = side - 4, (side - 4) // 2 - 4
    flat = 20 * (second // 2) ** 2
    return (
        26 * 10 + 251 * 20 + (flat + 1) * 50 + 51 * 10,
        first**2 * 250 + second**2 * 5000 + flat * 50 + 500,
    )


@pytest.mark.parametrize("transformer", [True, False])
def test_sizes_are_those_that_a_hand_sums_up(transformer: bool) -> None:
    total = Checker().check(open_preset(f"spatial_transformer:transformer={str(transformer).lower()}")).total
    own = cnn(28 if transformer else 40)
    expected = tuple(a + b for a, b in zip(own, LOCALISATION, strict=True)) if transformer else own

    assert (total.params, total.macs) == expected


def test_the_cnn_without_it_is_the_same_and_has_no_fewer_weights() -> None:
    nodes = {}
    for transformer in ("true", "false"):
        document = open_preset(f"spatial_transformer:transformer={transformer}")
        nodes[transformer] = [(node.block, dict(node.parameters)) for node in document.main]
        assert document.plan == open_preset("spatial_transformer").plan
        assert document.binding.dataset == "distorted_digits"
    left = [node for node in nodes["true"] if node not in nodes["false"]]

    assert [block for block, _ in left] == ["spatial_transformer"]
    assert [node for node in nodes["true"] if node not in left] == nodes["false"]
    assert cnn(40)[0] > cnn(28)[0] + LOCALISATION[0]


def test_it_takes_the_distorted_digits_and_begins_almost_as_the_identity() -> None:
    document = open_preset("spatial_transformer")
    assert not resolve(document).problems
    images = open_dataset("distorted_digits").serve("image", (1, 40, 40), indices=range(8))
    network = compile_document(document).make(seed=0).eval()
    looked_at = network.get_submodule("spatial_transformer_1")(images)

    smaller = F.interpolate(images, size=(28, 28), mode="bilinear", align_corners=False)
    assert looked_at.shape == (8, 1, 28, 28)
    assert (looked_at - smaller).abs().mean() < 0.05
    assert not torch.equal(looked_at, smaller)
