"""The small residual net, drawn in the real window from an empty canvas: once by keys alone, once by mouse alone.

`scripts/draw_journey.py` runs the same and keeps a picture of each step.
"""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QMouseEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from app.canvas.view import block_mime
from app.window import MainWindow

Shot = Callable[[str], object]
NONE, SHIFT = Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.ShiftModifier
CONTROL, ALT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.AltModifier
LEFT = Qt.MouseButton.LeftButton
CHAIN = ("conv", "batch norm", "relu", "conv", "batch norm", "residual", "relu", "global average", "linear", "output")
WIRES = {
    "input_1.y → conv2d_1.x",
    "conv2d_1.y → batch_norm_1.x",
    "batch_norm_1.y → relu_1.x",
    "relu_1.y → conv2d_2.x",
    "conv2d_2.y → batch_norm_2.x",
    "batch_norm_2.y → residual_1.f",
    "relu_1.y → residual_1.x",
    "residual_1.y → relu_2.x",
    "relu_2.y → global_avg_pool_1.x",
    "global_avg_pool_1.y → linear_1.x",
    "linear_1.y → output_1.x",
}
"""The net that both ways end at."""


def wires(window: MainWindow) -> set[str]:
    return {str(wire) for wire in window.session.graph.wires}


class Hand:
    """One person at the window: every action is counted."""

    def __init__(self, window: MainWindow, shot: Shot = lambda _: None) -> None:
        self.window = window
        self.canvas = window.canvas
        self.shot = shot
        self.actions = 0

    def settle(self) -> None:
        for _ in range(3):
            QApplication.processEvents()

    # --- keys

    def key(self, key: Qt.Key, modifiers: Qt.KeyboardModifier = NONE) -> None:
        target = QApplication.focusWidget() or self.canvas
        QTest.keyClick(target, key, modifiers)
        self.actions += 1
        self.settle()

    def type(self, text: str) -> None:
        QTest.keyClicks(QApplication.focusWidget(), text)
        self.actions += len(text)
        self.settle()

    # --- mouse

    def at(self, node: str, side: str = "", port: str = "") -> QPoint:
        item = self.canvas.canvas_scene.nodes[node]
        if side:
            return self.canvas.mapFromScene(item.port_position(side, port))  # type: ignore[arg-type]
        return self.canvas.mapFromScene(QPointF(item.card.center().x(), item.card.bottom() - 6.0))

    def drag(self, start: QPoint, end: QPoint, modifiers: Qt.KeyboardModifier = NONE) -> None:
        view = self.canvas.viewport()
        QTest.mousePress(view, LEFT, modifiers, start)
        for step in range(1, 6):
            at = start + (end - start) * step / 5
            place, screen = QPointF(at), QPointF(view.mapToGlobal(at))
            event = QMouseEvent(QMouseEvent.Type.MouseMove, place, screen, Qt.MouseButton.NoButton, LEFT, modifiers)
            QApplication.sendEvent(view, event)
        QTest.mouseRelease(view, LEFT, modifiers, end)
        self.actions += 1
        self.settle()

    def drop(self, block: str, at: QPoint) -> None:
        """A block from the library, dragged onto the canvas."""
        view, data = self.canvas.viewport(), block_mime(block)
        copy = Qt.DropAction.CopyAction
        QApplication.sendEvent(view, QDragEnterEvent(at, copy, data, LEFT, NONE))
        QApplication.sendEvent(view, QDropEvent(QPointF(at), copy, data, LEFT, NONE))
        self.actions += 1
        self.settle()


def draw_by_keys(hand: Hand) -> None:
    """Tab adds the first block, A what follows it, K draws the skip, C frames the block, Ctrl+L lays it out."""
    hand.canvas.setFocus()
    hand.key(Qt.Key.Key_Tab)
    hand.type("input")
    hand.shot("keys-1-tab-adds-a-block")
    hand.key(Qt.Key.Key_Return)
    for name in CHAIN:
        hand.key(Qt.Key.Key_A)
        hand.type(name)
        if name == "residual":
            hand.shot("keys-2-a-adds-what-fits-wired")
        hand.key(Qt.Key.Key_Return)
    # the branch went into the first input of the residual block: that is where the skip belongs
    hand.key(Qt.Key.Key_F, CONTROL)
    hand.type("batch norm batch_norm_2")
    hand.key(Qt.Key.Key_Return)
    hand.key(Qt.Key.Key_K)
    hand.type("residual f")
    hand.key(Qt.Key.Key_Return)
    hand.key(Qt.Key.Key_F, CONTROL)
    hand.type("relu_1")
    hand.key(Qt.Key.Key_Return)
    hand.key(Qt.Key.Key_K)
    hand.type("residual x")
    hand.shot("keys-3-k-connects-the-skip")
    hand.key(Qt.Key.Key_Return)
    hand.key(Qt.Key.Key_L, CONTROL)
    for _ in range(4):
        hand.key(Qt.Key.Key_Right, ALT | SHIFT)
    hand.key(Qt.Key.Key_C)
    hand.type("Residual block")
    hand.key(Qt.Key.Key_Return)
    hand.key(Qt.Key.Key_L, CONTROL)
    hand.key(Qt.Key.Key_Home)
    hand.shot("keys-4-framed-and-laid-out")


def draw_by_mouse(hand: Hand) -> None:
    """Blocks come from the library, some onto wires; wires are dragged from port to port; a menu lays it out."""
    view = hand.canvas.viewport()
    hand.canvas.set_zoom(0.6)
    left, top, step = 90, view.height() // 3, min((view.width() - 160) // 6, 118)
    for at, block in enumerate(("input", "conv2d", "relu", "conv2d", "residual", "relu")):
        hand.drop(block, QPoint(left + at * step, top))
    for at, block in enumerate(("global_avg_pool", "linear", "output")):
        hand.drop(block, QPoint(left + (at + 1) * 2 * step - step, top + 150))
    hand.shot("mouse-1-blocks-from-the-library")
    for source, target, port in (
        ("input_1", "conv2d_1", "x"),
        ("conv2d_1", "relu_1", "x"),
        ("relu_1", "conv2d_2", "x"),
        ("conv2d_2", "residual_1", "f"),
        ("relu_1", "residual_1", "x"),
        ("residual_1", "relu_2", "x"),
        ("relu_2", "global_avg_pool_1", "x"),
        ("global_avg_pool_1", "linear_1", "x"),
        ("linear_1", "output_1", "x"),
    ):
        hand.drag(hand.at(source, "output", "y"), hand.at(target, "input", port))
    hand.shot("mouse-2-wires-from-port-to-port")
    for source, target, port in (("conv2d_1", "relu_1", "x"), ("conv2d_2", "residual_1", "f")):
        wire = next(wire for wire in hand.canvas.canvas_scene.wires if (wire.source, wire.target) == (source, target))
        assert wire.input == port
        hand.drop("batch_norm", hand.canvas.mapFromScene(hand.canvas.canvas_scene.wires[wire].middle()))
    hand.shot("mouse-3-dropped-on-wires")
    choose(hand, "canvas.arrange")
    choose(hand, "canvas.fit_all")
    hand.shot("mouse-4-laid-out")


def choose(hand: Hand, action: str) -> None:
    """An entry of the canvas's context menu, by clicks."""
    view = hand.canvas.viewport()
    empty = QPoint(view.width() - 8, 8)
    hand.drag(empty, empty)
    hand.canvas.menu_requested.emit(view.mapToGlobal(empty))
    hand.settle()
    menu = QApplication.activePopupWidget()
    assert menu is not None
    entry = hand.window.book.qaction(action)
    QTest.mouseClick(menu, LEFT, NONE, menu.actionGeometry(entry).center())  # type: ignore[attr-defined]
    hand.actions += 2
    hand.settle()
