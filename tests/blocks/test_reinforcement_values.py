"""Actions are drawn as their scores say, and the policy gradient is that of the expected reward."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from graph_engine.blocks import Refusal, Specs, TensorSpec, get_block
from graph_engine.blocks.tensor import N
from graph_engine.check.shapes import run_block
from graph_engine.nn.forcing import DrawAction
from graph_engine.nn.losses import policy_gradient_loss


def test_actions_are_drawn_as_often_as_the_softmax_says() -> None:
    torch.manual_seed(0)
    logits = torch.tensor([1.0, 0.0, -1.0, 2.0])
    drawn = DrawAction()(logits.expand(40_000, 4))
    found = torch.bincount(drawn, minlength=4) / 40_000
    torch.testing.assert_close(found, torch.softmax(logits, 0), atol=0.01, rtol=0)
    assert DrawAction().eval()(logits.expand(5, 4)).tolist() == [3] * 5


def test_the_policy_gradient_is_that_of_the_expected_reward() -> None:
    """Averaged over all actions by their chances, with any baseline: Williams (1992), theorem 1."""
    logits = torch.randn(4, dtype=torch.float64, requires_grad=True)
    rewards = torch.randn(4, dtype=torch.float64)
    expected = (torch.softmax(logits, 0) * rewards).sum()
    (wanted,) = torch.autograd.grad(expected, logits)
    for baseline in (None, torch.full((1, 1), 0.7, dtype=torch.float64)):
        total = torch.zeros(4, dtype=torch.float64)
        for action in range(4):
            loss = policy_gradient_loss(logits[None], torch.tensor([action]), rewards[action].view(1, 1), baseline)
            total -= torch.softmax(logits, 0)[action].detach() * torch.autograd.grad(loss, logits)[0]
        torch.testing.assert_close(total, wanted)


def test_it_is_averaged_over_samples_and_teaches_the_scores_alone() -> None:
    logits, reward, baseline = torch.randn(3, 4), torch.randn(3, 1), torch.randn(3, 1)
    action = torch.tensor([0, 3, 1])
    given: list[Tensor] = [each.requires_grad_() for each in (logits, reward, baseline)]
    loss = policy_gradient_loss(given[0], action, given[1], given[2])
    chances = torch.softmax(logits, 1)[torch.arange(3), action]
    torch.testing.assert_close(loss, -((reward - baseline)[:, 0] * chances.log()).sum() / 3)
    loss.backward()
    assert logits.grad is not None
    assert (reward.grad, baseline.grad) == (None, None)


def test_what_does_not_fit_is_refused() -> None:
    block = get_block("policy_gradient_loss").make({})
    action = TensorSpec((N,), "int64", classes=5)
    with pytest.raises(Refusal, match="there are 5 actions, but N×4 gives 4 scores"):
        run_block(block, Specs({"logits": TensorSpec((N, 4)), "action": action, "reward": TensorSpec((N, 1))}))
    with pytest.raises(Refusal, match="The reward is one number for each sample"):
        run_block(block, Specs({"logits": TensorSpec((N, 5)), "action": action, "reward": TensorSpec((N, 2))}))
