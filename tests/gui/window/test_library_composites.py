"""Composites in the library, the palette and the list at the cursor."""

from __future__ import annotations

from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLineEdit
from pytestqt.qtbot import QtBot

from app.canvas.node_item import PortRef
from app.start import Studio
from graph_engine.document.builder import Builder
from graph_engine.document.file import dumps
from graph_engine.document.layout import arrange
from tests.gui.window.hands import (
    Key,
    OpenIn,
    cells,
    click,
    double_click,
    drop,
    key,
    library,
    menu_of,
    rest,
)


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


def test_a_part_is_dragged_onto_a_wire_with_all_that_it_needs(open_in: OpenIn, qtbot: QtBot, studio: Studio) -> None:
    net = Builder("Small")
    net.output(net.add("conv2d", net.input("image", 3, 8, 8), channels=16))
    window = open_in(net.document)
    session, canvas = window.session, window.canvas
    before = dumps(session.document)
    wire = next(each for each in session.graph.wires if each.source == "conv2d_1")
    canvas.centerOn(canvas.canvas_scene.wires[wire].middle())

    drop(canvas, "part:basic_stage")
    rest(studio, qtbot)

    assert set(session.document.composites) == {"basic_stage", "basic_block"}
    assert {str(each) for each in session.graph.wires} == {
        "input_1.y → conv2d_1.x",
        "conv2d_1.y → basic_stage_1.x",
        "basic_stage_1.y → output_1.x",
    }
    assert session.errors == []
    assert session.history.undo_label == "Insert Stage of basic blocks"
    session.undo()
    assert dumps(session.document) == before


def test_a_wire_let_go_over_the_canvas_offers_parts_that_fit(open_in: OpenIn) -> None:
    net = Builder("Words")
    net.output(net.add("embedding", net.input("words", 5, tokens=True, classes=9), features=4))
    window = open_in(net.document)
    canvas = window.canvas
    canvas.adding.open(anchor=PortRef("embedding_1", "output", "y"))
    keys = [entry.key for entry in canvas.adding._entries()]
    assert {"part:encoder_block", "lstm"} <= set(keys)
    assert "conv2d" not in keys, "a sequence is no image"
    line = canvas.adding.popup.findChild(QLineEdit)
    assert line is not None
    QTest.keyClicks(line, "encoder block")
    key(line, Key.Key_Return)
    (use,) = window.session.selection.nodes
    assert window.session.graph[use].block.startswith("@")
    assert window.session.graph.wire_at(use, "x") is not None
