"""What differs between two documents: nodes, wires, composites, plan and data, as values for a panel or a report.

Nodes are the same when they have the same id and block: ids stay when a document is edited, and name its weights.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass
from enum import StrEnum
from typing import Any

from graph_engine.document.composite import Declaration
from graph_engine.document.document import MAIN, Document
from graph_engine.document.graph import Graph, Node, Wire, natural
from graph_engine.document.plan import Binding
from graph_engine.document.rules import title_of


class Kind(StrEnum):
    """What became of a part."""

    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"


@dataclass(frozen=True, slots=True)
class ValueChange:
    """A value that is another: `name` as the file has it (`kernel_size`, `stages.0.epochs`), `title` for a person.

    `before` and `after` are JSON values, a default where none was set; None where there is no such value.
    """

    name: str
    title: str
    before: Any
    after: Any

    def __str__(self) -> str:
        return f"{self.title}: {shown(self.before)} → {shown(self.after)}"


@dataclass(frozen=True, slots=True)
class NodeChange:
    """A node that came, went or has other values. `before` is None for one that came, `after` for one that went."""

    graph: str
    node: str
    kind: Kind
    title: str
    before: Node | None = None
    after: Node | None = None
    values: tuple[ValueChange, ...] = ()

    @property
    def block(self) -> str:
        """The block, which does not change."""
        node = self.after or self.before
        return node.block if node is not None else ""


@dataclass(frozen=True, slots=True)
class WireChange:
    """A wire that came or went."""

    graph: str
    wire: Wire
    kind: Kind


@dataclass(frozen=True, slots=True)
class GraphChange:
    """A composite that came, went, or declares something else."""

    graph: str
    kind: Kind
    values: tuple[ValueChange, ...] = ()


@dataclass(frozen=True, slots=True)
class CustomChange:
    """A custom block that came, went, or has other code; None where there is none."""

    custom: str
    kind: Kind
    before: str | None
    after: str | None


@dataclass(frozen=True, slots=True)
class Difference:
    """All that differs, each part in the order of names. `annotations` counts frames and
    notes that came, went or changed, `moved` nodes that only stand elsewhere.
    """

    nodes: tuple[NodeChange, ...] = ()
    wires: tuple[WireChange, ...] = ()
    graphs: tuple[GraphChange, ...] = ()
    plan: tuple[ValueChange, ...] = ()
    data: tuple[ValueChange, ...] = ()
    about: tuple[ValueChange, ...] = ()
    annotations: int = 0
    moved: int = 0
    customs: tuple[CustomChange, ...] = ()

    def __bool__(self) -> bool:
        """Whether anything differs, the places of nodes included."""
        return self.computes_otherwise or bool(self.plan or self.data or self.about or self.annotations or self.moved)

    @property
    def computes_otherwise(self) -> bool:
        """Whether the networks differ."""
        return bool(self.nodes or self.wires or self.graphs or self.customs)

    def of(self, kind: Kind) -> list[NodeChange]:
        """The nodes of which that became."""
        return [change for change in self.nodes if change.kind is kind]

    def at(self, graph: str) -> dict[str, NodeChange]:
        """The changed nodes of a graph, by id; of a block that was exchanged under one id the new node."""
        return {change.node: change for change in self.nodes if change.graph == graph}

    def summary(self) -> str:
        """`2 nodes added, 1 changed, 3 wires removed; training plan`, or `No difference`."""
        parts = _counts([change.kind for change in self.nodes], "node")
        parts += _counts([change.kind for change in self.wires], "wire")
        parts += _counts([change.kind for change in self.graphs], "composite")
        parts += _counts([change.kind for change in self.customs], "custom block")
        parts += [f"{self.annotations} frames or notes"] if self.annotations else []
        parts += [f"{self.moved} moved"] if self.moved else []
        others = [
            name
            for name, changed in (("training plan", self.plan), ("data", self.data), ("title or notes", self.about))
            if changed
        ]
        found = "; ".join(part for part in (", ".join(parts), ", ".join(others)) if part)
        return found or "No difference"


def difference(before: Document, after: Document) -> Difference:
    """What was done to `before` to get `after`."""
    nodes: list[NodeChange] = []
    wires: list[WireChange] = []
    graphs: list[GraphChange] = []
    moved = annotations = 0
    names = sorted({*before.graphs, *after.graphs}, key=lambda name: (name != MAIN, natural(name)))
    for name in names:
        old, new = before.graphs.get(name), after.graphs.get(name)
        graphs += _graph_change(name, old, new)
        old, new = old or Graph(), new or Graph()
        nodes += _nodes(name, old, new)
        wires += _wires(name, old, new)
        beside = {*old.annotations, *new.annotations}
        annotations += sum(1 for each in beside if old.annotations.get(each) != new.annotations.get(each))
        moved += sum(1 for node in new if node.id in old and old[node.id].position != node.position)
    about = [
        ValueChange(name, name.capitalize(), getattr(before, name), getattr(after, name))
        for name in ("title", "notes")
        if getattr(before, name) != getattr(after, name)
    ]
    return Difference(
        tuple(nodes),
        tuple(wires),
        tuple(graphs),
        tuple(_changed(dict(_flat(before.plan)), dict(_flat(after.plan)))),
        tuple(_changed(_bound(before.binding), _bound(after.binding))),
        tuple(about),
        annotations,
        moved,
        tuple(_customs(before, after)),
    )


def shown(value: Any) -> str:
    """A value as a person reads it: `3×3`, `on`, `none`."""
    match value:
        case None | "":
            return "none"
        case bool():
            return "on" if value else "off"
        case list() | tuple():
            return "×".join(map(shown, value)) if value else "none"
        case float():
            return f"{value:g}"
        case _:
            return str(value)


def _customs(before: Document, after: Document) -> Iterator[CustomChange]:
    for name in sorted({*before.customs, *after.customs}, key=natural):
        old, new = (each.customs[name].source if name in each.customs else None for each in (before, after))
        if old != new:
            kind = Kind.ADDED if old is None else Kind.REMOVED if new is None else Kind.CHANGED
            yield CustomChange(name, kind, old, new)


def _graph_change(name: str, old: Graph | None, new: Graph | None) -> Iterator[GraphChange]:
    if old is None or new is None:
        yield GraphChange(name, Kind.ADDED if old is None else Kind.REMOVED)
    elif old.declaration != new.declaration:
        yield GraphChange(name, Kind.CHANGED, tuple(_changed(_said(old.declaration), _said(new.declaration))))


def _nodes(name: str, old: Graph, new: Graph) -> Iterator[NodeChange]:
    for node in sorted({*old.nodes, *new.nodes}, key=natural):
        before, after = old.nodes.get(node), new.nodes.get(node)
        if before is not None and after is not None and before.block == after.block:
            values = tuple(_changed(_values(before, old), _values(after, new), _titles(after, new)))
            if values:
                yield NodeChange(name, node, Kind.CHANGED, title_of(after, new), before, after, values)
            continue
        if before is not None:
            yield NodeChange(name, node, Kind.REMOVED, title_of(before, old), before=before)
        if after is not None:
            yield NodeChange(name, node, Kind.ADDED, title_of(after, new), after=after)


def _wires(name: str, old: Graph, new: Graph) -> Iterator[WireChange]:
    before, after = set(old.wires), set(new.wires)
    for wire in sorted(before ^ after, key=lambda wire: natural(str(wire))):
        yield WireChange(name, wire, Kind.ADDED if wire in after else Kind.REMOVED)


_ATTRIBUTES = ("title", "frozen", "bypassed", "shares", "repeat", "over_time")


def _values(node: Node, graph: Graph) -> dict[str, Any]:
    """Every value of a node, defaults included, by name; its parameters first. A kernel of 5 is one of 5×5."""
    block = graph.block(node)
    found = dict(node.parameters)
    for spec in block.parameters() if block is not None else ():
        try:
            found[spec.name] = spec.parse(found[spec.name]) if spec.name in found else spec.default
        except ValueError:
            continue  # what its parameter can't take is compared as it was written
    attributes = {f"node.{name}": getattr(node, name) for name in _ATTRIBUTES}
    return {name: _plain(value) for name, value in found.items()} | attributes


def _titles(node: Node, graph: Graph) -> dict[str, str]:
    block = graph.block(node)
    return {spec.name: spec.meta.title for spec in block.parameters()} if block is not None else {}


def _said(declaration: Declaration) -> dict[str, Any]:
    said = {name: _plain(getattr(declaration, name)) for name in ("title", "help", "paper", "order")}
    exposed = {f"exposes.{each.name}.{key}": value for each in declaration.exposes for key, value in _flat(each)}
    return said | exposed


def _bound(binding: Binding) -> dict[str, Any]:
    return {"dataset": binding.dataset, **{f"fields.{name}": value for name, value in binding.fields}}


def _changed(
    before: Mapping[str, Any], after: Mapping[str, Any], titles: Mapping[str, str] | None = None
) -> Iterator[ValueChange]:
    for name in dict.fromkeys((*before, *after)):
        if before.get(name) != after.get(name):
            title = (titles or {}).get(name) or _title(name)
            yield ValueChange(name, title, before.get(name), after.get(name))


def _flat(value: Any, prefix: str = "") -> Iterator[tuple[str, Any]]:
    """The plain values in nested dataclasses and tuples of them, by path: `stages.0.updates.0.optimiser.kind`."""
    if is_dataclass(value):
        for item in fields(value):
            yield from _flat(getattr(value, item.name), f"{prefix}{item.name}.")
    elif isinstance(value, tuple) and any(map(is_dataclass, value)):
        for at, each in enumerate(value):
            yield from _flat(each, f"{prefix}{at}.")
    else:
        yield prefix.removesuffix("."), _plain(value)


def _plain(value: Any) -> Any:
    return [_plain(part) for part in value] if isinstance(value, (list, tuple)) else value


_ONE = {"losses": "loss"}


def _title(name: str) -> str:
    """`stages.0.updates.1.optimiser.learning_rate` → `Stage 1, update 2, optimiser, learning rate`."""
    words: list[str] = []
    for part in name.removeprefix("node.").split("."):
        if part.isdecimal() and words:
            words[-1] = f"{_ONE.get(words[-1], words[-1].removesuffix('s'))} {int(part) + 1}"
        else:
            words.append(part.replace("_", " "))
    text = ", ".join(words)
    return text[:1].upper() + text[1:]


def _counts(kinds: list[Kind], what: str) -> list[str]:
    found = []
    for kind in Kind:
        count = kinds.count(kind)
        if count:
            found.append(f"{count} {what if count == 1 else what + 's'} {kind}")
    return found
