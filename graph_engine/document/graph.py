"""Nodes and wires, held in a `networkx.MultiDiGraph`. Changed by edits only; everybody else reads."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import count
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, TypeAlias

from graph_engine.blocks.block import Block, slot_of
from graph_engine.blocks.custom import custom_of
from graph_engine.blocks.registry import find_block
from graph_engine.document.composite import MARK, Declaration

if TYPE_CHECKING:
    import networkx as nx

    from graph_engine.document.annotation import Annotation

NxGraph: TypeAlias = "nx.MultiDiGraph[str]"

Position = tuple[float, float]
FindBlock = Callable[[str], type[Block] | None]
FindGraph = Callable[[str], "Graph | None"]
_stamps = count()


def _no_graph(_: str) -> Graph | None:
    return None


@dataclass(frozen=True, slots=True)
class Node:
    """A block placed in a graph.

    `id` is readable and stays: it names the attribute in the source and the keys of the state dict. `parameters` holds
    what differs from the block's defaults, as JSON values, valid or not. `position` is the upper left
    corner in scene units.
    `bypassed`: what enters at the first input leaves at the first output. `shares`: the node whose weights it uses
    instead of its own. Of composites: `repeat`, how many turns one after another, each with weights of its own (a
    number or a formula), and `over_time`, whether it is a cell that takes one step of a sequence after another.
    `tags` are words by which the plan can name several nodes at once.
    `collapsed`: drawn as its title alone.
    `extra` keeps what a file said of this node that this version does not know.
    """

    id: str
    block: str
    parameters: Mapping[str, Any] = field(default_factory=dict)
    position: Position = (0.0, 0.0)
    title: str = ""
    frozen: bool = False
    bypassed: bool = False
    shares: str = ""
    repeat: int | str = 1
    over_time: bool = False
    tags: tuple[str, ...] = ()
    collapsed: bool = False
    extra: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        object.__setattr__(self, "parameters", MappingProxyType(dict(self.parameters)))
        object.__setattr__(self, "extra", MappingProxyType(dict(self.extra)))

    def with_(self, **changes: Any) -> Node:
        return replace(self, **changes)


@dataclass(frozen=True, slots=True)
class Wire:
    """From one output port to one input port. A variadic input's slot is part of its name: `xs.1`.

    `bends` are points that it is led through, from source to target; the wire is the same whatever way it takes.
    """

    source: str
    output: str
    target: str
    input: str
    bends: tuple[Position, ...] = field(default=(), compare=False)

    def moved(self, dx: float, dy: float) -> Wire:
        """The wire with the points that it is led through moved."""
        return replace(self, bends=tuple((x + dx, y + dy) for x, y in self.bends)) if self.bends else self

    def __str__(self) -> str:
        return f"{self.source}.{self.output} → {self.target}.{self.input}"


def natural(text: str) -> tuple[Any, ...]:
    """A sort key under which `conv2d_10` comes after `conv2d_2`."""
    parts = [_natural_part(part) for part in re.split(r"([0-9]+)", text) if part]
    return (*parts, (-1, 0, text))  # `a_1` and `a_01` differ as well


def _natural_part(part: str) -> tuple[int, int, str]:
    if part[0] not in "0123456789":
        return (1, 0, part)
    digits = part.lstrip("0")  # by length first: a file may hold more digits than Python reads as a number
    return (0, len(digits), digits)


class Graph:
    """A directed graph of nodes and wires. May be drawn in a state that does not compile, cycles excepted."""

    def __init__(
        self, nodes: Iterable[Node] = (), wires: Iterable[Wire] = (), declaration: Declaration | None = None
    ) -> None:
        self.declaration = declaration or Declaration()
        self.find_block: FindBlock = find_block
        """Who knows the blocks that nodes name; a document knows its composites as well."""
        self.find_graph: FindGraph = _no_graph
        """Who knows the graphs of composites: the document."""
        self.stamp = next(_stamps)
        """Another number after each change, unlike that of any other graph but an unchanged copy."""
        self.annotations: dict[str, Annotation] = {}
        """Frames and notes by id; they have no stamp, since they change nothing of what is computed."""
        self._nx: NxGraph | None = None
        self._ordered: tuple[int, list[str]] = (-1, [])
        self._nodes: dict[str, Node] = {}
        self._into: dict[str, dict[str, Wire]] = {}
        for node in nodes:
            self.put(node)
        for wire in wires:
            self.link(wire)

    @property
    def nx(self) -> NxGraph:
        """The graph as networkx has it, made when it is first asked for: an empty window does not wait for networkx."""
        if self._nx is None:
            import networkx as nx

            made: NxGraph = nx.MultiDiGraph()
            made.add_nodes_from(self._nodes)
            for wire in self.wires:
                made.add_edge(wire.source, wire.target, key=(wire.output, wire.input), wire=wire)
            self._nx = made
        return self._nx

    def __contains__(self, node: object) -> bool:
        return node in self._nodes

    def __len__(self) -> int:
        return len(self._nodes)

    def __iter__(self) -> Iterator[Node]:
        return iter(self._nodes.values())

    @property
    def nodes(self) -> Mapping[str, Node]:
        return MappingProxyType(self._nodes)

    def block(self, node: str | Node) -> type[Block] | None:
        """The block of a node, as it is with the node's values; None when it is not known here."""
        placed = self._nodes[node] if isinstance(node, str) else node
        block = self.find_block(placed.block)
        return block.specialised(placed.parameters) if block is not None else None

    @property
    def wires(self) -> list[Wire]:
        return [wire for into in self._into.values() for wire in into.values()]

    def __getitem__(self, node: str) -> Node:
        return self._nodes[node]

    def wires_into(self, node: str) -> dict[str, Wire]:
        """Input port (or slot) → the wire that ends there, slots in order."""
        into = self._into[node]
        return dict(sorted(into.items(), key=lambda item: slot_of(item[0]))) if len(into) > 1 else dict(into)

    def wire_at(self, node: str, port: str) -> Wire | None:
        """The wire that ends at an input port; None for an unknown node as well."""
        return self._into.get(node, {}).get(port)

    def wires_out_of(self, node: str, port: str | None = None) -> list[Wire]:
        return [wire for _, _, wire in self.nx.out_edges(node, data="wire") if port is None or wire.output == port]

    def free_slot(self, node: str, port: str) -> str:
        """The next slot of a variadic input."""
        used = [slot_of(name)[1] for name in self._into[node] if slot_of(name)[0] == port]
        return f"{port}.{max(used, default=-1) + 1}"

    def leads_to(self, start: str, goal: str) -> bool:
        """Whether a path of wires goes from `start` to `goal`."""
        import networkx as nx

        return bool(nx.has_path(self.nx, start, goal))

    def downstream(self, nodes: Iterable[str]) -> set[str]:
        """`nodes` and all that wires lead to from them."""
        found = set(nodes)
        stack = list(found)
        while stack:
            for after in self.nx.successors(stack.pop()):
                if after not in found:
                    found.add(after)
                    stack.append(after)
        return found

    def upstream(self, nodes: Iterable[str]) -> set[str]:
        """`nodes` and all from which wires lead to them."""
        found = set(nodes)
        stack = list(found)
        while stack:
            for wire in self._into[stack.pop()].values():
                if wire.source not in found:
                    found.add(wire.source)
                    stack.append(wire.source)
        return found

    def passing(self, node: str) -> Wire | None:
        """The wire whose value leaves a bypassed node: that into the first of its inputs, as they are declared, that
        is wired. None for a node that is not bypassed, or lets nothing through."""
        block = self.block(node) if self._nodes[node].bypassed else None
        if block is None or not block.outputs:
            return None
        into = self.wires_into(node)
        order = [port.name for port in block.inputs]
        known = [port for port in into if slot_of(port)[0] in order]
        first = min(known, key=lambda port: (order.index(slot_of(port)[0]), slot_of(port)[1]), default=None)
        return into[first] if first is not None else None

    def needed_by(self, nodes: Iterable[str]) -> set[str]:
        """`nodes` and all that they are computed from: what enters a bypassed node and does not leave it is not."""
        found = set(nodes)
        stack = list(found)
        while stack:
            node = stack.pop()
            passing = self.passing(node)
            for wire in [passing] if passing is not None else self._into[node].values():
                if wire.source not in found:
                    found.add(wire.source)
                    stack.append(wire.source)
        return found

    def order(self) -> list[str]:
        """The nodes so that every wire goes forward; a path is followed to its end before the next is begun.

        Raises: ValueError on a cycle, which only a file can bring in; `cycle` names it.
        """
        stamp, ordered = self._ordered
        if stamp != self.stamp:
            ordered = self._sort()
            self._ordered = (self.stamp, ordered)  # a check, a plan and a compilation each ask more than once
        return list(ordered)

    def _sort(self) -> list[str]:
        sources = {node: {wire.source for wire in into.values()} for node, into in self._into.items()}
        waiting = {node: len(before) for node, before in sources.items()}
        targets: dict[str, list[str]] = {node: [] for node in self._into}
        for node, before in sources.items():
            for source in before:
                targets[source].append(node)
        ready = sorted((node for node, count in waiting.items() if not count), key=natural, reverse=True)
        ordered = []
        while ready:
            node = ready.pop()
            ordered.append(node)
            opened = []
            for after in targets[node]:
                waiting[after] -= 1
                if not waiting[after]:
                    opened.append(after)
            ready += sorted(opened, key=natural, reverse=True) if len(opened) > 1 else opened
        if len(ordered) < len(self._nodes):
            raise ValueError("the graph has a cycle")
        return ordered

    def cycle(self) -> list[str]:
        """The nodes of some cycle, in order; empty when there is none."""
        import networkx as nx

        try:
            return [edge[0] for edge in nx.find_cycle(self.nx)]
        except nx.NetworkXNoCycle:
            return []

    def fresh_id(self, block: str, taken: Iterable[str] = ()) -> str:
        """An id for a new node of `block` that no node has: `conv2d_3`."""
        block = custom_of(block.removeprefix(MARK))
        block = block if re.match(r"[a-z][a-z0-9_]*\Z", block) else "node"  # an unknown block may be called anything
        pattern = re.compile(rf"{block}_([0-9]{{1,9}})\Z")
        used = [
            int(match[1])
            for name in (*self._nodes, *taken)
            if name.startswith(block) and (match := pattern.match(name))
        ]
        return f"{block}_{max(used, default=0) + 1}"

    def copy(self) -> Graph:
        """An independent graph of the same (immutable) nodes and wires."""
        made = Graph(self._nodes.values(), self.wires, self.declaration)
        made.find_block, made.find_graph = self.find_block, self.find_graph
        made.stamp, made._ordered = self.stamp, self._ordered
        made.annotations = dict(self.annotations)
        return made

    # The ways in which an edit changes a graph.

    def put(self, node: Node) -> None:
        """Add a node, or replace the one of the same id."""
        if node.id not in self._nodes:
            if self._nx is not None:
                self._nx.add_node(node.id)
            self._into[node.id] = {}
        self._nodes[node.id] = node
        self.stamp = next(_stamps)

    def declare(self, declaration: Declaration) -> None:
        self.declaration = declaration
        self.stamp = next(_stamps)

    def annotate(self, annotation: Annotation) -> None:
        """Add a frame or a note, or replace the one of the same id."""
        self.annotations[annotation.id] = annotation

    def erase(self, annotation: str) -> None:
        del self.annotations[annotation]

    def drop(self, node: str) -> None:
        """Remove a node that no wire touches."""
        if self._nx is not None:
            self._nx.remove_node(node)
        del self._nodes[node], self._into[node]
        self.stamp = next(_stamps)

    def link(self, wire: Wire) -> None:
        self._into[wire.target][wire.input] = wire
        self.stamp = next(_stamps)
        if self._nx is not None:
            self._nx.add_edge(wire.source, wire.target, key=(wire.output, wire.input), wire=wire)

    def unlink(self, wire: Wire) -> None:
        del self._into[wire.target][wire.input]
        self.stamp = next(_stamps)
        if self._nx is not None:
            self._nx.remove_edge(wire.source, wire.target, key=(wire.output, wire.input))
