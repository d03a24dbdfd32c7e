"""Marks on axes are round, few and told apart; values are written as people read them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.panels.charts_ticks import (
    log_label,
    log_ticks,
    percent_label,
    tick_label,
    ticks,
    time_label,
    time_ticks,
    value_label,
)


@pytest.mark.parametrize(
    ("low", "high", "count", "labels"),
    [
        (0.0, 2.4, 5, ["0.0", "0.5", "1.0", "1.5", "2.0"]),
        (0.0, 1.02, 5, ["0.00", "0.25", "0.50", "0.75", "1.00"]),
        (0.0, 390.0, 5, ["0", "100", "200", "300"]),
        (-1.0, 1.0, 4, ["-1.0", "-0.5", "0.0", "0.5", "1.0"]),
        (0.0, 45_000.0, 5, ["0", "10k", "20k", "30k", "40k"]),
        (0.0, 2_500_000.0, 5, ["0", "500k", "1M", "1.5M", "2M", "2.5M"]),
        (0.0, 9e18, 4, ["0", "2.5e18", "5e18", "7.5e18"]),
        (0.0, 3e-8, 3, ["0", "1e-8", "2e-8", "3e-8"]),
        (0.0, 0.004, 4, ["0.000", "0.001", "0.002", "0.003", "0.004"]),
    ],
)
def test_marks_are_round(low: float, high: float, count: float, labels: list[str]) -> None:
    values, step = ticks(low, high, count)

    assert [tick_label(value, step) for value in values] == labels


def test_counts_have_no_fractions() -> None:
    values, step = ticks(0, 3, 8, whole=True)

    assert values == [0, 1, 2, 3]
    assert step == 1


@given(st.floats(-1e6, 1e6), st.floats(1e-6, 1e6), st.floats(1, 12))
def test_there_are_never_too_many_marks_and_all_are_inside(low: float, span: float, count: float) -> None:
    high = low + span
    values, step = ticks(low, high, count)

    assert len(values) <= count + 1.001
    slack = step * 1e-6
    assert all(low - slack <= value <= high + slack for value in values)


def test_a_logarithmic_axis_marks_powers_then_two_and_five() -> None:
    assert [log_label(value) for value in log_ticks(-2, 0, 8)] == ["0.01", "0.02", "0.05", "0.1", "0.2", "0.5", "1"]
    assert [log_label(value) for value in log_ticks(-6, 0, 3)] == ["1e-6", "0.0001", "0.01", "1"]
    assert [log_label(value) for value in log_ticks(-0.2, 0.1, 5)] == ["0.8", "1", "1.2"]
    assert log_ticks(1, 1, 5) == []


def test_time_is_marked_in_minutes_and_hours() -> None:
    assert [time_label(value) for value in time_ticks(0, 300, 6)] == ["0:00", "1:00", "2:00", "3:00", "4:00", "5:00"]
    assert [time_label(value) for value in time_ticks(0, 7200, 4)] == ["0:00", "30:00", "1:00:00", "1:30:00", "2:00:00"]


@pytest.mark.parametrize(
    ("seconds", "words"), [(0, "0:00"), (7.4, "7.4 s"), (41, "0:41"), (750, "12:30"), (3723, "1:02:03"), (-41, "-0:41")]
)
def test_time_reads_as_on_a_clock(seconds: float, words: str) -> None:
    assert time_label(seconds) == words


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (0.0831, "0.08310"),
        (2.30258, "2.303"),
        (0.0, "0"),
        (1.5e-6, "1.500e-06"),
        (123456.0, "1.235e+05"),
        (-0.5, "-0.5000"),
    ],
)
def test_values_have_four_digits(value: float, words: str) -> None:
    assert value_label(value) == words


def test_shares_are_percent() -> None:
    assert value_label(0.97642, percent=True) == "97.64 %"
    assert percent_label(0.25, 0.25) == "25%"
    assert percent_label(0.975, 0.005) == "97.5%"
