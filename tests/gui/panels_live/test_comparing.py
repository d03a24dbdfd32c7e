"""Runs compared, found again, searched for: the dialogs of the runs panel."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QWidget

from app.dialogs.compare_runs import CompareRunsDialog
from app.dialogs.search import SearchDialog
from app.dialogs.trash import TrashDialog
from app.panels.parallel_plot import ParallelPlot, axes_of
from app.session import Session
from app.theme import theme_manager
from graph_engine.document import Document, Range, SetPlan
from graph_engine.runs import RunRecord, RunState, RunStore
from graph_engine.runs.comparing import Difference
from tests.gui.panels_live.making import PATIENCE

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot


def records() -> list[RunRecord]:
    return [
        RunRecord(
            id=f"net-{at}",
            name=f"net-{at}",
            document="Net",
            state=RunState.FINISHED,
            settings={"learning_rate": rate, "optimiser": kind, "seed": at},
            best={"epoch": 1, "step": 1, "val_accuracy": accuracy},
        )
        for at, (rate, kind, accuracy) in enumerate(
            [(0.001, "adam", 0.9), (0.001, "adam", 0.92), (0.1, "sgd", 0.7), (0.01, "sgd", 0.8)]
        )
    ]


@pytest.fixture
def parent(qtbot: QtBot) -> Iterator[QWidget]:
    widget = QWidget()
    qtbot.addWidget(widget)
    return widget


def test_axes_are_the_settings_that_differ_and_the_figure(qtbot: QtBot) -> None:
    axes = axes_of(records(), "val_accuracy")
    assert [axis.title for axis in axes] == ["learning_rate", "optimiser", "seed", "val_accuracy"]
    assert axes[0].places == pytest.approx((0, 0, 1, 0.5))  # even ratios: 0.001, 0.01, 0.1
    assert axes[1].marks == ((0.0, "adam"), (1.0, "sgd"))
    assert axes[3].places == pytest.approx((0.2 / 0.22, 1, 0, 0.1 / 0.22))


def test_groups_differences_and_lines_that_can_be_picked(qtbot: QtBot, parent: QWidget) -> None:
    dialog = CompareRunsDialog(records(), None, parent)
    dialog.resize(700, 500)
    dialog.show()
    cells = [[dialog.groups.item(row, column).text() for column in range(3)] for row in range(3)]
    assert cells[0] == ["learning_rate 0.001, optimiser adam", "2", "91.00 ± 1.41 %"]
    assert cells[1][2] == "70.00 %"
    dialog.groups.sortItems(2, Qt.SortOrder.DescendingOrder)
    assert [dialog.groups.item(row, 2).text() for row in range(3)] == ["91.00 ± 1.41 %", "80.00 %", "70.00 %"]
    dialog.groups.sortItems(2, Qt.SortOrder.AscendingOrder)
    assert dialog.groups.item(0, 2).text() == "70.00 %"
    dialog.by.set_value("optimiser")
    dialog.by.committed.emit("optimiser")
    assert dialog.groups.rowCount() == 2
    dialog.tabs.setCurrentIndex(1)
    plot = dialog.plot
    plot.grab()
    picked: list[str] = []
    plot.chosen.connect(picked.append)
    end = plot.points(1)[-1]
    qtbot.mouseMove(plot, QPoint(int(end.x()) - 1, int(end.y())))
    qtbot.mouseClick(plot, Qt.MouseButton.LeftButton, pos=QPoint(int(end.x()) - 1, int(end.y())))
    assert picked == ["net-1"]
    two = CompareRunsDialog(records()[:2], [Difference("plan.seed", "0", "1")], parent)
    assert [two.differences.item(0, column).text() for column in range(3)] == ["plan.seed", "0", "1"]


def test_the_best_line_is_the_one_with_the_smallest_of_what_is_to_be_small(qtbot: QtBot) -> None:
    plot = ParallelPlot()
    qtbot.addWidget(plot)
    errors = [replace(each, best={"val_mae": at + 1.0, "val_coverage": at + 1.0}) for at, each in enumerate(records())]
    for metric, best in (("val_mae", 0), ("val_coverage", 3)):
        plot.show_runs(errors, metric)
        goodness = plot._goodness()
        assert goodness.index(max(goodness)) == best, metric
    said = [replace(each, greater=("val_mae",)) for each in errors]  # a metric of that name that a plan has so
    plot.show_runs(said, "val_mae")
    assert plot._goodness()[3] == 1.0


def test_lines_are_drawn_anew_for_other_runs_sizes_and_colours(qtbot: QtBot) -> None:
    plot = ParallelPlot()
    qtbot.addWidget(plot)
    plot.resize(700, 400)
    plot.show_runs(records(), "val_accuracy")
    plot.show()

    def picture() -> QImage:
        return plot.grab().toImage()

    plain = picture()
    end = plot.points(1)[-1].toPoint()
    qtbot.mouseMove(plot, end - QPoint(1, 0))
    assert picture() != plain, "the line under the pointer stands out"
    qtbot.mouseMove(plot, QPoint(300, 2))
    assert picture() == plain
    plot.show_runs(records()[:2], "val_accuracy")
    assert picture() != plain
    plot.show_runs(records(), "val_accuracy")
    assert picture() == plain
    plot.resize(500, 400)
    assert plot.points(1)[-1].x() < 500
    narrow = picture()
    theme_manager().set_mode("light")
    assert picture() != narrow


def test_a_run_is_brought_back_from_the_trash(qtbot: QtBot, parent: QWidget) -> None:
    back: list[str] = []
    dialog = TrashDialog(records()[:2], back.append, lambda: back.append("all"), parent)
    assert not dialog.restore.isEnabled()
    dialog.list.setCurrentRow(1)
    dialog.restore.click()
    assert back == ["net-1"]


def test_ranges_are_marked_searched_and_the_best_is_opened(qtbot: QtBot, session: Session, parent: QWidget) -> None:
    opened: list[tuple[Document, str]] = []
    dialog = SearchDialog(session, lambda document, name: opened.append((document, name)), parent)
    dialog.show()
    ranges = dialog.ranges
    assert not dialog.start.isEnabled()
    assert (ranges.setting.value(), ranges.values.text()) == ("learning_rate", "0.0001..0.01:log")
    ranges.values.setText("5..1")
    ranges.mark.click()
    assert "less than" in dialog.said.text()
    ranges.values.setText("0.001, 0.01")
    ranges.mark.click()
    assert session.document.plan.search[0].choices == (0.001, 0.01)
    session.undo()
    assert session.document.plan.search == ()
    assert not dialog.start.isEnabled()
    session.redo()
    dialog.sampler.set_value("grid")
    dialog.count.set_value(2)
    dialog.start.click()
    qtbot.waitUntil(lambda: dialog.best.isEnabled() and not session.searches.live, timeout=4 * PATIENCE)
    qtbot.waitUntil(lambda: dialog.start.text() == "Go on", timeout=PATIENCE)
    assert dialog.trials.rowCount() == 2
    dialog.best.click()
    qtbot.waitUntil(lambda: bool(opened), timeout=PATIENCE)
    assert opened[0][0].plan.first_update.optimiser.learning_rate in (0.001, 0.01)
    assert len(RunStore().records()) == 2
    dialog.close()
    assert replace(session.document.plan, search=()).search == ()


def test_all_that_is_measured_can_be_judged_by_and_all_settings_are_found_by_typing(
    qtbot: QtBot, session: Session, parent: QWidget
) -> None:
    dialog = SearchDialog(session, lambda *_: None, parent)
    dialog.show()
    offered = {choice.value: choice.help for choice in dialog.measure.choices}
    assert list(offered) == ["val_loss", "val_accuracy", "train_loss", "train_accuracy"]
    assert offered["val_accuracy"].startswith("Greater")
    assert offered["val_loss"].startswith("Smaller")
    assert dialog.measure.value() == "val_loss"
    line = dialog.ranges.setting.lineEdit()
    assert line is not None
    line.selectAll()
    qtbot.keyClicks(line, "conv2d_1.str")
    popup = dialog.ranges.setting.completer().popup()
    qtbot.waitUntil(popup.isVisible, timeout=PATIENCE)
    qtbot.keyClick(popup, Qt.Key.Key_Down)
    qtbot.keyClick(popup, Qt.Key.Key_Return)
    assert dialog.ranges.setting.value() == "conv2d_1.stride"
    assert dialog.ranges.values.text() == "1, 2, 3"
    qtbot.keyClick(dialog.ranges.values, Qt.Key.Key_Return)
    assert session.document.plan.search[0].of == "conv2d_1.stride"
    dialog.close()


def test_a_search_goes_on_without_its_window_and_says_what_failed(
    qtbot: QtBot, session: Session, parent: QWidget
) -> None:
    sizes = Range(of="batch_size", choices=(64, 100_000))
    session.perform(SetPlan(replace(session.document.plan, search=(sizes,))))
    said: list[str] = []
    session.searches.ended.connect(lambda _, how: said.append(how))
    dialog = SearchDialog(session, lambda *_: None, parent)
    dialog.show()
    dialog.sampler.set_value("grid")
    dialog.count.set_value(2)
    dialog.start.click()
    qtbot.waitUntil(lambda: bool(session.searches.live), timeout=PATIENCE)
    dialog.close()
    qtbot.waitUntil(lambda: bool(said), timeout=4 * PATIENCE)
    assert said[0].startswith("search-small-1 has ended. The best val_loss is ")

    again = SearchDialog(session, lambda *_: None, parent)
    again.show()
    qtbot.waitUntil(lambda: len(again.which.choices) == 2, timeout=PATIENCE)
    again.which.enter("search-small-1")
    qtbot.waitUntil(lambda: again.trials.rowCount() == 2, timeout=PATIENCE)
    rows = [[again.trials.item(row, column).text() for column in range(5)] for row in range(2)]
    failed = next(row for row in rows if row[1] == "failed")
    assert failed[3] == "100000"
    assert "100000 samples" in failed[4]
    assert again.best.isEnabled()
    again.which.enter("")
    again.start.click()  # a search of its own, though of the same name's document
    qtbot.waitUntil(lambda: session.searches.live == ["search-small-2"], timeout=PATIENCE)
    qtbot.waitUntil(again.stop.isEnabled, timeout=PATIENCE)
    again.stop.click()
    qtbot.waitUntil(lambda: not session.searches.live, timeout=4 * PATIENCE)
    again.close()
