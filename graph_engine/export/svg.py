"""The drawing as SVG, for papers and slides: the canvas's geometry in the light theme's colours, without Qt."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from xml.etree import ElementTree as ET

from graph_engine.blocks import Kind, TensorSpec
from graph_engine.check.report import CheckResult
from graph_engine.document import Document, Graph, Wire
from graph_engine.document.geometry import TELL_SIZE, text_width
from graph_engine.document.layout import arrange
from graph_engine.document.routing import Curve, Lanes, Obstacles, lean_of, route
from graph_engine.export import colors
from graph_engine.export.errors import Exported, ExportError
from graph_engine.export.svg_card import Card
from graph_engine.export.svg_text import label, xml
from graph_engine.export.writing import write_checked

_NAMESPACE = "http://www.w3.org/2000/svg"
_EDGE = 32.0  # around the drawing
_HEADLINE = 18.0
_HEAD = 44.0  # for the title above the drawing
_LEGEND = 40.0  # for the legend below it


def export_svg(document: Document, path: Path) -> Exported:
    """Write the drawing; read back, it must be valid XML that shows every node and wire.

    Raises:
        ExportError: the drawing is not what it should be.
        FileError: the file can't be written.
    """
    from graph_engine.check import Checker

    text = draw(document, Checker().check(document))
    root = ET.fromstring(text)  # noqa: S314 - our own text, a moment old
    shown = [element.get("class") for element in root.iter()]
    graph = document.main
    if (shown.count("node"), shown.count("wire")) != (len(graph), len(graph.wires)):
        raise ExportError(f"{path} was not written: the drawing lacks nodes or wires.")
    return write_checked(path, text.encode(), f"valid XML: {len(graph)} nodes, {len(graph.wires)} wires")


def draw(document: Document, result: CheckResult) -> str:
    """The main graph of `document` as the text of an SVG file; `result` gives shapes, kinds and problems."""
    graph = _laid_out(document)
    cards = {node.id: Card.of(graph, node, result.nodes.get(node.id)) for node in graph}
    curves = _curves(graph, cards)
    kinds = _kinds(graph, result)
    points = [point for curve in curves.values() for point in curve]
    points += [corner for card in cards.values() for corner in (card.rect[:2], card.rect[2:])] or [(0.0, 0.0)]
    left, top = min(x for x, _ in points) - _EDGE, min(y for _, y in points) - _EDGE - _HEAD
    foot = max(y for _, y in points) + _EDGE
    texts = max(text_width(document.title, _HEADLINE), sum(map(_entry_width, kinds)))
    width = max(max(x for x, _ in points) + _EDGE - left, texts + 2 * _EDGE)
    height = foot - top + (_LEGEND if kinds else 0.0)
    box = f"{left:g} {top:g} {width:g} {height:g}"
    parts = [
        f'<svg xmlns="{_NAMESPACE}" width="{width:g}" height="{height:g}" viewBox="{box}">',
        f"<title>{xml(document.title)}</title>",
        f'<rect x="{left:g}" y="{top:g}" width="{width:g}" height="{height:g}" fill="{colors.PAPER}"/>',
        label(document.title, left + _EDGE, top + _EDGE + _HEADLINE / 2, _HEADLINE, colors.TEXT, bold=True),
        '<g fill="none" stroke-width="1.6" stroke-linecap="round">',
        *(_wire(wire, curve, result) for wire, curve in curves.items()),
        "</g>",
        *(element for card in cards.values() for element in card.draw()),
        *_legend(kinds, left + _EDGE, foot + 4),
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def _laid_out(document: Document) -> Graph:
    """The main graph; arranged on a copy when it was never laid out, so that nodes lie on one another."""
    positions = {node.position for node in document.main}
    if len(positions) == len(document.main):
        return document.main
    copy = document.snapshot()
    copy.apply(arrange(copy.main))
    return copy.main


def _curves(graph: Graph, cards: Mapping[str, Card]) -> dict[Wire, Curve]:
    """The way of every wire round the nodes, found as on the canvas: the short ones first."""
    obstacles, lanes = Obstacles(), Lanes()
    for name, card in cards.items():
        obstacles.put(name, card.rect)
    curves = {}
    for wire in sorted(graph.wires, key=lambda wire: abs(cards[wire.target].rect[0] - cards[wire.source].rect[0])):
        start, end = cards[wire.source].port("output", wire.output), cards[wire.target].port("input", wire.input)
        way = route(start, end, obstacles, (wire.source, wire.target), lanes, _lean(graph, cards, wire))
        if way.runs:
            lanes.take(wire, wire.source, way.runs)
        curves[wire] = way.curve
    return {wire: curves[wire] for wire in graph.wires}


def _lean(graph: Graph, cards: Mapping[str, Card], wire: Wire) -> float:
    """From where `wire` should arrive so that it does not cross the wire of the nearest source."""
    into = graph.wires_into(wire.target)
    if len(into) < 2:
        return 0.0
    nearest = max(into.values(), key=lambda other: cards[other.source].rect[0])
    return lean_of(cards[wire.target].ports("input"), wire.input, nearest.input)


def _wire(wire: Wire, curve: Curve, result: CheckResult) -> str:
    spec = _spec(wire, result)
    faulty = any(problem.node == wire.target and problem.port == wire.input for problem in result.errors)
    color = colors.DANGER if faulty else colors.KINDS[spec.kind if spec else Kind.ANY]
    dashes = ' stroke-dasharray="5 4"' if faulty else ""
    (x, y), *rest = curve
    path = f"M{x:g} {y:g}C" + " ".join(f"{x:g} {y:g}" for x, y in rest)
    carries = f"{wire}, {spec}" if spec else str(wire)
    return f'<path class="wire" d="{path}" stroke="{color}"{dashes}><title>{xml(carries)}</title></path>'


def _spec(wire: Wire, result: CheckResult) -> TensorSpec | None:
    """What `wire` carries, where it is known."""
    report = result.nodes.get(wire.source)
    return report.outputs.get(wire.output) if report else None


def _kinds(graph: Graph, result: CheckResult) -> list[Kind]:
    """The kinds of tensors that the wires carry, in the order of `Kind`."""
    carried = {spec.kind for wire in graph.wires if (spec := _spec(wire, result))}
    return [kind for kind in Kind if kind in carried]


def _legend(kinds: Iterable[Kind], x: float, y: float) -> Iterator[str]:
    for kind in kinds:
        yield f'<path d="M{x:g} {y:g}h20" stroke="{colors.KINDS[kind]}" stroke-width="1.6" stroke-linecap="round"/>'
        yield label(_kind_text(kind), x + 28, y, TELL_SIZE, colors.TEXT_DIM)
        x += _entry_width(kind)


def _entry_width(kind: Kind) -> float:
    return 28 + text_width(_kind_text(kind), TELL_SIZE) + 28


def _kind_text(kind: Kind) -> str:
    return str(kind) if kind is Kind.SCALAR else f"{kind} {kind.axes}".strip()
