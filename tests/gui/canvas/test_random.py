"""Random gestures: the scene always shows the document, and undoing everything gives the first one."""

from __future__ import annotations

import random
from typing import Any

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtTest import QTest

Bench = Any
_MODIFIERS = (
    Qt.KeyboardModifier.NoModifier,
    Qt.KeyboardModifier.NoModifier,
    Qt.KeyboardModifier.ShiftModifier,
    Qt.KeyboardModifier.ControlModifier,
    Qt.KeyboardModifier.AltModifier,
)
_CONTROL, _NONE = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.NoModifier
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
)


class Monkey:
    """Presses at random where something is more often than where nothing is."""

    def __init__(self, bench: Bench, seed: int) -> None:
        self.bench = bench
        self.random = random.Random(seed)  # noqa: S311 - no secret

    def somewhere(self) -> QPoint:
        bench, choose = self.bench, self.random
        items = list(bench.view.canvas_scene.nodes.values())
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
        if kind < 0.6:
            start, end = self.somewhere(), self.somewhere()
            modifiers = choose.choice(_MODIFIERS)
            button = Qt.MouseButton.RightButton if choose.random() < 0.1 else Qt.MouseButton.LeftButton
            bench.press(start, button, modifiers)
            bench.move((start + end) / 2, button, modifiers)
            bench.move(end, button, modifiers)
            if choose.random() < 0.1:
                QTest.keyClick(bench.view, Qt.Key.Key_Escape)
            bench.release(end, button, modifiers)
            if bench.view.adding.is_open:
                bench.type(choose.choice(("conv", "relu", "add", "lin", "concat", "zzz")))
                bench.choose()
                bench.view.adding.close()
        elif kind < 0.7:
            bench.key(Qt.Key.Key_Tab)
            bench.type(choose.choice(("input", "conv", "add", "cross", "flatten")))
            bench.choose()
        else:
            bench.key(*choose.choice(_KEYS))


def lint(bench: Bench) -> None:
    """The scene shows exactly the document, and the document is sound."""
    graph, scene = bench.graph, bench.view.canvas_scene
    graph.order()
    assert {name: (item.x(), item.y()) for name, item in scene.nodes.items()} == {
        node.id: node.position for node in graph
    }
    assert set(scene.wires) == set(graph.wires)
    for wire, item in scene.wires.items():
        start = scene.nodes[wire.source].port_position("output", wire.output)
        end = scene.nodes[wire.target].port_position("input", wire.input)
        assert item.curve[0] == (start.x(), start.y())
        assert item.curve[-1] == (end.x(), end.y())
        assert item.isVisible()
    assert set(scene.selected_nodes) <= set(scene.nodes)
    assert set(scene.selected_wires) <= set(scene.wires)
    assert {name for name, item in scene.nodes.items() if item.selected} == set(scene.selected_nodes)
    assert all(item.legal is None and not item.faded for item in scene.nodes.values())


@pytest.mark.parametrize("seed", [1, 2, 3, 4])
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
