"""The drawing as SVG, for papers and slides: the geometry of the canvas in the colours of a style, without Qt."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from xml.etree import ElementTree as ET

from graph_engine.blocks import Kind, TensorSpec
from graph_engine.check.report import CheckResult
from graph_engine.document import Document, Graph, Wire
from graph_engine.document.bending import through
from graph_engine.document.geometry import text_width
from graph_engine.document.layout import lay_out_piles
from graph_engine.document.room import Curve, Lanes, Obstacles
from graph_engine.document.routing import lean_of, route
from graph_engine.export.errors import Exported, ExportError
from graph_engine.export.ink import Ink, Style
from graph_engine.export.svg_card import Card
from graph_engine.export.svg_legend import Legend
from graph_engine.export.svg_notes import draw_frames, draw_notes, extent
from graph_engine.export.svg_text import label, xml
from graph_engine.export.writing import write_checked

_NAMESPACE = "http://www.w3.org/2000/svg"
_EDGE = 32.0  # around the drawing
_HEADLINE = 18.0
_HEAD = 44.0  # for the title above the drawing


def export_svg(document: Document, path: Path, style: Style = Style.LIGHT) -> Exported:
    """Write the drawing; read back, it must be valid XML that shows every node and wire.

    Raises:
        ExportError: the drawing is not what it should be.
        FileError: the file can't be written.
    """
    from graph_engine.check import Checker

    text = draw(document, Checker().check(document), style)
    root = ET.fromstring(text)  # noqa: S314 - our own text, a moment old
    shown = [element.get("class") for element in root.iter()]
    graph = document.main
    if (shown.count("node"), shown.count("wire")) != (len(graph), len(graph.wires)):
        raise ExportError(f"{path} was not written: the drawing lacks nodes or wires.")
    return write_checked(path, text.encode(), f"valid XML: {len(graph)} nodes, {len(graph.wires)} wires")


def draw(document: Document, result: CheckResult, style: Style = Style.LIGHT) -> str:
    """The main graph of `document` as the text of an SVG file; `result` gives shapes, kinds and problems."""
    graph, ink = _laid_out(document), Ink.of(style)
    cards = {node.id: Card.of(graph, node, result.nodes.get(node.id), ink) for node in graph}
    curves = _curves(graph, cards)
    legend = Legend.of(_kinds(graph, result), [card.category for card in cards.values()], ink)
    points = [point for curve in curves.values() for point in curve]
    points += extent(graph.annotations.values())
    points += [corner for card in cards.values() for corner in (card.rect[:2], card.rect[2:])] or [(0.0, 0.0)]
    left, top = min(x for x, _ in points) - _EDGE, min(y for _, y in points) - _EDGE - _HEAD
    foot = max(y for _, y in points) + _EDGE
    least = max(text_width(document.title, _HEADLINE), legend.widest)
    width = max(max(x for x, _ in points) + _EDGE - left, least + 2 * _EDGE)
    height = foot - top + legend.height(width - 2 * _EDGE)
    box = f"{left:g} {top:g} {width:g} {height:g}"
    parts = [
        f'<svg xmlns="{_NAMESPACE}" width="{width:g}" height="{height:g}" viewBox="{box}">',
        f"<title>{xml(document.title)}</title>",
        f'<rect x="{left:g}" y="{top:g}" width="{width:g}" height="{height:g}" fill="{ink.paper}"/>',
        label(document.title, left + _EDGE, top + _EDGE + _HEADLINE / 2, _HEADLINE, ink.text, bold=True),
        *draw_frames(graph.annotations.values(), ink),
        '<g fill="none" stroke-width="1.6" stroke-linecap="round">',
        *(_wire(wire, curve, result, ink) for wire, curve in curves.items()),
        "</g>",
        *draw_notes(graph.annotations.values(), ink),
        *(element for card in cards.values() for element in card.draw()),
        *legend.draw(left + _EDGE, foot + 4, width - 2 * _EDGE),
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def _laid_out(document: Document) -> Graph:
    """The main graph; of a copy where it was never laid out, so that nodes lie on one another."""
    copy = document.snapshot()
    lay_out_piles(copy)
    return copy.main


def _curves(graph: Graph, cards: Mapping[str, Card]) -> dict[Wire, Curve]:
    """The way of every wire round the nodes, found as on the canvas: the short ones first."""
    obstacles, lanes = Obstacles(), Lanes()
    for name, card in cards.items():
        obstacles.put(name, card.rect)
    curves = {}
    for wire in sorted(graph.wires, key=lambda wire: abs(cards[wire.target].rect[0] - cards[wire.source].rect[0])):
        start, end = cards[wire.source].port("output", wire.output), cards[wire.target].port("input", wire.input)
        if wire.bends:
            curves[wire] = through(start, wire.bends, end)
            continue
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


def _wire(wire: Wire, curve: Curve, result: CheckResult, ink: Ink) -> str:
    spec = _spec(wire, result)
    faulty = any(problem.node == wire.target and problem.port == wire.input for problem in result.errors)
    kind = spec.kind if spec else Kind.ANY
    color = ink.danger if faulty else ink.kind(kind)
    dashes = ' stroke-dasharray="5 4"' if faulty else ink.dash(kind)
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
