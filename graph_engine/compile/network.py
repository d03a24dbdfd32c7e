"""The class of a network: its modules, its `forward`, and the file around it."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from unicodedata import east_asian_width

from torch import nn

from graph_engine.blocks import Layer
from graph_engine.blocks.call import PARAMETRIZATIONS
from graph_engine.compile.naming import Names, grouped
from graph_engine.compile.own import definitions, uses
from graph_engine.compile.render import render_layer, targets_of
from graph_engine.compile.statements import Repeat, Statement
from graph_engine.compile.writer import Body, Text, shape_comment
from graph_engine.document.document import Document

Result = tuple[str, str]
"""(node, output port)."""
_MANY = 6
"""More results than this are not counted in the annotation."""


@dataclass(frozen=True, slots=True)
class Blueprint:
    """What a class is written from.

    `inputs` and `outputs` map legal names to the node's value; `extra` are statements whose modules the class holds
    although `forward` does not use them (heads that only a loss needs).
    """

    class_name: str
    statements: Sequence[Statement]
    extra: Sequence[Statement]
    repeats: Sequence[Repeat]
    inputs: Mapping[str, Result]
    outputs: Mapping[str, Result]
    specs: Mapping[str, str]
    params: int


def attributes_of(blueprint: Blueprint) -> dict[tuple[str, Layer], str]:
    """The dotted path of every module below the network: `conv2d_1`, `highway_2.3`, `residual_1_projection`."""
    names = Names(frozenset(dir(nn.Module())))  # of an instance: `training` is no attribute of the class
    paths = {}
    for at, statement in enumerate(blueprint.statements):
        repeat = _repeat_of(blueprint.repeats, at)
        for layer in statement.layers:
            if repeat is None or at < repeat.start + repeat.period:
                path = names.take(f"{statement.node}_{layer.name}" if layer.name else statement.node)
                paths[statement.node, layer] = path if repeat is None else f"{path}.0"
            else:
                first = blueprint.statements[repeat.start + (at - repeat.start) % repeat.period]
                turn = (at - repeat.start) // repeat.period
                paths[statement.node, layer] = f"{paths[first.node, layer].rpartition('.')[0]}.{turn}"
    for statement in blueprint.extra:
        for layer in statement.layers:
            paths[statement.node, layer] = names.take(
                f"{statement.node}_{layer.name}" if layer.name else statement.node
            )
    return paths


def access(owner: str, path: str) -> str:
    """Python for a dotted path: `self.highway_2[3]`."""
    name, _, index = path.partition(".")
    return f"{owner}.{name}[{index}]" if index else f"{owner}.{name}"


def write_file(document: Document, blueprint: Blueprint, paths: Mapping[tuple[str, Layer], str]) -> Text:
    """The whole source: docstring, imports, our own definitions, the class."""
    targets = [
        target for statement in (*blueprint.statements, *blueprint.extra) for target in targets_of(statement.expression)
    ]
    own = definitions(dict.fromkeys(targets))
    network = _write_class(blueprint, paths)
    code = "\n".join([*own, *network.lines])
    text = Text()
    _docstring(text, [f"{document.title}, drawn with Layerloom.", *document.notes.strip().splitlines()], 0)
    text.add("")
    if uses(code, "torch"):
        text.add("import torch")
    if uses(code, "F"):
        text.add("import torch.nn.functional as F")
    text.add("from torch import Tensor, nn")
    wrappers = [name for name in PARAMETRIZATIONS if name in targets]
    if wrappers:
        text.add(f"from torch.nn.utils.parametrizations import {', '.join(wrappers)}")
    for definition in own:
        text.lines += ["", "", *definition.splitlines()]
    text.lines += ["", ""]
    text.extend(network)
    return text


def _write_class(blueprint: Blueprint, paths: Mapping[tuple[str, Layer], str]) -> Text:
    text = Text()
    text.add(f"class {blueprint.class_name}(nn.Module):")
    takes = ", ".join(f"{name}: {blueprint.specs[name]}" for name in blueprint.inputs)
    gives = ", ".join(f"{name}: {blueprint.specs[name]}" for name in blueprint.outputs)
    _docstring(text, [f"{takes} -> {gives}.", "", f"{grouped(blueprint.params)} parameters."], 4)
    text.add("")
    text.add("def __init__(self) -> None:", 4)
    text.add("super().__init__()", 8)
    for at, statement in enumerate(blueprint.statements):
        _write_modules(text, statement, paths, _repeat_of(blueprint.repeats, at), at, blueprint.statements)
    for statement in blueprint.extra:
        _write_modules(text, statement, paths, None, 0, blueprint.extra)
    text.add("")
    arguments = ", ".join(f"{name}: Tensor" for name in blueprint.inputs)
    count = len(blueprint.outputs)
    every = "Tensor, ..." if count > _MANY else ", ".join(["Tensor"] * count)
    returns = "Tensor" if count == 1 else f"tuple[{every}]"
    text.add(f"def forward(self, {arguments}) -> {returns}:", 4)
    body = Body(
        blueprint.statements,
        blueprint.repeats,
        {result: name for name, result in blueprint.inputs.items()},
        {key: access("self", path) for key, path in paths.items()},
        Names(frozenset(blueprint.inputs)),
        list(blueprint.outputs.values()),
        8,
    )
    text.extend(body.write())
    return text


def _write_modules(
    text: Text,
    statement: Statement,
    paths: Mapping[tuple[str, Layer], str],
    repeat: Repeat | None,
    at: int,
    statements: Sequence[Statement],
) -> None:
    for layer in statement.layers:
        path = paths[statement.node, layer]
        if repeat is None:
            text.add(f"self.{path} = {render_layer(layer)}", 8, (statement.node,))
        elif at < repeat.start + repeat.period:
            nodes = tuple(statements[each].node for each in range(at, repeat.stop, repeat.period))
            made = f"nn.ModuleList({render_layer(layer)} for _ in range({repeat.times}))"
            text.add(f"self.{path.partition('.')[0]} = {made}", 8, nodes)


def _repeat_of(repeats: Iterable[Repeat], at: int) -> Repeat | None:
    return next((repeat for repeat in repeats if repeat.start <= at < repeat.stop), None)


def _docstring(text: Text, lines: list[str], indent: int) -> None:
    """A docstring of `lines`, wrapped; whatever a title or note contains stays inside it."""
    space = " " * indent
    first, *rest = (_escaped(part) for line in lines for part in (textwrap.wrap(_shown(line), 100 - indent) or [""]))
    if not any(rest):
        text.lines.append(f'{space}"""{first}"""')
        return
    text.lines.append(f'{space}"""{first}')
    if rest[0]:
        text.lines.append("")
    text.lines += [f"{space}{line}" if line else "" for line in rest]
    text.lines.append(f'{space}"""')


def _shown(line: str) -> str:
    """`line` as it is wrapped: without what an editor does not show, wide and escaped letters followed by a filler."""
    plain = "".join(" " if each.isspace() else each if each.isprintable() else "?" for each in line)
    return "".join(f"{each}{_FILLER}" if each in '\\"' or east_asian_width(each) in "FW" else each for each in plain)


def _escaped(line: str) -> str:
    plain = line.replace(_FILLER, "").replace("\\", "\\\\")
    return re.sub(r'"{3,}|"+$', lambda quotes: '\\"' * len(quotes[0]), plain)


_FILLER = "\0"

__all__ = ["Blueprint", "Result", "access", "attributes_of", "shape_comment", "write_file"]
