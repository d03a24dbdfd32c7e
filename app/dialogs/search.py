"""Searching over settings: ranges, how, the trials as they come, the best opened on the canvas."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtWidgets import (
    QDialogButtonBox,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from app.dialogs.dialog import Dialog
from app.dialogs.search_ranges import SearchRanges
from app.panels.charts_ticks import value_label
from app.runs.searches import outcome_of
from app.theme import set_role, set_surface, theme_manager
from app.widgets import Choice, ChoiceField, FormRow, NumberField, dress_table, scrolled
from graph_engine.train import TrainError
from graph_engine.train.measures import judged_series, measures_of

if TYPE_CHECKING:
    from app.session import Session
    from graph_engine.document import Document
    from graph_engine.runs.search import SearchState, Trial

_NEW = ""
_MARK = "Mark what is to be searched over first: choose a setting, then Mark."
_ENOUGH = "This search has all the trials that it should: ask for more of them to go on."
_HINT = (
    "Each set of values that is tried makes a run. It goes on when this is closed; the status bar shows how far it is."
)
_MORE = 20
"""How many trials are proposed, and how many more of a search that has all it should."""
_STATES = {"complete": "done", "pruned": "given up", "fail": "failed", "running": "training"}


class SearchDialog(Dialog):
    """The ranges are part of the document. Trials are made by processes: closing this ends nothing, and the line
    *Search* shows a search again.
    """

    def __init__(self, session: Session, open_document: Callable[[Document, str], None], window: QWidget) -> None:
        super().__init__("Search for better settings", window, buttons=QDialogButtonBox.StandardButton.Close)
        self._session = session
        self._searches = session.searches
        self._open = open_document
        self._closed = False
        self._shown: SearchState | None = None
        spacing = theme_manager().spacing
        self.resize(spacing.px(800), spacing.px(680))
        self._body = self._scrolled()
        self.ranges = SearchRanges(session)
        self._body.addWidget(self.ranges)
        self._add_ways()
        self.trials = QTableWidget(0, 3)
        self.trials.setAccessibleName("Trials")
        dress_table(self.trials)
        self.trials.setEditTriggers(QTableWidget.EditTrigger.NoEditTriggers)
        self.trials.horizontalHeader().setStretchLastSection(True)
        self.trials.setMinimumHeight(spacing.px(170))
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
        self.ranges.changed.connect(self._on_ranges)
        self.ranges.said.connect(self.said.setText)
        self._searches.changed.connect(self._on_searches)
        self._on_ranges()
        self._on_searches()
        live = self._searches.live
        self.choose(live[0] if live else _NEW)
        self._searches.refresh()
        self.finish()

    def propose_range(self, of: str) -> None:
        """Puts a setting with a range to begin with into the line, for a new search."""
        self.choose(_NEW)
        self.ranges.propose(of)

    def done(self, result: int) -> None:
        self._closed = True  # what is on its way finds nobody to tell
        self._searches.watch("")
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

    def _add_ways(self) -> None:
        ways = [
            Choice("tpe", "TPE", "Learns from trials"),
            Choice("random", "Random"),
            Choice("grid", "Grid", "All of them, in turn"),
        ]
        self.which = ChoiceField([Choice(_NEW, "A new search")], _NEW)
        self.which.committed.connect(lambda name: self.choose(str(name)))
        self.sampler = ChoiceField(ways, "tpe")
        self.count = NumberField(_MORE, whole=True, minimum=1)
        self.count.value_changed.connect(self._show_buttons)
        self.at_once = NumberField(1, whole=True, minimum=1, maximum=max(os.cpu_count() or 1, 1))
        self.measure = ChoiceField([])
        rows = (
            (("How", self.sampler), ("Judged by", self.measure)),
            (("Trials", self.count), ("Side by side", self.at_once)),
        )
        for pair in rows:
            row = QHBoxLayout()
            row.setSpacing(theme_manager().spacing.xl)
            for title, field in pair:
                row.addWidget(FormRow(title, field), 1)
            self._body.addLayout(row)
        help_text = "A new one, or one there is: it goes on when this is closed."
        self._body.addWidget(FormRow("Search", self.which, help_text=help_text))

    # What is shown.

    def _on_ranges(self) -> None:
        """The document in front is another, or marks other settings."""
        document = self._session.document
        try:
            measured = measures_of(document)
        except TrainError as error:
            measured = {}
            self.said.setText(str(error))
        self._usual = judged_series(document)
        self.measure.set_choices(
            [
                Choice(name, name.replace("_", " ", 1), f"{'Greater' if greater else 'Smaller'} values are better")
                for name, greater in measured.items()
            ]
        )
        if self.measure.value() not in measured and self._shown is None:
            self.measure.set_value(self._usual if self._usual in measured else next(iter(measured), None))
        self._show_buttons()

    def _on_searches(self) -> None:
        if self._closed:
            return
        live = set(self._searches.live)
        names = [Choice(name, f"{name}, going on" if name in live else name) for name in self._searches.names]
        self.which.set_choices([Choice(_NEW, "A new search"), *names])
        state = self._searches.state(str(self.which.value()))
        if state is not None and state != self._shown:
            self._show(state)

    def choose(self, name: str) -> None:
        """Shows a search, or what a new one takes."""
        self.which.set_value(name)
        self._searches.watch(name)
        state = self._searches.state(name) if name else None
        if state is not None:
            self._show(state)
        elif not name:
            self._shown = None
            self.trials.setRowCount(0)
            self.trials.setColumnCount(0)
            self.said.setText(_HINT)
            self.measure.set_value(self._usual)
            self._on_ranges()

    def _show(self, state: SearchState) -> None:
        if self._shown is None or self._shown.name != state.name:
            self.sampler.set_value(state.search.sampler)
            self.measure.set_value(state.search.metric)
            self.count.set_value(max(state.search.trials, state.ended + (0 if state.live else _MORE)))
        self._shown = state
        self._show_trials(state)
        counted = f"{state.ended} of {state.search.trials} trials have ended"
        if state.stopping:
            text = f"{counted}; stopping …"
        elif state.live:
            text = f"{counted}; searching …"
        else:
            text = f"{counted}. {outcome_of(state)}"
        self.said.setText(text)
        self._show_buttons()

    def _show_trials(self, state: SearchState) -> None:
        table, best = self.trials, state.best
        why = any(trial.reason for trial in state.trials)
        heads = ["Trial", "State", state.search.metric.replace("_", " ", 1), *state.ranges, *(["Why"] if why else [])]
        table.setColumnCount(len(heads))
        table.setHorizontalHeaderLabels(heads)
        table.setRowCount(len(state.trials))
        for row, trial in enumerate(reversed(state.trials)):
            is_best = best is not None and trial.number == best.number
            for column, text in enumerate(_cells(trial, state, is_best=is_best, why=why)):
                item = QTableWidgetItem(text)
                if trial.reason:
                    item.setToolTip(trial.reason)
                if is_best:
                    item.setFont(theme_manager().typography.font("strong"))
                table.setItem(row, column, item)
        table.resizeColumnsToContents()

    def _show_buttons(self) -> None:
        state = self._shown
        new = not self.which.value()
        live = state is not None and state.live
        for field in (self.sampler, self.measure):
            field.setEnabled(new)
        self.start.setText("Search" if new else "Go on")
        more = state is not None and not live and int(self.count.value() or 0) > state.ended
        self.start.setEnabled(bool(self.ranges.names) and self.measure.value() is not None if new else more)
        lacks = new and not self.ranges.names
        self.start.setToolTip(_MARK if lacks else "" if new or more or live else _ENOUGH)
        if new and self.said.text() in ("", _HINT, _MARK):
            self.said.setText(_MARK if lacks else _HINT)
        self.stop.setEnabled(live and state is not None and not state.stopping)
        self.best.setEnabled(state is not None and state.best is not None)

    # Searching.

    def _start(self) -> None:
        from graph_engine.runs.search import Search

        trials, workers = int(self.count.value()), int(self.at_once.value())
        name = str(self.which.value())
        self.start.setEnabled(False)
        self.said.setText("Starting …")
        if name:
            self._searches.go_on(name, trials, workers, self._begun, self._tell)
        else:
            search = Search(sampler=self.sampler.value(), trials=trials, metric=str(self.measure.value()))
            self._searches.begin(self._session.document.snapshot(), search, workers, self._begun, self._tell)

    def _begun(self, name: str) -> None:
        if not self._closed:
            self.choose(name)

    def _stop(self) -> None:
        if self._shown is not None:
            self._searches.stop(self._shown.name)

    def _tell(self, error: Exception) -> None:
        if not self._closed:
            self.said.setText(str(error))
            self._show_buttons()

    def _open_best(self) -> None:
        from graph_engine.runs.search import best_of

        state = self._shown
        if state is not None:
            self._session.jobs.start("Reading the best", lambda: best_of(state.folder), self._open_found, self._tell)

    def _open_found(self, found: tuple[Trial, Document]) -> None:
        trial, document = found
        self._open(document, f"{document.title}, trial {trial.number}")


def _cells(trial: Trial, state: SearchState, *, is_best: bool, why: bool) -> list[str]:
    values = [trial.values.get(name, "") for name in state.ranges]
    said = _STATES.get(trial.state, trial.state)
    return [
        str(trial.number),
        "best" if is_best else said,
        "" if trial.score is None else value_label(trial.score),
        *(f"{value:.4g}" if isinstance(value, float) else str(value) for value in values),
        *([trial.reason] if why else []),
    ]
