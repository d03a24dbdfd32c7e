"""Composites in the window: made, named, entered, changed, left, unpacked, folded and undone, by mouse and keys."""

from __future__ import annotations

from pathlib import Path
from typing import cast

from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from app.panels.code import CodePanel
from app.panels.outline import OutlinePanel
from app.panels.problems import ProblemsPanel
from app.start import Studio
from graph_engine.document import Batch, SetParameter
from graph_engine.document.builder import Builder
from graph_engine.document.file import dumps, load, save
from tests.gui.window.conftest import settle
from tests.gui.window.hands import (
    BLOCK,
    CONTROL,
    SHIFT,
    Key,
    OpenIn,
    bottleneck,
    cells,
    click,
    double_click,
    key,
    make,
    rest,
    set_field,
)


def test_a_residual_block_is_made_entered_changed_left_undone_and_saved(
    open_in: OpenIn, qtbot: QtBot, studio: Studio, tmp_path: Path
) -> None:
    window = open_in("small_resnet")
    session = window.session
    first = dumps(session.document)
    params = session.check.total.params  # type: ignore[union-attr]

    use = make(window, *BLOCK, title="Residual block")
    rest(studio, qtbot)
    assert session.errors == []
    assert use == "residual_block_1"
    assert session.graph[use].block == "@residual_block"
    assert session.title(use) == "Residual block"
    assert session.selection.nodes == (use,)
    assert session.history.labels == ["Make the composite Residual block"]  # naming it is no step of its own
    assert session.check.total.params == params  # type: ignore[union-attr]

    double_click(window, use)
    assert session.graph_name == "residual_block"
    assert window.topbar.trail.parts[-1] == "Residual block"
    assert set(window.canvas.canvas_scene.nodes) == {*BLOCK, "input_1", "output_1"}
    click(window, "conv2d_2")
    set_field(window, "channels", "24")
    rest(studio, qtbot)
    assert session.spec("conv2d_2", "y").shape[1] == 24  # type: ignore[union-attr]

    window.canvas.setFocus()
    key(window.canvas, Key.Key_Escape)  # nothing is selected any more
    assert session.graph_name == "residual_block"
    key(window.canvas, Key.Key_Escape)
    assert session.graph_name == "main"
    assert session.selection.nodes == (use,)
    changed = session.report(use)
    assert changed is not None
    assert changed.cost.params == 16 * 24 * 9 + 2 * 24 + 24 * 16 * 9 + 2 * 16

    save(session.document, tmp_path / "block.loom")
    assert dumps(load(tmp_path / "block.loom")) == dumps(session.document)
    while session.history.undo_label is not None:
        key(window, Key.Key_Z, CONTROL)
    assert dumps(session.document) == first


def test_the_trail_leads_back_by_mouse_and_key_and_each_level_keeps_its_view(
    open_in: OpenIn, qtbot: QtBot, studio: Studio
) -> None:
    window = open_in("small_resnet")
    session, canvas = window.session, window.canvas
    inner = make(window, "conv2d_2", "batch_norm_2", title="Inner")
    make(window, inner, "relu_2", title="Outer")
    canvas.set_zoom(0.75)
    canvas.centerOn(300.0, 200.0)
    before = canvas.view
    (outer,) = session.selection.nodes
    settle()

    window.book.run("composite.enter")
    assert canvas.view != before
    click(window, inner)
    key(canvas, Key.Key_Return)
    assert session.front.way == (outer, inner)
    trail = window.topbar.trail
    assert trail.parts[1:] == ["Outer", "Inner"]

    QTest.mouseClick(trail.crumbs[1], Qt.MouseButton.LeftButton)
    assert session.front.way == (outer,)
    assert session.selection.nodes == (inner,)
    trail.crumbs[0].setFocus()
    key(trail.crumbs[0], Key.Key_Space)
    assert session.graph_name == "main"
    assert session.selection.nodes == (outer,)
    assert canvas.view.zoom == before.zoom
    assert (canvas.view.center - before.center).manhattanLength() < 3.0


def test_undoing_what_made_it_leaves_a_composite_that_is_shown(open_in: OpenIn, qtbot: QtBot, studio: Studio) -> None:
    window = open_in("small_resnet")
    session, canvas = window.session, window.canvas
    first = dumps(session.document)
    inner = make(window, "conv2d_2", "batch_norm_2", title="Inner")
    outer = make(window, inner, "relu_2", title="Outer")
    double_click(window, outer)
    double_click(window, inner)
    assert session.front.way == (outer, inner)

    key(window, Key.Key_Z, CONTROL)
    assert session.graph_name == "main"  # what was taken back is there
    rest(studio, qtbot)
    double_click(window, inner)
    assert session.graph_name == "inner"
    key(window, Key.Key_Z, CONTROL)

    assert session.graph_name == "main"
    assert set(canvas.canvas_scene.nodes) == set(session.graph.nodes)
    assert window.topbar.trail.crumbs == []
    assert dumps(session.document) == first
    key(window, Key.Key_Y, CONTROL)
    rest(studio, qtbot)
    assert session.errors == []


def test_several_are_unpacked_in_one_step(open_in: OpenIn, qtbot: QtBot, studio: Studio) -> None:
    window = open_in("densenet")
    session = window.session
    before, params = dumps(session.document), session.check.total.params if session.check is not None else 0
    key(window.canvas, Key.Key_A, CONTROL)
    settle()
    key(window.canvas, Key.Key_G, CONTROL | SHIFT)
    rest(studio, qtbot)
    assert session.history.labels == ["Unpack 5 composites"]
    assert session.problems == ()
    assert session.check is not None
    assert session.check.total.params == params
    assert "input_1" not in session.selection.nodes
    assert len(session.selection.nodes) == 11
    key(window, Key.Key_Z, CONTROL)
    assert dumps(session.document) == before


def test_unpacking_puts_the_nodes_back(open_in: OpenIn, qtbot: QtBot, studio: Studio) -> None:
    window = open_in("small_resnet")
    session = window.session
    make(window, *BLOCK)
    assert session.title(session.selection.nodes[0]) == "Conv 2d block"
    rest(studio, qtbot)

    key(window.canvas, Key.Key_G, CONTROL | SHIFT)

    assert set(session.selection.nodes) == set(BLOCK)
    rest(studio, qtbot)
    assert session.errors == []


def test_what_can_not_be_a_composite_is_refused_with_the_reason(open_in: OpenIn) -> None:
    window = open_in("small_resnet")
    before = dumps(window.session.document)
    window.session.select(["conv2d_2", "conv2d_3"])
    settle()

    window.book.run("composite.make")

    assert "comes back through" in window.notices.toasts.toasts()[-1].text()
    assert dumps(window.session.document) == before


def test_bypassing_several_nodes_is_one_step(open_in: OpenIn) -> None:
    window = open_in("small_resnet")
    session = window.session
    session.select(["batch_norm_2", "relu_2"])
    window.canvas.setFocus()
    settle()

    key(window.canvas, Key.Key_B, CONTROL)
    assert session.graph["batch_norm_2"].bypassed
    assert session.graph["relu_2"].bypassed
    assert session.history.labels == ["Bypass 2 nodes"]
    key(window.canvas, Key.Key_B, CONTROL)

    assert not session.graph["relu_2"].bypassed


def test_folding_names_what_repeats_and_folds_it(open_in: OpenIn, qtbot: QtBot, studio: Studio) -> None:
    window = open_in(cells())
    session = window.session
    params = session.check.total.params  # type: ignore[union-attr]

    window.show_palette()
    palette = window.command_palette
    QTest.keyClicks(palette.line, "fold")
    assert palette.list.model().index(0, 0).data() == "Fold 4 × [Conv 2d, ReLU]"
    key(palette.line, Key.Key_Return)
    rest(studio, qtbot)

    (use,) = session.selection.nodes
    assert session.graph[use].repeat == 4
    assert session.check.total.params == params  # type: ignore[union-attr]
    assert session.errors == []


def test_a_problem_inside_leads_there_and_its_fix_works(open_in: OpenIn, qtbot: QtBot, studio: Studio) -> None:
    window = open_in(bottleneck())
    session = window.session
    session.perform(Batch("Break", (SetParameter("conv2d_1", "groups", 3, "cell"),)))
    qtbot.waitUntil(lambda: bool(session.errors), timeout=20_000)

    key(window, Key.Key_F7)
    panel = cast("ProblemsPanel", window.panes.bottom.panel("problems"))
    qtbot.waitUntil(lambda: len(panel.rows()) >= 1, timeout=10_000)
    row = next(each for each in panel.rows() if each.problem.graph == "cell")
    assert row.accessibleDescription().startswith("Conv 2d (conv2d_1) in Cell")
    QTest.mouseClick(row, Qt.MouseButton.LeftButton, pos=QPoint(4, 4))
    assert session.graph_name == "cell"
    assert session.front.way == ("cell_1",)
    assert session.selection.nodes == ("conv2d_1",)
    assert window.canvas.canvas_scene.nodes["conv2d_1"].message
    row.buttons[0].click()
    qtbot.waitUntil(lambda: studio.settled and not session.errors, timeout=20_000)


def test_lines_of_a_composite_lead_inside_and_back(open_in: OpenIn, qtbot: QtBot, studio: Studio) -> None:
    window = open_in(bottleneck())
    session = window.session
    session.show_graph("cell")
    session.select(["conv2d_2"])

    window.show_panel("code")
    settle()
    code = cast("CodePanel", window.panes.bottom.panel("code"))
    program = session.program
    assert program is not None
    inside = [line for line, nodes in program.lines.items() if "cell:conv2d_2" in nodes]
    assert code.view.marked == sorted(inside)
    first = code.view.firstVisibleBlock().blockNumber() + 1
    assert first <= inside[0] <= first + 40

    outside = next(line for line, nodes in program.lines.items() if "cell_2" in nodes)
    code.view.place_chosen.emit(outside, 0)
    assert session.graph_name == "main"
    assert session.selection.nodes == ("cell_2",)
    code.view.place_chosen.emit(inside[0], 0)
    assert session.graph_name == "cell"
    assert session.selection.nodes == ("conv2d_2",)


def test_the_outline_shows_the_level(open_in: OpenIn) -> None:
    window = open_in(bottleneck())
    window.show_panel("outline")
    window.session.show_graph("cell")
    settle()
    panel = cast("OutlinePanel", window.panes.bottom.panel("outline"))

    model = panel.model
    (use,) = window.session.front.way
    cell = model.find((use,))
    assert panel.tree.isExpanded(cell)
    names = [model.node(model.index(row, 0, cell)) for row in range(model.rowCount(cell))]

    assert names == ["input_1", "conv2d_1", "relu_1", "conv2d_2", "output_1"]


def test_repeats_of_a_large_drawing_are_looked_for_in_a_job(open_in: OpenIn, qtbot: QtBot, studio: Studio) -> None:
    net = Builder("Large")
    x = net.input("x", 4)
    for _ in range(180):
        x = net.add("relu", net.add("linear", x, features=4))
    net.output(x)
    window = open_in(net.document)
    session = window.session
    titles: list[str] = []
    session.jobs.changed.connect(lambda: titles.extend(session.jobs.titles))
    window.book.run("composite.fold")
    assert titles == ["Looking for repeated structure"]
    assert len(session.graph) > 300, "the window did not wait"
    qtbot.waitUntil(lambda: len(session.graph) == 3, timeout=20_000)
    (use,) = session.selection.nodes
    assert session.graph[use].repeat == 180

    session.undo()
    session.undo()
    window.book.run("composite.fold")
    session.perform(SetParameter("linear_1", "features", 4))
    qtbot.waitUntil(lambda: not session.jobs.titles, timeout=20_000)
    settle()
    assert len(session.graph) > 300
    assert "changed while" in window.notices.toasts.toasts()[-1].text()
