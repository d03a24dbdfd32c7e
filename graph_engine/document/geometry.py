"""How large a node is and where its ports are, in scene units; shared by the canvas, the layout and the SVG export.

One scene unit is one pixel at the base text size (13 px) and 100 %. Nothing here measures a real font, so that a
drawing has the same geometry on every machine: widths follow classes of letters, and what draws a text cuts it to the
width that it is given.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from graph_engine.blocks import Block, ParameterError, find_block
from graph_engine.blocks.block import slot_of
from graph_engine.blocks.named import FORMULA, has_formula, is_formula
from graph_engine.document.graph import Graph, Node

Side = Literal["input", "output"]

TITLE_SIZE, TELL_SIZE, SHAPE_SIZE = 13.0, 12.0, 11.0
"""Heights of the three texts of a node: its title, its telling parameters, the shape that leaves it."""

HEADER = 28.0
"""Height of the header with the title; a line parts it from the body. A collapsed node is no higher."""

LINE = 18.0
"""Height of a line of text in the body."""

STRIP = 26.0
"""Height of the thumbnails."""

MARGIN = 12.0
"""From the left edge to the texts of the body."""

BADGE, BADGE_SIZE = 18.0, 11.0
"""Width of an icon behind the title, and height of a text there such as `×4`."""

TITLE_LEFT = 22.0
"""From the left edge to the title: the category's strip stands before it."""

PORT_TOP, PORT_STEP = 42.0, 18.0
"""From the upper edge to the first port, and from port to port: ports stay where they are when thumbnails appear."""

_LEAST_WIDTH, _MOST_WIDTH, _WIDTH_STEP = 112.0, 216.0, 8.0
_BODY_TOP, _BODY_FOOT = 5.0, 5.0

_LETTERS: Mapping[float, str] = {
    0.29: " !',.:;Iijl|·",
    0.40: '"()-/[]\\{}`frt',
    0.58: "acesvxyzkFJL17?*^_",
    0.76: "ABCDGHNOPQUVXY&",
    0.92: "%mwMWG@…→",
}
_ADVANCES = {letter: advance for advance, letters in _LETTERS.items() for letter in letters}


@dataclass(frozen=True, slots=True)
class NodeGeometry:
    """A node's size and what is where in it, from its upper left corner.

    `inputs` and `outputs` are names of ports with their heights, from top to bottom; a variadic input has its slots,
    of which the last one or two are free. `tell`, `strip` and `shape` are the upper edges of the lines of the body;
    `tell` and `strip` are None when there is no such line. Of a collapsed node, all ports of a side are at one place.
    """

    width: float
    height: float
    inputs: tuple[tuple[str, float], ...]
    outputs: tuple[tuple[str, float], ...]
    tell: float | None
    strip: float | None
    shape: float

    def offset(self, side: Side, port: str) -> tuple[float, float]:
        """Where a port is; the middle of its side for a port that is not there."""
        x, ports = (0.0, self.inputs) if side == "input" else (self.width, self.outputs)
        return x, next((y for name, y in ports if name == port), PORT_TOP if self.height > HEADER else HEADER / 2)


def text_width(text: str, size: float) -> float:
    """About how wide `text` is at a height of `size`, a little on the safe side."""
    return size * sum(_ADVANCES.get(letter, 0.66 if letter.isascii() else 1.0) for letter in text)


def tell_of(node: Node, block: type[Block] | None = None) -> str:
    """The telling parameters of a node in a few words; empty while they are invalid or the block is unknown.

    `block` is the node's, where the library does not know it. What is a formula is told as it is written, since what it
    gives depends on the use.
    """
    block = block or find_block(node.block)
    if block is None:
        return ""
    written = [str(value) for value in node.parameters.values() if is_formula(value)]
    try:
        told = block.make({name: value for name, value in node.parameters.items() if not has_formula(value)}).tell()
    except ParameterError:
        return ""
    return " · ".join([*written, *([told] if told and not written else [])])


def badges_of(node: Node) -> tuple[str, ...]:
    """What the header says behind the title, from left to right: `×4` as text, the others are names of icons."""
    return (
        *([f"×{str(node.repeat).removeprefix(FORMULA).replace(' ', '')}"] if node.repeat != 1 else []),
        *(["clock"] if node.over_time else []),
        *(["link"] if node.shares else []),
        *(["bypass"] if node.bypassed else []),
        *(["snowflake"] if node.frozen else []),
    )


def badge_width(badge: str) -> float:
    """The room that a badge takes in the header, with what is left free before it."""
    return 8.0 + text_width(badge, BADGE_SIZE) + 4.0 if badge.startswith("×") else BADGE


def measure(
    node: Node,
    wired_inputs: Iterable[str] = (),
    wired_outputs: Iterable[str] = (),
    *,
    thumbnails: bool = False,
    block: type[Block] | None = None,
    tell: str | None = None,
) -> NodeGeometry:
    """The geometry of a node (of `block`, where the library does not know it), given which of its ports have wires.

    Wired ports that the block does not declare (of an unknown block, or of another version of it) are shown as well.
    `tell` is what `tell_of` says, for who has asked it already.
    """
    block = block or find_block(node.block)
    title = node.title or (block.title if block else node.block)
    return _measure(
        title,
        tell_of(node, block) if tell is None else tell,
        input_ports(block, wired_inputs),
        output_ports(block, wired_outputs),
        badges_of(node),
        thumbnails,
        node.collapsed,
    )


def geometry_in(graph: Graph, node: str, *, thumbnails: bool = False) -> NodeGeometry:
    """The geometry of a node as it is wired in `graph`."""
    wired_out = dict.fromkeys(wire.output for wire in graph.wires_out_of(node))
    return measure(graph[node], graph.wires_into(node), wired_out, thumbnails=thumbnails, block=graph.block(node))


def input_ports(block: type[Block] | None, wired: Iterable[str] = ()) -> tuple[str, ...]:
    """The input ports to show: a variadic one has its wired slots and a free one, and never fewer than it needs."""
    wired = tuple(wired)
    names: list[str] = []
    for port in block.inputs if block else ():
        if not port.variadic:
            names.append(port.name)
            continue
        used = sorted(slot_of(name)[1] for name in wired if slot_of(name)[0] == port.name and "." in name)
        first_free = (used[-1] if used else -1) + 1
        free = max(1, port.least - len(used))
        names += [f"{port.name}.{slot}" for slot in (*used, *range(first_free, first_free + free))]
    return (*names, *(name for name in wired if name not in names))


def output_ports(block: type[Block] | None, wired: Iterable[str] = ()) -> tuple[str, ...]:
    """The output ports to show."""
    names = tuple(port.name for port in block.outputs) if block else ()
    return (*names, *(name for name in wired if name not in names))


@lru_cache(maxsize=8192)
def _measure(
    title: str,
    tell: str,
    inputs: tuple[str, ...],
    outputs: tuple[str, ...],
    badges: tuple[str, ...],
    thumbnails: bool,
    collapsed: bool,
) -> NodeGeometry:
    if collapsed:
        width = TITLE_LEFT + text_width(title, TITLE_SIZE) + sum(map(badge_width, badges)) + MARGIN
        width = min(max(_LEAST_WIDTH, _WIDTH_STEP * -(-width // _WIDTH_STEP)), _MOST_WIDTH)
        middle = HEADER / 2
        left, right = (tuple((name, middle) for name in names) for names in (inputs, outputs))
        return NodeGeometry(width, HEADER, left, right, None, None, HEADER)
    texts = (
        TITLE_LEFT + text_width(title, TITLE_SIZE) + sum(map(badge_width, badges)) + MARGIN,
        2 * MARGIN + text_width(tell, TELL_SIZE),
    )
    width = min(max(_LEAST_WIDTH, _WIDTH_STEP * -(-max(texts) // _WIDTH_STEP)), _MOST_WIDTH)
    top = HEADER + _BODY_TOP
    tell_top = top if tell else None
    top += LINE if tell else 0.0
    strip_top = top + 2.0 if thumbnails else None
    top += STRIP + 4.0 if thumbnails else 0.0
    ports = max(len(inputs), len(outputs))
    height = max(top + LINE + _BODY_FOOT, PORT_TOP + (ports - 1) * PORT_STEP + 14.0)
    return NodeGeometry(width, height, _placed(inputs), _placed(outputs), tell_top, strip_top, top)


def _placed(names: tuple[str, ...]) -> tuple[tuple[str, float], ...]:
    return tuple((name, PORT_TOP + at * PORT_STEP) for at, name in enumerate(names))
