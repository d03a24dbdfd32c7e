"""Frames, notes, ways of wires and bookmarks: they are kept, carried along, and change nothing of what is computed."""

from __future__ import annotations

import json

import pytest

from graph_engine.document import (
    Annotate,
    Annotation,
    BendWire,
    Bookmark,
    Disconnect,
    Document,
    EditRefused,
    SetBookmark,
    SetNode,
    Wire,
)
from graph_engine.document.annotation import annotations_of, around, fresh_annotation_id, members, node_boxes
from graph_engine.document.builder import Builder
from graph_engine.document.file import FileError, dumps, loads
from graph_engine.document.geometry import HEADER, geometry_in
from graph_engine.document.grouping import make_composite
from graph_engine.document.unpacking import unpack


def chain() -> Document:
    net = Builder("Chain")
    x = net.input("image", 1, 28, 28)
    for block in ("conv2d", "relu", "flatten", "linear"):
        x = net.add(block, x)
    net.output(x)
    return net.document


def spread(document: Document) -> Document:
    from graph_engine.document.layout import arrange

    document.apply(arrange(document.main, rows=False))
    return document


BENT = Wire("conv2d_1", "y", "relu_1", "x")


def annotated() -> Document:
    """The convolution and its activation in a frame with a note, the wire between them bent, one node collapsed."""
    document = spread(chain())
    boxes = node_boxes(document.main)
    frame = Annotation("frame_1", "frame", "Stem", color="purple").with_rect(
        around((boxes["conv2d_1"], boxes["relu_1"]))
    )
    x, y, *_ = frame.rect
    document.apply(Annotate((frame, Annotation("note_1", "note", "הערה: שכבה", (x + 2.0, y + 2.0), (96.0, 40.0)))))
    document.apply(BendWire(BENT, ((200.0, 90.0),)))
    document.apply(SetNode("linear_1", "collapsed", True))
    document.apply(SetBookmark(2, Bookmark("main", (10.0, 20.0), 0.5)))
    return document


def test_all_of_it_is_in_the_file_and_comes_back() -> None:
    document = annotated()
    back = loads(dumps(document))
    assert back.main.annotations == document.main.annotations
    assert back.main.wire_at("relu_1", "x").bends == ((200.0, 90.0),)  # type: ignore[union-attr]
    assert back.main["linear_1"].collapsed
    assert back.bookmarks == {2: Bookmark("main", (10.0, 20.0), 0.5)}
    assert dumps(back) == dumps(document) == dumps(document.snapshot())


def test_only_what_needs_it_is_written_as_the_new_version() -> None:
    plain = json.loads(dumps(chain()))
    assert (plain["version"], json.loads(dumps(annotated()))["version"]) == (1, 2)
    assert "bookmarks" not in plain
    assert "annotations" not in plain["graphs"]["main"]


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('"color": "purple"', '"color": "pink"', "annotation 1"),
        ('"kind": "note"', '"kind": "poem"', "annotation 2"),
        ('"id": "note_1"', '"id": "frame_1"', "two annotations called 'frame_1'"),
        ("[[200, 90]]", "[[200]]", "must lead through points"),
        ("[[200, 90]]", "[[200, true]]", "must lead through points"),
        ("[[200, 90]]", '[["a", 1]]', "must lead through points"),
        ('"2": {"graph"', '"12": {"graph"', "numbers 1 to 9"),
        ('"size": [96, 40]', '"size": [96, -40]', "not a place"),
    ],
)
def test_damage_is_told_with_its_place(old: str, new: str, said: str) -> None:
    text = dumps(annotated())
    assert old in text
    with pytest.raises(FileError, match=said):
        loads(text.replace(old, new))


def test_a_bent_wire_that_is_cut_comes_back_bent() -> None:
    document = annotated()
    before = dumps(document)
    inverse = document.apply(Disconnect((BENT,)))
    assert document.main.wire_at("relu_1", "x") is None
    document.apply(inverse)
    assert dumps(document) == before


@pytest.mark.parametrize(
    ("edit", "said"),
    [
        (Annotate((Annotation("Frame", "frame"),)), "can't be an id"),
        (Annotate((Annotation("frame_1", "frame", size=(0.0, 5.0)),)), "not a place"),
        (Annotate((), ("frame_9",)), "no frame or note called 'frame_9'"),
        (Annotate((Annotation("a", "note"), Annotation("a", "note"))), "one id"),
        (BendWire(Wire("relu_1", "y", "linear_1", "x"), ()), "There is no wire"),
        (BendWire(BENT, ((float("nan"), 0.0),)), "not a place"),
        (SetBookmark(0, Bookmark("main")), "no bookmark 0"),
        (SetBookmark(1, Bookmark("nowhere")), "no graph called"),
        (SetBookmark(1, Bookmark("main", zoom=0.0)), "not a place"),
    ],
    ids=lambda value: getattr(value, "kind", ""),
)
def test_what_can_not_be_is_refused_and_changes_nothing(edit: Annotate | BendWire | SetBookmark, said: str) -> None:
    document = annotated()
    before = dumps(document)
    with pytest.raises(EditRefused, match=said):
        document.apply(edit)
    assert dumps(document) == before


def test_a_frame_holds_what_lies_in_it() -> None:
    document = annotated()
    frame = document.main.annotations["frame_1"]
    assert members(frame, node_boxes(document.main)) == ["conv2d_1", "relu_1"]
    assert [each.id for each in annotations_of(document.main, ["conv2d_1", "relu_1"])] == ["frame_1", "note_1"]
    assert annotations_of(document.main, ["conv2d_1"]) == []
    assert fresh_annotation_id(document.main, "frame") == "frame_2"


def test_frame_note_and_bend_go_into_the_composite_and_come_out_again() -> None:
    document = annotated()
    before = document.main.annotations["frame_1"]
    inverse = document.apply(make_composite(document, "main", ["conv2d_1", "relu_1"], "stem"))
    assert document.main.annotations == {}
    inside = document.graphs["stem"]
    assert members(inside.annotations["frame_1"], node_boxes(inside)) == ["conv2d_1", "relu_1"]
    assert loads(dumps(document)).graphs["stem"].annotations == inside.annotations
    shift = inside["relu_1"].position[0] - document.graphs["stem"].annotations["frame_1"].position[0]
    (bend,) = inside.wire_at("relu_1", "x").bends  # type: ignore[union-attr]
    assert bend[0] - inside["relu_1"].position[0] == pytest.approx(200.0 - (before.position[0] + shift))

    document.apply(unpack(document, "main", "stem_1"))
    frame = document.main.annotations["frame_1"]
    assert (frame.text, frame.size, frame.color) == (before.text, before.size, before.color)
    assert members(frame, node_boxes(document.main)) == ["conv2d_1", "relu_1"]
    assert document.main.annotations["note_1"].text == "הערה: שכבה"
    assert inverse is not None


def test_a_collapsed_node_is_its_title_with_all_ports_of_a_side_at_one_place() -> None:
    net = Builder("Sum")
    x = net.input("image", 1, 4, 4)
    net.add("add", x, net.add("relu", x))
    document = net.document
    document.apply(SetNode("add_1", "collapsed", True))
    place = geometry_in(document.main, "add_1", thumbnails=True)
    assert place.height == HEADER
    assert place.strip is None
    assert {y for _, y in (*place.inputs, *place.outputs)} == {HEADER / 2}
    assert [name for name, _ in place.inputs] == ["xs.0", "xs.1", "xs.2"]


def test_what_is_computed_does_not_change() -> None:
    from graph_engine.check import Checker
    from graph_engine.compile import compile_document

    plain, decorated = spread(chain()), annotated()
    assert compile_document(decorated).source == compile_document(plain).source
    one, other = Checker().check(plain), Checker().check(decorated)
    assert (one.nodes, one.problems, one.total) == (other.nodes, other.problems, other.total)
