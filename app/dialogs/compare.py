"""Two documents side by side: what came, went and changed, and what that costs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QBrush
from PySide6.QtWidgets import QDialogButtonBox, QHeaderView, QLabel, QTreeWidget, QTreeWidgetItem, QWidget

from app.dialogs.dialog import Dialog
from app.figures import short, size_of
from app.theme import icon, qcolor, set_role, theme_manager
from graph_engine.document import MAIN
from graph_engine.document.diff import Difference, Kind, ValueChange, difference, shown

if TYPE_CHECKING:
    from app.session import Session
    from graph_engine.check.diff import CostChange, CostDifference
    from graph_engine.document import Document

_COLUMNS = ("What", "Before", "After", "Parameters", "Multiply-adds", "Memory")
_SIGNS = {Kind.ADDED: ("plus", "success"), Kind.REMOVED: ("minus", "danger"), Kind.CHANGED: ("rename", "warning")}
_PLACE = Qt.ItemDataRole.UserRole


class CompareDialog(Dialog):
    """A tree: composites and the main drawing, in them nodes, in these their values. Enter shows a node."""

    chosen = Signal(str)
    """A node of the later document, as a program's lines name it, is to be shown."""

    def __init__(
        self, session: Session, before: Document, after: Document, names: tuple[str, str], window: QWidget
    ) -> None:
        super().__init__("Compare", window, buttons=QDialogButtonBox.StandardButton.Close)
        spacing = theme_manager().spacing
        self.resize(spacing.px(980), spacing.px(620))
        self.difference = difference(before, after)
        head = QLabel(f"{names[0]}  →  {names[1]}")
        set_role(head, "heading")
        head.setWordWrap(True)
        self.column.addWidget(head)
        self.summary = QLabel(f"{self.difference.summary()}.")
        self.summary.setWordWrap(True)
        self.column.addWidget(self.summary)
        self.cost = QLabel("What it costs is being compared …")
        set_role(self.cost, "dim")
        self.column.addWidget(self.cost)
        self.tree = QTreeWidget()
        self.tree.setAccessibleName("Differences")
        self.tree.setHeaderLabels(list(_COLUMNS))
        self.tree.setRootIsDecorated(True)
        self.tree.setIndentation(spacing.px(18))
        self.tree.header().setSectionResizeMode(QHeaderView.ResizeMode.Interactive)
        for column, width in enumerate((270, 150, 150, 110, 120)):
            self.tree.setColumnWidth(column, spacing.px(width))
        self.tree.itemActivated.connect(self._choose)
        self.column.addWidget(self.tree, 1)
        self._items: dict[str, QTreeWidgetItem] = {}
        self._fill(self.difference)
        self.finish()
        self._open = True
        self.finished.connect(self._on_finished)
        session.jobs.start("Comparing costs", lambda: _costs(before, after), self._show_costs, self._no_costs)

    def _fill(self, found: Difference) -> None:
        graphs = dict.fromkeys([*(each.graph for each in found.graphs), *(each.graph for each in found.nodes)])
        graphs |= dict.fromkeys(each.graph for each in found.wires)
        for graph in sorted(graphs, key=lambda name: (name != MAIN, name)):
            self._fill_graph(found, graph)
        for title, values in (("Training plan", found.plan), ("Data", found.data), ("Title and notes", found.about)):
            if values:
                top = self._top(title)
                for value in values:
                    top.addChild(_value(value))
        if not found:
            self.tree.addTopLevelItem(QTreeWidgetItem(["No difference"]))
        self.tree.expandToDepth(1)

    def _fill_graph(self, found: Difference, graph: str) -> None:
        top = self._top("Main drawing" if graph == MAIN else f"Composite {graph}")
        for change in found.graphs:
            if change.graph == graph:
                top.setText(0, f"{top.text(0)} ({change.kind})")
                for value in change.values:
                    top.addChild(_value(value))
        for node in found.nodes:
            if node.graph != graph:
                continue
            item = QTreeWidgetItem([f"{node.title} ({node.node})"])
            item.setText(2 if node.kind is not Kind.REMOVED else 1, str(node.kind))
            _sign(item, node.kind)
            for value in node.values:
                item.addChild(_value(value))
            if node.kind is not Kind.REMOVED:
                item.setData(0, _PLACE, node.node if graph == MAIN else f"{graph}:{node.node}")
            if graph == MAIN:
                self._items[node.node] = item
            top.addChild(item)
        for wire in found.wires:
            if wire.graph == graph:
                item = QTreeWidgetItem([str(wire.wire)])
                item.setText(2 if wire.kind is Kind.ADDED else 1, f"wire {wire.kind}")
                _sign(item, wire.kind)
                top.addChild(item)

    def _top(self, title: str) -> QTreeWidgetItem:
        item = QTreeWidgetItem([title])
        item.setFont(0, theme_manager().typography.font("strong"))
        self.tree.addTopLevelItem(item)
        return item

    def _show_costs(self, costs: CostDifference) -> None:
        if not self._open:
            return
        total = costs.total
        self.cost.setText(
            f"Parameters {short(total.before.params)} → {short(total.after.params)} ({_more(total.params)}) · "
            f"multiply-adds {short(total.before.macs)} → {short(total.after.macs)} ({_more(total.macs)}) · "
            f"memory {_more(total.memory, size=True)}"
        )
        for node, change in costs.nodes.items():
            if node in self._items:
                _show_cost(self._items[node], change)

    def _no_costs(self, error: Exception) -> None:
        if self._open:
            self.cost.setText(f"What it costs can't be compared: {error}")

    def _choose(self, item: QTreeWidgetItem) -> None:
        place = item.data(0, _PLACE)
        if isinstance(place, str):
            self.chosen.emit(place)

    def _on_finished(self) -> None:
        self._open = False


def _costs(before: Document, after: Document) -> CostDifference:
    from graph_engine.check import Checker
    from graph_engine.check.diff import cost_difference

    checker = Checker()
    return cost_difference(checker.check(before), checker.check(after))


def _value(value: ValueChange) -> QTreeWidgetItem:
    return QTreeWidgetItem([value.title, shown(value.before), shown(value.after)])


def _sign(item: QTreeWidgetItem, kind: Kind) -> None:
    """An icon and a colour; the word stands in a column, since a colour alone says nothing to many."""
    name, role = _SIGNS[kind]
    item.setIcon(0, icon(name, role))
    item.setForeground(0, QBrush(qcolor(theme_manager().palette.color(role))))


def _show_cost(item: QTreeWidgetItem, change: CostChange) -> None:
    for column, text in (
        (3, _more(change.params)),
        (4, _more(change.macs)),
        (5, _more(change.memory, size=True)),
    ):
        item.setText(column, text)


def _more(number: int, *, size: bool = False) -> str:
    """`+1.2 k`, `−36 kB`, `±0`."""
    if not number:
        return "±0"
    return ("+" if number > 0 else "\u2212") + (size_of(abs(number)) if size else short(abs(number)))
