"""What a worker draws is its part of the whole batch's, and what draws nothing is left as it is."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils._python_dispatch import TorchDispatchMode

from graph_engine.train.noise_of_whole import NoiseOfWhole


class _Watched(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Notes how many samples each operation gets; where numbers are drawn, whether attention may be one kernel."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.samples: set[int] = set()
        self.fused: list[bool] = []

    def __torch_dispatch__(
        self, func: Any, types: Sequence[type], args: Sequence[Any] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        self.samples |= {len(each) for each in args if isinstance(each, Tensor) and each.dim() == 4}
        if torch.Tag.nondeterministic_seeded in func.tags:
            self.fused.append(torch.backends.cuda.flash_sdp_enabled())
        return func(*args, **(kwargs or {}))


def heads(count: int) -> list[Tensor]:
    """Query, key and value of so many samples."""
    made = torch.Generator().manual_seed(0)
    return [torch.randn(count, 2, 5, 3, generator=made).requires_grad_() for _ in range(3)]


@pytest.mark.parametrize("given", [{}, {"dropout_p": 0.0}, {"is_causal": True}])
def test_attention_without_dropout_draws_nothing(given: dict[str, Any]) -> None:
    given_heads = heads(2)
    noise, watched = NoiseOfWhole(0, 2, 6), _Watched()
    with watched, noise:
        functional.scaled_dot_product_attention(*given_heads, **given).sum().backward()
    assert not noise.drew
    assert watched.samples == {2}, "other workers' samples were computed too"


@pytest.mark.parametrize("call", [lambda *given: (given, {}), lambda *given: (given[:3], {"dropout_p": given[4]})])
def test_attention_drops_what_one_process_does(call: Callable[..., Any]) -> None:
    """The gradients too: no kernel that draws once more in its backward pass is taken."""
    whole = heads(6)
    torch.manual_seed(3)
    with sdpa_kernel(SDPBackend.MATH):
        functional.scaled_dot_product_attention(*whole, None, 0.5).square().sum().backward()
    part = [each.detach()[2:4].requires_grad_() for each in whole]
    noise, watched = NoiseOfWhole(2, 2, 6), _Watched()
    torch.manual_seed(3)
    with watched, noise:
        args, named = call(*part, None, 0.5)
        found = functional.scaled_dot_product_attention(*args, **named)
        assert watched.fused
        assert not any(watched.fused), "the fused kernel may be taken"
        found.square().sum().backward()
    assert noise.drew
    assert torch.backends.cuda.flash_sdp_enabled(), "it may not be taken ever after"
    for mine, every in zip(part, whole, strict=True):
        assert every.grad is not None
        torch.testing.assert_close(mine.grad, every.grad[2:4])


def test_attention_of_a_custom_block_is_computed_step_by_step_too() -> None:
    """`nn.MultiheadAttention` calls it where torch no longer asks."""
    layer = nn.MultiheadAttention(6, 2, dropout=0.5, batch_first=True)
    x = torch.randn(2, 5, 6)
    noise, watched = NoiseOfWhole(2, 2, 6), _Watched()
    with watched, noise:
        layer(x, x, x, need_weights=False)
    assert noise.drew
    assert watched.fused
    assert not any(watched.fused)


@pytest.mark.parametrize(("dropout", "train", "draws"), [(0.0, True, False), (0.3, False, False), (0.3, True, True)])
def test_a_recurrence_is_computed_as_it_is(dropout: float, train: bool, draws: bool) -> None:
    """By what cuDNN is asked for, on the meta device: 2 samples of 6, which every size here is a multiple of."""
    x, hidden, buffer = torch.empty(2, 4, 6), torch.empty(2, 2, 8), torch.empty(128)
    weights = [torch.empty(24, 6)] * 8
    given = [each.to("meta") for each in (x, hidden, buffer)]
    noise = NoiseOfWhole(2, 2, 6)
    with noise:
        y, last, *_, same = torch.ops.aten._cudnn_rnn(
            given[0], [each.to("meta") for each in weights], 4, given[2], given[1], None,
            3, 8, 0, 2, True, dropout, train, False, [], None,
        )  # fmt: skip
    assert (y.shape, last.shape) == ((2, 4, 8), (2, 2, 8))
    assert same is given[2], "the buffer of all weights was taken for samples"
    assert noise.drew is draws
