"""A new user draws the small residual net from an empty canvas, by keys alone and by mouse alone."""

from __future__ import annotations

import pytest
from pytestqt.qtbot import QtBot

from app.start import Studio
from app.window import MainWindow
from graph_engine.document.annotation import members, node_boxes
from tests.document.drawings import lint
from tests.document.test_layout import overlapping
from tests.gui.window.drawing import WIRES, Hand, draw_by_keys, draw_by_mouse, wires


@pytest.mark.parametrize("draw", [draw_by_keys, draw_by_mouse])
def test_the_small_residual_net_is_drawn(window: MainWindow, studio: Studio, qtbot: QtBot, draw: object) -> None:
    hand = Hand(window)
    draw(hand)  # type: ignore[operator]
    graph = window.session.graph
    assert wires(window) == WIRES
    assert overlapping(graph, {node.id: node.position for node in graph}) == []
    if draw is draw_by_keys:
        (frame,) = graph.annotations.values()
        assert frame.text == "Residual block"
        assert set(members(frame, node_boxes(graph))) >= {"conv2d_2", "batch_norm_2"}
    qtbot.waitUntil(lambda: studio.settled, timeout=20_000)
    assert window.session.errors == []
    lint(window.session.document)
    assert hand.actions < 250, "three minutes are enough at one and a half actions a second"
    while window.session.history.undo_label is not None:
        window.session.undo()
    assert not len(window.session.graph)
    assert not window.session.graph.annotations
