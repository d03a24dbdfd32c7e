"""Every key of the canvas, by real key events."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest

from app.canvas import COMMANDS
from app.canvas.look import Detail
from graph_engine.document import Connect, Disconnect, Document, Move, Wire

Bench = Any
SHIFT, CONTROL, ALT = (
    Qt.KeyboardModifier.ShiftModifier,
    Qt.KeyboardModifier.ControlModifier,
    Qt.KeyboardModifier.AltModifier,
)
Key = Qt.Key


def test_delete_and_undo_and_redo(bench: Bench) -> None:
    before = bench.dumps
    bench.click(bench.body("relu_1"))
    bench.key(Key.Key_Delete)
    assert "relu_1" not in bench.graph
    assert bench.selected == []
    assert bench.selections[-1] == []
    bench.key(Key.Key_Z, CONTROL)
    assert bench.dumps == before
    assert "relu_1" in bench.view.canvas_scene.nodes
    bench.key(Key.Key_Z, CONTROL | SHIFT)
    assert "relu_1" not in bench.graph
    bench.key(Key.Key_Z, CONTROL)
    bench.key(Key.Key_Y, CONTROL)
    assert "relu_1" not in bench.graph


def test_dissolve_reconnects(bench: Bench) -> None:
    bench.click(bench.body("relu_1"))
    bench.click(bench.body("conv2d_1"), SHIFT)
    bench.key(Key.Key_Delete, CONTROL)
    assert "input_1.y → flatten_1.x" in bench.wires
    assert bench.host.history.labels == ["Dissolve 2 nodes"]


def test_copy_paste_is_text(bench: Bench) -> None:
    bench.click(bench.body("conv2d_1"))
    bench.click(bench.body("relu_1"), SHIFT)
    bench.key(Key.Key_C, CONTROL)
    copied = json.loads(QGuiApplication.clipboard().text())
    assert [node["id"] for node in copied["nodes"]] == ["conv2d_1", "relu_1"]
    bench.key(Key.Key_V, CONTROL)
    assert bench.selected == ["conv2d_2", "relu_2"]
    assert bench.graph["conv2d_2"].parameters == {"channels": 6}
    assert "conv2d_2.y → relu_2.x" in bench.wires
    assert not [wire for wire in bench.wires if wire.endswith("conv2d_2.x")]
    bench.key(Key.Key_V, CONTROL)
    assert bench.graph["relu_3"].position != bench.graph["relu_2"].position


def test_paste_with_wires(bench: Bench) -> None:
    bench.click(bench.body("conv2d_1"))
    bench.key(Key.Key_C, CONTROL)
    bench.key(Key.Key_V, CONTROL | SHIFT)
    assert "input_1.y → conv2d_2.x" in bench.wires


def test_cut_and_paste(bench: Bench) -> None:
    bench.click(bench.body("relu_1"))
    bench.key(Key.Key_X, CONTROL)
    assert "relu_1" not in bench.graph
    assert bench.host.history.labels == ["Cut ReLU"]
    bench.key(Key.Key_V, CONTROL)
    assert "relu_1" in bench.graph


def test_pasting_what_is_no_nodes_says_so(bench: Bench) -> None:
    QGuiApplication.clipboard().setText("hello")
    before = bench.dumps
    bench.key(Key.Key_V, CONTROL)
    assert bench.messages == ["The clipboard holds no nodes. Copy some with Ctrl+C first."]
    assert bench.dumps == before


def test_duplicate(bench: Bench) -> None:
    bench.click(bench.body("conv2d_1"))
    bench.key(Key.Key_D, CONTROL)
    assert bench.selected == ["conv2d_2"]
    assert bench.host.history.labels == ["Duplicate Conv 2d"]


def test_select_all_none_upstream_downstream(bench: Bench) -> None:
    bench.key(Key.Key_A, CONTROL)
    assert set(bench.selected) == set(bench.graph.nodes)
    bench.key(Key.Key_A, CONTROL | SHIFT)
    assert bench.selected == []
    bench.click(bench.body("relu_1"))
    bench.key(Key.Key_L)
    assert set(bench.selected) == {"input_1", "conv2d_1", "relu_1"}
    bench.click(bench.body("relu_1"))
    bench.key(Key.Key_L, SHIFT)
    assert set(bench.selected) == {"relu_1", "flatten_1", "linear_1"}


def test_nudges_are_one_step(bench: Bench) -> None:
    bench.click(bench.body("add_1"))
    bench.key(Key.Key_Right)
    bench.key(Key.Key_Right)
    bench.key(Key.Key_Down, SHIFT)
    assert bench.graph["add_1"].position == (352.0, 240.0)
    assert len(bench.host.history.labels) == 1
    bench.key(Key.Key_Z, CONTROL)
    assert bench.graph["add_1"].position == (336.0, 160.0)


def test_arrows_with_alt_go_from_node_to_node(bench: Bench) -> None:
    bench.click(bench.body("conv2d_1"))
    bench.key(Key.Key_Right, ALT)
    assert bench.selected == ["relu_1"]
    bench.key(Key.Key_Down, ALT)
    assert bench.selected == ["add_1"]
    bench.key(Key.Key_Up, ALT)
    bench.key(Key.Key_Left, ALT | SHIFT)
    assert bench.selected == ["relu_1", "conv2d_1"]


def test_going_on_without_a_selection_begins_at_the_left(bench: Bench) -> None:
    bench.key(Key.Key_Right, ALT)
    assert bench.selected == ["input_1"]


def test_connect_two_selected_nodes(bench: Bench) -> None:
    bench.click(bench.body("relu_1"))
    bench.click(bench.body("add_1"), SHIFT)
    bench.key(Key.Key_J)
    bench.key(Key.Key_J)
    assert {"relu_1.y → add_1.xs.0", "relu_1.y → add_1.xs.1"} <= bench.wires
    bench.click(bench.body("cross_entropy_1"))
    bench.click(bench.body("input_2"), SHIFT)
    bench.key(Key.Key_J)  # the loss leads to nothing: the wire goes the other way
    assert "input_2.y → cross_entropy_1.label" in bench.wires


def test_connect_a_row_of_nodes(bench: Bench) -> None:
    """From left to right, whatever order they were selected in; wires that are there stay, one step undoes it."""
    bench.host.attempt(Disconnect(tuple(bench.graph.wires), "main"))
    bench.host.attempt(Connect(Wire("conv2d_1", "y", "relu_1", "x"), "main"))
    before = bench.dumps
    bench.click(bench.body("relu_1"))
    for node in ("input_1", "linear_1", "conv2d_1", "flatten_1"):
        bench.click(bench.body(node), SHIFT)
    bench.key(Key.Key_J)
    row = ("input_1.y → conv2d_1.x", "conv2d_1.y → relu_1.x", "relu_1.y → flatten_1.x", "flatten_1.y → linear_1.x")
    assert bench.wires == set(row)
    assert bench.messages == []
    bench.host.undo()
    assert bench.dumps == before

    bench.host.attempt(Move((("input_2", (-200.0, 0.0)),), "main"))
    bench.click(bench.body("relu_1"))
    for node in ("input_1", "input_2"):
        bench.click(bench.body(node), SHIFT)
    bench.key(Key.Key_J)
    (said,) = bench.messages  # an input is led to by nothing
    assert said.startswith("Input → Input: ")


def test_what_cannot_be_connected_says_why(bench: Bench) -> None:
    bench.click(bench.body("input_2"))
    bench.key(Key.Key_J)
    bench.click(bench.body("conv2d_1"), SHIFT)
    bench.key(Key.Key_J)
    first, second = bench.messages
    assert first == "Select two nodes or more to connect them."
    assert second.startswith("Conv 2d takes image (N×C×H×W) here")
    assert second.endswith("not label (N).")


@pytest.mark.parametrize(("key", "modifiers"), [(Key.Key_Tab, Qt.KeyboardModifier.NoModifier), (Key.Key_A, SHIFT)])
def test_add_a_block_by_key(bench: Bench, key: Qt.Key, modifiers: Qt.KeyboardModifier) -> None:
    bench.key(key, modifiers)
    bench.type("gap")
    assert bench.view.adding.popup.search.current.key == "global_avg_pool"
    bench.choose()
    assert bench.selected == ["global_avg_pool_1"]
    assert bench.view.hasFocus()


def test_the_list_is_walked_and_left_by_keys(bench: Bench) -> None:
    bench.key(Key.Key_Tab)
    popup = bench.view.adding.popup
    first = popup.search.current.key
    QTest.keyClick(popup.search.field, Key.Key_Down)
    assert popup.search.current.key != first
    QTest.keyClick(popup.search.field, Key.Key_Up)
    QTest.keyClick(popup.search.field, Key.Key_Up)
    assert popup.search.current.key == popup.search.model.matches[-1].entry.key
    before = bench.dumps
    QTest.keyClick(popup.search.field, Key.Key_Escape)
    assert not popup.isVisible()
    assert bench.dumps == before
    assert bench.view.hasFocus()


def test_space_alone_opens_the_list(bench: Bench) -> None:
    bench.key(Key.Key_Space)
    assert bench.view.adding.is_open


def test_rename_by_key(bench: Bench) -> None:
    bench.click(bench.body("conv2d_1"))
    bench.key(Key.Key_F2)
    field = bench.view._rename
    assert field.text() == "Conv 2d"
    QTest.keyClicks(field, "  Stem  one ")
    QTest.keyClick(field, Key.Key_Escape)
    assert bench.graph["conv2d_1"].title == ""
    bench.key(Key.Key_F2)
    QTest.keyClicks(field, "  Stem  one ")
    QTest.keyClick(field, Key.Key_Return)
    assert bench.graph["conv2d_1"].title == "Stem one"
    bench.key(Key.Key_F2)
    field.clear()
    QTest.keyClick(field, Key.Key_Return)
    assert bench.graph["conv2d_1"].title == ""
    assert bench.host.history.labels == ["Rename conv2d_1", "Rename conv2d_1"]


def test_layout_is_one_step_and_overlaps_nothing(bench: Bench) -> None:
    before = bench.dumps
    bench.key(Key.Key_L, CONTROL)
    assert bench.host.history.labels == ["Lay out"]
    cards = [item.card for item in bench.view.canvas_scene.nodes.values()]
    assert not [1 for at, card in enumerate(cards) for other in cards[at + 1 :] if card.intersects(other)]
    assert bench.graph["conv2d_1"].position[1] == bench.graph["relu_1"].position[1]
    bench.key(Key.Key_L, CONTROL)
    assert bench.host.history.labels == ["Lay out"]
    bench.key(Key.Key_Z, CONTROL)
    assert bench.dumps == before


def test_zoom_and_fit(bench: Bench) -> None:
    bench.key(Key.Key_Equal, CONTROL)
    assert bench.view.zoom == pytest.approx(1.25)
    bench.key(Key.Key_Minus, CONTROL)
    bench.key(Key.Key_Minus, CONTROL)
    assert bench.view.zoom == pytest.approx(0.8)
    bench.key(Key.Key_0, CONTROL)
    assert bench.view.zoom == pytest.approx(1.0)
    bench.view.scroll_by(4000, 4000)
    bench.key(Key.Key_Home)
    assert bench.view.visible_rect().contains(bench.view.canvas_scene.contents())
    bench.view.set_zoom(0.5)
    bench.click(bench.at(bench.item("add_1").card.center()))
    bench.key(Key.Key_F)
    away = bench.view.visible_rect().center() - bench.item("add_1").card.center()
    assert abs(away.x()) < 2
    assert abs(away.y()) < 2


def test_enter_activates_and_escape_selects_nothing(bench: Bench) -> None:
    bench.click(bench.body("conv2d_1"))
    bench.key(Key.Key_Return)
    assert bench.activated == ["conv2d_1"]
    bench.key(Key.Key_Escape)
    assert bench.selected == []


def test_minimap_is_hidden_and_shown(bench: Bench) -> None:
    bench.view.set_zoom(2.0)
    assert not bench.view.minimap.rect.isEmpty()
    bench.key(Key.Key_M, ALT)
    assert bench.view.minimap.rect.isEmpty()
    bench.key(Key.Key_M, ALT)
    assert not bench.view.minimap.rect.isEmpty()


def test_freeze_shows_and_thaws(bench: Bench) -> None:
    bench.click(bench.body("conv2d_1"))
    bench.click(bench.body("linear_1"), SHIFT)
    bench.view.editing.freeze()
    assert bench.graph["conv2d_1"].frozen
    assert bench.graph["linear_1"].frozen
    bench.view.editing.freeze()
    assert not bench.graph["conv2d_1"].frozen
    assert bench.host.history.labels == ["Freeze 2 nodes", "Thaw 2 nodes"]


def test_keys_can_be_taken_over(bench: Bench) -> None:
    bench.click(bench.body("relu_1"))
    bench.view.set_keys({})
    bench.key(Key.Key_Delete)
    assert "relu_1" in bench.graph
    bench.view.set_keys({"delete": ("K",)})
    bench.key(Key.Key_K)
    assert "relu_1" not in bench.graph


def test_no_two_commands_share_a_key_or_a_name() -> None:
    keys = [key for command in COMMANDS for key in command.keys]
    assert len(keys) == len(set(keys))
    ids = [command.id for command in COMMANDS]
    assert len(ids) == len(set(ids))


def test_keys_do_nothing_on_an_empty_canvas(make_bench: Callable[[Document], Bench]) -> None:
    bench = make_bench(Document())
    before = bench.dumps
    for command in COMMANDS:
        adds = command.id in ("add_block", "paste", "paste_with_wires", "frame", "note")
        if not adds and not command.id.startswith("set_"):
            command.run(bench.view)
    bench.settle()
    assert bench.dumps == before
    assert bench.view.zoom == pytest.approx(1.0)


def test_a_network_is_drawn_by_keys_alone(make_bench: Callable[[Document], Bench]) -> None:
    bench = make_bench(Document())
    for name in ("input", "conv", "relu"):
        bench.key(Key.Key_Tab)
        bench.type(name)
        bench.choose()
        bench.key(Key.Key_Right, SHIFT)
        bench.key(Key.Key_Right, SHIFT)
    bench.key(Key.Key_A, CONTROL)
    assert bench.selected == ["input_1", "conv2d_1", "relu_1"]
    for pair in (("input_1", "conv2d_1"), ("conv2d_1", "relu_1")):
        bench.view.canvas_scene.choose(pair)
        bench.key(Key.Key_J)
    bench.key(Key.Key_L, CONTROL)
    assert bench.wires == {"input_1.y → conv2d_1.x", "conv2d_1.y → relu_1.x"}
    assert bench.view.canvas_scene.look.detail is Detail.TEXT
    assert bench.view.visible_rect().contains(QPointF(*bench.graph["relu_1"].position))
