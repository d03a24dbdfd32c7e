"""Random gestures: the scene always shows the document, and undoing everything gives the first one."""

from __future__ import annotations

import random
from typing import Any

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtTest import QTest

from tests.document.drawings import lint as document_lint

Bench = Any
_MODIFIERS = (
    Qt.KeyboardModifier.NoModifier,
    Qt.KeyboardModifier.NoModifier,
    Qt.KeyboardModifier.ShiftModifier,
    Qt.KeyboardModifier.ControlModifier,
    Qt.KeyboardModifier.AltModifier,
)
_CONTROL, _NONE = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.NoModifier
_SHIFT = Qt.KeyboardModifier.ShiftModifier
_MOST = 14
"""Nodes: beyond, what was selected is deleted, so that a long run stays quick."""
_KEYS = (
    (Qt.Key.Key_Delete, _NONE),
    (Qt.Key.Key_Delete, _CONTROL),
    (Qt.Key.Key_C, _CONTROL),
    (Qt.Key.Key_V, _CONTROL),
    (Qt.Key.Key_D, _CONTROL),
    (Qt.Key.Key_J, _NONE),
    (Qt.Key.Key_L, _NONE),
    (Qt.Key.Key_L, _CONTROL),
    (Qt.Key.Key_Left, _NONE),
    (Qt.Key.Key_Z, _CONTROL),
    (Qt.Key.Key_Z, _CONTROL),
    (Qt.Key.Key_Y, _CONTROL),
    (Qt.Key.Key_Home, _NONE),
    (Qt.Key.Key_Q, _NONE),
    (Qt.Key.Key_H, _NONE),
    (Qt.Key.Key_R, _NONE),
    (Qt.Key.Key_R, _SHIFT),
    (Qt.Key.Key_W, _NONE),
    (Qt.Key.Key_X, _NONE),
    (Qt.Key.Key_I, _NONE),
    (Qt.Key.Key_J, _SHIFT),
    (Qt.Key.Key_C, _SHIFT),
    (Qt.Key.Key_N, _SHIFT),
    (Qt.Key.Key_A, _CONTROL),
    (Qt.Key.Key_L, _CONTROL | _SHIFT),
    (Qt.Key.Key_2, _CONTROL | _SHIFT),
)
_WRITTEN = ((Qt.Key.Key_C, _NONE), (Qt.Key.Key_N, _NONE))


class Monkey:
    """Presses at random where something is more often than where nothing is."""

    def __init__(self, bench: Bench, seed: int) -> None:
        self.bench = bench
        self.random = random.Random(seed)  # noqa: S311 - no secret

    def somewhere(self) -> QPoint:
        bench, choose = self.bench, self.random
        scene = bench.view.canvas_scene
        items = list(scene.nodes.values())
        beside = [item.area.bottomRight() - QPointF(4.0, 4.0) for item in scene.annotations.values()]
        beside += [item.title_area.center() for item in scene.annotations.values()]
        beside += [QPointF(*bend) for wire in bench.graph.wires for bend in wire.bends]
        if beside and choose.random() < 0.2:
            return bench.at(choose.choice(beside))
        if scene.wires and choose.random() < 0.1:
            return bench.at(choose.choice(list(scene.wires.values())).middle())
        if items and choose.random() < 0.8:
            item = choose.choice(items)
            kind = choose.random()
            ports = [("input", name) for name in item.ports("input")]
            ports += [("output", name) for name in item.ports("output")]
            if kind < 0.6 and ports:
                return bench.at(item.port_position(*choose.choice(ports)))
            return bench.at(item.card.center() + QPointF(0, choose.uniform(-10, 10)))
        size = bench.view.viewport().size()
        return QPoint(choose.randrange(size.width()), choose.randrange(size.height()))

    def act(self) -> None:
        choose, bench = self.random, self.bench
        kind = choose.random()
        if len(bench.graph) > _MOST:
            bench.view.canvas_scene.choose(choose.sample(sorted(bench.graph.nodes), _MOST // 2))
            bench.key(Qt.Key.Key_Delete)
        if len(bench.graph.annotations) > 6:
            bench.view.canvas_scene.choose((), (), list(bench.graph.annotations)[:4])
            bench.key(Qt.Key.Key_Delete)
        if kind < 0.06:
            bench.double_click(self.somewhere())
            self.leave_fields()
        elif kind < 0.09:
            bench.key(*choose.choice(_WRITTEN))
            QTest.keyClicks(bench.view.annotating.field, choose.choice(("Stem", "two words", "")))
            self.leave_fields()
        elif kind < 0.6:
            start, end = self.somewhere(), self.somewhere()
            modifiers = choose.choice(_MODIFIERS)
            button = Qt.MouseButton.RightButton if choose.random() < 0.1 else Qt.MouseButton.LeftButton
            bench.press(start, button, modifiers)
            bench.move((start + end) / 2, button, modifiers)
            bench.move(end, button, modifiers)
            if choose.random() < 0.1:
                QTest.keyClick(bench.view, Qt.Key.Key_Escape)
            bench.release(end, button, modifiers)
            self.add_if_asked()
        elif kind < 0.7:
            bench.key(Qt.Key.Key_Tab)
            bench.type(choose.choice(("input", "conv", "add", "cross", "flatten")))
            bench.choose()
        else:
            bench.key(*choose.choice(_KEYS))

    def add_if_asked(self) -> None:
        if self.bench.view.adding.is_open:
            self.bench.type(self.random.choice(("conv", "relu", "add", "lin", "concat", "zzz")))
            self.bench.choose()
            self.bench.view.adding.close()

    def leave_fields(self) -> None:
        self.add_if_asked()
        self.bench.view.setFocus()
        self.bench.view.annotating.field.commit()
        self.bench.settle()


def lint(bench: Bench) -> None:
    """The scene shows exactly the document, and the document is sound."""
    graph, scene = bench.graph, bench.view.canvas_scene
    graph.order()
    assert set(scene.nodes) == {node.id for node in graph}
    for node in graph:
        # Qt takes positions that differ in the last place for the same.
        assert scene.nodes[node.id].pos() == QPointF(*node.position)
    assert set(scene.wires) == set(graph.wires)
    for wire, item in scene.wires.items():
        start = scene.nodes[wire.source].port_position("output", wire.output)
        end = scene.nodes[wire.target].port_position("input", wire.input)
        assert item.curve[0] == (start.x(), start.y())
        assert item.curve[-1] == (end.x(), end.y())
        assert item.isVisible()
    assert {name: item.annotation for name, item in scene.annotations.items()} == dict(graph.annotations)
    assert {str(wire): item.wire.bends for wire, item in scene.wires.items()} == {
        str(wire): wire.bends for wire in graph.wires
    }
    assert set(scene.selected_annotations) <= set(scene.annotations)
    assert set(scene.selected_nodes) <= set(scene.nodes)
    assert set(scene.selected_wires) <= set(scene.wires)
    assert {name for name, item in scene.nodes.items() if item.selected} == set(scene.selected_nodes)
    assert all(item.legal is None and not item.faded for item in scene.nodes.values())


def test_ten_thousand_gestures_with_undo_and_redo_leave_a_sound_document(bench: Bench) -> None:
    first = bench.dumps
    monkey = Monkey(bench, 7)
    bench.view.viewport().setUpdatesEnabled(False)  # what is painted is asked of the shorter runs
    for step in range(10_000):
        monkey.act()
        if step % 100 == 0:
            lint(bench)
            document_lint(bench.host.document)
    while bench.host.history.undo_label is not None:
        bench.host.undo()
    lint(bench)
    assert bench.dumps == first


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_undoing_all_gestures_gives_the_first_document(bench: Bench, seed: int) -> None:
    first = bench.dumps
    monkey = Monkey(bench, seed)
    for _ in range(120):
        monkey.act()
        lint(bench)
    bench.picture()
    assert len(bench.host.history.labels) > 5
    while bench.host.history.undo_label is not None:
        bench.host.undo()
        lint(bench)
    assert bench.dumps == first
