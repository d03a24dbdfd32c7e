"""Blocks against torch's own modules and against arithmetic written out: independent sources of the same numbers."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from graph_engine.blocks import Refusal, TensorSpec, get_block
from graph_engine.blocks.tensor import N
from graph_engine.check.shapes import run_block
from tests.blocks.cases import Case, Direct, real

IMAGE, VECTOR, SEQUENCE = TensorSpec((N, 4, 9, 11)), TensorSpec((N, 6)), TensorSpec((N, 5, 6))


def direct(block: str, parameters: dict[str, Any], **inputs: TensorSpec) -> Direct:
    return Direct(Case(get_block(block), parameters, {port.replace("_", "."): spec for port, spec in inputs.items()}))


def module_of(made: Direct, name: str = "") -> nn.Module:
    return next(module for layer, module in made.layers.items() if layer.name == name)


@pytest.mark.filterwarnings("ignore:Using padding='same' with even kernel lengths")
@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize(
    ("parameters", "arguments"),
    [
        ({"kernel": 3}, {"padding": "same"}),
        ({"kernel": [3, 5]}, {"padding": "same"}),
        ({"kernel": [2, 4]}, {"padding": "same"}),
        ({"kernel": 3, "dilation": 2}, {"padding": "same", "dilation": 2}),
        ({"kernel": 3, "padding": "none"}, {"padding": 0}),
        ({"kernel": [1, 7], "padding": "none", "stride": [2, 1]}, {"padding": 0, "stride": (2, 1)}),
        ({"kernel": 3, "dilation": [1, 3], "padding": "none"}, {"dilation": (1, 3)}),
        ({"kernel": 3, "groups": 2}, {"padding": "same", "groups": 2}),
    ],
    ids=str,
)
def test_conv2d(parameters: dict[str, Any], arguments: dict[str, Any], bias: bool) -> None:
    x = real(IMAGE, 3)
    ours = direct("conv2d", {"channels": 6, "bias": bias, **parameters}, x=IMAGE)
    kernel = parameters["kernel"]
    theirs = nn.Conv2d(4, 6, tuple(kernel) if isinstance(kernel, list) else kernel, bias=bias, **arguments)
    theirs.load_state_dict(module_of(ours).state_dict())

    torch.testing.assert_close(ours({"x": x})[0], theirs(x), rtol=0, atol=0)


@pytest.mark.parametrize("stride", [2, 3, 4])
@pytest.mark.parametrize("kernel", [1, 3, 5])
def test_same_padding_with_a_stride_keeps_every_strideth_position(kernel: int, stride: int) -> None:
    x = real(IMAGE, 2)
    ours = direct("conv2d", {"channels": 5, "kernel": kernel, "stride": stride}, x=IMAGE)
    conv = module_of(ours)
    assert isinstance(conv, nn.Conv2d)
    dense = F.conv2d(x, conv.weight, conv.bias, padding="same")

    torch.testing.assert_close(ours({"x": x})[0], dense[:, :, ::stride, ::stride])
    assert ours({"x": x})[0].shape[2:] == (-(-9 // stride), -(-11 // stride))


def test_an_even_kernel_with_a_stride_is_refused_with_a_way_out() -> None:
    with pytest.raises(Refusal, match="stride 1") as caught:
        direct("conv2d", {"kernel": 4, "stride": 2}, x=IMAGE)
    assert caught.value.hints


@pytest.mark.parametrize(
    ("parameters", "arguments"),
    [
        ({}, {"kernel_size": 2, "stride": 2}),
        ({"kernel": 3}, {"kernel_size": 3, "stride": 2}),
        ({"kernel": 3, "stride": 3}, {"kernel_size": 3}),
        ({"kernel": 3, "stride": 1, "padding": 1}, {"kernel_size": 3, "stride": 1, "padding": 1}),
        (
            {"kernel": [2, 3], "stride": [1, 2], "padding": [1, 0]},
            {"kernel_size": (2, 3), "stride": (1, 2), "padding": (1, 0)},
        ),
    ],
    ids=str,
)
@pytest.mark.parametrize(("block", "theirs"), [("max_pool2d", nn.MaxPool2d), ("avg_pool2d", nn.AvgPool2d)])
def test_pooling(block: str, theirs: type[nn.Module], parameters: dict[str, Any], arguments: dict[str, Any]) -> None:
    x = real(IMAGE, 3)
    torch.testing.assert_close(direct(block, parameters, x=IMAGE)({"x": x})[0], theirs(**arguments)(x), rtol=0, atol=0)


def test_global_average_pool() -> None:
    x, s = real(IMAGE, 3), real(SEQUENCE, 3)
    torch.testing.assert_close(
        direct("global_avg_pool", {}, x=IMAGE)({"x": x})[0], nn.AdaptiveAvgPool2d(1)(x).flatten(1)
    )
    torch.testing.assert_close(direct("global_avg_pool", {}, x=SEQUENCE)({"x": s})[0], s.sum(1) / 5)


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("spec", [IMAGE, VECTOR, SEQUENCE], ids=str)
def test_batch_norm(spec: TensorSpec, training: bool) -> None:
    x = real(spec, 7) * 3 + 1
    ours = direct("batch_norm", {"epsilon": 1e-3, "momentum": 0.2}, x=spec)
    norm = module_of(ours).train(training)
    assert isinstance(norm, nn.BatchNorm1d | nn.BatchNorm2d)
    axes = tuple(axis for axis in range(x.ndim) if axis != (2 if x.ndim == 3 else 1))
    mean = x.mean(axes, keepdim=True) if training else torch.zeros(1)
    variance = x.var(axes, unbiased=False, keepdim=True) if training else torch.ones(1)
    expected = (x - mean) / (variance + 1e-3).sqrt()

    torch.testing.assert_close(ours({"x": x})[0], expected)
    if training:
        assert norm.running_mean is not None
        torch.testing.assert_close(norm.running_mean, 0.2 * mean.flatten())


@pytest.mark.parametrize("spec", [IMAGE, VECTOR, SEQUENCE], ids=str)
def test_layer_norm_is_over_each_sample_or_position(spec: TensorSpec) -> None:
    x = real(spec, 3) * 2 - 1
    axes = (1, 2, 3) if spec.rank == 4 else (-1,)
    expected = (x - x.mean(axes, keepdim=True)) / (x.var(axes, unbiased=False, keepdim=True) + 1e-5).sqrt()

    torch.testing.assert_close(direct("layer_norm", {}, x=spec)({"x": x})[0], expected)


def test_dropout_scales_what_it_leaves() -> None:
    ours = direct("dropout", {"probability": 0.25}, x=VECTOR)
    x = torch.ones(2000, 6)
    (y,) = ours({"x": x})

    assert set((y * 3).round().flatten().tolist()) == {0, 4}
    assert (y == 0).float().mean().item() == pytest.approx(0.25, abs=0.03)
    module_of(ours).eval()
    assert torch.equal(ours({"x": x})[0], x)


@pytest.mark.parametrize(
    ("block", "parameters", "formula"),
    [
        ("relu", {}, lambda x: np.maximum(x, 0)),
        ("leaky_relu", {"slope": 0.2}, lambda x: np.maximum(x, 0) + 0.2 * np.minimum(x, 0)),
        ("leaky_relu", {}, lambda x: np.where(x > 0, x, 0.01 * x)),
        ("sigmoid", {}, lambda x: 1 / (1 + np.exp(-x))),
        ("tanh", {}, np.tanh),
        ("gelu", {}, lambda x: x * 0.5 * (1 + torch.erf(torch.from_numpy(x) / 2**0.5).numpy())),
        ("softmax", {}, lambda x: np.exp(x) / np.exp(x).sum(1, keepdims=True)),
        ("softmax", {"axis": -1}, lambda x: np.exp(x) / np.exp(x).sum(3, keepdims=True)),
    ],
)
def test_activations_by_their_formula(block: str, parameters: dict[str, Any], formula: Any) -> None:
    x = real(IMAGE, 3)
    ours = direct(block, parameters, x=IMAGE)({"x": x})[0]
    np.testing.assert_allclose(ours.numpy(), formula(x.numpy()), rtol=1e-5, atol=1e-6)


def test_linear_on_vectors_and_sequences() -> None:
    for spec in (VECTOR, SEQUENCE):
        ours = direct("linear", {"features": 3}, x=spec)
        weight, bias = ours.parameters.values()
        x = real(spec, 2)
        expected = np.einsum("...e,fe->...f", x.numpy(), weight.detach().numpy()) + bias.detach().numpy()
        np.testing.assert_allclose(ours({"x": x})[0].detach().numpy(), expected, rtol=1e-5, atol=1e-6)


def test_shapes_are_changed_in_order() -> None:
    x = torch.arange(2 * 3 * 4 * 5.0).reshape(2, 3, 4, 5)
    spec = TensorSpec((N, 3, 4, 5))

    assert torch.equal(direct("flatten", {}, x=spec)({"x": x})[0], x.reshape(2, 60))
    assert torch.equal(direct("reshape", {"shape": [12, 5]}, x=spec)({"x": x})[0], x.reshape(2, 12, 5))
    assert torch.equal(direct("reshape", {"shape": [6, -1]}, x=spec)({"x": x})[0], x.reshape(2, 6, 10))
    pixels = direct("positions_to_sequence", {}, x=spec)({"x": x})[0]
    assert torch.equal(pixels[1, 2 * 5 + 3], x[1, :, 2, 3])


def test_merging() -> None:
    a, b, c = (real(VECTOR, 3, seed) for seed in range(3))
    values = {"xs.0": a, "xs.1": b, "xs.2": c}
    three = {"xs_0": VECTOR, "xs_1": VECTOR, "xs_2": VECTOR}

    assert torch.equal(direct("add", {}, **three)(values)[0], a + b + c)
    assert torch.equal(direct("multiply", {}, **three)(values)[0], a * b * c)
    assert torch.equal(direct("concat", {}, **three)(values)[0], torch.cat([a, b, c], 1))


def test_slots_are_joined_in_their_order_not_in_that_of_the_wires() -> None:
    values = {f"xs.{slot}": torch.full((1, 1), float(slot)) for slot in (10, 2, 0)}
    made = Direct(Case(get_block("concat"), {}, {port: TensorSpec((N, 1)) for port in values}))
    assert made(values)[0].tolist() == [[0.0, 2.0, 10.0]]


@pytest.mark.parametrize("activation", ["relu", "none"])
def test_residual_by_hand(activation: str) -> None:
    def after(y: Tensor) -> Tensor:
        return y.clamp(min=0) if activation == "relu" else y

    x, f = real(IMAGE, 3), real(IMAGE, 3, 1)
    plain = direct("residual", {"activation": activation}, x=IMAGE, f=IMAGE)
    assert not plain.layers
    assert torch.equal(plain({"x": x, "f": f})[0], after(x + f))

    wide = TensorSpec((N, 8, 5, 6))
    f = real(wide, 3, 1)
    projected = direct("residual", {"activation": activation}, x=IMAGE, f=wide)
    weight = projected.parameters["projection.weight"]
    skip = torch.einsum("oc,nchw->nohw", weight[:, :, 0, 0], x[:, :, ::2, ::2])
    skip = (skip - skip.mean((0, 2, 3), keepdim=True)) / (
        skip.var((0, 2, 3), unbiased=False, keepdim=True) + 1e-5
    ).sqrt()
    torch.testing.assert_close(projected({"x": x, "f": f})[0], after(f + skip))

    dense = direct("residual", {"activation": activation}, x=VECTOR, f=TensorSpec((N, 9)))
    x, f = real(VECTOR, 3), torch.randn(3, 9)
    expected = after(f + x @ dense.parameters["projection.weight"].T + dense.parameters["projection.bias"])
    torch.testing.assert_close(dense({"x": x, "f": f})[0], expected)


@pytest.mark.parametrize("before", range(1, 12))
def test_a_residual_projection_reaches_exactly_the_sizes_that_a_stride_gives(before: int) -> None:
    reachable = {-(-before // stride) for stride in range(1, before + 1)}
    for after in range(1, 13):
        inputs = {"x": TensorSpec((N, 3, before, 4)), "f": TensorSpec((N, 6, after, 4))}
        case = Case(get_block("residual"), {}, inputs)
        if after in reachable:
            assert run_block(case.made, case.specs).outputs["y"].shape == (N, 6, after, 4)
        else:
            with pytest.raises(Refusal, match="No projection leads from"):
                run_block(case.made, case.specs)


def test_cross_entropy_by_hand() -> None:
    logits, label = torch.randn(6, 4), torch.tensor([0, 3, 1, 1, 2, 0])
    specs = {"logits": TensorSpec((N, 4)), "label": TensorSpec((N,), "int64", classes=4)}
    log = logits.numpy() - np.log(np.exp(logits.numpy()).sum(1, keepdims=True))
    hard = -log[np.arange(6), label.numpy()].mean()
    values = {"logits": logits, "label": label}

    assert direct("cross_entropy", {}, **specs)(values)[0].item() == pytest.approx(hard, rel=1e-5)
    smooth = 0.9 * hard + 0.1 * -log.mean(1).mean()
    ours = direct("cross_entropy", {"label_smoothing": 0.1}, **specs)(values)[0].item()
    assert ours == pytest.approx(smooth, rel=1e-5)


def test_mean_squared_error_and_accuracy_by_hand() -> None:
    x, target = torch.randn(5, 3), torch.randn(5, 3)
    error = direct("mean_squared_error", {}, x=TensorSpec((N, 3)), target=TensorSpec((N, 3)))
    assert error({"x": x, "target": target})[0].item() == pytest.approx(np.square(x.numpy() - target.numpy()).mean())

    label = torch.tensor([0, 1, 2, 0, 1])
    share = (x.numpy().argmax(1) == label.numpy()).mean()
    accuracy = direct("accuracy", {}, logits=TensorSpec((N, 3)), label=TensorSpec((N,), "int64"))
    assert accuracy({"logits": x, "label": label})[0].item() == pytest.approx(share)
