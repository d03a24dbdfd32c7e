"""The scene follows the document, and shows what a check says."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from PySide6.QtCore import QEvent, QObject, QPoint, QPointF, Qt
from PySide6.QtGui import QColor, QImage, QPaintEvent, QRegion
from PySide6.QtWidgets import QApplication, QWidget

from app.canvas import CanvasView
from app.canvas.look import Detail
from app.theme import theme_manager
from graph_engine.check.report import CheckResult
from graph_engine.document import (
    AddNodes,
    Batch,
    Connect,
    Disconnect,
    Document,
    Move,
    Node,
    RemoveNodes,
    SetNode,
    SetParameter,
    Wire,
)

Bench = Any


def drawn(bench: Bench) -> tuple[dict[str, tuple[float, float]], set[Wire]]:
    scene = bench.view.canvas_scene
    return {name: (item.x(), item.y()) for name, item in scene.nodes.items()}, set(scene.wires)


def wanted(bench: Bench) -> tuple[dict[str, tuple[float, float]], set[Wire]]:
    return {node.id: node.position for node in bench.graph}, set(bench.graph.wires)


def test_every_kind_of_edit_is_followed(bench: Bench) -> None:
    edits = (
        AddNodes((Node("tanh_1", "tanh", {}, (40.0, 300.0)),), (Wire("relu_1", "y", "tanh_1", "x"),)),
        Connect(Wire("tanh_1", "y", "add_1", "xs.0")),
        Connect(Wire("conv2d_1", "y", "add_1", "xs.1")),
        Disconnect((Wire("tanh_1", "y", "add_1", "xs.0"),)),
        SetParameter("conv2d_1", "channels", 12),
        SetNode("conv2d_1", "title", "A long title for a convolution"),
        SetNode("conv2d_1", "frozen", True),
        Move((("relu_1", (10.0, 500.0)),)),
        RemoveNodes(("conv2d_1",)),
        Batch("both", (RemoveNodes(("relu_1",)), RemoveNodes(("linear_1",)))),
    )
    for edit in edits:
        bench.host.attempt(edit)
        assert drawn(bench) == wanted(bench)
    while bench.host.history.undo_label:
        bench.host.undo()
        assert drawn(bench) == wanted(bench)


def test_wires_end_at_ports(bench: Bench) -> None:
    bench.host.attempt(Connect(Wire("relu_1", "y", "add_1", "xs.0")))
    bench.host.attempt(Move((("add_1", (500.0, 300.0)),)))
    for wire, item in bench.view.canvas_scene.wires.items():
        start = bench.item(wire.source).port_position("output", wire.output)
        end = bench.item(wire.target).port_position("input", wire.input)
        assert item.curve[0] == (start.x(), start.y())
        assert item.curve[-1] == (end.x(), end.y())


def test_parameters_show_as_they_change(bench: Bench) -> None:
    assert bench.item("conv2d_1").tell == "3×3 · 6"
    bench.host.attempt(SetParameter("conv2d_1", "stride", 2))
    assert bench.item("conv2d_1").tell == "3×3 · 6 · stride 2"


def test_what_a_check_says_is_shown(bench: Bench, check_by_hand: Callable[..., CheckResult]) -> None:
    document, whole = bench.host.document, bench.host.check
    outputs = {name: report.outputs["y"] for name, report in whole.nodes.items() if report.outputs}
    assert bench.item("conv2d_1").shape_text == "N×6×28×28"
    sentence = "Flatten takes image (N×C×H×W) here, not label (N)."
    good, bad = bench.host.check, check_by_hand(document, outputs, {"flatten_1": ("x", sentence)})
    bench.host.check = bad
    bench.view.canvas_scene.set_result(bad)
    assert bench.item("flatten_1").message == sentence
    assert bench.item("linear_1").waits_for == "Flatten"
    assert bench.view.canvas_scene.wires[Wire("relu_1", "y", "flatten_1", "x")].faulty
    danger = theme_manager().palette.danger
    card = bench.item("flatten_1").card
    assert bench.shows(danger, bench.at(QPointF(card.center().x(), card.top())), 3)
    text = bench.at(QPointF(card.left() + 40, card.bottom() - 14))
    assert bench.shows(danger, text, 24)
    bench.host.check = whole
    bench.host.check = good
    bench.view.canvas_scene.set_result(good)
    assert bench.item("flatten_1").message == ""
    assert not bench.shows(danger, bench.at(QPointF(card.center().x(), card.top())), 3)


def test_kinds_colour_ports_and_wires(bench: Bench) -> None:
    palette = theme_manager().palette
    assert bench.shows(palette.kind("image"), bench.port("conv2d_1", "input", "x"), 2)
    assert bench.shows(palette.kind("vector"), bench.port("linear_1", "input", "x"), 2)
    assert bench.shows(palette.kind("vector"), bench.wire_middle("linear_1", "x"), 2)
    assert not bench.shows(palette.kind("image"), bench.wire_middle("linear_1", "x"), 2)


def test_free_ports_are_hollow(bench: Bench) -> None:
    palette = theme_manager().palette
    assert bench.color(bench.port("add_1", "input", "xs.0")) == QColor(palette.canvas)
    bench.host.attempt(Connect(Wire("conv2d_1", "y", "add_1", "xs.0")))
    bench.view.canvas_scene.set_result(bench.host.check)
    assert bench.color(bench.port("add_1", "input", "xs.0")) != QColor(palette.canvas)


@pytest.mark.parametrize("indexed", [False, True])
def test_thumbnails(bench: Bench, indexed: bool) -> None:
    picture = QImage(90, 26, QImage.Format.Format_Indexed8 if indexed else QImage.Format.Format_RGB32)
    if indexed:  # as the window makes them: a quarter of the memory
        picture.setColorTable([0, QColor("#ff00ff").rgba()])
        picture.fill(1)
    else:
        picture.fill(QColor("#ff00ff"))
    port = bench.item("conv2d_1").port_position("output", "y")
    before = bench.item("conv2d_1").geometry.height
    bench.view.canvas_scene.set_thumbnail("conv2d_1", picture)
    item = bench.item("conv2d_1")
    assert item.geometry.height > before
    assert item.port_position("output", "y") == port
    assert bench.shows("#ff00ff", bench.at(QPointF(item.x() + 30, item.y() + item.geometry.strip + 12)), 2)
    bench.view.canvas_scene.set_thumbnail("conv2d_1", None)
    assert item.geometry.height == before
    bench.view.canvas_scene.set_thumbnail("nobody", picture)


def test_selection_from_outside_is_not_told_back(bench: Bench) -> None:
    bench.view.canvas_scene.select(("relu_1", "nobody"), (Wire("relu_1", "y", "flatten_1", "x"),))
    assert bench.selected == ["relu_1"]
    assert bench.selections == []


def test_another_document_replaces_the_first(bench: Bench, make_bench: Callable[[Document], Bench]) -> None:
    first = bench.host.document
    other = Document()
    other.apply(AddNodes((Node("relu_9", "relu", {}, (0.0, 0.0)),)))
    bench.host.document = other
    bench.view.show_host(bench.host)
    assert set(bench.view.canvas_scene.nodes) == {"relu_9"}
    first.apply(RemoveNodes(("relu_1",)))
    assert set(bench.view.canvas_scene.nodes) == {"relu_9"}


def test_unknown_block_is_drawn_with_the_ports_it_has_wires_at(make_bench: Callable[[Document], Bench]) -> None:
    document = Document()
    nodes = (Node("input_1", "input"), Node("warp_1", "warp_drive", {"power": 9}, (200.0, 0.0)))
    document.apply(AddNodes(nodes, (Wire("input_1", "y", "warp_1", "coil"),)))
    bench = make_bench(document)
    assert bench.item("warp_1").title == "warp_drive"
    assert bench.item("warp_1").ports("input") == ("coil",)
    bench.picture()


def test_invalid_parameters_are_drawn(make_bench: Callable[[Document], Bench]) -> None:
    document = Document()
    document.apply(AddNodes((Node("conv2d_1", "conv2d", {"channels": "many"}),)))
    bench = make_bench(document)
    assert bench.item("conv2d_1").tell == ""
    bench.picture()


@pytest.mark.parametrize(
    ("zoom", "detail"),
    [(0.1, Detail.FAR), (0.2, Detail.FAR), (0.4, Detail.ICON), (1.0, Detail.TEXT), (3.0, Detail.TEXT)],
)
def test_nodes_are_seen_at_any_distance(bench: Bench, zoom: float, detail: Detail) -> None:
    bench.view.set_zoom(zoom)
    bench.view.centerOn(bench.item("relu_1").card.center())
    assert bench.view.canvas_scene.look.detail is detail
    canvas = QColor(theme_manager().palette.canvas)
    card = bench.item("relu_1").card
    inside = bench.at(QPointF(card.left() + 8, card.center().y() + 4))
    assert bench.color(inside) != canvas
    bench.view.canvas_scene.select(("relu_1",))
    edge = bench.at(QPointF(card.center().x(), card.top()))
    assert bench.shows(theme_manager().palette.node_selected, edge, 3)


def test_moving_a_node_far_away_is_seen(bench: Bench) -> None:
    bench.view.set_zoom(0.2)
    bench.view.centerOn(bench.item("relu_1").card.center())
    start = bench.at(bench.item("relu_1").card.center())
    bench.drag(start, start + QPoint(0, 60))
    assert bench.graph["relu_1"].position[1] == pytest.approx(300.0, abs=2.0)
    assert bench.color(start + QPoint(0, 60)) != QColor(theme_manager().palette.canvas)
    assert bench.color(start) == QColor(theme_manager().palette.canvas)


def test_theme_is_switched_at_once(bench: Bench) -> None:
    theme = theme_manager()
    place = bench.empty + QPoint(3, 3)
    assert bench.color(place) == QColor(theme.palette.canvas)
    try:
        theme.set_mode("light")
        assert bench.color(place) == QColor(theme.palette.canvas)
        card = bench.item("relu_1").card
        assert bench.color(bench.at(QPointF(card.right() - 12, card.top() + 8))) == QColor(theme.palette.node_body)
    finally:
        theme.set_mode("dark")


def test_all_sizes_follow_the_text(bench: Bench) -> None:
    theme = theme_manager()
    before = bench.view.scale_now
    try:
        theme.set_font_scale(2.0)
        assert bench.view.zoom == pytest.approx(1.0)
        assert bench.view.scale_now == pytest.approx(2 * before)
    finally:
        theme.set_font_scale(1.0)


def test_empty_canvas_says_what_to_do(make_bench: Callable[[Document], Bench]) -> None:
    bench = make_bench(Document())
    empty = bench.picture()
    background = QColor(theme_manager().palette.canvas)
    middle = [empty.pixelColor(x, y) for x in range(300, 700) for y in range(250, 390, 5)]
    assert any(color.lightness() > background.lightness() + 60 for color in middle)
    bench.host.attempt(AddNodes((Node("relu_1", "relu", {}, (5000.0, 5000.0)),)))
    picture = bench.picture()
    row = [picture.pixelColor(x, y) for x in range(300, 700) for y in range(250, 390, 5)]
    assert not any(color.lightness() > background.lightness() + 60 for color in row)


def test_scrolling_leaves_no_traces(bench: Bench) -> None:
    """What is painted over the viewport must not be dragged along with the pixels that are scrolled."""
    for step in range(12):
        bench.view.scroll_by(7 if step % 2 else -19, 5)
        bench.settle()
    scrolled = bench.picture()
    bench.view.viewport().update()
    assert scrolled == bench.picture()


def test_focus_is_seen(bench: Bench) -> None:
    bench.view.setFocus()
    bench.view.activateWindow()
    QApplication.processEvents()
    assert bench.view.hasFocus()
    edge = bench.view.grab().toImage().pixelColor(200, 0)
    assert edge == QColor(theme_manager().palette.accent)
    bench.view.clearFocus()
    assert bench.view.grab().toImage().pixelColor(200, 0) == QColor(theme_manager().palette.canvas)


def test_a_canvas_without_a_document_does_nothing(qapp: QApplication) -> None:
    from PySide6.QtTest import QTest

    view = CanvasView()
    view.resize(600, 400)
    view.show()
    QTest.mouseClick(view.viewport(), Qt.MouseButton.LeftButton, pos=QPoint(50, 50))
    QTest.mouseDClick(view.viewport(), Qt.MouseButton.LeftButton, pos=QPoint(50, 50))
    QTest.keyClick(view, Qt.Key.Key_Delete)
    view.grab()
    view.close()
    view.deleteLater()


def test_from_afar_an_input_says_its_name(bench: Bench) -> None:
    image = bench.view.canvas_scene.nodes["input_1"]
    assert (image.title, image.short_title) == ("Input", image.node.parameters.get("name", "image"))
    bench.host.attempt(SetNode("input_1", "title", "Photo"))
    assert image.short_title == "Photo"
    layer = next(item for item in bench.view.canvas_scene.nodes.values() if item.node.block == "conv2d")
    assert layer.short_title == layer.title


@pytest.mark.parametrize("zoom", [0.4, 0.8, 1.0, 1.5])
def test_what_is_stamped_looks_as_what_is_drawn(bench: Bench, zoom: float) -> None:
    """Texts join the card when it is drawn again at the same scale; boxes far away are drawn in one go."""
    bench.view.set_zoom(zoom)
    bench.view.centerOn(bench.view.canvas_scene.contents().center())
    first = bench.picture()
    bench.picture()
    later = bench.picture()
    assert first.size() == later.size()
    width, height = first.width(), first.height()
    changed = [
        (x, y)
        for x in range(0, width, 2)
        for y in range(0, height, 2)
        if abs(first.pixelColor(x, y).lightness() - later.pixelColor(x, y).lightness()) > 70
    ]
    assert len(changed) < width * height / 4 / 500, changed[:5]
    card = bench.item("conv2d_1").card
    away = later.pixelColor(bench.at(card.center() + QPointF(0.0, card.height() / 2 - 3.0)))
    assert away != QColor(theme_manager().palette.canvas)


def test_boxes_show_what_is_selected_faint_or_level(bench: Bench) -> None:
    bench.view.set_zoom(0.4)
    bench.view.centerOn(bench.view.canvas_scene.contents().center())
    palette = theme_manager().palette
    scene = bench.view.canvas_scene
    wire = scene.wires[Wire("conv2d_1", "y", "relu_1", "x")]
    assert wire.level_line is not None
    assert _is_inked(bench, wire.middle())
    card = scene.nodes["relu_1"].card
    assert not bench.shows(palette.node_selected, bench.at(QPointF(card.center().x(), card.top())), 2)
    scene.choose(("relu_1",), (wire.wire,))
    assert bench.shows(palette.node_selected, bench.at(QPointF(card.center().x(), card.top())), 2)
    assert _is_inked(bench, wire.middle())
    bench.host.attempt(Move((("relu_1", (336.0, 60.0)),)))
    assert wire.level_line is None
    assert _is_inked(bench, wire.middle())
    assert not _is_inked(bench, QPointF(320.0, -60.0))


def _is_inked(bench: Bench, at: QPointF) -> bool:
    """Whether the canvas is not bare at a scene position, to a pixel above and below."""
    ground = QColor(theme_manager().palette.canvas)
    middle = bench.at(at)
    seen = (bench.color(middle + QPoint(0, away)) for away in (-1, 0, 1))
    return any(color.blue() > ground.blue() + 50 for color in seen)


def test_what_to_do_on_an_empty_canvas_goes_with_the_first_nodes(make_bench: Callable[[Document], Bench]) -> None:
    """Also when several come at once, and where the canvas is moved: what stands over it is painted anew as a whole."""
    bench = make_bench(Document())
    viewport = bench.view.viewport()
    painted = Painted(viewport)
    nodes = tuple(Node(f"relu_{at}", "relu", position=(at * 160.0, 0.0)) for at in (1, 2, 3))

    for act in (
        lambda: bench.view.scrollContentsBy(40, 0),
        lambda: bench.host.attempt(AddNodes(nodes)),
        bench.host.undo,
        bench.host.redo,
    ):
        painted.regions.clear()
        act()
        bench.settle()
        assert any((QRegion(viewport.rect()) - region).isEmpty() for region in painted.regions)


class Painted(QObject):
    """What of a widget is painted."""

    def __init__(self, widget: QWidget) -> None:
        super().__init__(widget)
        self.regions: list[QRegion] = []
        widget.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if isinstance(event, QPaintEvent):
            self.regions.append(QRegion(event.region()))
        return super().eventFilter(watched, event)
