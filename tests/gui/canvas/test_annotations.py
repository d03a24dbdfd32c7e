"""Frames, notes, reroute points, collapsed nodes and bookmarks, by mouse and by keys."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest

from app.canvas.annotation_item import AnnotationItem
from app.theme import theme_manager
from graph_engine.document import Annotate, Annotation, BendWire, Document, Wire
from graph_engine.document.file import dumps
from graph_engine.document.geometry import HEADER

Bench = Any
NONE, SHIFT = Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.ShiftModifier
CONTROL, ALT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.AltModifier
BETWEEN = Wire("conv2d_1", "y", "relu_1", "x")


def item(bench: Bench, name: str) -> AnnotationItem:
    return bench.view.canvas_scene.annotations[name]  # type: ignore[no-any-return]


def write(bench: Bench, text: str, end: Qt.Key = Qt.Key.Key_Return, modifiers: Qt.KeyboardModifier = NONE) -> None:
    field = bench.view.annotating.field
    assert field.isVisible()
    QTest.keyClicks(field, text)
    QTest.keyClick(field, end, modifiers)
    bench.settle()


def framed(bench: Bench) -> Bench:
    """The convolution and its activation in a frame."""
    bench.click(bench.body("conv2d_1"))
    bench.click(bench.body("relu_1"), SHIFT)
    bench.key(Qt.Key.Key_C)
    write(bench, "Stem")
    return bench


def title(bench: Bench, name: str) -> QPoint:
    return bench.at(item(bench, name).title_area.center())  # type: ignore[no-any-return]


def test_c_frames_the_selection_and_asks_for_the_title(bench: Bench) -> None:
    framed(bench)
    frame = bench.graph.annotations["frame_1"]
    assert (frame.kind, frame.text) == ("frame", "Stem")
    assert item(bench, "frame_1").area.contains(bench.item("conv2d_1").card.united(bench.item("relu_1").card))
    assert not item(bench, "frame_1").area.intersects(bench.item("flatten_1").card)
    assert bench.view.canvas_scene.selected_annotations == ["frame_1"]
    bench.click(bench.empty)
    text = bench.at(item(bench, "frame_1").title_area.topLeft() + QPointF(22.0, 12.0))
    assert bench.shows(theme_manager().palette.group_text, text, 12)
    bench.key(Qt.Key.Key_Z, CONTROL)
    bench.key(Qt.Key.Key_Z, CONTROL)
    assert not bench.graph.annotations
    assert not bench.view.canvas_scene.annotations


def test_escape_gives_up_a_title_and_a_double_click_writes_it(bench: Bench) -> None:
    framed(bench)
    bench.key(Qt.Key.Key_F2)
    write(bench, "Other", Qt.Key.Key_Escape)
    assert bench.graph.annotations["frame_1"].text == "Stem"
    bench.double_click(title(bench, "frame_1"))
    write(bench, "Trunk")
    assert bench.graph.annotations["frame_1"].text == "Trunk"


def test_a_frame_moves_what_it_holds_in_one_step(bench: Bench) -> None:
    framed(bench)
    bench.host.attempt(BendWire(BETWEEN, ((330.0, 90.0),)))
    steps, start = len(bench.host.history.labels), title(bench, "frame_1")
    before, where = bench.dumps, {name: bench.graph[name].position for name in bench.graph.nodes}
    corner = bench.graph.annotations["frame_1"].position
    bench.press(start)
    bench.move(start + QPoint(10, 60))
    assert bench.item("relu_1").y() == where["relu_1"][1] + 60.0, "what it holds is seen to move"
    bench.release(start + QPoint(10, 60))
    assert bench.graph.annotations["frame_1"].position == (corner[0] + 10.0, corner[1] + 60.0)
    for name in ("conv2d_1", "relu_1"):
        assert bench.graph[name].position == (where[name][0] + 10.0, where[name][1] + 60.0)
    assert bench.graph["flatten_1"].position == where["flatten_1"]
    assert bench.graph.wire_at("relu_1", "x").bends == ((340.0, 150.0),)
    assert len(bench.host.history.labels) == steps + 1
    bench.key(Qt.Key.Key_Z, CONTROL)
    assert bench.dumps == before


def test_escape_gives_up_moving_a_frame(bench: Bench) -> None:
    framed(bench)
    before, start = bench.dumps, title(bench, "frame_1")
    bench.press(start)
    bench.move(start + QPoint(50, 50))
    QTest.keyClick(bench.view, Qt.Key.Key_Escape)
    bench.release(start + QPoint(50, 50))
    assert bench.dumps == before
    assert item(bench, "frame_1").annotation == bench.graph.annotations["frame_1"]


def test_a_frame_is_resized_by_its_corner_and_holds_what_lies_in_it_then(bench: Bench) -> None:
    framed(bench)
    area = item(bench, "frame_1").area
    corner = bench.at(area.bottomRight()) - QPoint(4, 4)
    bench.drag(corner, corner + QPoint(170, 20))
    assert bench.graph.annotations["frame_1"].size == (area.width() + 170.0, area.height() + 20.0)
    assert bench.view.canvas_scene.with_members((), ("frame_1",))[0] == ["conv2d_1", "relu_1", "flatten_1"]
    bench.key(Qt.Key.Key_C, SHIFT)
    assert item(bench, "frame_1").area.right() == bench.item("flatten_1").card.right() + 24.0
    small = bench.at(item(bench, "frame_1").area.bottomRight()) - QPoint(4, 4)
    bench.drag(small, small - QPoint(900, 500))
    assert bench.graph.annotations["frame_1"].size == (96.0, 40.0)


def test_what_lies_in_a_frame_is_reached_through_it(bench: Bench) -> None:
    framed(bench)
    bench.click(bench.body("relu_1"))
    assert bench.selected == ["relu_1"]
    assert not bench.view.canvas_scene.selected_annotations
    inside = bench.at(bench.item("relu_1").card.bottomLeft() + QPointF(-12.0, 14.0))
    bench.drag(inside, bench.at(bench.item("relu_1").card.center()))
    assert bench.selected == ["relu_1"], "a drag that begins on its ground selects with a rectangle"


def test_deleting_a_frame_leaves_its_nodes(bench: Bench) -> None:
    framed(bench)
    nodes = set(bench.graph.nodes)
    bench.key(Qt.Key.Key_Delete)
    assert not bench.graph.annotations
    assert set(bench.graph.nodes) == nodes


def test_a_marquee_takes_the_frames_that_lie_in_it(bench: Bench) -> None:
    framed(bench)
    area = item(bench, "frame_1").area
    bench.drag(bench.at(area.topLeft()) - QPoint(20, 40), bench.at(area.bottomRight()) + QPoint(6, 6))
    assert bench.view.canvas_scene.selected_annotations == ["frame_1"]
    assert bench.selected == ["conv2d_1", "relu_1"]
    bench.key(Qt.Key.Key_Right)
    bench.key(Qt.Key.Key_Right)
    assert item(bench, "frame_1").area.left() == area.left() + 16.0
    assert bench.graph["conv2d_1"].position == (184.0, 0.0)
    assert bench.host.history.labels.count("Move 2 nodes") == 1


def test_frames_and_notes_are_copied_as_text(bench: Bench) -> None:
    framed(bench)
    bench.host.attempt(Annotate((Annotation("note_1", "note", "שלום", (170.0, -20.0), (100.0, 40.0)),)))
    bench.click(title(bench, "frame_1"))
    bench.key(Qt.Key.Key_D, CONTROL)
    assert bench.graph.annotations["frame_2"].text == "Stem"
    assert bench.graph.annotations["note_2"].text == "שלום"
    assert {"conv2d_2", "relu_2"} <= set(bench.graph.nodes)
    assert "conv2d_2.y → relu_2.x" in bench.wires
    bench.view.canvas_scene.choose((), (), ("note_1",))
    bench.key(Qt.Key.Key_X, CONTROL)
    assert "note_1" not in bench.graph.annotations
    assert "שלום" in QGuiApplication.clipboard().text()
    bench.key(Qt.Key.Key_V, CONTROL)
    (pasted,) = bench.view.canvas_scene.selected_annotations
    assert bench.graph.annotations[pasted].text == "שלום"
    assert bench.host.history.labels[-2:] == ["Cut the note", "Paste 1 annotations"]


def test_alt_drag_of_a_frame_copies_it_with_what_it_holds(bench: Bench) -> None:
    framed(bench)
    start = title(bench, "frame_1")
    bench.drag(start, start + QPoint(0, 260), ALT)
    assert bench.graph["relu_2"].position == (336.0, 260.0)
    assert len(bench.graph.annotations) == 2
    assert bench.host.history.labels[-1] == "Duplicate 2 nodes"


def test_a_frame_is_copied_and_cut_with_what_it_holds(bench: Bench) -> None:
    framed(bench)
    before = dumps(bench.host.document)
    bench.view.canvas_scene.choose((), (), ("frame_1",))
    bench.key(Qt.Key.Key_C, CONTROL)
    bench.key(Qt.Key.Key_V, CONTROL)
    assert {"conv2d_2", "relu_2"} <= set(bench.graph.nodes)
    assert "conv2d_2.y → relu_2.x" in bench.wires
    assert set(bench.graph.annotations) == {"frame_1", "frame_2"}
    bench.key(Qt.Key.Key_Z, CONTROL)
    bench.view.canvas_scene.choose((), (), ("frame_1",))
    bench.key(Qt.Key.Key_X, CONTROL)
    assert not bench.graph.annotations
    assert not {"conv2d_1", "relu_1"} & set(bench.graph.nodes)
    bench.key(Qt.Key.Key_Z, CONTROL)
    assert dumps(bench.host.document) == before


def test_n_puts_a_note_that_holds_lines_in_any_script(bench: Bench) -> None:
    bench.hover(QPoint(500, 520))
    bench.key(Qt.Key.Key_N)
    field = bench.view.annotating.field
    QTest.keyClicks(field, "one")
    QTest.keyClick(field, Qt.Key.Key_Return)
    field.insertPlainText("הערה")
    QTest.keyClick(field, Qt.Key.Key_Return, CONTROL)
    bench.settle()
    note = bench.graph.annotations["note_1"]
    assert (note.kind, note.text) == ("note", "one\nהערה")
    bench.click(bench.empty)
    picture, area = bench.picture(), item(bench, "note_1").area
    left, right = bench.at(area.topLeft()), bench.at(area.bottomRight())
    dark = [
        (x, y)
        for x in range(left.x() + 6, right.x() - 6)
        for y in range(left.y() + 6, left.y() + 44)
        if picture.rect().contains(x, y) and picture.pixelColor(x, y).lightness() > 150
    ]
    half, middle = (left.x() + right.x()) / 2, left.y() + 26
    assert any(x < half and y < middle for x, y in dark), "the first line begins at the left"
    assert any(x > half and y > middle for x, y in dark), "the Hebrew line begins at the right"
    assert not any(x < half and y > middle for x, y in dark)


def test_a_note_is_kept_when_it_is_left_with_escape_or_a_click(bench: Bench) -> None:
    bench.hover(bench.empty)
    bench.key(Qt.Key.Key_N)
    write(bench, "kept", Qt.Key.Key_Escape)
    assert bench.graph.annotations["note_1"].text == "kept"
    bench.double_click(bench.at(item(bench, "note_1").area.center()))
    QTest.keyClicks(bench.view.annotating.field, "also")
    bench.click(bench.body("add_1"))
    assert bench.graph.annotations["note_1"].text == "also"


def test_colours_go_round(bench: Bench) -> None:
    framed(bench)
    for color in ("blue", "green", "orange", "purple", "red", "neutral"):
        bench.view.annotating.recolor()
        assert bench.graph.annotations["frame_1"].color == color


def test_double_click_on_a_wire_bends_it_there(bench: Bench) -> None:
    at = bench.wire_middle("relu_1", "x")
    bench.double_click(at)
    (bend,) = bench.graph.wire_at("relu_1", "x").bends
    assert bench.at(QPointF(*bend)) == at
    assert bench.host.history.labels == ["Reroute a wire"]
    assert not bench.view.adding.is_open
    bench.drag(at, at + QPoint(4, 90))
    assert bench.graph.wire_at("relu_1", "x").bends == ((bend[0] + 4.0, bend[1] + 90.0),)
    assert bench.view.canvas_scene.wires[BETWEEN].distance(QPointF(bend[0] + 4.0, bend[1] + 90.0)) < 1.0
    assert bench.shows(theme_manager().palette.accent, at + QPoint(4, 90), 4)
    bench.double_click(at + QPoint(4, 90))
    assert bench.graph.wire_at("relu_1", "x").bends == ()
    for _ in range(3):
        bench.key(Qt.Key.Key_Z, CONTROL)
    assert bench.graph.wire_at("relu_1", "x").bends == ()
    assert bench.host.history.labels == []


def test_a_second_point_goes_between_the_right_ones(bench: Bench) -> None:
    bench.host.attempt(BendWire(BETWEEN, ((310.0, 140.0),)))
    curve = bench.view.canvas_scene.wires[BETWEEN].points
    after = curve[len(curve) * 3 // 4]
    bench.double_click(bench.at(QPointF(*after)))
    bends = bench.graph.wire_at("relu_1", "x").bends
    assert len(bends) == 2
    assert bends[0] == (310.0, 140.0)


def test_escape_gives_up_dragging_a_point(bench: Bench) -> None:
    bench.host.attempt(BendWire(BETWEEN, ((310.0, 140.0),)))
    before, at = bench.dumps, bench.at(QPointF(310.0, 140.0))
    curve = bench.view.canvas_scene.wires[BETWEEN].curve
    bench.press(at)
    bench.move(at + QPoint(40, 40))
    assert bench.view.canvas_scene.wires[BETWEEN].curve != curve
    QTest.keyClick(bench.view, Qt.Key.Key_Escape)
    bench.release(at + QPoint(40, 40))
    assert bench.dumps == before
    assert bench.view.canvas_scene.wires[BETWEEN].curve == curve


def test_wires_by_keys_alone(bench: Bench) -> None:
    bench.click(bench.body("relu_1"))
    bench.key(Qt.Key.Key_W)
    assert bench.view.canvas_scene.selected_wires == [BETWEEN]
    bench.key(Qt.Key.Key_R)
    (bend,) = bench.graph.wire_at("relu_1", "x").bends
    bench.key(Qt.Key.Key_R, SHIFT)
    assert bench.graph.wire_at("relu_1", "x").bends == ()
    place = bench.graph["relu_1"].position
    bench.key(Qt.Key.Key_R)
    bench.key(Qt.Key.Key_Down, SHIFT)
    assert bench.graph.wire_at("relu_1", "x").bends == ((bend[0], bend[1] + 80.0),)
    assert bench.graph["relu_1"].position == place
    bench.key(Qt.Key.Key_X)
    assert "conv2d_1.y → relu_1.x" not in bench.wires
    bench.key(Qt.Key.Key_Z, CONTROL)
    assert bench.graph.wire_at("relu_1", "x").bends == ((bend[0], bend[1] + 80.0),)


def test_a_node_is_put_into_a_wire_and_takes_over_wires_by_keys(bench: Bench) -> None:
    bench.view.adding.open()
    bench.type("dropout")
    bench.choose()
    bench.view.canvas_scene.choose(("dropout_1",))
    while bench.view.canvas_scene.selected_wires != [BETWEEN]:
        bench.key(Qt.Key.Key_W)
    bench.key(Qt.Key.Key_I)
    assert {"conv2d_1.y → dropout_1.x", "dropout_1.y → relu_1.x"} <= bench.wires
    bench.view.canvas_scene.choose(("dropout_1", "conv2d_1"))
    bench.key(Qt.Key.Key_J, SHIFT)
    assert "conv2d_1.y → relu_1.x" in bench.wires


def test_h_collapses_and_opens(bench: Bench) -> None:
    bench.click(bench.body("conv2d_1"))
    height = bench.item("conv2d_1").geometry.height
    below = bench.at(bench.item("conv2d_1").card.bottomLeft()) + QPoint(30, -8)
    bench.key(Qt.Key.Key_H)
    assert bench.graph["conv2d_1"].collapsed
    assert bench.item("conv2d_1").geometry.height == HEADER
    assert not bench.shows(theme_manager().palette.node_body, below, 1)
    wire = bench.view.canvas_scene.wires[BETWEEN]
    assert wire.curve[0] == (bench.item("conv2d_1").x() + bench.item("conv2d_1").geometry.width, HEADER / 2)
    bench.key(Qt.Key.Key_H)
    assert bench.item("conv2d_1").geometry.height == height
    assert bench.host.history.labels == ["Collapse Conv 2d", "Open Conv 2d"]


def test_a_wire_dropped_on_a_collapsed_node_takes_a_port_that_fits(bench: Bench) -> None:
    bench.view.canvas_scene.choose(("cross_entropy_1",))
    bench.key(Qt.Key.Key_H)
    bench.drag(bench.port("linear_1", "output", "y"), bench.at(bench.item("cross_entropy_1").card.center()))
    bench.drag(
        bench.port("input_2", "output", "y"),
        bench.port("cross_entropy_1", "input", "label"),
    )
    assert "linear_1.y → cross_entropy_1.logits" in bench.wires
    assert "input_2.y → cross_entropy_1.label" in bench.wires


def test_bookmarks_are_set_and_gone_to(bench: Bench) -> None:
    bench.view.set_zoom(0.8)
    bench.view.centerOn(QPointF(400.0, 100.0))
    bench.key(Qt.Key.Key_3, CONTROL | SHIFT)
    there = bench.view.visible_rect().center()
    bench.key(Qt.Key.Key_Home)
    bench.view.set_zoom(0.3)
    bench.key(Qt.Key.Key_3, CONTROL)
    assert bench.view.zoom == pytest.approx(0.8)
    away = bench.view.visible_rect().center() - there
    assert abs(away.x()) + abs(away.y()) < 4.0
    bench.key(Qt.Key.Key_4, CONTROL)
    assert "no bookmark 4" in bench.messages[-1]


def test_they_are_seen_from_afar(make_bench: Callable[[Document], Bench], bench: Bench) -> None:
    framed(bench)
    bench.click(bench.empty)
    inside = item(bench, "frame_1").area.bottomLeft() + QPointF(8.0, -8.0)
    bench.view.set_zoom(0.15)
    bench.view.centerOn(item(bench, "frame_1").area.center())
    ground = bench.color(QPoint(4, 4))
    assert bench.color(bench.at(inside)) != ground
