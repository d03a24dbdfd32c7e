"""Hands for the window: clicks, keys and drops on a drawing with composites, and drawings to use them on."""

from __future__ import annotations

from collections.abc import Callable
from typing import cast

from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QContextMenuEvent, QDragEnterEvent, QDropEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLineEdit, QMenu, QWidget
from pytestqt.qtbot import QtBot

from app.canvas import CanvasView
from app.canvas.rename import RenameField
from app.canvas.view import block_mime
from app.panels.inspector_composite import CompositePage
from app.panels.library import LibraryPanel
from app.start import Studio
from app.window import MainWindow
from graph_engine.document import Document
from graph_engine.document.builder import Builder
from graph_engine.document.layout import arrange
from tests.gui.window.conftest import settle

OpenIn = Callable[[Document | str], MainWindow]
Key = Qt.Key
CONTROL, SHIFT, NONE = (
    Qt.KeyboardModifier.ControlModifier,
    Qt.KeyboardModifier.ShiftModifier,
    Qt.KeyboardModifier.NoModifier,
)
BLOCK = ("conv2d_2", "batch_norm_2", "relu_2", "conv2d_3", "batch_norm_3", "residual_1")


def key(widget: QWidget, name: Key, modifier: Qt.KeyboardModifier = NONE) -> None:
    QTest.keyClick(widget, name, modifier)


def body(window: MainWindow, node: str) -> QPoint:
    """A place on the body of a node, in pixels of the canvas."""
    card = window.canvas.canvas_scene.nodes[node].card
    return window.canvas.mapFromScene(QPointF(card.center().x(), card.bottom() - 6.0))


def click(window: MainWindow, node: str, modifier: Qt.KeyboardModifier = NONE) -> None:
    QTest.mouseClick(window.canvas.viewport(), Qt.MouseButton.LeftButton, modifier, body(window, node))


def double_click(window: MainWindow, node: str) -> None:
    click(window, node)
    QTest.mouseDClick(window.canvas.viewport(), Qt.MouseButton.LeftButton, NONE, body(window, node))


def rest(studio: Studio, qtbot: QtBot) -> None:
    qtbot.waitUntil(lambda: studio.settled, timeout=20_000)


def make(window: MainWindow, *nodes: str, title: str = "") -> str:
    """Selects nodes with the mouse, presses Ctrl+G and types a title; the id of the node that uses the composite."""
    before = set(window.session.graph.nodes)
    window.canvas.fit_all()
    for at, node in enumerate(nodes):
        click(window, node, CONTROL if at else NONE)
    settle()
    key(window.canvas, Key.Key_G, CONTROL)
    line = window.canvas.findChild(RenameField)
    assert line is not None
    assert line.isVisible()
    if title:
        line.selectAll()
        QTest.keyClicks(line, title)
    key(line, Key.Key_Return)
    (new,) = set(window.session.graph.nodes) - before
    return new


def set_field(window: MainWindow, name: str, text: str) -> None:
    form = window.panes.inspector.node_page.form
    assert form is not None
    line = cast("QLineEdit", form.rows[name].field)
    line.setFocus()
    line.selectAll()
    QTest.keyClicks(line, text)
    key(line, Key.Key_Return)


def cells() -> Document:
    """Four equal parts in a row, and a composite `cell` that nothing uses."""
    net = Builder("Cells")
    x = net.input("image", 4, 8, 8)
    for _ in range(4):
        x = net.add("relu", net.add("conv2d", x, channels=4))
    net.output(net.add("linear", net.add("flatten", x), features=2))
    cell = net.composite("cell", "Cell")
    width = cell.expose("width", 8)
    cell.output(cell.add("conv2d", cell.input("x", 4, 8, 8), channels=width), "y")
    return net.document


def bottleneck() -> Document:
    """Two uses of a composite that exposes its width, one of them repeated."""
    net = Builder("Cells")
    cell = net.composite("cell", "Cell")
    width = cell.expose("width", 8)
    x = cell.input("x", 4, 8, 8)
    y = cell.add("relu", cell.add("conv2d", x, channels=width))
    cell.output(cell.add("conv2d", y, channels=4), "y")
    once = net.add("@cell", net.input("image", 4, 8, 8), width=16)
    again = net.add("@cell", once, times=3)
    net.output(net.add("linear", net.add("flatten", again), features=2))
    net.document.apply(arrange(cell.graph, graph_name="cell"))
    return net.document


def composite_page(window: MainWindow) -> CompositePage:
    page = window.panes.inspector.composite_page
    assert page.isVisible()
    return page


def type_into(widget: QWidget, text: str) -> None:
    line = cast("QLineEdit", widget)
    line.setFocus()
    line.selectAll()
    QTest.keyClicks(line, text)
    key(line, Key.Key_Return)


def library(window: MainWindow) -> LibraryPanel:
    window.panes.left.show_panel("blocks")
    return cast("LibraryPanel", window.panes.left.panel("blocks"))


def menu_of(panel: LibraryPanel, block: str) -> QMenu:
    panel.tree.light(block)
    at = panel.tree.visualRect(panel.tree.currentIndex()).center()
    event = QContextMenuEvent(QContextMenuEvent.Reason.Mouse, at, panel.tree.viewport().mapToGlobal(at))
    QApplication.sendEvent(panel.tree.viewport(), event)
    return next(each for each in panel.findChildren(QMenu) if each.isVisible())


def drop(canvas: CanvasView, block: str) -> None:
    """Drags a block from the library onto the middle of the canvas."""
    at, data = canvas.viewport().rect().center(), block_mime(block)
    actions, buttons = Qt.DropAction.CopyAction, Qt.MouseButton.LeftButton
    QApplication.sendEvent(canvas.viewport(), QDragEnterEvent(at, actions, data, buttons, NONE))
    QApplication.sendEvent(canvas.viewport(), QDropEvent(QPointF(at), actions, data, buttons, NONE))
    settle()
