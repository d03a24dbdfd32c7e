"""The searches for better settings: begun, watched, told to end. They have processes of their own and go on without the
window.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, Signal

from app.panels.charts_ticks import value_label

if TYPE_CHECKING:
    import subprocess
    from pathlib import Path

    from app.session import Session
    from graph_engine.document import Document
    from graph_engine.runs.search import Search, SearchState

SEARCH_OVER = "Search over this…"
_EVERY = 1000  # ms between two looks at the trials


class Searches(QObject):
    """What is known of searches as of the last look; while one is going on there is a look every second."""

    changed = Signal()
    """There are others, or one has got further."""
    ended = Signal(str, str)
    """(search, how it ended, in a sentence or two)."""
    said = Signal(str)
    """What could not be done."""

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._session = session
        self._states: dict[str, SearchState] = {}
        self._listed: list[tuple[str, bool]] = []
        self._watched = ""
        self._looking = self._again = self._closed = False
        self._processes: list[subprocess.Popen[bytes]] = []  # those begun here are to be buried here
        self._timer = QTimer(self, interval=_EVERY)
        self._timer.timeout.connect(self.refresh)

    @property
    def names(self) -> list[str]:
        """All searches, the newest first."""
        return [name for name, _ in self._listed]

    @property
    def live(self) -> list[str]:
        """Those that go on."""
        return [name for name, live in self._listed if live]

    def state(self, name: str) -> SearchState | None:
        """How a search stands, if it goes on or is watched."""
        return self._states.get(name)

    def progress(self, name: str) -> str:
        """`search-lenet5-1  3 / 20`."""
        state = self._states.get(name)
        return f"{name}  {state.ended} / {state.search.trials}" if state is not None else name

    def watch(self, name: str) -> None:
        """Reads how this search stands with each look, also when it goes on no more; empty: none."""
        self._watched = name
        if name:
            self.refresh()

    def begin(
        self,
        document: Document,
        search: Search,
        workers: int,
        begun: Callable[[str], None],
        failed: Callable[[Exception], None],
    ) -> None:
        """Begins a search of a document, or goes on with the one of this name."""

        def work() -> tuple[Path, list[subprocess.Popen[bytes]]]:
            from graph_engine.runs.search import begin_search
            from graph_engine.runs.search_workers import start_workers

            folder = begin_search(document, search)
            return folder, start_workers(folder, workers)

        def done(found: tuple[Path, list[subprocess.Popen[bytes]]]) -> None:
            folder, processes = found
            self._processes += processes
            self._watched = self._watched or folder.name
            self.refresh()
            begun(folder.name)

        self._session.runs.background.start("Starting the search", work, done, failed)

    def go_on(
        self,
        name: str,
        trials: int,
        workers: int,
        begun: Callable[[str], None],
        failed: Callable[[Exception], None],
    ) -> None:
        """Goes on with a search until it has so many trials."""
        state = self._states.get(name)
        if state is None:
            return
        folder = state.folder

        def work() -> tuple[Document, Search]:
            from graph_engine.runs.search import read_search

            search, document = read_search(folder)
            return document, replace(search, trials=trials)

        self._session.runs.background.start(
            "Reading the search", work, lambda found: self.begin(found[0], found[1], workers, begun, failed), failed
        )

    def stop(self, name: str) -> None:
        """Tells a search to end; the runs that are tried stop with their next step."""
        from graph_engine.runs.search import searches_folder
        from graph_engine.runs.search_places import end_search

        try:
            end_search(searches_folder() / name)
        except OSError as error:
            self.said.emit(f"{name} can't be told to end: {error.strerror or error}.")
        self.refresh()

    def refresh(self) -> None:
        """Looks how the searches stand."""
        if self._looking or self._closed:
            self._again = True
            return
        self._looking, self._again = True, False
        watched, known = self._watched, set(self.live)

        def work() -> tuple[list[tuple[str, bool]], dict[str, SearchState]]:
            from graph_engine.runs import RunError
            from graph_engine.runs.search import all_searches, searches_folder, state_of

            listed, states = all_searches(), {}
            for name, live in listed:
                if live or name == watched or name in known:
                    try:
                        states[name] = state_of(searches_folder() / name)
                    except RunError:
                        continue  # damaged, or just being made: it is not shown
            return listed, states

        self._session.runs.background.start("Looking at searches", work, self._take, lambda _: self._end_look())

    def close(self) -> None:
        """Looks no more; the searches go on."""
        self._closed = True
        self._timer.stop()
        for process in self._processes:
            if process.poll() is None:
                process.returncode = 0  # it outlives us, and Popen is not to complain of that

    def _take(self, found: tuple[list[tuple[str, bool]], dict[str, SearchState]]) -> None:
        if self._closed:
            return
        self._processes = [process for process in self._processes if process.poll() is None]
        before = set(self.live)
        self._listed, self._states = found
        if self.live and not self._timer.isActive():
            self._timer.start()
        elif not self.live:
            self._timer.stop()
        for name in before - set(self.live):
            state = self._states.get(name)
            if state is not None:
                self.ended.emit(name, ending_of(state))
        if self.live or before:
            self._session.runs.library.refresh()
        self.changed.emit()
        self._end_look()

    def _end_look(self) -> None:
        self._looking = False
        if self._again:
            self.refresh()


def ending_of(state: SearchState) -> str:
    """How a search has ended, in a sentence or two."""
    return f"{state.name} has ended. {outcome_of(state)}".strip()


def outcome_of(state: SearchState) -> str:
    """What came of a search so far, and what went wrong with its workers; empty when there is nothing to say."""
    best = state.best
    figure = value_label(best.score or 0.0) if best is not None else ""
    found = f"The best {state.search.metric} is {figure}, of trial {best.number}." if best is not None else ""
    return " ".join(filter(None, (found, *state.troubles)))
