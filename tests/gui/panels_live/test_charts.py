"""Charts show every run's curves, say what they are, and can be zoomed, read and taken away."""

from __future__ import annotations

import csv
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, QRectF, Qt
from PySide6.QtGui import QFontMetricsF, QGuiApplication, QImage, QPainter, QWheelEvent
from PySide6.QtWidgets import QApplication, QLabel, QWidget

from app.panels.charts import ChartsPanel
from app.panels.charts_axis import FOOT, LEFT, RIGHT, Scale, foot_labels, paint_axes
from app.panels.charts_legend import Entry, Legend
from app.panels.charts_toolbar import ChartsToolbar
from app.runs import curves
from app.runs.curves import measure_names
from app.session import Session
from app.theme import contrast, qcolor, theme_manager
from graph_engine.document import Document, SetNode
from tests.gui.panels_live.making import PATIENCE, made_up, train

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot

    from app.panels.charts_box import ChartBox

Show = Callable[..., ChartsPanel]


@pytest.fixture
def panel(session: Session, show: Show) -> ChartsPanel:
    return show(ChartsPanel(session))


@pytest.fixture
def charts(panel: ChartsPanel, session: Session, qtbot: QtBot) -> tuple[ChartBox, ChartBox]:
    """Loss and accuracy of a made-up run, drawn."""
    session.runs.shown.begin("small-1", "small-1", made_up())
    qtbot.waitUntil(lambda: bool(panel.boxes()) and bool(panel.boxes()[0].plot.lines()), timeout=PATIENCE)
    loss, accuracy = panel.boxes()
    return loss, accuracy


def names(box: ChartBox) -> list[str]:
    return [button.entry.name for button in box.legend.buttons()]


def drawn(box: ChartBox) -> list[str]:
    return sorted(line.key for line in box.plot.lines())


def hover(qtbot: QtBot, box: ChartBox, share: float) -> None:
    """Puts the pointer `share` of the way across the plot."""
    view = box.plot.viewport()
    for x in (share - 0.02, share):
        qtbot.mouseMove(view, QPoint(46 + round(x * (view.width() - 58)), view.height() // 2))


def test_without_a_run_the_panel_says_what_to_do(panel: ChartsPanel) -> None:
    words = " ".join(label.text() for label in panel.findChildren(QLabel) if label.isVisible())

    assert "Train" in words
    assert "Runs" in words
    assert not panel.toolbar.isVisible()


def test_train_and_validation_of_loss_and_accuracy_are_drawn(charts: tuple[ChartBox, ChartBox]) -> None:
    loss, accuracy = charts

    for box in charts:
        assert names(box) == ["train", "val"]
        assert drawn(box) == ["train", "val"]
        assert box.isVisible()
    low, high = loss.plot.y_values()
    assert low == 0
    assert 2.2 < high < 2.6
    assert loss.plot.x_values() == (0, 400)
    assert accuracy.plot.y_values()[0] == 0
    assert 1 <= accuracy.plot.y_values()[1] < 1.1


def test_what_measures_are_called_is_looked_up_when_the_drawing_changes(
    charts: tuple[ChartBox, ChartBox], panel: ChartsPanel, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked: list[int] = []

    def look(document: Document) -> dict[str, str]:
        looked.append(document.revision)
        return measure_names(document)

    monkeypatch.setattr(curves, "measure_names", look)
    for run in ("small-2", "small-3"):
        session.runs.shown.begin(run, run, made_up())
    assert looked == []
    session.perform(SetNode("accuracy_1", "title", "How often right"))
    for run in ("small-4", "small-5"):
        session.runs.shown.begin(run, run, made_up())
    assert looked == [session.document.revision]
    assert panel._names()["accuracy_1"] == "How often right"


def test_pixels_of_both_curves_are_there(charts: tuple[ChartBox, ChartBox]) -> None:
    picture = charts[0].plot.grab().toImage()
    seen = {picture.pixelColor(x, y).name() for x in range(picture.width()) for y in range(picture.height())}

    for series in (0, 1):
        assert any(contrast(theme_manager().palette.curve(series), color) < 1.15 for color in seen)


def test_what_was_measured_once_is_seen(panel: ChartsPanel, session: Session, qtbot: QtBot) -> None:
    """The validation of a run of one epoch is a point, which no line shows."""
    session.runs.shown.begin("small-1", "small-1", made_up(steps=23, epochs=1))
    qtbot.waitUntil(lambda: bool(panel.boxes()) and bool(panel.boxes()[0].plot.lines()), timeout=PATIENCE)
    picture = panel.boxes()[0].plot.grab().toImage()
    color = qcolor(theme_manager().palette.curve(1))
    below_legend = panel.boxes()[0].plot.height() // 4

    def near(x: int, y: int) -> bool:
        at = picture.pixelColor(x, y)
        away = abs(at.red() - color.red()) + abs(at.green() - color.green()) + abs(at.blue() - color.blue())
        return away < 40

    seen = [(x, y) for x in range(picture.width()) for y in range(below_legend, picture.height()) if near(x, y)]
    assert len(seen) >= 9
    assert max(x for x, _ in seen) - min(x for x, _ in seen) < 12


def test_a_click_in_the_legend_hides_a_curve_in_both_charts(charts: tuple[ChartBox, ChartBox], qtbot: QtBot) -> None:
    loss, accuracy = charts
    qtbot.mouseClick(loss.legend.buttons()[1], Qt.MouseButton.LeftButton)

    assert drawn(loss) == drawn(accuracy) == ["train"]
    assert not accuracy.legend.buttons()[1].isChecked()
    assert accuracy.legend.buttons()[1].accessibleDescription() == "hidden"

    qtbot.mouseClick(accuracy.legend.buttons()[1], Qt.MouseButton.LeftButton)
    assert drawn(loss) == drawn(accuracy) == ["train", "val"]


def test_runs_that_are_compared_have_names_and_colours_of_their_own(
    charts: tuple[ChartBox, ChartBox], session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown = session.runs.shown
    monkeypatch.setattr(shown, "_read", lambda run, take: take(made_up(speed=2.0)))
    for run in ("first", "second"):
        shown.compare(run, "same name", on=True)

    for box in charts:
        assert names(box) == ["train", "val", "same name", "same name (second)"]
        assert len({line.series for line in box.plot.lines()}) == 4
    others = [line for line in charts[0].plot.lines() if line.key not in ("train", "val")]
    assert [line.key for line in others] == ["second/val", "first/val"]
    assert not any(line.raw_behind for line in others)

    shown.compare("first", "same name", on=False)
    assert names(charts[0]) == ["train", "val", "same name (second)"]


def test_a_run_that_diverged_does_not_press_the_others_flat(
    charts: tuple[ChartBox, ChartBox], session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    diverged = made_up()
    diverged.curve("loss", "val").extend([401], [4.0], [4.0], [1e18])
    monkeypatch.setattr(session.runs.shown, "_read", lambda run, take: take(diverged))
    session.runs.shown.compare("diverged", "diverged", on=True)

    loss, _ = charts
    assert len(loss.plot.lines()) == 3
    assert loss.plot.y_values()[1] < 3


def test_curves_grow_while_a_run_goes_on(charts: tuple[ChartBox, ChartBox], session: Session) -> None:
    loss, _ = charts
    curves = session.runs.shown.runs[0].curves
    curves.curve("loss", "train").extend([401, 500], [4.1, 5.0], [4.1, 5.0], [0.05, 0.04])
    session.runs.ticked.emit()

    assert loss.plot.x_values() == (0, 500)


def test_a_measure_that_comes_later_is_drawn_and_can_be_chosen(
    charts: tuple[ChartBox, ChartBox], session: Session
) -> None:
    _, accuracy = charts
    session.runs.shown.runs[0].curves.curve("top_3", "val").extend([100], [1.0], [1.0], [0.7])
    session.runs.ticked.emit()
    offered = accuracy._choose.menu().actions()
    assert [action.text() for action in offered] == ["Accuracy", "Top 3"]

    offered[1].trigger()
    assert accuracy.measure == "top_3"
    assert drawn(accuracy) == ["val"]


def test_without_a_metric_the_loss_has_all_the_room(panel: ChartsPanel, session: Session, qtbot: QtBot) -> None:
    session.runs.shown.begin("regression", "regression", made_up(metrics=False))
    qtbot.waitUntil(lambda: bool(panel.boxes()), timeout=PATIENCE)
    loss, accuracy = panel.boxes()

    assert loss.isVisible()
    assert not accuracy.isVisible()


def test_before_the_first_step_the_charts_say_that_they_wait(
    panel: ChartsPanel, session: Session, qtbot: QtBot
) -> None:
    session.runs.shown.begin("new", "new", made_up(0, 0))
    qtbot.waitUntil(lambda: bool(panel.boxes()), timeout=PATIENCE)

    assert "first steps" in panel.boxes()[0].plot._overlay._sentence


def test_smoothing_moves_the_curve_and_leaves_validation(
    charts: tuple[ChartBox, ChartBox], panel: ChartsPanel, session: Session
) -> None:
    curves = session.runs.shown.runs[0].curves
    loss, val = curves.get("loss", "train"), curves.get("loss", "val")
    assert loss is not None
    assert val is not None
    panel.toolbar.slider.setValue(0)
    rough = np.abs(np.diff(loss.smooth.values, n=2)).sum()
    panel.toolbar.slider.setValue(95)

    assert np.abs(np.diff(loss.smooth.values, n=2)).sum() < rough / 2
    assert np.array_equal(val.smooth.values, val.raw.values)


def test_the_axis_can_run_along_epochs_and_time(charts: tuple[ChartBox, ChartBox], panel: ChartsPanel) -> None:
    loss, accuracy = charts
    panel.toolbar.axes["epoch"].click()
    assert loss.plot.x_values() == accuracy.plot.x_values() == (0, 4)

    panel.toolbar.axes["time"].click()
    assert loss.plot.x_values() == (0, 4.0)

    panel.toolbar.axes["step"].click()
    assert loss.plot.x_values() == (0, 400)


@pytest.mark.parametrize("scale", [1.0, 2.0])
@pytest.mark.parametrize("width", range(200, 900, 53))
def test_the_figures_of_the_foot_are_whole_and_apart(qapp: QApplication, width: int, scale: float) -> None:
    theme_manager().set_font_scale(scale)
    try:
        metrics = QFontMetricsF(theme_manager().typography.tabular("small"))
        px = theme_manager().spacing.px
        plot = QRectF(px(LEFT), px(9), width - px(LEFT) - px(RIGHT), 120)
        stretches: tuple[tuple[float, float, Scale], ...] = (
            (0.0, 4000.0, "count"),
            (0.0, 12_000_000.0, "count"),
            (0.0, 7260.0, "time"),
            (0.0, 40.0, "epoch"),
        )
        for across in stretches:
            labels = foot_labels(plot, across, metrics)
            assert labels
            for place, text in labels:
                assert place.width() >= metrics.horizontalAdvance(text)
                assert 0 <= place.left() <= place.right() <= width
            assert all(one.right() < other.left() for (one, _), (other, _) in pairwise(labels))
    finally:
        theme_manager().set_font_scale(1.0)


def test_the_last_figure_is_drawn_whole(qapp: QApplication) -> None:
    px, palette = theme_manager().spacing.px, theme_manager().palette
    picture = QImage(500, 160, QImage.Format.Format_RGB32)
    picture.fill(qcolor(palette.panel))
    painter = QPainter(picture)
    plot = QRectF(px(LEFT), px(9), 500 - px(LEFT) - px(RIGHT), 160 - px(9) - px(FOOT))
    paint_axes(painter, plot, (0.0, 4000.0, "count"), (0.0, 2.5, "number"))
    labels = foot_labels(plot, (0.0, 4000.0, "count"), QFontMetricsF(painter.font()))
    painter.end()
    assert labels[-1][1].endswith("000")
    ground = picture.pixel(1, 1)
    inked = [x for x in range(400, 500) for y in range(int(plot.bottom()) + 3, 160) if picture.pixel(x, y) != ground]
    wide = QFontMetricsF(theme_manager().typography.tabular("small")).horizontalAdvance("4000")
    assert max(inked) < 499
    assert max(inked) - min(x for x in inked if x > max(inked) - wide - 4) >= wide - 5


def test_a_logarithmic_scale_leaves_zero_out(charts: tuple[ChartBox, ChartBox], panel: ChartsPanel) -> None:
    loss, accuracy = charts
    shares = accuracy.plot.y_values()
    panel.toolbar.log.click()
    low, high = loss.plot.y_values()

    assert accuracy.plot.y_values() == shares
    assert 0 < low < 0.15
    assert high > 2
    panel.toolbar.log.click()
    assert loss.plot.y_values()[0] == 0


def test_the_cursor_reads_every_curve_in_both_charts(
    charts: tuple[ChartBox, ChartBox], session: Session, qtbot: QtBot
) -> None:
    loss, accuracy = charts
    hover(qtbot, loss, 0.5)

    assert [reading.name for reading in loss.plot.readings()] == ["train", "val"]
    assert [reading.name for reading in accuracy.plot.readings()] == ["train", "val"]
    assert loss.plot._overlay.heading() == accuracy.plot._overlay.heading()
    x = loss.plot.cursor()
    assert x == pytest.approx(200, abs=4)
    curve = session.runs.shown.runs[0].curves.get("loss", "val")
    assert curve is not None
    value = curve.at("step", float(x or 0))
    assert float(loss.plot.readings()[1].value) == pytest.approx(value, rel=1e-3)
    assert accuracy.plot.readings()[0].value.endswith("%")


def test_the_cursor_goes_with_the_pointer(charts: tuple[ChartBox, ChartBox], qtbot: QtBot) -> None:
    loss, accuracy = charts
    hover(qtbot, loss, 0.5)
    qtbot.mouseMove(loss.plot.viewport(), QPoint(4, 4))

    assert loss.plot.readings() == ()
    assert accuracy.plot.readings() == ()


def wheel(box: ChartBox, notches: int, modifiers: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
    view = box.plot.viewport()
    at = QPointF(view.rect().center())
    event = QWheelEvent(
        at,
        view.mapToGlobal(at),
        QPoint(),
        QPoint(0, 120 * notches),
        Qt.MouseButton.NoButton,
        modifiers,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QApplication.sendEvent(view, event)


def width(box: ChartBox) -> float:
    left, right = box.plot.x_values()
    return right - left


def test_the_wheel_zooms_and_a_double_click_shows_all_again(charts: tuple[ChartBox, ChartBox], qtbot: QtBot) -> None:
    loss, accuracy = charts
    wheel(loss, 3)
    assert width(loss) < 390
    assert not loss.plot.following
    assert accuracy.plot.following

    qtbot.mouseDClick(loss.plot.viewport(), Qt.MouseButton.LeftButton, pos=loss.plot.viewport().rect().center())
    assert loss.plot.following
    assert loss.plot.x_values() == (0, 400)


def test_with_control_the_wheel_zooms_along_x_alone(charts: tuple[ChartBox, ChartBox]) -> None:
    loss, _ = charts
    values = loss.plot.y_values()
    wheel(loss, 3, Qt.KeyboardModifier.ControlModifier)

    assert width(loss) < 390
    assert loss.plot.y_values() == pytest.approx(values)


def test_a_zoomed_chart_stays_where_it_is_while_the_run_goes_on(
    charts: tuple[ChartBox, ChartBox], session: Session
) -> None:
    loss, _ = charts
    wheel(loss, 3)
    seen = loss.plot.x_values()
    session.runs.shown.runs[0].curves.curve("loss", "train").extend([500], [5.0], [5.0], [0.04])
    session.runs.ticked.emit()

    assert loss.plot.x_values() == seen


def test_dragging_moves_what_is_seen(charts: tuple[ChartBox, ChartBox], qtbot: QtBot) -> None:
    loss, _ = charts
    view = loss.plot.viewport()
    start = view.rect().center()
    qtbot.mousePress(view, Qt.MouseButton.LeftButton, pos=start)
    for x in range(10, 101, 10):
        qtbot.mouseMove(view, start + QPoint(x, 0))
        qtbot.wait(20)
    qtbot.mouseRelease(view, Qt.MouseButton.LeftButton, pos=start + QPoint(100, 0))

    left, right = loss.plot.x_values()
    assert left < -20
    assert right - left == pytest.approx(400)


def test_the_keyboard_zooms_moves_and_goes_back(charts: tuple[ChartBox, ChartBox], qtbot: QtBot) -> None:
    loss, _ = charts
    loss.plot.setFocus()
    qtbot.keyClick(loss.plot, Qt.Key.Key_Plus)
    assert width(loss) == pytest.approx(320)
    left = loss.plot.x_values()[0]
    qtbot.keyClick(loss.plot, Qt.Key.Key_Right)
    assert loss.plot.x_values()[0] > left
    qtbot.keyClick(loss.plot, Qt.Key.Key_0)
    assert loss.plot.x_values() == (0, 400)


def test_a_peak_survives_however_many_points_there_are(charts: tuple[ChartBox, ChartBox], session: Session) -> None:
    loss, _ = charts
    step = np.arange(401, 300_401)
    values = np.full(len(step), 0.05)
    values[150_000] = 50.0
    session.runs.shown.set_smoothing(0.0)
    session.runs.shown.runs[0].curves.curve("loss", "train").extend(step, step / 100, step / 100, values)
    session.runs.ticked.emit()

    _, smooth = loss.plot._items["train"]
    assert len(smooth.xData) <= 1800
    assert smooth.yData.max() == 50.0
    assert loss.plot.y_values()[1] > 50


def test_a_loss_that_is_not_finite_leaves_a_gap(charts: tuple[ChartBox, ChartBox], session: Session) -> None:
    loss, _ = charts
    curves = session.runs.shown.runs[0].curves
    curves.curve("loss", "train").extend([401, 402], [4.0, 4.0], [4.0, 4.1], [np.nan, np.inf])
    session.runs.ticked.emit()

    assert all(np.isfinite(loss.plot.y_values()))
    assert loss.plot.grab().width() > 0


def test_all_points_are_saved_as_a_table(
    charts: tuple[ChartBox, ChartBox], panel: ChartsPanel, session: Session, tmp_path: Path, qtbot: QtBot
) -> None:
    path = tmp_path / "values.csv"
    panel.save_table(path)
    qtbot.waitUntil(lambda: not session.jobs.titles, timeout=PATIENCE)

    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    curves = session.runs.shown.runs[0].curves
    assert len(rows) == len(curves)
    mine = [row for row in rows if row["measure"] == "loss" and row["split"] == "train"]
    loss = curves.get("loss", "train")
    assert loss is not None
    assert [float(row["value"]) for row in mine] == loss.raw.values.tolist()
    assert all(int(after["step"]) == int(before["step"]) + 1 for before, after in pairwise(mine))
    assert {row["run"] for row in rows} == {"small-1"}


def test_a_picture_is_saved_and_copied(
    charts: tuple[ChartBox, ChartBox], panel: ChartsPanel, session: Session, tmp_path: Path, qtbot: QtBot
) -> None:
    from PySide6.QtGui import QImage

    path = tmp_path / "charts.png"
    panel.save_picture(path)
    qtbot.waitUntil(lambda: not session.jobs.titles, timeout=PATIENCE)
    saved = QImage(str(path))
    assert saved.width() > 1500  # two pixels for each of the screen's
    panel.copy_picture()
    assert QGuiApplication.clipboard().image().size() == saved.size()


def test_a_picture_that_cannot_be_written_is_told(
    charts: tuple[ChartBox, ChartBox], panel: ChartsPanel, session: Session, tmp_path: Path, qtbot: QtBot
) -> None:
    with qtbot.waitSignal(session.jobs.failed, timeout=PATIENCE) as failed:
        panel.save_picture(tmp_path / "nowhere" / "charts.png")

    assert "nowhere" in str(failed.args[1])


def test_the_theme_changes_at_once(charts: tuple[ChartBox, ChartBox]) -> None:
    loss, _ = charts
    hover_color = {line.series for line in loss.plot.lines()}
    loss.plot.set_cursor(200)
    theme_manager().set_mode("light")
    palette = theme_manager().palette

    assert {reading.color for reading in loss.plot.readings()} == {palette.curve(series) for series in hover_color}
    picture = loss.plot.grab().toImage()
    assert picture.pixelColor(2, 2).name() == palette.panel


def test_a_view_beside_the_charts_can_be_put_away(
    charts: tuple[ChartBox, ChartBox], panel: ChartsPanel, qtbot: QtBot
) -> None:
    beside = QLabel("maps")
    panel.set_side(beside)
    qtbot.waitUntil(beside.isVisible)
    panel.toolbar.maps.click()
    assert not beside.isVisible()
    panel.toolbar.maps.click()
    assert beside.isVisible()


def test_a_legend_without_room_puts_the_rest_into_a_menu(qtbot: QtBot) -> None:
    legend = Legend()
    qtbot.addWidget(legend)
    legend.resize(220, 24)
    legend.show()
    legend.set_entries([Entry(str(index), f"a run with a name {index}", index) for index in range(6)])
    chosen: list[tuple[str, bool]] = []
    legend.toggled.connect(lambda key, shown: chosen.append((key, shown)))

    seen = [button for button in legend.buttons() if button.isVisible()]
    actions = legend._more.menu().actions()
    assert len(seen) + len(actions) == 6
    assert 1 <= len(seen) < 6
    actions[-1].trigger()
    assert chosen == [("5", False)]


def test_a_real_run_is_drawn(panel: ChartsPanel, session: Session, qtbot: QtBot) -> None:
    train(qtbot, session)
    qtbot.waitUntil(lambda: bool(panel.boxes()) and bool(panel.boxes()[0].plot.lines()), timeout=PATIENCE)

    loss, accuracy = panel.boxes()
    assert drawn(loss) == drawn(accuracy) == ["train", "val"]
    assert session.runs.progress is not None
    assert loss.plot.x_values() == (0, session.runs.progress.steps)
    assert accuracy.plot.accessibleName() == "Accuracy chart"
    assert accuracy.plot.accessibleDescription().startswith("train ")
    assert "val " in accuracy.plot.accessibleDescription()


def test_the_row_above_leaves_out_what_has_no_room(qtbot: QtBot) -> None:
    host = QWidget()
    qtbot.addWidget(host)
    bar = ChartsToolbar(host)
    bar.offer_maps()
    bar.resize(900, 40)
    host.show()
    parts = (bar.slider, bar.maps, bar.show_all, *bar.axes.values(), bar.log)
    for width in (900, 420, 330, 300, 260):
        bar.resize(width, 40)
        QApplication.processEvents()
        settled = [part for part in parts if part.isVisible()]
        for part in settled:
            assert part.geometry().right() <= width
            assert part.width() >= part.sizeHint().width(), (width, part.accessibleName())
    assert not bar.slider.isVisible()
    assert all(button.isVisible() for button in bar.axes.values())
    bar.resize(900, 40)
    QApplication.processEvents()
    assert all(part.isVisible() for part in parts)
