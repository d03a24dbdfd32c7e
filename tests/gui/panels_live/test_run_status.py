"""The status bar says in few words how a run stands."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest
from PySide6.QtWidgets import QApplication, QHBoxLayout, QLabel, QWidget

from app.panels.run_status import STATES, RunStatus, pieces
from app.session import Session
from app.theme import theme_manager
from app.widgets import ElidedLabel
from graph_engine.runs import RunState
from graph_engine.train import Progress
from tests.gui.panels_live.making import PATIENCE, train

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot


def test_a_run_in_training_says_where_how_fast_and_how_good() -> None:
    progress = Progress(
        state=RunState.RUNNING,
        epoch=6,
        epochs=20,
        step=6 * 390 + 212,
        steps=7800,
        rate=18420.3,
        eta=41.2,
        metrics={"train_loss": 0.0831, "val_loss": 0.1, "val_accuracy": 0.976},
    )

    assert pieces(progress, unit="img") == [
        "epoch 7 / 20 · step 212 / 390",
        "18\u202f420 img/s",
        "ETA 0:41",
        "loss 0.08310",
        "val acc 97.6 %",
    ]


@pytest.mark.parametrize(
    ("progress", "said"),
    [
        (Progress(), []),
        (Progress(state=RunState.RUNNING, epochs=3, steps=30), ["epoch 1 / 3 · step 0 / 10"]),
        (
            Progress(state=RunState.FINISHED, epoch=3, epochs=3, step=30, steps=30, seconds=75.0, rate=9.0, eta=0.0),
            ["epoch 3 / 3 · step 10 / 10", "took 1:15"],
        ),
        (
            Progress(state=RunState.PAUSED, epoch=1, epochs=3, step=25, steps=100, rate=12.0),
            ["epoch 2 / 3 · step 25 / 100"],
        ),
        (
            Progress(state=RunState.RUNNING, stage=2, stages=2, epoch=1, epochs=2, step=15, steps=20, rate=4.25),
            ["stage 2 / 2 · epoch 2 / 2 · step 5 / 10", "4.25 samples/s"],
        ),
        (Progress(state=RunState.RUNNING, metrics={"val_loss": 0.5}), ["val loss 0.5000"]),
    ],
)
def test_only_what_is_known_is_said(progress: Progress, said: list[str]) -> None:
    assert pieces(progress) == said


def test_every_state_has_a_word_and_a_colour() -> None:
    for state in RunState:
        word, role = STATES[state]
        assert word
        assert theme_manager().palette.color(role)


def test_the_bar_follows_a_run(session: Session, show: Callable[..., RunStatus], qtbot: QtBot) -> None:
    bar = show(RunStatus(session), (900, 24))
    assert bar.text() == "ready"
    said: list[str] = []
    session.runs.state_changed.connect(lambda: said.append(bar.text()))
    train(qtbot, session)

    assert said[0] == "starting"
    assert bar.text().startswith("finished  epoch 2 / 2 · step 23 / 23  took 0:0")
    assert "val acc" in bar.text()
    assert bar.accessibleDescription() == bar.text()


def test_why_a_run_failed_is_said(session: Session, show: Callable[..., RunStatus], qtbot: QtBot) -> None:
    bar = show(RunStatus(session), (900, 24))
    session.runs._progress = Progress(state=RunState.FAILED, message="The loss is not a finite number.")
    session.runs.state_changed.emit()

    qtbot.waitUntil(lambda: "not a finite number" in bar.text(), timeout=PATIENCE)
    assert bar.text().startswith("failed")


def test_figures_without_room_are_left_out_and_not_cut(
    session: Session, show: Callable[..., QWidget], qtbot: QtBot
) -> None:
    holder = QWidget()
    bar = RunStatus(session)
    row = QHBoxLayout(holder)
    row.setContentsMargins(0, 0, 0, 0)
    row.addWidget(bar)
    show(holder, (900, 24))
    train(qtbot, session)
    qtbot.waitUntil(lambda: bar.text().startswith("finished"), timeout=PATIENCE)
    whole, counts = bar.text(), []
    for width in range(900, 60, -40):
        holder.resize(width, 24)
        QApplication.processEvents()
        labels = [each for each in bar.findChildren(QLabel) if not isinstance(each, ElidedLabel)]
        shown = [each for each in labels if each.isVisible()]
        cut = [each.text() for each in shown[1:] if each.width() < each.sizeHint().width()]
        assert cut == [], width
        counts.append(len(shown))
    assert counts[0] == len(whole.split("  "))
    assert counts[-1] == 1, "the state alone"
    assert bar.text() == whole == bar.accessibleDescription()
