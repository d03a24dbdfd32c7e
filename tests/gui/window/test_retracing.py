"""Undo and redo show what they did: in its graph, selected where it came back, and in view."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from app.start import Studio
from app.window import MainWindow
from graph_engine.document import Document, SetParameter
from graph_engine.document.file import dumps
from tests.gui.window.conftest import settle
from tests.gui.window.hands import CONTROL, SHIFT, Key, bottleneck, click, double_click, key, rest

OpenIn = Callable[[Document | str], MainWindow]


def test_what_was_deleted_is_selected_when_it_comes_back(open_in: OpenIn) -> None:
    window = open_in("small_resnet")
    session, canvas = window.session, window.canvas
    click(window, "batch_norm_1")
    click(window, "relu_1", CONTROL)
    settle()
    key(canvas, Key.Key_C)  # a frame around them
    frame = next(iter(session.graph.annotations))
    QTest.keyClicks(canvas.annotating.field, "Part")
    key(canvas.annotating.field, Key.Key_Return)
    assert canvas.canvas_scene.selected_annotations == [frame]
    key(canvas, Key.Key_Delete)
    settle()
    click(window, "conv2d_4")
    settle()
    key(window, Key.Key_Z, CONTROL)
    assert canvas.canvas_scene.selected_annotations == [frame]
    assert not session.selection

    click(window, "batch_norm_1")
    click(window, "relu_1", CONTROL)
    settle()
    key(canvas, Key.Key_Delete)
    settle()
    click(window, "conv2d_4")
    settle()
    key(window, Key.Key_Z, CONTROL)
    assert set(session.selection.nodes) == set(canvas.canvas_scene.selected_nodes) == {"batch_norm_1", "relu_1"}
    settle()
    key(window, Key.Key_Y, CONTROL)
    assert not session.selection
    assert "relu_1" not in session.graph


@pytest.mark.parametrize("way_back", ["undo", "history"])
def test_a_change_inside_a_composite_is_not_taken_back_unseen(
    way_back: str, open_in: OpenIn, studio: Studio, qtbot: QtBot
) -> None:
    window = open_in(bottleneck())
    session = window.session
    before = dumps(session.document)
    use = next(node.id for node in session.graph if node.block == "@cell")
    double_click(window, use)
    assert session.graph_name == "cell"
    click(window, "relu_1")
    settle()
    key(window.canvas, Key.Key_B, CONTROL)
    rest(studio, qtbot)
    session.leave()
    rest(studio, qtbot)
    assert session.graph_name == "main"
    if way_back == "undo":
        key(window, Key.Key_Z, CONTROL)
    else:
        session.go_to_step(0)
    assert dumps(session.document) == before
    assert session.graph_name == "cell"
    assert session.front.way == (use,)


def test_what_is_changed_out_of_view_is_brought_into_view(open_in: OpenIn) -> None:
    window = open_in("lenet5")
    session, canvas = window.session, window.canvas
    session.perform(SetParameter("conv2d_1", "channels", 9))
    settle()
    canvas.set_zoom(2.0)
    canvas.centerOn(canvas.canvas_scene.nodes["linear_3"].card.center())
    far = canvas.canvas_scene.nodes["conv2d_1"].card
    assert not canvas.visible_rect().intersects(far)
    key(window, Key.Key_Z, CONTROL)
    assert canvas.visible_rect().contains(far)
    assert canvas.zoom == 2.0


def test_a_view_of_all_is_one_of_all_when_a_layout_is_taken_back(open_in: OpenIn) -> None:
    window = open_in("small_resnet")
    canvas = window.canvas
    canvas.fit_all()
    click(window, "conv2d_3")
    settle()
    for _ in range(12):
        key(canvas, Key.Key_Down, SHIFT)  # far away, so that a layout has something to do
    canvas.fit_all()
    view = canvas.view
    key(canvas, Key.Key_L, CONTROL)
    settle()
    assert (canvas.view.center - view.center).manhattanLength() > 10
    key(window, Key.Key_Z, CONTROL)
    assert abs(canvas.view.zoom - view.zoom) < 1e-6
    assert (canvas.view.center - view.center).manhattanLength() < 3
