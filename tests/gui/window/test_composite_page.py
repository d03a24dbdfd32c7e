"""What a composite declares and how it is used, in the inspector."""

from __future__ import annotations

from typing import cast

from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLineEdit
from pytestqt.qtbot import QtBot

from app.start import Studio
from app.widgets.formula_switch import FormulaSwitch
from graph_engine.document import AddNodes, Declaration, Declare, Document, Exposed, Node
from graph_engine.document.builder import Builder
from graph_engine.document.file import dumps
from tests.gui.window.conftest import settle
from tests.gui.window.hands import (
    NONE,
    Key,
    OpenIn,
    bottleneck,
    composite_page,
    key,
    make,
    rest,
    set_field,
    type_into,
)


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


def two_ports() -> Document:
    """A composite of two inputs and two outputs, one of each wired at a use."""
    net = Builder("Ports")
    pair = net.composite("pair", "Pair")
    a, b = pair.input("a", 4), pair.input("b", 4)
    pair.output(pair.add("add", a, b), "sum")
    pair.output(pair.add("multiply", a, b), "product")
    one, other = net.input("one", 4), net.input("other", 4)
    both = net.add("@pair", one, other)
    net.output(both)
    net.output(both.other("product"), "times")
    return net.document


def test_ports_are_put_in_another_order_with_keys_and_keep_their_wires(
    open_in: OpenIn, qtbot: QtBot, studio: Studio
) -> None:
    window = open_in(two_ports())
    session = window.session
    wires = set(session.document.main.wires)
    before = dumps(session.document)
    session.show_graph("pair")
    page = composite_page(window)
    field = page.port_rows["input_2"].widget
    field.setFocus()
    key(field, Key.Key_Up, Qt.KeyboardModifier.AltModifier)
    settle()

    block = session.document.find_block("@pair")
    assert block is not None
    assert [port.name for port in block.inputs] == ["b", "a"]
    assert [port.name for port in block.outputs] == ["sum", "product"]
    assert set(session.document.main.wires) == wires
    assert page.port_rows["input_2"].widget is field, "what is typed in stays"
    assert field.hasFocus()
    key(field, Key.Key_Up, Qt.KeyboardModifier.AltModifier)
    assert session.history.undo_label == "Change the order of ports"
    session.undo()
    settle()
    assert dumps(session.document) == before
    assert page.port_lists["input"].order == ["input_1", "input_2"]
    rest(studio, qtbot)
    assert session.errors == []


def test_ports_are_dragged_by_their_grips_and_esc_puts_them_back(open_in: OpenIn) -> None:
    window = open_in(two_ports())
    session = window.session
    session.show_graph("pair")
    page = composite_page(window)
    settle()
    rows = page.port_lists["output"]
    grip, goal = rows.grips["output_1"], rows.grips["output_2"]
    below = grip.mapFromGlobal(goal.mapToGlobal(QPoint(4, goal.height() + 30)))
    before = dumps(session.document)

    QTest.mousePress(grip, Qt.MouseButton.LeftButton, NONE, QPoint(4, 10))
    QTest.mouseMove(grip, below)
    assert rows.order == ["output_2", "output_1"]
    key(grip, Key.Key_Escape)
    assert rows.order == ["output_1", "output_2"]
    QTest.mouseRelease(grip, Qt.MouseButton.LeftButton, NONE, below)
    assert dumps(session.document) == before

    QTest.mousePress(grip, Qt.MouseButton.LeftButton, NONE, QPoint(4, 10))
    QTest.mouseMove(grip, below)
    QTest.mouseRelease(grip, Qt.MouseButton.LeftButton, NONE, QPoint(4, 10))
    block = session.document.find_block("@pair")
    assert block is not None
    assert [port.name for port in block.outputs] == ["product", "sum"]


def switches() -> Document:
    """A composite that exposes a switch and a choice; nothing inside follows them yet."""
    net = Builder("Switches")
    cell = net.composite("cell", "Cell")
    cell.expose("offset", default=True)
    cell.expose("border", "zeros", choices=("zeros", "reflect"))
    cell.output(cell.add("conv2d", cell.input("x", 4, 8, 8), channels=4), "y")
    net.output(net.add("@cell", net.input("image", 4, 8, 8), offset=False, border="reflect"))
    return net.document


def test_a_switch_and_a_choice_take_a_formula_as_text(open_in: OpenIn, qtbot: QtBot, studio: Studio) -> None:
    window = open_in(switches())
    session = window.session
    assert session.enter("cell_1")
    session.select(["conv2d_1"])
    form = window.panes.inspector.node_page.form
    assert form is not None
    for name, formula, given in (("bias", "=offset", "gives off here"), ("border", "=border", "gives reflect here")):
        field = cast("FormulaSwitch", form.rows[name].widget)
        assert field.button.isVisibleTo(form)
        QTest.mouseClick(field.button, Qt.MouseButton.LeftButton)
        assert field.line.hasFocus() or not field.line.isVisible()
        QTest.keyClicks(field.line, formula.removeprefix("="))
        key(field.line, Key.Key_Return)
        assert session.graph["conv2d_1"].parameters[name] == formula
        assert form.rows[name].note == given
    rest(studio, qtbot)
    assert session.errors == []
    assert session.report("conv2d_1").cost.params == 4 * 4 * 9  # type: ignore[union-attr]

    field = cast("FormulaSwitch", form.rows["bias"].widget)
    field.line.setFocus()
    field.line.selectAll()
    QTest.keyClicks(field.line, "=nothing")
    assert "nothing" in (form.rows["bias"].field.error() or "")
    key(field.line, Key.Key_Escape)
    QTest.keyClicks(field.line, "x")
    key(field.line, Key.Key_Escape)
    assert session.graph["conv2d_1"].parameters["bias"] == "=offset"
    QTest.mouseClick(field.button, Qt.MouseButton.LeftButton)
    assert session.graph["conv2d_1"].parameters["bias"] is False, "what the formula gave"
    session.undo()
    settle()
    assert field.is_formula
    assert field.value() == "=offset"
    session.show_graph("main")
    session.select(["cell_1"])
    form = window.panes.inspector.node_page.form
    assert form is not None
    assert not cast("FormulaSwitch", form.rows["offset"].widget).button.isVisibleTo(form)
