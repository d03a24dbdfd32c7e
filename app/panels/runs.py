"""All runs: compared, named, noted, gone on with, opened again, exported, deleted."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QItemSelectionModel, QPoint, Qt, QTimer, Signal
from PySide6.QtGui import QAction, QKeySequence, QShowEvent
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QMenu,
    QStackedLayout,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from app.dialogs.checkpoints import show_checkpoints
from app.panels.run_files import RunFiles
from app.panels.runs_model import METRICS, NAME, NOTE, TAGS, RunsModel, metric_title, metrics_of
from app.panels.runs_table import RunsTable
from app.theme import icon, set_surface, theme_manager
from app.widgets import Banner, EmptyState, MessageAction, SearchField
from graph_engine.train import RunState

if TYPE_CHECKING:
    from app.session import Session
    from graph_engine.runs import RunRecord

_LIVE_EVERY = 250  # ms between two looks at the run that goes on
_RESUMABLE = (RunState.STOPPED, RunState.INTERRUPTED, RunState.FAILED, RunState.WAITING)


class RunsPanel(QWidget):
    """The table, what can be done with the run chosen in it, and why that one failed."""

    document_requested = Signal(object, str)
    """(Document, name): to be opened in the window."""
    said = Signal(str)
    """What was done, to be told in passing."""
    failed = Signal(object)
    """The exception that says what could not be done."""
    metrics_changed = Signal(object)
    """The series that are columns (a tuple of names): others were chosen."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._runs = session.runs
        self._library = session.runs.library
        self._banner: Banner | None = None
        self._deleted_from = -1  # the first row of those that were deleted last: what follows it is chosen then
        self.files = RunFiles(session, self)
        self.metrics: tuple[str, ...] = tuple(METRICS)
        set_surface(self, "panel")
        self.setAccessibleName("Runs")
        self.model = RunsModel(self._runs.shown, self)
        self._shown_soon = QTimer(self, singleShot=True, interval=0)
        self._shown_soon.timeout.connect(self._show_after_typing)
        self._build()
        self._connect()
        self._live_soon = QTimer(self, singleShot=True, interval=_LIVE_EVERY)
        self._live_soon.timeout.connect(self._show_live)
        theme_manager().changed.connect(self._space)
        self._space()
        self._show_records()

    def chosen(self) -> RunRecord | None:
        """The run that actions are about."""
        rows = self.table.selectionModel().selectedRows()
        return self.model.record(rows[0].row()) if len(rows) == 1 else None

    def all_chosen(self) -> list[RunRecord]:
        """All runs that are selected."""
        return [self.model.record(index.row()) for index in self.table.selectionModel().selectedRows()]

    def choose(self, run: str) -> None:
        """Selects a run."""
        row = self.model.row_of(run)
        if row >= 0:
            self.table.setCurrentIndex(self.model.index(row, NAME))

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._library.refresh()
        self._show_live()

    def show_metrics(self, names: Sequence[str]) -> None:
        """Has these series as columns."""
        self.metrics = tuple(dict.fromkeys(names))
        self.model.set_metrics(self.metrics)
        self.table.show_metrics(self.metrics)

    # Building.

    def _build(self) -> None:
        self.search = SearchField("Filter runs…")
        self.table = RunsTable(self.model)
        self.search.set_view(self.table)
        heads = self.table.horizontalHeader()
        heads.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        heads.customContextMenuRequested.connect(lambda at: self._metric_menu().popup(heads.mapToGlobal(at)))
        self._make_actions()
        self._bar = QHBoxLayout()
        self._bar.addWidget(self.search, 1)
        self._bar.addStretch(1)
        for action in (
            self.resume,
            self.follow,
            self.pause,
            self.stop,
            self.back,
            self.compare,
            self.open,
            self.export,
            self.delete,
        ):
            button = QToolButton()
            button.setDefaultAction(action)
            self._bar.addWidget(button)
        self.columns = QToolButton()
        self.columns.setIcon(icon("sliders"))
        self.columns.setToolTip("The metrics that are columns")
        self.columns.setAccessibleName("Metrics that are columns")
        self.columns.clicked.connect(
            lambda: self._metric_menu().popup(self.columns.mapToGlobal(self.columns.rect().bottomLeft()))
        )
        self._bar.addWidget(self.columns)
        self._message = QLabel()
        self._message.setWordWrap(True)
        self._message.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._message.setAccessibleName("Why the run ended")
        self._empty = EmptyState("history", "")
        body = QWidget()
        self._stack = QStackedLayout(body)
        self._stack.addWidget(self._empty)
        self._stack.addWidget(self.table)
        self._column = QVBoxLayout(self)
        self._column.addLayout(self._bar)
        self._column.addWidget(body, 1)
        self._column.addWidget(self._message)

    def _make_actions(self) -> None:
        self.draw = self._action("chart", "Draw in charts", self._toggle_drawn)
        self.rename = self._action("rename", "Rename\tF2", lambda: self._edit(NAME))
        self.table.rename_requested.connect(self.rename.trigger)
        self.note = self._action("", "Edit note", lambda: self._edit(NOTE))
        self.tags = self._action("", "Edit tags", lambda: self._edit(TAGS))
        self.pin = self._action("pin", "Keep at the top", self._toggle_pin)
        self.resume = self._action("play", "Go on with this run", self._resume)
        self.follow = self._action("eye", "Follow it", self._follow)
        self.elsewhere = self._action("folder", "Follow a run in a folder…", self._ask_folder)
        self.pause = self._action("pause", "Pause it", self._pause)
        self.stop = self._action("stop", "Stop it", self._stop)
        self.back = self._action("history", "Rewind or branch…", self._show_checkpoints)
        self.again = self._action("refresh", "Do it again", self._do_again)
        self.compare = self._action("table", "Compare…", self._compare)
        self.save_table = self._action("download", "Save as a table (CSV)…", self._save_table)
        self.save_curves = self._action(
            "chart", "Write curves for TensorBoard…", lambda: self.files.ask_curves(self.all_chosen())
        )
        self.trash = self._action("trash", "Show the trash…", self._show_trash)
        self.open = self._action("file", "Open its document", self._open)
        self.export = self._action("download", "Export its weights…", self._export)
        self.delete = self._action("trash", "Move to the trash", self._delete, "Del")

    def _action(self, icon_name: str, text: str, run: Callable[[], object], key: str = "") -> QAction:
        action = QAction(text, self)
        if icon_name:
            action.setIcon(icon(icon_name))
        if key:
            action.setShortcut(QKeySequence(key))
            action.setShortcutContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
        action.triggered.connect(run)
        self.table.addAction(action)
        return action

    def _connect(self) -> None:
        self.search.edited.connect(self._filter)
        self.table.horizontalHeader().sortIndicatorChanged.connect(self._sort)
        self.table.customContextMenuRequested.connect(self._open_menu)
        self.model.ticked.connect(lambda run, name, on: self._runs.shown.compare(run, name, on=on))
        self.model.renamed.connect(self._library.rename)
        self.model.noted.connect(self._library.set_note)
        self.model.tagged.connect(self._library.set_tags)
        self._library.changed.connect(self._show_records)
        self._library.deleted.connect(self._on_deleted)
        self._library.failed.connect(self._on_failed)
        self.files.said.connect(self.said)
        self.files.failed.connect(self.failed)
        self._runs.shown.changed.connect(self.model.refresh_colors)
        self._runs.state_changed.connect(self._show_live)
        self._runs.again.changed.connect(self._show_choice)
        self._runs.ticked.connect(self._on_tick)
        self.table.itemDelegate().closeEditor.connect(lambda *_: self._shown_soon.start())
        self.table.selectionModel().selectionChanged.connect(self._show_choice)

    # Showing.

    def _show_records(self) -> None:
        if self.table.is_editing:
            return  # another list would take away what is being typed; it is shown when that is done
        records = self._library.records
        self._keeping_choice(lambda: self.model.set_records(records or ()))
        if self._deleted_from >= 0 and not self.all_chosen() and self.model.rowCount():
            self.table.selectRow(min(self._deleted_from, self.model.rowCount() - 1))
            self._deleted_from = -1
        self._show_empty()

    def _show_after_typing(self) -> None:
        """What was not shown while something was typed."""
        self._show_live()
        self._show_records()

    def _show_empty(self) -> None:
        records = self._library.records
        if records is None:
            self._empty.set_sentence("Reading the runs …")
        elif not records:
            self._empty.set_sentence(
                "Each training leaves a run here: its curves, its weights and the document as it was.",
                title="No runs yet",
            )
        elif not self.model.rowCount():
            self._empty.set_sentence(f"No run has “{self.search.value()}” in its name, document, data or note.")
        self._stack.setCurrentIndex(1 if self.model.rowCount() else 0)
        self._show_choice()

    def _filter(self, text: str) -> None:
        self._keeping_choice(lambda: self.model.set_filter(text))
        self._show_empty()

    def _sort(self, column: int, order: Qt.SortOrder) -> None:
        self._keeping_choice(lambda: self.model.sort(column, order))

    def _keeping_choice(self, change: Callable[[], object]) -> None:
        chosen = [record.id for record in self.all_chosen()]
        position = self.table.verticalScrollBar().value()
        change()
        selection = self.table.selectionModel()
        flags = QItemSelectionModel.SelectionFlag
        for run in chosen:
            row = self.model.row_of(run)
            if row >= 0:
                selection.select(self.model.index(row, NAME), flags.Select | flags.Rows)
        self.table.verticalScrollBar().setValue(position)
        self._show_choice()

    def _on_tick(self) -> None:
        if self.isVisible() and not self._live_soon.isActive():
            self._live_soon.start()

    def _show_live(self) -> None:
        if self.isVisible() and not self.table.is_editing:  # news would take the place of what is being typed
            self.model.set_live(self._runs.run, self._runs.progress)
            self._show_choice()

    def _show_choice(self) -> None:
        """Says what can be done with what is chosen, and why it failed."""
        chosen, several = self.chosen(), self.all_chosen()
        live = self._runs.run
        goes_on = chosen is not None and chosen.state.live
        self.resume.setEnabled(chosen is not None and chosen.state in _RESUMABLE)
        for action in (self.open, self.export, self.rename, self.note, self.tags, self.back):
            action.setEnabled(chosen is not None)
        self.follow.setEnabled(goes_on and chosen is not None and chosen.id != live)
        for action in (self.pause, self.stop):
            action.setEnabled(goes_on)
        stands = chosen is not None and chosen.state is RunState.PAUSED
        self.pause.setText("Let it go on" if stands else "Pause it")
        self.pause.setIcon(icon("play" if stands else "pause"))
        self.again.setEnabled(chosen is not None and not chosen.state.live)
        self.compare.setEnabled(len(several) > 1)
        for action in (self.pin, self.save_curves):
            action.setEnabled(bool(several))
        self.pin.setText("Keep at the top" if not all(each.pinned for each in several) else "Do not keep at the top")
        self.draw.setEnabled(bool(several))
        self.delete.setEnabled(bool(several) and all(record.id != live for record in several))
        message = (self._runs.again.why_waits(chosen) or chosen.message) if chosen is not None else ""
        self._message.setText(f"{chosen.name}: {message}" if chosen is not None and message else "")
        self._message.setVisible(bool(message))

    def _open_menu(self, at: QPoint) -> None:
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        for action in (
            self.draw,
            None,
            self.rename,
            self.note,
            self.tags,
            self.pin,
            None,
            self.resume,
            self.follow,
            self.pause,
            self.stop,
            self.back,
            self.again,
            None,
            self.compare,
            self.open,
            self.export,
            self.save_table,
            self.save_curves,
            None,
            self.delete,
            self.trash,
            self.elsewhere,
        ):
            if not self.all_chosen() and action not in (self.trash, self.elsewhere):
                continue
            if action is None:
                menu.addSeparator()
            else:
                menu.addAction(action)
        menu.popup(self.table.viewport().mapToGlobal(at))

    def _metric_menu(self) -> QMenu:
        """Any series that some run measured may be a column."""
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.setToolTipsVisible(True)
        for name in dict.fromkeys((*METRICS, *metrics_of(self._library.records or ()), *self.metrics)):
            action = menu.addAction(metric_title(name))
            action.setToolTip(name)
            action.setCheckable(True)
            action.setChecked(name in self.metrics)
            action.triggered.connect(lambda on, name=name: self._show_metric(name, on=on))
        return menu

    def _show_metric(self, name: str, *, on: bool) -> None:
        self.show_metrics([*(each for each in self.metrics if each != name), *([name] if on else [])])
        self.metrics_changed.emit(self.metrics)

    # Doing.

    def _toggle_drawn(self) -> None:
        shown = self._runs.shown
        chosen = [record for record in self.all_chosen() if record.id != self._runs.run]
        on = not all(shown.is_shown(record.id) for record in chosen)
        for record in chosen:
            shown.compare(record.id, record.name, on=on)

    def _edit(self, column: int) -> None:
        chosen = self.chosen()
        if chosen is not None:
            index = self.model.index(self.model.row_of(chosen.id), column)
            self.table.setCurrentIndex(index)
            self.table.edit(index)

    def _resume(self) -> None:
        chosen = self.chosen()
        if chosen is not None:
            self._runs.resume_run(chosen.id)

    def _follow(self) -> None:
        chosen = self.chosen()
        if chosen is not None:
            self._runs.follow(chosen.id)

    def _ask_folder(self) -> None:
        from app.dialogs.run_folder import ask_run_folder
        from app.runs.finding import follow_folder

        ask_run_folder(self, lambda path: follow_folder(self._runs, path))

    def _pause(self) -> None:
        chosen = self.chosen()
        if chosen is None:
            return
        if chosen.id == self._runs.run:
            self._runs.pause()
        elif chosen.state is RunState.PAUSED:
            self._runs.again.go_on(chosen.id)
        else:
            self._runs.again.pause(chosen.id)

    def _stop(self) -> None:
        chosen = self.chosen()
        if chosen is None:
            return
        if chosen.id == self._runs.run:
            self._runs.stop()
        else:
            self._runs.again.stop(chosen.id)

    def _show_checkpoints(self) -> None:
        chosen = self.chosen()
        if chosen is not None:
            show_checkpoints(self._runs, chosen.id, self)

    def _do_again(self) -> None:
        chosen = self.chosen()
        if chosen is not None:
            self._runs.again.rerun(chosen.id)

    def _toggle_pin(self) -> None:
        several = self.all_chosen()
        on = not all(record.pinned for record in several)
        for record in several:
            self._library.pin(record.id, on=on)

    def _compare(self) -> None:
        from app.dialogs.compare_runs import CompareRunsDialog

        records = self.all_chosen()
        self._library.compare(
            [record.id for record in records], lambda found: CompareRunsDialog(records, found, self).open()
        )

    def _save_table(self) -> None:
        several = self.all_chosen()
        self.files.ask_table(several if len(several) > 1 else self.model.listed())

    def _export(self) -> None:
        chosen = self.chosen()
        if chosen is not None:
            self.files.ask_weights(chosen)

    def _show_trash(self) -> None:
        from app.dialogs.trash import TrashDialog

        self._library.read_trash(
            lambda found: TrashDialog(found, self._library.restore, self._library.empty_trash, self).open()
        )

    def _open(self) -> None:
        chosen = self.chosen()
        if chosen is not None:
            name = chosen.document or chosen.name
            self._library.read_document(chosen.id, lambda document: self.document_requested.emit(document, name))

    def _delete(self) -> None:
        several = self.all_chosen()
        self._deleted_from = min((self.model.row_of(record.id) for record in several), default=-1)
        for record in several:
            if record.id != self._runs.run:
                self._library.delete(record.id, record.name)

    def _on_deleted(self, run: str, name: str) -> None:
        self._tell(
            f"“{name}” is in the trash.",
            [MessageAction("Bring it back", lambda: self._library.restore(run))],
            error=False,
        )

    def _on_failed(self, sentence: str) -> None:
        self._tell(sentence, [], error=True)
        self._show_empty()

    def _tell(self, text: str, actions: list[MessageAction], *, error: bool) -> None:
        if self._banner is not None:
            self._column.removeWidget(self._banner)
            self._banner.hide()
            self._banner.deleteLater()
        self._banner = Banner(text, severity="error" if error else "info", actions=actions, parent=self)
        self._column.insertWidget(1, self._banner)
        self._banner.announce()

    def _space(self) -> None:
        spacing = theme_manager().spacing
        self._column.setContentsMargins(spacing.l, spacing.s, spacing.l, spacing.s)
        self._column.setSpacing(spacing.s)
        self._bar.setSpacing(spacing.s)
        self.table.share_width()
        self.model.refresh_colors()
