"""What the ports of a new composite are called, and which parameters its Inputs get."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from keyword import iskeyword
from typing import Any

from graph_engine.blocks.block import slot_of
from graph_engine.blocks.tensor import Axis, Kind, N, TensorSpec
from graph_engine.document.composite import port_name
from graph_engine.document.graph import Graph

Source = tuple[str, str]
"""An output port: (node, output)."""
_MATTERLESS = ("x", "y", "xs")
"""Names of ports that say nothing of what they carry."""
_EXAMPLES: Mapping[Kind, tuple[list[int | str], str]] = {
    Kind.IMAGE: ([3, 32, 32], "float32"),
    Kind.VOLUME: ([1, 16, 32, 32], "float32"),
    Kind.SEQUENCE: (["T", 64], "float32"),
    Kind.MEMORY: (["S", 64], "float32"),
    Kind.VECTOR: ([64], "float32"),
    Kind.TOKENS: (["T"], "int64"),
    Kind.LABEL: ([], "int64"),
}


def fresh_name(wish: str, is_taken: Callable[[str], bool]) -> str:
    """`wish` as the name of a composite, with a number where it is taken: `bottleneck_2`."""
    name = _as_name(wish) or "composite"
    name = f"{name}_1" if iskeyword(name) else name
    at = 2
    fresh = name
    while is_taken(fresh):
        fresh = f"{name}_{at}"
        at += 1
    return fresh


def unique_names(wishes: Iterable[tuple[Source, str]]) -> dict[Source, str]:
    found: dict[Source, str] = {}
    for source, wish in wishes:
        taken = set(found.values())
        found[source] = fresh_name(wish, taken.__contains__)
    return found


def name_of_input(graph: Graph, chosen: set[str], source: Source) -> str:
    """What a value is: the name of the Input or port that gives it, its node's title, or where it goes."""
    node = graph[source[0]]
    if node.block == "input":
        return port_name(node)
    targets = {slot_of(wire.input)[0] for wire in graph.wires_out_of(*source) if wire.target in chosen}
    goes_to = targets.pop() if len(targets) == 1 else "x"
    wishes = (source[1], _as_name(node.title), goes_to)
    return next((wish for wish in wishes if wish and wish not in _MATTERLESS), "x")


def name_of_output(graph: Graph, source: Source) -> str:
    """The name of the port that gives a value, or its node's title."""
    wishes = (source[1], _as_name(graph[source[0]].title))
    return next((wish for wish in wishes if wish and wish not in _MATTERLESS), "y")


def _as_name(text: str) -> str:
    """`Deep features` → `deep_features`; empty where nothing is left."""
    words = re.sub(r"[^a-z0-9]+", "_", text.lower()).strip("_")
    return re.sub(r"\A[0-9_]+", "", words)[:40]


def example_for(graph: Graph, chosen: set[str], source: Source, spec: TensorSpec | None) -> dict[str, Any]:
    """The parameters of an Input for a value: its checked spec, those of the Input that gives it, or what fits."""
    node = graph[source[0]]
    if spec is not None and spec.shape[:1] == (N,):
        return _parameters_for(spec)
    if node.block == "input":
        return dict(node.parameters)
    for wire in graph.wires_out_of(*source):
        block = graph.block(wire.target) if wire.target in chosen else None
        port = block.input(wire.input) if block is not None else None
        kind = next((kind for kind in port.kinds if kind in _EXAMPLES), None) if port is not None else None
        if kind is not None:
            shape, dtype = _EXAMPLES[kind]
            return {"shape": shape, "dtype": dtype}
    return {"shape": _EXAMPLES[Kind.IMAGE][0]}


def _parameters_for(spec: TensorSpec) -> dict[str, Any]:
    """The parameters of an Input that gives `spec`; a length such as `T/2` gets a letter of its own."""
    letters: dict[Axis, str] = {}
    shape: list[int | str] = []
    for length in spec.shape[1:]:
        if isinstance(length, Axis) and length not in letters:
            plain = length == Axis(length.symbol) and length.symbol.isidentifier() and length != N
            letters[length] = length.symbol if plain else f"L{len(letters) + 1}"
        shape.append(letters[length] if isinstance(length, Axis) else length)
    found: dict[str, Any] = {"shape": shape}
    if spec.dtype.startswith(("int", "uint")):
        found |= {"dtype": "int64", "classes": spec.classes}
    return found | ({"kind": spec.kind.value} if spec.kind is Kind.MEMORY else {})
