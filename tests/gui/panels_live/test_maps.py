"""Feature maps become one image in which every value can be found again."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import QPoint, Qt

from app.panels.feature_maps_bars import BarsView
from app.panels.feature_maps_color import GAP, LEVELS, NOT_FINITE, color_table, colors
from app.panels.feature_maps_strip import edge, gap, strip
from app.panels.feature_maps_tiles import Grid, fit_grid, levels, limits, sheet, shrunk
from app.panels.feature_maps_view import TileView
from app.runs.activation import Activation
from app.theme import theme_manager

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot


def activation(shape: tuple[int, ...], node: str = "conv2d_1", names: tuple[str, ...] = ()) -> Activation:
    values = np.random.default_rng(0).normal(size=shape).astype(np.float32)
    return Activation(node, values, 17, "7", names)


@given(st.integers(1, 300), st.integers(1, 40), st.integers(1, 40), st.integers(20, 900), st.integers(20, 400))
def test_tiles_fit_the_room_or_are_as_small_as_may_be(
    count: int, height: int, width: int, across: int, down: int
) -> None:
    grid = fit_grid(count, height, width, (across, down), 2, 10)
    wide, high = grid.size

    assert wide <= max(across, width + 2, 10 * -(-width // min(height, width)))
    assert high <= down or min(grid.width, grid.height) <= 11 or grid.columns == 1
    assert grid.rows * grid.columns >= count
    assert (grid.rows - 1) * grid.columns < count


def test_every_tile_is_found_at_its_place() -> None:
    grid = Grid(7, 3, 10, 8, 2)
    for channel in range(7):
        x, y = grid.origin(channel)
        assert grid.at(x + 5, y + 4) == (channel, 0.5, 0.5)
    assert grid.at(11, 4) is None  # between two
    assert grid.at(15, 25) is None  # in the last row, behind the last
    assert grid.at(-1, 4) is None
    assert grid.size == (34, 28)


def test_the_sheet_holds_every_value_at_its_place() -> None:
    tiles = np.random.default_rng(0).integers(0, LEVELS, (7, 4, 5)).astype(np.uint8)
    grid = Grid(7, 3, 10, 8, 2)
    image = sheet(tiles, grid)

    assert image.shape == (28, 34)
    for channel in range(7):
        x, y = grid.origin(channel)
        assert np.array_equal(image[y : y + 8 : 2, x : x + 10 : 2], tiles[channel])
    assert np.all(image[:, 10:12] == GAP)
    assert np.all(image[20:, 12:] == GAP)


def test_each_channel_spans_all_colours_or_all_together() -> None:
    maps = np.array([[[0.0, 1.0]], [[0.0, 10.0]]])

    each = levels(maps, "each")
    assert each[:, 0, 1].tolist() == [LEVELS - 1] * 2
    shared = levels(maps, "shared")
    assert shared[1, 0, 1] == LEVELS - 1
    assert shared[0, 0, 1] == pytest.approx(LEVELS / 10, abs=1)


def test_around_zero_zero_is_in_the_middle() -> None:
    found = levels(np.array([[[-1.0, 0.0, 4.0]]]), "each", around_zero=True)

    assert found[0, 0, 1] == pytest.approx((LEVELS - 1) / 2, abs=1)
    assert found[0, 0, 2] == LEVELS - 1


def test_values_that_are_not_finite_have_a_colour_of_their_own() -> None:
    maps = np.array([[[np.nan, 1.0, 3.0, np.inf]], [[np.nan] * 4]])
    found = levels(maps, "each")

    assert found[0, 0].tolist() == [NOT_FINITE, 0, LEVELS - 1, NOT_FINITE]
    assert found[1, 0].tolist() == [NOT_FINITE] * 4
    low, high = limits(maps, "each")
    assert (float(low[0, 0, 0]), float(high[0, 0, 0])) == (1.0, 3.0)


def test_a_channel_of_one_value_is_not_blown_up() -> None:
    assert not levels(np.full((1, 2, 2), 5.0), "each").any()


def test_large_maps_are_averaged_not_skipped() -> None:
    maps = np.zeros((1, 64, 64))
    maps[0, 33, 17] = 64.0
    small = shrunk(maps, 16, 16)

    assert small.shape == (1, 16, 16)
    assert small.sum() == pytest.approx(64.0 / 16)
    assert shrunk(maps, 40, 40) is maps


@pytest.mark.parametrize("name", ["viridis", "grey"])
def test_colours_grow_brighter_evenly(name: str) -> None:
    def lightness(color: int) -> float:
        parts = ((color >> shift & 0xFF) / 255 for shift in (16, 8, 0))
        red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
        luminance = 0.2126 * red + 0.7152 * green + 0.0722 * blue
        return 116 * luminance ** (1 / 3) - 16 if luminance > 0.008856 else 903.3 * luminance

    found = [lightness(color) for color in colors(name)]  # type: ignore[arg-type]
    steps = np.diff(found)
    assert steps.min() > -0.1  # channels are rounded to 8 bits
    assert found[-1] - found[0] > 70
    assert len(color_table(name, "#ff0000", "#000000")) == 256  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("shape", "form", "words"),
    [
        ((64, 8, 8), "maps", "64 channels 8×8"),
        ((1, 28, 28), "maps", "1 channel 28×28"),
        ((10,), "bars", "10 values"),
        ((512,), "cells", "512 values"),
        ((20, 32), "matrix", "20×32"),
        ((), "number", "one number"),
        ((1,), "number", "one number"),
        ((4, 3, 8, 8), "maps", "4 channels 3×8×8"),
    ],
)
def test_what_is_shown_depends_on_the_shape(shape: tuple[int, ...], form: str, words: str) -> None:
    shown = activation(shape)

    assert shown.form == form
    assert shown.measure == words
    assert shown.maps.ndim == 3
    assert shown.describe("conv2d_2") == f"conv2d_2 · {words} · sample 17 “7”"


@pytest.fixture
def tiles(qtbot: QtBot) -> TileView:
    view = TileView()
    qtbot.addWidget(view)
    view.resize(400, 200)
    view.show_values(activation((16, 8, 8)))
    with qtbot.waitExposed(view):
        view.show()
    return view


def point(qtbot: QtBot, view: TileView, channel: int, row: int, column: int) -> QPoint:
    tile = view.tile_rect(channel)
    at = QPoint(tile.left() + int((column + 0.5) * tile.width() / 8), tile.top() + int((row + 0.5) * tile.height() / 8))
    qtbot.mouseMove(view.viewport(), at)
    return at


def test_the_pointer_reads_single_values(tiles: TileView, qtbot: QtBot) -> None:
    values = activation((16, 8, 8)).value
    for channel, row, column in ((0, 0, 0), (5, 3, 6), (15, 7, 7)):
        point(qtbot, tiles, channel, row, column)
        assert tiles.reading() == f"channel {channel} ({row}, {column}): {values[channel, row, column]:.4g}"


def test_pixels_have_the_colour_of_their_value(tiles: TileView) -> None:
    image = tiles.viewport().grab().toImage()
    values = activation((16, 8, 8)).value
    for channel in range(16):
        row, column = np.unravel_index(values[channel].argmax(), (8, 8))
        tile = tiles.tile_rect(channel)
        at = QPoint(
            tile.left() + int((column + 0.5) * tile.width() / 8), tile.top() + int((row + 0.5) * tile.height() / 8)
        )
        assert image.pixelColor(at).name() == "#fde725"


def test_a_click_shows_one_channel_and_another_all_again(tiles: TileView, qtbot: QtBot) -> None:
    at = point(qtbot, tiles, 5, 4, 4)
    seen: list[object] = []
    tiles.channel_changed.connect(seen.append)
    qtbot.mouseClick(tiles.viewport(), Qt.MouseButton.LeftButton, pos=at)
    grid = tiles.grid()
    assert grid is not None
    assert grid.count == 1
    assert grid.width > 150

    qtbot.mouseMove(tiles.viewport(), QPoint(3, 3))
    assert tiles.reading().startswith("channel 5 (0, 0)")
    qtbot.mouseClick(tiles.viewport(), Qt.MouseButton.LeftButton, pos=QPoint(3, 3))
    assert seen == [5, None]
    assert tiles.grid() == fit_grid(16, 8, 8, (400, 200), 2, 14)


def test_the_keyboard_reads_opens_and_closes_channels(tiles: TileView, qtbot: QtBot) -> None:
    tiles.setFocus()
    qtbot.keyClick(tiles, Qt.Key.Key_Right)
    qtbot.keyClick(tiles, Qt.Key.Key_Right)
    assert tiles.reading().startswith("channel 1 ")
    assert tiles.accessibleDescription() == tiles.reading()
    qtbot.keyClick(tiles, Qt.Key.Key_Return)
    grid = tiles.grid()
    assert grid is not None
    assert grid.count == 1
    qtbot.keyClick(tiles, Qt.Key.Key_Escape)
    assert tiles.reading() == ""
    assert tiles.grid() != grid


def test_new_values_of_the_same_node_leave_the_channel_alone(tiles: TileView, qtbot: QtBot) -> None:
    at = point(qtbot, tiles, 5, 4, 4)
    qtbot.mouseClick(tiles.viewport(), Qt.MouseButton.LeftButton, pos=at)
    tiles.show_values(activation((16, 8, 8)))
    grid = tiles.grid()
    assert grid is not None
    assert grid.count == 1

    tiles.show_values(activation((16, 8, 8), node="conv2d_2"))
    grid = tiles.grid()
    assert grid is not None
    assert grid.count == 16


def test_more_channels_than_fit_can_be_scrolled_to(tiles: TileView) -> None:
    tiles.show_values(activation((2048, 4, 4)))
    bar = tiles.verticalScrollBar()
    assert bar.maximum() > 0
    bar.setValue(bar.maximum())

    assert tiles.viewport().rect().contains(tiles.tile_rect(2047))


def test_the_theme_changes_the_ground_at_once(tiles: TileView) -> None:
    theme_manager().set_mode("light")

    ground = tiles.viewport().grab().toImage().pixelColor(398, 198).name()
    assert ground == theme_manager().palette.panel


def test_bars_say_the_name_and_value_of_a_class(qtbot: QtBot) -> None:
    names = tuple(f"class {index}" for index in range(4))
    bars = BarsView()
    qtbot.addWidget(bars)
    bars.resize(400, 150)
    bars.show_values(Activation("linear_1", np.array([0.5, -2.0, 3.25, np.nan]), 0, names=names))

    assert bars.reading(250) == "class 2: 3.25"
    assert bars.reading(350) == "class 3: not a number"
    assert bars.grab().width() == 400


def test_a_strip_shows_few_channels_on_clear_ground() -> None:
    made = strip(activation((64, 8, 8)))

    assert made is not None
    assert made.height() == edge()
    assert made.width() == 4 * edge() + 3 * gap()
    assert made.pixelColor(edge(), 20).alpha() == 0
    assert made.pixelColor(edge() + gap(), 20).alpha() == 255
    assert strip(activation((10,))) is None
    assert strip(activation((10, 1, 1))) is None
