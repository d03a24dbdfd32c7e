"""Dense layers, embeddings and positions against torch's own and against the formulas."""

from __future__ import annotations

import math
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from graph_engine.blocks import Refusal, TensorSpec, get_block
from graph_engine.blocks.refusal import SetParameterHint
from graph_engine.blocks.tensor import N
from graph_engine.check.shapes import run_block
from graph_engine.nn.bilinear import Bilinear
from tests.blocks.cases import Case, Direct, real

LABEL, TOKENS = TensorSpec((N,), "int64", classes=10), TensorSpec((N, 5), "int64", classes=7)


def made(block: str, parameters: dict[str, Any], **inputs: TensorSpec) -> tuple[Direct, list[Tensor], Tensor]:
    direct = Direct(Case(get_block(block), parameters, inputs))
    values = {port: real(spec, 3, seed) for seed, (port, spec) in enumerate(inputs.items())}
    (out,) = direct(values)
    return direct, list(values.values()), out


def only(direct: Direct) -> nn.Module:
    (module,) = direct.layers.values()
    return module


def refusal(block: str, parameters: dict[str, Any], **inputs: TensorSpec) -> Refusal:
    case = Case(get_block(block), parameters, inputs)
    with pytest.raises(Refusal) as caught:
        run_block(case.made, case.specs)
    return caught.value


@pytest.mark.parametrize("steps", [(), (4,)])
def test_bilinear_sums_all_products(steps: tuple[int, ...]) -> None:
    a, b = TensorSpec((N, *steps, 5)), TensorSpec((N, *steps, 3))
    direct, (left, right), y = made("bilinear", {"features": 4}, a=a, b=b)
    layer = only(direct)

    torch.testing.assert_close(y, torch.einsum("...i,kij,...j->...k", left, layer.weight, right) + layer.bias)
    cost = run_block(direct_case(a, b).made, direct_case(a, b).specs).cost
    assert cost.params == 4 * (5 * 3 + 1)
    assert cost.macs == 4 * 5 * 3 * (steps[0] if steps else 1)


@pytest.mark.parametrize("bias", [True, False])
def test_bilinear_is_torchs_with_its_weights_and_its_beginning(bias: bool) -> None:
    torch.manual_seed(5)
    ours = Bilinear(5, 3, 4, bias=bias)
    torch.manual_seed(5)
    theirs = nn.Bilinear(5, 3, 4, bias=bias)
    a, b = torch.randn(2, 6, 5), torch.randn(2, 6, 3)

    assert list(ours.state_dict()) == list(theirs.state_dict())
    assert all(torch.equal(one, other) for one, other in zip(ours.parameters(), theirs.parameters(), strict=True))
    torch.testing.assert_close(ours(a, b), theirs(a, b))


def direct_case(a: TensorSpec, b: TensorSpec) -> Case:
    return Case(get_block("bilinear"), {"features": 4}, {"a": a, "b": b})


def test_bilinear_wants_as_many_steps_on_both_sides() -> None:
    found = refusal("bilinear", {}, a=TensorSpec((N, 4, 5)), b=TensorSpec((N, 3, 5)))
    assert found.port == "b"
    assert found.expected == "N×4×5"
    assert refusal("bilinear", {}, a=TensorSpec((N, 4, 5)), b=TensorSpec((N, 5))).port == "b"


@pytest.mark.parametrize("steps", [(), (4,)])
def test_maxout_keeps_the_largest_piece(steps: tuple[int, ...]) -> None:
    direct, (x,), y = made("maxout", {"features": 4, "pieces": 3}, x=TensorSpec((N, *steps, 5)))
    layer = only(direct)
    pieces = F.linear(x, layer.weight, layer.bias)

    expected = torch.stack([pieces[..., 3 * k : 3 * k + 3].max(-1).values for k in range(4)], -1)
    assert torch.equal(y, expected)


def test_two_pieces_make_an_absolute_value() -> None:
    direct, _, _ = made("maxout", {"features": 1, "pieces": 2, "bias": False}, x=TensorSpec((N, 1)))
    with torch.no_grad():
        only(direct).weight.copy_(torch.tensor([[1.0], [-1.0]]))
    x = torch.linspace(-2, 2, 9)[:, None]

    torch.testing.assert_close(direct({"x": x})[0], x.abs())


@pytest.mark.parametrize("spec", [LABEL, TOKENS], ids=str)
def test_an_embedding_looks_up_rows(spec: TensorSpec) -> None:
    direct, (x,), y = made("embedding", {"features": 3}, x=spec)
    weight = only(direct).weight

    assert weight.shape == (spec.classes, 3)
    assert torch.equal(y, weight[x])


def test_a_pad_token_stays_zero_and_learns_nothing() -> None:
    direct, _, _ = made("embedding", {"features": 3, "pad_token": 2}, x=TOKENS)
    weight = only(direct).weight
    direct({"x": torch.tensor([[2, 1]])})[0].sum().backward()

    assert not weight[2].any()
    assert not weight.grad[2].any()
    assert weight.grad[1].all()


@pytest.mark.parametrize("spec", [LABEL, TOKENS], ids=str)
def test_one_hot(spec: TensorSpec) -> None:
    _, (x,), y = made("one_hot", {"classes": 12}, x=spec)

    assert y.dtype == torch.float32
    assert torch.equal(y, torch.eye(12)[x])


def test_how_many_values_there_are_must_be_known_and_enough() -> None:
    unknown = TensorSpec((N, 4), "int64")
    for block, name in (("embedding", "vocabulary"), ("one_hot", "classes")):
        assert refusal(block, {}, x=unknown).parameter == name
        found = refusal(block, {name: 6}, x=TOKENS)
        assert found.hints == (SetParameterHint(name, 7),)
        assert found.port == "x"
    assert refusal("embedding", {"pad_token": 7}, x=TOKENS).parameter == "pad_token"


@pytest.mark.parametrize("features", [6, 5])
def test_sinusoids_are_those_of_the_formula(features: int) -> None:
    _, (x,), y = made("sinusoidal_encoding", {"longest": 100.0}, x=TensorSpec((N, 9, features)))

    for t in range(9):
        for j in range(features):
            angle = t / 100 ** (2 * (j // 2) / features)
            wave = math.cos(angle) if j % 2 else math.sin(angle)
            torch.testing.assert_close(y[:, t, j], x[:, t, j] + wave)
