"""CBHG against its published figures and its equations, written out step by step."""

from __future__ import annotations

from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.autograd import gradcheck

from graph_engine.blocks import Specs, TensorSpec, get_block
from graph_engine.blocks.tensor import N
from graph_engine.check.report import Cost
from graph_engine.check.shapes import run_block
from graph_engine.nn.cbhg import CBHG

ENCODER = (128, {"bank": 16, "first": 128, "second": 128}, 3_415_040, 69_009_408)
POST_NET = (80, {"bank": 8, "first": 256, "second": 80}, 921_312, 18_355_200)


def cost_of(block: str, parameters: dict[str, Any], features: int) -> tuple[Cost, TensorSpec]:
    """Over 20 steps, as the figures are."""
    result = run_block(get_block(block).make(parameters), Specs({"x": TensorSpec((N, 20, features))}))
    return result.cost, result.outputs["y"]


@pytest.mark.parametrize(("features", "parameters", "params", "macs"), [ENCODER, POST_NET])
def test_parameters_and_macs_are_those_of_the_published_module(
    features: int, parameters: dict[str, Any], params: int, macs: int
) -> None:
    """r9y9/tacotron_pytorch, which always makes the bridge, and skips it where the widths agree, as they do here."""
    published, _ = cost_of("cbhg", {**parameters, "bridge": "as published"}, features)
    assert (published.params, published.macs) == (params, macs)

    plain, spec = cost_of("cbhg", parameters, features)
    bridged, _ = cost_of("cbhg", {**parameters, "bridge": "always"}, features)

    assert bridged.params == params
    assert plain.params == params - features**2
    assert plain.macs == macs
    assert bridged.macs == macs + 20 * features**2
    assert spec.shape == (N, 20, 2 * features)


def test_behind_a_prenet_it_is_the_published_encoder() -> None:
    """Tacotron's encoder: 256 → 256 → 128, then the CBHG."""
    layers = [cost_of("linear", {"features": width}, 256)[0] for width in (256, 128)]
    published, _ = cost_of("cbhg", {**ENCODER[1], "bridge": "as published"}, 128)

    assert sum(each.params for each in (*layers, published)) == 3_513_728
    assert sum(each.macs for each in (*layers, published)) == 70_975_488


def test_a_spare_bridge_changes_nothing() -> None:
    plain, spare = CBHG(4, bank=2, projections=(5, 4)), CBHG(4, bank=2, projections=(5, 4), spare=True)
    missing = spare.load_state_dict(plain.state_dict(), strict=False)
    x = torch.randn(3, 7, 4)
    assert missing.missing_keys == ["bridge.weight"]
    torch.testing.assert_close(spare(x), plain(x), rtol=0, atol=0)


def normed(x: Tensor) -> Tensor:
    """Batch norm of (N, T, C) in training, weights 1 and 0."""
    return (x - x.mean((0, 1))) / (x.var((0, 1), unbiased=False) + 1e-5).sqrt()


def convolved(x: Tensor, weight: Tensor) -> Tensor:
    """Step t sees the steps t − ⌊k/2⌋ … of x: (N, T, C), zeros beyond both ends; weight: (out, C, k)."""
    size = weight.shape[2]
    out = []
    for t in range(x.shape[1]):
        total = x.new_zeros(x.shape[0], weight.shape[0])
        for tap in range(size):
            at = t - size // 2 + tap
            if 0 <= at < x.shape[1]:
                total = total + x[:, at] @ weight[:, :, tap].T
        out.append(total)
    return torch.stack(out, 1)


def weight_of(layer: nn.Module) -> Tensor:
    assert isinstance(layer.weight, Tensor)
    return layer.weight


def bias_of(layer: nn.Module) -> Tensor:
    assert isinstance(layer.bias, Tensor)
    return layer.bias


def gated(x: Tensor, into: Tensor, onward: Tensor, into_bias: Tensor, onward_bias: Tensor) -> Tensor:
    """A GRU over (N, T, C), as torch has it: the reset gate behind the product."""
    h = x.new_zeros(x.shape[0], onward.shape[1])
    out = []
    for t in range(x.shape[1]):
        reset, update, new = F.linear(x[:, t], into, into_bias).chunk(3, 1)
        old_reset, old_update, old_new = F.linear(h, onward, onward_bias).chunk(3, 1)
        z = torch.sigmoid(update + old_update)
        h = (1 - z) * torch.tanh(new + torch.sigmoid(reset + old_reset) * old_new) + z * h
        out.append(h)
    return torch.stack(out, 1)


@pytest.mark.parametrize(("second", "bridge"), [(4, False), (4, True), (6, True)])
def test_it_is_its_parts_in_order(second: int, bridge: bool) -> None:
    module = CBHG(4, bank=4, projections=(5, second), highways=2, bridge=bridge)
    x = torch.randn(3, 7, 4)

    bank = torch.cat([normed(F.relu(convolved(x, weight_of(each)))) for each in module.bank], 2)
    pooled = torch.stack([torch.maximum(bank[:, max(t - 1, 0)], bank[:, t]) for t in range(7)], 1)
    y = normed(F.relu(convolved(pooled, module.project1.weight)))
    y = normed(convolved(y, module.project2.weight))
    if bridge:
        y = y @ weight_of(module.bridge).T
    y = x + y
    for transform, gate in zip(module.transforms, module.gates, strict=True):
        t = torch.sigmoid(F.linear(y, weight_of(gate), bias_of(gate)))
        y = t * F.relu(F.linear(y, weight_of(transform), bias_of(transform))) + (1 - t) * y
    forward = [getattr(module.gru, f"{name}_l0") for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")]
    backward = [getattr(module.gru, f"{name}_l0_reverse") for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")]
    y = torch.cat([gated(y, *forward), gated(y.flip(1), *backward).flip(1)], 2)

    torch.testing.assert_close(module(x), y)


@pytest.mark.parametrize(("second", "has_bridge"), [(4, False), (5, True)])
def test_a_bridge_is_made_where_the_widths_differ(second: int, has_bridge: bool) -> None:
    case = get_block("cbhg").make({"bank": 2, "first": 3, "second": second, "highways": 0})
    cost = run_block(case, Specs({"x": TensorSpec((N, 6, 4))})).cost
    convolutions = 4 * 4 * (1 + 2) + 8 * 3 * 3 + 3 * second * 3
    norms = 2 * (8 + 3 + second)
    gru = 2 * 3 * (2 * 4 * 4 + 2 * 4)

    assert cost.params == convolutions + norms + gru + (4 * second if has_bridge else 0)


def test_at_first_a_highway_carries_more_than_it_transforms() -> None:
    assert all(torch.equal(bias_of(gate), torch.full((4,), -1.0)) for gate in CBHG(4, bank=1).gates)


def test_its_derivatives_in_double_precision() -> None:
    module = CBHG(2, bank=2, projections=(3, 4), highways=1, bridge=True).double()
    names = [name for name, _ in module.named_parameters()]

    def call(x: Tensor, *weights: Tensor) -> Tensor:
        result: Tensor = torch.func.functional_call(module, dict(zip(names, weights, strict=True)), (x,))
        return result

    x = torch.randn(2, 4, 2, dtype=torch.float64, requires_grad=True)
    assert gradcheck(call, (x, *module.parameters()), atol=1e-4)
