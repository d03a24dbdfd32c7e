"""What each row of the list of keys and gestures does: driven in the real window, told by the document or the view."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QDragEnterEvent, QDragMoveEvent, QDropEvent, QNativeGestureEvent, QPointingDevice, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QDialog, QWidget

from app.canvas import block_mime
from app.dialogs.export import ExportDialog
from app.dialogs.preferences import PreferencesDialog
from app.dialogs.shortcuts import ShortcutSheet
from app.panels.inspector import InspectorPanel
from app.window import MainWindow
from app.workspace import Side
from graph_engine.document import Graph
from tests.gui.canvas.conftest import ALT, CONTROL, LEFT, MIDDLE, NONE, RIGHT, SHIFT, Bench
from tests.gui.window.conftest import settle

Key = Qt.Key


class Hands(Bench):
    """The hands of the canvas tests on the canvas of the window."""

    def __init__(self, window: MainWindow, rest: Callable[[], object]) -> None:
        self.window = window
        self.session = window.session
        self.view = window.canvas
        self._rest = rest

    @property
    def graph(self) -> Graph:
        return self.session.graph

    @property
    def label(self) -> str | None:
        return self.session.history.undo_label

    @property
    def focus(self) -> QWidget:
        focused = QApplication.focusWidget()
        assert focused is not None
        return focused

    def key(self, key: Qt.Key, modifiers: Qt.KeyboardModifier = NONE) -> None:
        QTest.keyClick(self.view, key, modifiers)
        self.settle()

    def write(self, text: str) -> None:
        """Types into what has the keyboard, and enters it."""
        QTest.keyClicks(self.focus, text)
        settle()
        QTest.keyClick(self.focus, Key.Key_Return)
        self.settle()

    def settle(self) -> None:
        settle()

    def rest(self) -> None:
        self._rest()

    def choose_nodes(self, *nodes: str) -> None:
        self.click(self.empty)
        for node in nodes:
            self.click(self.body(node), SHIFT)

    def wheel(self, at: QPoint, *, pixels: QPoint | None = None, turn: int = 0) -> None:
        event = QWheelEvent(
            QPointF(at),
            QPointF(self.view.viewport().mapToGlobal(at)),
            pixels or QPoint(),
            QPoint(0, turn),
            Qt.MouseButton.NoButton,
            NONE,
            Qt.ScrollPhase.NoScrollPhase,
            False,
        )
        QApplication.sendEvent(self.view.viewport(), event)

    def pinch(self, at: QPoint, by: float) -> None:
        event = QNativeGestureEvent(
            Qt.NativeGestureType.ZoomNativeGesture,
            QPointingDevice.primaryPointingDevice(),
            2,
            QPointF(at),
            QPointF(at),
            QPointF(self.view.viewport().mapToGlobal(at)),
            by,
            QPointF(),
        )
        QApplication.sendEvent(self.view.viewport(), event)

    def drop(self, block: str, at: QPoint) -> None:
        data, actions = block_mime(block), Qt.DropAction.CopyAction
        for event in (
            QDragEnterEvent(at, actions, data, LEFT, NONE),
            QDragMoveEvent(at, actions, data, LEFT, NONE),
            QDropEvent(QPointF(at), actions, data, LEFT, NONE),
        ):
            QApplication.sendEvent(self.view.viewport(), event)
        self.settle()

    def dialog(self, kind: type[QDialog]) -> QDialog:
        (found,) = (each for each in self.window.findChildren(kind) if each.isVisible())
        return found

    def close_dialog(self, kind: type[QDialog]) -> None:
        self.dialog(kind).close()
        self.window.activateWindow()
        self.view.setFocus()
        self.settle()


Row = Callable[[Hands], None]
ROWS: dict[str, Row] = {}
"""The rows, by what stands in their first column."""


def row(action: str) -> Callable[[Row], Row]:
    def add(drive: Row) -> Row:
        ROWS[action] = drive
        return drive

    return add


@row("pan")
def _pan(hands: Hands) -> None:
    def moved(act: Callable[[], object]) -> QPointF:
        before = hands.view.visible_rect().topLeft()
        act()
        return (before - hands.view.visible_rect().topLeft()) * hands.view.scale_now

    start = hands.empty
    assert _is_near(moved(lambda: hands.drag(start, start + QPoint(90, 40), button=MIDDLE)), 90, 40)
    start = hands.empty
    QTest.keyPress(hands.view, Key.Key_Space)
    assert _is_near(moved(lambda: hands.drag(start, start + QPoint(-50, 30))), -50, 30)
    QTest.keyRelease(hands.view, Key.Key_Space)
    assert not hands.view.adding.is_open
    assert _is_near(moved(lambda: hands.wheel(hands.empty, pixels=QPoint(-30, -20))), -30, -20)


@row("zoom at the cursor")
def _zoom(hands: Hands) -> None:
    at = hands.body("relu_1")
    for act in (lambda: hands.wheel(at, turn=240), lambda: hands.pinch(at, 0.25)):
        before, under = hands.view.zoom, hands.view.mapToScene(at)
        act()
        assert hands.view.zoom > before * 1.2
        away = (hands.view.mapToScene(at) - under) * hands.view.scale_now
        assert _is_near(away, 0, 0)
    hands.key(Key.Key_0, CONTROL)
    assert hands.view.zoom == pytest.approx(1.0)
    hands.key(Key.Key_Equal, CONTROL)
    assert hands.view.zoom == pytest.approx(1.25)
    hands.key(Key.Key_Minus, CONTROL)
    assert hands.view.zoom == pytest.approx(1.0)


@row("fit all / selection")
def _fit(hands: Hands) -> None:
    hands.view.scroll_by(4000, 4000)
    hands.key(Key.Key_Home)
    assert hands.view.visible_rect().contains(hands.view.canvas_scene.contents())
    hands.choose_nodes("add_1")
    for key in (Key.Key_F, Key.Key_Period):
        hands.view.scroll_by(500, 300)
        hands.key(key)
        away = hands.view.visible_rect().center() - hands.item("add_1").card.center()
        assert _is_near(away, 0, 0)


@row("add a block")
def _add(hands: Hands) -> None:
    at = hands.empty
    hands.double_click(at)
    hands.write("dropout")
    assert hands.item("dropout_1").card.contains(hands.view.mapToScene(at))
    for number, (key, modifier) in enumerate(((Key.Key_Tab, NONE), (Key.Key_A, SHIFT)), 2):
        hands.hover(hands.empty)
        hands.key(key, modifier)
        hands.write("dropout")
        assert f"dropout_{number}" in hands.graph
    at = hands.empty
    hands.drop("batch_norm", at)
    assert hands.item("batch_norm_1").card.contains(hands.view.mapToScene(at))


@row("add from a wire")
def _add_from_a_wire(hands: Hands) -> None:
    hands.drag(hands.port("relu_1", "output", "y"), hands.empty)
    offered = [match.entry.key for match in hands.view.adding.popup.search.model.matches]
    assert "conv2d" in offered
    assert "linear" not in offered
    hands.write("conv2d")
    assert "relu_1.y → conv2d_2.x" in hands.wires


@row("splice")
def _splice(hands: Hands) -> None:
    hands.drop("batch_norm", hands.wire_middle("relu_1", "x"))
    assert {"conv2d_1.y → batch_norm_1.x", "batch_norm_1.y → relu_1.x"} <= hands.wires
    start = hands.title("add_1")
    offset = hands.at(hands.item("add_1").card.center()) - start
    hands.drag(start, hands.wire_middle("flatten_1", "x") - offset)
    assert {"relu_1.y → add_1.xs.0", "add_1.y → flatten_1.x"} <= hands.wires


@row("select")
def _select(hands: Hands) -> None:
    card = hands.item("relu_1").card
    start, end = hands.at(card.topLeft()) - QPoint(9, 9), hands.at(card.bottomRight()) + QPoint(9, 9)
    hands.drag(start, end)
    assert hands.selected == ["relu_1"]
    other = hands.item("add_1").card
    around = hands.at(other.topLeft()) - QPoint(9, 9), hands.at(other.bottomRight()) + QPoint(9, 9)
    hands.drag(*around, SHIFT)
    assert hands.selected == ["relu_1", "add_1"]
    hands.drag(start, end, CONTROL)
    assert hands.selected == ["add_1"]
    hands.key(Key.Key_A, CONTROL)
    assert set(hands.selected) == set(hands.graph.nodes)
    assert set(hands.session.selection.nodes) == set(hands.graph.nodes)
    hands.key(Key.Key_A, CONTROL | SHIFT)
    assert hands.selected == []
    hands.click(hands.body("relu_1"))
    hands.key(Key.Key_L)
    assert set(hands.selected) == {"input_1", "conv2d_1", "relu_1"}
    hands.click(hands.body("relu_1"))
    hands.key(Key.Key_L, SHIFT)
    assert set(hands.selected) == {"relu_1", "flatten_1", "linear_1"}


@row("delete / dissolve")
def _delete(hands: Hands) -> None:
    for key in (Key.Key_Delete, Key.Key_Backspace):
        hands.choose_nodes("relu_1")
        hands.key(key)
        assert "relu_1" not in hands.graph
        assert "conv2d_1.y → flatten_1.x" not in hands.wires
        hands.key(Key.Key_Z, CONTROL)
    hands.choose_nodes("relu_1")
    hands.key(Key.Key_Delete, CONTROL)
    assert "relu_1" not in hands.graph
    assert "conv2d_1.y → flatten_1.x" in hands.wires


@row("cut copy paste / with wires / duplicate")
def _copy(hands: Hands) -> None:
    hands.choose_nodes("conv2d_1")
    hands.key(Key.Key_C, CONTROL)
    hands.key(Key.Key_V, CONTROL)
    assert hands.graph["conv2d_2"].parameters == {"channels": 6}
    assert "input_1.y → conv2d_2.x" not in hands.wires
    hands.key(Key.Key_V, CONTROL | SHIFT)
    assert "input_1.y → conv2d_3.x" in hands.wires
    hands.choose_nodes("linear_1")
    hands.key(Key.Key_D, CONTROL)
    assert hands.selected == ["linear_2"]
    hands.key(Key.Key_X, CONTROL)
    assert "linear_2" not in hands.graph
    hands.key(Key.Key_V, CONTROL)
    assert "linear_2" in hands.graph
    start = hands.body("add_1")
    hands.drag(start, start + QPoint(0, 70), ALT)
    assert hands.selected == ["add_2"]
    assert hands.graph["add_2"].position[1] > hands.graph["add_1"].position[1] + 40


@row("connect")
def _connect(hands: Hands) -> None:
    hands.drag(hands.port("relu_1", "output", "y"), hands.port("add_1", "input", "xs.0"))
    assert "relu_1.y → add_1.xs.0" in hands.wires
    hands.choose_nodes("linear_1", "cross_entropy_1")
    hands.key(Key.Key_J)
    assert "linear_1.y → cross_entropy_1.logits" in hands.wires


@row("move wires")
def _move_wires(hands: Hands) -> None:
    hands.drag(hands.port("relu_1", "output", "y"), hands.port("conv2d_1", "output", "y"), CONTROL)
    assert "conv2d_1.y → flatten_1.x" in hands.wires
    hands.drag(hands.port("flatten_1", "input", "x"), hands.port("add_1", "input", "xs.0"), CONTROL)
    assert "conv2d_1.y → add_1.xs.0" in hands.wires
    assert "conv2d_1.y → flatten_1.x" not in hands.wires


@row("cut wires")
def _cut_wires(hands: Hands) -> None:
    middle = hands.wire_middle("relu_1", "x")
    hands.drag(middle - QPoint(0, 50), middle + QPoint(0, 50), CONTROL, RIGHT)
    assert "conv2d_1.y → relu_1.x" not in hands.wires
    hands.click(hands.wire_middle("linear_1", "x"), ALT)
    assert "flatten_1.y → linear_1.x" not in hands.wires
    hands.click(hands.port("flatten_1", "input", "x"), ALT)
    assert "relu_1.y → flatten_1.x" not in hands.wires


@row("reroute point")
def _reroute(hands: Hands) -> None:
    hands.double_click(hands.wire_middle("relu_1", "x"))
    wire = hands.graph.wire_at("relu_1", "x")
    assert wire is not None
    assert len(wire.bends) == 1


@row("bypass")
def _bypass(hands: Hands) -> None:
    hands.choose_nodes("relu_1")
    before = hands.view.viewport().grab().toImage()
    hands.key(Key.Key_B, CONTROL)
    assert hands.graph["relu_1"].bypassed
    assert hands.view.viewport().grab().toImage() != before, "no stripes"
    hands.key(Key.Key_B, CONTROL)
    assert not hands.graph["relu_1"].bypassed


@row("collapse")
def _collapse(hands: Hands) -> None:
    hands.choose_nodes("conv2d_1")
    height = hands.item("conv2d_1").geometry.height
    hands.key(Key.Key_H)
    assert hands.graph["conv2d_1"].collapsed
    assert hands.item("conv2d_1").geometry.height < height


@row("frame with a title")
def _frame(hands: Hands) -> None:
    hands.choose_nodes("conv2d_1", "relu_1")
    hands.key(Key.Key_C)
    hands.write("Features")
    (frame,) = hands.graph.annotations.values()
    assert frame.text == "Features"
    left, top, right, bottom = frame.rect
    for node in ("conv2d_1", "relu_1"):
        assert left < hands.item(node).card.left() < hands.item(node).card.right() < right
        assert top < hands.item(node).card.top() < hands.item(node).card.bottom() < bottom


@row("make composite / ungroup")
def _composite(hands: Hands) -> None:
    for key, modifiers in ((Key.Key_G, CONTROL), (Key.Key_E, CONTROL | SHIFT)):
        hands.choose_nodes("conv2d_1", "relu_1")
        hands.key(key, modifiers)
        QTest.keyClick(hands.focus, Key.Key_Escape)  # the name as it is proposed
        hands.settle()
        (made,) = (node.id for node in hands.graph if node.block.startswith("@"))
        assert "conv2d_1" not in hands.graph
        hands.choose_nodes(made)
        hands.key(Key.Key_G, CONTROL | SHIFT)
        assert {node.block for node in hands.graph} >= {"conv2d", "relu"}
        assert made not in hands.graph
        hands.session.go_to_step(0)
        hands.settle()


@row("enter / leave composite")
def _enter(hands: Hands) -> None:
    hands.choose_nodes("conv2d_1", "relu_1")
    hands.key(Key.Key_G, CONTROL)
    QTest.keyClick(hands.focus, Key.Key_Escape)
    hands.settle()
    (made,) = (node.id for node in hands.graph if node.block.startswith("@"))
    inside = hands.graph[made].block.removeprefix("@")
    hands.double_click(hands.body(made))
    assert hands.session.graph_name == inside
    hands.view.setFocus()
    hands.key(Key.Key_Escape)
    hands.key(Key.Key_Escape)  # the first may end a selection
    assert hands.session.graph_name == "main"
    hands.choose_nodes(made)
    hands.key(Key.Key_Return)
    assert hands.session.graph_name == inside
    QTest.mouseClick(hands.window.topbar.trail.crumbs[0], LEFT)
    hands.settle()
    assert hands.session.graph_name == "main"


@row("undo / redo")
def _undo(hands: Hands) -> None:
    for key, modifiers in ((Key.Key_Y, CONTROL), (Key.Key_Z, CONTROL | SHIFT)):
        hands.choose_nodes("relu_1")
        hands.key(Key.Key_Delete)
        hands.key(Key.Key_Z, CONTROL)
        assert "relu_1" in hands.graph
        hands.key(key, modifiers)
        assert "relu_1" not in hands.graph
        hands.key(Key.Key_Z, CONTROL)


@row("find a node / command palette")
def _find(hands: Hands) -> None:
    palette = hands.window.command_palette
    hands.key(Key.Key_F, CONTROL)
    assert palette.isVisible()
    hands.write("flatten")
    assert hands.selected == ["flatten_1"]
    for key, modifiers in ((Key.Key_K, CONTROL), (Key.Key_P, CONTROL | SHIFT)):
        hands.view.setFocus()
        hands.key(key, modifiers)
        assert palette.isVisible()
        hands.write("select nothing")
        assert hands.selected == []
        hands.choose_nodes("relu_1")


@row("rename")
def _rename(hands: Hands) -> None:
    hands.choose_nodes("conv2d_1")
    hands.key(Key.Key_F2)
    hands.write("Edges")
    assert hands.graph["conv2d_1"].title == "Edges"
    hands.double_click(hands.title("relu_1"))
    hands.write("Bend")
    assert hands.graph["relu_1"].title == "Bend"


@row("lay out / straighten")
def _lay_out(hands: Hands) -> None:
    start = hands.body("relu_1")
    hands.drag(start, start + QPoint(0, 15))
    hands.choose_nodes("conv2d_1", "relu_1")
    hands.key(Key.Key_Q)
    levels = [hands.item(node).port_position("input", "x").y() for node in ("conv2d_1", "relu_1")]
    assert abs(levels[0] - levels[1]) < 1.0
    before = {node.id: node.position for node in hands.graph}
    hands.key(Key.Key_L, CONTROL)
    assert {node.id: node.position for node in hands.graph} != before
    assert hands.label == "Lay out"


@row("nudge")
def _nudge(hands: Hands) -> None:
    hands.choose_nodes("add_1")
    x, y = hands.graph["add_1"].position
    steps = len(hands.session.history.labels)
    hands.key(Key.Key_Right)
    small = hands.graph["add_1"].position[0] - x
    hands.key(Key.Key_Down, SHIFT)
    assert hands.graph["add_1"].position == (x + small, y + 10 * small)
    assert len(hands.session.history.labels) == steps + 1


@row("snap")
def _snap(hands: Hands) -> None:
    start = hands.body("add_1")
    hands.drag(start, start + QPoint(61, 67), SHIFT)
    x, y = hands.graph["add_1"].position
    assert x % 24 == 0 or y % 24 == 0 or any(node.position[0] == x for node in hands.graph if node.id != "add_1")
    hands.window.book.run("view.snap")
    start = hands.body("add_1")
    hands.drag(start, start + QPoint(37, 41))
    assert all(length % 24 == 0 for length in hands.graph["add_1"].position)
    hands.window.book.run("view.snap")


@row("minimap")
def _minimap(hands: Hands) -> None:
    hands.view.set_zoom(2.0)
    assert not hands.view.minimap.rect.isEmpty()
    hands.key(Key.Key_M, ALT)
    assert hands.view.minimap.rect.isEmpty()
    hands.key(Key.Key_M, ALT)
    assert not hands.view.minimap.rect.isEmpty()


@row("check / train / stop")
def _run(hands: Hands) -> None:
    hands.key(Key.Key_F7)
    assert hands.window.panes.bottom.current == "problems"
    runs, window = hands.session.runs, hands.window
    hands.choose_nodes("linear_1", "cross_entropy_1")
    hands.key(Key.Key_J)
    hands.drag(hands.port("input_2", "output", "y"), hands.port("cross_entropy_1", "input", "label"))
    hands.choose_nodes("add_1")
    hands.key(Key.Key_Delete)
    hands.rest()
    hands.session.apply_fix(hands.session.errors[0].fixes[0])  # an Output
    hands.rest()
    hands.view.setFocus()
    window.book.refresh()
    hands.key(Key.Key_Return, CONTROL)
    assert _comes(lambda: runs.progress is not None and runs.progress.step > 0), _told(hands)
    window.book.refresh()
    hands.view.setFocus()
    hands.key(Key.Key_Return, CONTROL | ALT)
    assert _comes(lambda: not runs.live)


@row("probe a node / recall a probe")
def _probe(hands: Hands) -> None:
    chosen = list(hands.graph.nodes)[:8]
    for node in chosen:
        hands.session.select([node])
        settle()
        hands.view.setFocus()
        hands.key(Key.Key_F9)
    for number, node in enumerate(chosen, 1):
        hands.session.select([])
        settle()
        hands.key(Qt.Key(Key.Key_0 + number))
        assert hands.session.selection.current == node, number
    hands.key(Key.Key_9)
    assert "no probe 9" in hands.window.notices.toasts.toasts()[-1].text() or "no probe 9" in hands.view.note.text


@row("next pane")
def _panes(hands: Hands) -> None:
    window = hands.window
    for side in Side:
        window.panes.workspace.show_side(side, shown=True)
    hands.session.select(["conv2d_1"])
    hands.view.setFocus()
    panes: list[QWidget] = [window.canvas, window.panes.inspector, window.panes.bottom, window.panes.left]
    for modifier, order in ((NONE, panes), (SHIFT, [panes[0], *reversed(panes[1:])])):
        for pane in (*order[1:], order[0]):
            QTest.keyClick(hands.focus, Key.Key_F6, modifier)
            settle()
            assert hands.focus is pane or pane.isAncestorOf(hands.focus)


@row("help on the node / settings / shortcut sheet")
def _help(hands: Hands) -> None:
    hands.choose_nodes("conv2d_1")
    hands.key(Key.Key_F1)
    assert isinstance(hands.window.panes.inspector, InspectorPanel)
    assert not hands.window.panes.inspector.node_page.help.is_folded()
    assert hands.window.panes.inspector.isAncestorOf(hands.focus)
    hands.view.setFocus()
    hands.key(Key.Key_Comma, CONTROL)
    hands.close_dialog(PreferencesDialog)
    hands.key(Key.Key_Slash, CONTROL | SHIFT)
    hands.close_dialog(ShortcutSheet)


@row("new open save save-as export")
def _files(hands: Hands) -> None:
    asked: list[str] = []
    files = hands.window.files
    patch = pytest.MonkeyPatch()
    patch.setattr(files, "_present", lambda dialog: (asked.append(dialog.windowTitle()), dialog.deleteLater()))
    try:
        hands.key(Key.Key_O, CONTROL)
        hands.key(Key.Key_S, CONTROL)
        hands.key(Key.Key_S, CONTROL | SHIFT)
    finally:
        patch.undo()
    assert asked == ["Open a document", "Save the document as", "Save the document as"]
    hands.key(Key.Key_E, CONTROL)
    hands.close_dialog(ExportDialog)
    open_before = len(hands.session.documents)
    hands.key(Key.Key_N, CONTROL)
    assert len(hands.session.documents) == open_before + 1
    assert len(hands.graph) == 0
    hands.session.close_document(hands.session.front)
    settle()


def _comes(what: Callable[[], bool]) -> bool:
    """Whether it is so within half a minute."""
    for _ in range(1500):
        if what():
            return True
        QTest.qWait(20)
    return False


def _told(hands: Hands) -> list[str]:
    """What the window says, to tell why something did not come."""
    problems = [problem.message for problem in hands.session.problems]
    wires = sorted(hands.wires)
    return [*problems, *wires, *(toast.text() for toast in hands.window.notices.toasts.toasts())]


def _is_near(point: QPointF, x: float, y: float) -> bool:
    return abs(point.x() - x) < 2.0 and abs(point.y() - y) < 2.0
