"""Units, attention over pixels, similarity and subtraction against their equations."""

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

IMAGE = TensorSpec((N, 8, 4, 6))


def made(block: str, parameters: dict[str, Any], *inputs: TensorSpec) -> tuple[Direct, list[Tensor], Tensor]:
    ports = [port.name for port in get_block(block).inputs]
    if get_block(block).inputs[0].variadic:
        ports = [f"{ports[0]}.{slot}" for slot in range(len(inputs))]
    direct = Direct(Case(get_block(block), parameters, dict(zip(ports, inputs, strict=True))))
    values = {port: real(spec, 3, seed) for seed, (port, spec) in enumerate(zip(ports, inputs, strict=True))}
    (out,) = direct(values)
    return direct, list(values.values()), out


def only(direct: Direct) -> nn.Module:
    (module,) = direct.layers.values()
    return module


def refusal(block: str, parameters: dict[str, Any], *inputs: TensorSpec) -> Refusal:
    ports = [port.name for port in get_block(block).inputs]
    case = Case(get_block(block), parameters, dict(zip(ports, inputs, strict=True)))
    with pytest.raises(Refusal) as caught:
        run_block(case.made, case.specs)
    assert caught.value.message.endswith(".")
    return caught.value


def test_subtract_takes_the_others_from_the_first() -> None:
    _, (a, b, c), y = made("subtract", {}, IMAGE, IMAGE, IMAGE)
    torch.testing.assert_close(y, a - b - c)


@pytest.mark.parametrize("groups", [1, 2, 4, 8])
def test_shuffling_deals_out_channels(groups: int) -> None:
    _, (x,), y = made("channel_shuffle", {"groups": groups}, IMAGE)
    order = [place + 8 // groups * group for place in range(8 // groups) for group in range(groups)]

    assert torch.equal(y, x[:, order])


def test_a_squeeze_is_a_small_network_over_averages() -> None:
    direct, (x,), y = made("squeeze_excitation", {"reduction": 4}, IMAGE)
    module = only(direct)
    h = F.relu(F.linear(x.mean((2, 3)), module.squeeze.weight.flatten(1), module.squeeze.bias))
    gate = torch.sigmoid(F.linear(h, module.excite.weight.flatten(1), module.excite.bias))

    assert h.shape == (3, 2)
    torch.testing.assert_close(y, x * gate[:, :, None, None])


def test_fire_expands_what_it_squeezed_in_two_ways() -> None:
    direct, (x,), y = made("fire", {"squeeze": 3, "expand1x1": 4, "expand3x3": 5}, IMAGE)
    module = only(direct)
    h = F.relu(F.conv2d(x, module.squeeze.weight, module.squeeze.bias))

    torch.testing.assert_close(y[:, :4], F.relu(F.conv2d(h, module.expand1x1.weight, module.expand1x1.bias)))
    wide = F.conv2d(h, module.expand3x3.weight, module.expand3x3.bias, padding=1)
    torch.testing.assert_close(y[:, 4:], F.relu(wide))


@pytest.mark.parametrize(("stride", "channels"), [("1", 8), ("2", 16)])
def test_a_shuffle_unit_is_its_parts(stride: str, channels: int) -> None:
    direct, (x,), y = made("shuffle_unit", {"channels": channels, "groups": 2, "stride": stride}, IMAGE)
    module = only(direct)

    def normed(value: Tensor) -> Tensor:
        return F.batch_norm(value, None, None, training=True)

    h = F.relu(normed(F.conv2d(x, module.compress.weight, groups=2)))
    width = channels // 4
    h = h[:, [place + width // 2 * group for place in range(width // 2) for group in range(2)]]
    h = normed(F.conv2d(h, module.depthwise.weight, stride=int(stride), padding=1, groups=width))
    h = normed(F.conv2d(h, module.expand.weight, groups=2))
    whole = x + h if stride == "1" else torch.cat([F.avg_pool2d(x, 3, 2, 1), h], 1)

    torch.testing.assert_close(y, F.relu(whole))
    assert y.shape == ((3, 8, 4, 6) if stride == "1" else (3, 16, 2, 3))


def test_boundary_refinement_adds_two_convolutions() -> None:
    direct, (x,), y = made("boundary_refinement", {}, IMAGE)
    one, two = only(direct).conv1, only(direct).conv2
    h = F.relu(F.conv2d(x, one.weight, one.bias, padding=1))

    torch.testing.assert_close(y, x + F.conv2d(h, two.weight, two.bias, padding=1))


def at_pixels(layer: nn.Conv2d, pixels: Tensor) -> Tensor:
    return F.linear(pixels, layer.weight.flatten(1), layer.bias)


@pytest.mark.parametrize("subsample", [False, True])
@pytest.mark.parametrize("affinity", ["embedded gaussian", "gaussian", "dot product", "concatenation"])
def test_non_local_is_its_equation_pixel_by_pixel(affinity: str, subsample: bool) -> None:
    direct, (x,), y = made("non_local", {"affinity": affinity, "subsample": subsample, "start": 0.7}, IMAGE)
    module = only(direct)

    def pixels(value: Tensor) -> Tensor:
        return value.flatten(2).mT  # (N, pixels, C)

    def gathered(value: Tensor) -> Tensor:
        return pixels(F.max_pool2d(value, 2) if subsample else value)

    def embedded(layer: nn.Module) -> Tensor:
        return x if isinstance(layer, nn.Identity) else F.conv2d(x, layer.weight, layer.bias)

    theta, phi, g = pixels(embedded(module.query)), gathered(embedded(module.key)), gathered(embedded(module.value))
    y_i = torch.zeros(3, 24, 4)
    for i in range(24):
        if affinity == "concatenation":
            w = module.concat.weight.flatten()
            f = torch.stack([F.relu(torch.cat([theta[:, i], phi[:, j]], 1) @ w) for j in range(phi.shape[1])], 1)
            f = f / phi.shape[1]
        else:
            f = torch.stack([(theta[:, i] * phi[:, j]).sum(1) for j in range(phi.shape[1])], 1)
            f = f / phi.shape[1] if affinity == "dot product" else f.exp() / f.exp().sum(1, True)
        y_i[:, i] = sum(f[:, [j]] * g[:, j] for j in range(phi.shape[1]))
    z = F.batch_norm(at_pixels(module.output, y_i).mT.view_as(x), None, None, training=True)

    torch.testing.assert_close(y, 0.7 * z + x, atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize("block", ["non_local", "spatial_attention"])
def test_attention_over_pixels_begins_by_passing_the_image(block: str) -> None:
    _, (x,), y = made(block, {}, IMAGE)
    assert torch.equal(x, y)


def test_spatial_attention_is_its_equation() -> None:
    direct, (x,), y = made("spatial_attention", {"reduction": 2, "start": 0.5}, IMAGE)
    module = only(direct)
    pixels = x.flatten(2).mT  # (N, P, C)
    f, g, h = (at_pixels(each, pixels) for each in (module.key, module.query, module.value))
    beta = F.softmax(torch.einsum("nic,njc->nji", f, g), 2)  # β_ji = softmax over i of f(x_i)ᵀ g(x_j)
    o = torch.einsum("nji,nic->njc", beta, h)

    torch.testing.assert_close(y, 0.5 * o.mT.view_as(x) + x)


VECTOR, SEQUENCE = TensorSpec((N, 5)), TensorSpec((N, 4, 5))


@pytest.mark.parametrize("spec", [VECTOR, SEQUENCE], ids=str)
def test_similarity_is_one_number_a_pair(spec: TensorSpec) -> None:
    _, (a, b), cosine = made("cosine_similarity", {}, spec, spec)
    length = a.square().sum(-1).sqrt() * b.square().sum(-1).sqrt()
    torch.testing.assert_close(cosine, ((a * b).sum(-1) / length)[..., None])

    difference = a - b + 1e-6  # torch adds it, so that the root has a slope at 0
    torch.testing.assert_close(made("distance", {"norm": "L1"}, spec, spec)[2], difference.abs().sum(-1, True))
    torch.testing.assert_close(made("distance", {}, spec, spec)[2], difference.square().sum(-1, True).sqrt())


def test_what_does_not_fit_is_refused_with_a_way_out() -> None:
    assert refusal("channel_shuffle", {"groups": 3}, IMAGE).hints == (SetParameterHint("groups", 1),)
    assert refusal("shuffle_unit", {"channels": 12}, IMAGE).hints == (SetParameterHint("channels", 8),)
    assert refusal("shuffle_unit", {"channels": 8, "stride": "2"}, IMAGE).hints == (SetParameterHint("channels", 16),)
    assert "a quarter of Channels" in refusal("shuffle_unit", {"channels": 8, "groups": 4}, IMAGE).message
    row = TensorSpec((N, 8, 1, 6))
    assert refusal("non_local", {"subsample": True}, row).hints == (SetParameterHint("subsample", value=False),)
    assert refusal("cosine_similarity", {}, VECTOR, TensorSpec((N, 6))).expected == "N×5"
    assert refusal("distance", {}, VECTOR, SEQUENCE).port == "b"
