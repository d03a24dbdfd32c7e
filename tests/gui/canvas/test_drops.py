"""Blocks dragged in from the library."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt
from PySide6.QtGui import QDragEnterEvent, QDragLeaveEvent, QDragMoveEvent, QDropEvent
from PySide6.QtWidgets import QApplication

from app.canvas import block_mime
from graph_engine.document import Wire

Bench = Any
_COPY, _LEFT, _NONE = Qt.DropAction.CopyAction, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier


def enter(bench: Bench, data: QMimeData, at: QPoint) -> bool:
    event = QDragEnterEvent(at, _COPY, data, _LEFT, _NONE)
    QApplication.sendEvent(bench.view.viewport(), event)
    if event.isAccepted():
        QApplication.sendEvent(bench.view.viewport(), QDragMoveEvent(at, _COPY, data, _LEFT, _NONE))
    return event.isAccepted()


def drop(bench: Bench, data: QMimeData, at: QPoint) -> None:
    QApplication.sendEvent(bench.view.viewport(), QDropEvent(QPointF(at), _COPY, data, _LEFT, _NONE))
    bench.settle()


def test_a_block_is_dropped_on_the_canvas(bench: Bench) -> None:
    data, at = block_mime("dropout"), bench.empty
    assert enter(bench, data, at)
    assert bench.view.gesture is not None
    drop(bench, data, at)
    assert bench.item("dropout_1").card.contains(bench.view.mapToScene(at))
    assert bench.selected == ["dropout_1"]
    assert bench.view.gesture is None
    assert bench.host.history.labels == ["Add Dropout"]


def test_a_block_is_dropped_on_a_wire(bench: Bench) -> None:
    data, at = block_mime("batch_norm"), bench.wire_middle("relu_1", "x")
    assert enter(bench, data, at)
    assert bench.view.canvas_scene.wires[Wire("conv2d_1", "y", "relu_1", "x")].hovered
    drop(bench, data, at)
    assert {"conv2d_1.y → batch_norm_1.x", "batch_norm_1.y → relu_1.x"} <= bench.wires
    assert bench.host.history.labels == ["Insert Batch norm"]


def test_a_block_that_can_not_stand_on_the_wire_is_added_beside(bench: Bench) -> None:
    data, at = block_mime("linear"), bench.wire_middle("relu_1", "x")
    assert enter(bench, data, at)
    drop(bench, data, at)
    assert "conv2d_1.y → relu_1.x" in bench.wires
    assert "linear_2" in bench.graph


def test_a_drag_that_leaves_adds_nothing(bench: Bench) -> None:
    before = bench.dumps
    assert enter(bench, block_mime("relu"), bench.wire_middle("relu_1", "x"))
    QApplication.sendEvent(bench.view.viewport(), QDragLeaveEvent())
    assert bench.view.gesture is None
    assert not bench.view.canvas_scene.wires[Wire("conv2d_1", "y", "relu_1", "x")].hovered
    assert bench.dumps == before


def test_other_things_are_not_taken(bench: Bench) -> None:
    text = QMimeData()
    text.setText("relu")
    assert not enter(bench, text, bench.empty)
    assert not enter(bench, block_mime("warp_drive"), bench.empty)
