"""Loss and accuracy while training, of this run and of those it is compared with."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QGuiApplication, QImage, QShowEvent
from PySide6.QtWidgets import QFileDialog, QHBoxLayout, QSplitter, QStackedLayout, QVBoxLayout, QWidget

from app.panels.charts_toolbar import ChartsToolbar
from app.theme import set_surface, theme_manager
from app.widgets import EmptyState

if TYPE_CHECKING:
    from app.panels.charts_box import ChartBox
    from app.runs.series import XAxis
    from app.session import Session
    from graph_engine.document import Document

_SHARES = (73_000, 27_000)
"""How the room is shared between charts and what stands beside them, until it is dragged otherwise."""

_WAITING = "The first values come with the first steps."
_NO_METRIC = "Nothing is measured here. Add an Accuracy node beside the output to see it."


class ChartsPanel(QWidget):
    """Losses on the left, metrics on the right. pyqtgraph is loaded on a thread, once the first drawing is checked."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._runs = session.runs
        self._boxes: tuple[ChartBox, ...] = ()
        self._loading = False
        self._hidden: frozenset[str] = frozenset()
        self._chosen: dict[int, str] = {}
        self._named: tuple[Document, int, dict[str, str]] | None = None
        self._drawn = -1
        self._known: tuple[frozenset[tuple[str, str]], ...] = ()
        self._axis: XAxis = "step"
        self._side: QWidget | None = None
        set_surface(self, "panel")
        self.setAccessibleName("Charts")
        self._build()
        session.check_changed.connect(self._load_ahead)
        self._runs.shown.changed.connect(self._show_runs)
        self._runs.ticked.connect(self._on_tick)
        self._runs.state_changed.connect(self._describe)
        theme_manager().changed.connect(self._space)
        self._space()

    # For the window.

    def boxes(self) -> tuple[ChartBox, ...]:
        """The two charts; none before the first run was drawn."""
        return self._boxes

    def set_side(self, widget: QWidget) -> None:
        """Puts a view beside the charts; a button above them shows and hides it."""
        self._side = QWidget()
        set_surface(self._side, "panel")
        room = QHBoxLayout(self._side)
        room.addWidget(widget)
        self._split.addWidget(self._side)
        self.toolbar.offer_maps()
        widget.setVisible(True)
        self._space()

    def copy_picture(self) -> None:
        """Puts a picture of the charts on the clipboard."""
        QGuiApplication.clipboard().setImage(self._picture())

    def save_picture(self, path: Path) -> None:
        """Writes a picture of the charts, in the background; a failure is told by the session's jobs."""
        image = self._picture()

        def write() -> None:
            if not image.save(str(path)):
                raise OSError(f"The picture could not be written to {path}. Choose another folder or another ending.")

        self._session.jobs.start(f"Saving {path.name}", write, lambda _: None)

    def save_table(self, path: Path) -> None:
        """Writes every point of the runs shown as CSV, in the background; a failure is told by the session's jobs."""
        from app.panels.charts_export import copies, write_table

        runs = [(run.name, copies(run.curves)) for run in self._runs.shown.runs]
        self._session.jobs.start(f"Saving {path.name}", lambda: write_table(path, runs), lambda _: None)

    # Qt.

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._load_ahead()
        self._show_runs()

    # Inside.

    def _build(self) -> None:
        self.toolbar = ChartsToolbar(self)
        self._charts = QWidget()
        set_surface(self._charts, "panel")
        self._pair = QHBoxLayout(self._charts)
        self._pair.setContentsMargins(0, 0, 0, 0)
        self._split = QSplitter(Qt.Orientation.Horizontal)
        self._split.setChildrenCollapsible(False)
        self._split.setHandleWidth(1)
        self._split.addWidget(self._charts)
        self._empty = EmptyState(
            "chart",
            "Train to see loss and accuracy move, or tick a run in Runs to draw its curves.",
            title="No run to draw yet",
        )
        full = QWidget(self)
        self._column = QVBoxLayout(full)
        self._column.addWidget(self.toolbar)
        self._column.addWidget(self._split, 1)
        self._stack = QStackedLayout(self)
        self._stack.addWidget(self._empty)
        self._stack.addWidget(full)
        bar = self.toolbar
        bar.smoothing_changed.connect(self._set_smoothing)
        bar.axis_changed.connect(self._set_axis)
        bar.log_changed.connect(self._set_log)
        bar.maps_toggled.connect(lambda on: self._side.setVisible(on) if self._side is not None else None)
        bar.show_all_requested.connect(self._show_all)
        bar.copy_requested.connect(self.copy_picture)
        bar.save_picture_requested.connect(self._ask_picture)
        bar.save_table_requested.connect(self._ask_table)

    def _show_runs(self) -> None:
        """Shows the runs that are to be drawn, or what to do when there is none."""
        runs = self._runs.shown.runs
        self._stack.setCurrentIndex(1 if runs and self._boxes else 0)
        if not runs or not self.isVisible():
            return
        if not self._boxes:
            self._load()
            return
        from app.panels.charts_lines import entries_of, lines_of, measures_of

        names = self._names()
        self._known = tuple(run.curves.keys for run in runs)
        self._drawn = sum(len(run.curves) for run in runs)
        for place, box in enumerate(self._boxes):
            offered = measures_of(runs, losses=place == 0)
            chosen = self._chosen.get(place, box.measure)
            measure = chosen if chosen in offered or not offered else offered[0]
            box.set_measures(offered or (measure,), measure, names)
            lines = [line for line in lines_of(runs, measure) if line.key not in self._hidden]
            sentence = _NO_METRIC if self._drawn and not offered else _WAITING
            box.show_lines(lines, entries_of(runs, measure), self._hidden, sentence)
            box.setVisible(bool(offered) or place == 0 or not self._drawn)

    def _names(self) -> dict[str, str]:
        """What the drawing calls its measures: looked up anew only when it is another drawing, or was changed."""
        from app.runs.curves import measure_names

        document = self._session.document
        if self._named is None or self._named[:2] != (document, document.revision):
            self._named = (document, document.revision, measure_names(document))
        return self._named[2]

    def _load_ahead(self) -> None:
        """Once torch is there and a drawing is checked, a run is near: its start is no time for loading."""
        if self.isVisible() and self._session.check is not None:
            self._load()

    def _load(self) -> None:
        """Has pyqtgraph loaded, then builds the charts: half a second that the window does not wait for."""
        if not self._loading:
            self._loading = True
            self._runs.background.start("Loading charts", _import_charts, self._make_boxes, self._on_load_failed)

    def _on_load_failed(self, error: Exception) -> None:
        self._empty.set_sentence(
            f"pyqtgraph could not be loaded ({error}). Install Layerloom again.", title="Charts can't be drawn"
        )

    def _make_boxes(self, _: object) -> None:
        from app.panels.charts_box import ChartBox

        boxes = (ChartBox("Loss chart", "loss", self._charts), ChartBox("Accuracy chart", "accuracy", self._charts))
        for place, box in enumerate(boxes):
            self._pair.addWidget(box, 1)
            box.plot.set_axis(self._axis)
            box.plot.cursor_moved.connect(self._share_cursor)
            box.plot.menu_requested.connect(self._open_menu)
            box.legend.toggled.connect(self._set_hidden)
            box.measure_chosen.connect(lambda measure, place=place: self._choose(place, measure))
        self._boxes = boxes
        self._split.setSizes(list(_SHARES))
        self._space()
        self._show_runs()

    def _on_tick(self) -> None:
        """Draws what is new."""
        if not self._boxes or not self.isVisible():
            return
        runs = self._runs.shown.runs
        count = sum(len(run.curves) for run in runs)
        if count == self._drawn:
            return
        self._drawn = count
        if self._known != tuple(run.curves.keys for run in runs):
            self._show_runs()
            return
        for box in self._boxes:
            box.plot.refresh()

    def _describe(self) -> None:
        for box in self._boxes:
            box.describe()

    def _set_hidden(self, key: str, shown: bool) -> None:
        self._hidden = self._hidden - {key} if shown else self._hidden | {key}
        self._show_runs()

    def _choose(self, place: int, measure: str) -> None:
        self._chosen[place] = measure
        self._show_runs()

    def _set_smoothing(self, weight: float) -> None:
        self._runs.shown.set_smoothing(weight)
        for box in self._boxes:
            box.plot.refresh()

    def _set_axis(self, axis: XAxis) -> None:
        self._axis = axis
        for box in self._boxes:
            box.plot.set_axis(axis)

    def _set_log(self, log: bool) -> None:
        for box in self._boxes:
            box.plot.set_log(log=log)

    def _show_all(self) -> None:
        for box in self._boxes:
            box.plot.show_all()

    def _share_cursor(self, x: float | None) -> None:
        """The cursor stands at the same x in all charts."""
        for box in self._boxes:
            if box.plot is not self.sender():
                box.plot.set_cursor(x)

    def _open_menu(self, at: QPointF) -> None:
        self.toolbar.menu.popup(at.toPoint() if not at.isNull() else self.mapToGlobal(QPoint()))

    def _picture(self) -> QImage:
        from app.panels.charts_export import picture

        return picture(self._charts)

    def _ask_picture(self) -> None:
        self._ask("Save picture of the charts", "charts.png", "Pictures (*.png)", self.save_picture)

    def _ask_table(self) -> None:
        self._ask("Save values of the charts", "charts.csv", "Tables (*.csv)", self.save_table)

    def _ask(self, title: str, name: str, kinds: str, save: Callable[[Path], None]) -> None:
        dialog = QFileDialog(self, title, name, kinds)
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setDefaultSuffix(Path(name).suffix.removeprefix("."))
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.fileSelected.connect(lambda chosen: save(Path(chosen)))
        dialog.open()

    def _space(self) -> None:
        spacing = theme_manager().spacing
        self._column.setContentsMargins(spacing.l, spacing.s, spacing.l, spacing.m)
        self._column.setSpacing(spacing.s)
        self._pair.setSpacing(spacing.l)
        if self._side is not None and (room := self._side.layout()) is not None:
            self._pair.setContentsMargins(0, 0, spacing.l, 0)
            room.setContentsMargins(spacing.l, 0, 0, 0)


def _import_charts() -> None:
    """Loads what the charts are made of; called on a thread."""
    import app.panels.charts_box
    import app.panels.charts_export
    import app.panels.charts_lines  # noqa: F401
