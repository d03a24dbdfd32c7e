"""Depth: thirty highway layers train where thirty plain ones do not (Srivastava, Greff, Schmidhuber, 2015)."""

from __future__ import annotations

import pytest

from graph_engine.check import Checker
from presets import open_preset
from tests.presets.training import accuracy


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_it_trains_where_a_plain_net_of_the_same_depth_does_not(seed: int) -> None:
    assert accuracy("deep_highway", epochs=5, seed=seed) >= 0.8
    assert accuracy("deep_highway:plain=true", epochs=5, seed=seed) <= 0.3


def test_sizes_are_those_that_a_hand_sums_up() -> None:
    for plain, matrices in (("false", 2), ("true", 1)):
        total = Checker().check(open_preset(f"deep_highway:plain={plain}")).total
        assert total.params == 65 * 50 + 30 * matrices * (50 * 50 + 50) + 51 * 10
        assert total.macs == 64 * 50 + 30 * matrices * 50 * 50 + 50 * 10
