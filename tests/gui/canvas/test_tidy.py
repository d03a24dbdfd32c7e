"""Order on request: straight wires, common edges, equal gaps, guides while dragging, a layout that keeps the view."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest
from PySide6.QtCore import QPoint, QPointF, QRectF, Qt

from app.canvas.gestures.guides import level_with
from app.canvas.tidy import Edge, aligned, distributed
from app.theme import theme_manager
from graph_engine.document import Annotate, Annotation, Move

Bench = Any
CONTROL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier
PLACES = {"a": (0.0, 0.0), "b": (50.0, 200.0), "c": (300.0, 90.0)}
SIZES = {"a": (100.0, 40.0), "b": (60.0, 80.0), "c": (20.0, 20.0)}


@pytest.mark.parametrize(
    ("edge", "wanted"),
    [
        ("left", [0.0, 0.0, 0.0]),
        ("right", [220.0, 260.0, 300.0]),
        ("center", [110.0, 130.0, 150.0]),
        ("top", [0.0, 0.0, 0.0]),
        ("bottom", [240.0, 200.0, 260.0]),
        ("middle", [120.0, 100.0, 130.0]),
    ],
)
def test_aligning_moves_along_one_axis_alone(edge: Edge, wanted: list[float]) -> None:
    axis = 0 if edge in ("left", "right", "center") else 1
    found = aligned(PLACES, SIZES, edge)
    assert [place[axis] for place in found.values()] == wanted
    assert [place[1 - axis] for place in found.values()] == [place[1 - axis] for place in PLACES.values()]


def test_distributing_makes_the_gaps_equal_and_leaves_the_ends() -> None:
    found = distributed(PLACES, SIZES, "across")
    order = sorted(found, key=lambda name: found[name][0])
    gaps = [found[b][0] - found[a][0] - SIZES[a][0] for a, b in pairwise(order)]
    assert gaps == pytest.approx([gaps[0]] * 2)
    assert (found["a"], found["c"]) == (PLACES["a"], PLACES["c"])


def test_align_and_distribute_are_one_step_each(bench: Bench) -> None:
    before = bench.dumps
    bench.view.canvas_scene.choose(("conv2d_1", "add_1", "cross_entropy_1"))
    bench.view.tidying.align("top")
    assert {bench.graph[name].position[1] for name in bench.selected} == {0.0}
    bench.view.tidying.distribute("across")
    bench.view.tidying.align("left")
    assert {bench.graph[name].position[0] for name in bench.selected} == {168.0}
    assert bench.host.history.labels == ["Align top", "Distribute across", "Align left"]
    while bench.host.history.undo_label is not None:
        bench.key(Qt.Key.Key_Z, CONTROL)
    assert bench.dumps == before
    bench.view.canvas_scene.choose(("conv2d_1",))
    bench.view.tidying.align("left")
    assert "two or more" in bench.messages[-1]


def test_q_makes_wires_level_where_there_is_room(bench: Bench) -> None:
    bench.host.attempt(Move((("relu_1", (336.0, 37.0)), ("flatten_1", (504.0, -60.0)))))
    bench.view.canvas_scene.choose(("conv2d_1", "relu_1", "flatten_1", "linear_1"))
    bench.key(Qt.Key.Key_Q)
    for wire in bench.graph.wires:
        if wire.source != "input_1":
            curve = bench.view.canvas_scene.wires[wire].curve
            assert curve[0][1] == curve[-1][1], wire
    assert bench.host.history.labels[-1] == "Straighten"


def test_q_lays_no_node_on_another(bench: Bench) -> None:
    bench.host.attempt(Move((("relu_1", (336.0, 90.0)), ("add_1", (336.0, 10.0)))))
    bench.view.canvas_scene.choose(("relu_1",))
    bench.key(Qt.Key.Key_Q)
    assert bench.graph["relu_1"].position == (336.0, 90.0)


def test_level_with_finds_the_nearest_edge_or_middle() -> None:
    card = QRectF(100.0, 100.0, 50.0, 20.0)
    dx, dy, lines = level_with(card, [QRectF(103.0, 300.0, 80.0, 20.0), QRectF(400.0, 98.0, 10.0, 24.0)], 6.0)
    assert (dx, dy) == (3.0, 0.0)
    assert len(lines) == 2
    assert level_with(card, [QRectF(400.0, 400.0, 10.0, 10.0)], 6.0) == (None, None, ())


def test_shift_draws_a_dragged_node_level_with_another_and_shows_the_line(bench: Bench) -> None:
    start = bench.body("add_1")
    offset = QPoint(168 + 3, 45)
    bench.press(start)
    bench.move(start + offset / 2, modifiers=SHIFT)
    bench.move(start + offset, modifiers=SHIFT)
    assert bench.item("add_1").x() == bench.item("flatten_1").x(), "it is level with the node above"
    between = bench.at(QPointF(504.0, 110.0))
    assert bench.shows(theme_manager().palette.accent, between, 2)
    bench.release(start + offset, modifiers=SHIFT)
    assert bench.graph["add_1"].position[0] == 504.0
    assert not bench.shows(theme_manager().palette.accent, between, 2)


def test_the_layout_keeps_what_is_looked_at_in_its_place(bench: Bench) -> None:
    bench.host.attempt(Move((("linear_1", (1900.0, 700.0)),)))
    bench.view.set_zoom(1.4)
    bench.view.centerOn(bench.item("flatten_1").card.center())
    bench.click(bench.body("flatten_1"))
    before = bench.at(bench.item("flatten_1").card.center())
    bench.key(Qt.Key.Key_L, CONTROL)
    assert bench.view.zoom == pytest.approx(1.4)
    away = bench.at(bench.item("flatten_1").card.center()) - before
    assert abs(away.x()) <= 2
    assert abs(away.y()) <= 2


def test_the_layout_downwards_by_key(bench: Bench) -> None:
    bench.host.attempt(Annotate((Annotation("note_1", "note", "x", (0.0, 0.0)),)))
    steps = len(bench.host.history.labels)
    bench.key(Qt.Key.Key_L, CONTROL | SHIFT)
    tops = [bench.graph[name].position[1] for name in ("input_1", "conv2d_1", "relu_1", "flatten_1", "linear_1")]
    assert tops == sorted(tops)
    assert len(set(tops)) == 5
    assert bench.host.history.labels[steps:] == ["Lay out downwards"]
