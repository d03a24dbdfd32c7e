"""Edits: every change of a document as a value. Applying one gives its inverse.

History, journal and tests use the same values.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from keyword import iskeyword
from math import isfinite
from typing import Any, ClassVar, Protocol

from graph_engine.document.annotating import Annotate, BendWire, SetBookmark
from graph_engine.document.annotation import Annotation, why_not_annotation
from graph_engine.document.composite import Declaration, graph_of, is_composite
from graph_engine.document.custom_edits import AddCustom, RemoveCustom, SetCustom
from graph_engine.document.document import MAIN, Change, Document
from graph_engine.document.edit_checks import (
    NodeAttribute,
    check_declaration,
    check_new,
    ends,
    why_not,
    why_not_attribute,
)
from graph_engine.document.graph import Graph, Node, Position, Wire
from graph_engine.document.plan import Binding, Plan
from graph_engine.document.rules import ID, EditRefused, title_of, why_not_json


class Edit(Protocol):
    """A frozen dataclass that changes a document."""

    kind: ClassVar[str]

    @property
    def label(self) -> str:
        """What it does, as the undo menu names it."""
        ...

    def perform(self, document: Document, change: Change) -> Edit:
        """Check, change, note in `change` what was touched, and return the inverse.

        Raises: EditRefused before anything has changed.
        """
        ...


def _graph(document: Document, name: str) -> Graph:
    if name not in document.graphs:
        raise EditRefused(f"There is no graph called {name!r}.")
    return document.graphs[name]


def _node(graph: Graph, name: str) -> Node:
    if name not in graph:
        raise EditRefused(f"There is no node called {name!r}.")
    return graph[name]


def _count(nodes: tuple[Any, ...]) -> str:
    return "1 node" if len(nodes) == 1 else f"{len(nodes)} nodes"


@dataclass(frozen=True, slots=True)
class AddNodes:
    """Place nodes, together with wires.

    `restored`: nodes and wires come back as they were, also those that a file brought in and that may not be drawn.
    """

    kind: ClassVar[str] = "add_nodes"
    nodes: tuple[Node, ...]
    wires: tuple[Wire, ...] = ()
    graph: str = MAIN
    restored: bool = False

    @property
    def label(self) -> str:
        return f"Add {title_of(self.nodes[0])}" if len(self.nodes) == 1 else f"Add {_count(self.nodes)}"

    def perform(self, document: Document, change: Change) -> Edit:
        graph = _graph(document, self.graph)
        new = {node.id for node in self.nodes}
        for node in self.nodes:
            check_new(document, self.graph, node, self.restored)
        if len(new) < len(self.nodes):
            raise EditRefused("Two of the new nodes have one id; ids must differ.")
        added: list[Wire] = []
        for node in self.nodes:
            graph.put(node)
        try:
            for wire in self.wires:
                if reason := why_not(graph, wire, self.restored):
                    raise EditRefused(reason)
                if graph.wire_at(wire.target, wire.input) is not None:
                    raise EditRefused(f"The input {wire.target}.{wire.input} has a wire already.")
                graph.link(wire)
                added.append(wire)
        except EditRefused:
            for wire in added:
                graph.unlink(wire)
            for node in self.nodes:
                graph.drop(node.id)
            raise
        change.touch(self.graph, *new, *ends(self.wires))
        remove = RemoveNodes(tuple(node.id for node in self.nodes), self.graph)
        between = tuple(wire for wire in self.wires if not {wire.source, wire.target} & new)
        if not between:
            return remove
        disconnect = Disconnect(between, self.graph)
        return Batch(self.label, (disconnect, remove)) if new else disconnect


@dataclass(frozen=True, slots=True)
class RemoveNodes:
    """Take nodes away, with every wire at them."""

    kind: ClassVar[str] = "remove_nodes"
    nodes: tuple[str, ...]
    graph: str = MAIN

    @property
    def label(self) -> str:
        return f"Delete {_count(self.nodes)}"

    def perform(self, document: Document, change: Change) -> Edit:
        graph = _graph(document, self.graph)
        nodes = tuple(_node(graph, name) for name in dict.fromkeys(self.nodes))
        wires = tuple(
            dict.fromkeys(
                wire for name in self.nodes for wire in (*graph.wires_into(name).values(), *graph.wires_out_of(name))
            )
        )
        for wire in wires:
            graph.unlink(wire)
        for node in nodes:
            graph.drop(node.id)
        change.touch(self.graph, *self.nodes, *ends(wires))
        return AddNodes(nodes, wires, self.graph, restored=True)


@dataclass(frozen=True, slots=True)
class Connect:
    """Draw a wire; one that ends at the same input is replaced.

    `restored`: it comes back as it was, also if a file brought it in and it may not be drawn.
    """

    kind: ClassVar[str] = "connect"
    wire: Wire
    graph: str = MAIN
    restored: bool = False

    @property
    def label(self) -> str:
        return f"Connect {self.wire.source} → {self.wire.target}"

    def perform(self, document: Document, change: Change) -> Edit:
        graph = _graph(document, self.graph)
        before = graph.wire_at(self.wire.target, self.wire.input)
        if before is not None:
            graph.unlink(before)
        if reason := why_not(graph, self.wire, self.restored):
            if before is not None:
                graph.link(before)
            raise EditRefused(reason)
        graph.link(self.wire)
        change.touch(self.graph, *ends((self.wire, *([before] if before else []))))
        if before is not None:
            return Connect(before, self.graph, restored=True)
        return Disconnect((self.wire,), self.graph)


@dataclass(frozen=True, slots=True)
class Disconnect:
    """Take wires away."""

    kind: ClassVar[str] = "disconnect"
    wires: tuple[Wire, ...]
    graph: str = MAIN

    @property
    def label(self) -> str:
        if len(self.wires) == 1:
            return f"Disconnect {self.wires[0].source} → {self.wires[0].target}"
        return f"Disconnect {len(self.wires)} wires"

    def perform(self, document: Document, change: Change) -> Edit:
        graph = _graph(document, self.graph)
        found = {wire: graph.wire_at(wire.target, wire.input) for wire in dict.fromkeys(self.wires)}
        for wire, there in found.items():
            if there != wire:
                raise EditRefused(f"There is no wire {wire}.")
        wires = tuple(there for there in found.values() if there is not None)  # with the ways that they take
        for wire in wires:
            graph.unlink(wire)
        change.touch(self.graph, *ends(wires))
        return AddNodes((), wires, self.graph, restored=True)


@dataclass(frozen=True, slots=True)
class SetParameter:
    """Give a parameter a JSON value, or its default again with `value=None`.

    What a file said of a parameter that the block has not can be taken away, and is `restored` by undoing that.
    """

    kind: ClassVar[str] = "set_parameter"
    node: str
    name: str
    value: Any
    graph: str = MAIN
    restored: bool = False

    @property
    def label(self) -> str:
        return f"Change {self.name} of {self.node}"

    def perform(self, document: Document, change: Change) -> Edit:
        graph = _graph(document, self.graph)
        node = _node(graph, self.node)
        block = graph.block(node)
        is_stray = block is not None and block.parameter(self.name) is None
        is_taken_away = self.value is None and self.name in node.parameters
        if block is not None and is_stray and not (is_taken_away or self.restored):
            raise EditRefused(f"{block.title} has no parameter {self.name!r}.")
        if reason := why_not_json(self.value):
            raise EditRefused(f"{self.name} of {self.node} can't have this value: {reason}.")
        before = node.parameters.get(self.name)
        parameters = {key: value for key, value in node.parameters.items() if key != self.name}
        if self.value is not None:
            parameters[self.name] = self.value
        graph.put(node.with_(parameters=parameters))
        change.touch(self.graph, self.node)
        return SetParameter(self.node, self.name, before, self.graph, restored=is_stray)


@dataclass(frozen=True, slots=True)
class Move:
    """Put nodes at other positions."""

    kind: ClassVar[str] = "move"
    positions: tuple[tuple[str, Position], ...]
    graph: str = MAIN

    @property
    def label(self) -> str:
        return f"Move {_count(self.positions)}"

    def perform(self, document: Document, change: Change) -> Edit:
        graph = _graph(document, self.graph)
        before = tuple((name, _node(graph, name).position) for name, _ in self.positions)
        for name, position in self.positions:
            if not all(map(isfinite, position)):
                raise EditRefused(f"{name} can't be put at {position}: that is not a place.")
        for name, (x, y) in self.positions:
            graph.put(graph[name].with_(position=(float(x), float(y))))
        change.touch(self.graph, *(name for name, _ in before), moved=True)
        return Move(before, self.graph)


@dataclass(frozen=True, slots=True)
class SetNode:
    """Give a node another title, or set one of its flags."""

    kind: ClassVar[str] = "set_node"
    node: str
    attribute: NodeAttribute
    value: str | bool | int | tuple[str, ...]
    graph: str = MAIN

    @property
    def label(self) -> str:
        match self.attribute:
            case "title":
                return f"Rename {self.node}"
            case "frozen":
                return f"{'Freeze' if self.value else 'Thaw'} {self.node}"
            case "bypassed":
                return f"{'Bypass' if self.value else 'Use'} {self.node}"
            case "shares":
                return f"Share the weights of {self.value}" if self.value else f"Give {self.node} weights of its own"
            case "repeat":
                return f"Repeat {self.node} ×{self.value}"
            case "tags":
                return f"Tag {self.node}" if self.value else f"Take the tags off {self.node}"
            case "collapsed":
                return f"{'Collapse' if self.value else 'Open'} {self.node}"
            case _:
                return f"Run {self.node} over time" if self.value else f"Run {self.node} once"

    def perform(self, document: Document, change: Change) -> Edit:
        graph = _graph(document, self.graph)
        node = _node(graph, self.node)
        if reason := why_not_attribute(graph, node, self.attribute, self.value):
            raise EditRefused(reason)
        before = getattr(node, self.attribute)
        graph.put(node.with_(**{self.attribute: self.value}))
        change.touch(self.graph, self.node, moved=self.attribute == "collapsed")
        return SetNode(self.node, self.attribute, before, self.graph)


@dataclass(frozen=True, slots=True)
class SetPlan:
    """Train another way."""

    kind: ClassVar[str] = "set_plan"
    plan: Plan

    @property
    def label(self) -> str:
        return "Change the training plan"

    def perform(self, document: Document, change: Change) -> Edit:
        from graph_engine.document.codec import FormatError, plan_from_json, plan_to_json

        try:
            plan_from_json(plan_to_json(self.plan))  # so that what is saved can be opened again
        except FormatError as error:
            raise EditRefused(f"The plan can't be changed like this: {error}") from error
        before, document.plan = document.plan, self.plan
        change.plan, change.moved_only = True, False
        return SetPlan(before)


@dataclass(frozen=True, slots=True)
class SetBinding:
    """Train on other data."""

    kind: ClassVar[str] = "set_binding"
    binding: Binding

    @property
    def label(self) -> str:
        return f"Use data {self.binding.dataset}"

    def perform(self, document: Document, change: Change) -> Edit:
        before, document.binding = document.binding, self.binding
        change.binding, change.moved_only = True, False
        return SetBinding(before)


@dataclass(frozen=True, slots=True)
class SetAbout:
    """Change title or notes of the document."""

    kind: ClassVar[str] = "set_about"
    title: str
    notes: str

    @property
    def label(self) -> str:
        return "Change title or notes"

    def perform(self, document: Document, change: Change) -> Edit:
        before = SetAbout(document.title, document.notes)
        document.title, document.notes = self.title, self.notes
        change.about = True
        return before


@dataclass(frozen=True, slots=True)
class AddGraph:
    """Put a composite into the document.

    `restored`: it comes back as it was, also what a file brought in and what may not be drawn.
    """

    kind: ClassVar[str] = "add_graph"
    graph: str
    declaration: Declaration
    nodes: tuple[Node, ...] = ()
    wires: tuple[Wire, ...] = ()
    restored: bool = False
    annotations: tuple[Annotation, ...] = ()

    @property
    def label(self) -> str:
        return f"Make the composite {self.declaration.title or self.graph}"

    def perform(self, document: Document, change: Change) -> Edit:
        if self.graph in document.graphs:
            raise EditRefused(f"There is a graph called {self.graph!r} already.")
        if not ID.match(self.graph) or iskeyword(self.graph):
            raise EditRefused(f"{self.graph!r} can't name a composite: it takes lower-case letters, digits and _.")
        document.add_graph(self.graph, Graph(declaration=self.declaration))
        try:
            check_declaration(self.declaration)
            for annotation in self.annotations:
                if reason := why_not_annotation(annotation):
                    raise EditRefused(reason)
                document.graphs[self.graph].annotate(annotation)
            AddNodes(self.nodes, self.wires, self.graph, self.restored).perform(document, change)
        except EditRefused:
            document.graphs.pop(self.graph)
            raise
        change.graphs.add(self.graph)
        change.moved_only = False
        return RemoveGraph(self.graph)


@dataclass(frozen=True, slots=True)
class RemoveGraph:
    """Take a composite out of the document; nothing may use it any more."""

    kind: ClassVar[str] = "remove_graph"
    graph: str

    @property
    def label(self) -> str:
        return f"Delete the composite {self.graph}"

    def perform(self, document: Document, change: Change) -> Edit:
        graph = _graph(document, self.graph)
        if self.graph == MAIN:
            raise EditRefused("The main drawing can't be deleted.")
        for name, other in document.graphs.items():
            user = next(
                (node for node in other if graph_of(node.block) == self.graph and is_composite(node.block)), None
            )
            if user is not None and name != self.graph:
                raise EditRefused(f"{self.graph} is used by {user.id} in {name}; delete that first.")
        del document.graphs[self.graph]
        change.touch(self.graph, *graph.nodes)
        change.graphs.add(self.graph)
        change.moved_only = False
        notes = tuple(graph.annotations.values())
        return AddGraph(
            self.graph, graph.declaration, tuple(graph), tuple(graph.wires), restored=True, annotations=notes
        )


@dataclass(frozen=True, slots=True)
class Declare:
    """Change what a graph declares: title, help, exposed parameters, order of ports."""

    kind: ClassVar[str] = "declare"
    declaration: Declaration
    graph: str = MAIN

    @property
    def label(self) -> str:
        return f"Change the composite {self.declaration.title or self.graph}"

    def perform(self, document: Document, change: Change) -> Edit:
        graph = _graph(document, self.graph)
        check_declaration(self.declaration)
        before = graph.declaration
        graph.declare(self.declaration)
        change.graphs.add(self.graph)
        change.moved_only = False
        return Declare(before, self.graph)


@dataclass(frozen=True, slots=True)
class Batch:
    """Several edits as one; if one is refused, none happens."""

    kind: ClassVar[str] = "batch"
    title: str
    edits: tuple[AnyEdit, ...] = field(default=())

    @property
    def label(self) -> str:
        return self.title

    def perform(self, document: Document, change: Change) -> Edit:
        inverses: list[Edit] = []
        try:
            for edit in self.edits:
                inverses.append(edit.perform(document, change))  # noqa: PERF401  a refusal must find those before it
        except EditRefused:
            for inverse in reversed(inverses):
                inverse.perform(document, change)
            raise
        return Batch(self.title, tuple(reversed(inverses)))  # type: ignore[arg-type]


AnyEdit = (
    AddNodes
    | RemoveNodes
    | Connect
    | Disconnect
    | SetParameter
    | Move
    | SetNode
    | SetPlan
    | SetBinding
    | SetAbout
    | AddGraph
    | RemoveGraph
    | Declare
    | Annotate
    | BendWire
    | SetBookmark
    | AddCustom
    | RemoveCustom
    | SetCustom
    | Batch
)
