"""The graph as a table for Qt: a row a node, in the order in which the nodes are computed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt

from app.figures import digits
from app.panels.outline_edits import connect, rename
from graph_engine.check.report import State

if TYPE_CHECKING:
    from app.session import Session
    from graph_engine.document import Node

_Index = QModelIndex | QPersistentModelIndex
_ROOT = QModelIndex()

COLUMNS = ("Node", "Parameters", "From", "Gives", "Weights", "State")
NODE, TELL, FROM, GIVES, WEIGHTS, STATE = range(6)


class OutlineModel(QAbstractTableModel):
    """What the canvas shows, in words."""

    def __init__(self, session: Session, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._nodes: list[str] = []

    def refresh(self) -> None:
        """Reads the graph anew; rows stay where nodes stay."""
        graph = self._session.graph
        try:
            nodes = graph.order()
        except ValueError:  # a circle, which only a file can bring in
            nodes = list(graph.nodes)
        if nodes != self._nodes:
            self.beginResetModel()
            self._nodes = nodes
            self.endResetModel()
        elif nodes:
            self.dataChanged.emit(self.index(0, 0), self.index(len(nodes) - 1, len(COLUMNS) - 1))

    def node(self, index: _Index) -> str | None:
        """The node of a row."""
        return self._nodes[index.row()] if index.isValid() else None

    def row(self, node: str) -> int:
        """The row of a node; −1 where it has none."""
        return self._nodes.index(node) if node in self._nodes else -1

    def rowCount(self, parent: _Index = _ROOT) -> int:
        return 0 if parent.isValid() else len(self._nodes)

    def columnCount(self, parent: _Index = _ROOT) -> int:
        return 0 if parent.isValid() else len(COLUMNS)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if role == Qt.ItemDataRole.DisplayRole and orientation is Qt.Orientation.Horizontal:
            return COLUMNS[section]
        return None

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        name = self.node(index)
        if name is None or name not in self._session.graph:
            return None
        node = self._session.graph[name]
        if role == Qt.ItemDataRole.EditRole:
            return self._session.title(name) if index.column() == NODE else self._text(node, index.column())
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole):
            return self._text(node, index.column())
        if role == Qt.ItemDataRole.ToolTipRole:
            block = self._session.graph.block(node)
            return block.summary() if block is not None else f"The block {node.block!r} is not known here."
        if role == Qt.ItemDataRole.TextAlignmentRole and index.column() == WEIGHTS:
            return int((Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter).value)
        return None

    def flags(self, index: _Index) -> Qt.ItemFlag:
        """Titles and where inputs come from can be typed."""
        found = super().flags(index)
        return found | Qt.ItemFlag.ItemIsEditable if index.isValid() and index.column() in (NODE, FROM) else found

    def setData(self, index: _Index, value: object, role: int = Qt.ItemDataRole.EditRole) -> bool:
        name = self.node(index)
        if name is None or role != Qt.ItemDataRole.EditRole or name not in self._session.graph:
            return False
        if index.column() == NODE:
            return rename(self._session, name, str(value))
        return index.column() == FROM and connect(self._session, name, str(value))

    def category(self, index: _Index) -> str:
        """The category of a row's block, for its icon; empty for an unknown one."""
        name = self.node(index)
        node = self._session.graph.nodes.get(name) if name is not None else None
        block = self._session.graph.block(node) if node is not None else None
        return str(block.category) if block is not None else ""

    def _text(self, node: Node, column: int) -> str:
        report = self._session.report(node.id)
        match column:
            case 0:
                return f"{self._session.title(node.id)}  ({node.id})"
            case 1:
                return report.tell if report is not None else ""
            case 2:
                wires = self._session.graph.wires_into(node.id).items()
                several = len(wires) > 1
                return ", ".join(f"{port}: {wire.source}" if several else wire.source for port, wire in wires)
            case 3:
                return ", ".join(str(spec) for spec in report.outputs.values()) if report is not None else ""
            case 4:
                return digits(report.cost.params) if report is not None and report.cost.params else ""
        return self._state(node)

    def _state(self, node: Node) -> str:
        report = self._session.report(node.id)
        if report is None:
            return "not checked yet"
        if report.state is State.OK:
            return "frozen" if node.frozen else "fits"
        return report.message
