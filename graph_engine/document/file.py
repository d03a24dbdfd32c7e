"""The file format `*.loom`: JSON with a version, one node or wire a line, in an order of the drawing alone.

Opening runs nothing, rewrites no value and keeps nodes of unknown blocks. Saving never leaves a half-written file.
Version 2 adds custom blocks, frames, notes, points that wires are led through, and bookmarks; what has none is written
as version 1.
"""

from __future__ import annotations

import json
import os
import secrets
from contextlib import suppress
from math import isfinite
from pathlib import Path
from typing import Any

from graph_engine.document.annotation import SLOTS
from graph_engine.document.codec import (
    FormatError,
    annotation_from_json,
    annotation_to_json,
    binding_from_json,
    binding_to_json,
    bookmark_from_json,
    bookmark_to_json,
    custom_from_json,
    custom_to_json,
    declaration_from_json,
    declaration_to_json,
    node_from_json,
    node_to_json,
    plan_from_json,
    plan_to_json,
    sorted_parts,
    wire_from_json,
    wire_to_json,
)
from graph_engine.document.composite import composites_in, reached
from graph_engine.document.custom import CustomCode, why_not_name
from graph_engine.document.document import MAIN, Document
from graph_engine.document.graph import Graph, natural
from graph_engine.document.rules import ID

FORMAT, VERSION = "layerloom", 2
SUFFIX = ".loom"


class FileError(Exception):
    """A file that can't be opened or saved; the message names it, what is wrong and what to do."""


def dumps(document: Document) -> str:
    """The document as the text of a file."""
    graphs = []
    for name in sorted(document.graphs, key=lambda name: (name != MAIN, name)):
        nodes, wires = sorted_parts(document.graphs[name])
        declared = declaration_to_json(document.graphs[name].declaration)
        annotations = sorted(document.graphs[name].annotations.values(), key=lambda each: natural(each.id))
        lists = [
            '"nodes": [' + _rows([node_to_json(node) for node in nodes]) + "]",
            '"wires": [' + _rows([wire_to_json(wire) for wire in wires]) + "]",
        ]
        if annotations:
            lists.append('"annotations": [' + _rows([annotation_to_json(each) for each in annotations]) + "]")
        lines = [
            f"{_line(name)}: {{",
            *([f'"declares": {_line(declared)},'] if declared else []),
            ",\n".join(lists) + "}",
        ]
        graphs.append("\n".join(lines))
    head = [
        f'"format": {_line(FORMAT)}',
        f'"version": {_version(document)}',
        f'"title": {_line(document.title)}',
        f'"notes": {_line(document.notes)}',
        f'"data": {_line(binding_to_json(document.binding))}',
        f'"plan": {_line(plan_to_json(document.plan))}',
        *([f'"bookmarks": {_line(_bookmarks(document))}'] if document.bookmarks else []),
        *([f'"custom": {_customs(document)}'] if document.customs else []),
        '"graphs": {\n' + ",\n".join(graphs) + "\n}",
    ]
    return "{\n" + ",\n".join(head) + "\n}\n"


def _version(document: Document) -> int:
    """The first version that has all that `document` holds, so that an older Layerloom opens what it can."""
    graphs = document.graphs.values()
    if (
        document.customs
        or document.bookmarks
        or any(graph.annotations or any(wire.bends for wire in graph.wires) for graph in graphs)
    ):
        return 2
    return 1


def _bookmarks(document: Document) -> dict[str, Any]:
    return {str(slot): bookmark_to_json(mark) for slot, mark in sorted(document.bookmarks.items())}


def _customs(document: Document) -> str:
    """Custom blocks, one line of their source a line."""
    made = []
    for name, code in sorted(document.customs.items()):
        value = custom_to_json(code)
        lines = ",\n".join(_line(line) for line in value.pop("source"))
        rest = "".join(f", {_line(key)}: {_line(part)}" for key, part in value.items())
        made.append(f'{_line(name)}: {{"source": [\n{lines}]{rest}}}')
    return "{\n" + ",\n".join(made) + "}"


def loads(text: str, name: str = "the document") -> Document:
    """A document from the text of a file. `name` is what messages call it.

    Raises: FileError.
    """
    try:
        value = json.loads(text, parse_float=_finite, parse_constant=_no_number)
    except json.JSONDecodeError as error:
        raise FileError(
            f"{name} is not valid JSON: line {error.lineno}, column {error.colno}: {error.msg}. "
            "It may be cut short or damaged; restore it from a backup."
        ) from error
    except FormatError as error:
        raise FileError(f"{name} {error}") from error
    except ValueError as error:
        raise FileError(f"{name} holds a number that is too large to be read. Restore it from a backup.") from error
    except RecursionError as error:
        raise FileError(f"{name} is nested too deeply to be a Layerloom document.") from error
    if not isinstance(value, dict) or value.get("format") != FORMAT:
        raise FileError(f'{name} is not a Layerloom document: it lacks "format": "{FORMAT}".')
    version = value.get("version")
    if not isinstance(version, int) or isinstance(version, bool) or version < 1:
        raise FileError(f"{name} has no valid version number.")
    if version > VERSION:
        raise FileError(
            f"{name} was saved by a newer Layerloom (format {version}; this one reads up to {VERSION}). "
            "Update Layerloom to open it."
        )
    try:
        return _document(value)
    except FormatError as error:
        raise FileError(f"{name}: {error}") from error


def load(path: str | os.PathLike[str]) -> Document:
    """Open a file.

    Raises: FileError.
    """
    try:
        text = Path(path).read_text("utf-8-sig")  # some editors put a mark before the first letter
    except UnicodeDecodeError as error:
        raise FileError(f"{path} is not a text file, so not a Layerloom document.") from error
    except OSError as error:
        raise FileError(f"{path} can't be opened: {error.strerror or error}.") from error
    return loads(text, str(path))


def save(document: Document, path: str | os.PathLike[str]) -> None:
    """Save as a file, all or nothing.

    Raises: FileError; then what was there before is still there.
    """
    write_whole(path, dumps(document))


def write_whole(path: str | os.PathLike[str], content: str | bytes) -> None:
    """Write a file beside, make it durable, and put it in place at once.

    Raises: FileError; then what was there before is still there.
    """
    target = Path(os.path.realpath(path))  # a link stays a link
    if target.exists() and not target.is_file() and not target.is_dir():
        raise FileError(f"{target} is a device or a pipe, which a file can't take the place of. Choose another place.")
    data = content.encode("utf-8") if isinstance(content, str) else content
    try:
        mode = target.stat().st_mode & 0o777 if target.exists() else None
        beside = target.parent / f".{target.name}.{secrets.token_hex(4)}"
        # the system takes the umask from a new file by itself: to ask for it is to change it for all threads
        handle = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o666 if mode is None else 0o600)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            if mode is not None:
                beside.chmod(mode)
            beside.replace(target)
        except BaseException:
            beside.unlink(missing_ok=True)
            raise
    except OSError as error:
        raise FileError(
            f"{target} could not be saved: {error.strerror or error}. Nothing was changed on disk; "
            "choose another place or free some space."
        ) from error
    with suppress(OSError):  # it is in place; some file systems can't make the folder's entry durable on request
        folder = os.open(target.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def _document(value: dict[str, Any]) -> Document:
    graphs = value.get("graphs")
    if not isinstance(graphs, dict) or MAIN not in graphs:
        raise FormatError(f'"graphs" must be an object with a graph called "{MAIN}".')
    for key in ("title", "notes"):
        if not isinstance(value.get(key, ""), str):
            raise FormatError(f'"{key}" must be text.')
    parsed = {name: _graph(graph, name) for name, graph in graphs.items()}
    for name, graph in parsed.items():
        if name in reached(parsed, composites_in(graph)):
            raise FormatError(f"graph {name!r} is part of itself, so it would never end. Take its node away.")
    document = Document(
        title=value.get("title", "Untitled"),
        notes=value.get("notes", ""),
        graphs=parsed,
        plan=plan_from_json(value.get("plan", {})),
        binding=binding_from_json(value.get("data", {})),
        customs=_customs_from(value.get("custom", {})),
    )
    bookmarks = value.get("bookmarks", {})
    if not isinstance(bookmarks, dict) or not set(bookmarks) <= set(map(str, SLOTS)):
        raise FormatError('"bookmarks" must be an object with the numbers 1 to 9.')
    document.bookmarks = {int(slot): bookmark_from_json(mark, f"bookmark {slot}") for slot, mark in bookmarks.items()}
    return document


def _customs_from(value: Any) -> dict[str, CustomCode]:
    if not isinstance(value, dict):
        raise FormatError('"custom" must be an object with a custom block for each name.')
    for name in value:
        if reason := why_not_name(name):
            raise FormatError(f'"custom": {reason}')
    return {name: custom_from_json(part, f"custom block {name!r}") for name, part in value.items()}


def _graph(value: Any, name: str) -> Graph:
    if not isinstance(value, dict) or not all(isinstance(value.get(key), list) for key in ("nodes", "wires")):
        raise FormatError(f'graph {name!r} must have the lists "nodes" and "wires".')
    graph = Graph(declaration=declaration_from_json(value.get("declares", {}), f"graph {name!r}, declares"))
    for at, item in enumerate(value["nodes"]):
        node = node_from_json(item, f"graph {name!r}, node {at + 1}")
        if not ID.match(node.id):
            raise FormatError(f"graph {name!r}: {node.id!r} can't be an id: it takes lower-case letters, digits and _.")
        if node.id in graph:
            raise FormatError(f"graph {name!r} has two nodes called {node.id!r}.")
        graph.put(node)
    for at, item in enumerate(value["wires"]):
        wire = wire_from_json(item, f"graph {name!r}, wire {at + 1}")
        for end in (wire.source, wire.target):
            if end not in graph:
                raise FormatError(f"graph {name!r}: wire {wire} leads to {end!r}, and there is no such node.")
        if graph.wire_at(wire.target, wire.input) is not None:
            raise FormatError(f"graph {name!r}: two wires end at {wire.target}.{wire.input}.")
        graph.link(wire)
    annotations = value.get("annotations", [])
    if not isinstance(annotations, list):
        raise FormatError(f'graph {name!r}: "annotations" must be a list.')
    for at, item in enumerate(annotations):
        annotation = annotation_from_json(item, f"graph {name!r}, annotation {at + 1}")
        if annotation.id in graph.annotations:
            raise FormatError(f"graph {name!r} has two annotations called {annotation.id!r}.")
        graph.annotate(annotation)
    return graph


def _no_number(word: str) -> float:
    """Raises: FormatError for NaN, Infinity and -Infinity, which Python writes and JSON has not."""
    raise FormatError(f"holds {word}, which is no number. Write one in its place, or restore it from a backup.")


def _finite(text: str) -> float:
    value = float(text)
    if not isfinite(value):
        raise ValueError(text)
    return value


def _line(value: Any) -> str:
    """Raises: FileError for a number that JSON has no word for."""
    try:
        text = json.dumps(value, ensure_ascii=False, allow_nan=False)
    except ValueError as error:
        raise FileError("The document holds a number that is not finite, so it can't be saved. Change it.") from error
    return text.encode("utf-8", "backslashreplace").decode()  # half a surrogate pair is written as JSON's \\ud83d


def _rows(values: list[Any]) -> str:
    return "\n" + ",\n".join(_line(value) for value in values) + "\n" if values else ""
