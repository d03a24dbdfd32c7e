"""Batches: order, sizes, starting in the middle."""

from __future__ import annotations

import pytest
import torch

from graph_engine.train import PlanError
from graph_engine.train.batches import CHUNK_BATCHES, Batches


def make(length: int, size: int, seed: int = 0) -> Batches:
    return Batches({"x": torch.arange(length), "twice": 2 * torch.arange(length)}, length, size, seed)


def numbers(batches: Batches, epoch: int, start: int = 0) -> list[list[int]]:
    return [batch["x"].tolist() for batch, _ in batches.epoch(epoch, start)]


@pytest.mark.parametrize(
    ("length", "size", "sizes"),
    [
        (10, 5, [5, 5]),
        (12, 5, [5, 5, 2]),
        (11, 5, [5, 5]),  # the single sample left is left out
        (3, 1, [1, 1, 1]),  # unless batches of one are wanted
        (5, 5, [5]),
        (2 * CHUNK_BATCHES * 3 + 2, 3, [3] * 2 * CHUNK_BATCHES + [2]),
    ],
)
def test_sizes(length: int, size: int, sizes: list[int]) -> None:
    batches = make(length, size)

    assert [len(batch) for batch in numbers(batches, 0)] == sizes
    assert [count for _, count in batches.epoch(0)] == sizes
    assert batches.steps_per_epoch == len(sizes)


def test_an_epoch_holds_each_sample_once_and_fields_stay_together() -> None:
    seen = [(int(a), int(b)) for batch, _ in make(100, 7).epoch(3) for a, b in zip(*batch.values(), strict=True)]

    assert sorted(seen) == [(n, 2 * n) for n in range(100)]


def test_the_order_depends_on_seed_and_epoch_alone() -> None:
    assert numbers(make(50, 8), 1) == numbers(make(50, 8), 1)
    assert numbers(make(50, 8), 1) != numbers(make(50, 8), 2)
    assert numbers(make(50, 8), 1) != numbers(make(50, 8, seed=1), 1)


@pytest.mark.parametrize("start", [0, 1, 31, 32, 33, 66])
def test_starting_in_the_middle_gives_the_rest(start: int) -> None:
    batches = make(200, 3)

    assert numbers(batches, 4, start) == numbers(batches, 4)[start:]


def test_a_batch_larger_than_the_data_is_refused() -> None:
    with pytest.raises(PlanError, match=r"A batch takes 11 samples, but only 10 .* Set the batch size to 10 or less"):
        make(10, 11)
