"""A document that is open: its history, its file, what is selected in it and what the last check said of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from graph_engine.document import MAIN, Document, Edit, Graph, History, Wire
from graph_engine.document.composite import graph_of, is_composite

if TYPE_CHECKING:
    from graph_engine.check.report import CheckResult, NodeReport, Problem
    from graph_engine.compile import Program
    from graph_engine.document.folding import Fold


@dataclass(frozen=True, slots=True)
class Selection:
    """Nodes in the order in which they were chosen, the last being the current one, and wires."""

    nodes: tuple[str, ...] = ()
    wires: tuple[Wire, ...] = ()

    @property
    def current(self) -> str | None:
        """The node that the inspector shows."""
        return self.nodes[-1] if self.nodes else None

    def __bool__(self) -> bool:
        return bool(self.nodes or self.wires)

    @staticmethod
    def of(nodes: Iterable[str] = (), wires: Iterable[Wire] = ()) -> Selection:
        """Each node and wire once."""
        return Selection(tuple(dict.fromkeys(nodes)), tuple(dict.fromkeys(wires)))


class OpenDocument:
    """Everything the window knows of one document; a window has one for each of its tabs.

    `graph_name` is the graph that is shown, and `way` the nodes through which it was entered from the main drawing; a
    composite that nothing uses is shown without a way.

    `check` and `program` are the last ones that came from the worker: None until then, and `program` also as long as
    the drawing has errors; `data_problems` came with the check. `preview` is an edit that is tried out, not yet made.
    """

    def __init__(self, document: Document, path: Path | None = None, *, name: str = "") -> None:
        self.document = document
        self.history = History(document)
        self.path = path
        self.given_name = name
        self.graph_name = MAIN
        self.way: tuple[str, ...] = ()
        self.selection = Selection()
        self.preview: Edit | None = None
        self.check: CheckResult | None = None
        self.data_problems: tuple[Problem, ...] = ()
        self.program: Program | None = None
        self.fold: tuple[int, Fold | None] | None = None
        """The greatest repeat in the graph of a stamp, once it was looked for."""
        self.untouched = True
        """Whether nothing was ever changed here: a new empty document may be replaced without a word."""
        self.recovered = False
        """Whether it came from the crash journal, and so is not on disk as it is."""
        self.trained: tuple[str, str] | None = None
        """The run that trained it last in this window, and what that is called: what is seen of it when it is shown."""
        self.on_disk = ""
        """The fingerprint of its file as it was read or written here last; empty where that is not known."""

    @property
    def graph(self) -> Graph:
        """The graph that is shown."""
        return self.document.graphs[self.graph_name]

    @property
    def reports(self) -> Mapping[str, NodeReport]:
        """What the last check said of the nodes shown: as they are used on the way by which they were entered."""
        if self.check is None:
            return {}
        if self.graph_name == MAIN:
            return self.check.nodes
        report = self.check.inside(self.way) if self.way else self.check.unused.get(self.graph_name)
        return report.nodes if report is not None and report.graph == self.graph_name else {}

    @property
    def values(self) -> Mapping[str, Any]:
        """What names in formulas stand for in the graph shown: as it is used on the way by which it was entered."""
        known: dict[str, Any] = {each.name: each.default for each in self.graph.declaration.exposes}
        if self.check is None or self.graph_name == MAIN:
            return known
        report = self.check.inside(self.way) if self.way else self.check.unused.get(self.graph_name)
        return known | dict(report.values) if report is not None and report.graph == self.graph_name else known

    def graph_at(self, way: tuple[str, ...]) -> str | None:
        """The graph that is entered through the nodes of `way`; None when they are not there."""
        name = MAIN
        for node in way:
            graph = self.document.graphs.get(name)
            if graph is None or node not in graph or not is_composite(graph[node].block):
                return None
            name = graph_of(graph[node].block)
        return name if name in self.document.graphs else None

    def look_at(self, graph: str, way: tuple[str, ...]) -> None:
        """Shows a graph from the beginning, if it is there: for a document that is not in front yet."""
        if graph in self.document.graphs and (graph == self.graph_at(way) or not way):
            self.graph_name, self.way = graph, way

    def address(self, node: str) -> str:
        """How a program calls a node of the graph shown: by the way to it."""
        return "/".join((*self.way, node))

    @property
    def name(self) -> str:
        """The file's name, else what it was opened as, else its title."""
        if self.path is not None:
            return self.path.name
        return self.given_name or self.document.title

    @property
    def is_blank(self) -> bool:
        """Whether it is a new one that nobody has done anything with."""
        return self.untouched and self.path is None and not self.recovered and not len(self.document.main)

    @property
    def dirty(self) -> bool:
        """Whether closing it would lose something."""
        return self.recovered or not self.history.clean


def same_nodes(one: Document, other: Document) -> bool:
    """Whether what is known of the nodes of one can be told of those of `other`."""
    return {node.id: node.block for node in one.main} == {node.id: node.block for node in other.main}
