"""The digits that are turned, scaled and moved: against torch's own sampling, and what stays what it was."""

from __future__ import annotations

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from graph_engine.data import FieldKind, fingerprint, list_datasets, open_dataset
from graph_engine.data.distorted import DIGIT, LARGEST_TURN, SCALES, SIDE, distort

PLAIN = (1, 8, 8)


def test_it_is_offered_beside_the_plain_digits() -> None:
    data, plain = open_dataset("distorted_digits"), open_dataset("digits")

    assert data in list_datasets()
    assert len(data) == len(plain) == 1797
    assert torch.equal(data.serve("label", (), "int64"), plain.serve("label", (), "int64"))
    image = data.field("image")
    assert (image.kind, image.shape) == (FieldKind.IMAGE, (1, 40, 40))
    images = data.serve("image", (1, 40, 40))
    assert images.shape == (1797, 1, 40, 40)
    assert images.dtype == torch.float32
    assert (images.min().item(), images.max().item()) == (0, 1)
    assert data.serve("image", (1, 28, 28)).shape == (1797, 1, 28, 28)
    assert fingerprint(data) != fingerprint(plain)


def test_it_is_the_same_in_every_run() -> None:
    images = np.random.default_rng(3).integers(0, 17, (5, 8, 8))

    assert np.array_equal(distort(images), distort(images))


def test_ink_grows_with_the_square_of_the_scale_and_none_is_lost() -> None:
    plain = open_dataset("digits").serve("image", PLAIN).sum((1, 2, 3))
    ink = open_dataset("distorted_digits").serve("image", (1, SIDE, SIDE)).sum((1, 2, 3))
    scale = (ink / plain).sqrt() / (DIGIT / 8)

    assert scale.min().item() == pytest.approx(SCALES[0], abs=0.02)
    assert scale.max().item() == pytest.approx(SCALES[1], abs=0.02)
    assert scale.mean().item() == pytest.approx(sum(SCALES) / 2, abs=0.02)


def test_each_digit_is_what_torch_samples_by_the_matrix_of_its_draw() -> None:
    """Both turn about the centre of a square image, where places go from −1 to 1."""
    count = 1797
    turn, size, right, down = np.random.Generator(np.random.PCG64(2015)).random((4, count))
    angle = np.deg2rad(LARGEST_TURN) * (2 * turn - 1)
    zoom = (SCALES[0] + (SCALES[1] - SCALES[0]) * size) * DIGIT / SIDE  # the digit's share of the picture
    free = 1 - zoom * (np.abs(np.cos(angle)) + np.abs(np.sin(angle)))
    x, y = free * (2 * right - 1), free * (2 * down - 1)
    turned = torch.from_numpy(
        np.stack([np.cos(angle), np.sin(angle), -np.sin(angle), np.cos(angle)], 1) / zoom[:, None]
    )
    matrix = turned.view(count, 2, 2)
    shift = -matrix @ torch.from_numpy(np.stack([x, y], 1))[:, :, None]
    grid = F.affine_grid(torch.cat([matrix, shift], 2), [count, 1, SIDE, SIDE], align_corners=False)
    plain = open_dataset("digits").serve("image", PLAIN).double()
    expected = F.grid_sample(plain, grid, align_corners=False)

    torch.testing.assert_close(
        open_dataset("distorted_digits").serve("image", (1, SIDE, SIDE)).double(), expected, atol=0.501 / 255, rtol=0
    )
    assert free.min() > 0, "a frame reaches beyond the picture"
