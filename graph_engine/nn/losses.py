"""Losses that torch has no function for, each with its paper."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn


def contrastive_loss(a: Tensor, b: Tensor, same: Tensor, margin: float = 1.0) -> Tensor:
    """½ d² for pairs that are the same, ½ max(0, margin − d)² for others, averaged; d is their distance.

    (N, C), (N, C), (N,) of 1 and 0 -> scalar. Hadsell, Chopra, LeCun (2006). Dimensionality reduction by learning an
    invariant mapping.
    """
    distance = F.pairwise_distance(a, b)
    alike = same.to(distance.dtype)
    return (alike * distance**2 + (1 - alike) * F.relu(margin - distance) ** 2).mean() / 2


def dice_loss(logits: Tensor, target: Tensor, smooth: float = 1.0) -> Tensor:
    """1 − 2 Σ p t / (Σ p² + Σ t²) of each sample, averaged; p = σ(logits).

    Two of one shape (N, ...) -> scalar. Milletari, Navab, Ahmadi (2016). V-Net.
    """
    p, t = torch.sigmoid(logits).flatten(1), target.flatten(1)
    overlap = (2 * (p * t).sum(1) + smooth) / ((p * p).sum(1) + (t * t).sum(1) + smooth)
    return (1 - overlap).mean()


def js_divergence(log_probabilities: Tensor, log_target: Tensor) -> Tensor:
    """½ KL(p ‖ m) + ½ KL(q ‖ m) with m = ½ (p + q), averaged over the batch.

    Two of one shape (N, ..., K) of log probabilities -> scalar. Lin (1991). Divergence measures based on the Shannon
    entropy.
    """
    middle = torch.logaddexp(log_probabilities, log_target) - 0.6931471805599453  # log 2
    first, second = (
        F.kl_div(middle, each, reduction="batchmean", log_target=True) for each in (log_probabilities, log_target)
    )
    return (first + second) / 2


def earth_movers_distance(log_probabilities: Tensor, log_target: Tensor) -> Tensor:
    """Σₖ |Pₖ − Qₖ| of the sums of probabilities up to class k, averaged over the batch.

    Two of one shape (N, K) of log probabilities -> scalar. Rubner, Tomasi, Guibas (2000). The earth mover's distance as
    a metric for image retrieval.
    """
    apart = log_probabilities.exp() - log_target.exp()
    return apart.cumsum(1).abs().sum(1).mean()


def policy_gradient_loss(logits: Tensor, action: Tensor, reward: Tensor, baseline: Tensor | None = None) -> Tensor:
    """−(R − b) log softmax(logits)[action], averaged; no gradient reaches the reward and the baseline.

    logits: (N, K), action: (N,), reward and baseline: (N, 1) -> scalar. Williams (1992). Simple statistical
    gradient-following algorithms for connectionist reinforcement learning.
    """
    log_chance = F.log_softmax(logits, 1).gather(1, action.unsqueeze(1))  # (N, 1)
    advantage = reward if baseline is None else reward - baseline
    return -(advantage.detach() * log_chance).mean()


def distillation_loss(student: Tensor, teacher: Tensor, temperature: float = 4.0) -> Tensor:
    """T² KL(softmax(teacher/T) ‖ softmax(student/T)), averaged; the teacher learns nothing.

    (N, K), (N, K) -> scalar. Hinton, Vinyals, Dean (2015). Distilling the knowledge in a neural network.
    """
    target = F.log_softmax(teacher.detach() / temperature, 1)
    guess = F.log_softmax(student / temperature, 1)
    return temperature**2 * F.kl_div(guess, target, reduction="batchmean", log_target=True)


def gaussian_kl(mean: Tensor, log_variance: Tensor) -> Tensor:
    """KL(N(μ, σ²) ‖ N(0, 1)) = −½ Σ (1 + log σ² − μ² − σ²), averaged over the batch.

    (N, ...), (N, ...) -> scalar. Kingma, Welling (2014). Auto-encoding variational Bayes.
    """
    return -0.5 * (1 + log_variance - mean**2 - log_variance.exp()).flatten(1).sum(1).mean()


class WeightedCrossEntropy(nn.Module):
    """The cross entropy in which classes count differently: −Σ w[label] log softmax(x)[label] / Σ w[label].

    logits: (N, K, ...), label: (N, ...) -> scalar. `weights` are K numbers; they move with the module and are not
    among its weights.
    """

    weights: Tensor

    def __init__(self, weights: tuple[float, ...], label_smoothing: float = 0.0, ignore_index: int = -100) -> None:
        super().__init__()
        self.register_buffer("weights", torch.tensor(weights), persistent=False)
        self.label_smoothing = label_smoothing
        self.ignore_index = ignore_index

    def forward(self, logits: Tensor, label: Tensor) -> Tensor:
        return F.cross_entropy(
            logits, label, self.weights, ignore_index=self.ignore_index, label_smoothing=self.label_smoothing
        )
