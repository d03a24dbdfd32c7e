"""Curves that are pulled: in order, bounded, no peak lost."""

from __future__ import annotations

import numpy as np
import pytest

from graph_engine.train import Feed, RunState
from graph_engine.train.series import GROUP, Series


def fill(series: Series, values: np.ndarray, chunk: int = 100) -> None:
    for start in range(0, len(values), chunk):
        part = values[start : start + chunk]
        steps = np.arange(start + 1, start + len(part) + 1)
        series.append(steps, steps / 10, steps / 1000, part)


def test_a_reader_gets_each_point_once() -> None:
    feed = Feed()
    cursor = None
    read: list[float] = []
    for number in range(48):
        feed.append("train_loss", [number], [0.1], [0.2], [number])
        if number % 7 == 0:
            news = feed.since(cursor)
            cursor = news.cursor
            read += news.points["train_loss"].value.tolist()
    read += feed.since(cursor).points["train_loss"].value.tolist()

    assert read == list(range(48))
    assert "train_loss" not in feed.since(feed.since(cursor).cursor).points


def test_a_curve_that_comes_later_is_told_whole() -> None:
    feed = Feed()
    feed.append("train_loss", [1], [1], [1], [1])
    cursor = feed.since().cursor
    feed.append("val_loss", [1, 2], [1, 2], [1, 2], [3, 4])
    news = feed.since(cursor)

    assert set(news.points) == {"val_loss"}
    assert news.points["val_loss"].value.tolist() == [3, 4]
    assert news.restarted == {"val_loss"}
    assert feed.names == ("train_loss", "val_loss")


def test_memory_is_bounded_and_peaks_stay() -> None:
    series = Series(capacity=1000)
    values = np.sin(np.arange(20_000) / 50)
    values[1234], values[7777] = 9.0, -9.0
    fill(series, values)
    points, _, over = series.since(0)

    assert over
    assert len(points) <= 1000
    assert points.value.max() == 9.0
    assert points.step[points.value.argmax()] == 1235
    assert points.value.min() == -9.0
    assert (np.diff(points.step) > 0).all()
    assert points.step[0] <= GROUP**4
    assert points.step[-1] == 20_000
    assert points.value[-300:].tolist() == values[-300:].tolist()  # the newest are all kept


def test_a_reader_that_keeps_up_never_starts_over() -> None:
    series = Series(capacity=1000)
    place, read, values = 0, [], np.arange(5000.0)
    for start in range(0, 5000, 100):
        fill_steps = np.arange(start + 1, start + 101)
        series.append(fill_steps, fill_steps, fill_steps, values[start : start + 100])
        points, place, over = series.since(place)
        assert over is (start == 0)
        read += points.value.tolist()

    assert read == values.tolist()


def test_a_reader_that_slept_starts_over() -> None:
    series = Series(capacity=1000)
    fill(series, np.arange(100.0))
    _, place, _ = series.since(0)
    fill(series, np.arange(5000.0))
    points, _, over = series.since(place)

    assert over
    assert len(points) == len(series)


@pytest.mark.parametrize(("first", "last"), [(None, None), (2500, 7500)])
def test_a_view_of_a_stretch_keeps_its_peaks(first: float | None, last: float | None) -> None:
    series = Series()
    values = np.cos(np.arange(10_000) / 90)
    values[5000] = 7.0
    fill(series, values)
    points = series.view(200, first, last)

    assert len(points) <= 220
    assert points.value.max() == 7.0
    assert points.step[0] >= (first or 0)
    assert points.step[-1] <= (last or 10_000)


def test_few_points_are_all_seen() -> None:
    series = Series()
    fill(series, np.arange(30.0))

    assert series.view(200).value.tolist() == list(range(30))
    assert Series().view(10).value.tolist() == []


def test_points_that_are_missing_are_no_extremes() -> None:
    series = Series(capacity=100)
    values = np.arange(300.0)
    values[::3] = np.nan
    fill(series, values, 10)

    assert np.nanmax(series.since(0)[0].value) == 299


def test_progress_is_the_newest() -> None:
    feed = Feed()
    assert feed.progress.state is RunState.QUEUED
    feed.set_state(RunState.FAILED, "why", "node_1")

    assert (feed.progress.state, feed.progress.message, feed.progress.node) == (RunState.FAILED, "why", "node_1")
