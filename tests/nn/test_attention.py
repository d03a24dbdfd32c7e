"""Our attention against torch's own, with the same weights; and derivatives against finite differences."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from graph_engine.nn.attention import PositionEmbedding, SelfAttention, SelfAttention2d


def multihead_with_the_weights_of(ours: SelfAttention, bias: bool) -> nn.MultiheadAttention:
    features = ours.output.in_features
    theirs = nn.MultiheadAttention(features, ours.heads, bias=bias, batch_first=True)
    state = {"in_proj_weight": ours.query_key_value.weight, "out_proj.weight": ours.output.weight}
    if bias:
        state |= {"in_proj_bias": ours.query_key_value.bias, "out_proj.bias": ours.output.bias}
    theirs.load_state_dict(state)
    return theirs


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize(("features", "heads"), [(6, 1), (6, 2), (8, 8), (12, 3)])
def test_it_equals_multihead_attention(features: int, heads: int, bias: bool) -> None:
    ours = SelfAttention(features, heads, bias)
    theirs = multihead_with_the_weights_of(ours, bias)
    x = torch.randn(3, 7, features)

    torch.testing.assert_close(ours(x), theirs(x, x, x, need_weights=False)[0])
    assert sum(p.numel() for p in ours.parameters()) == sum(p.numel() for p in theirs.parameters())
    assert sum(p.numel() for p in ours.parameters()) == 4 * (features**2 + bias * features)


def test_positions_may_be_permuted() -> None:
    """Attention without positions does not see order: what is shuffled before comes out shuffled."""
    ours = SelfAttention(8, 2)
    x, order = torch.randn(2, 6, 8), torch.randperm(6)

    torch.testing.assert_close(ours(x)[:, order], ours(x[:, order]))


def test_over_an_image_it_is_that_over_its_pixels() -> None:
    ours = SelfAttention2d(6, 2)
    theirs = multihead_with_the_weights_of(ours.attention, bias=True)
    x = torch.randn(3, 6, 4, 5)
    pixels = torch.stack([x[:, :, i, j] for i in range(4) for j in range(5)], dim=1)
    expected = theirs(pixels, pixels, pixels, need_weights=False)[0]

    torch.testing.assert_close(ours(x)[:, :, 2, 3], expected[:, 2 * 5 + 3])
    torch.testing.assert_close(ours(x).flatten(2), expected.transpose(1, 2))


def test_each_position_has_its_own_vector() -> None:
    ours = PositionEmbedding(4, 3)
    x = torch.zeros(2, 4, 3)

    assert torch.equal(ours(x), ours.weight.expand(2, 4, 3))
    assert sum(p.numel() for p in ours.parameters()) == 12
    assert 0.005 < ours.weight.std().item() < 0.05
    assert torch.equal(ours(x[:, :3]), ours.weight[:3].expand(2, 3, 3)), "a shorter one has the first"


@pytest.mark.parametrize(
    ("module", "shape"),
    [
        (SelfAttention(4, 2), (2, 3, 4)),
        (SelfAttention(4, 1, bias=False), (1, 5, 4)),
        (SelfAttention2d(4, 2), (2, 4, 2, 3)),
        (PositionEmbedding(3, 4), (2, 3, 4)),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, nn.Module) else "x".join(map(str, value)),
)
def test_its_derivatives_are_those_of_finite_differences(module: nn.Module, shape: tuple[int, ...]) -> None:
    module = module.double()
    x = torch.randn(shape, dtype=torch.float64, requires_grad=True)
    names, weights = zip(*module.named_parameters(), strict=True)

    def of(x: torch.Tensor, *values: torch.Tensor) -> torch.Tensor:
        out = torch.func.functional_call(module, dict(zip(names, values, strict=True)), (x,))
        assert isinstance(out, torch.Tensor)
        return out

    assert torch.autograd.gradcheck(of, (x, *weights))
