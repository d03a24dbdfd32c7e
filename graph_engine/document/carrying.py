"""Composites and custom blocks carried from one document to another, together with those that they use."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from graph_engine.blocks.custom import CUSTOM, as_custom, custom_of, fingerprint
from graph_engine.document.annotation import Annotation
from graph_engine.document.codec import declaration_to_json, node_to_json, sorted_parts, wire_to_json
from graph_engine.document.composite import MARK, composites_in, graph_of, is_composite
from graph_engine.document.custom import CustomCode
from graph_engine.document.custom_edits import AddCustom
from graph_engine.document.document import Document
from graph_engine.document.edits import AddGraph, Batch
from graph_engine.document.graph import Graph, Node
from graph_engine.document.port_values import fresh_name


def composites_of(graph: Graph, nodes: Iterable[Node]) -> list[AddGraph]:
    """The composites that `nodes` of `graph` use, also inside one another, used before user."""
    found: dict[str, AddGraph] = {}
    visiting: set[str] = set()

    def visit(name: str) -> None:
        inner = graph.find_graph(name)
        if inner is None or name in found or name in visiting:
            return
        visiting.add(name)
        for each in sorted(composites_in(inner)):
            visit(each)
        found[name] = AddGraph(name, inner.declaration, tuple(inner), tuple(inner.wires), annotations=_notes(inner))

    for node in nodes:
        if is_composite(node.block):
            visit(graph_of(node.block))
    return list(found.values())


def customs_of(graph: Graph, nodes: Iterable[Node], composites: Iterable[AddGraph]) -> list[AddCustom]:
    """The custom blocks that `nodes` of `graph` use, and those that the `composites` do."""
    found: dict[str, AddCustom] = {}
    for node in (*nodes, *(node for each in composites for node in each.nodes)):
        block = graph.find_block(node.block)
        if as_custom(block):
            found[node.block] = AddCustom(custom_of(node.block), CustomCode(block.source))
    return list(found.values())


def missing_customs(graph: Graph, customs: Sequence[AddCustom]) -> tuple[list[AddCustom], dict[str, str]]:
    """What brings `customs` into the document of `graph`, and the blocks that are called otherwise there.

    One of the same source is used; one whose name another has gets a fresh name. Whether it may run is asked there.
    """
    added: dict[str, AddCustom] = {}
    blocks: dict[str, str] = {}
    for each in customs:

        def differs(name: str, source: str = each.code.source) -> bool:
            block = graph.find_block(CUSTOM + name)
            return name in added or (as_custom(block) and block.source != source)

        name = each.custom if not differs(each.custom) else fresh_name(each.custom, differs)
        blocks[CUSTOM + each.custom] = CUSTOM + name
        if graph.find_block(CUSTOM + name) is None:
            added[name] = AddCustom(name, each.code)
    return list(added.values()), blocks


def missing_composites(
    graph: Graph, composites: Sequence[AddGraph], renamed: Mapping[str, str] | None = None
) -> tuple[list[AddGraph], dict[str, str]]:
    """What brings `composites` into the document of `graph`, and the blocks that are called otherwise there.

    One that is there already, equal but for the places of its nodes, is used; one whose name another has, or had that
    came before, gets a fresh name. `renamed` are blocks that are called otherwise already.
    """
    added: dict[str, AddGraph] = {}
    blocks = dict(renamed or {})
    for each in composites:
        nodes = tuple(node.with_(block=blocks.get(node.block, node.block)) for node in each.nodes)
        carried = AddGraph(each.graph, each.declaration, nodes, each.wires, annotations=each.annotations)
        content = _content(carried)

        def differs(name: str, content: str = content) -> bool:
            there = graph.find_graph(name)
            if there is not None:
                return _content(AddGraph(name, there.declaration, tuple(there), tuple(there.wires))) != content
            return name in added

        name = each.graph if not differs(each.graph) else fresh_name(each.graph, differs)
        blocks[MARK + each.graph] = MARK + name
        if graph.find_graph(name) is None:
            added[name] = AddGraph(name, each.declaration, nodes, each.wires, annotations=each.annotations)
    return list(added.values()), blocks


def _notes(graph: Graph) -> tuple[Annotation, ...]:
    return tuple(graph.annotations.values())


def brought(document: Document, source: Document, name: str, title: str) -> tuple[Batch, dict[str, str]]:
    """The edit that brings composite `name` of `source`, with what it uses, into `document`.

    And what each of their blocks is called there then: `{"@cell": "@cell_2"}`. The edit has no edits where all are
    there already.
    """
    use = Node("use", MARK + name)
    composites = composites_of(source.main, [use])
    customs, renamed = missing_customs(document.main, customs_of(source.main, (), composites))
    added, blocks = missing_composites(document.main, composites, renamed)
    return Batch(f"Add {title}", (*customs, *added)), blocks


def is_same(document: Document, name: str, source: Document, other: str) -> bool:
    """Whether composite `name` of `document` computes what `other` of `source` does, node for node.

    Where nodes lie, what composites inside are called, and the title and help of the two do not matter.
    """
    return _told(document, name) == _told(source, other)


def _told(document: Document, name: str, outer: frozenset[str] = frozenset()) -> str:
    graph = document.graphs.get(name)
    if graph is None or name in outer:
        return name
    inner = {MARK + each: MARK + _told(document, each, outer | {name}) for each in composites_in(graph)}
    inner |= {CUSTOM + each: CUSTOM + fingerprint(code.source) for each, code in document.customs.items()}
    nodes = tuple(node.with_(block=inner.get(node.block, node.block)) for node in graph)
    declaration = replace(graph.declaration, title="", help="") if not outer else graph.declaration
    return _content(AddGraph(name, declaration, nodes, tuple(graph.wires)))


def _content(graph: AddGraph) -> str:
    """What a composite is, but for its name and the places of its nodes."""
    nodes, wires = sorted_parts(Graph(graph.nodes, graph.wires))
    placeless = [node_to_json(node.with_(position=(0.0, 0.0), collapsed=False)) for node in nodes]
    parts = [declaration_to_json(graph.declaration), placeless, [wire_to_json(wire)[:4] for wire in wires]]
    return json.dumps(parts, sort_keys=True)
