"""The drawing as SVG: valid, complete, in the geometry and the colours of the canvas, whatever a title holds."""

from __future__ import annotations

import re
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graph_engine.blocks import Category, Kind
from graph_engine.check import Checker
from graph_engine.document import (
    Annotate,
    Annotation,
    BendWire,
    Document,
    Graph,
    RemoveNodes,
    SetAbout,
    SetNode,
)
from graph_engine.document.builder import Builder
from graph_engine.document.geometry import geometry_in
from graph_engine.export import ExportError, Style, Target, colors, export_document
from graph_engine.export.ink import Ink
from graph_engine.export.svg import draw
from presets import open_preset

_SVG = "{http://www.w3.org/2000/svg}"


def _root(document: Document) -> ET.Element:
    return ET.fromstring(draw(document, Checker().check(document)))  # noqa: S314 - our own


def _nodes(root: ET.Element) -> list[ET.Element]:
    return [element for element in root.iter(f"{_SVG}g") if element.get("class") == "node"]


def _wires(root: ET.Element) -> list[ET.Element]:
    return [element for element in root.iter(f"{_SVG}path") if element.get("class") == "wire"]


def _texts(root: ET.Element) -> list[str]:
    return [element.text or "" for element in root.iter(f"{_SVG}text")]


def test_every_preset_is_drawn_whole(name: str, tmp_path: Path) -> None:
    document = open_preset(name)
    written = export_document(document, Target.SVG, tmp_path / "net.svg")
    root = ET.parse(written.path).getroot()  # noqa: S314 - our own
    assert len(_nodes(root)) == len(document.main)
    assert len(_wires(root)) == len(document.main.wires)
    left, top, width, height = map(float, (root.get("viewBox") or "").split())
    for node in document.main:
        shape = geometry_in(document.main, node.id)
        x, y = node.position
        assert left < x < x + shape.width < left + width
        assert top < y < y + shape.height < top + height


def test_it_tells_titles_parameters_shapes_and_kinds(lenet: Document) -> None:
    texts = _texts(_root(lenet))
    for expected in ("LeNet-5", "Conv 2d", "5×5 · 6", "N×6×28×28", "image N×C×H×W", "vector N×C", "label N"):
        assert expected in texts


def test_wires_have_the_colour_of_what_they_carry(lenet: Document) -> None:
    strokes = {wire.get("stroke") for wire in _wires(_root(lenet))}
    assert strokes == {colors.KINDS[kind] for kind in (Kind.IMAGE, Kind.VECTOR, Kind.LABEL)}


def test_wires_end_at_the_ports(lenet: Document) -> None:
    graph = lenet.main
    for wire, path in zip(graph.wires, _wires(_root(lenet)), strict=True):
        numbers = [float(part) for part in (path.get("d") or "").replace("M", "").replace("C", " ").split()]
        for node, side, port, end in (
            (wire.source, "output", wire.output, numbers[:2]),
            (wire.target, "input", wire.input, numbers[-2:]),
        ):
            dx, dy = geometry_in(graph, node).offset(side, port)  # type: ignore[arg-type]
            x, y = graph[node].position
            assert end == pytest.approx([x + dx, y + dy], abs=1e-2)


def test_frames_notes_bends_and_collapsed_nodes_are_drawn(lenet: Document) -> None:
    plain = _texts(_root(lenet))
    wire = next(wire for wire in lenet.main.wires if wire.target == "conv2d_2")
    frame = Annotation("frame_1", "frame", "Stem & more", (-500.0, -300.0), (200.0, 100.0), "blue")
    note = Annotation("note_1", "note", "one\nהערה", (-250.0, -300.0), (120.0, 60.0))
    lenet.apply(Annotate((frame, note)))
    lenet.apply(BendWire(wire, ((12.5, 900.0),)))
    lenet.apply(SetNode("conv2d_2", "collapsed", True))
    root = _root(lenet)
    texts = _texts(root)
    assert {"Stem & more", "one", "הערה"} <= set(texts)
    assert len(texts) == len(plain) + 3 - 1 - 1, "a collapsed node tells neither its parameters nor its shape"
    right_to_left = next(element for element in root.iter(f"{_SVG}text") if element.text == "הערה")
    assert right_to_left.get("direction") == "rtl"
    assert float(right_to_left.get("x", 0)) > -150.0
    assert any("12.5 900" in (element.get("d") or "") for element in _wires(root))
    assert float((root.get("viewBox") or "").split()[0]) <= -500.0


def test_a_problem_is_shown_on_its_node(lenet: Document) -> None:
    lenet.apply(RemoveNodes(("flatten_1",)))
    root = _root(lenet)
    assert sum(element.get("stroke") == colors.DANGER for element in root.iter(f"{_SVG}rect")) == 0
    assert any("needs a wire" in text for text in _texts(root))


def test_nodes_that_were_never_laid_out_are_arranged_without_touching_the_document(lenet: Document) -> None:
    piled = Document(graphs={"main": Graph([n.with_(position=(0.0, 0.0)) for n in lenet.main], lenet.main.wires)})
    places = {node.get("transform") for node in _nodes(_root(piled))}
    assert len(places) == len(piled.main)
    assert {node.position for node in piled.main} == {(0.0, 0.0)}


def test_an_empty_document_is_an_empty_sheet() -> None:
    assert _nodes(_root(Document(title="Blank"))) == []


def test_a_composite_says_how_often_and_on_what_it_is_used() -> None:
    net = Builder("Net")
    cell = net.composite("cell", "Cell")
    cell.output(cell.add("conv2d", cell.input("x", 4, 8, 8), channels=4), "y")
    net.output(net.add("@cell", net.add("@cell", net.input("image", 4, 8, 8), times=12)))
    plain = {node.findtext(f"{_SVG}title"): node for node in _nodes(_root(net.document))}
    net.document.apply(SetNode("cell_2", "bypassed", value=True))
    drawn = {node.findtext(f"{_SVG}title"): node for node in _nodes(_root(net.document))}

    assert "×12" in [text.text for text in drawn["cell_1 (@cell)"].iter(f"{_SVG}text")]
    cards = [rect for rect in plain["cell_2 (@cell)"].iter(f"{_SVG}rect") if rect.get("rx") == "6"]
    assert [rect.get("x") for rect in cards] == ["4", None]
    assert "bypassed" in [title.text for title in drawn["cell_2 (@cell)"].iter(f"{_SVG}title")]
    assert "bypassed" not in [title.text for title in plain["cell_2 (@cell)"].iter(f"{_SVG}title")]


def test_a_frozen_node_says_so(lenet: Document) -> None:
    lenet.apply(SetNode("conv2d_1", "frozen", True))
    titles = [element.text for element in _root(lenet).iter(f"{_SVG}title")]
    assert titles.count("frozen") == 1


@settings(max_examples=30)
@given(st.text())
def test_any_title_gives_valid_xml(title: str) -> None:
    document = open_preset("xor")
    document.apply(SetAbout(title, ""))
    document.apply(SetNode("linear_1", "title", title))
    _root(document)


def test_the_drawing_says_what_was_escaped(lenet: Document) -> None:
    lenet.apply(SetAbout('a < b & "c"', ""))
    assert 'a < b & "c"' in _texts(_root(lenet))


def test_long_texts_are_cut_to_the_node(lenet: Document) -> None:
    lenet.apply(SetNode("conv2d_1", "title", "A title that is much too long for any node to hold"))
    (shown,) = [text for text in _texts(_root(lenet)) if text.startswith("A title")]
    assert shown.endswith("…")
    assert len(shown) < 40


def test_the_same_drawing_gives_the_same_file(lenet: Document) -> None:
    result = Checker().check(lenet)
    assert draw(lenet, result) == draw(lenet, result)


def test_paper_has_the_colours_of_the_light_theme() -> None:
    from app.theme.colors import LIGHT

    assert {kind.value: LIGHT.kind(kind.value) for kind in Kind} == dict(colors.KINDS)
    assert {each.value: LIGHT.category(each.value) for each in Category} == dict(colors.CATEGORIES)
    assert (LIGHT.text, LIGHT.text_dim, LIGHT.text_faint) == (colors.TEXT, colors.TEXT_DIM, colors.TEXT_FAINT)
    nodes = (LIGHT.node_body, LIGHT.node_line, LIGHT.line, LIGHT.danger)
    assert nodes == (colors.BODY, colors.LINE, colors.RULE, colors.DANGER)
    assert LIGHT.category("something else") == colors.UNKNOWN_CATEGORY


def test_the_legend_names_the_categories_that_are_drawn(lenet: Document) -> None:
    (legend,) = [group for group in _root(lenet).iter(f"{_SVG}g") if group.get("class") == "legend"]
    texts = [element.text for element in legend.iter(f"{_SVG}text")]
    used = {str(block.category) for node in lenet.main if (block := lenet.main.block(node))}
    assert [text for text in texts if text in list(Category)] == [each.value for each in Category if each in used]
    fills = {rect.get("fill") for rect in legend.iter(f"{_SVG}rect")}
    assert fills == {colors.CATEGORIES[title] for title in used}


def test_print_tells_kinds_without_colours(lenet: Document) -> None:
    text = draw(lenet, Checker().check(lenet), Style.PRINT)
    greys = {color for color in re.findall(r"#[0-9a-f]{6}", text) if not color[1:3] == color[3:5] == color[5:7]}
    assert greys == set()
    root = ET.fromstring(text)  # noqa: S314 - our own
    result = Checker().check(lenet)
    dashes: dict[Kind, set[str | None]] = {}
    for wire, path in zip(lenet.main.wires, _wires(root), strict=True):
        dashes.setdefault(result.nodes[wire.source].outputs[wire.output].kind, set()).add(path.get("stroke-dasharray"))
    assert all(len(each) == 1 for each in dashes.values())
    assert len({next(iter(each)) for each in dashes.values()}) == len(dashes) == 3


def test_every_kind_has_dashes_of_its_own() -> None:
    ink = Ink.of(Style.PRINT)
    assert len({ink.dash(kind) for kind in Kind}) == len(Kind)


@pytest.mark.parametrize(("place", "message"), [("", "is a folder"), ("nowhere/net.svg", "there is no folder")])
def test_a_place_where_no_file_can_be_is_refused_before_any_work(
    lenet: Document, tmp_path: Path, place: str, message: str
) -> None:
    with pytest.raises(ExportError, match=message):
        export_document(lenet, Target.SVG, tmp_path / place)
