"""What nodes cost, on the canvas and in words; what training will take."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtWidgets import QPushButton

from app.canvas.paint.heat import legend_rect
from app.costs import CostKind
from app.panels.plan import PlanPanel
from graph_engine.document import SetParameter

if TYPE_CHECKING:
    from collections.abc import Callable

    from PySide6.QtGui import QColor
    from pytestqt.qtbot import QtBot

    from app.start import Studio
    from app.window import MainWindow


def _color(window: MainWindow, node: str) -> QColor:
    """What is seen inside a node's card, where no text is."""
    canvas = window.canvas
    card = canvas.canvas_scene.nodes[node].card
    at = canvas.mapFromScene(card.right() - 4.0, card.top() + 22.0)
    return canvas.viewport().grab().toImage().pixelColor(at)


def test_costly_nodes_are_coloured_and_say_how_much(open_in: Callable[[str], MainWindow]) -> None:
    window = open_in("lenet5")
    before = {node: _color(window, node) for node in ("linear_1", "tanh_1")}
    window.book.run("view.cost_parameters")
    assert window.book.qaction("view.cost_parameters").isChecked()
    assert _color(window, "linear_1") != before["linear_1"]
    assert _color(window, "tanh_1") == before["tanh_1"]  # it has none
    heat = window.canvas.heat
    assert heat is not None
    total = window.session.check.total.params  # type: ignore[union-attr]
    linear = window.session.report("linear_1").cost.params  # type: ignore[union-attr]
    assert heat.nodes["linear_1"].share == 1.0
    assert heat.nodes["linear_1"].text.endswith(f"{100 * linear / total:.1f}\u202f%")
    legend = legend_rect(heat, window.canvas.canvas_scene.look, window.canvas.viewport().width())
    assert window.canvas.viewport().rect().contains(legend.toAlignedRect())

    window.book.run("view.cost_macs")
    assert window.costs.kind is CostKind.MACS
    window.book.refresh()
    assert not window.book.qaction("view.cost_parameters").isChecked()
    window.book.run("view.cost_macs")
    assert window.canvas.heat is None
    assert _color(window, "linear_1") == before["linear_1"]


def test_it_follows_edits_and_levels(open_in: Callable[[str], MainWindow], qtbot: QtBot, studio: Studio) -> None:
    window = open_in("resnet:depth=18")
    window.book.run("view.cost_macs")
    first = window.canvas.heat
    window.session.perform(SetParameter("conv2d_1", "channels", 32))
    qtbot.waitUntil(lambda: studio.settled and window.canvas.heat != first, timeout=10_000)
    window.session.enter("basic_stage_1")
    heat = window.canvas.heat
    assert heat is not None
    assert set(heat.nodes) <= set(window.session.graph.nodes)
    assert "basic_block_1" in heat.nodes


def test_time_is_measured_on_request(open_in: Callable[[str], MainWindow], qtbot: QtBot, studio: Studio) -> None:
    window = open_in("lenet5")
    window.book.run("view.cost_time")
    assert window.canvas.heat is not None
    assert window.canvas.heat.note == "being measured …"
    qtbot.waitUntil(lambda: studio.settled, timeout=30_000)
    assert window.canvas.heat.nodes["conv2d_1"].text.split("\u202f")[1].startswith("ms")
    window.session.perform(SetParameter("conv2d_1", "channels", 7))
    qtbot.waitUntil(lambda: not window.canvas.heat.nodes, timeout=10_000)  # they were of another network


def test_a_forecast_is_asked_for_in_the_plan(
    open_in: Callable[[str], MainWindow], qtbot: QtBot, studio: Studio
) -> None:
    window = open_in("lenet5")
    window.show_panel("plan")
    panel = window.panes.bottom.panel("plan")
    assert isinstance(panel, PlanPanel)
    assert isinstance(panel.forecast.ask, QPushButton)
    panel.forecast.ask.click()
    qtbot.waitUntil(lambda: studio.settled and window.session.forecasts.current is not None, timeout=60_000)
    assert panel.forecast.figures["Weights"].text() == "247\u202fkB"
    assert "a step" in window.statusbar.totals
    window.session.perform(SetParameter("conv2d_1", "channels", 7))
    qtbot.waitUntil(lambda: window.session.forecasts.current is None, timeout=10_000)
    assert not panel.forecast.figures
