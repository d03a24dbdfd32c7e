"""The digits that come with Layerloom are those of scikit-learn, unchanged, and their paper says so."""

from __future__ import annotations

import hashlib

import numpy as np
import pytest

import assets

DIGITS = assets.path("data", "digits.npz")
PAPER = assets.path("data", "DIGITS.md").read_text(encoding="utf-8")


def test_the_file_is_the_one_described() -> None:
    assert f"`{hashlib.sha256(DIGITS.read_bytes()).hexdigest()}`" in PAPER
    for fact in ("10.24432/C50P49", "CC BY 4.0", "Alpaydin", "Kaynak", "1 797"):
        assert fact in PAPER


def test_the_arrays_are_small_integers() -> None:
    with np.load(DIGITS, allow_pickle=False) as file:
        images, labels = file["images"], file["labels"]

    assert (images.shape, images.dtype, images.min(), images.max()) == ((1797, 8, 8), np.uint8, 0, 16)
    assert (labels.shape, labels.dtype) == ((1797,), np.uint8)
    assert set(labels) == set(range(10))


def test_the_values_are_those_of_scikit_learn() -> None:
    from sklearn.datasets import load_digits

    source = load_digits()
    with np.load(DIGITS, allow_pickle=False) as file:
        np.testing.assert_array_equal(file["images"], source.images)
        np.testing.assert_array_equal(file["labels"], source.target)


def test_a_missing_asset_is_named() -> None:
    with pytest.raises(FileNotFoundError, match=r"nothing\.npz is missing"):
        assets.path("data", "nothing.npz")
