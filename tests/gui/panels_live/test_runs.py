"""The table of runs: found, sorted, compared, named, gone on with, taken out and thrown away."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from math import nan
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from PySide6.QtCore import QObject, Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QLineEdit, QMenu, QPushButton

from app.panels.runs import RunsPanel
from app.panels.runs_model import COLUMNS, NAME, NOTE, STATE, RunsModel, best, metrics_of, started
from app.runs.shown import ShownRuns
from app.session import Session
from app.theme import theme_manager
from app.widgets import Banner
from graph_engine.document import Document, SetPlan
from graph_engine.runs import RunRecord, RunState, RunStore
from graph_engine.train import Progress
from tests.gui.panels_live.making import PATIENCE, made_up, small_network, train

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot


def record(number: int, **changes: Any) -> RunRecord:
    values: dict[str, Any] = {
        "id": f"small-{number}",
        "name": f"small-{number}",
        "document": "Small",
        "dataset": "digits",
        "state": RunState.FINISHED,
        "created": f"2026-01-01T00:{number // 60 % 60:02}:{number % 60:02}.000+00:00",
        "seconds": float(number),
        "epoch": 3,
        "epochs": 3,
        "best": {"val_accuracy": 0.9 + number / 10_000, "val_loss": 1.0 / (number + 1), "epoch": 3.0},
    }
    return RunRecord(**(values | changes))


@pytest.fixture
def model(qapp: QObject) -> RunsModel:
    shown = ShownRuns(lambda run, take: take(made_up()))
    made = RunsModel(shown)
    shown.setParent(made)
    return made


def column(model: RunsModel, number: int) -> list[str]:
    return [model.data(model.index(row, number)) for row in range(model.rowCount())]


def titled(title: str) -> int:
    return next(place for place, each in enumerate(COLUMNS) if each.title == title)


def test_runs_are_listed_the_newest_first(model: RunsModel) -> None:
    model.set_records([record(1), record(3), record(2)])

    assert column(model, NAME) == ["small-3", "small-2", "small-1"]
    assert column(model, titled("Val accuracy")) == ["90.03 %", "90.02 %", "90.01 %"]
    assert column(model, titled("Epochs")) == ["3 / 3"] * 3
    assert column(model, titled("Time")) == ["0:03", "0:02", "0:01"]


def test_the_best_run_comes_first_when_sorted_and_unknown_values_last(model: RunsModel) -> None:
    model.set_records([record(1), record(2, best={}, metrics={}), record(3), record(4, best={"val_accuracy": nan})])
    for title in ("Val accuracy", "Val loss"):
        model.sort(titled(title), Qt.SortOrder.DescendingOrder)
        assert column(model, NAME)[:2] == ["small-3", "small-1"]
        assert column(model, titled(title))[2:] == ["", ""]


def test_any_measured_series_is_a_column_sorted_by_what_is_better(model: RunsModel) -> None:
    game = {"greater": ("val_coverage",)}
    records = [
        record(number, best={"val_coverage": 0.1 * number, "val_mae": 1.0 * number}, metrics={"train_r2": 0.5}, **game)
        for number in (2, 1, 3)
    ]
    model.set_records([*records, record(4)])
    assert metrics_of(records) == ["val_coverage", "val_mae", "train_r2"]
    model.set_metrics(["val_accuracy", "val_coverage", "val_mae"])
    assert [model.headerData(at, Qt.Orientation.Horizontal) for at in (10, 11)] == ["Val coverage", "Val mae"]
    model.sort(10, Qt.SortOrder.DescendingOrder)
    assert column(model, NAME) == ["small-3", "small-2", "small-1", "small-4"]
    assert column(model, 10) == ["0.3000", "0.2000", "0.1000", ""]
    model.sort(11, Qt.SortOrder.DescendingOrder)
    assert column(model, NAME) == ["small-1", "small-2", "small-3", "small-4"]
    model.set_metrics([])
    assert model.columnCount() == len(COLUMNS)
    model.set_records(records)
    assert column(model, NAME) == ["small-3", "small-2", "small-1"]


def test_columns_of_metrics_are_chosen_from_the_menu_of_the_head(
    qtbot: QtBot, session: Session, panel: RunsPanel
) -> None:
    train(qtbot, session)
    session.runs.library.refresh()
    qtbot.waitUntil(lambda: "train_accuracy" in metrics_of(session.runs.library.records or ()), timeout=PATIENCE)
    changed: list[tuple[str, ...]] = []
    panel.metrics_changed.connect(changed.append)

    def choose(title: str) -> None:
        panel.columns.click()
        menu = next(each for each in panel.findChildren(QMenu) if each.isVisible())
        (action,) = (each for each in menu.actions() if each.text() == title)
        qtbot.mouseClick(menu, Qt.MouseButton.LeftButton, pos=menu.actionGeometry(action).center())

    choose("Train accuracy")
    choose("Val loss")
    assert changed[-1] == ("val_accuracy", "train_accuracy")
    heads = panel.table.horizontalHeader()
    shown = [at for at in map(heads.logicalIndex, range(heads.count())) if not heads.isSectionHidden(at)]
    titles = [panel.model.headerData(at, Qt.Orientation.Horizontal) for at in shown]
    assert titles[:5] == ["Run", "Document", "State", "Val accuracy", "Train accuracy"]
    assert titles[-1] == "Note"
    cell = panel.model.data(panel.model.index(0, len(COLUMNS)))
    assert cell == f"{RunStore().records()[0].best['train_accuracy'] * 100:.2f} %"


def test_every_word_of_the_filter_must_be_found(model: RunsModel) -> None:
    model.set_records([record(1, note="wide"), record(2, document="Deep net"), record(3, state=RunState.FAILED)])
    model.set_filter("WIDE small")
    assert column(model, NAME) == ["small-1"]
    model.set_filter("failed")
    assert column(model, NAME) == ["small-3"]
    model.set_filter("nothing like it")
    assert model.rowCount() == 0
    model.set_filter("")
    assert model.rowCount() == 3


def test_thousands_of_runs_are_sorted_and_filtered(model: RunsModel) -> None:
    model.set_records([record(number) for number in range(5000)])
    model.sort(titled("Val loss"), Qt.SortOrder.DescendingOrder)
    assert column(model, NAME)[0] == "small-4999"
    model.set_filter("small-49")
    assert model.rowCount() == 111


def test_the_live_run_follows_its_progress(model: RunsModel) -> None:
    model.set_records([record(1, state=RunState.QUEUED, best={}), record(2)])
    model.set_live(
        "small-1",
        Progress(state=RunState.RUNNING, epoch=1, epochs=9, seconds=61.0, metrics={"val_accuracy": 0.5}),
    )
    row = model.row_of("small-1")

    assert model.data(model.index(row, STATE)) == "training"
    assert model.data(model.index(row, titled("Val accuracy"))) == "50.00 %"
    assert model.data(model.index(row, titled("Time"))) == "1:01"
    flags = model.flags(model.index(row, NAME))
    assert not flags & Qt.ItemFlag.ItemIsUserCheckable
    model.set_live("", None)
    assert model.data(model.index(row, STATE)) == "starting"


def test_names_and_notes_are_edited_in_place(model: RunsModel) -> None:
    model.set_records([record(1)])
    said: list[tuple[str, str, str]] = []
    model.renamed.connect(lambda run, name: said.append(("name", run, name)))
    model.noted.connect(lambda run, note: said.append(("note", run, note)))

    model.setData(model.index(0, NAME), " wide net ")
    model.setData(model.index(0, NAME), "   ")
    model.setData(model.index(0, NAME), "small-1")
    model.setData(model.index(0, NOTE), "lr 0.1")
    assert said == [("name", "small-1", "wide net"), ("note", "small-1", "lr 0.1")]


def test_a_tick_draws_a_run_in_a_colour_that_the_table_shows(model: RunsModel) -> None:
    model.set_records([record(1)])
    asked: list[tuple[str, str, bool]] = []
    model.ticked.connect(lambda run, name, on: asked.append((run, name, on)))
    index = model.index(0, NAME)
    assert model.data(index, Qt.ItemDataRole.CheckStateRole) == Qt.CheckState.Unchecked
    model.setData(index, Qt.CheckState.Checked.value, Qt.ItemDataRole.CheckStateRole)
    assert asked == [("small-1", "small-1", True)]

    model._shown.compare("small-1", "small-1", on=True)
    assert model.data(index, Qt.ItemDataRole.CheckStateRole) == Qt.CheckState.Checked
    series = model._shown.series("small-1")
    assert series is not None
    mark = model.data(index, Qt.ItemDataRole.DecorationRole).toImage()
    assert mark.pixelColor(10, 10).name() == theme_manager().palette.curve(series)


def test_when_a_run_began_is_said_as_people_do() -> None:
    now = datetime(2026, 3, 14, 18, 0, tzinfo=UTC)
    local = now.astimezone()
    today = now.replace(hour=12, minute=3)
    assert started(record(1, started=today.isoformat()), now) == f"today {today.astimezone():%H:%M}"
    assert started(record(1, started="2026-02-01T12:00:00+00:00"), now).startswith("1 ")
    assert started(record(1, started="2024-02-01T12:00:00+00:00"), now).endswith(" 2024")
    assert started(record(1, started="", created="nonsense"), now) == ""
    assert local.tzinfo is not None


def test_the_best_is_that_of_the_best_epoch_else_the_newest() -> None:
    assert best(record(1, metrics={"val_loss": 9.0}), "val_loss") == 0.5
    assert best(record(1, best={"val_loss": nan}, metrics={"val_loss": 9.0}), "val_loss") == 9.0
    assert best(record(1, best={}, metrics={}), "val_loss") is None


# The panel, on real runs.


@pytest.fixture
def panel(session: Session, show: Callable[..., RunsPanel]) -> RunsPanel:
    return show(RunsPanel(session))


def listed(panel: RunsPanel) -> list[str]:
    return column(panel.model, NAME)


def wait_for_runs(qtbot: QtBot, panel: RunsPanel, *names: str) -> None:
    qtbot.waitUntil(lambda: listed(panel) == list(names), timeout=PATIENCE)


def test_without_runs_the_panel_says_what_will_be_here(panel: RunsPanel, qtbot: QtBot) -> None:
    qtbot.waitUntil(lambda: "leaves a run here" in panel._empty.sentence(), timeout=PATIENCE)
    assert not panel.table.isVisible()


def test_a_filter_that_finds_nothing_says_so(panel: RunsPanel, session: Session, qtbot: QtBot) -> None:
    train(qtbot, session)
    wait_for_runs(qtbot, panel, "small-1")
    panel.search.setText("zebra")
    panel.search.edited.emit("zebra")
    assert "zebra" in panel._empty.sentence()
    assert not panel.table.isVisible()
    panel.search.setText("")
    panel.search.edited.emit("")
    assert panel.table.isVisible()


def test_a_finished_run_can_be_named_noted_and_drawn(panel: RunsPanel, session: Session, qtbot: QtBot) -> None:
    first = train(qtbot, session)
    second = train(qtbot, session)
    wait_for_runs(qtbot, panel, second, first)
    panel.model.setData(panel.model.index(1, NAME), "baseline")
    wait_for_runs(qtbot, panel, second, "baseline")
    panel.model.setData(panel.model.index(1, NOTE), "as in the lecture")
    qtbot.waitUntil(lambda: column(panel.model, NOTE)[1] == "as in the lecture", timeout=PATIENCE)
    stored = RunStore().get(first).record
    assert (stored.name, stored.note) == ("baseline", "as in the lecture")
    assert [run.name for run in session.runs.shown.runs] == [second, "baseline"]

    panel.choose(first)
    panel.draw.trigger()
    assert [run.run for run in session.runs.shown.runs] == [second]
    panel.draw.trigger()
    qtbot.waitUntil(lambda: len(session.runs.shown.runs) == 2, timeout=PATIENCE)
    curve = session.runs.shown.runs[1].curves.get("loss", "val")
    assert curve is not None
    assert len(curve) == 2


def test_f2_renames_the_run_although_the_window_has_f2_as_well(
    panel: RunsPanel, session: Session, qtbot: QtBot
) -> None:
    run = train(qtbot, session)
    wait_for_runs(qtbot, panel, run)
    elsewhere: list[bool] = []
    action = QAction(panel)
    action.setShortcut("F2")
    action.triggered.connect(lambda: elsewhere.append(True))
    panel.addAction(action)
    panel.choose(run)
    panel.table.setFocus()
    qtbot.keyClick(panel.table, Qt.Key.Key_F2)
    editor = panel.table.findChild(QLineEdit)
    assert editor is not None
    panel.model._records = ()
    session.runs.library.changed.emit()  # the list comes anew while one types
    editor.setText("my best")
    qtbot.keyClick(editor, Qt.Key.Key_Return)

    wait_for_runs(qtbot, panel, "my best")
    assert not elsewhere


def test_a_deleted_run_can_be_brought_back(panel: RunsPanel, session: Session, qtbot: QtBot) -> None:
    run = train(qtbot, session)
    wait_for_runs(qtbot, panel, run)
    panel.choose(run)
    panel.table.setFocus()
    qtbot.keyClick(panel.table, Qt.Key.Key_Delete)
    wait_for_runs(qtbot, panel)
    assert RunStore().find(run) is None
    assert session.runs.shown.runs == ()

    banner = panel.findChild(Banner)
    assert banner is not None
    assert run in banner.text()
    button = banner.findChild(QPushButton)
    assert button is not None
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    wait_for_runs(qtbot, panel, run)


def test_the_document_of_a_run_can_be_opened(panel: RunsPanel, session: Session, qtbot: QtBot) -> None:
    run = train(qtbot, session)
    wait_for_runs(qtbot, panel, run)
    panel.choose(run)
    with qtbot.waitSignal(panel.document_requested, timeout=PATIENCE) as requested:
        panel.open.trigger()

    document, name = requested.args
    assert isinstance(document, Document)
    assert document.main.nodes.keys() == session.document.main.nodes.keys()
    assert name == "Small"


def test_weights_are_exported(panel: RunsPanel, session: Session, qtbot: QtBot, tmp_path: Path) -> None:
    from safetensors.torch import load_file

    run = train(qtbot, session)
    path = tmp_path / "weights.safetensors"
    with qtbot.waitSignal(panel.said, timeout=PATIENCE) as said:
        panel.files.write_weights(run, path)

    assert "weights.safetensors" in said.args[0]
    weights = load_file(path)
    best_weights = RunStore().get(run).folder.checkpoint("best").weights
    assert {name: value.tolist() for name, value in weights.items()} == {
        name: value.tolist() for name, value in best_weights.items()
    }


def test_an_export_that_fails_is_told(panel: RunsPanel, qtbot: QtBot, tmp_path: Path) -> None:
    with qtbot.waitSignal(panel.failed, timeout=PATIENCE) as failed:
        panel.files.write_weights("no-such-run", tmp_path / "x.safetensors")

    assert "no-such-run" in str(failed.args[0])


def test_a_stopped_run_is_gone_on_with_from_the_table(panel: RunsPanel, session: Session, qtbot: QtBot) -> None:
    session.perform(SetPlan(replace(session.document.plan, stages=small_network(100).plan.stages)))
    qtbot.waitUntil(lambda: not session.checking, timeout=PATIENCE)
    session.runs.start()
    qtbot.waitUntil(lambda: session.runs.progress is not None and session.runs.progress.step > 3, timeout=PATIENCE)
    qtbot.waitUntil(lambda: column(panel.model, STATE) == ["training"], timeout=PATIENCE)
    panel.choose("small-1")
    assert not panel.resume.isEnabled()
    assert not panel.delete.isEnabled()
    session.runs.stop()
    qtbot.waitUntil(lambda: column(panel.model, STATE) == ["stopped"], timeout=PATIENCE)
    qtbot.waitUntil(panel.resume.isEnabled, timeout=PATIENCE)

    panel.resume.trigger()
    qtbot.waitUntil(lambda: column(panel.model, STATE) == ["finished"], timeout=PATIENCE)
    assert column(panel.model, titled("Epochs")) == ["100 / 100"]


def test_why_a_run_failed_is_said_below_the_table(panel: RunsPanel, session: Session, qtbot: QtBot) -> None:
    run = train(qtbot, session)
    store = RunStore()
    failed = replace(store.get(run).record, state=RunState.FAILED, message="The loss was not a finite number.")
    store.run_folder(run).write(failed)
    store.refresh(run)
    session.runs.library.refresh()
    qtbot.waitUntil(lambda: column(panel.model, STATE) == ["failed"], timeout=PATIENCE)
    panel.choose(run)

    assert panel._message.isVisible()
    assert "not a finite number" in panel._message.text()


def test_the_choice_survives_a_new_list(panel: RunsPanel, session: Session, qtbot: QtBot) -> None:
    first = train(qtbot, session)
    wait_for_runs(qtbot, panel, first)
    panel.choose(first)
    second = train(qtbot, session)
    wait_for_runs(qtbot, panel, second, first)

    chosen = panel.chosen()
    assert chosen is not None
    assert chosen.id == first


def test_what_is_typed_of_a_run_that_goes_on_is_not_overwritten(
    panel: RunsPanel, session: Session, qtbot: QtBot
) -> None:
    """The row follows the run several times a second; a name takes longer to type."""
    plan = session.document.plan
    session.perform(SetPlan(replace(plan, stages=(replace(plan.stages[0], epochs=5000),))))
    runs = session.runs
    runs.start()
    qtbot.waitUntil(lambda: bool(runs.run) and panel.model.row_of(runs.run) >= 0, timeout=PATIENCE)
    run = runs.run
    panel.table.selectRow(panel.model.row_of(run))
    panel.table.setFocus()
    qtbot.keyClick(panel.table, Qt.Key.Key_F2)
    (line,) = panel.table.findChildren(QLineEdit)
    line.selectAll()
    qtbot.keyClicks(line, "My long run")
    step = runs.progress.step if runs.progress is not None else 0
    qtbot.wait(600)  # the row is looked at four times a second
    qtbot.waitUntil(lambda: runs.progress is not None and runs.progress.step > step + 20, timeout=PATIENCE)
    assert line.text() == "My long run"
    qtbot.keyClick(line, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: RunStore().get(run).name == "My long run", timeout=PATIENCE)
    runs.stop()
    qtbot.waitUntil(lambda: not runs.live, timeout=PATIENCE)


def test_the_next_run_is_chosen_when_one_is_deleted(panel: RunsPanel, session: Session, qtbot: QtBot) -> None:
    names = [train(qtbot, session) for _ in range(3)][::-1]  # as they are listed
    qtbot.waitUntil(lambda: panel.model.rowCount() == 3, timeout=PATIENCE)
    panel.table.setFocus()
    for row, then in ((1, names[2]), (1, names[0])):
        panel.table.selectRow(row)
        count = panel.model.rowCount()
        qtbot.keyClick(panel.table, Qt.Key.Key_Delete)
        qtbot.waitUntil(lambda count=count: panel.model.rowCount() == count - 1, timeout=PATIENCE)
        assert [each.id for each in panel.all_chosen()] == [then]
