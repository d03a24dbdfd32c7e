"""The outline does by keyboard what the canvas does, and screen readers know everything by name."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtGui import QAccessible
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLineEdit, QWidget

from app.panels.outline import OutlinePanel
from app.panels.outline_model import FROM, GIVES, NODE, STATE
from app.window import MainWindow
from graph_engine.document import Document, Wire
from tests.gui.window.conftest import settle

OpenIn = Callable[[Document | str], MainWindow]


def _outline(window: MainWindow) -> OutlinePanel:
    window.show_panel("outline")
    settle()
    panel = window.panes.bottom.panel("outline")
    assert isinstance(panel, OutlinePanel)
    panel.table.setFocus()
    return panel


def _go(panel: OutlinePanel, node: str, column: int = NODE) -> None:
    panel.table.setCurrentIndex(panel.model.index(panel.model.row(node), column))
    settle()


def _type(panel: OutlinePanel, text: str) -> None:
    QTest.keyClick(panel.table, Qt.Key.Key_F2)
    settle()
    field = QApplication.focusWidget()
    assert isinstance(field, QLineEdit)
    field.selectAll()
    QTest.keyClicks(field, text)
    QTest.keyClick(field, Qt.Key.Key_Return)
    settle()


def test_titles_and_wires_are_typed(open_in: OpenIn) -> None:
    window = open_in("lenet5")
    panel, graph = _outline(window), window.session.graph
    _go(panel, "conv2d_1", STATE)
    _type(panel, "First")
    assert graph["conv2d_1"].title == "First"
    _go(panel, "tanh_2", FROM)
    _type(panel, "conv2d_1")
    assert list(graph.wires_into("tanh_2").values()) == [Wire("conv2d_1", "y", "tanh_2", "x")]
    _type(panel, "nowhere")
    assert any("no node called 'nowhere'" in toast.text() for toast in window.notices.toasts.toasts())
    assert graph.wires_into("tanh_2")
    _type(panel, " ")
    assert not graph.wires_into("tanh_2")
    assert window.session.history.undo_label == "Wire Tanh anew"


def test_nodes_are_added_wired_and_deleted(open_in: OpenIn) -> None:
    window = open_in("lenet5")
    panel, session = _outline(window), window.session
    before = set(session.graph.nodes)
    _go(panel, "output_1")
    QTest.keyClick(panel.table, Qt.Key.Key_Delete)
    settle()
    assert set(session.graph.nodes) == before - {"output_1"}
    panel.table.setFocus()
    QTest.keyClick(panel.table, Qt.Key.Key_Insert)
    settle()
    field = QApplication.focusWidget()
    assert isinstance(field, QLineEdit)
    QTest.keyClicks(field, "output")
    QTest.keyClick(field, Qt.Key.Key_Return)
    settle()
    (added,) = set(session.graph.nodes) - before | ({"output_1"} & set(session.graph.nodes))
    session.select(["linear_3", added])
    panel.table.setFocus()
    QTest.keyClick(panel.table, Qt.Key.Key_J)
    assert [wire.source for wire in session.graph.wires_into(added).values()] == ["linear_3"]


def test_composites_are_entered_and_left(open_in: OpenIn) -> None:
    window = open_in("resnet:depth=18")
    panel, session = _outline(window), window.session
    _go(panel, "basic_stage_1")
    QTest.keyClick(panel.table, Qt.Key.Key_Return)
    settle()
    assert session.graph_name == "basic_stage"
    assert panel.model.index(0, GIVES).data()
    assert panel.table.hasFocus()
    QTest.keyClick(panel.table, Qt.Key.Key_Escape)
    settle()
    assert session.graph_name == "main"
    _go(panel, "conv2d_1")
    QTest.keyClick(panel.table, Qt.Key.Key_Return)
    settle()
    focused = QApplication.focusWidget()
    assert focused is not None
    assert window.panes.inspector.isAncestorOf(focused)


# --- screen readers


def _named(widget: QWidget) -> bool:
    """Whether a screen reader has something to say of a widget."""
    interface = QAccessible.queryAccessibleInterface(widget)
    if interface is None or not interface.isValid():
        return False
    return bool(interface.text(QAccessible.Text.Name).strip())


def test_whatever_takes_the_keyboard_has_a_name(open_in: OpenIn) -> None:
    window = open_in("lenet5")
    window.session.select(["conv2d_1"])
    silent = []
    for panel in (*window.panes.left.names, *window.panes.bottom.names):
        window.show_panel(panel)
        settle()
        silent += [
            f"{panel}: {type(each).__name__} {each.objectName()} in {type(each.parentWidget()).__name__}"
            for each in window.findChildren(QWidget)
            if each.isVisible() and each.focusPolicy() & Qt.FocusPolicy.TabFocus and not _named(each)
        ]
    assert silent == []


def test_the_outline_reads_as_a_table_with_heads_and_cells(open_in: OpenIn) -> None:
    window = open_in("lenet5")
    panel = _outline(window)
    interface = QAccessible.queryAccessibleInterface(panel.table)
    assert interface is not None
    assert interface.role() is QAccessible.Role.Table
    assert interface.childCount() >= panel.model.rowCount() * panel.model.columnCount()
    assert interface.text(QAccessible.Text.Description).startswith("Enter: parameters")
