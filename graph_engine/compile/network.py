"""The class of a network: its modules, its `forward`, and the file around it."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from unicodedata import east_asian_width

from torch import nn

from graph_engine.blocks import Layer
from graph_engine.blocks.call import PARAMETRIZATIONS
from graph_engine.compile.arguments import Argument
from graph_engine.compile.custom import Customs
from graph_engine.compile.naming import Names, grouped
from graph_engine.compile.own import definitions, names_in
from graph_engine.compile.places import Text
from graph_engine.compile.render import render_layer, targets_of
from graph_engine.compile.statements import LayerKey, Repeat, Result, Statement, shape_comment
from graph_engine.compile.writer import Body
from graph_engine.document.document import Document

_MANY = 6
"""More results than this are not counted in the annotation."""


@dataclass(frozen=True, slots=True)
class Blueprint:
    """What a class is written from.

    `inputs` and `outputs` map legal names to the node's value; `extra` are statements whose modules the class holds
    although `forward` does not use them (heads that only a loss needs). `shapes` are those of inputs and outputs;
    `params` is None where it differs from use to use. `stored` are the `arguments` that `forward` uses.
    """

    class_name: str
    statements: Sequence[Statement]
    extra: Sequence[Statement]
    repeats: Sequence[Repeat]
    inputs: Mapping[str, Result]
    outputs: Mapping[str, Result]
    shapes: Mapping[str, str]
    params: int | None
    summary: str = ""
    arguments: Sequence[Argument] = ()
    stored: Sequence[str] = ()
    nodes_of: str = ""
    """What stands before the ids of nodes where lines tell them: `bottleneck:`, or nothing in the main drawing."""


def attributes_of(blueprint: Blueprint) -> dict[LayerKey, str]:
    """The dotted path of every module below the network: `conv2d_1`, `highway_2.3`, `residual_1_projection`."""
    names = Names(frozenset({*dir(nn.Module()), *blueprint.stored}))  # of an instance: `training` is none of the class
    paths: dict[LayerKey, str] = {}
    for at, statement in enumerate((*blueprint.statements, *blueprint.extra)):
        repeat = _repeat_of(blueprint.repeats, at)
        for key, layer in zip(statement.keys, statement.layers, strict=True):
            if key in paths:
                continue
            if repeat is None or at < repeat.start + repeat.period:
                owner = key[0]
                path = names.take(f"{owner}_{layer.name}" if layer.name else owner)
                paths[key] = path if repeat is None else f"{path}.0"
            else:
                first = blueprint.statements[repeat.start + (at - repeat.start) % repeat.period]
                turn = (at - repeat.start) // repeat.period
                paths[key] = f"{paths[first.keys[key[1]]].rpartition('.')[0]}.{turn}"
    return paths


def access(owner: str, path: str) -> str:
    """Python for a dotted path: `self.highway_2[3]`, `network.stage_1.bottleneck_2[5].conv2d_1`."""
    return owner + "".join(f"[{part}]" if part.isdigit() else f".{part}" for part in path.split("."))


def write_file(
    document: Document,
    blueprint: Blueprint,
    paths: Mapping[LayerKey, str],
    customs: Customs,
    composites: Sequence[Blueprint] = (),
) -> Text:
    """The whole source: docstring, imports, our own definitions, custom blocks, classes of composites, the class."""
    targets = [
        target
        for each in (*composites, blueprint)
        for statement in (*each.statements, *each.extra)
        for target in targets_of(statement.expression)
    ]
    own = [*definitions(dict.fromkeys(targets)), *customs.definitions]
    classes = [*(_write_class(each, attributes_of(each)) for each in composites), _write_class(blueprint, paths)]
    used = {name for part in (*own, *("\n".join(each.lines) for each in classes)) for name in names_in(part)}
    text = Text()
    _docstring(
        text,
        [f"{document.title.strip() or 'A network'}, drawn with Layerloom.", *document.notes.strip().splitlines()],
        0,
    )
    text.add("")
    text.lines += customs.imports(first=True)
    if "torch" in used:
        text.add("import torch")
    if "F" in used:
        text.add("import torch.nn.functional as F")
    text.add("from torch import Tensor, nn")
    wrappers = [name for name in PARAMETRIZATIONS if name in targets]
    if wrappers:
        text.add(f"from torch.nn.utils.parametrizations import {', '.join(wrappers)}")
    text.lines += customs.imports(first=False)
    for definition in own:
        text.lines += ["", "", *definition.split("\n")]
    for each in classes:
        text.lines += ["", ""]
        text.extend(each)
    return text


def _write_class(blueprint: Blueprint, paths: Mapping[LayerKey, str]) -> Text:
    text = Text()
    text.add(f"class {blueprint.class_name}(nn.Module):")
    takes = ", ".join(f"{name}: {blueprint.shapes[name]}" for name in blueprint.inputs)
    gives = ", ".join(f"{name}: {blueprint.shapes[name]}" for name in blueprint.outputs)
    about = [*blueprint.summary.splitlines(), ""] if blueprint.summary else []
    count = ["", f"{grouped(blueprint.params)} parameters."] if blueprint.params is not None else []
    _docstring(text, [*about, f"{takes} -> {gives}.", *count], 4)
    text.add("")
    arguments = "".join(f", {argument.text}" for argument in blueprint.arguments)
    text.add(f"def __init__(self{arguments}) -> None:", 4)
    text.add("super().__init__()", 8)
    for name in blueprint.stored:
        text.add(f"self.{name} = {name}", 8)
    conditions = _conditions(text, blueprint)
    written: set[LayerKey] = set()
    numbered = enumerate((*blueprint.statements, *blueprint.extra))
    for at, statement in sorted(numbered, key=lambda item: (item[0] >= len(blueprint.statements), item[1].place)):
        repeat = _repeat_of(blueprint.repeats, at)
        for key, layer in zip(statement.keys, statement.layers, strict=True):
            if key not in written:
                made = replace(layer, condition=conditions.get(layer.condition, layer.condition))
                _write_module(text, blueprint.statements, repeat, at, paths[key], made, (statement.node,))
                written.add(key)
    text.add("")
    arguments = ", ".join(f"{name}: Tensor" for name in blueprint.inputs)
    results = len(blueprint.outputs)
    every = "Tensor, ..." if results > _MANY else ", ".join(["Tensor"] * results)
    returns = "Tensor" if results == 1 else f"tuple[{every}]"
    text.add(f"def forward(self, {arguments}) -> {returns}:", 4)
    body = Body(
        blueprint.statements,
        blueprint.repeats,
        {result: name for name, result in blueprint.inputs.items()},
        {key: access("self", path) for key, path in paths.items()},
        Names(frozenset(blueprint.inputs)),
        list(blueprint.outputs.values()),
        8,
        {result: name for name, result in blueprint.outputs.items()} if results > 1 else {},
    )
    text.extend(body.write())
    if blueprint.nodes_of:
        text.prefix(blueprint.nodes_of)
    return text


def _conditions(text: Text, blueprint: Blueprint) -> dict[str, str]:
    """Give the conditions under which layers are made names, where they are more than one: `projected = …`."""
    layers = [layer for statement in blueprint.statements for layer in statement.layers if layer.condition]
    names = Names(frozenset(argument.name for argument in blueprint.arguments))
    found: dict[str, str] = {}
    for layer in layers:
        if not layer.condition.isidentifier() and layer.condition not in found:
            found[layer.condition] = names.take("projected", "projected_2", "projected_3")
            text.add(f"{found[layer.condition]} = {layer.condition}", 8)
    return found


def _write_module(
    text: Text,
    statements: Sequence[Statement],
    repeat: Repeat | None,
    at: int,
    path: str,
    layer: Layer,
    nodes: tuple[str, ...],
) -> None:
    if repeat is None:
        text.add(f"self.{path} = {render_layer(layer)}", 8, nodes)
    elif at < repeat.start + repeat.period:
        nodes = tuple(statements[each].node for each in range(at, repeat.stop, repeat.period))
        made = f"nn.ModuleList({render_layer(layer)} for _ in range({repeat.times}))"
        text.add(f"self.{path.partition('.')[0]} = {made}", 8, nodes)


def _repeat_of(repeats: Iterable[Repeat], at: int) -> Repeat | None:
    return next((repeat for repeat in repeats if repeat.start <= at < repeat.stop), None)


def _docstring(text: Text, lines: list[str], indent: int) -> None:
    """A docstring of `lines`, wrapped; whatever a title or note contains stays inside it."""
    space = " " * indent
    wrapped = [list(map(_escaped, textwrap.wrap(_shown(line), 100 - indent) or [""])) for line in lines]
    if len(wrapped) > 1 and any(wrapped[1]):
        wrapped.insert(1, [""])  # the first line sums up
    first, *rest = (part for line in wrapped for part in line)
    if not any(rest):
        text.lines.append(f'{space}"""{first}"""')
        return
    text.lines.append(f'{space}"""{first}')
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

__all__ = ["Blueprint", "access", "attributes_of", "shape_comment", "write_file"]
