"""The data that the document is trained on: what, whose, how it is split, how it looks; and the choice of other."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from app.dialogs.own_data import own_data_menu
from app.figures import digits
from app.panels.data_fields import FieldRows
from app.panels.data_grid import SampleGrid
from app.panels.data_histogram import ClassHistogram
from app.panels.data_overview import Overview, Unavailable, load_samples, look_at
from app.runs.shown import TRAIN_SERIES, VAL_SERIES
from app.theme import icon, set_role, set_surface, theme_manager
from app.widgets import Banner, Choice, ChoiceField, EmptyState, MessageAction, scrolled
from app.widgets import Severity as MessageSeverity
from graph_engine.check.report import Severity
from graph_engine.data import DataError, Sample, list_datasets
from graph_engine.document import SetBinding

if TYPE_CHECKING:
    from app.session import Session
    from graph_engine.check.report import Fix, Problem
    from graph_engine.document import Change

_SOON = 120  # ms, so that a row of edits is looked at once


class DataPanel(QWidget):
    """Follows the document in front; changes its binding by edits."""

    input_wanted = Signal(object)
    """The `Field` for which an Input is to be drawn."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._overview: Overview | None = None
        self._looking = False
        self._stale = True
        self._banners: list[Banner] = []
        self._shown_data: object = None
        set_surface(self, "panel")
        self.setAccessibleName("Data")
        self._soon = QTimer(self, singleShot=True, interval=_SOON)
        self._soon.timeout.connect(self._look)
        self._build()
        session.opened.connect(self._on_opened)
        session.changed.connect(self._on_changed)
        theme_manager().changed.connect(self._space)
        self._space()
        self._show_binding()

    def overview(self) -> Overview | None:
        """What is shown; None while nothing could be looked at."""
        return self._overview

    def use(self, dataset: str) -> None:
        """Binds the document to a built-in data set, a folder or a file."""
        binding = self._session.document.binding
        if dataset != binding.dataset:
            self._session.attempt(SetBinding(replace(binding, dataset=dataset, fields=())))

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        if self._stale:
            self._soon.start()

    # Inside.

    def _build(self) -> None:
        self.choice = ChoiceField([Choice(each.name, each.title, each.summary) for each in list_datasets()])
        self.choice.setAccessibleName("Data set")
        self.choice.committed.connect(self.use)
        self.open = QToolButton(self)
        set_role(self.open, "framed")
        self.open.setIcon(icon("folder"))
        self.open.setToolTip("Use pictures or numbers of your own")
        self.open.setAccessibleName("Use data of your own")
        self.open.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.open.setMenu(own_data_menu(self.open, self.use))
        self._top = QHBoxLayout()
        self._top.addWidget(self.choice, 1)
        self._top.addWidget(self.open)
        self._summary = self._label("dim")
        self._facts = self._label("small")
        self._facts.setTextFormat(Qt.TextFormat.RichText)
        self._fields = FieldRows(self)
        self._fields.wanted.connect(self.input_wanted)
        self._licence = self._label("faint")
        self._licence.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._histogram = ClassHistogram(self)
        self._histogram.class_chosen.connect(self._show_class)
        self._heading = self._label("section")
        self._grid = SampleGrid(self._ask_samples, parent=self)
        self._empty = EmptyState("data", "Reading the data …", parent=self)
        holder = QWidget()
        set_surface(holder, "panel")
        scroll = scrolled(holder)  # for large text in a low window
        self._outer = QVBoxLayout(self)
        self._outer.addLayout(self._top)
        self._outer.addWidget(scroll, 1)
        self._column = QVBoxLayout(holder)
        self._messages = QVBoxLayout()
        self._column.addLayout(self._messages)
        for widget in (self._summary, self._facts, self._fields, self._histogram, self._heading):
            self._column.addWidget(widget)
        self._column.addWidget(self._grid, 1)
        self._column.addWidget(self._empty, 1)
        self._column.addWidget(self._licence)
        self._set_empty("Reading the data …")

    def _label(self, role: str) -> QLabel:
        label = QLabel(self)
        label.setWordWrap(True)
        set_role(label, role)  # type: ignore[arg-type]
        return label

    def _on_opened(self) -> None:
        self._show_binding()
        self._make_stale()

    def _on_changed(self, change: Change) -> None:
        if change.binding:
            self._show_binding()
        if change.binding or change.plan or not change.moved_only:
            self._make_stale()

    def _make_stale(self) -> None:
        self._stale = True
        if self.isVisible():
            self._soon.start()

    def _show_binding(self) -> None:
        name = self._session.document.binding.dataset
        if any(choice.value == name for choice in self.choice.choices):
            self.choice.set_value(name)
            self.choice.setToolTip("")
            return
        choices = [Choice(each.name, each.title, each.summary) for each in list_datasets()]
        self._replace_choices([*choices, Choice(name, Path(name).name or name, name)], name)

    def _replace_choices(self, choices: list[Choice], value: str) -> None:
        field = ChoiceField(choices, value, parent=self)
        field.setAccessibleName("Data set")
        field.setToolTip(value)
        field.committed.connect(self.use)
        self._top.replaceWidget(self.choice, field)
        self.choice.hide()
        self.choice.deleteLater()
        self.choice = field

    # Looking at it, on a thread.

    def _look(self) -> None:
        if self._looking or not self.isVisible():
            return
        self._looking, self._stale = True, False
        snapshot = self._session.document.snapshot()
        self._session.runs.background.start("Reading data", lambda: look_at(snapshot), self._show, self._on_failed)

    def _on_failed(self, error: Exception) -> None:
        self._looking = False
        self._tell_failure(error)
        if self._stale:
            self._soon.start()

    def _tell_failure(self, error: Exception) -> None:
        from graph_engine.check.report import Code, Problem

        self._show_found(Unavailable((Problem(Severity.ERROR, Code.NO_DATA, str(error)),)))

    def _show(self, found: Overview | Unavailable) -> None:
        self._looking = False
        self._show_found(found)
        if self._stale:
            self._soon.start()

    def _show_found(self, found: Overview | Unavailable) -> None:
        self._show_problems(found.problems)
        if isinstance(found, Unavailable):
            self._overview = None
            self._set_empty("Choose another data set above, or mend what is said there.", title="No data to show")
        else:
            self._show_overview(found)

    def _show_overview(self, found: Overview) -> None:
        self._overview = found
        dataset = found.dataset
        for widget in (self._summary, self._facts, self._grid, self._licence, self._heading):
            widget.show()
        self._empty.hide()
        self._summary.setText(dataset.summary)
        self._facts.setText(_facts(found))
        self._fields.set_fields(found.unused)
        self._licence.setText(dataset.licence)
        self._histogram.setVisible(bool(found.train_counts))
        self._histogram.set_counts(found.class_names, found.train_counts, found.validation_counts)
        shown = (dataset.name, dataset.fields, len(dataset), found.spec)
        if shown != self._shown_data:
            self._shown_data = shown
            self._grid.clear()
        self._show_class(None)

    def _set_empty(self, sentence: str, *, title: str = "") -> None:
        for widget in (self._summary, self._facts, self._grid, self._licence, self._histogram, self._heading):
            widget.hide()
        self._fields.hide()
        self._empty.set_sentence(sentence, title=title)
        self._empty.show()

    def _show_problems(self, problems: tuple[Problem, ...]) -> None:
        for banner in self._banners:
            self._messages.removeWidget(banner)
            banner.hide()
            banner.deleteLater()
        self._banners = []
        for problem in problems:
            severity: MessageSeverity = "error" if problem.severity is Severity.ERROR else "warning"
            actions = [self._action(fix) for fix in problem.fixes[:1]]  # Problems offers them all
            banner = Banner(problem.message, severity=severity, actions=actions, closable=False, parent=self)
            self._messages.addWidget(banner)
            self._banners.append(banner)

    def _action(self, fix: Fix) -> MessageAction:
        return MessageAction(fix.label, lambda: self._session.apply_fix(fix))

    def _show_class(self, chosen: int | None) -> None:
        found = self._overview
        if found is None:
            return
        if chosen is None or found.labels is None:
            self._grid.set_indices(range(len(found.dataset)))
            self._heading.setText(f"Samples · {digits(len(found.dataset))}")
            return
        import numpy as np

        indices = np.flatnonzero(found.labels == chosen).tolist()
        self._grid.set_indices(indices)
        self._heading.setText(f"Samples of “{found.class_names[chosen]}” · {digits(len(indices))}")

    def _ask_samples(self, indices: list[int]) -> None:
        overview = self._overview
        if overview is None:
            return

        def take(found: list[Sample]) -> None:
            if self._overview is not None and self._overview.dataset is overview.dataset:
                self._grid.add(found)

        def fail(error: Exception) -> None:
            if not isinstance(error, DataError):
                raise error
            if self._overview is not None and self._overview.dataset is overview.dataset:
                self._overview = None
                self._tell_failure(error)

        self._session.runs.background.start("Reading samples", lambda: load_samples(overview, indices), take, fail)

    def _space(self) -> None:
        spacing = theme_manager().spacing
        self._outer.setContentsMargins(spacing.l, spacing.m, 0, 0)
        self._outer.setSpacing(spacing.m)
        self._column.setContentsMargins(0, 0, spacing.l, spacing.m)
        self._column.setSpacing(spacing.m)
        self._grid.setMinimumHeight(spacing.px(120))
        self._top.setContentsMargins(0, 0, spacing.l, 0)
        self._top.setSpacing(spacing.s)
        if self._overview is not None:
            self._facts.setText(_facts(self._overview))


def _facts(found: Overview) -> str:
    """How the data is split and in which shapes it is served, as a small table."""
    palette = theme_manager().palette
    mark = "<span style='color:{}'>■</span>\N{NO-BREAK SPACE}"
    rows = []
    if found.shared:
        rows.append(("Trained on", f"{digits(found.train)}, judged on the same"))
    else:
        rows.append((mark.format(palette.curve(TRAIN_SERIES)) + "Trained on", digits(found.train)))
        held = digits(found.validation) if found.validation else "none"
        rows.append((mark.format(palette.curve(VAL_SERIES)) + "Held out", held))
    if found.class_names:
        rows.append(("Classes", str(len(found.class_names))))
    rows += [(f"Input {each.input}", f"{each.field}, {each.shape}") for each in found.serving]
    cells = "".join(
        f"<tr><td valign='top' style='padding-right:12px'>{name}</td><td style='color:{palette.text}'>{value}</td></tr>"
        for name, value in rows
    )
    return f"<table cellspacing='0' cellpadding='1'>{cells}</table>"
