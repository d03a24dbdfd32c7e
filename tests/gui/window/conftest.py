"""A session that checks at once, and the real window on it."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

import pytest
from PySide6.QtCore import QCoreApplication, QEvent, QObject, Signal
from PySide6.QtWidgets import QApplication, QWidget

from app.open_document import OpenDocument
from app.session import Session
from app.settings import Settings
from app.start import Studio
from app.theme import theme_manager
from app.workers import Checked, Compiled, data_problems
from graph_engine.check import Checker
from graph_engine.compile import CompileError, compile_document
from graph_engine.document import Document
from graph_engine.document.layout import arrange
from presets import open_preset

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from pytestqt.qtbot import QtBot

    from app.window import MainWindow

W = TypeVar("W", bound=QWidget)


class ImmediateWorker(QObject):
    """Answers within the request; `hold` keeps answers back until `answer`."""

    checked = Signal(object)
    compiled = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self.requests: list[tuple[int, Document]] = []
        self.hold = False
        self._checker = Checker()

    def request(self, ticket: int, snapshot: Document) -> None:
        self.requests.append((ticket, snapshot))
        if not self.hold:
            self.answer()

    def answer(self, at: int = -1) -> None:
        """Answers one of the requests, the newest by default."""
        ticket, snapshot = self.requests[at]
        result = self._checker.check(snapshot)
        self.checked.emit(Checked(ticket, result, data_problems(snapshot, result)))
        program = None
        if result.ok and len(snapshot.main):
            try:
                program = compile_document(snapshot, result)
            except CompileError:
                program = None
        self.compiled.emit(Compiled(ticket, program))


@pytest.fixture
def worker(qapp: QApplication) -> ImmediateWorker:
    return ImmediateWorker()


@pytest.fixture
def session(worker: ImmediateWorker) -> Iterator[Session]:
    made = Session(worker)
    yield made
    made.runs.close()
    made.searches.close()
    made.jobs.close()
    made.deleteLater()
    settle()


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(tmp_path / "window.ini")


@pytest.fixture
def show(session: Session) -> Callable[[Document | str], Document]:
    """Opens a document or a preset in the session, checked."""

    def show(thing: Document | str) -> Document:
        document = open_preset(thing) if isinstance(thing, str) else thing
        session.show(OpenDocument(document, name=document.title))
        settle()
        return document

    return show


@pytest.fixture
def studio(qtbot: QtBot, settings: Settings) -> Iterator[Studio]:
    """The window as the user has it, with the thread that checks, on screen."""
    theme_manager().set_mode("dark")
    made = Studio(settings)
    made.window.resize(1400, 900)
    made.window.show_drawing()
    made.window.show()
    qtbot.waitExposed(made.window)
    yield made
    made.discard()
    made.deleteLater()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)


@pytest.fixture
def window(studio: Studio, qtbot: QtBot) -> MainWindow:
    """The window, torch loaded, an empty drawing in it."""
    studio.begin()
    qtbot.waitUntil(lambda: studio.settled, timeout=60_000)
    return studio.window


@pytest.fixture
def open_in(window: MainWindow, qtbot: QtBot, studio: Studio) -> Callable[[Document | str], MainWindow]:
    """Shows a document or preset in the window and waits for its check."""

    def open_in(thing: Document | str) -> MainWindow:
        document = open_preset(thing) if isinstance(thing, str) else thing
        if not isinstance(thing, str):
            document.apply(arrange(document.main))
        window.session.show(OpenDocument(document, name=document.title))
        qtbot.waitUntil(lambda: studio.settled, timeout=30_000)
        return window

    return open_in


def settle() -> None:
    """Lets timers of no time and posted events happen."""
    for _ in range(3):
        QApplication.processEvents()
        QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)


@pytest.fixture
def present(qtbot: QtBot) -> Iterator[Callable[[W], W]]:
    """Puts a widget on screen for the test."""
    shown: list[QWidget] = []

    def present(widget: W) -> W:
        widget.resize(900, 700)
        widget.show()
        with qtbot.waitActive(widget):
            widget.activateWindow()
        shown.append(widget)
        return widget

    yield present
    for widget in shown:
        widget.close()
        widget.deleteLater()
    settle()
