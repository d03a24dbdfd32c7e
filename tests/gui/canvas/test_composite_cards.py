"""Composites on the canvas: how they look, what follows their ports, and what is refused."""

from __future__ import annotations

import base64
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QImage

from app.canvas import block_mime
from app.canvas.paint.card import STACK
from graph_engine.document import Declare, Document, SetNode, SetParameter
from graph_engine.document.builder import Builder
from graph_engine.document.geometry import badges_of
from graph_engine.document.layout import arrange
from graph_engine.document.porting import rename_port
from tests.gui.canvas.test_drops import drop, enter

Bench = Any
Key, CONTROL = Qt.Key, Qt.KeyboardModifier.ControlModifier


def drawn() -> Document:
    """Two uses of `cell` in a row; inside, a convolution as wide as a use says."""
    net = Builder("Net")
    cell = net.composite("cell", "Cell")
    width = cell.expose("width", 8)
    cell.output(cell.add("conv2d", cell.input("x", 4, 8, 8), channels=width), "y")
    x = net.add("@cell", net.input("image", 4, 8, 8), width=16)
    net.output(net.add("@cell", x))
    document = net.document
    document.apply(arrange(document.main))
    document.apply(arrange(document.graphs["cell"], graph_name="cell"))
    return document


@pytest.fixture
def composites(make_bench: Callable[[Document], Bench]) -> Bench:
    return make_bench(drawn())


def picture(bench: Bench, node: str) -> QImage:
    """What is painted of a node, and a little around it."""
    card = bench.item(node).card.adjusted(-2.0, -2.0, 7.0, 7.0)
    rect = bench.view.mapFromScene(card).boundingRect()
    return bench.view.viewport().grab(rect).toImage()


def test_a_composite_has_a_card_behind_its_own(composites: Bench) -> None:
    card = composites.item("cell_1").card
    below = composites.at(QPointF(card.center().x(), card.bottom() + STACK))
    edge = composites.view.canvas_scene.look.style.edges["hovered"].color().name()

    assert composites.shows(edge, below, 2)
    plain = composites.item("input_1").card
    assert not composites.shows(edge, composites.at(QPointF(plain.center().x(), plain.bottom() + STACK)), 2)


def test_its_title_parameters_and_ports_are_those_that_it_declares(composites: Bench) -> None:
    item = composites.item("cell_1")

    assert item.title == "Cell"
    assert item.tell == "width 16"
    assert item.category == "Composites"
    assert (item.ports("input"), item.ports("output")) == (("x",), ("y",))


def test_what_changes_inside_is_seen_at_every_use(composites: Bench) -> None:
    host = composites.host
    host.attempt(rename_port(host.document, "cell", "output_1", "out"))
    declared = host.document.graphs["cell"].declaration
    host.attempt(Declare(replace(declared, title="Another cell"), "cell"))

    assert composites.item("cell_2").ports("output") == ("out",)
    assert composites.item("cell_2").title == "Another cell"
    assert "cell_1.out → cell_2.x" in {str(wire) for wire in composites.view.canvas_scene.wires}
    host.undo()
    host.undo()
    assert composites.item("cell_2").ports("output") == ("y",)
    assert composites.item("cell_2").title == "Cell"


@pytest.mark.parametrize(
    ("attribute", "value", "badge"),
    [
        ("repeat", 4, "×4"),
        ("repeat", "=depth * 2", "×depth*2"),
        ("over_time", True, "clock"),
        ("shares", "cell_1", "link"),
        ("frozen", True, "snowflake"),
        ("bypassed", True, "bypass"),
    ],
)
def test_how_it_is_used_is_signed_behind_its_title(
    composites: Bench, attribute: str, value: object, badge: str
) -> None:
    before = picture(composites, "cell_2")
    composites.host.attempt(SetNode("cell_2", attribute, value))  # type: ignore[arg-type]
    composites.settle()

    assert badges_of(composites.graph["cell_2"]) == (badge,)
    assert picture(composites, "cell_2") != before
    composites.host.undo()
    composites.settle()
    assert picture(composites, "cell_2") == before


def test_signs_leave_room_for_the_title(composites: Bench) -> None:
    title = "A title that nearly fills it"
    composites.host.attempt(SetNode("cell_2", "title", title))
    narrow = composites.item("cell_2").geometry.width
    for attribute, value in (("repeat", 12), ("over_time", True), ("bypassed", True), ("frozen", True)):
        composites.host.attempt(SetNode("cell_2", attribute, value))  # type: ignore[arg-type]

    assert composites.item("cell_2").geometry.width > narrow


def test_deleting_a_port_inside_takes_its_wires_at_every_use(composites: Bench) -> None:
    before = composites.dumps
    composites.host.graph_name = "cell"
    composites.view.show_host(composites.host)
    composites.click(composites.body("output_1"))
    composites.key(Key.Key_Delete)

    assert "output_1" not in composites.host.document.graphs["cell"]
    assert composites.wires == {"input_1.y → cell_1.x"}
    composites.key(Key.Key_Z, CONTROL)
    assert composites.dumps == before


def test_a_block_from_the_library_is_spliced_into_a_wire_between_composites(composites: Bench) -> None:
    data, at = block_mime("@cell"), composites.wire_middle("cell_2", "x")
    assert enter(composites, data, at)
    drop(composites, data, at)

    assert {"cell_1.y → cell_3.x", "cell_3.y → cell_2.x"} <= composites.wires


def test_a_parameter_shows_as_it_changes(composites: Bench) -> None:
    composites.host.attempt(SetParameter("cell_1", "width", "=depth"))

    assert composites.item("cell_1").tell == "=depth"


def test_the_pointer_on_a_composite_gives_a_glance_into_it(composites: Bench) -> None:
    composites.hover(composites.body("cell_1"))
    tip = composites.view.viewport().toolTip()
    assert "<b>Cell</b> · 3 nodes" in tip
    encoded = tip.partition("base64,")[2].partition('"')[0]
    shown = QImage.fromData(base64.b64decode(encoded))
    style = composites.view.canvas_scene.look.style
    fills = {style.far_fill(name).color().name() for name in ("Convolution", "Input & output")}
    seen = {shown.pixelColor(x, y).name() for x in range(0, shown.width(), 3) for y in range(0, shown.height(), 3)}
    assert fills <= seen
    assert max(shown.width() / 384, shown.height() / 224) <= 1.0
    composites.hover(composites.body("input_1"))
    assert composites.view.viewport().toolTip() == ""
