"""Highway layers by their formula; derivatives against finite differences."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from graph_engine.nn.highway import Highway

ACTIVATIONS: dict[str, Callable[[Tensor], Tensor]] = {
    "relu": lambda h: h.clamp(min=0),
    "tanh": lambda h: (h.exp() - (-h).exp()) / (h.exp() + (-h).exp()),
    "sigmoid": lambda h: 1 / (1 + (-h).exp()),
}


@pytest.mark.parametrize("shape", [(5, 4), (2, 3, 4)])
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_it_is_its_formula(activation: str, shape: tuple[int, ...]) -> None:
    layer = Highway(4, activation, gate_bias=-1.0)
    x = torch.randn(shape)
    h = ACTIVATIONS[activation](x @ layer.transform.weight.T + layer.transform.bias)
    t = 1 / (1 + (-(x @ layer.gate.weight.T + layer.gate.bias)).exp())

    torch.testing.assert_close(layer(x), t * h + (1 - t) * x)


def test_it_begins_by_carrying_its_input_through() -> None:
    layer = Highway(8, gate_bias=-20.0)
    x = torch.randn(3, 8)

    torch.testing.assert_close(layer(x), x, rtol=0, atol=1e-6)
    assert layer.gate.bias.tolist() == [-20.0] * 8
    assert sum(p.numel() for p in layer.parameters()) == 2 * (8 * 8 + 8)


@pytest.mark.parametrize("activation", ["tanh", "sigmoid"])
def test_its_derivatives_are_those_of_finite_differences(activation: str) -> None:
    layer = Highway(3, activation).double()
    x = torch.randn(2, 3, dtype=torch.float64, requires_grad=True)
    names, weights = zip(*layer.named_parameters(), strict=True)

    def of(x: Tensor, *values: Tensor) -> Tensor:
        out = torch.func.functional_call(layer, dict(zip(names, values, strict=True)), (x,))
        assert isinstance(out, Tensor)
        return out

    assert torch.autograd.gradcheck(of, (x, *weights))
