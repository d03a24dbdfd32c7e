"""Parameters and multiply-adds of layers against published code and papers (`Reference`: where each figure is from)."""

from __future__ import annotations

from typing import Any

import pytest

from graph_engine.blocks import Specs, TensorSpec, get_block
from graph_engine.blocks.tensor import N
from graph_engine.check import Checker
from graph_engine.check.report import Cost
from graph_engine.check.shapes import run_block
from graph_engine.document.builder import Builder, Port

TORCH = "torch 2.13.0"
VISION = "torchvision 0.28.0"
MOBILENET = "Howard et al. 2017 (derived)"
Step = tuple[str, dict[str, Any]]


def conv(channels: int, kernel: int = 1, **more: Any) -> Step:
    return ("conv2d", {"channels": channels, "kernel": kernel, **more})


def cost_of(steps: list[Step], shape: tuple[int, ...]) -> tuple[Cost, TensorSpec]:
    """What a chain of blocks costs for one sample, and what leaves it."""
    spec, total = TensorSpec((N, *shape)), Cost()
    for name, parameters in steps:
        result = run_block(get_block(name).make(parameters), Specs({"x": spec}))
        (spec,) = result.outputs.values()
        total = total + result.cost
    return total, spec


FIGURES: list[tuple[str, list[Step], tuple[int, ...], tuple[int, ...], int, int]] = [
    (MOBILENET, [conv(512, 3, bias=False)], (512, 14, 14), (512, 14, 14), 2_359_296, 462_422_016),
    (
        MOBILENET,
        [("depthwise_separable_conv2d", {"channels": 512})],
        (512, 14, 14),
        (512, 14, 14),
        266_752,
        52_283_392,
    ),
    (f"{TORCH} Conv2d", [conv(64, 3, dilation=2)], (64, 32, 32), (64, 32, 32), 36_928, 37_748_736),
    (f"{TORCH} Conv2d", [conv(128, 3, groups=32, bias=False)], (128, 56, 56), (128, 56, 56), 4_608, 14_450_688),
    (
        f"{TORCH} ConvTranspose2d",
        [("conv_transpose2d", {"channels": 256, "bias": False})],
        (512, 4, 4),
        (256, 8, 8),
        2_097_152,
        33_554_432,
    ),
    (
        "Lin et al. 2014, CIFAR block 1 (derived)",
        [("mlp_conv2d", {})],
        (3, 32, 32),
        (96, 32, 32),
        60_928,
        61_931_520,
    ),
    (
        "van den Oord et al. 2016, PixelCNN residual block, h = 128 (derived)",
        [conv(128), ("masked_conv2d", {"channels": 128, "kernel": 3, "mask": "B"}), conv(256)],
        (256, 32, 32),
        (256, 32, 32),
        213_504,
        218_103_808,
    ),
    (
        "zijundeng/pytorch-semantic-segmentation gcn.py",
        [("large_kernel_conv2d", {"channels": 21, "kernel": 7})],
        (2048, 16, 16),
        (21, 16, 16),
        608_370,
        155_721_216,
    ),
    (
        "zijundeng/pytorch-semantic-segmentation gcn.py",
        [("boundary_refinement", {})],
        (21, 16, 16),
        (21, 16, 16),
        7_980,
        2_032_128,
    ),
    ("He et al. 2014 (derived)", [("spatial_pyramid_pool", {})], (256, 13, 13), (12_800,), 0, 0),
    (
        f"{VISION} deeplabv3.py ASPP",
        [("atrous_pyramid_pooling", {})],
        (2048, 65, 65),
        (256, 65, 65),
        15_535_104,
        63_408_242_688,
    ),
    (
        f"{VISION} deeplabv3.py DeepLabHead",
        [("atrous_pyramid_pooling", {}), conv(256, 3, bias=False), ("batch_norm", {}), ("relu", {}), conv(21)],
        (2048, 65, 65),
        (21, 65, 65),
        16_130_837,
        65_922_962_688,
    ),
    (
        f"{VISION} fcn.py FCNHead",
        [conv(512, 3, bias=False), ("batch_norm", {}), ("relu", {}), ("dropout", {}), conv(21)],
        (2048, 65, 65),
        (21, 65, 65),
        9_448_981,
        39_917_529_600,
    ),
    ("hszhao/semseg pspnet.py", [("pyramid_pooling", {})], (2048, 60, 60), (4096, 60, 60), 4_198_400, 52_428_800),
    (f"{VISION} ops/misc.py", [("squeeze_excitation", {})], (256, 56, 56), (256, 56, 56), 8_464, 8_192),
    (f"{VISION} squeezenet.py", [("fire", {})], (96, 54, 54), (128, 54, 54), 11_920, 34_338_816),
    ("pytorchcv 0.0.74 shufflenet.py", [("shuffle_unit", {})], (240, 28, 28), (240, 28, 28), 10_860, 7_949_760),
    (
        "pytorchcv 0.0.74 shufflenet.py, first unit",
        [("shuffle_unit", {"stride": "2", "group_first": False})],
        (24, 56, 56),
        (240, 28, 28),
        6_972,
        8_326_080,
    ),
    ("torch.nn.GLU behind a linear layer", [("linear", {"features": 128}), ("glu", {})], (64,), (64,), 8_320, 8_192),
    (
        "Goodfellow et al. 2013 (derived)",
        [("maxout", {"features": 1200, "pieces": 5})],
        (784,),
        (1200,),
        4_710_000,
        4_704_000,
    ),
    (f"{TORCH} PReLU", [("prelu", {})], (64, 8, 8), (64, 8, 8), 64, 0),
    (f"{TORCH} BatchNorm2d", [("batch_norm", {})], (64, 8, 8), (64, 8, 8), 128, 0),
    (f"{TORCH} LayerNorm", [("layer_norm", {})], (64, 8, 8), (64, 8, 8), 8_192, 0),
    (f"{TORCH} InstanceNorm2d", [("instance_norm", {})], (64, 8, 8), (64, 8, 8), 0, 0),
    (f"{TORCH} GroupNorm", [("group_norm", {})], (64, 8, 8), (64, 8, 8), 128, 0),
    (f"{TORCH} MultiheadAttention", [("self_attention", {"heads": 8})], (10, 512), (10, 512), 1_050_624, 10_588_160),
    (
        "heykeetae/Self-Attention-GAN sagan_models.py",
        [("spatial_attention", {})],
        (64, 32, 32),
        (64, 32, 32),
        5_201,
        80_740_352,
    ),
    (
        "heykeetae/Self-Attention-GAN sagan_models.py",
        [("spatial_attention", {})],
        (512, 16, 16),
        (512, 16, 16),
        328_321,
        121_634_816,
    ),
    ("Srivastava et al. 2015, eq. 3 (derived)", [("highway", {})], (50,), (50,), 5_100, 5_000),
    ("r9y9/tacotron_pytorch", [("highway", {})], (128,), (128,), 33_024, 32_768),
]


@pytest.mark.parametrize(("source", "steps", "shape", "result", "params", "macs"), FIGURES, ids=str)
def test_parameters_and_macs_are_those_of_the_published_layer(
    source: str, steps: list[Step], shape: tuple[int, ...], result: tuple[int, ...], params: int, macs: int
) -> None:
    cost, spec = cost_of(steps, shape)

    assert (cost.params, cost.macs) == (params, macs), source
    assert spec.shape == (N, *result)


@pytest.mark.parametrize(
    ("affinity", "subsample", "params", "macs"),
    [
        ("embedded gaussian", False, 2_101_760, 450_379_776),
        ("embedded gaussian", True, 2_101_760, 420_876_288),
        ("gaussian", False, 1_052_160, 264_527_872),
        ("gaussian", True, 1_052_160, 220_272_640),
        ("dot product", False, 2_101_760, 450_379_776),
        ("dot product", True, 2_101_760, 420_876_288),
        ("concatenation", False, 2_102_784, 470_048_768),
        ("concatenation", True, 2_102_784, 425_793_536),
    ],
)
def test_non_local_blocks_are_those_of_their_reference_code(
    affinity: str, subsample: bool, params: int, macs: int
) -> None:
    """AlexHex7/Non-local_pytorch, C = 1024 on 14×14."""
    cost, spec = cost_of([("non_local", {"affinity": affinity, "subsample": subsample})], (1024, 14, 14))

    assert (cost.params, cost.macs) == (params, macs)
    assert spec.shape == (N, 1024, 14, 14)


def test_a_region_proposal_head_is_three_convolutions() -> None:
    """VGG16 conv5_3, nine anchors (derived from Ren et al. 2015)."""
    trunk, spec = cost_of([conv(512, 3)], (512, 37, 37))
    heads = [cost_of([conv(9 * numbers)], (512, 37, 37))[0] for numbers in (2, 4)]

    assert spec.shape == (N, 512, 37, 37)
    assert sum((each.params for each in heads), trunk.params) == 2_387_510
    assert sum((each.macs for each in heads), trunk.macs) == 3_267_726_336


def test_a_separable_convolution_costs_a_known_share_of_a_whole_one() -> None:
    """Howard et al. 2017: 1/N + 1/k²."""
    whole, _ = cost_of([conv(512, 3, bias=False)], (512, 14, 14))
    separable, _ = cost_of([("depthwise_separable_conv2d", {"channels": 512})], (512, 14, 14))

    assert separable.macs / whole.macs == pytest.approx(1 / 512 + 1 / 9, rel=1e-12)


@pytest.mark.parametrize("norm", ["weight", "spectral"])
@pytest.mark.parametrize("block", ["conv1d", "conv2d", "linear", "conv_transpose2d"])
def test_a_weight_norm_costs_no_macs(block: str, norm: str) -> None:
    shape = {"conv1d": (7, 8), "linear": (8,)}.get(block, (8, 6, 7))
    size = "features" if block == "linear" else "channels"
    plain, _ = cost_of([(block, {size: 4})], shape)
    normed, _ = cost_of([(block, {size: 4, "weight_norm": norm})], shape)

    assert normed.macs == plain.macs > 0
    assert normed.params == plain.params + (4 if norm == "weight" else 0)  # a length for each of four outputs
    assert (normed.buffers > 0) == (norm == "spectral")


def test_a_proposal_network_shares_its_weights_among_the_levels_of_a_pyramid() -> None:
    """torchvision 0.28.0 rpn.py RPNHead(256, 3) on the five levels that an image of 800×800 has."""
    net = Builder("RPN")
    levels = [net.input(f"level{at}", 256, size, size) for at, size in enumerate((200, 100, 50, 25, 13))]
    first: list[Port | None] = [None, None, None]
    for at, x in enumerate(levels):
        hidden = net.add("conv2d", x, channels=256, kernel=3, shares=first[0])
        scored = net.add("relu", hidden)
        objects = net.add("conv2d", scored, channels=3, kernel=1, shares=first[1])
        boxes = net.add("conv2d", scored, channels=12, kernel=1, shares=first[2])
        first = [hidden, objects, boxes] if at == 0 else first
        net.output(objects, f"objects{at}")
        net.output(boxes, f"boxes{at}")
    result = Checker().check(net.document)
    assert result.errors == []
    assert (result.total.params, result.total.macs) == (593_935, 31_638_729_216)
