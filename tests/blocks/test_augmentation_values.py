"""Images that are changed while training: how, how often, and not otherwise."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from graph_engine.nn.augment import Cutout, RandomFlip, RandomShift
from graph_engine.nn.noise import DropPath


@pytest.mark.parametrize(
    "module", [Cutout(3), RandomFlip(1.0), RandomShift(2)], ids=lambda module: type(module).__name__
)
def test_in_use_nothing_happens(module: nn.Module) -> None:
    x = torch.randn(4, 2, 6, 5)
    assert torch.equal(module.eval()(x), x)
    assert not torch.equal(module.train()(x), x)


def test_cutout_covers_a_square_that_may_lie_partly_outside() -> None:
    x = torch.ones(400, 2, 7, 9)
    y = Cutout(4)(x)
    assert set(y.unique().tolist()) == {0.0, 1.0}
    covered = y[:, 0] == 0
    assert torch.equal(covered, y[:, 1] == 0), "all channels alike"
    heights, widths = covered.any(2).sum(1), covered.any(1).sum(1)
    assert torch.equal(covered.sum((1, 2)), heights * widths), "a rectangle"
    assert (int(heights.max()), int(heights.min())) == (4, 2), "its middle is inside"
    assert (int(widths.max()), int(widths.min())) == (4, 2)
    assert covered.any(0).all(), "it may be anywhere"


def test_some_images_are_mirrored_and_others_not() -> None:
    x = torch.randn(1, 2, 3, 5).expand(400, 2, 3, 5)
    y = RandomFlip(0.25)(x)
    mirrored = (y == x.flip(3)).flatten(1).all(1)
    assert torch.equal(mirrored, (y != x).flatten(1).any(1))
    assert 0.15 < float(mirrored.float().mean()) < 0.35


def test_an_image_is_moved_by_up_to_so_many_pixels() -> None:
    x = torch.rand(1, 2, 4, 5) + 1
    moves = {
        (down, right): F.pad(x, (2, 2, 2, 2))[0, :, 2 + down : 6 + down, 2 + right : 7 + right]
        for down in range(-2, 3)
        for right in range(-2, 3)
    }
    y = RandomShift(2)(x.expand(600, 2, 4, 5))
    found = [[move for move, moved in moves.items() if torch.equal(each, moved)] for each in y]
    assert {len(each) for each in found} == {1}
    assert {each[0] for each in found} == set(moves)


def test_a_path_is_dropped_more_often_step_by_step() -> None:
    torch.manual_seed(0)
    module, x = DropPath(0.8, ramp=4), torch.ones(4000, 1)
    dropped = [float((module(x) == 0).float().mean()) for _ in range(7)]
    assert dropped == pytest.approx([0, 0.2, 0.4, 0.6, 0.8, 0.8, 0.8], abs=0.03)
    kept = module(x)
    torch.testing.assert_close(kept[kept != 0], torch.full_like(kept[kept != 0], 5.0))
    module.eval()
    assert torch.equal(module(x), x)
    again = DropPath(0.8, ramp=4)
    again.load_state_dict(module.state_dict())
    assert float((again(x) == 0).float().mean()) == pytest.approx(0.8, abs=0.03), "it goes on where it was"
    assert list(DropPath(0.8).state_dict()) == []
