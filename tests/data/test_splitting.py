"""Holding out samples."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from graph_engine.data import open_dataset, split


@pytest.mark.parametrize("share", [0.05, 0.2, 0.5])
@pytest.mark.parametrize("seed", [0, 7])
def test_every_sample_is_on_one_side_and_classes_keep_their_share(share: float, seed: int) -> None:
    digits = open_dataset("digits")
    parts = split(digits, share, seed)
    labels = digits.serve("label", (), "int64")

    assert sorted(torch.cat([parts.train, parts.validation]).tolist()) == list(range(1797))
    assert len(parts.validation) == round(share * 1797)
    for label in range(10):
        held = (labels[parts.validation] == label).sum() / (labels == label).sum()
        assert held == pytest.approx(share, abs=0.01)


def test_the_seed_decides() -> None:
    digits = open_dataset("digits")

    assert torch.equal(split(digits, 0.2, 3).validation, split(digits, 0.2, 3).validation)
    assert not torch.equal(split(digits, 0.2, 3).validation, split(digits, 0.2, 4).validation)


def test_nothing_is_held_out_when_nothing_is_wanted() -> None:
    parts = split(open_dataset("digits"), 0, 0)

    assert len(parts.train) == 1797
    assert len(parts.validation) == 0
    assert not parts.shared


def test_xor_is_judged_on_what_it_is_trained_on() -> None:
    parts = split(open_dataset("xor"), 0.2, 0)

    assert parts.shared
    assert torch.equal(parts.train, parts.validation)
    assert len(parts.train) == 256


@pytest.mark.parametrize(("count", "shared"), [(9, True), (10, False)])
def test_too_few_samples_are_not_parted(tmp_path: Path, count: int, shared: bool) -> None:
    np.savez(tmp_path / "few.npz", x=np.zeros((count, 2)), label=np.arange(count) % 2)
    parts = split(open_dataset(str(tmp_path / "few.npz")), 0.2, 0)

    assert parts.shared is shared
    assert len(parts.validation) == (count if shared else 2)


def test_a_class_of_one_sample_stays_in_training(tmp_path: Path) -> None:
    np.savez(tmp_path / "rare.npz", x=np.zeros((21, 2)), label=np.array([0] * 20 + [1]))
    parts = split(open_dataset(str(tmp_path / "rare.npz")), 0.9, 0)

    assert 20 in parts.train.tolist()


def test_measurements_without_classes_are_parted_at_random(tmp_path: Path) -> None:
    np.savez(tmp_path / "prices.npz", x=np.zeros((50, 2)), price=np.linspace(0, 1, 50))
    parts = split(open_dataset(str(tmp_path / "prices.npz")), 0.2, 0)

    assert len(parts.validation) == 10
    assert parts.validation.tolist() != list(range(10))
