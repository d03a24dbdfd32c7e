"""Normalisation and regularisation against torch's own, the formulas and the laws of chance."""

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
from graph_engine.nn.noise import DropPath, GaussianNoise
from tests.blocks.cases import Case, Direct, real

IMAGE, VOLUME, SEQUENCE = TensorSpec((N, 6, 4, 5)), TensorSpec((N, 6, 2, 3, 4)), TensorSpec((N, 7, 6))


def made(block: str, x: TensorSpec, **parameters: Any) -> tuple[Direct, Tensor, Tensor]:
    direct, value = Direct(Case(get_block(block), parameters, {"x": x})), real(x, 3)
    (out,) = direct({"x": value})
    return direct, value, out


def refusal(block: str, x: TensorSpec, **parameters: Any) -> Refusal:
    case = Case(get_block(block), parameters, {"x": x})
    with pytest.raises(Refusal) as caught:
        run_block(case.made, case.specs)
    return caught.value


@pytest.mark.parametrize("spec", [IMAGE, VOLUME], ids=str)
@pytest.mark.parametrize("affine", [True, False])
def test_instance_norm_is_over_the_pixels_of_a_channel(spec: TensorSpec, affine: bool) -> None:
    direct, x, y = made("instance_norm", spec, affine=affine)
    pixels = x.flatten(2)
    expected = (pixels - pixels.mean(2, True)) / (pixels.var(2, correction=0, keepdim=True) + 1e-5).sqrt()

    torch.testing.assert_close(y.flatten(2), expected)
    assert len(direct.parameters) == (2 if affine else 0)


@pytest.mark.parametrize("spec", [IMAGE, VOLUME, TensorSpec((N, 6))], ids=str)
@pytest.mark.parametrize("groups", [1, 2, 3])
def test_group_norm_is_over_groups_of_channels(spec: TensorSpec, groups: int) -> None:
    direct, x, y = made("group_norm", spec, groups=groups, affine=False)
    shared = x.reshape(3, groups, -1)
    expected = (shared - shared.mean(2, True)) / (shared.var(2, correction=0, keepdim=True) + 1e-5).sqrt()

    torch.testing.assert_close(y, expected.view_as(x))
    assert not direct.parameters


def test_one_group_is_layer_norm_and_single_channels_are_instance_norm() -> None:
    torch.testing.assert_close(made("group_norm", IMAGE, groups=1)[2], made("layer_norm", IMAGE)[2])
    torch.testing.assert_close(made("group_norm", IMAGE, groups=6)[2], made("instance_norm", IMAGE)[2])


def test_batch_norm_of_a_volume() -> None:
    _, x, y = made("batch_norm", VOLUME)
    torch.testing.assert_close(y, F.batch_norm(x, None, None, training=True))


def test_local_response_norm_sums_as_the_paper_does() -> None:
    """torch averages over the size; the paper sums."""
    _, x, y = made("local_response_norm", IMAGE, size=3, alpha=0.5, beta=0.6, k=1.5)
    for channel in range(6):
        neighbours = x[:, max(0, channel - 1) : channel + 2].square().sum(1)
        torch.testing.assert_close(y[:, channel], x[:, channel] / (1.5 + 0.5 * neighbours) ** 0.6)


def test_what_can_not_be_normalised_is_refused() -> None:
    found = refusal("group_norm", IMAGE, groups=4)
    assert found.hints == (SetParameterHint("groups", 2),)
    assert "single pixel" in refusal("instance_norm", TensorSpec((N, 6, 1, 1))).message


@pytest.mark.parametrize("spec", [IMAGE, VOLUME, SEQUENCE], ids=str)
def test_channels_are_dropped_whole(spec: TensorSpec) -> None:
    direct = Direct(Case(get_block("channel_dropout"), {"probability": 0.25}, {"x": spec}))
    x = torch.ones(200, *[axis for axis in spec.shape[1:] if isinstance(axis, int)])
    (y,) = direct({"x": x})
    channels = (y if spec.rank != 3 else y.mT).flatten(2)  # (N, C, positions)

    assert torch.equal(channels, channels[:, :, :1].expand_as(channels))
    assert set(channels.unique().tolist()) == {0.0, channels.max().item()}
    assert channels.max().item() == pytest.approx(1 / 0.75)
    assert channels[:, :, 0].count_nonzero().item() / 1200 == pytest.approx(0.75, abs=0.05)
    for module in direct.layers.values():
        module.eval()
    assert torch.equal(direct({"x": x})[0], x)


@pytest.mark.parametrize("shape", [(5,), (3, 4), (2, 3, 4)])
def test_drop_path_drops_whole_samples_and_keeps_the_mean(shape: tuple[int, ...]) -> None:
    module, x = DropPath(0.2), torch.ones(4000, *shape)
    y = module(x).flatten(1)

    assert torch.equal(y, y[:, :1].expand_as(y))
    assert set(y.unique().tolist()) == {0.0, y.max().item()}
    assert y.max().item() == pytest.approx(1.25)
    assert y.mean().item() == pytest.approx(1, abs=0.03)
    assert torch.equal(module.eval()(x), x)
    assert torch.equal(DropPath(0.0)(x), x)


def test_noise_has_the_deviation_asked_for() -> None:
    module, x = GaussianNoise(0.3), torch.full((200, 200), 2.0)
    noise = module(x) - x

    assert noise.std().item() == pytest.approx(0.3, rel=0.02)
    assert noise.mean().item() == pytest.approx(0, abs=0.01)
    assert torch.equal(module.eval()(x), x)


@pytest.mark.parametrize("module", [DropPath(0.5), GaussianNoise(0.5)], ids=lambda each: type(each).__name__)
def test_chance_has_the_derivative_of_what_it_did(module: nn.Module) -> None:
    def same_chance(x: Tensor) -> Tensor:
        torch.manual_seed(5)
        y: Tensor = module(x)
        return y

    assert torch.autograd.gradcheck(same_chance, torch.randn(4, 3, dtype=torch.float64, requires_grad=True))
