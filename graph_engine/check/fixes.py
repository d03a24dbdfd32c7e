"""Hints of a block, and refused kinds, as edits that one click applies."""

from __future__ import annotations

from graph_engine.blocks import (
    Category,
    ChangeChannels,
    Hint,
    InsertBlock,
    Kind,
    SetParameterHint,
    all_blocks,
    get_block,
)
from graph_engine.check.report import Fix
from graph_engine.document.edits import SetParameter
from graph_engine.document.graph import Graph
from graph_engine.document.rules import title_of
from graph_engine.document.surgery import insert_on_wire

_WIDTHS = ("channels", "features")


def conversion_hints(came: Kind, wanted: tuple[Kind, ...], port: str) -> tuple[Hint, ...]:
    """Blocks that turn what came into what is wanted."""
    wishes = {(came.form, kind.form) for kind in wanted}
    return tuple(InsertBlock(name, port) for name, block in all_blocks().items() if wishes & set(block.converts))


def fixes_for(graph: Graph, name: str, node: str, hints: tuple[Hint, ...]) -> tuple[Fix, ...]:
    """`hints` of a node as edits of the graph called `name`; a hint that does not apply here is left out."""
    fixes = [_fix(graph, name, node, hint) for hint in hints]
    return tuple(fix for fix in fixes if fix is not None)


def _fix(graph: Graph, name: str, node: str, hint: Hint) -> Fix | None:
    match hint:
        case SetParameterHint(parameter, value):
            block = graph.block(node)
            spec = block.parameter(parameter) if block else None
            title = spec.meta.title if spec else parameter
            shown = "×".join(map(str, value)) or "none" if isinstance(value, (list, tuple)) else value
            return Fix(f"Set {title} to {shown}", SetParameter(node, parameter, value, name))
        case InsertBlock(block, port, parameters):
            wire = graph.wire_at(node, port)
            if wire is None:
                return None
            label = f"Insert {get_block(block).title}"
            return Fix(label, insert_on_wire(graph, wire, block, dict(parameters), name))
        case ChangeChannels(port, channels):
            source = _who_decides_channels(graph, node, port)
            if source is None:
                return None
            decider, parameter = source
            label = f"Set {parameter.capitalize()} of {title_of(graph[decider], graph)} ({decider}) to {channels}"
            return Fix(label, SetParameter(decider, parameter, channels, name))


def _who_decides_channels(graph: Graph, node: str, port: str) -> tuple[str, str] | None:
    """The nearest node before a port, along blocks with one input, whose parameter is the number of channels."""
    while (wire := graph.wire_at(node, port)) is not None:
        node = wire.source
        block = graph.block(node)
        if block is None:
            return None
        for parameter in _WIDTHS:
            if block.parameter(parameter) is not None:
                return node, parameter
        if len(block.inputs) != 1 or block.inputs[0].variadic or block.category is Category.SHAPE:
            return None
        port = block.inputs[0].name
    return None
