"""Copied nodes as text: JSON that survives a chat or an issue, and comes back."""

from __future__ import annotations

import json

from app.canvas.changes import Fragment
from app.canvas.quoted import find_object
from graph_engine.document import AddCustom, AddGraph

FORMAT = "layerloom-nodes"
VERSION = 1
DOCUMENT_FORMAT = "layerloom"


class ClipboardError(ValueError):
    """The text holds no nodes; the message says why."""


def to_text(fragment: Fragment) -> str:
    """`fragment` as JSON, a node or a composite a line."""
    from graph_engine.document import codec

    nodes = ",\n  ".join(json.dumps(codec.node_to_json(node), ensure_ascii=False) for node in fragment.nodes)
    wires = ", ".join(json.dumps(codec.wire_to_json(wire)) for wire in fragment.wires)
    incoming = ", ".join(json.dumps(codec.wire_to_json(wire)) for wire in fragment.incoming)
    text = (
        f'{{"format": "{FORMAT}", "version": {VERSION},\n "nodes": [\n  {nodes}],\n'
        f' "wires": [{wires}],\n "incoming": [{incoming}]'
    )
    if fragment.composites:
        graphs = ",\n  ".join(json.dumps(codec.edit_to_json(each), ensure_ascii=False) for each in fragment.composites)
        text += f',\n "composites": [\n  {graphs}]'
    if fragment.annotations:
        notes = ",\n  ".join(
            json.dumps(codec.annotation_to_json(each), ensure_ascii=False) for each in fragment.annotations
        )
        text += f',\n "annotations": [\n  {notes}]'
    if fragment.customs:
        customs = ",\n  ".join(json.dumps(codec.edit_to_json(each), ensure_ascii=False) for each in fragment.customs)
        text += f',\n "customs": [\n  {customs}]'
    if fragment.lenders:
        lenders = ",\n  ".join(json.dumps(codec.node_to_json(node), ensure_ascii=False) for node in fragment.lenders)
        text += f',\n "lenders": [\n  {lenders}]'
    return text + "}\n"


def from_text(text: str) -> Fragment:
    """The nodes that `text` holds.

    Raises: ClipboardError when it holds none, is broken, or was copied from a newer version.
    """
    from graph_engine.document import codec

    nothing = "The clipboard holds no nodes. Copy some with Ctrl+C first."
    if FORMAT not in text:
        if f'"{DOCUMENT_FORMAT}"' in text:
            raise ClipboardError("This is a whole document, not nodes: save it as a .loom file and open that.")
        raise ClipboardError(nothing)
    value = find_object(text, FORMAT)
    if value is None:
        raise ClipboardError(
            "The copied nodes are cut off or changed, so they can't be pasted. Copy all from the first { to the last }."
        )
    if not isinstance(value.get("version"), int) or value["version"] > VERSION:
        raise ClipboardError("These nodes were copied from a newer Layerloom: update this one to paste them.")
    try:
        nodes = tuple(codec.node_from_json(part, "a copied node") for part in _list(value, "nodes"))
        wires = tuple(codec.wire_from_json(part, "a copied wire") for part in _list(value, "wires"))
        incoming = tuple(codec.wire_from_json(part, "a copied wire") for part in _list(value, "incoming"))
        composites = tuple(_composite(part) for part in _list(value, "composites"))
        notes = tuple(codec.annotation_from_json(part, "a copied note") for part in _list(value, "annotations"))
        customs = tuple(_custom(part) for part in _list(value, "customs"))
        lenders = tuple(codec.node_from_json(part, "a node that lends weights") for part in _list(value, "lenders"))
    except codec.FormatError as error:
        raise ClipboardError(f"The copied nodes can't be pasted: {error}") from error
    known = {node.id for node in nodes}
    if not (nodes or notes) or len(known) < len(nodes):
        raise ClipboardError(nothing)
    if any(wire.source not in known or wire.target not in known for wire in wires) or any(
        wire.target not in known for wire in incoming
    ):
        raise ClipboardError("The copied nodes can't be pasted: a wire leads to a node that is not among them.")
    return Fragment(nodes, wires, incoming, composites, notes, customs, lenders)


def _composite(value: object) -> AddGraph:
    """Raises: FormatError."""
    from graph_engine.document import codec

    edit = codec.edit_from_json(value)
    if not isinstance(edit, AddGraph):
        raise codec.FormatError("a copied composite must be one.")
    return edit


def _custom(value: object) -> AddCustom:
    """Raises: FormatError."""
    from graph_engine.document import codec

    edit = codec.edit_from_json(value)
    if not isinstance(edit, AddCustom):
        raise codec.FormatError("a copied custom block must be one.")
    return edit


def _list(value: dict[str, object], key: str) -> list[object]:
    found = value.get(key, [])
    if not isinstance(found, list):
        raise ClipboardError(f"The copied nodes can't be pasted: {key} must be a list.")
    return found
