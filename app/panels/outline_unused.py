"""Composites that no drawing uses: which they are, and what the outline says of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from graph_engine.document import MAIN, AnyEdit, Batch, RemoveGraph
from graph_engine.document.composite import MARK, graph_of, is_composite

if TYPE_CHECKING:
    from collections.abc import Sequence

    from graph_engine.document import Document

HEADING = ""
"""Stands for the heading where rows have the id of a node, which is never empty."""


def unused_composites(document: Document) -> list[str]:
    """Those that the main drawing does not lead to, in the order of the document."""
    reached, waiting = {MAIN}, [MAIN]
    while waiting:
        inside = {graph_of(node.block) for node in document.graphs[waiting.pop()] if is_composite(node.block)}
        new = {name for name in inside - reached if name in document.graphs}
        reached |= new
        waiting += new
    return [name for name in document.graphs if name not in reached]


def heading_text(count: int) -> str:
    """What the heading says in its first column."""
    return f"Not used · {count}"


def composite_texts(document: Document, name: str) -> tuple[str, ...]:
    """What is said of a composite, a text a column of the outline."""
    block = document.find_block(MARK + name)
    if block is None:
        return (name, "", "", "", "", "", "")
    inputs, outputs = (", ".join(port.name for port in ports) for ports in (block.inputs, block.outputs))
    return (f"{block.title}  ({name})", "Composite", "", inputs, outputs, "", "used nowhere")


def removing(document: Document, names: Sequence[str]) -> AnyEdit:
    """The edit that takes composites away, in one step; those that others use go after these."""
    users = {
        name: {other for other in names if any(graph_of(node.block) == name for node in document.graphs[other])}
        for name in names
    }
    ordered: list[str] = []
    while len(ordered) < len(names):
        free = [name for name in names if name not in ordered and users[name] <= {*ordered, name}]
        ordered += free or [name for name in names if name not in ordered]
    edits = tuple(RemoveGraph(name) for name in ordered)
    return edits[0] if len(edits) == 1 else Batch(f"Delete {len(edits)} composites", edits)
