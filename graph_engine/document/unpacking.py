"""A use of a composite replaced by what it holds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from graph_engine.blocks.named import FormulaError, evaluate, is_formula, names_of
from graph_engine.document.annotating import Annotate
from graph_engine.document.annotation import Annotation, fresh_annotation_id
from graph_engine.document.composite import (
    IN_CHANNELS,
    TURN,
    borders,
    formulas,
    graph_of,
    is_composite,
    port_name,
    port_names,
)
from graph_engine.document.document import MAIN, Document
from graph_engine.document.edits import AddNodes, AnyEdit, Batch, Move, RemoveNodes, SetPlan
from graph_engine.document.enclosing import GAP, in_order
from graph_engine.document.formulas import rewritten, substituted
from graph_engine.document.geometry import geometry_in
from graph_engine.document.graph import Graph, Node, Wire, natural
from graph_engine.document.plan_names import address, exchanged
from graph_engine.document.port_values import Source
from graph_engine.document.porting import uses_of
from graph_engine.document.rules import EditRefused, title_of

_MOST_TURNS = 1000
"""More nodes than that many copies give are no drawing."""


def unpack(document: Document, graph_name: str, node: str, turns: Sequence[Mapping[str, Any]] = ()) -> Batch:
    """What the composite of `node` holds in the place of `node`, once for each turn; the composite itself stays.

    Formulas are written with the values of this use. `turns` are what their names stand for in each turn, as the
    check found it (`[each.values for each in report.inside]`): needed where a formula names `in_channels`.

    Raises: EditRefused for a node that can't be replaced by several.
    """
    graph = document.graphs[graph_name]
    inner = _composite(document, graph, node)
    use = graph[node]
    contents = [name for name in in_order(inner, inner.nodes) if inner[name].block not in ("input", "output")]
    copies = _Copies(graph, inner, use, contents)
    for turn in range(_times(graph, graph_name, use)):
        copies.add(_meanings(document, graph_name, use, inner, turn, turns))
    added = copies.nodes
    onward = tuple(
        Wire(*source, wire.target, wire.input)
        for wire in graph.wires_out_of(node)
        if (source := copies.given.get(wire.output)) is not None
    )
    edits: list[AnyEdit] = [RemoveNodes((node,), graph_name)]
    if added or onward:
        edits.append(AddNodes(tuple(added), (*copies.wires, *onward), graph_name, restored=True))
    if copies.annotations:
        edits.append(Annotate(tuple(copies.annotations), (), graph_name))
    if room := _room(graph, use, copies.width):
        edits.append(Move(room, graph_name))
    edits += _trained_instead(document, graph_name, node, copies)
    return Batch(f"Unpack {title_of(use, graph)}", tuple(edits))


class _Copies:
    """The contents of a composite, copied turn after turn into the graph where it is used."""

    def __init__(self, graph: Graph, inner: Graph, use: Node, contents: Sequence[str]) -> None:
        self.graph, self.inner, self.use, self.contents = graph, inner, use, contents
        self.nodes: list[Node] = []
        self.wires: list[Wire] = []
        self.annotations: list[Annotation] = []
        self.width = 0.0
        """Of all copies, in scene units."""
        self.made: dict[str, list[str]] = {}
        """The copies of each node inside."""
        self.given: dict[str, Source] = {}
        """What the last copy gives, by output."""
        self._turns = 0
        self._into: dict[str, Source] = {
            port: (wire.source, wire.output) for port, wire in graph.wires_into(use.id).items()
        }
        self._inputs, self._outputs = port_names(inner)
        frames = [(inner[name].position, geometry_in(inner, name)) for name in contents]
        self._left = min((at[0] for at, _ in frames), default=0.0)
        self._top = min((at[1] for at, _ in frames), default=0.0)
        self._right = max((at[0] + box.width for at, box in frames), default=0.0)

    def add(self, meanings: Mapping[str, Any]) -> None:
        """One more turn: it takes at its first inputs what the one before gave, and at the others what came in."""
        for port, output in zip(self._inputs, self._outputs, strict=False) if self._turns else ():
            source = self.given.get(output)
            self._into.pop(port, None)
            if source is not None:
                self._into[port] = source
        self._turns += 1
        names = self._fresh()
        dx, dy = self.use.position[0] - self._left + self.width, self.use.position[1] - self._top
        for annotation in self.inner.annotations.values():
            fresh = fresh_annotation_id(self.graph, annotation.kind, [each.id for each in self.annotations])
            self.annotations.append(replace(annotation.moved(dx, dy), id=fresh))
        for old in self.contents:
            node = rewritten(self.inner[old], lambda formula: substituted(formula, meanings))
            at = (node.position[0] + dx, node.position[1] + dy)
            frozen = node.frozen or self.use.frozen
            shares = names.get(node.shares, node.shares)
            tags = tuple(dict.fromkeys((*node.tags, *self.use.tags)))
            self.nodes.append(node.with_(id=names[old], position=at, frozen=frozen, shares=shares, tags=tags))
            self.made.setdefault(old, []).append(names[old])
        if self.contents:
            self.width += self._right - self._left + GAP
        sources = {node.id: self._into.get(port_name(node)) for node in borders(self.inner, "input")}
        for old in self.contents:
            for wire in self.inner.wires_into(old).values():
                source = self._outside(wire, names, sources)
                if source is not None:
                    bends = wire.moved(dx, dy).bends if wire.source in names else ()
                    self.wires.append(Wire(*source, names[old], wire.input, bends))
        self.given = {}
        for node in borders(self.inner, "output"):
            end = self.inner.wire_at(node.id, "x")
            source = self._outside(end, names, sources) if end is not None else None
            if source is not None:
                self.given[port_name(node)] = source

    def _outside(self, wire: Wire, names: Mapping[str, str], sources: Mapping[str, Source | None]) -> Source | None:
        """Where the value of a wire inside comes from outside; None where nothing comes in."""
        return (names[wire.source], wire.output) if wire.source in names else sources.get(wire.source)

    def _fresh(self) -> dict[str, str]:
        """Each node inside → its id outside, the same where it is free."""
        taken = {node.id for node in self.nodes}
        names: dict[str, str] = {}
        for old in self.contents:
            is_free = old not in self.graph and old not in taken
            names[old] = old if is_free else self.graph.fresh_id(self.inner[old].block, (*taken, *self.contents))
            taken.add(names[old])
        return names


def _trained_instead(document: Document, graph_name: str, use: str, copies: _Copies) -> tuple[SetPlan, ...]:
    """The plan that does with the copies what it did with the composite that `use` uses, and with what that holds."""
    name = graph_of(copies.use.block)
    whole = copies.use.block
    named = {address(graph_name, use): [address(graph_name, node.id) for node in copies.nodes]}
    others = [found for found in uses_of(document, name) if (found[0], found[1].id) != (graph_name, use)]
    named[whole] = [*([whole] if others else []), *(address(graph_name, node.id) for node in copies.nodes)]
    for inner, made in copies.made.items():
        before = address(name, inner)
        named[before] = [*([before] if others else []), *(address(graph_name, each) for each in made)]
    after = exchanged(document.plan, named)
    return (SetPlan(after),) if after != document.plan else ()


def _composite(document: Document, graph: Graph, name: str) -> Graph:
    """The graph that a node uses.

    Raises: EditRefused when the node can't be unpacked.
    """
    if name not in graph:
        raise EditRefused(f"There is no node called {name!r}.")
    node = graph[name]
    title = title_of(node, graph)
    inner = document.composites.get(graph_of(node.block)) if is_composite(node.block) else None
    if inner is None:
        raise EditRefused(f"{title} is no composite of this document, so there is nothing in it to unpack.")
    if node.over_time:
        raise EditRefused(
            f"{title} runs over time: it is computed anew for each step of a sequence, however long that is, so there "
            "is no drawing of single nodes for it. Turn off Over time first."
        )
    if node.bypassed:
        raise EditRefused(f"{title} is bypassed, so what it holds is not computed. Turn it on first, or delete it.")
    if node.shares:
        raise EditRefused(f"{title} shares the weights of {node.shares}. Give it weights of its own first.")
    sharing = sorted((other.id for other in graph if other.shares == name), key=natural)
    if sharing:
        raise EditRefused(f"{sharing[0]} shares the weights of {name}. Give it weights of its own first.")
    return inner


def _times(graph: Graph, graph_name: str, use: Node) -> int:
    """How many turns there are to draw.

    Raises: EditRefused where that is not one number.
    """
    times: Any = use.repeat
    if is_formula(times):
        values = {each.name: each.default for each in graph.declaration.exposes} if graph_name == MAIN else {}
        try:
            times = evaluate(times, values)
        except FormulaError as error:
            raise EditRefused(
                f"{title_of(use, graph)} is repeated {use.repeat} times, which is not one number here. "
                "Set Repeat to a number first."
            ) from error
    if not isinstance(times, int) or isinstance(times, bool) or not 1 <= times <= _MOST_TURNS:
        raise EditRefused(f"{times} copies of {title_of(use, graph)} can't be drawn; {_MOST_TURNS} can.")
    return int(times)


def _meanings(
    document: Document, graph_name: str, use: Node, inner: Graph, turn: int, turns: Sequence[Mapping[str, Any]]
) -> dict[str, Any]:
    """What the names in the formulas of a composite stand for in a turn of this use: values, or formulas outside.

    Raises: EditRefused where that is not known.
    """
    graph = document.graphs[graph_name]
    meanings: dict[str, Any] = {each.name: each.default for each in inner.declaration.exposes}
    meanings |= {name: value for name, value in use.parameters.items() if name in meanings}
    meanings[TURN] = turn
    used = {name for node in inner for text in formulas(node) for name in names_of(text)}
    if IN_CHANNELS not in used:
        return meanings
    if turn == 0 and graph_name != MAIN and _is_fed_first(graph, use, inner):
        meanings[IN_CHANNELS] = f"={IN_CHANNELS}"
        return meanings
    if graph_name != MAIN and not _is_used_once(document, graph_name):
        raise EditRefused(
            f"Formulas in {title_of(use, graph)} name in_channels, which may be another number at each use of "
            f"{graph_name}. Expose a parameter for it first."
        )
    known = turns[turn].get(IN_CHANNELS) if turn < len(turns) else None
    if known is None:
        raise EditRefused(
            f"Formulas in {title_of(use, graph)} name in_channels, and it is not known yet how many channels arrive. "
            "Wire it first, so that the drawing fits."
        )
    meanings[IN_CHANNELS] = int(known)
    return meanings


def _is_fed_first(graph: Graph, use: Node, inner: Graph) -> bool:
    """Whether what enters `use` first is what enters the graph around it first."""
    inputs, _ = port_names(inner)
    wire = next((wire for port in inputs if (wire := graph.wire_at(use.id, port)) is not None), None)
    first = borders(graph, "input")
    return wire is not None and bool(first) and wire.source == first[0].id


def _is_used_once(document: Document, graph_name: str) -> bool:
    """Whether what a composite holds is computed at one place alone."""
    users = [
        (name, node)
        for name, graph in document.graphs.items()
        for node in graph
        if is_composite(node.block) and graph_of(node.block) == graph_name
    ]
    if len(users) != 1 or users[0][1].repeat != 1:
        return False
    return users[0][0] == MAIN or _is_used_once(document, users[0][0])


def _room(graph: Graph, use: Node, width: float) -> tuple[tuple[str, tuple[float, float]], ...]:
    """The moves to the right that make room for what takes the place of `use`."""
    own = geometry_in(graph, use.id).width
    edge = use.position[0] + own
    shift = width - GAP - own
    if shift <= 0:
        return ()
    behind = sorted((node for node in graph if node.position[0] >= edge), key=lambda node: natural(node.id))
    return tuple((node.id, (node.position[0] + shift, node.position[1])) for node in behind)
