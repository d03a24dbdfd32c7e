"""Composites in the window: made, named, entered, changed, left, unpacked, folded and undone, by mouse and keys."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import cast

from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QContextMenuEvent, QDragEnterEvent, QDropEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLineEdit, QMenu, QWidget
from pytestqt.qtbot import QtBot

from app.canvas import CanvasView
from app.canvas.rename import RenameField
from app.canvas.view import block_mime
from app.panels.code import CodePanel
from app.panels.inspector_composite import CompositePage
from app.panels.library import LibraryPanel
from app.panels.outline import OutlinePanel
from app.panels.problems import ProblemsPanel
from app.start import Studio
from app.window import MainWindow
from graph_engine.document import AddNodes, Batch, Declaration, Declare, Document, Exposed, Node, SetParameter
from graph_engine.document.builder import Builder
from graph_engine.document.file import dumps, load, save
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


def test_a_residual_block_is_made_entered_changed_left_undone_and_saved(
    open_in: OpenIn, qtbot: QtBot, studio: Studio, tmp_path: Path
) -> None:
    window = open_in("small_resnet")
    session = window.session
    first = dumps(session.document)
    params = session.check.total.params  # type: ignore[union-attr]

    use = make(window, *BLOCK, title="Residual block")
    rest(studio, qtbot)
    assert session.errors == []
    assert use == "residual_block_1"
    assert session.graph[use].block == "@residual_block"
    assert session.title(use) == "Residual block"
    assert session.selection.nodes == (use,)
    assert session.history.labels == ["Make the composite Residual block"]  # naming it is no step of its own
    assert session.check.total.params == params  # type: ignore[union-attr]

    double_click(window, use)
    assert session.graph_name == "residual_block"
    assert window.topbar.trail.parts[-1] == "Residual block"
    assert set(window.canvas.canvas_scene.nodes) == {*BLOCK, "input_1", "output_1"}
    click(window, "conv2d_2")
    set_field(window, "channels", "24")
    rest(studio, qtbot)
    assert session.spec("conv2d_2", "y").shape[1] == 24  # type: ignore[union-attr]

    window.canvas.setFocus()
    key(window.canvas, Key.Key_Escape)  # nothing is selected any more
    assert session.graph_name == "residual_block"
    key(window.canvas, Key.Key_Escape)
    assert session.graph_name == "main"
    assert session.selection.nodes == (use,)
    changed = session.report(use)
    assert changed is not None
    assert changed.cost.params == 16 * 24 * 9 + 2 * 24 + 24 * 16 * 9 + 2 * 16

    save(session.document, tmp_path / "block.loom")
    assert dumps(load(tmp_path / "block.loom")) == dumps(session.document)
    while session.history.undo_label is not None:
        key(window, Key.Key_Z, CONTROL)
    assert dumps(session.document) == first


def test_the_trail_leads_back_by_mouse_and_key_and_each_level_keeps_its_view(
    open_in: OpenIn, qtbot: QtBot, studio: Studio
) -> None:
    window = open_in("small_resnet")
    session, canvas = window.session, window.canvas
    inner = make(window, "conv2d_2", "batch_norm_2", title="Inner")
    make(window, inner, "relu_2", title="Outer")
    canvas.set_zoom(0.75)
    canvas.centerOn(300.0, 200.0)
    before = canvas.view
    (outer,) = session.selection.nodes
    settle()

    window.book.run("composite.enter")
    assert canvas.view != before
    click(window, inner)
    key(canvas, Key.Key_Return)
    assert session.front.way == (outer, inner)
    trail = window.topbar.trail
    assert trail.parts[1:] == ["Outer", "Inner"]

    QTest.mouseClick(trail.crumbs[1], Qt.MouseButton.LeftButton)
    assert session.front.way == (outer,)
    assert session.selection.nodes == (inner,)
    trail.crumbs[0].setFocus()
    key(trail.crumbs[0], Key.Key_Space)
    assert session.graph_name == "main"
    assert session.selection.nodes == (outer,)
    assert canvas.view.zoom == before.zoom
    assert (canvas.view.center - before.center).manhattanLength() < 3.0


def test_undoing_what_made_it_leaves_a_composite_that_is_shown(open_in: OpenIn, qtbot: QtBot, studio: Studio) -> None:
    window = open_in("small_resnet")
    session, canvas = window.session, window.canvas
    first = dumps(session.document)
    inner = make(window, "conv2d_2", "batch_norm_2", title="Inner")
    outer = make(window, inner, "relu_2", title="Outer")
    double_click(window, outer)
    double_click(window, inner)
    assert session.front.way == (outer, inner)

    key(window, Key.Key_Z, CONTROL)
    assert session.graph_name == "inner"  # it is there still, though on another way
    rest(studio, qtbot)
    key(window, Key.Key_Z, CONTROL)

    assert session.graph_name == "main"
    assert set(canvas.canvas_scene.nodes) == set(session.graph.nodes)
    assert window.topbar.trail.crumbs == []
    assert dumps(session.document) == first
    key(window, Key.Key_Y, CONTROL)
    rest(studio, qtbot)
    assert session.errors == []


def test_unpacking_puts_the_nodes_back(open_in: OpenIn, qtbot: QtBot, studio: Studio) -> None:
    window = open_in("small_resnet")
    session = window.session
    make(window, *BLOCK)
    assert session.title(session.selection.nodes[0]) == "Conv 2d block"
    rest(studio, qtbot)

    key(window.canvas, Key.Key_G, CONTROL | SHIFT)

    assert set(session.selection.nodes) == set(BLOCK)
    rest(studio, qtbot)
    assert session.errors == []


def test_a_part_of_the_library_is_placed_from_the_palette_in_one_step(
    open_in: OpenIn, qtbot: QtBot, studio: Studio
) -> None:
    net = Builder("Small")
    net.output(net.add("conv2d", net.input("image", 3, 8, 8), channels=16))
    net.document.apply(arrange(net.document.main))
    window = open_in(net.document)
    session = window.session
    before = dumps(session.document)
    click(window, "conv2d_1")

    window.show_palette()
    QTest.keyClicks(window.command_palette.line, "basic residual")
    offer = window.command_palette.model.offer(window.command_palette.list.currentIndex())
    assert offer is not None
    assert offer.entry.key.startswith("part:")
    key(window.command_palette.line, Key.Key_Return)

    (placed,) = session.selection.nodes
    name = session.graph[placed].block.removeprefix("@")
    assert name in session.document.composites
    assert session.graph.wire_at(placed, "x") is not None, "it was wired to what was selected"
    rest(studio, qtbot)
    report = session.report(placed)
    assert report is not None
    assert report.outputs
    session.undo()
    assert dumps(session.document) == before


def test_what_can_not_be_a_composite_is_refused_with_the_reason(open_in: OpenIn) -> None:
    window = open_in("small_resnet")
    before = dumps(window.session.document)
    window.session.select(["conv2d_2", "conv2d_3"])
    settle()

    window.book.run("composite.make")

    assert "comes back through" in window.notices.toasts.toasts()[-1].text()
    assert dumps(window.session.document) == before


def test_bypassing_several_nodes_is_one_step(open_in: OpenIn) -> None:
    window = open_in("small_resnet")
    session = window.session
    session.select(["batch_norm_2", "relu_2"])
    window.canvas.setFocus()
    settle()

    key(window.canvas, Key.Key_B, CONTROL)
    assert session.graph["batch_norm_2"].bypassed
    assert session.graph["relu_2"].bypassed
    assert session.history.labels == ["Bypass 2 nodes"]
    key(window.canvas, Key.Key_B, CONTROL)

    assert not session.graph["relu_2"].bypassed


def test_folding_names_what_repeats_and_folds_it(open_in: OpenIn, qtbot: QtBot, studio: Studio) -> None:
    window = open_in(cells())
    session = window.session
    params = session.check.total.params  # type: ignore[union-attr]

    window.show_palette()
    palette = window.command_palette
    QTest.keyClicks(palette.line, "fold")
    assert palette.list.model().index(0, 0).data() == "Fold 4 × [Conv 2d, ReLU]"
    key(palette.line, Key.Key_Return)
    rest(studio, qtbot)

    (use,) = session.selection.nodes
    assert session.graph[use].repeat == 4
    assert session.check.total.params == params  # type: ignore[union-attr]
    assert session.errors == []


# --- what a composite declares, and how it is used


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


def test_a_parameter_is_exposed_named_in_a_formula_and_set_at_a_use(
    open_in: OpenIn, qtbot: QtBot, studio: Studio
) -> None:
    window = open_in("small_resnet")
    session = window.session
    use = make(window, "conv2d_2", "batch_norm_2", title="Cell")
    settle()
    window.book.run("composite.enter")

    QTest.mouseClick(composite_page(window).add, Qt.MouseButton.LeftButton)
    settle()
    page = composite_page(window)
    line = page.sections["width"].rows["name"].widget
    assert line.hasFocus()
    QTest.keyClicks(line, "features")
    key(line, Key.Key_Return)
    settle()
    type_into(page.sections["features"].rows["default"].widget, "16")
    assert session.graph.declaration.exposes[0].default == 16

    session.select(["conv2d_2"])
    set_field(window, "channels", "=features * 2")
    form = window.panes.inspector.node_page.form
    assert form is not None
    rest(studio, qtbot)
    assert form.rows["channels"].note == "gives 32 here"
    assert session.spec("conv2d_2", "y").shape[1] == 32  # type: ignore[union-attr]

    line = cast("QLineEdit", form.rows["channels"].widget)
    line.selectAll()
    QTest.keyClicks(line, "=depth * 2")
    assert "There is no 'depth' here" in (form.rows["channels"].field.error() or "")
    key(line, Key.Key_Return)
    assert session.graph["conv2d_2"].parameters["channels"] == "=features * 2"
    key(line, Key.Key_Escape)

    session.leave()
    assert session.selection.nodes == (use,)
    set_field(window, "features", "12")
    rest(studio, qtbot)
    assert session.spec(use, "y").shape[1] == 24  # type: ignore[union-attr]


def test_renaming_a_parameter_and_a_port_changes_every_use(open_in: OpenIn, qtbot: QtBot, studio: Studio) -> None:
    window = open_in(bottleneck())
    session = window.session
    session.show_graph("cell")
    page = composite_page(window)

    page.sections["width"].set_folded(folded=False)
    type_into(page.sections["width"].rows["name"].widget, "features")
    type_into(composite_page(window).port_rows["output_1"].widget, "out")
    rest(studio, qtbot)

    assert session.graph["conv2d_1"].parameters["channels"] == "=features"
    assert session.document.main["cell_1"].parameters == {"features": 16}
    assert {str(wire) for wire in session.document.main.wires} >= {"cell_1.out → cell_2.x", "cell_2.out → flatten_1.x"}
    assert session.errors == []
    page.sections["features"].remove.click()
    assert session.graph["conv2d_1"].parameters["channels"] == 8
    assert session.document.main["cell_1"].parameters == {}


def test_repeat_over_time_sharing_and_bypass_in_the_inspector(open_in: OpenIn, qtbot: QtBot, studio: Studio) -> None:
    window = open_in(bottleneck())
    session = window.session
    session.select(["cell_1"])
    page = window.panes.inspector.node_page

    type_into(page.use.repeat, "2")
    assert session.graph["cell_1"].repeat == 2
    page.use.repeat.enter(1)
    page.use.bypass.enter(True)
    assert session.graph["cell_1"].bypassed
    page.use.bypass.enter(False)
    session.select(["conv2d_1"])
    session.select(["cell_2"])
    assert [choice.value for choice in page.shares.choice.choices] == ["", "cell_1"]
    page.use.repeat.enter(1)
    set_field(window, "width", "16")
    page.shares.choice.enter("cell_1")
    rest(studio, qtbot)

    assert session.graph["cell_2"].shares == "cell_1"
    assert session.errors == []
    session.select(["flatten_1"])
    assert not page.use.repeat_row.isVisible()
    assert page.use.bypass.isVisible()


def test_the_form_of_a_composite_follows_what_it_declares(open_in: OpenIn, qtbot: QtBot, studio: Studio) -> None:
    window = open_in(bottleneck())
    session = window.session
    session.select(["cell_1"])
    form = window.panes.inspector.node_page.form
    assert form is not None
    assert list(form.rows) == ["width"]

    exposes = (*session.document.graphs["cell"].declaration.exposes, Exposed("deep", "bool", default=False))
    session.perform(Declare(Declaration("Cell", exposes=exposes), "cell"))

    form = window.panes.inspector.node_page.form
    assert form is not None
    assert list(form.rows) == ["width", "deep"]
    assert form.isVisible()


def test_what_is_typed_when_another_level_is_shown_stays_with_its_own(
    open_in: OpenIn, qtbot: QtBot, studio: Studio
) -> None:
    window = open_in("small_resnet")
    session = window.session
    use = make(window, "conv2d_2", "batch_norm_2", title="Cell")
    outside = session.graph["conv2d_1"].parameters["channels"]
    session.enter(use)
    session.perform(AddNodes((Node("conv2d_1", "conv2d", position=(0.0, 400.0)),), (), "cell"))
    session.select(["conv2d_1"])
    form = window.panes.inspector.node_page.form
    assert form is not None
    line = cast("QLineEdit", form.rows["channels"].widget)
    line.setFocus()
    line.selectAll()
    QTest.keyClicks(line, "40")

    QTest.mouseClick(window.topbar.trail.crumbs[0], Qt.MouseButton.LeftButton)
    settle()
    assert session.document.graphs["cell"]["conv2d_1"].parameters == {"channels": 40}
    assert session.document.main["conv2d_1"].parameters["channels"] == outside

    session.enter(use)
    help_text = composite_page(window).help
    help_text.setFocus()
    QTest.keyClicks(help_text, "Twice as good")
    QTest.mouseClick(window.topbar.trail.crumbs[0], Qt.MouseButton.LeftButton)
    settle()
    assert session.document.graphs["cell"].declaration.help == "Twice as good"
    assert session.document.main.declaration.help == ""


# --- where composites are found


def library(window: MainWindow) -> LibraryPanel:
    window.panes.left.show_panel("blocks")
    return cast("LibraryPanel", window.panes.left.panel("blocks"))


def test_the_library_lists_places_and_deletes_the_composites_of_the_document(
    open_in: OpenIn, qtbot: QtBot, studio: Studio
) -> None:
    window = open_in(cells())
    session = window.session
    panel = library(window)
    head = panel.model.index(0, 0)
    assert head.data() == "In this document"
    index = panel.model.index(0, 0, head)
    assert index.data() == "Cell"

    panel.filter.setFocus()
    QTest.keyClicks(panel.filter, "cell")
    key(panel.filter, Key.Key_Return)
    (use,) = session.selection.nodes
    assert session.graph[use].block == "@cell"
    menu = menu_of(panel, "@cell")
    assert [action.isEnabled() for action in menu.actions() if action.text().startswith("Delete")] == [False]
    menu.close()
    session.undo()

    menu = menu_of(panel, "@cell")
    next(action for action in menu.actions() if action.text() == "Delete").trigger()
    menu.close()
    assert session.document.composites == {}
    panel.filter.clear()
    assert panel.model.index(0, 0).data() != "In this document"
    session.undo()
    assert list(session.document.composites) == ["cell"]


def menu_of(panel: LibraryPanel, block: str) -> QMenu:
    panel.tree.light(block)
    at = panel.tree.visualRect(panel.tree.currentIndex()).center()
    event = QContextMenuEvent(QContextMenuEvent.Reason.Mouse, at, panel.tree.viewport().mapToGlobal(at))
    QApplication.sendEvent(panel.tree.viewport(), event)
    return next(each for each in panel.findChildren(QMenu) if each.isVisible())


def test_a_composite_is_placed_by_the_list_at_the_cursor_and_never_into_itself(
    open_in: OpenIn, qtbot: QtBot, studio: Studio
) -> None:
    window = open_in(cells())
    session, canvas = window.session, window.canvas
    canvas.setFocus()
    key(canvas, Key.Key_Tab)
    line = canvas.adding.popup.findChild(QLineEdit)
    assert line is not None
    QTest.keyClicks(line, "cell")
    key(line, Key.Key_Return)
    (use,) = session.selection.nodes
    assert session.graph[use].block == "@cell"

    double_click(window, use)
    assert session.graph_name == "cell"
    before = dumps(session.document)
    canvas.setFocus()
    key(canvas, Key.Key_Tab)
    assert not any(entry.key == "@cell" for entry in canvas.adding._entries())
    key(line, Key.Key_Escape)
    drop(canvas, "@cell")
    assert dumps(session.document) == before
    assert "can't be part of itself" in window.notices.toasts.toasts()[-1].text()


def drop(canvas: CanvasView, block: str) -> None:
    """Drags a block from the library onto the middle of the canvas."""
    at, data = canvas.viewport().rect().center(), block_mime(block)
    actions, buttons = Qt.DropAction.CopyAction, Qt.MouseButton.LeftButton
    QApplication.sendEvent(canvas.viewport(), QDragEnterEvent(at, actions, data, buttons, NONE))
    QApplication.sendEvent(canvas.viewport(), QDropEvent(QPointF(at), actions, data, buttons, NONE))
    settle()


# --- problems and code


def test_a_problem_inside_leads_there_and_its_fix_works(open_in: OpenIn, qtbot: QtBot, studio: Studio) -> None:
    window = open_in(bottleneck())
    session = window.session
    session.perform(Batch("Break", (SetParameter("conv2d_1", "groups", 3, "cell"),)))
    qtbot.waitUntil(lambda: bool(session.errors), timeout=20_000)

    key(window, Key.Key_F7)
    panel = cast("ProblemsPanel", window.panes.bottom.panel("problems"))
    qtbot.waitUntil(lambda: len(panel.rows()) >= 1, timeout=10_000)
    row = next(each for each in panel.rows() if each.problem.graph == "cell")
    assert row.accessibleDescription().startswith("Conv 2d (conv2d_1) in Cell")
    QTest.mouseClick(row, Qt.MouseButton.LeftButton, pos=QPoint(4, 4))
    assert session.graph_name == "cell"
    assert session.front.way == ("cell_1",)
    assert session.selection.nodes == ("conv2d_1",)
    assert window.canvas.canvas_scene.nodes["conv2d_1"].message
    row.buttons[0].click()
    qtbot.waitUntil(lambda: studio.settled and not session.errors, timeout=20_000)


def test_lines_of_a_composite_lead_inside_and_back(open_in: OpenIn, qtbot: QtBot, studio: Studio) -> None:
    window = open_in(bottleneck())
    session = window.session
    session.show_graph("cell")
    session.select(["conv2d_2"])

    window.show_panel("code")
    settle()
    code = cast("CodePanel", window.panes.bottom.panel("code"))
    program = session.program
    assert program is not None
    inside = [line for line, nodes in program.lines.items() if "cell:conv2d_2" in nodes]
    assert code.view.marked == sorted(inside)
    first = code.view.firstVisibleBlock().blockNumber() + 1
    assert first <= inside[0] <= first + 40

    outside = next(line for line, nodes in program.lines.items() if "cell_2" in nodes)
    code.view.place_chosen.emit(outside, 0)
    assert session.graph_name == "main"
    assert session.selection.nodes == ("cell_2",)
    code.view.place_chosen.emit(inside[0], 0)
    assert session.graph_name == "cell"
    assert session.selection.nodes == ("conv2d_2",)


def test_the_outline_shows_the_level(open_in: OpenIn) -> None:
    window = open_in(bottleneck())
    window.show_panel("outline")
    window.session.show_graph("cell")
    settle()
    panel = cast("OutlinePanel", window.panes.bottom.panel("outline"))

    names = [panel.model.node(panel.model.index(row, 0)) for row in range(panel.model.rowCount())]

    assert names == ["input_1", "conv2d_1", "relu_1", "conv2d_2", "output_1"]
