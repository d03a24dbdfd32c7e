"""The layout that a user asks for: both directions, frames that stay together, notes, one step that is taken back."""

from __future__ import annotations

import random
from dataclasses import replace
from itertools import combinations

import pytest

from graph_engine.document import Annotate, Annotation, BendWire, Document, Graph, Move
from graph_engine.document.annotation import FRAME_HEAD, Rect, around, is_inside, members, node_boxes
from graph_engine.document.file import dumps
from graph_engine.document.framed_layout import Direction, lay_out
from graph_engine.document.layout import arrange
from tests.document.test_layout import DRAWINGS, chain, hidden, overlapping, random_graph, residual_net

DIRECTIONS: tuple[Direction, ...] = ("right", "down")


def touch(one: Rect, other: Rect) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


def with_title(frame: Annotation) -> Rect:
    left, top, right, bottom = frame.rect
    return left, top - FRAME_HEAD + 1.0, right, bottom


def places(graph: Graph) -> dict[str, tuple[float, float]]:
    return {node.id: node.position for node in graph}


def framed(blocks: int = 4) -> Document:
    """A residual net whose blocks have frames, the second one inside a larger frame, with notes and a bent wire."""
    document = residual_net(blocks)
    document.apply(arrange(document.main, rows=False))
    boxes = node_boxes(document.main)
    frames = []
    for at in range(blocks):
        inside = [f"conv2d_{2 * at + 2}", f"conv2d_{2 * at + 3}", f"relu_{at + 1}", f"batch_norm_{at + 1}"]
        frames.append(
            Annotation(f"frame_{at + 1}", "frame", f"Block {at + 1}").with_rect(around(boxes[name] for name in inside))
        )
    left, top, right, bottom = around(frame.rect for frame in frames[1:3])
    outer = Annotation("frame_9", "frame", "Middle").with_rect((left, top - FRAME_HEAD, right, bottom))
    x, y, *_ = frames[0].rect
    notes = (
        Annotation("note_1", "note", "in the first", (x + 4.0, y + 4.0), (100.0, 60.0)),
        Annotation("note_2", "note", "outside", (x, y - 4000.0), (180.0, 90.0)),
        Annotation("frame_10", "frame", "empty", (x, y + 4000.0), (300.0, 200.0)),
    )
    document.apply(Annotate((*frames, outer, *notes)))
    wire = next(wire for wire in document.main.wires if wire.target == "conv2d_2")
    document.apply(BendWire(wire, ((5.0, 900.0),)))
    return document


@pytest.mark.parametrize("direction", DIRECTIONS)
def test_a_frame_keeps_what_it_holds_and_nothing_else_lies_in_it(direction: Direction) -> None:
    document = framed()
    graph = document.main
    frames = [each for each in graph.annotations.values() if each.kind == "frame"]
    before = {frame.id: set(members(frame, node_boxes(graph))) for frame in frames}
    assert sum(map(len, before.values())) > 20

    document.apply(lay_out(graph, direction=direction))

    boxes = node_boxes(graph)
    assert overlapping(graph, places(graph)) == []
    for name, held in before.items():
        frame = graph.annotations[name]
        assert set(members(frame, boxes)) == held
        for node, box in boxes.items():
            assert is_inside(box, frame.rect) if node in held else not touch(box, with_title(frame)), (name, node)
    every = {each.id: each for each in graph.annotations.values()}
    assert is_inside(with_title(every["frame_2"]), every["frame_9"].rect)
    assert is_inside(every["note_1"].rect, every["frame_1"].rect)
    assert every["frame_10"].size == (300.0, 200.0)
    beside = ("frame_1", "frame_9", "frame_4", "frame_10", "note_2")
    for one, other in combinations(beside, 2):
        assert not touch(with_title(every[one]), with_title(every[other])), (one, other)
    for note in ("note_1", "note_2"):
        assert not any(touch(box, every[note].rect) for box in boxes.values())
    assert all(not wire.bends for wire in graph.wires)


@pytest.mark.parametrize("direction", DIRECTIONS)
def test_it_is_one_edit_that_is_taken_back_exactly_and_always_the_same(direction: Direction) -> None:
    document = framed()
    before = dumps(document)
    edit = lay_out(document.main, direction=direction)
    assert lay_out(document.main.copy(), direction=direction) == edit
    inverse = document.apply(edit)
    assert dumps(document) != before
    document.apply(inverse)
    assert dumps(document) == before


def test_the_upper_left_corner_stays() -> None:
    document = framed()
    document.apply(Move(tuple((node.id, (node.position[0] + 500.0, node.position[1])) for node in document.main)))
    document.apply(Annotate((), ("frame_10", "note_2")))
    shifted = tuple(each.moved(500.0, 0.0) for each in document.main.annotations.values())
    document.apply(Annotate(shifted))

    def corner() -> float:
        rects = [each.rect[0] for each in document.main.annotations.values()]
        return min(*rects, *(node.position[0] for node in document.main))

    left = corner()
    document.apply(lay_out(document.main))
    assert corner() == pytest.approx(left)


def test_without_frames_to_the_right_it_is_the_layout_of_presets() -> None:
    graph = residual_net(3).main
    assert lay_out(graph) == arrange(graph)


@pytest.mark.parametrize("name", DRAWINGS)
def test_downwards_nothing_overlaps_and_every_wire_leads_down(name: str) -> None:
    document = Document(graphs={"main": DRAWINGS[name].main.copy()})
    graph = document.main
    document.apply(lay_out(graph, direction="down"))
    assert overlapping(graph, places(graph)) == []


@pytest.mark.parametrize("name", sorted(set(DRAWINGS) - {"random"}))
def test_downwards_no_wire_passes_behind_a_node(name: str) -> None:
    document = Document(graphs={"main": DRAWINGS[name].main.copy()})
    document.apply(lay_out(document.main, direction="down"))
    assert hidden(document.main, places(document.main)) == []


def test_a_chain_goes_straight_down() -> None:
    document = chain(12)
    document.apply(lay_out(document.main, direction="down"))
    boxes = node_boxes(document.main)
    middles = {(box[0] + box[2]) / 2 for box in list(boxes.values())[:4]}
    assert max(middles) - min(middles) <= 1.0
    tops = [box[1] for box in list(boxes.values())[:4]]
    assert tops == sorted(tops)


@pytest.mark.parametrize("direction", DIRECTIONS)
def test_random_frames_over_random_drawings(direction: Direction) -> None:
    """Frames may overlap and cut through each other: no node is lost, none lies on another."""
    choose = random.Random(5)  # noqa: S311 - no secret
    for seed in range(6):
        document = random_graph(24, seed)
        graph = document.main
        for at in range(4):
            x, y = choose.uniform(0, 800), choose.uniform(0, 800)
            made = Annotation(f"frame_{at}", choose.choice(("frame", "frame", "note")), "", (x, y))
            document.apply(Annotate((replace(made, size=(choose.uniform(100, 600), choose.uniform(60, 500))),)))
        before = dumps(document)
        inverse = document.apply(lay_out(graph, direction=direction))
        assert overlapping(graph, places(graph)) == []
        document.apply(inverse)
        assert dumps(document) == before


def test_a_thousand_nodes_downwards() -> None:
    document = random_graph(1000, 11)
    document.apply(lay_out(document.main, direction="down"))
    assert overlapping(document.main, places(document.main)) == []
    boxes = node_boxes(document.main).values()
    width = max(box[2] for box in boxes) - min(box[0] for box in boxes)
    height = max(box[3] for box in boxes) - min(box[1] for box in boxes)
    assert 0.2 < width / height < 8.0, "it is compact"
