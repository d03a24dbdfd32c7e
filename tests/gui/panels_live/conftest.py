"""A session that checks at once, small documents that train in a moment, and runs whose curves are made up."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, TypeVar

import pytest
from PySide6.QtCore import QCoreApplication, QEvent

from app.session import Session
from app.theme import theme_manager
from graph_engine.train import keeper
from tests.gui.panels_live.making import InstantWorker, open_in, small_network

if TYPE_CHECKING:
    from PySide6.QtWidgets import QWidget
    from pytestqt.qtbot import QtBot

Panel = TypeVar("Panel", bound="QWidget")


@pytest.fixture(autouse=True)
def dark(qapp: object) -> None:
    theme_manager().set_mode("dark")


@pytest.fixture
def session(qtbot: QtBot) -> Iterator[Session]:
    """A session of a small convolutional classifier of digits."""
    made = Session(InstantWorker())
    open_in(qtbot, made, small_network())
    yield made
    assert made.runs.close()
    made.searches.close()
    made.jobs.close()
    made.deleteLater()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)


@pytest.fixture
def saves_often(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every epoch leaves a checkpoint."""
    monkeypatch.setattr(keeper, "EPOCH_INTERVAL", 0.0)
    monkeypatch.setattr(keeper, "SAVE_SHARE", 0)


@pytest.fixture
def show(qtbot: QtBot) -> Callable[[Panel, tuple[int, int]], Panel]:
    """Shows a panel at a size (px) and closes it after the test."""

    def shown(panel: Panel, size: tuple[int, int] = (1100, 280)) -> Panel:
        qtbot.addWidget(panel)
        panel.resize(*size)
        with qtbot.waitActive(panel):
            panel.show()
            panel.activateWindow()
        return panel

    return shown
