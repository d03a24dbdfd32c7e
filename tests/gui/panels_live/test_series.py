"""Curves are drawn from few points and lose nothing that one would miss."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.runs.series import Column, Curve, Smoother, Summary


def curve_of(values: np.ndarray, weight: float = 0.0) -> Curve:
    curve = Curve(weight)
    steps = np.arange(1, len(values) + 1)
    curve.extend(steps, steps / 10, steps * 0.5, values)
    return curve


def test_a_column_keeps_everything_in_order() -> None:
    column = Column()
    parts = [np.arange(start, start + count) for start, count in ((0, 3), (3, 1000), (1003, 0), (1003, 7))]
    for part in parts:
        column.extend(part)

    assert np.array_equal(column.values, np.arange(1010))


@given(st.lists(st.integers(0, 700), min_size=1, max_size=6), st.integers(8, 400))
def test_the_extremes_of_every_stretch_are_drawn(parts: list[int], most: int) -> None:
    rng = np.random.default_rng(sum(parts))
    values = rng.normal(size=sum(parts))
    summary = Summary()
    for part in np.split(values, np.cumsum(parts)[:-1]):
        summary.extend(part)

    x, y = summary.drawn(np.arange(len(values), dtype=float), 0, len(values), most)

    assert len(x) == len(y)
    assert np.all(np.diff(x) >= 0)
    if len(values):
        assert y.min() == values.min()
        assert y.max() == values.max()


def test_a_million_points_are_drawn_from_few() -> None:
    values = np.zeros(1_000_000)
    values[123_456] = 9.0
    curve = curve_of(values)

    start, stop = curve.between("step", 1, 1_000_000)
    x, y = curve.raw.drawn(curve.x("step"), start, stop, 1600)

    assert len(x) <= 1700
    assert y.max() == 9.0
    assert abs(x[y.argmax()] - 123_457) < 4096


def test_what_is_zoomed_into_is_drawn_point_by_point() -> None:
    values = np.random.default_rng(0).normal(size=100_000)
    curve = curve_of(values)

    start, stop = curve.between("step", 50_000, 50_100)
    x, y = curve.raw.drawn(curve.x("step"), start, stop, 1600)

    assert np.array_equal(y, values[start:stop])
    assert x[0] <= 50_000
    assert x[-1] >= 50_100


def test_values_that_are_not_finite_are_gaps() -> None:
    summary = Summary()
    summary.extend([1.0, np.nan, np.inf, 4.0] * 100)

    assert summary.gaps
    assert summary.extent(0, 400) == (1.0, 4.0)
    _, y = summary.drawn(np.arange(400.0), 0, 400, 50)
    assert np.nanmax(y) == 4.0


def test_nothing_but_gaps_has_no_extent() -> None:
    summary = Summary()
    summary.extend([np.nan] * 9)

    assert summary.extent(0, 9) is None


@pytest.mark.parametrize("weight", [0.3, 0.9, 0.99])
@pytest.mark.parametrize("parts", [[5000], [1, 2, 3, 60, 64, 65, 4805], [1] * 300])
def test_smoothing_is_the_average_it_says_however_the_points_came(weight: float, parts: list[int]) -> None:
    values = np.random.default_rng(1).normal(size=sum(parts)) + 3
    smoother = Smoother(weight)
    found = np.concatenate([smoother.next(part) for part in np.split(values, np.cumsum(parts)[:-1])])

    expected, total, mass = [], 0.0, 0.0
    for value in values:
        total, mass = weight * total + value, weight * mass + 1
        expected.append(total / mass)
    assert np.allclose(found, expected, rtol=1e-9)


def test_a_value_that_is_not_finite_does_not_spoil_the_average() -> None:
    found = Smoother(0.5).next(np.array([2.0, np.nan, 2.0]))

    assert np.allclose(found, 2.0)


def test_smoothing_again_gives_what_smoothing_at_once_would() -> None:
    values = np.random.default_rng(2).normal(size=777)
    curve = curve_of(values, 0.5)
    curve.set_weight(0.9)

    assert np.allclose(curve.smooth.values, curve_of(values, 0.9).smooth.values)
    curve.set_weight(0.0)
    assert np.array_equal(curve.smooth.values, values)


def test_a_curve_is_read_between_its_points() -> None:
    curve = curve_of(np.array([1.0, 3.0, 5.0]))

    assert curve.at("step", 1.5) == pytest.approx(2.0)
    assert curve.at("epoch", 0.3) == pytest.approx(5.0)
    assert curve.at("time", 0.75) == pytest.approx(2.0)
    assert curve.at("step", 0.5) is None
    assert curve.at("step", 3.5) is None
    assert Curve().at("step", 1.0) is None


def test_a_gap_cannot_be_read() -> None:
    assert curve_of(np.array([1.0, np.nan, 3.0])).at("step", 2.0) is None


def test_a_cleared_curve_starts_over() -> None:
    curve = curve_of(np.arange(500.0), 0.9)
    curve.clear()
    curve.extend([1], [0.1], [0.5], [7.0])

    assert curve.raw.values.tolist() == [7.0]
    assert curve.smooth.values.tolist() == [7.0]
    assert curve.x("time").tolist() == [0.5]
