"""Lion against the update rule of its paper, written out."""

from __future__ import annotations

import pytest
import torch

from graph_engine.train.lion import Lion


def test_lion_steps_as_the_paper_says() -> None:
    torch.manual_seed(0)
    start, rate, decay, first, second = torch.randn(7, 3), 0.01, 0.1, 0.9, 0.99
    weight = torch.nn.Parameter(start.clone())
    unused = torch.nn.Parameter(torch.ones(2))
    optimiser = Lion([{"params": [weight, unused], "weight_decay": decay}], rate=rate, betas=(first, second))
    expected, momentum = start.clone(), torch.zeros(7, 3)
    for _ in range(5):
        gradient = torch.randn(7, 3)
        weight.grad = gradient.clone()
        optimiser.step()
        step = torch.sign(first * momentum + (1 - first) * gradient)
        expected = expected - rate * (step + decay * expected)
        momentum = second * momentum + (1 - second) * gradient

    torch.testing.assert_close(weight.detach(), expected)
    assert torch.equal(unused.detach(), torch.ones(2))


def test_its_state_is_saved_and_taken_up() -> None:
    torch.manual_seed(1)
    gradients = torch.randn(4, 5)

    def trained(weight: torch.nn.Parameter, optimiser: Lion, rows: torch.Tensor) -> None:
        for row in rows:
            weight.grad = row.clone()
            optimiser.step()

    whole, parted, again = (torch.nn.Parameter(torch.zeros(5)) for _ in range(3))
    trained(whole, Lion([whole], rate=0.1, betas=(0.9, 0.99)), gradients)
    before = Lion([parted], rate=0.1, betas=(0.9, 0.99))
    trained(parted, before, gradients[:2])
    again.data.copy_(parted.data)
    after = Lion([again], rate=0.1, betas=(0.9, 0.99))
    after.load_state_dict(before.state_dict())
    trained(again, after, gradients[2:])

    assert torch.equal(again, whole)


def test_a_step_makes_no_momentum_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    """It would take the memory of all weights for a moment, and a kernel for each."""
    weight = torch.nn.Parameter(torch.ones(3))
    optimiser = Lion([weight], rate=0.1, betas=(0.9, 0.99))
    weight.grad = torch.ones(3)
    optimiser.step()
    monkeypatch.setattr(torch, "zeros_like", None)
    optimiser.step()
    assert weight.tolist() == pytest.approx([0.8] * 3)
