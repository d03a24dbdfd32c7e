"""Finding and coming back: the palette over everything, nodes by shape and problem, probes by number, bookmarks."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from app.offers import node_offers
from app.palette import Palette
from app.window import MainWindow
from graph_engine.document import Disconnect
from tests.gui.window.conftest import settle

OpenIn = Callable[[str], MainWindow]
CONTROL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier


def wait_for(ready: Callable[[], bool]) -> None:
    for _ in range(200):
        if ready():
            return
        QTest.qWait(20)
    raise AssertionError("it did not come")


def type_into(palette: Palette, text: str) -> list[str]:
    palette.line.clear()
    QTest.keyClicks(palette.line.field if hasattr(palette.line, "field") else palette.line, text)
    settle()
    return [str(palette.model.index(row, 0).data()) for row in range(palette.model.rowCount())]


def test_ctrl_shift_p_finds_actions_blocks_presets_nodes_and_settings(open_in: OpenIn) -> None:
    window = open_in("lenet5")
    QTest.keyClick(window, Qt.Key.Key_P, CONTROL | SHIFT)
    palette = window.command_palette
    assert palette.isVisible()
    assert "Straighten" in type_into(palette, "strgt")[:3]
    assert type_into(palette, "depthwise")[0].lower().startswith("depthwise")
    assert "Text size" in type_into(palette, "text size")[:2]
    assert "Keys: Blender-like" in type_into(palette, "blender")[:2]
    palette.close_palette()
    wait_for(lambda: bool(window.shelf.presets))
    window.show_palette()
    assert any("LeNet" in row for row in type_into(palette, "lenet"))
    palette.close_palette()


def test_what_is_chosen_often_comes_first(open_in: OpenIn) -> None:
    window = open_in("lenet5")
    window.show_palette()
    before = type_into(window.command_palette, "fit")
    wanted = before[1]
    for _ in range(3):
        window.show_palette()
        rows = type_into(window.command_palette, "fit")
        window.command_palette.list.setCurrentIndex(window.command_palette.model.index(rows.index(wanted), 0))
        window.command_palette.choose_current()
        settle()
    window.show_palette()
    assert type_into(window.command_palette, "fit")[0] == wanted
    assert window.settings.uses()
    window.command_palette.close_palette()


def test_a_setting_is_opened_with_the_keyboard_in_it(open_in: OpenIn) -> None:
    from app.dialogs.preferences import PreferencesDialog

    window = open_in("lenet5")
    window.show_preferences("key_set")
    settle()
    dialog = window.findChild(PreferencesDialog)
    assert dialog is not None
    assert dialog.tabs.currentIndex() == 1
    dialog.close()
    settle()


def test_nodes_are_found_by_name_block_shape_and_problem(open_in: OpenIn) -> None:
    from app.canvas.search import find

    window = open_in("lenet5")
    session = window.session

    def found(query: str) -> list[str]:
        entries = [offer.entry for offer in node_offers(session, session.show_place)]
        return [match.entry.key.rpartition(":")[2] for match in find(query, entries)]

    assert found("conv2d_2")[0] == "conv2d_2"
    assert set(found("conv 2d")) == {"conv2d_1", "conv2d_2"}
    report = session.report("conv2d_1")
    assert report is not None
    (shape,) = (str(spec) for spec in report.outputs.values())
    assert "conv2d_1" in found(shape)
    assert "conv2d_1" in found(shape.partition("×")[2].replace("×", "x"))
    assert found("problem") == []
    session.perform(Disconnect(tuple(session.graph.wires_into("conv2d_2").values())))
    settle()
    wait_for(lambda: bool(session.errors))
    assert "conv2d_2" in found("problem")


def test_the_keyboard_is_on_the_canvas_when_a_node_was_found(open_in: OpenIn) -> None:
    """Wherever it was before: what is pressed next is meant for the node."""
    window = open_in("lenet5")
    window.session.select(["linear_1"])
    window.show_panel("inspector")
    settle()
    assert window.panes.inspector.isAncestorOf(QApplication.focusWidget())
    QTest.keyClick(window, Qt.Key.Key_F, CONTROL)
    settle()
    QTest.keyClicks(window.command_palette.line, "conv2d_2")
    QTest.keyClick(window.command_palette.line, Qt.Key.Key_Return)
    settle()
    assert window.session.selection.nodes == ("conv2d_2",)
    assert QApplication.focusWidget() is window.canvas


@pytest.mark.parametrize("key", [Qt.Key.Key_1, Qt.Key.Key_2])
def test_f9_numbers_a_node_and_the_number_brings_it_back(open_in: OpenIn, key: Qt.Key) -> None:
    window = open_in("lenet5")
    session, canvas = window.session, window.canvas
    canvas.setFocus()
    for node in ("conv2d_1", "conv2d_2"):
        session.select([node])
        settle()
        QTest.keyClick(canvas, Qt.Key.Key_F9)
        settle()
    assert window.panes.bottom.current == "feature_maps"
    session.select(["linear_1"])
    settle()
    QTest.keyClick(canvas, key)
    settle()
    assert session.selection.current == ("conv2d_1" if key == Qt.Key.Key_1 else "conv2d_2")
    assert canvas.hasFocus()
