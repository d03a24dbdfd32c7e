"""A node in a drawing: the card of the canvas, on paper."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from graph_engine.blocks import Kind
from graph_engine.check.report import NodeReport, State
from graph_engine.document import Graph, Node, title_of
from graph_engine.document.composite import is_composite
from graph_engine.document.geometry import (
    BADGE_SIZE,
    HEADER,
    LINE,
    MARGIN,
    SHAPE_SIZE,
    TELL_SIZE,
    TITLE_LEFT,
    TITLE_SIZE,
    NodeGeometry,
    Side,
    badge_width,
    badges_of,
    geometry_in,
    tell_of,
)
from graph_engine.export.ink import Ink
from graph_engine.export.svg_text import MONO, cut, cut_mono, label, wrap, xml

_RADIUS = 6.0
_PORT = 4.2
_STACK = 4.0
_STRIPE = 9.0
_MESSAGE_LINE = 14.5
_MESSAGE_LINES = 3


@dataclass(frozen=True, slots=True)
class Card:
    """A node where it stands, with what the check said of it."""

    graph: Graph
    node: Node
    report: NodeReport | None
    place: NodeGeometry
    ink: Ink

    @staticmethod
    def of(graph: Graph, node: Node, report: NodeReport | None, ink: Ink) -> Card:
        return Card(graph, node, report, geometry_in(graph, node.id), ink)

    @property
    def category(self) -> str:
        """The title of the block's category; empty for an unknown block."""
        block = self.graph.block(self.node)
        return str(block.category) if block is not None else ""

    @property
    def faulty(self) -> bool:
        return self.report is not None and self.report.state is State.ERROR

    @property
    def height(self) -> float:
        """The height of the card; a long sentence about what is wrong makes it higher than the geometry says."""
        if not self.faulty:
            return self.place.height
        return max(self.place.height, self.place.shape + len(self._message()) * _MESSAGE_LINE + 6.0)

    @property
    def rect(self) -> tuple[float, float, float, float]:
        """Left, top, right, bottom."""
        x, y = self.node.position
        return x, y, x + self.place.width, y + self.height

    def port(self, side: Side, name: str) -> tuple[float, float]:
        """Where a port is."""
        (x, y), (dx, dy) = self.node.position, self.place.offset(side, name)
        return x + dx, y + dy

    def ports(self, side: Side) -> tuple[str, ...]:
        return tuple(name for name, _ in (self.place.inputs if side == "input" else self.place.outputs))

    def draw(self) -> Iterator[str]:
        """The card as elements of SVG."""
        x, y = self.node.position
        edge, width = (self.ink.danger, 1.6) if self.faulty else (self.ink.line, 1.0)
        yield f'<g class="node" transform="translate({x:g} {y:g})">'
        yield f"<title>{xml(f'{self.node.id} ({self.node.block})')}</title>"
        if is_composite(self.node.block):
            yield (
                f'<rect x="{_STACK:g}" y="{_STACK:g}" width="{self.place.width:g}" height="{self.height:g}" '
                f'rx="{_RADIUS:g}" fill="{self.ink.body}" stroke="{self.ink.line}"/>'
            )
        yield (
            f'<rect width="{self.place.width:g}" height="{self.height:g}" rx="{_RADIUS:g}" fill="{self.ink.body}" '
            f'stroke="{edge}" stroke-width="{width:g}"/>'
        )
        if self.node.bypassed:
            yield self._stripes()
        yield from self._header()
        yield from self._body()
        yield from self._ports()
        yield "</g>"

    def _stripes(self) -> str:
        """Slanting lines across the card of a node that is bypassed."""
        width, height = self.place.width, self.height
        lines, at = [], -height + _STRIPE
        while at < width:
            left, right = max(at, 0.0), min(at + height, width)
            lines.append(f"M{left:g} {height - (left - at):g}L{right:g} {height - (right - at):g}")
            at += _STRIPE
        return f'<path d="{"".join(lines)}" stroke="{self.ink.rule}"><title>bypassed</title></path>'

    def _header(self) -> Iterator[str]:
        ink = self.ink
        if self.height > HEADER:
            yield f'<path d="M0.5 {HEADER:g}H{self.place.width - 0.5:g}" stroke="{self.ink.rule}"/>'
        yield f'<rect x="10" y="7.5" width="3" height="13" fill="{ink.category(self.category)}"/>'
        right = self.place.width - MARGIN
        for badge in reversed(badges_of(self.node)):
            yield from _badge(badge, right, ink)
            right -= badge_width(badge)
        room = right - TITLE_LEFT
        title = cut(title_of(self.node, self.graph), TITLE_SIZE, room)
        yield label(title, TITLE_LEFT, HEADER / 2, TITLE_SIZE, ink.text, bold=True, room=room)

    def _body(self) -> Iterator[str]:
        room = self.place.width - 2 * MARGIN
        if self.place.tell is not None:
            tell = cut(tell_of(self.node, self.graph.block(self.node)), TELL_SIZE, room)
            yield label(tell, MARGIN, self.place.tell + LINE / 2, TELL_SIZE, self.ink.text_dim, room=room)
        middle = self.place.shape + LINE / 2
        if self.report is None or (self.node.collapsed and not self.faulty):
            return
        if self.faulty:
            for at, line in enumerate(self._message()):
                yield label(line, MARGIN, middle + at * _MESSAGE_LINE, SHAPE_SIZE, self.ink.danger)
        elif self.report.message:
            yield label(cut(self.report.message, SHAPE_SIZE, room), MARGIN, middle, SHAPE_SIZE, self.ink.text_faint)
        else:
            specs = self.report.outputs or self.report.inputs
            shapes = cut_mono("  ".join(str(spec) for spec in specs.values()), SHAPE_SIZE, room)
            yield label(shapes, MARGIN, middle, SHAPE_SIZE, self.ink.text_faint, face=MONO)

    def _ports(self) -> Iterator[str]:
        into = self.graph.wires_into(self.node.id)
        for port, y in self.place.inputs:
            yield _port(0.0, y, self._kind("input", port), self.ink, wired=port in into)
        for port, y in self.place.outputs:
            wired = bool(self.graph.wires_out_of(self.node.id, port))
            yield _port(self.place.width, y, self._kind("output", port), self.ink, wired=wired)

    def _kind(self, side: Side, port: str) -> Kind:
        """What is known to be carried at a port."""
        block = self.graph.block(self.node)
        specs = (self.report.inputs if side == "input" else self.report.outputs) if self.report else {}
        if port in specs:
            return specs[port].kind
        if side == "output":
            declared = block.output(port) if block else None
            return declared.kind if declared else Kind.ANY
        takes = block.input(port) if block else None
        return takes.kinds[0] if takes is not None and len(takes.kinds) == 1 else Kind.ANY

    def _message(self) -> list[str]:
        message = self.report.message if self.report else ""
        return wrap(message, SHAPE_SIZE, self.place.width - 2 * MARGIN, _MESSAGE_LINES)


def _port(x: float, y: float, kind: Kind, ink: Ink, *, wired: bool) -> str:
    color = ink.kind(kind)
    look = f'r="{_PORT:g}" fill="{color}"' if wired else f'r="{_PORT - 0.7:g}" fill="{ink.paper}" stroke="{color}"'
    return f'<circle cx="{x:g}" cy="{y:g}" {look}/>'


_SIGNS = {
    "snowflake": ("M-5 0H5M-2.5 -4.3L2.5 4.3M2.5 -4.3L-2.5 4.3", "frozen"),
    "link": ("M-5.5 0A3 3 0 1 0 .5 0A3 3 0 1 0 -5.5 0M-.5 0A3 3 0 1 0 5.5 0A3 3 0 1 0 -.5 0", "shares weights"),
    "clock": ("M-5 0A5 5 0 1 0 5 0A5 5 0 1 0 -5 0M0 -3V0L2 1.3", "over time"),
    "bypass": ("M-5.5 3H-3.5C-1.5 3 -2 -3 0 -3S1.5 3 3.5 3H5.5", "bypassed"),
}


def _badge(badge: str, right: float, ink: Ink) -> Iterator[str]:
    """A sign behind the title that ends at `right`."""
    if badge.startswith("×"):
        width = badge_width(badge) - 4.0
        yield f'<rect x="{right - width:g}" y="6.5" width="{width:g}" height="15" rx="4" fill="{ink.rule}"/>'
        yield label(badge, right - width + 4.0, HEADER / 2, BADGE_SIZE, ink.text, bold=True)
        return
    path, title = _SIGNS[badge]
    color = ink.kind(Kind.IMAGE) if badge == "snowflake" else ink.text_dim
    yield (
        f'<path d="{path}" transform="translate({right - 6.5:g} {HEADER / 2:g})" fill="none" stroke="{color}" '
        f'stroke-width="1.3" stroke-linecap="round"><title>{title}</title></path>'
    )
