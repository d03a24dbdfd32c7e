"""Documents, edits and their parts as JSON values and back.

Parsing imports pydantic, importing this does not: it is on the way to the first window.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields, is_dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from graph_engine.document import edits
from graph_engine.document.annotation import Annotation, Bookmark, why_not_annotation
from graph_engine.document.composite import Declaration, why_not_exposed
from graph_engine.document.custom import CustomCode
from graph_engine.document.edits import AnyEdit
from graph_engine.document.graph import Graph, Node, Wire, natural
from graph_engine.document.plan import WRITTEN_ALWAYS, Binding, Plan

if TYPE_CHECKING:
    from pydantic import TypeAdapter

T = TypeVar("T")

_EDITS: dict[str, type[AnyEdit]] = {kind.kind: kind for kind in AnyEdit.__args__}
_FLAGS: tuple[tuple[str, Any], ...] = (
    ("bypassed", False),
    ("shares", ""),
    ("repeat", 1),
    ("over_time", False),
    ("tags", ()),
    ("collapsed", False),
)
_NODE_KEYS = ("id", "block", "parameters", "position", "title", "frozen", *(name for name, _ in _FLAGS))
_adapters: dict[type, TypeAdapter[Any]] = {}


class FormatError(ValueError):
    """A JSON value that is not what it should be; the message says where and what was expected."""


def plan_to_json(plan: Plan) -> dict[str, Any]:
    return dict(_plain(plan))


def plan_from_json(value: Any) -> Plan:
    """Raises: FormatError."""
    return _parse(Plan, value, "plan")


def binding_to_json(binding: Binding) -> dict[str, Any]:
    return {"dataset": binding.dataset, "fields": dict(binding.fields)}


def binding_from_json(value: Any) -> Binding:
    """Raises: FormatError."""
    if isinstance(value, dict) and "fields" in value:
        named = value["fields"]
        if not isinstance(named, dict):
            raise FormatError(f"data.fields must be an object, not {_shown(named)}.")
        for name, given in named.items():
            if not isinstance(given, str):
                raise FormatError(f"data.fields.{name} must be text, not {_shown(given)}.")
        value = {**value, "fields": list(named.items())}
    return _parse(Binding, value, "data")


def node_to_json(node: Node) -> dict[str, Any]:
    """A node without what is empty; what an unknown version said comes last.

    Parameters are in the order of their names, which does not depend on when each was set.
    """
    value: dict[str, Any] = {"id": node.id, "block": node.block, "position": [_whole(at) for at in node.position]}
    if node.parameters:
        value["parameters"] = dict(sorted(node.parameters.items()))
    if node.title:
        value["title"] = node.title
    if node.frozen:
        value["frozen"] = True
    for name, usual in _FLAGS:
        if getattr(node, name) != usual:
            value[name] = _plain(getattr(node, name))
    return {**value, **node.extra}


def _whole(number: float) -> float:
    """`12` rather than `12.0`, as a person writes it."""
    return int(number) if float(number).is_integer() and abs(number) < 2**53 else number


def node_from_json(value: Any, where: str) -> Node:
    """Raises: FormatError."""
    if not isinstance(value, dict):
        raise FormatError(f"{where} must be an object, not {_shown(value)}.")
    known = {key: value[key] for key in _NODE_KEYS if key in value}
    extra = {key: item for key, item in value.items() if key not in _NODE_KEYS}
    if isinstance(known.get("parameters"), dict):  # null stands for the default, as in `SetParameter`
        known["parameters"] = {key: item for key, item in known["parameters"].items() if item is not None}
    position = known.get("position")
    if isinstance(position, list) and len(position) == 2 and all(isinstance(at, (int, float)) for at in position):
        known["position"] = tuple(position)
    return _parse(Node, {**known, "extra": extra}, where)


def declaration_to_json(declaration: Declaration) -> dict[str, Any]:
    """A declaration without what is empty."""
    value: dict[str, Any] = _plain(declaration)
    value["exposes"] = [
        {key: part for key, part in each.items() if part not in (None, "", [])} for each in value["exposes"]
    ]
    return {key: part for key, part in value.items() if part not in ("", [])}


def declaration_from_json(value: Any, where: str = "declaration") -> Declaration:
    """Raises: FormatError."""
    declaration = _parse(Declaration, value, where)
    for exposed in declaration.exposes:
        if reason := why_not_exposed(exposed):
            raise FormatError(f"{where}: {reason}")
    return declaration


def wire_to_json(wire: Wire) -> list[Any]:
    """`[source, output, target, input]`, followed by the points that it is led through, if there are any."""
    ends = [wire.source, wire.output, wire.target, wire.input]
    return [*ends, [[_whole(x), _whole(y)] for x, y in wire.bends]] if wire.bends else ends


def wire_from_json(value: Any, where: str) -> Wire:
    """Raises: FormatError."""
    ends, bends = (value[:4], value[4:]) if isinstance(value, list) else ([], [])
    if not (len(ends) == 4 and len(bends) <= 1 and all(isinstance(part, str) for part in ends)):
        raise FormatError(f"{where} must be [node, output, node, input], not {_shown(value)}.")
    through = tuple(_place(bend, where) for part in bends for bend in _items(part))
    return Wire(ends[0], ends[1], ends[2], ends[3], through)


def _place(value: Any, where: str) -> tuple[float, float]:
    """Raises: FormatError."""
    if not (isinstance(value, list) and len(value) == 2 and all(type(at) in (int, float) for at in value)):
        raise FormatError(f"{where} must lead through points [x, y], not {_shown(value)}.")
    try:
        return float(value[0]), float(value[1])
    except OverflowError as error:
        raise FormatError(f"{where} leads through a point that is too far away.") from error


def annotation_to_json(annotation: Annotation) -> dict[str, Any]:
    """A frame or a note without what is empty."""
    value: dict[str, Any] = {"id": annotation.id, "kind": annotation.kind, "text": annotation.text}
    value["position"] = [_whole(at) for at in annotation.position]
    value["size"] = [_whole(at) for at in annotation.size]
    return value if annotation.color == "neutral" else {**value, "color": annotation.color}


def annotation_from_json(value: Any, where: str = "annotation") -> Annotation:
    """Raises: FormatError."""
    annotation = _parse(Annotation, value, where)
    if reason := why_not_annotation(annotation):
        raise FormatError(f"{where}: {reason}")
    return annotation


def bookmark_to_json(bookmark: Bookmark) -> dict[str, Any]:
    return {
        "graph": bookmark.graph,
        "center": [_whole(at) for at in bookmark.center],
        "zoom": _whole(bookmark.zoom),
    }


def bookmark_from_json(value: Any, where: str = "bookmark") -> Bookmark:
    """Raises: FormatError."""
    return _parse(Bookmark, value, where)


def custom_to_json(code: CustomCode) -> dict[str, Any]:
    """A custom block, its source by lines, so that a difference between two files is one between lines."""
    return {"source": code.source.split("\n"), **code.extra}


def custom_from_json(value: Any, where: str = "custom block") -> CustomCode:
    """The source as it was saved, right or wrong; nothing of it is run.

    Raises: FormatError.
    """
    if not isinstance(value, dict):
        raise FormatError(f"{where} must be an object, not {_shown(value)}.")
    lines = value.get("source")
    if (
        not isinstance(lines, list)
        or not lines
        or not all(isinstance(line, str) and "\n" not in line for line in lines)
    ):
        raise FormatError(f'{where}: "source" must be the list of its lines, not {_shown(lines)}.')
    return CustomCode("\n".join(lines), {key: part for key, part in value.items() if key != "source"})


def sorted_parts(graph: Graph) -> tuple[list[Node], list[Wire]]:
    """Nodes and wires in the order of the file: by id, so that it depends on the drawing alone."""
    nodes = sorted(graph, key=lambda node: natural(node.id))
    wires = sorted(graph.wires, key=lambda wire: (natural(wire.target), natural(wire.input)))
    return nodes, wires


_PARTS: dict[str, Callable[[Any], Any]] = {
    "plan": plan_from_json,
    "declaration": declaration_from_json,
    "binding": binding_from_json,
    "bookmark": bookmark_from_json,
    "code": custom_from_json,
}


def edit_to_json(edit: AnyEdit) -> dict[str, Any]:
    return {"kind": edit.kind, **{item.name: _edit_part(getattr(edit, item.name)) for item in fields(edit)}}


def edit_from_json(value: Any) -> AnyEdit:
    """Raises: FormatError."""
    kind = _EDITS.get(str(value.get("kind"))) if isinstance(value, dict) else None
    if kind is None:
        raise FormatError(f"{_shown(value)} is not an edit.")
    parts = {key: part for key, part in value.items() if key != "kind"}
    if "edits" in parts:
        parts["edits"] = tuple(edit_from_json(part) for part in _items(parts["edits"]))
    if kind in (edits.AddNodes, edits.AddGraph):
        _convert_each(parts, "nodes", lambda part: node_from_json(part, "node"))
    _convert_each(parts, "wires", lambda part: wire_from_json(part, "wire"))
    _convert_each(parts, "put", annotation_from_json)
    _convert_each(parts, "annotations", annotation_from_json)
    _convert_each(parts, "bends", lambda part: _place(part, kind.kind))
    if "wire" in parts:
        parts["wire"] = wire_from_json(parts["wire"], "wire")
    for key, convert in _PARTS.items():
        if parts.get(key) is not None:
            parts[key] = convert(parts[key])
    return _parse(kind, parts, kind.kind)


def _convert_each(parts: dict[str, Any], key: str, convert: Callable[[Any], Any]) -> None:
    if key in parts:
        parts[key] = tuple(convert(part) for part in _items(parts[key]))


def _items(value: Any) -> list[Any]:
    if not isinstance(value, list):
        raise FormatError(f"{_shown(value)} is not a list.")
    return value


def _edit_part(value: Any) -> Any:
    match value:
        case Node():
            return node_to_json(value)
        case Wire():
            return wire_to_json(value)
        case Annotation():
            return annotation_to_json(value)
        case Bookmark():
            return bookmark_to_json(value)
        case Plan():
            return plan_to_json(value)
        case CustomCode():
            return custom_to_json(value)
        case Declaration():
            return declaration_to_json(value)
        case Binding():
            return binding_to_json(value)
        case tuple() | list():
            return [_edit_part(part) for part in value]
        case _ if hasattr(value, "kind") and hasattr(value, "perform"):
            return edit_to_json(value)
        case _:
            return value


def _plain(value: Any) -> Any:
    if is_dataclass(value):
        kept = WRITTEN_ALWAYS.get(type(value))
        return {
            item.name: _plain(part)
            for item in fields(value)
            if (part := getattr(value, item.name)) != item.default or kept is None or item.name in kept
        }
    if isinstance(value, tuple):
        return [_plain(part) for part in value]
    return value


def _parse(kind: type[T], value: Any, where: str) -> T:
    from pydantic import TypeAdapter, ValidationError

    if kind not in _adapters:
        _adapters[kind] = TypeAdapter(kind)
    adapter = _adapters[kind]
    if not isinstance(value, Mapping):
        raise FormatError(f"{where} must be an object, not {_shown(value)}.")
    try:
        parsed = adapter.validate_python(value)
    except ValidationError as error:
        _refuse_unknown(kind, value, where)
        raise FormatError(f"{where}{_wish(error.errors()[0], value)}.") from error
    _refuse_unknown(parsed, value, where)
    return parsed  # type: ignore[no-any-return]


def _refuse_unknown(known: Any, value: Any, where: str) -> None:
    """Raises: FormatError when `value` has a key that the dataclass `known` has not, or one inside it."""
    if is_dataclass(known) and isinstance(value, dict):
        names = [item.name for item in fields(known)]
        for key, part in value.items():
            if key not in names:
                raise FormatError(f"{where}: {key!r} is not known here.")
            if not isinstance(known, type):
                _refuse_unknown(getattr(known, key), part, f"{where}.{key}")
    elif isinstance(known, tuple) and isinstance(value, list):
        for at, (item, part) in enumerate(zip(known, value, strict=False)):
            _refuse_unknown(item, part, f"{where}.{at}")


_WISHES = {
    "string_type": "text",
    "bool": "true or false",
    "int": "a whole number",
    "float": "a number",
    "finite_number": "a number",
    "tuple_type": "a list",
    "dict_type": "an object",
    "dataclass_type": "an object",
}
"""What is asked for, by the type of pydantic's error or its first word."""


def _path(loc: Sequence[int | str], value: Any) -> str:
    """Where `loc` is in `value`, without the names of types that pydantic tried there."""
    path = ""
    for part in loc:
        inside = range(len(value)) if isinstance(value, list | tuple) else value if isinstance(value, dict) else ()
        if part in inside:
            value = value[part]
            path += f".{part}"
    return path


def _wish(error: Mapping[str, Any], value: Any) -> str:
    """The place of an error in `value`, and what is wrong there."""
    kind, loc = error["type"], error["loc"]
    if kind in ("missing", "missing_argument"):
        return f"{_path(loc[:-1], value)}.{loc[-1]} is missing"
    wish = _WISHES.get(kind) or _WISHES.get(kind.split("_")[0])
    if kind == "too_long":
        wish = f"a list of {error['ctx']['max_length']}"
    if kind == "too_short":
        wish = f"a list of at least {error['ctx']['min_length']}"
    if wish is None:
        wish = error["msg"].removeprefix("Input should be ").removeprefix("Value error, ")
        wish = wish.replace("greater than or equal to", "at least").replace("less than or equal to", "at most")
    return f"{_path(loc, value)} must be {wish}, not {_shown(error.get('input'))}"


def _shown(value: Any) -> str:
    text = json.dumps(value, default=str, ensure_ascii=False)
    return text if len(text) <= 60 else text[:57] + "…"
