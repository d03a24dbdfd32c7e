"""Runs side by side: groups with mean and deviation, parallel coordinates, and what differs between two."""

from __future__ import annotations

from collections.abc import Sequence
from math import inf, isnan
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHeaderView, QLabel, QTableWidget, QTableWidgetItem, QTabWidget, QVBoxLayout, QWidget

from app.dialogs.dialog import Dialog
from app.panels.charts_ticks import value_label
from app.panels.parallel_plot import ParallelPlot
from app.theme import set_role, theme_manager
from app.widgets import Choice, ChoiceField, FormRow, dress_table
from graph_engine.runs.comparing import Difference, Group, group_over_seeds, group_runs, is_greater, varying

if TYPE_CHECKING:
    from graph_engine.runs import RunRecord

_OVER_SEEDS = "over seeds"


class CompareRunsDialog(Dialog):
    """What several runs say together."""

    def __init__(self, records: Sequence[RunRecord], differences: Sequence[Difference] | None, window: QWidget) -> None:
        """`differences` are those of the documents of two runs; None for more than two."""
        super().__init__(f"Compare {len(records)} runs", window)
        self._records = list(records)
        spacing = theme_manager().spacing
        self.resize(spacing.px(820), spacing.px(560))
        self._metrics = list(dict.fromkeys(name for each in records for name in (*each.best, *each.metrics)))
        self._metrics = [name for name in self._metrics if name not in ("epoch", "step")]
        self.tabs = QTabWidget()
        if differences is not None:
            self.tabs.addTab(self._difference_page(differences), "Differences")
        self.tabs.addTab(self._group_page(), "Groups")
        self.tabs.addTab(self._parallel_page(), "Parallel coordinates")
        self.column.addWidget(self.tabs, 1)
        self.finish()

    def _difference_page(self, differences: Sequence[Difference]) -> QWidget:
        names = [record.name for record in self._records]
        self.differences = _table(["What", *names])
        self.differences.setRowCount(len(differences))
        for row, each in enumerate(differences):
            for column, text in enumerate((each.place, each.before or "–", each.after or "–")):
                self.differences.setItem(row, column, QTableWidgetItem(text))
        note = "" if differences else "Their documents and plans are the same."
        return _page(_note(note), self.differences) if note else _page(self.differences)

    def _group_page(self) -> QWidget:
        names = ["document", "dataset", *varying(self._records)]
        choices = [Choice(_OVER_SEEDS, "All but the seed", "Runs that differ in nothing but the seed")]
        self.by = ChoiceField([*choices, *(Choice(name, name) for name in dict.fromkeys(names))], _OVER_SEEDS)
        self.by.committed.connect(lambda _: self._show_groups())
        self.groups = _table(["Group", "Runs", *self._metrics])
        for column in range(1, self.groups.columnCount()):
            if (head := self.groups.horizontalHeaderItem(column)) is not None:
                head.setTextAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self.groups.horizontalHeader().setSortIndicator(-1, Qt.SortOrder.AscendingOrder)  # as they were found
        self._show_groups()
        return _page(FormRow("Group by", self.by), self.groups)

    def _parallel_page(self) -> QWidget:
        judged = [name for name in self._metrics if name.startswith("val_") and is_greater(self._records, name)]
        preferred = next((name for name in ("val_accuracy", *judged, "val_loss") if name in self._metrics), None)
        self.measure = ChoiceField([Choice(name, name) for name in self._metrics], preferred)
        self.measure.committed.connect(lambda _: self._show_parallel())
        self.plot = ParallelPlot()
        self._show_parallel()
        enough = len(varying(self._records)) > 0
        note = "A line is a run; the strongest is the best." if enough else "These runs differ in no setting."
        return _page(FormRow("Figure", self.measure), _note(note), self.plot)

    def _show_parallel(self) -> None:
        if self._metrics:
            self.plot.show_runs(self._records, str(self.measure.value()))

    def _show_groups(self) -> None:
        by = str(self.by.value())
        found = group_over_seeds(self._records) if by == _OVER_SEEDS else group_runs(self._records, [by])
        self.groups.setSortingEnabled(False)  # it would sort rows that are half written
        self.groups.setRowCount(len(found))
        for row, group in enumerate(found):
            cells = [group.title, str(len(group.runs)), *(_figure(group, name) for name in self._metrics)]
            figures = [float(len(group.runs)), *(group.metrics.get(name, (-inf,))[0] for name in self._metrics)]
            for column, text in enumerate(cells):
                item = _Figure(text, figures[column - 1]) if column else QTableWidgetItem(text)
                if column:
                    item.setTextAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
                else:
                    item.setToolTip("\n".join((group.title, *(record.name for record in group.runs))))
                self.groups.setItem(row, column, item)
        self.groups.setSortingEnabled(True)
        self.groups.resizeColumnsToContents()
        widest = theme_manager().spacing.px(360)
        self.groups.setColumnWidth(0, min(self.groups.columnWidth(0), widest))


class _Figure(QTableWidgetItem):
    """A number in words that is sorted as a number."""

    def __init__(self, text: str, value: float) -> None:
        super().__init__(text)
        self._value = value

    def __lt__(self, other: QTableWidgetItem) -> bool:
        return self._value < other._value if isinstance(other, _Figure) else super().__lt__(other)


def _figure(group: Group, name: str) -> str:
    """`0.9123 ± 0.0042`; accuracies in percent."""
    if name not in group.metrics:
        return ""
    middle, deviation = group.metrics[name]
    if name.endswith("accuracy"):
        return f"{middle * 100:.2f} %" if isnan(deviation) else f"{middle * 100:.2f} ± {deviation * 100:.2f} %"
    return value_label(middle) if isnan(deviation) else f"{value_label(middle)} ± {value_label(deviation)}"


def _table(heads: list[str]) -> QTableWidget:
    table = QTableWidget(0, len(heads))
    table.setHorizontalHeaderLabels(heads)
    table.setAccessibleName(heads[0])
    dress_table(table)
    table.setEditTriggers(QTableWidget.EditTrigger.NoEditTriggers)
    table.horizontalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Interactive)
    table.horizontalHeader().setStretchLastSection(True)
    table.setColumnWidth(0, theme_manager().spacing.px(260))
    return table


def _note(text: str) -> QLabel:
    label = QLabel(text)
    label.setWordWrap(True)
    set_role(label, "faint")
    return label


def _page(*parts: QWidget) -> QWidget:
    page = QWidget()
    column = QVBoxLayout(page)
    spacing = theme_manager().spacing
    column.setContentsMargins(0, spacing.l, 0, 0)
    column.setSpacing(spacing.m)
    for part in parts:
        column.addWidget(part, 0 if isinstance(part, (QLabel, FormRow)) else 1)
    return page
