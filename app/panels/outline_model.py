"""The drawing as a tree for Qt: a row a node, in the order of computing; below composites what they hold."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import TYPE_CHECKING

from PySide6.QtCore import QAbstractItemModel, QModelIndex, QObject, QPersistentModelIndex, Qt

from app.figures import digits
from app.panels.outline_edits import connect, rename, set_values
from app.panels.outline_unused import HEADING, composite_texts, heading_text, unused_composites
from app.panels.outline_values import values_text
from app.theme import icon
from graph_engine.check.report import Severity, State
from graph_engine.document import MAIN, Graph, title_of
from graph_engine.document.composite import MARK, graph_of, is_composite

if TYPE_CHECKING:
    from PySide6.QtGui import QIcon

    from app.session import Session
    from graph_engine.check.report import NodeReport, Problem
    from graph_engine.document import Node

_Index = QModelIndex | QPersistentModelIndex
_ROOT = QModelIndex()

COLUMNS = ("Node", "Block", "Parameters", "Inputs", "Output shape", "Weights", "Problem")
NODE, BLOCK, TELL, FROM, GIVES, WEIGHTS, PROBLEM = range(7)
TYPED = (NODE, TELL, FROM)
"""The columns that can be typed into."""

_TEXTS = (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.EditRole, Qt.ItemDataRole.AccessibleTextRole)

Path = tuple[str, ...]
"""The composites' nodes that lead to a node, and the node: `("basic_stage_1", "conv2d_2")`."""


@dataclass(slots=True, eq=False)
class Row:
    """A node as it is used: in the graph that is entered through the nodes of `way`.

    `inner` names the graph that it opens into; `children` are None until somebody looks at them. The heading below
    which composites stand that nothing uses, and each of these, is a row as well: in no graph, and no node.
    """

    number: int
    node: str
    way: Path
    graph: str
    at: int
    parent: Row | None = None
    inner: str | None = None
    children: list[Row] | None = field(default=None, repr=False)

    @property
    def path(self) -> Path:
        return (*self.way, self.node)

    @property
    def is_node(self) -> bool:
        return bool(self.graph)

    @property
    def unused(self) -> str | None:
        """The composite that nothing uses for which it stands, if any."""
        return graph_of(self.node) if not self.is_node and is_composite(self.node) else None


class OutlineModel(QAbstractItemModel):
    """What the canvas shows, in words. Its root is the main drawing; of a composite that nothing uses, that one."""

    def __init__(self, session: Session, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._numbers = count(1)
        self._root = MAIN
        self._top: list[Row] = []
        self._rows: dict[int, Row] = {}
        self._found: dict[Path, Row] = {}
        self._reports: dict[Path, Mapping[str, NodeReport]] = {}
        self._problems: dict[tuple[str, str], Problem] = {}

    def refresh(self) -> None:
        """Reads the document anew; rows stay where nodes stay, else all are made again."""
        self._reports = {}
        self._problems = {}
        for problem in self._session.problems:
            if problem.node is not None:
                known = self._problems.setdefault((problem.graph, problem.node), problem)
                if problem.severity is Severity.ERROR and known.severity is not Severity.ERROR:
                    self._problems[problem.graph, problem.node] = problem
        front = self._session.front
        root = MAIN if front.graph_at(front.way) == front.graph_name else front.graph_name
        unused = unused_composites(self._session.document) if root == MAIN else []
        listed = self._found.get((HEADING,))
        were = [row.unused for row in listed.children or ()] if listed is not None else []
        if root != self._root or were != unused or not self._holds([it for it in self._top if it.is_node], root):
            self.beginResetModel()
            self._root, self._rows, self._found = root, {}, {}
            self._top = self._made(root, (), None)
            if unused:
                self._top.append(self._made_unused(unused))
            self.endResetModel()
            return
        for level in (self._top, *(row.children for row in self._rows.values() if row.children)):
            if level:
                first, last = level[0], level[-1]
                self.dataChanged.emit(
                    self.createIndex(first.at, 0, first.number),
                    self.createIndex(last.at, len(COLUMNS) - 1, last.number),
                )

    @property
    def is_of_main(self) -> bool:
        """Whether the root is the main drawing."""
        return self._root == MAIN

    def row(self, index: _Index) -> Row | None:
        """The row of an index."""
        return self._rows.get(index.internalId()) if index.isValid() else None

    def node(self, index: _Index) -> str | None:
        """The node of a row."""
        row = self.row(index)
        return row.node if row is not None else None

    def find(self, path: Sequence[str], column: int = NODE) -> QModelIndex:
        """Where a node is; the composites on the way are looked into. Not valid where there is none."""
        path = tuple(path)
        for depth in range(1, len(path)):
            outer = self._found.get(path[:depth])
            if outer is not None:
                self._inside(outer)
        row = self._found.get(path)
        return self.createIndex(row.at, column, row.number) if row is not None else QModelIndex()

    # --- the shape of the tree

    def index(self, row: int, column: int, parent: _Index = _ROOT) -> QModelIndex:
        level = self._level(parent)
        if 0 <= row < len(level) and 0 <= column < len(COLUMNS):
            return self.createIndex(row, column, level[row].number)
        return QModelIndex()

    def parent(self, child: _Index = _ROOT) -> QModelIndex:  # type: ignore[override]  # QObject.parent has no argument
        row = self.row(child)
        outer = row.parent if row is not None else None
        return self.createIndex(outer.at, NODE, outer.number) if outer is not None else QModelIndex()

    def rowCount(self, parent: _Index = _ROOT) -> int:
        return len(self._level(parent))

    def columnCount(self, parent: _Index = _ROOT) -> int:  # noqa: ARG002
        return len(COLUMNS)

    def hasChildren(self, parent: _Index = _ROOT) -> bool:  # noqa: N802
        if not parent.isValid():
            return bool(self._top)
        row = self.row(parent)
        if row is None or parent.column() != NODE:
            return False
        return bool(row.children) if not row.is_node else row.inner is not None and bool(self._names(row.inner))

    # --- what it says

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if role == Qt.ItemDataRole.DisplayRole and orientation is Qt.Orientation.Horizontal:
            return COLUMNS[section]
        return None

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        row = self.row(index)
        placed = self._placed(row)
        column = index.column()
        if row is not None and not row.is_node and role in _TEXTS:
            return self._text_of_unused(row, column)
        if row is None or placed is None:
            return None
        graph, node = placed
        if role == Qt.ItemDataRole.EditRole and column == NODE:
            return title_of(node, graph)
        if role == Qt.ItemDataRole.EditRole and column == TELL:
            return values_text(graph.block(node), node)
        if role in _TEXTS:
            return self._text(row, graph, node, column)
        if role == Qt.ItemDataRole.ToolTipRole:
            return self._tip(row, graph, node, column)
        if role == Qt.ItemDataRole.DecorationRole and column == PROBLEM:
            return self._sign(row, node)
        if role == Qt.ItemDataRole.TextAlignmentRole and column == WEIGHTS:
            return int((Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter).value)
        return None

    def flags(self, index: _Index) -> Qt.ItemFlag:
        """Titles, parameters and where inputs come from can be typed."""
        found, row = super().flags(index), self.row(index)
        is_typed = row is not None and row.is_node and index.column() in TYPED
        return found | Qt.ItemFlag.ItemIsEditable if is_typed else found

    def setData(self, index: _Index, value: object, role: int = Qt.ItemDataRole.EditRole) -> bool:
        row = self.row(index)
        if row is None or role != Qt.ItemDataRole.EditRole or self._placed(row) is None:
            return False
        self.show_level(row)
        match index.column():
            case 0:
                return rename(self._session, row.node, str(value))
            case 2:
                return set_values(self._session, row.node, str(value))
            case 3:
                return connect(self._session, row.node, str(value))
        return False

    def show_level(self, row: Row) -> None:
        """Shows the graph that a row's node lies in."""
        if self.is_of_main and row.is_node:
            self._session.show_way(row.way)

    def category(self, index: _Index) -> str:
        """The category of a row's block, for its icon; empty for an unknown one."""
        placed = self._placed(self.row(index))
        block = placed[0].block(placed[1]) if placed is not None else None
        return str(block.category) if block is not None else ""

    # --- inside

    def _level(self, parent: _Index) -> list[Row]:
        if not parent.isValid():
            return self._top
        row = self.row(parent)
        return self._inside(row) if row is not None and parent.column() == NODE else []

    def _inside(self, row: Row) -> list[Row]:
        """What is below a row, made when somebody first asks: of what is folded nobody does."""
        if row.children is None:
            row.children = self._made(row.inner, row.path, row) if row.inner is not None else []
        return row.children

    def _names(self, graph_name: str) -> list[str]:
        graph = self._session.document.graphs.get(graph_name)
        if graph is None:
            return []
        try:
            return graph.order()
        except ValueError:  # a circle, which only a file can bring in
            return list(graph.nodes)

    def _made(self, graph_name: str, way: Path, parent: Row | None) -> list[Row]:
        rows = [
            Row(next(self._numbers), node, way, graph_name, at, parent, self._inner(graph_name, node))
            for at, node in enumerate(self._names(graph_name))
        ]
        self._rows.update((row.number, row) for row in rows)
        self._found.update((row.path, row) for row in rows)
        return rows

    def _made_unused(self, names: Sequence[str]) -> Row:
        """The heading of composites that nothing uses, with them below it."""
        heading = Row(next(self._numbers), HEADING, (), "", len(self._top))
        heading.children = [
            Row(next(self._numbers), MARK + name, heading.path, "", at, heading, None, [])
            for at, name in enumerate(names)
        ]
        rows = (heading, *heading.children)
        self._rows.update((row.number, row) for row in rows)
        self._found.update((row.path, row) for row in rows)
        return heading

    def _text_of_unused(self, row: Row, column: int) -> str:
        if row.unused is None:
            return heading_text(len(row.children or ())) if column == NODE else ""
        return composite_texts(self._session.document, row.unused)[column]

    def _inner(self, graph_name: str, node: str) -> str | None:
        """The graph that a node opens into; in a composite that nothing uses none does: Enter goes there."""
        block = self._session.document.graphs[graph_name][node].block
        name = graph_of(block) if is_composite(block) and self._root == MAIN else None
        return name if name in self._session.document.graphs else None

    def _holds(self, rows: Sequence[Row], graph_name: str) -> bool:
        """Whether the rows that were made are still those of the document."""
        names = self._names(graph_name)
        if [row.node for row in rows] != names:
            return False
        return all(
            row.inner == self._inner(graph_name, row.node)
            and (row.children is None or row.inner is None or self._holds(row.children, row.inner))
            for row in rows
        )

    def _placed(self, row: Row | None) -> tuple[Graph, Node] | None:
        """A row's graph and node, as long as they are in the document."""
        graph = self._session.document.graphs.get(row.graph) if row is not None else None
        if row is None or graph is None or row.node not in graph:
            return None
        return graph, graph[row.node]

    def _report(self, row: Row) -> NodeReport | None:
        """What the check said of a node, as it is used by this way."""
        if row.way not in self._reports:
            check, found = self._session.check, None
            if check is not None:
                found = check.inside(row.way) if self.is_of_main else check.unused.get(row.graph)
            self._reports[row.way] = found.nodes if found is not None and found.graph == row.graph else {}
        return self._reports[row.way].get(row.node)

    def _text(self, row: Row, graph: Graph, node: Node, column: int) -> str:
        report = self._report(row)
        match column:
            case 0:
                return f"{title_of(node, graph)}  ({node.id})"
            case 1:
                block = graph.block(node)
                times = f"  ×{node.repeat}" if node.repeat != 1 else ""
                return (block.title if block is not None else f"{node.block} (not known)") + times
            case 2:
                return report.tell if report is not None else ""
            case 3:
                wires = graph.wires_into(node.id).items()
                several = len(wires) > 1
                return ", ".join(f"{port}: {wire.source}" if several else wire.source for port, wire in wires)
            case 4:
                return ", ".join(str(spec) for spec in report.outputs.values()) if report is not None else ""
            case 5:
                return digits(report.cost.params) if report is not None and report.cost.params else ""
        return self._state(row, node)

    def _state(self, row: Row, node: Node) -> str:
        report = self._report(row)
        if report is None:
            return "not checked yet"
        if report.state is not State.OK:
            return report.message
        problem = self._problems.get((row.graph, row.node))
        if problem is not None:
            return problem.message
        return "frozen" if node.frozen else "fits"

    def _sign(self, row: Row, node: Node) -> QIcon:
        report, problem = self._report(row), self._problems.get((row.graph, row.node))
        if report is None or report.state is State.WAITING:
            return icon("clock", "text_faint")
        if report.state is State.ERROR:
            return icon("error", "danger")
        if problem is not None:
            return icon("info", "text_dim") if problem.severity is Severity.INFO else icon("warning", "warning")
        return icon("snowflake", "text_dim") if node.frozen else icon("check", "success")

    def _tip(self, row: Row, graph: Graph, node: Node, column: int) -> str:
        block, report = graph.block(node), self._report(row)
        if column == PROBLEM:
            return self._state(row, node)
        if column == FROM and report is not None and report.inputs:
            return ", ".join(f"{port}: {spec}" for port, spec in report.inputs.items())
        if column == TELL:
            return values_text(block, node, whole=True)
        return block.summary() if block is not None else f"The block {node.block!r} is not known here."
