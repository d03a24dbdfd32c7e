"""The runs as a table: sorted and filtered here, since Qt's proxies ask Python for every comparison."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from math import inf, isfinite
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, QRectF, Qt, Signal
from PySide6.QtGui import QPainter, QPixmap, QPixmapCache

from app.figures import clock
from app.panels.charts_ticks import value_label
from app.panels.run_status import STATES
from app.theme import qcolor, theme_manager
from graph_engine.runs.comparing import is_greater

if TYPE_CHECKING:
    from app.runs.shown import ShownRuns
    from graph_engine.runs import RunRecord
    from graph_engine.train import Progress

Index = QModelIndex | QPersistentModelIndex
_LAST = (1, "")


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its heading, what it says of a run, and what it is sorted by ; `figures` end at the right."""

    title: str
    text: Callable[[RunRecord], str]
    key: Callable[[RunRecord], Any]
    figures: bool = False
    help: str = ""


def best(record: RunRecord, name: str) -> float | None:
    """A metric of the best epoch, else the newest value; None where it was not measured."""
    for metrics in (record.best, record.metrics):
        value = metrics.get(name)
        if value is not None and isfinite(value):
            return value
    return None


def _accuracy(record: RunRecord) -> str:
    value = best(record, "val_accuracy")
    return f"{value * 100:.2f} %" if value is not None else ""


def _loss(record: RunRecord) -> str:
    value = best(record, "val_loss")
    return value_label(value) if value is not None else ""


def _epochs(record: RunRecord) -> str:
    return f"{record.epoch} / {record.epochs}" if record.epochs else ""


def started(record: RunRecord, now: datetime | None = None) -> str:
    """When a run began, in local time: `today 14:03`, `12 Mar 14:03`, `12 Mar 2024`."""
    text = record.started or record.created
    try:
        when = datetime.fromisoformat(text).astimezone()
    except ValueError:
        return ""
    here = (now or datetime.now(UTC)).astimezone()
    if when.date() == here.date():
        return f"today {when:%H:%M}"
    if when.year == here.year:
        return f"{when.day} {when:%b %H:%M}"
    return f"{when.day} {when:%b %Y}"


def _number(value: float | None, absent: float) -> float:
    return value if value is not None else absent


NAME, STATE, STARTED, TAGS, NOTE = 0, 2, 7, 8, 9

COLUMNS: tuple[Column, ...] = (
    Column("Run", lambda run: run.name, lambda run: run.name.lower(), help="Tick a run to draw its curves"),
    Column("Document", lambda run: run.document, lambda run: run.document.lower()),
    Column("State", lambda run: STATES[run.state][0], lambda run: str(run.state)),
    Column(
        "Val accuracy",
        _accuracy,
        lambda run: _number(best(run, "val_accuracy"), -inf),
        figures=True,
        help="Of the epoch with the best validation loss",
    ),
    Column(
        "Val loss", _loss, lambda run: -_number(best(run, "val_loss"), inf), figures=True, help="The best of all epochs"
    ),
    Column("Epochs", _epochs, lambda run: run.epoch, figures=True),
    Column(
        "Time",
        lambda run: clock(run.seconds) if run.seconds else "",
        lambda run: run.seconds,
        figures=True,
        help="Of training, pauses aside",
    ),
    Column("Started", started, lambda run: run.started or run.created),
    Column("Tags", lambda run: ", ".join(run.tags), lambda run: ", ".join(run.tags).lower()),
    Column("Note", lambda run: run.note, lambda run: run.note.lower()),
)


METRICS = {"val_accuracy": 3, "val_loss": 4}
"""The columns of metrics that are always there, though perhaps hidden; others come after the last column."""


def metrics_of(records: Sequence[RunRecord]) -> list[str]:
    """All series that runs measured: those of the held-out samples first, by name."""
    names = {name for record in records for part in (record.best, record.metrics) for name in part}
    return sorted(names - {"epoch", "step"}, key=lambda name: (not name.startswith("val_"), name))


def metric_title(name: str) -> str:
    """`Val coverage`, of `val_coverage`."""
    return name.replace("_", " ").capitalize()


def _of_metric(name: str, *, greater: bool) -> Column:
    def text(record: RunRecord) -> str:
        value = best(record, name)
        return "" if value is None else value_label(value, percent=name.endswith("accuracy"))

    def key(record: RunRecord) -> float:
        value = best(record, name)
        return -inf if value is None else value if greater else -value

    return Column(metric_title(name), text, key, figures=True, help=f"{name} of the best epoch")


class RunsModel(QAbstractTableModel):
    """Runs as rows. Names and notes are edited in place; the box before a name draws its curves."""

    renamed = Signal(str, str)
    noted = Signal(str, str)
    tagged = Signal(str, object)
    """(run, its tags)."""
    ticked = Signal(str, str, bool)
    """(run, name, whether it is to be drawn)."""

    def __init__(self, shown: ShownRuns, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._shown = shown
        self._records: Sequence[RunRecord] = ()
        self._rows: list[RunRecord] = []
        self._places: dict[str, int] = {}
        self._text = ""
        self._column, self._descending = STARTED, True
        self._metrics: tuple[str, ...] = ()
        self._columns = COLUMNS
        self._live = ""
        self._progress: Progress | None = None

    # For the panel.

    def set_records(self, records: Sequence[RunRecord]) -> None:
        """Shows these runs."""
        self._records = records
        columns = (_of_metric(name, greater=is_greater(records, name)) for name in self._metrics)
        self._columns = (*COLUMNS, *columns)
        self._arrange()

    def set_filter(self, text: str) -> None:
        """Shows the runs in whose name, document, data, state or note every word of `text` stands."""
        if text != self._text:
            self._text = text
            self._arrange()

    def set_metrics(self, names: Sequence[str]) -> None:
        """Has these series as columns after the last, beside those of `METRICS`."""
        names = tuple(name for name in names if name not in METRICS)
        if names == self._metrics:
            return
        count, nowhere = len(COLUMNS), QModelIndex()
        if self._column >= count:
            self._column = STARTED
        if self._metrics:
            self.beginRemoveColumns(nowhere, count, count + len(self._metrics) - 1)
            self._metrics, self._columns = (), COLUMNS
            self.endRemoveColumns()
        if names:
            self.beginInsertColumns(nowhere, count, count + len(names) - 1)
            columns = (_of_metric(name, greater=is_greater(self._records, name)) for name in names)
            self._metrics, self._columns = names, (*COLUMNS, *columns)
            self.endInsertColumns()

    def set_live(self, run: str, progress: Progress | None) -> None:
        """The run that goes on, whose row follows it; empty: none does."""
        rows = {self.row_of(self._live), self.row_of(run)}
        self._live, self._progress = run, progress
        for row in rows - {-1}:
            self.dataChanged.emit(self.index(row, 0), self.index(row, len(self._columns) - 1))

    def refresh_colors(self) -> None:
        """Other runs are drawn, or in other colours."""
        if self._rows:
            self.dataChanged.emit(self.index(0, NAME), self.index(len(self._rows) - 1, STATE))

    def record(self, row: int) -> RunRecord:
        """The run in a row, as it stands now."""
        record = self._rows[row]
        return record.at(self._progress) if record.id == self._live and self._progress is not None else record

    def row_of(self, run: str) -> int:
        """The row of a run; -1 where it is not listed."""
        return self._places.get(run, -1)

    def listed(self) -> list[RunRecord]:
        """All runs that are listed, in their order."""
        return list(self._rows)

    # Qt.

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 - as Qt has it
        return 0 if parent.isValid() else len(self._rows)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(self._columns)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if orientation is not Qt.Orientation.Horizontal:
            return None
        column = self._columns[section]
        if role == Qt.ItemDataRole.DisplayRole:
            # room for the arrow, which would else lie on a heading that ends at the right
            return column.title + "     " if column.figures and section == self._column else column.title
        if role == Qt.ItemDataRole.ToolTipRole:
            return column.help or None
        if role == Qt.ItemDataRole.TextAlignmentRole and column.figures:
            return Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        return None

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        record, column = self.record(index.row()), self._columns[index.column()]
        match role:
            case Qt.ItemDataRole.DisplayRole | Qt.ItemDataRole.EditRole:
                return column.text(record)
            case Qt.ItemDataRole.TextAlignmentRole if column.figures:
                return Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
            case Qt.ItemDataRole.FontRole if index.column() == NAME and record.pinned:
                return theme_manager().typography.font("strong")
            case Qt.ItemDataRole.CheckStateRole if index.column() == NAME:
                return Qt.CheckState.Checked if self._shown.is_shown(record.id) else Qt.CheckState.Unchecked
            case Qt.ItemDataRole.DecorationRole if index.column() == NAME:
                series = self._shown.series(record.id)
                return mark(theme_manager().palette.curve(series), is_round=False) if series is not None else None
            case Qt.ItemDataRole.DecorationRole if index.column() == STATE:
                return mark(theme_manager().palette.color(STATES[record.state][1]), is_round=True)
            case Qt.ItemDataRole.ToolTipRole:
                return self._tip(record, index.column())
            case Qt.ItemDataRole.AccessibleTextRole:
                return f"{column.title}: {column.text(record)}"
        return None

    def setData(self, index: Index, value: Any, role: int = Qt.ItemDataRole.EditRole) -> bool:
        record = self.record(index.row())
        if role == Qt.ItemDataRole.CheckStateRole and index.column() == NAME:
            self.ticked.emit(record.id, record.name, Qt.CheckState(value) is Qt.CheckState.Checked)
            return True
        if role != Qt.ItemDataRole.EditRole:
            return False
        text = str(value).strip()
        if index.column() == NAME and text and text != record.name:
            self.renamed.emit(record.id, text)
        elif index.column() == TAGS and text != ", ".join(record.tags):
            self.tagged.emit(record.id, text.split(","))
        elif index.column() == NOTE and text != record.note:
            self.noted.emit(record.id, text)
        return True

    def flags(self, index: Index) -> Qt.ItemFlag:
        flags = Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable
        if index.column() in (NAME, TAGS, NOTE):
            flags |= Qt.ItemFlag.ItemIsEditable
        if index.column() == NAME and self.record(index.row()).id != self._live:
            flags |= Qt.ItemFlag.ItemIsUserCheckable
        return flags

    def sort(self, column: int, order: Qt.SortOrder = Qt.SortOrder.AscendingOrder) -> None:
        self._column, self._descending = column, order is Qt.SortOrder.DescendingOrder
        self._arrange()

    # Inside.

    def _arrange(self) -> None:
        words = self._text.lower().split()
        self.beginResetModel()
        rows = [record for record in self._records if all(word in _searched(record) for word in words)]
        rows.sort(key=lambda record: record.created, reverse=True)
        rows.sort(key=self._columns[self._column].key, reverse=self._descending)
        rows.sort(key=lambda record: not record.pinned)
        self._rows = rows
        self._places = {record.id: row for row, record in enumerate(rows)}
        self.endResetModel()

    def _tip(self, record: RunRecord, column: int) -> str | None:
        if column == STATE and record.message:
            return record.message
        if column == NAME:
            parent = f"\nfrom {record.parent}" + (f" after step {record.parent_step}" if record.parent_step else "")
            origin = parent if record.parent else ""
            return f"{record.id}: {record.document or 'Untitled'} on {record.dataset}{origin}"
        return record.note or None if column == NOTE else None


def mark(color: str, *, is_round: bool) -> QPixmap:
    """A dot or a small square of a colour, as tables show it before a word."""
    edge = theme_manager().spacing.px(10)
    key = f"layerloom mark {color} {edge} {is_round}"
    picture = QPixmap()
    if QPixmapCache.find(key, picture):
        return picture
    picture = QPixmap(edge * 2, edge * 2)
    picture.setDevicePixelRatio(2.0)
    picture.fill(Qt.GlobalColor.transparent)
    painter = QPainter(picture)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(qcolor(color))
    inset = 1.0 if is_round else 0.0
    radius = edge / 2 if is_round else edge / 5
    painter.drawRoundedRect(QRectF(inset, inset, edge - 2 * inset, edge - 2 * inset), radius, radius)
    painter.end()
    QPixmapCache.insert(key, picture)
    return picture


def _searched(record: RunRecord) -> str:
    words = (
        record.id,
        record.name,
        record.document,
        record.dataset,
        STATES[record.state][0],
        record.note,
        *record.tags,
    )
    return " ".join(words).lower()
