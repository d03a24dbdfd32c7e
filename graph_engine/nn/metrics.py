"""Metrics that torch has no function for, each on one batch."""

from __future__ import annotations

import torch
from torch import Tensor


def accuracy(logits: Tensor, label: Tensor) -> Tensor:
    """The share of samples whose highest score is the right class. (N, K), (N,) -> scalar."""
    return (logits.argmax(1) == label).float().mean()


def top_k_accuracy(logits: Tensor, label: Tensor, k: int = 5) -> Tensor:
    """The share of samples whose right class is among the k highest scores. (N, K), (N,) -> scalar."""
    return (logits.topk(k, 1).indices == label.unsqueeze(1)).any(1).float().mean()


def class_counts(logits: Tensor, label: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """How often each class was found where it was, was said, and was. (N, K, ...), (N, ...) -> (K,) each."""
    said, right = logits.argmax(1).flatten(), label.flatten()
    none = torch.zeros(logits.shape[1], device=logits.device)
    one = torch.ones(said.shape, device=logits.device)
    found = none.scatter_add(0, right, (said == right).float())
    return found, none.scatter_add(0, said, one), none.scatter_add(0, right, one)


def over_classes(part: Tensor, whole: Tensor, said: Tensor, right: Tensor, average: str = "macro") -> Tensor:
    """part / whole of each class, averaged over the classes that occur (`macro`) or by how often they are right
    (`weighted`); `micro` adds up both before. (K,) each -> scalar."""
    if average == "micro":
        return part.sum() / whole.sum().clamp_min(1)
    rate = part / whole.clamp_min(1)
    weight = right if average == "weighted" else ((said + right) > 0).float()
    return (rate * weight).sum() / weight.sum().clamp_min(1)


def precision(logits: Tensor, label: Tensor, average: str = "macro") -> Tensor:
    """Of what was said to be a class, the share that is. (N, K), (N,) -> scalar."""
    found, said, right = class_counts(logits, label)
    return over_classes(found, said, said, right, average)


def recall(logits: Tensor, label: Tensor, average: str = "macro") -> Tensor:
    """Of what is of a class, the share that was said to be. (N, K), (N,) -> scalar."""
    found, said, right = class_counts(logits, label)
    return over_classes(found, right, said, right, average)


def f1_score(logits: Tensor, label: Tensor, average: str = "macro") -> Tensor:
    """The harmonic mean of precision and recall. (N, K), (N,) -> scalar. Van Rijsbergen (1979)."""
    found, said, right = class_counts(logits, label)
    return over_classes(2 * found, said + right, said, right, average)


def mean_iou(logits: Tensor, label: Tensor) -> Tensor:
    """Overlap over union of what was said to be a class and what is, averaged over classes that occur.

    (N, K, H, W), (N, H, W) -> scalar. Jaccard (1912).
    """
    found, said, right = class_counts(logits, label)
    return over_classes(found, said + right - found, said, right)


def auroc(logits: Tensor, label: Tensor) -> Tensor:
    """How often a sample of a class gets more for it than one of another, averaged by how often classes are right.

    Ties count half. (N, K), (N,) -> scalar. Hanley, McNeil (1982).
    """
    scores = logits.softmax(1).t().contiguous()  # (K, N)
    order = scores.sort(1).values
    low, high = torch.searchsorted(order, scores), torch.searchsorted(order, scores, right=True)
    rank = (low + high + 1) / 2  # from 1; equals share theirs
    is_class = (label == torch.arange(len(scores), device=label.device).unsqueeze(1)).float()  # (K, N)
    positive, negative = is_class.sum(1), (1 - is_class).sum(1)
    above = (rank * is_class).sum(1) - positive * (positive + 1) / 2
    return (above / (positive * negative).clamp_min(1) * positive).sum() / positive.sum().clamp_min(1)


def r2_score(x: Tensor, target: Tensor) -> Tensor:
    """1 − Σ(t − x)²/Σ(t − mean t)² of each number, averaged: 1 is perfect, 0 no better than the mean.

    (N, C), (N, C) -> scalar. Wright (1921).
    """
    missed = ((target - x) ** 2).sum(0)
    spread = ((target - target.mean(0)) ** 2).sum(0)
    constant = (missed == 0).to(x.dtype)  # where all targets are equal, only they are right
    return torch.where(spread > 0, 1 - missed / spread.clamp_min(1e-30), constant).mean()


def sequence_accuracy(logits: Tensor, label: Tensor, whole: bool = False, ignore: int = -1) -> Tensor:
    """The share of steps whose highest score is the right class, or of sequences of which every step is; steps of the
    class `ignore` do not count. (N, T, K), (N, T) -> scalar."""
    counted = label != ignore
    right = logits.argmax(2) == label
    if whole:
        return (right | ~counted).all(dim=1).float().mean()
    return (right & counted).sum() / counted.sum().clamp_min(1)
