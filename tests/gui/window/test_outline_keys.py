"""The outline does by keyboard what the canvas does, and screen readers know everything by name."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QAccessible, QAccessibleInterface
from PySide6.QtTest import QAbstractItemModelTester, QTest
from PySide6.QtWidgets import QApplication, QLineEdit, QWidget
from pytestqt.qtbot import QtBot

from app.panels.outline import OutlinePanel
from app.panels.outline_model import COLUMNS, FROM, GIVES, NODE, PROBLEM, TELL
from app.window import MainWindow
from graph_engine.document import Document, RemoveNodes, SetNode, Wire
from tests.gui.window.conftest import settle
from tests.gui.window.hands import bottleneck, cells

OpenIn = Callable[[Document | str], MainWindow]


def _outline(window: MainWindow) -> OutlinePanel:
    window.show_panel("outline")
    settle()
    panel = window.panes.bottom.panel("outline")
    assert isinstance(panel, OutlinePanel)
    panel.tree.setFocus()
    return panel


def _go(panel: OutlinePanel, node: str, column: int = NODE) -> None:
    panel.select(*node.split("/"), column=column)
    settle()


def _type(panel: OutlinePanel, text: str) -> None:
    QTest.keyClick(panel.tree, Qt.Key.Key_F2)
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
    _go(panel, "conv2d_1", PROBLEM)
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
    QTest.keyClick(panel.tree, Qt.Key.Key_Delete)
    settle()
    assert set(session.graph.nodes) == before - {"output_1"}
    panel.tree.setFocus()
    QTest.keyClick(panel.tree, Qt.Key.Key_Insert)
    settle()
    field = QApplication.focusWidget()
    assert isinstance(field, QLineEdit)
    QTest.keyClicks(field, "output")
    QTest.keyClick(field, Qt.Key.Key_Return)
    settle()
    (added,) = set(session.graph.nodes) - before | ({"output_1"} & set(session.graph.nodes))
    session.select(["linear_3", added])
    panel.tree.setFocus()
    QTest.keyClick(panel.tree, Qt.Key.Key_J)
    assert [wire.source for wire in session.graph.wires_into(added).values()] == ["linear_3"]


def test_composites_are_entered_and_left(open_in: OpenIn) -> None:
    window = open_in("resnet:depth=18")
    panel, session = _outline(window), window.session
    _go(panel, "basic_stage_1")
    QTest.keyClick(panel.tree, Qt.Key.Key_Return)
    settle()
    assert session.graph_name == "basic_stage"
    inside = panel.tree.currentIndex()
    assert panel.model.node(inside.parent()) == "basic_stage_1"
    assert inside.siblingAtColumn(GIVES).data()
    assert panel.tree.hasFocus()
    QTest.keyClick(panel.tree, Qt.Key.Key_Escape)
    settle()
    assert session.graph_name == "main"
    _go(panel, "conv2d_1")
    QTest.keyClick(panel.tree, Qt.Key.Key_Return)
    settle()
    focused = QApplication.focusWidget()
    assert focused is not None
    assert window.panes.inspector.isAncestorOf(focused)


def test_a_composite_opens_in_place_and_its_nodes_are_worked_on_there(open_in: OpenIn, qtbot: QtBot) -> None:
    window = open_in(bottleneck())
    panel, session = _outline(window), window.session
    tree = panel.tree
    _go(panel, "cell_2")
    assert not tree.isExpanded(tree.currentIndex())
    QTest.keyClick(tree, Qt.Key.Key_Right)
    assert tree.isExpanded(tree.currentIndex())
    QTest.keyClick(tree, Qt.Key.Key_Down)
    QTest.keyClick(tree, Qt.Key.Key_Down)
    settle()
    assert (session.front.way, session.selection.nodes) == (("cell_2",), ("conv2d_1",))
    assert panel.model.find(("cell_2", "conv2d_1"), GIVES).data() == "N×8×8×8"
    assert panel.model.find(("cell_1", "conv2d_1"), GIVES).data() == "N×16×8×8"  # the other use is wider

    for column in range(1, TELL + 1):
        QTest.keyClick(tree, Qt.Key.Key_Right)
        assert tree.currentIndex().column() == column
    _type(panel, "channels==width * 2, kernel=5")
    placed = session.document.graphs["cell"]["conv2d_1"]
    assert (placed.parameters["channels"], placed.parameters["kernel"]) == ("=width * 2", 5)
    qtbot.waitUntil(lambda: panel.model.find(("cell_1", "conv2d_1"), GIVES).data() == "N×32×8×8", timeout=20_000)
    session.undo()
    assert session.document.graphs["cell"]["conv2d_1"].parameters["channels"] == "=width"
    settle()
    assert tree.isExpanded(panel.model.find(("cell_2",)))

    _go(panel, "cell_2/conv2d_1")
    QTest.keyClick(tree, Qt.Key.Key_Left)
    QTest.keyClick(tree, Qt.Key.Key_Left)
    settle()
    assert (session.front.way, session.selection.nodes) == ((), ("cell_2",))
    assert not tree.isExpanded(tree.currentIndex())


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("width=3", "has no parameter 'width'. It has: channels"),
        ("channels=many", "Channels must be a whole number ≥ 1; got 'many'."),
        ("channels=0", "Channels must be a whole number ≥ 1; got 0."),
        ("64", "'64' says no value: write name=value, name=value."),
        ("channels==width", "formulas have their place in composites"),
    ],
)
def test_what_a_parameter_cannot_take_is_refused_and_nothing_changes(text: str, told: str, open_in: OpenIn) -> None:
    window = open_in("lenet5")
    panel, before = _outline(window), window.session.graph["conv2d_1"]
    _go(panel, "conv2d_1", TELL)
    _type(panel, text)
    assert any(told in toast.text() for toast in window.notices.toasts.toasts())
    assert window.session.graph["conv2d_1"] == before


def test_values_are_read_as_they_are_written(open_in: OpenIn) -> None:
    window = open_in("lenet5")
    panel, graph = _outline(window), window.session.graph
    _go(panel, "conv2d_1", TELL)
    _type(panel, "kernel=3×7, bias=off")
    assert graph["conv2d_1"].parameters["kernel"] == [3, 7]
    assert graph["conv2d_1"].parameters["bias"] is False
    written = str(panel.tree.currentIndex().data(Qt.ItemDataRole.EditRole))
    assert "kernel=3×7" in written
    before = graph["conv2d_1"]
    _type(panel, written)
    assert graph["conv2d_1"] == before
    _type(panel, "bias=")
    assert "bias" not in graph["conv2d_1"].parameters


def test_rows_that_are_made_again_keep_the_keyboard_and_what_is_open(open_in: OpenIn) -> None:
    window = open_in(bottleneck())
    panel, session = _outline(window), window.session
    _go(panel, "cell_1/relu_1", GIVES)
    session.perform(RemoveNodes(("output_1",)))
    settle()
    assert panel.model.row(panel.tree.currentIndex()).path == ("cell_1", "relu_1")  # type: ignore[union-attr]
    assert panel.tree.currentIndex().column() == GIVES
    QTest.keyClick(panel.tree, Qt.Key.Key_Delete)
    settle()
    assert "relu_1" not in session.document.graphs["cell"]
    assert panel.model.row(panel.tree.currentIndex()).way == ("cell_1",)  # type: ignore[union-attr]


def test_only_what_is_opened_is_made(open_in: OpenIn) -> None:
    panel = _outline(open_in("resnet:depth=18"))
    tops = panel.model.rowCount()
    assert len(panel.model._rows) == tops
    stage = panel.model.find(("basic_stage_1",))
    assert panel.model.hasChildren(stage)
    panel.tree.expand(stage)
    assert len(panel.model._rows) == tops + panel.model.rowCount(stage)


def test_the_model_keeps_the_rules_of_models(open_in: OpenIn) -> None:
    window = open_in("resnet:depth=18")
    panel = _outline(window)
    tester = QAbstractItemModelTester(panel.model, QAbstractItemModelTester.FailureReportingMode.Warning, panel)
    panel.tree.expandAll()
    window.session.perform(SetNode("conv2d_1", "title", "First"))
    window.session.perform(RemoveNodes(("conv2d_1",)))
    settle()
    window.session.undo()
    settle()
    assert tester.model() is panel.model  # what it finds is a Qt warning, which fails the test


# --- screen readers


def _named(widget: QWidget) -> bool:
    """Whether a screen reader has something to say of a widget."""
    interface = QAccessible.queryAccessibleInterface(widget)
    if interface is None or not interface.isValid():
        return False
    return bool(interface.text(QAccessible.Text.Name).strip())


def test_composites_that_nothing_uses_are_listed_opened_and_deleted(open_in: OpenIn) -> None:
    window = open_in(cells())
    panel, session = _outline(window), window.session
    heading = panel.model.index(panel.model.rowCount() - 1, NODE)
    assert heading.data(Qt.ItemDataRole.AccessibleTextRole) == "Not used · 1"
    assert panel.tree.isExpanded(heading)
    QTest.keyClick(panel.tree, Qt.Key.Key_End)
    settle()
    row = panel.tree.currentIndex()
    assert row.parent() == heading
    assert [row.siblingAtColumn(at).data() for at in (NODE, FROM, PROBLEM)] == ["Cell  (cell)", "x", "used nowhere"]
    assert panel.tree.selectionModel().selectedRows() == [row.siblingAtColumn(NODE)]
    assert session.selection.nodes == ()
    QTest.keyClick(panel.tree, Qt.Key.Key_F2)  # a title is given inside
    settle()
    assert panel.tree.hasFocus()
    QTest.keyClick(panel.tree, Qt.Key.Key_Return)
    settle()
    assert session.graph_name == "cell"
    QTest.keyClick(panel.tree, Qt.Key.Key_Escape)
    settle()
    assert session.graph_name == "main"
    _go(panel, "/@cell")
    QTest.keyClick(panel.tree, Qt.Key.Key_Delete)
    settle()
    assert "cell" not in session.document.graphs
    assert len(session.graph) == panel.model.rowCount()
    assert panel.tree.currentIndex().isValid()
    assert panel.tree.hasFocus()
    session.undo()
    settle()
    assert panel.model.find(("", "@cell")).isValid()
    QTest.keyClick(panel.tree, Qt.Key.Key_End)
    QTest.keyClick(panel.tree, Qt.Key.Key_Left)
    QTest.keyClick(panel.tree, Qt.Key.Key_Return)
    settle()
    assert not panel.tree.isExpanded(panel.tree.currentIndex())


def test_composites_that_only_unused_ones_use_go_with_them(open_in: OpenIn) -> None:
    window = open_in(bottleneck())
    panel, session = _outline(window), window.session
    assert not panel.model.find(("",)).isValid()
    session.perform(RemoveNodes(tuple(node.id for node in session.graph if node.block == "@cell")))
    settle()
    heading = panel.model.find(("",))
    assert [panel.model.index(at, NODE, heading).data() for at in range(panel.model.rowCount(heading))]
    panel.tree.selectAll()
    panel.tree.setCurrentIndex(panel.model.index(0, NODE, heading))
    QTest.keyClick(panel.tree, Qt.Key.Key_Delete)
    settle()
    assert list(session.document.graphs) == ["main"]
    assert not panel.model.find(("",)).isValid()


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


@pytest.fixture
def _a_reader_listens() -> Iterator[None]:
    QAccessible.setActive(True)
    yield
    QAccessible.setActive(False)


@pytest.mark.usefixtures("_a_reader_listens")
def test_the_outline_reads_as_a_tree_with_heads_and_cells(open_in: OpenIn) -> None:
    window = open_in(bottleneck())
    panel = _outline(window)
    interface = QAccessible.queryAccessibleInterface(panel.tree)
    assert interface is not None
    assert interface.role() is QAccessible.Role.Tree
    assert interface.text(QAccessible.Text.Description).startswith("Enter: parameters")

    def cells() -> dict[str, QAccessibleInterface]:
        children = (interface.child(at) for at in range(interface.childCount()))
        return {each.text(QAccessible.Text.Name): each for each in children if each is not None}

    closed = cells()
    assert set(COLUMNS) <= set(closed)
    assert interface.childCount() == (panel.model.rowCount() + 1) * len(COLUMNS)
    use = closed["Cell  (cell_1)"]
    assert use.role() is QAccessible.Role.TreeItem
    assert use.state().expandable
    assert not use.state().expanded

    panel.tree.expand(panel.model.find(("cell_1",)))
    settle()

    opened = cells()
    assert opened["Cell  (cell_1)"].state().expanded
    inside = opened["ReLU  (relu_1)"]
    assert inside.role() is QAccessible.Role.TreeItem
    panel.select("cell_1", "relu_1")
    assert cells()["ReLU  (relu_1)"].state().selected
