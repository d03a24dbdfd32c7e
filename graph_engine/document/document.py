"""The document: graphs, plan, binding and notes. Every change is an edit, applied here and announced once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from graph_engine.blocks.custom import CUSTOM, custom_block, custom_of, is_custom
from graph_engine.blocks.registry import find_block
from graph_engine.document.composite import composite_block, graph_of, is_composite
from graph_engine.document.custom import CustomCode
from graph_engine.document.graph import Graph, Node
from graph_engine.document.plan import Binding, Plan
from graph_engine.document.rules import title_of

if TYPE_CHECKING:
    from graph_engine.blocks.block import Block
    from graph_engine.document.annotation import Bookmark
    from graph_engine.document.edits import Edit

MAIN = "main"
"""The graph that is the network; the others are composites."""


@dataclass(slots=True)
class Change:
    """What an edit touched, told once after it was applied.

    `nodes` are (graph, id) of nodes added, removed, moved or changed, or whose wires changed. `moved_only` when nothing
    but positions, frames, notes or bookmarks changed, so that no check is needed.
    """

    edit: Edit
    nodes: set[tuple[str, str]] = field(default_factory=set)
    plan: bool = False
    binding: bool = False
    about: bool = False
    graphs: set[str] = field(default_factory=set)
    """Graphs that came, went or were declared anew."""
    annotations: set[tuple[str, str]] = field(default_factory=set)
    """(graph, id) of frames and notes that came, went or changed."""
    bookmarks: bool = False
    moved_only: bool = True

    def touch(self, graph: str, *nodes: str, moved: bool = False) -> None:
        self.nodes.update((graph, node) for node in nodes)
        self.moved_only = self.moved_only and moved


Listener = Callable[[Change], None]


class Document:
    """Graphs by name (`main` and the composites), custom blocks, how to train them, on what, and notes."""

    def __init__(
        self,
        *,
        title: str = "Untitled",
        notes: str = "",
        graphs: dict[str, Graph] | None = None,
        plan: Plan | None = None,
        binding: Binding | None = None,
        customs: dict[str, CustomCode] | None = None,
    ) -> None:
        self.title = title
        self.notes = notes
        self.graphs = graphs if graphs is not None else {MAIN: Graph()}
        self.plan = plan or Plan()
        self.binding = binding or Binding()
        self.bookmarks: dict[int, Bookmark] = {}
        """Places to come back to, by their numbers from 1 to 9."""
        self.customs = customs if customs is not None else {}
        """The custom blocks by name."""
        self.revision = 0
        self._listeners: list[Listener] = []
        self._composites: dict[str, tuple[int, type[Block]]] = {}
        for graph in self.graphs.values():
            graph.find_block, graph.find_graph = self.find_block, self.graphs.get

    @property
    def main(self) -> Graph:
        return self.graphs[MAIN]

    @property
    def composites(self) -> dict[str, Graph]:
        """The graphs that can be used as blocks, by name."""
        return {name: graph for name, graph in self.graphs.items() if name != MAIN}

    def place(self, address: str) -> tuple[Graph, Node] | None:
        """The node of an address: its id in the main drawing, or `graph:id` in a composite; None when it is gone."""
        name, colon, node = address.rpartition(":")
        graph = self.graphs.get(name if colon else MAIN)
        return (graph, graph[node]) if graph is not None and node in graph else None

    def called(self, address: str) -> str:
        """What a message calls the node of an address: `Conv 2d (conv2d_1)`, `Conv 2d (conv2d_1 in bottleneck)`."""
        found = self.place(address)
        name, colon, node = address.rpartition(":")
        where = f"{node} in {name}" if colon else node
        return f"{title_of(found[1], found[0])} ({where})" if found is not None else where

    def find_block(self, name: str) -> type[Block] | None:
        """The block that a node names: one of the library, or a composite (`@bottleneck`) or custom block
        (`custom:gate`) of this document."""
        if is_custom(name):
            code = self.customs.get(custom_of(name))
            return custom_block(custom_of(name), code.source) if code is not None else None
        if not is_composite(name):
            return find_block(name)
        graph = self.composites.get(graph_of(name))
        if graph is None:
            return None
        stamp, block = self._composites.get(name, (-1, None))
        if block is None or stamp != graph.stamp:
            block = composite_block(graph_of(name), graph)
            self._composites[name] = (graph.stamp, block)
        return block

    def users_of(self, custom: str) -> list[tuple[str, str]]:
        """(graph, node) of every use of a custom block."""
        return [
            (name, node.id) for name, graph in self.graphs.items() for node in graph if node.block == CUSTOM + custom
        ]

    def add_graph(self, name: str, graph: Graph) -> None:
        """For edits: put a graph into the document."""
        graph.find_block, graph.find_graph = self.find_block, self.graphs.get
        self.graphs[name] = graph

    def apply(self, edit: Edit) -> Edit:
        """Apply `edit`, announce it, and return the edit that takes it back.

        Raises: EditRefused when the document can't take it; then nothing has changed.
        """
        change = Change(edit)
        inverse = edit.perform(self, change)
        self.revision += 1
        for listener in tuple(self._listeners):
            listener(change)
        return inverse

    def subscribe(self, listener: Listener) -> Callable[[], None]:
        """Tell `listener` of every change; returns what ends that."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    def snapshot(self) -> Document:
        """A copy that later edits don't touch, of the same revision and without listeners."""
        copy = Document(
            title=self.title,
            notes=self.notes,
            graphs={name: graph.copy() for name, graph in self.graphs.items()},
            plan=self.plan,
            binding=self.binding,
            customs=dict(self.customs),
        )
        copy.revision = self.revision
        copy.bookmarks = dict(self.bookmarks)
        return copy
