"""Starting the window: nothing slow before it is on screen, everything else right after."""

from __future__ import annotations

import gc
import os
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Literal

from PySide6.QtCore import QEvent, QEventLoop, QObject, Signal
from PySide6.QtWidgets import QApplication

from app.open_document import OpenDocument
from app.runs.finding import find_runs
from app.session import Session
from app.settings import Settings
from app.theme import theme_manager
from app.window import MainWindow
from app.workers import CheckWorker

if TYPE_CHECKING:
    from collections.abc import Sequence

    from graph_engine.document import Document

_PATIENCE = 60.0  # s that a picture waits for the check and the panels
_PATIENCE_FOR_WEIGHTS = 10.0  # s after that, for what the nodes of a run give
_REST = 0.4  # s after that, for what is drawn a moment later
_TURN = 10  # ms
SWITCH = 0.001  # s; how long the window waits at most for the Python of another thread


def open_window(path: Path | None = None) -> int:
    """Opens the window, with a file if one is given, and returns the exit status when it was closed."""
    gc.disable()  # until the window is on screen, so that it comes sooner
    application = make_application(sys.argv[:1])
    sys.setswitchinterval(SWITCH)
    settings = Settings.of_user()
    theme_manager().set_mode(settings.theme)
    theme_manager().set_font_scale(settings.text_scale)
    studio = Studio(settings)
    studio.window.restore()
    if path is None and settings.welcome:
        studio.window.show_welcome()
    else:
        studio.window.show_drawing()
    studio.report_bugs()
    studio.window.painted.connect(_collect_again)
    studio.window.painted.connect(lambda: studio.begin(path))
    studio.window.show()
    if settings.problem:
        studio.window.notices.refuse(settings.problem)
    return _end(application.exec())


def _end(status: int) -> int:
    """The exit status; ends the process at once where a thread is still busy, as with loading torch.

    The threads of torch itself would abort a process that ends around them. All that is to be kept is written by now.
    """
    if any(thread is not threading.main_thread() for thread in threading.enumerate()):
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)
    return status


def _collect_again() -> None:
    """What is there now stays: it is looked at no more."""
    gc.freeze()
    gc.enable()


def make_application(arguments: Sequence[str]) -> QApplication:
    """The application, with its name and look."""
    application = QApplication.instance()
    if not isinstance(application, QApplication):
        application = QApplication(list(arguments))
    application.setApplicationName("Layerloom")
    application.setApplicationDisplayName("Layerloom")
    application.setDesktopFileName("layerloom")
    return application


class Studio(QObject):
    """A window with its session and its worker, from the first paint to the end."""

    _bug = Signal(object)

    def __init__(self, settings: Settings) -> None:
        super().__init__()
        self.settings = settings
        self.worker = CheckWorker(self)
        self.session = Session(self.worker, self)
        with theme_manager().assembling():
            self.window = MainWindow(self.session, settings)
        self.worker.failed.connect(self.window.notices.report)
        self.worker.ready.connect(self._look_for_devices)
        self._finds_runs = False
        self.window.closing.connect(self.close)
        self._bug.connect(self.window.notices.report)

    def begin(self, path: Path | None = None, *, journal: bool = True) -> None:
        """What waits until the window is on screen: the file, the presets, the crash journal, torch."""
        if path is not None:
            self.window.files.open_path(path)
        if self.window.at_welcome:
            self.window.shelf.load()
        self._finds_runs = journal
        if journal:
            self.window.autosave.start()
            self.window.versions.start()
        self.window.own.refresh()
        self.window.statusbar.start()
        self.worker.start()
        self.session.recheck()

    def close(self) -> None:
        """Ends the worker and gives the hooks back."""
        self.worker.close()
        sys.excepthook = sys.__excepthook__
        threading.excepthook = threading.__excepthook__

    @property
    def settled(self) -> bool:
        """Whether nothing is on its way: the check has come, the program too, no job goes on."""
        session = self.session
        compiled = session.program is not None or not session.check or not session.check.ok or not len(session.graph)
        idle = not session.jobs.titles and not session.runs.background.titles
        return session.check is not None and not session.checking and compiled and idle

    def discard(self) -> None:
        """Ends everything without asking; what was changed is lost."""
        self.window.discard()
        self.window.deleteLater()
        QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)

    def report_bugs(self) -> None:
        """Brings every exception that nobody caught to the window, from whatever thread."""

        def report(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
            if issubclass(kind, KeyboardInterrupt):
                self.window.close()
                return
            self._bug.emit(error.with_traceback(trace))

        def report_thread(arguments: threading.ExceptHookArgs) -> None:
            if arguments.exc_value is not None:
                self._bug.emit(arguments.exc_value)

        sys.excepthook = report
        threading.excepthook = report_thread

    def _look_for_devices(self) -> None:
        from graph_engine.doctor.devices import find_devices

        if self._finds_runs:
            find_runs(self.session.runs)
            self.session.searches.refresh()
        self.session.jobs.start(
            "Looking for devices", find_devices, self.window.topbar.device.show_devices, lambda _: None
        )


def render(
    document: Document,
    size: tuple[int, int],
    panel: str | None,
    theme: Literal["dark", "light"],
    path: Path,
    *,
    name: str = "",
    select: str | None = None,
    run: str = "",
) -> None:
    """Draws the real window showing `document` into a PNG of `size` pixels; made for Qt's off-screen platform.

    `panel` is brought to the front and waited for; `name` is what the window calls the document; the curves and weights
    of `run` (an id) are shown.

    Raises:
        RenderError: there is no such panel or node, the check did not come, or the file could not be written.
    """
    make_application(["layerloom"])
    theme_manager().set_mode(theme)
    settings = Settings()
    settings.theme = theme
    studio = Studio(settings)
    try:
        _show_for_picture(studio, OpenDocument(document, name=name or document.title), size, panel, select)
        if run:
            runs = studio.session.runs
            runs.show(run, name or run)
        if not _wait_until(lambda: studio.settled, _PATIENCE):
            raise RenderError("The window did not come to rest within a minute, so no picture was made.")
        seen = studio.session.runs.activations
        _wait_until(lambda: not (run and seen.wanted()) or seen.is_trained, _PATIENCE_FOR_WEIGHTS)
        _wait_until(lambda: False, _REST)
        studio.window.canvas.fit_all()
        studio.window.setFocus()
        picture = studio.window.grab()
    finally:
        studio.discard()
    if not picture.save(str(path), "PNG"):
        raise RenderError(f"The picture could not be written to {path}. Is the folder there, and is there space?")


def _show_for_picture(
    studio: Studio, opened: OpenDocument, size: tuple[int, int], panel: str | None, select: str | None
) -> None:
    window = studio.window
    names = [*window.panes.left.names, *window.panes.bottom.names, "inspector"]
    if panel is not None and panel not in names:
        raise RenderError(f"There is no panel called {panel!r}. There are: {', '.join(names)}.")
    if select is not None and select not in opened.document.main:
        raise RenderError(f"There is no node called {select!r} to select.")
    window.setFixedSize(*size)
    studio.session.show(opened)
    window.show_drawing()
    window.show()
    studio.begin(journal=False)
    if select is not None:
        studio.session.select([select])
    if panel is not None:
        window.show_panel(panel)


class RenderError(Exception):
    """A picture of the window that could not be made; the message says why."""


def _wait_until(done: Callable[[], bool], seconds: float) -> bool:
    """Lets the window work until `done` says so; False when `seconds` passed before."""
    end = time.monotonic() + seconds
    while not done():
        if time.monotonic() > end:
            return False
        QApplication.processEvents(QEventLoop.ProcessEventsFlag.AllEvents, _TURN)
        QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)
        time.sleep(_TURN / 1000)
    return True
