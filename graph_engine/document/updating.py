"""A composite of a document made what another version of it is, in one step; its uses keep what still fits them."""

from __future__ import annotations

from dataclasses import replace

from graph_engine.document.carrying import brought
from graph_engine.document.composite import MARK, port_names
from graph_engine.document.document import MAIN, Document
from graph_engine.document.edits import AddNodes, AnyEdit, Batch, Declare, RemoveNodes, SetParameter
from graph_engine.document.porting import Side, rewired, uses_of
from graph_engine.document.rules import EditRefused


def update_composite(document: Document, graph_name: str, source: Document, other: str) -> Batch:
    """Composite `graph_name` becomes what `other` is in `source`, under its own name, with what that uses.

    Wires at ports that it has no more go, and so do the values of parameters that it exposes no more.

    Raises: EditRefused for one that uses `graph_name` itself, and for the main drawing.
    """
    if graph_name == MAIN:
        raise EditRefused("The main drawing is no composite, so there is nothing to update it from.")
    fresh = source.graphs[other]
    before, blocks = brought(document, source, other, "")
    inner = [edit for edit in before.edits if getattr(edit, "graph", "") != blocks[MARK + other].removeprefix(MARK)]
    if any(blocks.get(node.block) == MARK + graph_name for node in fresh):
        raise EditRefused(f"{graph_name} can't be updated by a composite that uses it: it would be part of itself.")
    nodes = tuple(node.with_(block=blocks.get(node.block, node.block)) for node in fresh)
    kept = dict(zip(("input", "output"), map(set, port_names(fresh)), strict=True))

    def port_now(side: Side, port: str) -> str | None:
        return port if port in kept[side] else None

    wires, _ = rewired(document, graph_name, port_now)
    old = document.graphs[graph_name]
    known = {each.name for each in fresh.declaration.exposes}
    values: list[AnyEdit] = [
        SetParameter(use.id, name, None, where)
        for where, use in uses_of(document, graph_name)
        for name in use.parameters
        if name not in known and old.declaration.exposed(name) is not None
    ]
    declaration = replace(fresh.declaration, title=fresh.declaration.title or old.declaration.title)
    return Batch(
        f"Update {declaration.title or graph_name}",
        (
            *inner,
            *wires,
            *values,
            RemoveNodes(tuple(old.nodes), graph_name),
            Declare(declaration, graph_name),
            AddNodes(nodes, tuple(fresh.wires), graph_name),
        ),
    )
