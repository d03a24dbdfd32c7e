"""Searching over settings: ranges, how, the trials as they come, the best opened on the canvas."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QSignalBlocker, Qt, QTimer
from PySide6.QtWidgets import (
    QDialogButtonBox,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QLineEdit,
    QPushButton,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from app.dialogs.dialog import Dialog
from app.panels.charts_ticks import value_label
from app.theme import set_role, set_surface, theme_manager
from app.widgets import Choice, ChoiceField, FormRow, NumberField, dress_table, scrolled
from graph_engine.document import Range, SetPlan
from graph_engine.runs.errors import RunError
from graph_engine.runs.ranges import read_range, write_range
from graph_engine.runs.settings import settings_of

if TYPE_CHECKING:
    import subprocess
    from pathlib import Path

    from app.session import Session
    from graph_engine.document import Document
    from graph_engine.runs.search import Trial

_EVERY = 1000  # ms between two looks at the trials


class SearchDialog(Dialog):
    """The ranges are part of the document. Trials are made by processes, so the window has nothing to do."""

    def __init__(self, session: Session, open_document: Callable[[Document, str], None], window: QWidget) -> None:
        super().__init__("Search for better settings", window, buttons=QDialogButtonBox.StandardButton.Close)
        self._session = session
        self._open = open_document
        self._folder: Path | None = None
        self._workers: list[subprocess.Popen[bytes]] = []
        self._trials: list[Trial] = []
        self._looking = self._closed = False
        spacing = theme_manager().spacing
        self.resize(spacing.px(760), spacing.px(640))
        self._body = self._scrolled()
        self._add_ranges()
        self._add_ways()
        self.trials = QTableWidget(0, 4)
        self.trials.setAccessibleName("Trials")
        dress_table(self.trials)
        self.trials.setEditTriggers(QTableWidget.EditTrigger.NoEditTriggers)
        self.trials.horizontalHeader().setStretchLastSection(True)
        self.trials.setMinimumHeight(spacing.px(160))
        self.said = QLabel()
        self.said.setWordWrap(True)
        set_role(self.said, "faint")
        self._body.addWidget(self.said)
        self._body.addWidget(self.trials, 1)
        self.start, self.stop, self.best = QPushButton("Search"), QPushButton("Stop"), QPushButton("Open the best")
        set_role(self.start, "primary")
        for button, act in ((self.start, self._start), (self.stop, self._stop), (self.best, self._open_best)):
            self.buttons.addButton(button, QDialogButtonBox.ButtonRole.ActionRole)
            button.clicked.connect(act)
        self._timer = QTimer(self, interval=_EVERY)
        self._timer.timeout.connect(self._look)
        self._show_ranges()
        self._show_trials([])
        self.finish()

    def done(self, result: int) -> None:
        self._closed = True  # what is on its way finds nobody to tell
        self._stop()
        self._timer.stop()
        super().done(result)

    # Building.

    def _scrolled(self) -> QVBoxLayout:
        """The column of all but the buttons: large text in a low window is scrolled rather than squeezed."""
        holder = QWidget()
        set_surface(holder, "panel")
        self.column.addWidget(scrolled(holder), 1)
        body, spacing = QVBoxLayout(holder), theme_manager().spacing
        body.setContentsMargins(0, 0, spacing.m, 0)
        body.setSpacing(spacing.l)
        return body

    def _add_ranges(self) -> None:
        note = QLabel(
            "What is searched over: write 1e-4..0.1:log, 16..128:16, or choices such as 16, 32, 64. "
            "Closing this window ends the search."
        )
        note.setWordWrap(True)
        set_role(note, "faint")
        self.ranges = QTableWidget(0, 2)
        self.ranges.setAccessibleName("Ranges")
        self.ranges.setHorizontalHeaderLabels(["Setting", "Values"])
        dress_table(self.ranges)
        heads = self.ranges.horizontalHeader()
        heads.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        heads.setSectionResizeMode(1, QHeaderView.ResizeMode.Stretch)
        self.ranges.setFixedHeight(theme_manager().spacing.px(130))
        self.ranges.itemChanged.connect(self._on_edited)
        settings = settings_of(self._session.document)
        self.setting = ChoiceField([Choice(name, f"{name}  ({value})") for name, value in settings.items()])
        self.values = QLineEdit()
        self.values.setPlaceholderText("1e-4..0.1:log")
        self.values.setAccessibleName("Values")
        self.mark = QPushButton("Mark")
        self.unmark = QPushButton("Remove")
        self.mark.clicked.connect(self._mark)
        self.values.returnPressed.connect(self._mark)
        self.unmark.clicked.connect(self._unmark)
        row = QHBoxLayout()
        for widget, stretch in ((self.setting, 3), (self.values, 3), (self.mark, 0), (self.unmark, 0)):
            row.addWidget(widget, stretch)
        self._body.addWidget(note)
        self._body.addWidget(self.ranges)
        self._body.addLayout(row)

    def _add_ways(self) -> None:
        ways = [
            Choice("tpe", "TPE", "Learns from trials"),
            Choice("random", "Random"),
            Choice("grid", "Grid", "All of them, in turn"),
        ]
        self.sampler = ChoiceField(ways, "tpe")
        self.count = NumberField(20, whole=True, minimum=1)
        self.at_once = NumberField(1, whole=True, minimum=1, maximum=max(os.cpu_count() or 1, 1))
        self.measure = ChoiceField([Choice("val_loss", "Val loss"), Choice("val_accuracy", "Val accuracy")])
        rows = (
            (("How", self.sampler), ("Judged by", self.measure)),
            (("Trials", self.count), ("Side by side", self.at_once)),
        )
        for pair in rows:
            row = QHBoxLayout()
            for title, field in pair:
                row.addWidget(FormRow(title, field), 1)
            self._body.addLayout(row)

    # Ranges.

    def _show_ranges(self) -> None:
        marked = self._session.document.plan.search
        blocked = QSignalBlocker(self.ranges)
        self.ranges.setRowCount(len(marked))
        for row, each in enumerate(marked):
            name = QTableWidgetItem(each.of)
            name.setFlags(Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable)
            self.ranges.setItem(row, 0, name)
            self.ranges.setItem(row, 1, QTableWidgetItem(write_range(each)))
        blocked.unblock()
        self.start.setEnabled(bool(marked) and not self._workers)

    def _mark(self) -> None:
        found = self._read(str(self.setting.value()), self.values.text())
        if found is not None:
            rest = [each for each in self._session.document.plan.search if each.of != found.of]
            self._set([*rest, found])
            self.values.clear()

    def _unmark(self) -> None:
        rows = {index.row() for index in self.ranges.selectedIndexes()}
        self._set([each for row, each in enumerate(self._session.document.plan.search) if row not in rows])

    def _on_edited(self, item: QTableWidgetItem) -> None:
        marked = list(self._session.document.plan.search)
        found = self._read(marked[item.row()].of, item.text())
        if found is not None:
            marked[item.row()] = found
        self._set(marked)

    def _read(self, of: str, text: str) -> Range | None:
        try:
            return read_range(of, text)
        except RunError as error:
            self.said.setText(str(error))
            return None

    def _set(self, ranges: list[Range]) -> None:
        plan = self._session.document.plan
        if tuple(ranges) != plan.search:
            self._session.attempt(SetPlan(replace(plan, search=tuple(ranges))), label="Change what is searched over")
            self.said.clear()
        self._show_ranges()

    # Searching.

    def _start(self) -> None:
        from graph_engine.runs.search import Search, begin_search
        from graph_engine.runs.search_workers import start_workers

        document = self._session.document.snapshot()
        names = [each.id for each in self._session.runs.library.records or ()]
        search = Search(
            name=f"search-{len(names) + 1}-{document.title.lower().replace(' ', '-')}",
            sampler=self.sampler.value(),
            trials=int(self.count.value()),
            metric=str(self.measure.value()),
        )
        workers = int(self.at_once.value())

        def work() -> tuple[Path, list[subprocess.Popen[bytes]]]:
            folder = begin_search(document, search)
            return folder, start_workers(folder, workers)

        def begun(found: tuple[Path, list[subprocess.Popen[bytes]]]) -> None:
            self._folder, self._workers = found
            if self._closed:
                self._stop()
                return
            self._timer.start()
            self._show_trials([])

        self.said.setText("Starting …")
        self._session.jobs.start("Starting the search", work, begun, self._tell)

    def _stop(self) -> None:
        for process in self._workers:
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)

    def _look(self) -> None:
        from graph_engine.runs.search import trials_of

        folder = self._folder
        if folder is None or self._looking:
            return
        self._looking = True

        def take(found: list[Trial]) -> None:
            self._looking = False
            if self._closed:
                return
            if all(process.poll() is not None for process in self._workers):
                self._workers = []
                self._timer.stop()
            self._show_trials(found)
            self._session.runs.library.refresh()

        self._session.jobs.start("Looking at trials", lambda: trials_of(folder), take, lambda _: self._end_look())

    def _tell(self, error: Exception) -> None:
        if not self._closed:
            self.said.setText(str(error))

    def _end_look(self) -> None:
        self._looking = False

    def _show_trials(self, trials: list[Trial]) -> None:
        self._trials = trials
        names = [each.of for each in self._session.document.plan.search]
        self.trials.setColumnCount(3 + len(names))
        self.trials.setHorizontalHeaderLabels(["Trial", "State", str(self.measure.value()), *names])
        self.trials.setRowCount(len(trials))
        for row, trial in enumerate(reversed(trials)):
            score = "" if trial.score is None else value_label(trial.score)
            cells: list[Any] = [trial.number, trial.state, score, *(trial.values.get(name, "") for name in names)]
            for column, cell in enumerate(cells):
                text = f"{cell:.4g}" if isinstance(cell, float) else str(cell)
                self.trials.setItem(row, column, QTableWidgetItem(text))
        searching = bool(self._workers)
        ended = [trial for trial in trials if trial.state in ("complete", "pruned", "fail")]
        self.start.setEnabled(not searching and bool(names))
        self.stop.setEnabled(searching)
        self.best.setEnabled(any(trial.state == "complete" for trial in trials))
        if trials or searching:
            self.said.setText(
                f"{len(ended)} of {self.count.value()} trials have ended{'; searching …' if searching else '.'}"
            )

    def _open_best(self) -> None:
        from graph_engine.runs.search import best_of

        folder = self._folder
        if folder is not None:
            self._session.jobs.start(
                "Reading the best",
                lambda: best_of(folder),
                self._open_found,
                self._tell,
            )

    def _open_found(self, found: tuple[Trial, Document]) -> None:
        trial, document = found
        self._open(document, f"{document.title}, trial {trial.number}")
