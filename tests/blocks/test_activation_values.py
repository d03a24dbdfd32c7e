"""Activations against their formulas."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from graph_engine.blocks import Refusal, TensorSpec, get_block
from graph_engine.blocks.refusal import ChangeChannels
from graph_engine.blocks.tensor import N
from graph_engine.check.shapes import run_block
from graph_engine.nn.limit import hard_limit
from tests.blocks.cases import Case, Direct, real

VALUES = [-20.0, -6.5, -1.0, -0.3, 0.0, 0.3, 1.0, 5.9, 6.5, 20.0]


def made(block: str, parameters: dict[str, Any], x: TensorSpec) -> tuple[Direct, Tensor, Tensor]:
    direct, value = Direct(Case(get_block(block), parameters, {"x": x})), real(x, 3)
    (out,) = direct({"x": value})
    return direct, value, out


@pytest.mark.parametrize(
    ("block", "parameters", "formula"),
    [
        ("relu6", {}, lambda x: min(max(x, 0), 6)),
        ("elu", {}, lambda x: max(x, 0) + min(math.exp(x) - 1, 0)),
        ("elu", {"alpha": 0.5}, lambda x: max(x, 0) + min(0.5 * (math.exp(x) - 1), 0)),
        ("softplus", {}, lambda x: math.log1p(math.exp(x))),
        ("softplus", {"beta": 2.0}, lambda x: math.log1p(math.exp(2 * x)) / 2),
        ("swish", {}, lambda x: x / (1 + math.exp(-x))),
        ("hard_limit", {}, lambda x: 1 if x >= 0 else -1),
        ("prelu", {"slopes": "one", "slope": 0.1}, lambda x: max(x, 0) + 0.1 * min(x, 0)),
    ],
)
def test_each_value_is_that_of_the_formula(
    block: str, parameters: dict[str, Any], formula: Callable[[float], float]
) -> None:
    spec = TensorSpec((N, len(VALUES)))
    (y,) = Direct(Case(get_block(block), parameters, {"x": spec}))({"x": torch.tensor([VALUES])})

    torch.testing.assert_close(y[0], torch.tensor([float(formula(x)) for x in VALUES]), atol=1e-6, rtol=1e-5)


@pytest.mark.parametrize("shape", [(4,), (5, 4), (4, 2, 3), (4, 2, 2, 3)])
def test_each_channel_learns_a_slope(shape: tuple[int, ...]) -> None:
    direct, x, _ = made("prelu", {"slope": 0.2}, TensorSpec((N, *shape)))
    (module,) = direct.layers.values()
    assert module.weight.tolist() == [pytest.approx(0.2)] * 4
    slopes = torch.tensor([0.1, 0.2, 0.3, 0.4])
    with torch.no_grad():
        module.weight.copy_(slopes)
    along = slopes if len(shape) == 2 else slopes.view(4, *[1] * (len(shape) - 1))

    torch.testing.assert_close(direct({"x": x})[0], x.clamp_min(0) + along * x.clamp_max(0))


def test_an_elastic_slope_is_drawn_while_training_and_1_in_use() -> None:
    direct, _, _ = made("erelu", {"spread": 0.4}, TensorSpec((N, 5000)))
    x = torch.cat([torch.full((1, 5000), 2.0), torch.full((1, 5000), -2.0)])
    (y,) = direct({"x": x})
    slopes = y[0] / 2

    assert not y[1].any()
    assert slopes.min() >= 0.6
    assert slopes.max() <= 1.4
    assert slopes.mean().item() == pytest.approx(1, abs=0.02)
    assert slopes.std().item() == pytest.approx(0.8 / 12**0.5, rel=0.05)  # that of a uniform law
    (module,) = direct.layers.values()
    module.eval()
    assert torch.equal(direct({"x": x})[0], x.clamp(min=0))


def test_random_slopes_lie_between_their_bounds() -> None:
    direct, _, _ = made("rrelu", {"lower": 0.2, "upper": 0.4}, TensorSpec((N, 500)))
    (module,) = direct.layers.values()
    x = -torch.ones(4, 500)
    (y,) = direct({"x": x})

    assert -0.4 <= y.min().item() < -0.38
    assert -0.22 < y.max().item() <= -0.2
    module.eval()
    torch.testing.assert_close(direct({"x": x})[0], 0.3 * x)
    case = Case(get_block("rrelu"), {"lower": 0.5, "upper": 0.4}, {"x": TensorSpec((N, 5))})
    with pytest.raises(Refusal, match="above the greatest"):
        run_block(case.made, case.specs)


def test_hard_limit_learns_where_values_are_small() -> None:
    x = torch.tensor([-1.5, -1.0, -0.2, 0.0, 0.7, 1.5], requires_grad=True)
    hard_limit(x).sum().backward()

    assert x.grad.tolist() == [0, 1, 1, 1, 1, 0]
    assert hard_limit(x.double()).dtype == torch.float64


@pytest.mark.parametrize(("shape", "axis"), [((6,), 1), ((4, 3, 5), 1), ((5, 6), -1), ((5, 6), 2)])
def test_glu_gates_one_half_with_the_other(shape: tuple[int, ...], axis: int) -> None:
    _, x, y = made("glu", {"axis": axis}, TensorSpec((N, *shape)))
    a, b = x.chunk(2, axis)

    torch.testing.assert_close(y, a * torch.sigmoid(b))


@pytest.mark.parametrize("axis", [1, -1])
def test_log_softmax_sums_to_one(axis: int) -> None:
    _, x, y = made("log_softmax", {"axis": axis}, TensorSpec((N, 4, 5)))

    torch.testing.assert_close(y.exp(), F.softmax(x, axis))
    torch.testing.assert_close(y.exp().sum(axis), torch.ones_like(y.sum(axis)))


def test_an_axis_must_exist_and_be_even_for_glu() -> None:
    for block, axis in (("glu", 2), ("log_softmax", -3), ("log_softmax", 0), ("glu", -2)):
        case = Case(get_block(block), {"axis": axis}, {"x": TensorSpec((N, 4))})
        with pytest.raises(Refusal, match="can't be used"):
            run_block(case.made, case.specs)
    case = Case(get_block("glu"), {}, {"x": TensorSpec((N, 5))})
    with pytest.raises(Refusal) as caught:
        run_block(case.made, case.specs)
    assert caught.value.hints == (ChangeChannels("x", 6),)
