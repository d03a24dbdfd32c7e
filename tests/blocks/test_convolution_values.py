"""Convolutions against torch's own and against what defines them."""

from __future__ import annotations

from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from graph_engine.blocks import Refusal, TensorSpec, get_block
from graph_engine.blocks.refusal import SetParameterHint
from graph_engine.blocks.tensor import N
from graph_engine.check.shapes import run_block
from tests.blocks.cases import Case, Direct, real

IMAGE, SEQUENCE, VOLUME = TensorSpec((N, 4, 9, 11)), TensorSpec((N, 12, 4)), TensorSpec((N, 4, 5, 6, 7))


def made(block: str, x: TensorSpec, **parameters: Any) -> tuple[Direct, Tensor, Tensor]:
    """The block run on a real tensor, that tensor, and the result."""
    direct, value = Direct(Case(get_block(block), parameters, {"x": x})), real(x, 3)
    (out,) = direct({"x": value})
    return direct, value, out


def only(direct: Direct) -> nn.Module:
    (module,) = direct.layers.values()
    return module


def refusal(block: str, x: TensorSpec, **parameters: Any) -> Refusal:
    case = Case(get_block(block), parameters, {"x": x})
    with pytest.raises(Refusal) as caught:
        run_block(case.made, case.specs)
    assert caught.value.message.endswith(".")
    return caught.value


@pytest.mark.parametrize(
    ("border", "mode"), [("reflect", "reflect"), ("replicate", "replicate"), ("circular", "circular")]
)
@pytest.mark.parametrize("dilation", [1, 2])
def test_the_border_is_made_of_the_edge(border: str, mode: str, dilation: int) -> None:
    direct, x, y = made("conv2d", IMAGE, channels=6, border=border, dilation=dilation)
    layer = only(direct)
    padded = F.pad(x, (dilation,) * 4, mode=mode)

    torch.testing.assert_close(y, F.conv2d(padded, layer.weight, layer.bias, dilation=dilation))


def test_a_border_wants_no_more_pixels_than_there_are() -> None:
    small = TensorSpec((N, 1, 3, 3))

    assert made("conv2d", small, kernel=5, border="reflect")[2].shape == (3, 32, 3, 3)
    assert made("conv2d", small, kernel=7, border="circular")[2].shape == (3, 32, 3, 3)
    assert "at most 2 pixels" in refusal("conv2d", small, kernel=7, border="reflect").message
    found = refusal("conv2d", small, kernel=9, border="circular")
    assert found.hints == (SetParameterHint("border", "zeros"),)


@pytest.mark.parametrize("pad", [1, [2, 0]])
def test_padding_as_given(pad: Any) -> None:
    direct, x, y = made("conv2d", IMAGE, channels=2, kernel=4, stride=2, padding="custom", pad=pad)
    layer = only(direct)
    padding = tuple(pad) if isinstance(pad, list) else pad

    torch.testing.assert_close(y, F.conv2d(x, layer.weight, layer.bias, stride=2, padding=padding))


@pytest.mark.parametrize(
    ("parameters", "arguments"),
    [
        ({"kernel": 3}, {"padding": 1}),
        ({"kernel": 5, "stride": 3}, {"padding": 2, "stride": 3}),
        ({"kernel": 3, "dilation": 2, "padding": "none"}, {"dilation": 2}),
        ({"kernel": 3, "groups": 2, "bias": False}, {"padding": 1, "groups": 2}),
    ],
    ids=str,
)
def test_conv1d_has_its_features_last(parameters: dict[str, Any], arguments: dict[str, Any]) -> None:
    direct, x, y = made("conv1d", SEQUENCE, channels=6, **parameters)
    layer = only(direct)

    torch.testing.assert_close(y.mT, F.conv1d(x.mT, layer.weight, layer.bias, **arguments))


def seen(direct: Direct, x: Tensor, step: int) -> list[int]:
    """The steps of x that step `step` of the result depends on."""
    x = x.clone().requires_grad_()
    (y,) = direct({"x": x})
    y[:, step].sum().backward()
    assert x.grad is not None
    return x.grad.abs().sum((0, 2)).nonzero().flatten().tolist()


def test_a_causal_step_sees_no_later_one() -> None:
    direct, x, y = made("conv1d", SEQUENCE, channels=3, kernel=3, dilation=2, padding="causal")

    assert y.shape == (3, 12, 3)
    assert seen(direct, x, 7) == [3, 5, 7]
    assert seen(direct, x, 0) == [0]


def test_a_stack_of_dilations_sees_sixteen_steps() -> None:
    """The picture of WaveNet: kernel 2, dilations 1, 2, 4, 8."""
    x = torch.randn(1, 20, 4)
    layers = [
        Direct(
            Case(get_block("conv1d"), {"channels": 4, "kernel": 2, "dilation": d, "padding": "causal"}, {"x": SEQUENCE})
        )
        for d in (1, 2, 4, 8)
    ]
    value = x.requires_grad_()
    for layer in layers:
        (value,) = layer({"x": value})
    value[:, 19].sum().backward()

    assert x.grad is not None
    assert x.grad.abs().sum((0, 2)).nonzero().flatten().tolist() == list(range(4, 20))


@pytest.mark.parametrize(
    ("parameters", "arguments"),
    [
        ({}, {"padding": 1}),
        ({"kernel": [1, 3], "depth_kernel": 3}, {"padding": (1, 0, 1)}),
        ({"depth_kernel": 1, "stride": 2, "depth_stride": 1}, {"padding": (0, 1, 1), "stride": (1, 2, 2)}),
        ({"padding": "none", "dilation": 2, "depth_kernel": 2, "kernel": 2}, {"dilation": 2}),
        ({"groups": 2, "bias": False}, {"padding": 1, "groups": 2}),
    ],
    ids=str,
)
def test_conv3d(parameters: dict[str, Any], arguments: dict[str, Any]) -> None:
    direct, x, y = made("conv3d", VOLUME, channels=6, **parameters)
    layer = only(direct)

    torch.testing.assert_close(y, F.conv3d(x, layer.weight, layer.bias, **arguments))


@pytest.mark.parametrize("groups", [1, 2])
def test_a_transposed_convolution_is_the_backward_pass_of_one(groups: int) -> None:
    direct, x, y = made("conv_transpose2d", IMAGE, channels=6, groups=groups, bias=False)
    layer = only(direct)
    wide = torch.zeros_like(y).requires_grad_()
    F.conv2d(wide, layer.weight, stride=2, padding=1, groups=groups).backward(x)

    assert y.shape == (3, 6, 18, 22)
    torch.testing.assert_close(y, wide.grad)


def test_it_refuses_to_cut_all_off_and_to_add_a_whole_stride() -> None:
    tiny = TensorSpec((N, 1, 1, 1))

    assert refusal("conv_transpose2d", tiny, kernel=2, padding=2).parameter == "padding"
    assert refusal("conv_transpose2d", tiny, extra=2).parameter == "extra"


@pytest.mark.parametrize("stride", [1, 2])
def test_separable_is_each_channel_by_itself_then_a_mix(stride: int) -> None:
    direct, x, y = made("depthwise_separable_conv2d", IMAGE, channels=5, stride=stride)
    depthwise, pointwise = direct.layers.values()
    alone = [F.conv2d(x[:, [c]], depthwise.weight[[c]], stride=stride, padding=1) for c in range(4)]
    mixed = torch.einsum("nchw,kc->nkhw", torch.cat(alone, 1), pointwise.weight[:, :, 0, 0])

    torch.testing.assert_close(y, mixed)


def reach(kind: str, kernel: int, colours: int, output: int) -> set[tuple[int, int, int]]:
    """(channel, row, column) that a channel of the middle pixel depends on."""
    spec = TensorSpec((N, 3, 5, 5))
    direct, _, _ = made("masked_conv2d", spec, channels=3, kernel=kernel, mask=kind, colours=colours)
    x = torch.randn(1, 3, 5, 5, requires_grad=True)
    (y,) = direct({"x": x})
    y[0, output, 2, 2].backward()
    assert x.grad is not None
    return {tuple(place) for place in x.grad[0].nonzero().tolist()}


@pytest.mark.parametrize("kernel", [3, 5])
def test_a_mask_hides_what_comes_after(kernel: int) -> None:
    r = kernel // 2
    before = {(c, i, j) for c in range(3) for i in range(2 - r, 3) for j in range(2 - r, 3 + r) if (i, j) < (2, 2)}

    assert reach("A", kernel, 1, 0) == before
    assert reach("B", kernel, 1, 0) == before | {(c, 2, 2) for c in range(3)}
    for colour in range(3):
        assert reach("A", kernel, 3, colour) == before | {(c, 2, 2) for c in range(colour)}
        assert reach("B", kernel, 3, colour) == before | {(c, 2, 2) for c in range(colour + 1)}


def test_what_a_mask_shows_is_convolved() -> None:
    direct, x, y = made("masked_conv2d", IMAGE, channels=6, kernel=3)
    layer = only(direct)
    weight = layer.weight.clone()
    weight[:, :, 1, 2] = weight[:, :, 2] = 0

    torch.testing.assert_close(y, F.conv2d(x, weight, layer.bias, padding=1))


def test_a_mask_wants_a_middle_and_even_colours() -> None:
    assert refusal("masked_conv2d", IMAGE, kernel=4).hints == (SetParameterHint("kernel", 5),)
    assert refusal("masked_conv2d", IMAGE, colours=3).parameter == "colours"


def test_a_large_kernel_is_two_paths_of_strips() -> None:
    direct, x, y = made("large_kernel_conv2d", IMAGE, channels=3, kernel=5)
    (a, b), (c, d) = only(direct).tall_wide, only(direct).wide_tall
    tall = F.conv2d(F.conv2d(x, a.weight, a.bias, padding=(2, 0)), b.weight, b.bias, padding=(0, 2))
    wide = F.conv2d(F.conv2d(x, c.weight, c.bias, padding=(0, 2)), d.weight, d.bias, padding=(2, 0))

    assert a.kernel_size == d.kernel_size == (5, 1)
    torch.testing.assert_close(y, tall + wide)
    assert direct.parameters["main.tall_wide.0.weight"].shape == (3, 4, 5, 1)


def test_mlpconv_is_a_small_network_at_each_pixel() -> None:
    direct, x, y = made("mlp_conv2d", IMAGE, channels=3, first=6, second=5, kernel=3)
    convolution, _, first, _, second, _ = only(direct)
    h = F.relu(F.conv2d(x, convolution.weight, convolution.bias, padding=1)).permute(0, 2, 3, 1)
    h = F.relu(F.linear(h, first.weight.flatten(1), first.bias))
    h = F.relu(F.linear(h, second.weight.flatten(1), second.bias))

    torch.testing.assert_close(y, h.permute(0, 3, 1, 2))


@pytest.mark.parametrize(
    ("block", "x", "parameters", "words"),
    [
        ("conv1d", TensorSpec((N, 4, 2)), {"kernel": 5, "padding": "none"}, "the sequence is 4 steps long"),
        ("conv1d", SEQUENCE, {"groups": 3}, "the 4 channels that arrive"),
        ("conv1d", SEQUENCE, {"kernel": 2, "stride": 2}, "an even kernel needs stride 1"),
        ("conv3d", VOLUME, {"padding": "none", "depth_kernel": 6}, "the volume is 5 pixels deep"),
        ("conv3d", VOLUME, {"padding": "none", "kernel": [7, 1]}, "the image is 6 pixels high"),
        ("conv_transpose2d", IMAGE, {"channels": 6, "groups": 4}, "Channels (6)"),
        ("large_kernel_conv2d", IMAGE, {"kernel": 6}, "6 is even"),
    ],
)
def test_what_does_not_fit_is_refused_in_words(
    block: str, x: TensorSpec, parameters: dict[str, Any], words: str
) -> None:
    found = refusal(block, x, **parameters)

    assert words in found.message
    assert found.hints
