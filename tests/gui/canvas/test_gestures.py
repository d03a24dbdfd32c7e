"""Every pointer gesture, by real mouse events: what it does to the document, and what is seen of it."""

from __future__ import annotations

from typing import Any

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from app.theme import theme_manager
from graph_engine.document import Wire

SHIFT, CONTROL, ALT = (
    Qt.KeyboardModifier.ShiftModifier,
    Qt.KeyboardModifier.ControlModifier,
    Qt.KeyboardModifier.AltModifier,
)
LEFT, MIDDLE, RIGHT = Qt.MouseButton.LeftButton, Qt.MouseButton.MiddleButton, Qt.MouseButton.RightButton
Bench = Any


def test_click_selects_and_shows_it(bench: Bench) -> None:
    bench.click(bench.body("relu_1"))
    assert bench.selected == ["relu_1"]
    assert bench.selections[-1] == ["relu_1"]
    card = bench.item("relu_1").card
    assert bench.shows(theme_manager().palette.node_selected, bench.at(QPointF(card.center().x(), card.top())), 3)


def test_shift_adds_and_control_toggles(bench: Bench) -> None:
    bench.click(bench.body("relu_1"))
    bench.click(bench.body("conv2d_1"), SHIFT)
    assert bench.selected == ["relu_1", "conv2d_1"]
    bench.click(bench.body("relu_1"), CONTROL)
    assert bench.selected == ["conv2d_1"]
    bench.click(bench.body("flatten_1"), CONTROL)
    assert bench.selected == ["conv2d_1", "flatten_1"]


def test_click_on_empty_canvas_selects_nothing(bench: Bench) -> None:
    bench.click(bench.body("relu_1"))
    bench.click(bench.empty)
    assert bench.selected == []


def test_drag_moves_in_one_undoable_step(bench: Bench) -> None:
    before = bench.dumps
    start = bench.body("add_1")
    bench.drag(start, start + QPoint(60, 40))
    assert bench.graph["add_1"].position == (396.0, 200.0)
    assert bench.host.history.labels == ["Move 1 node"]
    bench.host.undo()
    assert bench.dumps == before


def test_drag_moves_all_that_is_selected_with_their_wires(bench: Bench) -> None:
    bench.click(bench.body("conv2d_1"))
    bench.click(bench.body("relu_1"), SHIFT)
    curve = bench.view.canvas_scene.wires[Wire("conv2d_1", "y", "relu_1", "x")].curve
    start = bench.body("relu_1")
    bench.drag(start, start + QPoint(0, 90))
    assert bench.graph["conv2d_1"].position == (168.0, 90.0)
    assert bench.graph["relu_1"].position == (336.0, 90.0)
    moved = bench.view.canvas_scene.wires[Wire("conv2d_1", "y", "relu_1", "x")].curve
    assert moved[0] == (curve[0][0], curve[0][1] + 90.0)


def test_escape_gives_up_a_drag(bench: Bench) -> None:
    before = bench.dumps
    start = bench.body("add_1")
    bench.press(start)
    bench.move(start + QPoint(80, 30))
    assert bench.item("add_1").x() == 416.0
    QTest.keyClick(bench.view, Qt.Key.Key_Escape)
    assert bench.item("add_1").x() == 336.0
    bench.release(start + QPoint(80, 30))
    assert bench.dumps == before
    assert bench.host.history.labels == []


def test_shift_snaps_to_the_grid(bench: Bench) -> None:
    start = bench.body("add_1")
    bench.press(start)
    bench.move(start + QPoint(31, 17), modifiers=SHIFT)
    bench.release(start + QPoint(31, 17), modifiers=SHIFT)
    x, y = bench.graph["add_1"].position
    assert x % 24 == 0
    assert y % 24 == 0
    assert (x, y) != (336.0, 160.0)


def test_alt_drag_copies(bench: Bench) -> None:
    bench.click(bench.body("conv2d_1"))
    bench.click(bench.body("relu_1"), SHIFT)
    start = bench.body("relu_1")
    bench.drag(start, start + QPoint(20, 300), ALT)
    assert bench.graph["relu_1"].position == (336.0, 0.0)
    assert bench.graph["conv2d_2"].parameters == {"channels": 6}
    assert bench.graph["relu_2"].position == (356.0, 300.0)
    assert "conv2d_2.y → relu_2.x" in bench.wires
    assert bench.selected == ["conv2d_2", "relu_2"]
    assert bench.host.history.labels == ["Duplicate 2 nodes"]


def test_marquee_selects_what_it_touches(bench: Bench) -> None:
    first, last = bench.item("conv2d_1").card, bench.item("flatten_1").card
    bench.drag(bench.at(first.topLeft()) - QPoint(10, 10), bench.at(QPointF(last.left() + 8, last.bottom() + 10)))
    assert set(bench.selected) == {"conv2d_1", "relu_1", "flatten_1"}
    assert len(bench.selections) == 1


def test_marquee_adds_toggles_and_is_given_up(bench: Bench) -> None:
    bench.click(bench.body("add_1"))
    card = bench.item("relu_1").card
    start, end = bench.at(card.topLeft()) - QPoint(10, 10), bench.at(card.bottomRight()) + QPoint(10, 10)
    bench.drag(start, end, SHIFT)
    assert bench.selected == ["add_1", "relu_1"]
    bench.drag(start, end, CONTROL)
    assert bench.selected == ["add_1"]
    bench.press(start)
    bench.move(end)
    assert bench.selected == ["relu_1"]
    QTest.keyClick(bench.view, Qt.Key.Key_Escape)
    bench.release(end)
    assert bench.selected == ["add_1"]


def test_wire_from_output_to_input(bench: Bench) -> None:
    bench.drag(bench.port("relu_1", "output", "y"), bench.port("add_1", "input", "xs.0"))
    assert "relu_1.y → add_1.xs.0" in bench.wires
    assert bench.host.history.labels == ["Connect ReLU → Add"]
    assert bench.shows(theme_manager().palette.kind("image"), bench.wire_middle("add_1", "xs.0"), 3)
    assert bench.item("add_1").ports("input") == ("xs.0", "xs.1")
    bench.drag(bench.port("conv2d_1", "output", "y"), bench.port("add_1", "input", "xs.1"))
    assert bench.item("add_1").ports("input") == ("xs.0", "xs.1", "xs.2")


def test_wire_from_input_to_output(bench: Bench) -> None:
    bench.drag(bench.port("add_1", "input", "xs.0"), bench.port("conv2d_1", "output", "y"))
    assert "conv2d_1.y → add_1.xs.0" in bench.wires


def test_legal_ports_glow_and_the_rest_fades(bench: Bench) -> None:
    start = bench.port("input_2", "output", "y")
    bench.press(start)
    bench.move(start + QPoint(30, 10))
    assert bench.item("cross_entropy_1").legal == {("input", "label")}
    assert bench.item("add_1").legal == {("input", "xs.0"), ("input", "xs.1")}
    assert bench.item("conv2d_1").legal == frozenset()
    assert bench.item("conv2d_1").faded
    assert not bench.item("input_2").faded
    label, logits = (bench.port("cross_entropy_1", "input", name) for name in ("label", "logits"))
    assert bench.color(label + QPoint(0, 8)) != bench.color(logits + QPoint(0, -8))
    QTest.keyClick(bench.view, Qt.Key.Key_Escape)
    bench.release(start)
    assert bench.item("cross_entropy_1").legal is None
    assert not bench.item("conv2d_1").faded


def test_illegal_wire_is_refused_with_the_reason_at_the_cursor(bench: Bench) -> None:
    before = bench.dumps
    start, end = bench.port("input_2", "output", "y"), bench.port("cross_entropy_1", "input", "logits")
    bench.press(start)
    bench.move(start + QPoint(20, 0))
    bench.move(end)
    assert bench.view.note.is_refusal
    said = bench.view.note.text
    assert said.startswith("Cross entropy takes vector (N×C) here")
    assert said.endswith("not label (N).")
    assert bench.shows(theme_manager().palette.danger, bench.view.note.rect.center().toPoint(), 160)
    bench.release(end)
    assert bench.dumps == before
    assert bench.messages == [said]


def test_circle_is_refused(bench: Bench) -> None:
    bench.drag(bench.port("linear_1", "output", "y"), bench.port("conv2d_1", "input", "x"))
    assert bench.messages == ["That would be a circle: Linear already depends on Conv 2d."]


def test_wire_dropped_on_a_node_takes_its_first_legal_port(bench: Bench) -> None:
    bench.drag(bench.port("input_2", "output", "y"), bench.body("cross_entropy_1"))
    assert "input_2.y → cross_entropy_1.label" in bench.wires


def test_wire_dropped_on_a_taken_port_replaces(bench: Bench) -> None:
    bench.drag(bench.port("conv2d_1", "output", "y"), bench.port("flatten_1", "input", "x"))
    assert "conv2d_1.y → flatten_1.x" in bench.wires
    assert "relu_1.y → flatten_1.x" not in bench.wires
    assert Wire("relu_1", "y", "flatten_1", "x") not in bench.view.canvas_scene.wires
    bench.host.undo()
    assert "relu_1.y → flatten_1.x" in bench.wires


def test_wire_is_picked_up_at_its_end_and_moved(bench: Bench) -> None:
    bench.drag(bench.port("flatten_1", "input", "x"), bench.port("add_1", "input", "xs.0"))
    assert "relu_1.y → add_1.xs.0" in bench.wires
    assert "relu_1.y → flatten_1.x" not in bench.wires
    assert bench.host.history.labels == ["Move wire to Add"]


def test_wire_is_picked_up_and_dropped_where_nothing_is(bench: Bench) -> None:
    bench.drag(bench.port("flatten_1", "input", "x"), bench.empty)
    assert "relu_1.y → flatten_1.x" not in bench.wires
    assert not bench.view.adding.is_open


def test_wire_that_is_picked_up_and_given_up_stays(bench: Bench) -> None:
    start = bench.port("flatten_1", "input", "x")
    bench.press(start)
    bench.move(start + QPoint(-30, 60))
    item = bench.view.canvas_scene.wires[Wire("relu_1", "y", "flatten_1", "x")]
    assert not item.isVisible()
    QTest.keyClick(bench.view, Qt.Key.Key_Escape)
    bench.release(start)
    assert item.isVisible()


def test_control_drag_moves_all_wires_of_an_output(bench: Bench) -> None:
    bench.drag(bench.port("relu_1", "output", "y"), bench.port("add_1", "input", "xs.0"))
    bench.drag(bench.port("relu_1", "output", "y"), bench.port("conv2d_1", "output", "y"), CONTROL)
    assert {"conv2d_1.y → flatten_1.x", "conv2d_1.y → add_1.xs.0"} <= bench.wires
    assert not {"relu_1.y → flatten_1.x", "relu_1.y → add_1.xs.0"} & bench.wires
    assert bench.host.history.labels[-1] == "Move wires to Conv 2d"


def test_wire_released_on_empty_canvas_offers_what_fits(bench: Bench) -> None:
    bench.drag(bench.port("relu_1", "output", "y"), bench.empty)
    popup = bench.view.adding.popup
    assert popup.isVisible()
    offered = [match.entry.key for match in popup.search.model.matches]
    assert "conv2d" in offered
    assert "linear" not in offered  # it takes a vector
    assert "input" not in offered
    assert "cross_entropy" not in offered
    bench.type("max pool")
    bench.choose()
    (added,) = [node.id for node in bench.graph if node.block.startswith("max_pool")]
    assert f"relu_1.y → {added}.x" in bench.wires
    assert bench.selected == [added]
    assert len(bench.host.history.labels) == 1
    bench.host.undo()
    assert added not in bench.graph


def test_wire_from_an_input_offers_what_leads_to_it(bench: Bench) -> None:
    bench.drag(bench.port("cross_entropy_1", "input", "logits"), bench.empty)
    offered = [match.entry.key for match in bench.view.adding.popup.search.model.matches]
    assert "linear" in offered
    assert "output" not in offered
    assert "accuracy" not in offered  # gives a scalar, which is no vector
    bench.type("linear")
    bench.choose()
    assert "linear_2.y → cross_entropy_1.logits" in bench.wires


def test_node_dropped_on_a_wire_is_put_into_it(bench: Bench) -> None:
    start = bench.title("add_1")
    offset = bench.at(bench.item("add_1").card.center()) - start
    bench.drag(start, bench.wire_middle("flatten_1", "x") - offset)
    assert {"relu_1.y → add_1.xs.0", "add_1.y → flatten_1.x"} <= bench.wires
    assert "relu_1.y → flatten_1.x" not in bench.wires
    assert bench.host.history.labels == ["Insert Add"]
    bench.host.undo()
    assert bench.graph["add_1"].position == (336.0, 160.0)
    assert "relu_1.y → flatten_1.x" in bench.wires


def test_block_that_does_not_fit_is_not_put_into_a_wire(bench: Bench) -> None:
    bench.drag(bench.port("input_2", "output", "y"), bench.port("cross_entropy_1", "input", "label"))
    start = bench.title("cross_entropy_1")
    offset = bench.at(bench.item("cross_entropy_1").card.center()) - start
    bench.drag(start, bench.wire_middle("relu_1", "x") - offset)
    assert "conv2d_1.y → relu_1.x" in bench.wires


def test_alt_click_cuts_a_wire_and_a_port(bench: Bench) -> None:
    bench.click(bench.wire_middle("relu_1", "x"), ALT)
    assert "conv2d_1.y → relu_1.x" not in bench.wires
    bench.click(bench.port("flatten_1", "input", "x"), ALT)
    assert "relu_1.y → flatten_1.x" not in bench.wires


def test_knife_cuts_what_it_crosses(bench: Bench) -> None:
    middle = bench.wire_middle("relu_1", "x")
    bench.drag(middle - QPoint(0, 50), middle + QPoint(0, 50), CONTROL, RIGHT)
    assert bench.wires == {"input_1.y → conv2d_1.x", "relu_1.y → flatten_1.x", "flatten_1.y → linear_1.x"}
    assert len(bench.host.history.labels) == 1


def test_click_selects_a_wire_and_delete_cuts_it(bench: Bench) -> None:
    bench.click(bench.wire_middle("relu_1", "x"))
    assert bench.view.canvas_scene.selected_wires == [Wire("conv2d_1", "y", "relu_1", "x")]
    assert bench.shows(theme_manager().palette.accent, bench.wire_middle("relu_1", "x"), 3)
    bench.key(Qt.Key.Key_Delete)
    assert "conv2d_1.y → relu_1.x" not in bench.wires


@pytest.mark.parametrize("way", ["middle", "space"])
def test_panning(bench: Bench, way: str) -> None:
    before = bench.view.visible_rect().topLeft()
    start = bench.empty
    if way == "middle":
        bench.drag(start, start + QPoint(90, 40), button=MIDDLE)
    else:
        QTest.keyPress(bench.view, Qt.Key.Key_Space)
        bench.drag(start, start + QPoint(90, 40))
        QTest.keyRelease(bench.view, Qt.Key.Key_Space)
        assert not bench.view.adding.is_open
    assert bench.view.visible_rect().topLeft() == before - QPointF(90, 40) / bench.view.scale_now
    assert bench.host.history.labels == []


def test_wheel_zooms_at_the_cursor(bench: Bench) -> None:
    from PySide6.QtGui import QWheelEvent

    at = bench.at(bench.item("relu_1").card.center())
    scene = bench.view.mapToScene(at)
    event = QWheelEvent(
        QPointF(at),
        QPointF(bench.view.viewport().mapToGlobal(at)),
        QPoint(),
        QPoint(0, 240),
        Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QApplication.sendEvent(bench.view.viewport(), event)
    assert bench.view.zoom > 1.3
    away = bench.view.mapToScene(at) - scene
    assert abs(away.x()) < 1.0
    assert abs(away.y()) < 1.0


def test_two_fingers_pan(bench: Bench) -> None:
    from PySide6.QtGui import QWheelEvent

    before, at = bench.view.visible_rect().topLeft(), QPointF(bench.empty)
    event = QWheelEvent(
        at,
        QPointF(bench.view.viewport().mapToGlobal(at.toPoint())),
        QPoint(-30, -50),
        QPoint(-60, -100),
        Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier,
        Qt.ScrollPhase.ScrollUpdate,
        False,
    )
    QApplication.sendEvent(bench.view.viewport(), event)
    assert bench.view.zoom == pytest.approx(1.0)
    assert bench.view.visible_rect().topLeft() == before + QPointF(30, 50) / bench.view.scale_now


def test_double_click_on_empty_canvas_adds_there(bench: Bench) -> None:
    at = bench.empty
    bench.double_click(at)
    bench.type("dropout")
    bench.choose()
    card = bench.item("dropout_1").card
    assert card.contains(bench.view.mapToScene(at))
    assert bench.selected == ["dropout_1"]
    assert bench.view.hasFocus()


def test_double_click_on_the_body_activates(bench: Bench) -> None:
    bench.double_click(bench.body("conv2d_1"))
    assert bench.activated == ["conv2d_1"]


def test_double_click_on_the_title_renames(bench: Bench) -> None:
    bench.double_click(bench.title("conv2d_1"))
    field = bench.view._rename
    assert field.isVisible()
    QTest.keyClicks(field, "Edges")
    QTest.keyClick(field, Qt.Key.Key_Return)
    assert bench.graph["conv2d_1"].title == "Edges"
    assert not field.isVisible()
    assert bench.item("conv2d_1").title == "Edges"


def test_hovering_a_port_and_a_wire_says_what_they_carry(bench: Bench) -> None:
    bench.hover(bench.port("relu_1", "output", "y"))
    assert bench.view.note.text.startswith("y · N×6×28×28 · image")
    bench.hover(bench.wire_middle("linear_1", "x"))
    assert bench.view.note.text == "N×4704 · vector"
    bench.hover(bench.empty)
    assert bench.view.note.text == ""


def test_minimap_leads_there(bench: Bench) -> None:
    assert bench.view.minimap.rect.isEmpty()  # all is in view
    bench.view.set_zoom(2.0)
    rect = bench.view.minimap.rect
    bench.press(rect.topLeft().toPoint() + QPoint(14, 30))
    bench.move(rect.center().toPoint() + QPoint(40, 0))
    bench.release(rect.center().toPoint() + QPoint(40, 0))
    goal = bench.view.minimap.to_scene(QPointF(rect.center().toPoint() + QPoint(40, 0)))
    away = bench.view.visible_rect().center() - goal
    assert abs(away.x()) < 4
    assert abs(away.y()) < 4
    assert bench.host.history.labels == []


def test_right_click_selects_and_asks_for_a_menu(bench: Bench) -> None:
    from PySide6.QtGui import QContextMenuEvent

    asked: list[QPoint] = []
    bench.view.menu_requested.connect(asked.append)
    at = bench.body("relu_1")
    event = QContextMenuEvent(QContextMenuEvent.Reason.Mouse, at, bench.view.viewport().mapToGlobal(at))
    QApplication.sendEvent(bench.view.viewport(), event)
    assert bench.selected == ["relu_1"]
    assert len(asked) == 1
