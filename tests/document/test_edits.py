"""Edits: each answers with its inverse, a refusal changes nothing, listeners hear once what was touched."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graph_engine.document import (
    AddCustom,
    AddGraph,
    AddNodes,
    Annotate,
    Annotation,
    AnyEdit,
    Batch,
    BendWire,
    Binding,
    Bookmark,
    Change,
    Connect,
    CustomCode,
    Declaration,
    Declare,
    Disconnect,
    Document,
    Edit,
    EditRefused,
    Exposed,
    Move,
    Node,
    Optimiser,
    Plan,
    RemoveCustom,
    RemoveGraph,
    RemoveNodes,
    SetAbout,
    SetBinding,
    SetBookmark,
    SetCustom,
    SetNode,
    SetParameter,
    SetPlan,
    Stage,
    Update,
    Wire,
)
from graph_engine.document.file import dumps, loads
from tests.document.drawings import drawing, edits, lint, state

# Each edit, the nodes it touches, and whether it is about the plan, the binding or title and notes.
EDITS: list[tuple[AnyEdit, set[str], str]] = [
    (AddNodes((Node("new", "relu"),)), {"new"}, ""),
    (
        AddNodes((Node("new", "relu"),), (Wire("n_2", "y", "new", "x"), Wire("new", "y", "n_6", "xs.3"))),
        {"new", "n_2", "n_6"},
        "",
    ),
    (AddNodes((), (Wire("n_3", "y", "n_6", "xs.3"),)), {"n_3", "n_6"}, ""),
    (AddNodes((Node("new", "relu"),), (Wire("n_3", "y", "n_6", "xs.3"),)), {"new", "n_3", "n_6"}, ""),
    (RemoveNodes(("n_2",)), {"n_1", "n_2", "n_3", "n_6"}, ""),
    (RemoveNodes(("n_1", "n_2", "n_7")), {"n_0", "n_1", "n_2", "n_3", "n_6", "n_7"}, ""),
    (RemoveNodes(("n_6", "n_6")), {"n_1", "n_2", "n_6", "n_7"}, ""),
    (Connect(Wire("n_4", "y", "n_6", "xs.3")), {"n_4", "n_6"}, ""),
    (Connect(Wire("n_1", "y", "n_3", "x")), {"n_1", "n_2", "n_3"}, ""),
    (Connect(Wire("n_2", "y", "n_3", "x")), {"n_2", "n_3"}, ""),
    (Disconnect((Wire("n_2", "y", "n_3", "x"),)), {"n_2", "n_3"}, ""),
    (Disconnect((Wire("n_2", "y", "n_3", "x"), Wire("n_7", "out", "n_6", "xs.7"))), {"n_2", "n_3", "n_6", "n_7"}, ""),
    (SetParameter("n_1", "channels", 7), {"n_1"}, ""),
    (SetParameter("n_1", "channels", "many"), {"n_1"}, ""),
    (SetParameter("n_7", "speed", None), {"n_7"}, ""),
    (SetParameter("n_7", "speed", [1, {"x": 2.5}]), {"n_7"}, ""),
    (Move((("n_1", (5.0, -3.0)), ("n_2", (0.5, 0.25)))), {"n_1", "n_2"}, "moved"),
    (SetNode("n_1", "title", "Stem"), {"n_1"}, ""),
    (SetNode("n_1", "frozen", True), {"n_1"}, ""),
    (SetNode("n_1", "tags", ("body", "teil-2")), {"n_1"}, ""),
    (SetPlan(Plan(batch_size=7)), set(), "plan"),
    (SetBinding(Binding(dataset="xor", fields=(("n_0", "x"),))), set(), "binding"),
    (SetAbout("Other", "notes"), set(), "about"),
    (
        Batch(
            "Both",
            (
                SetParameter("n_1", "channels", 3),
                Batch("in", (RemoveNodes(("n_1",)), AddNodes((Node("n_1", "relu"),)))),
            ),
        ),
        {"n_0", "n_1", "n_2", "n_6"},
        "",
    ),
    (AddGraph("block", Declaration("Block", exposes=(Exposed("width", "int", 8, least=1),))), set(), ""),
    (RemoveGraph("unit"), set(), ""),
    (
        Declare(Declaration("Net", "What it is.", exposes=(Exposed("act", "choice", "a", choices=("a", "b")),))),
        set(),
        "",
    ),
    (SetNode("n_1", "bypassed", True), {"n_1"}, ""),
    (SetNode("n_1", "collapsed", True), {"n_1"}, "moved"),
    (Annotate((Annotation("frame_1", "frame", "גוש", (1.0, 2.5), (300.0, 200.0), "blue"),)), set(), "moved"),
    (BendWire(Wire("n_2", "y", "n_3", "x"), ((1.0, 2.5), (3.0, -4.0))), {"n_2", "n_3"}, "moved"),
    (SetBookmark(3, Bookmark("main", (1.0, 2.0), 0.5)), set(), "moved"),
    (
        Batch(
            "Bend, cut, frame and take away",
            (
                BendWire(Wire("n_2", "y", "n_3", "x"), ((1.0, 2.5),)),
                Annotate((Annotation("note_1", "note", "two\nlines"), Annotation("frame_1", "frame"))),
                Annotate((Annotation("note_1", "note", "other"),), ("frame_1",)),
                Disconnect((Wire("n_2", "y", "n_3", "x"),)),
                SetBookmark(1, Bookmark("unit")),
            ),
        ),
        {"n_2", "n_3"},
        "",
    ),
    (AddCustom("cell", CustomCode("class Cell(nn.Module):\n    pass")), set(), ""),
    (RemoveCustom("gate"), set(), ""),
    (SetCustom("gate", CustomCode("not even Python\n")), set(), ""),
    (AddNodes((Node("new", "custom:gate"),)), {"new"}, ""),
    (Batch("Nothing"), set(), "moved"),
]


def label(value: Any) -> str:
    return value.label if hasattr(value, "label") else ""


@pytest.mark.parametrize(("edit", "touched", "about"), EDITS, ids=label)
def test_the_inverse_restores_the_file_byte_for_byte(edit: AnyEdit, touched: set[str], about: str) -> None:
    document = drawing()
    before = state(document)
    inverse = document.apply(edit)
    after = state(document)
    lint(document)
    back = document.apply(inverse)

    assert state(document) == before
    document.apply(back)
    assert state(document) == after, "the inverse of the inverse is not the edit"


@pytest.mark.parametrize(("edit", "touched", "about"), EDITS, ids=label)
def test_listeners_hear_once_what_was_touched(edit: AnyEdit, touched: set[str], about: str) -> None:
    document = drawing()
    heard: list[Change] = []
    seen: list[str] = []

    def listen(change: Change) -> None:
        heard.append(change)
        seen.append(dumps(document))

    stop = document.subscribe(listen)
    revision = document.revision
    inverse = document.apply(edit)

    (change,) = heard
    assert seen == [dumps(document)], "it was told before the document had changed"
    assert change.edit is edit
    assert change.nodes == {("main", node) for node in touched}
    assert (change.plan, change.binding, change.about) == tuple(about == each for each in ("plan", "binding", "about"))
    assert change.moved_only == (about in ("moved", "about"))
    assert document.revision == revision + 1
    stop()
    document.apply(inverse)
    assert len(heard) == 1


@pytest.mark.parametrize(("edit", "touched", "about"), EDITS, ids=label)
def test_its_label_is_short_enough_for_a_menu(edit: AnyEdit, touched: set[str], about: str) -> None:
    assert 0 < len(edit.label) <= 40
    assert "\n" not in edit.label


def test_an_edit_says_what_it_does() -> None:
    assert AddNodes((Node("a", "conv2d"),)).label == "Add Conv 2d"
    assert AddNodes((Node("a", "conv2d", title="Stem"),)).label == "Add Stem"
    assert AddNodes((Node("a", "relu"), Node("b", "relu"))).label == "Add 2 nodes"
    assert RemoveNodes(("a",)).label == "Delete 1 node"
    assert SetNode("a", "frozen", False).label == "Thaw a"


A_CIRCLE = "That would be a circle"
REFUSALS: list[tuple[AnyEdit, str]] = [
    (AddNodes((Node("n_1", "relu"),)), "There is a node called 'n_1' already"),
    (AddNodes((Node("a", "relu"), Node("a", "relu"))), "Two of the new nodes have one id"),
    (AddNodes((Node("Big", "relu"),)), "'Big' can't be an id"),
    (AddNodes((Node("a\n", "relu"),)), "can't be an id"),
    (AddNodes((Node("1a", "relu"),)), "can't be an id"),
    (AddNodes((Node("ä", "relu"),)), "can't be an id"),
    (AddNodes((Node("a", "relu", position=(float("nan"), 0)),)), "not a place"),
    (AddNodes((Node("a", "conv2d", {"kernel": float("inf")}),)), "not a number that a file can hold"),
    (AddNodes((Node("a", "conv2d", {"kernel": object()}),)), "object is not a value that a file can hold"),
    (AddNodes((Node("a", "relu"),), (Wire("n_1", "y", "a", "x"), Wire("n_2", "y", "a", "x"))), "has a wire already"),
    (AddNodes((Node("a", "relu"),), (Wire("n_1", "y", "a", "x"), Wire("a", "y", "b", "x"))), "There is no node 'b'"),
    (AddNodes((Node("a", "relu"),), graph="side"), "There is no graph called 'side'"),
    (RemoveNodes(("n_1", "gone")), "There is no node called 'gone'"),
    (Connect(Wire("n_4", "y", "n_1", "x")), A_CIRCLE),
    (Connect(Wire("n_1", "y", "n_1", "x")), A_CIRCLE),
    (Connect(Wire("n_1", "z", "n_4", "x")), "Conv 2d has no output 'z'"),
    (Connect(Wire("n_1", "y", "n_4", "z")), "Linear has no input 'z'"),
    (Connect(Wire("n_1", "y", "n_6", "xs")), "Add has no input 'xs'"),
    (Connect(Wire("gone", "y", "n_6", "xs.3")), "There is no node 'gone'"),
    (Disconnect((Wire("n_1", "y", "n_2", "x"), Wire("n_1", "y", "n_3", "x"))), "There is no wire n_1.y → n_3.x"),
    (SetParameter("n_1", "chanels", 3), "Conv 2d has no parameter 'chanels'"),
    (SetParameter("gone", "channels", 3), "There is no node called 'gone'"),
    (SetParameter("n_1", "channels", float("nan")), "nan is not a number that a file can hold"),
    (SetParameter("n_1", "kernel", [{"deep": {3}}]), "a set is not a value that a file can hold"),
    (SetParameter("n_1", "kernel", {1: 2}), "its keys must be text"),
    (Move((("n_1", (1.0, 1.0)), ("gone", (0.0, 0.0)))), "There is no node called 'gone'"),
    (Move((("n_1", (1.0, 1.0)), ("n_2", (0.0, float("nan"))))), "not a place"),
    (SetNode("gone", "title", "x"), "There is no node called 'gone'"),
    (SetNode("n_1", "tags", ("a b",)), "'a b' can't be a tag"),
    (SetNode("n_1", "tags", ("a", "a")), "A node has each of its tags once"),
    (SetNode("n_1", "title", True), "True can't be the title of a node"),
    (SetNode("n_1", "frozen", "yes"), "'yes' can't be the frozen of a node"),
    (SetPlan(Plan(batch_size=0)), "batch_size"),
    (
        SetPlan(Plan(stages=(Stage(updates=(Update(optimiser=Optimiser(learning_rate=float("nan"))),)),))),
        "learning_rate",
    ),
    (Batch("Two", (SetParameter("n_1", "channels", 3), SetParameter("n_1", "chanels", 3))), "no parameter 'chanels'"),
    (
        Batch(
            "Many",
            (
                RemoveNodes(("n_2",)),
                AddNodes((), (Wire("n_1", "y", "n_3", "x"),)),
                AddNodes((Node("new", "relu"),), (Wire("n_0", "y", "n_6", "xs.9"),)),
                Batch("in", (Move((("n_1", (9.0, 9.0)),)), SetAbout("T", "N"))),
                Disconnect((Wire("n_4", "y", "n_5", "x"),)),
                Connect(Wire("n_4", "y", "n_1", "x")),
            ),
        ),
        A_CIRCLE,
    ),
]


@pytest.mark.parametrize(("edit", "why"), REFUSALS, ids=lambda value: value if isinstance(value, str) else "")
def test_a_refusal_says_why_and_changes_nothing(edit: AnyEdit, why: str) -> None:
    document = drawing()
    before, revision = state(document), document.revision
    heard: list[Change] = []
    document.subscribe(heard.append)
    with pytest.raises(EditRefused) as caught:
        document.apply(edit)

    assert why in str(caught.value)
    assert str(caught.value)[-1] in ".]", caught.value
    assert state(document) == before
    assert (heard, document.revision) == ([], revision)
    lint(document)


@given(st.lists(edits, max_size=12))
def test_any_edit_is_taken_back_exactly_or_refused_without_a_trace(sequence: list[AnyEdit]) -> None:
    document = drawing()
    inverses: list[tuple[Edit, tuple[Any, ...]]] = []
    for edit in sequence:
        before = state(document)
        try:
            inverse = document.apply(edit)
        except EditRefused:
            assert state(document) == before
        else:
            inverses.append((inverse, before))
        lint(document)
    for inverse, before in reversed(inverses):
        document.apply(inverse)
        assert state(document) == before


# A circle, a wire to no port, and null for a parameter: only a file can bring them in.
FROM_A_FILE = """{"format": "layerloom", "version": 1, "graphs": {"main": {
"nodes": [{"id": "a", "block": "relu"}, {"id": "b", "block": "conv2d", "parameters": {"kernel": null, "groups": 2}},
{"id": "c", "block": "add"}, {"id": "d", "block": "relu"}, {"id": "e", "block": "relu"}],
"wires": [["a", "y", "b", "x"], ["b", "y", "c", "xs.0"], ["c", "y", "a", "x"], ["a", "q", "d", "nowhere"],
["d", "y", "d", "x"]]}}}"""


@pytest.mark.parametrize(
    "edit",
    [
        RemoveNodes(("b",)),
        RemoveNodes(("a", "d")),
        Disconnect((Wire("c", "y", "a", "x"),)),
        Disconnect((Wire("a", "q", "d", "nowhere"), Wire("d", "y", "d", "x"))),
        Connect(Wire("e", "y", "a", "x")),
        SetParameter("b", "kernel", 5),
        Batch("Both", (RemoveNodes(("c",)), SetParameter("b", "kernel", None))),
    ],
    ids=label,
)
def test_what_may_not_be_drawn_comes_back_as_it_was_in_the_file(edit: AnyEdit) -> None:
    document = loads(FROM_A_FILE)
    before = state(document)
    inverse = document.apply(edit)
    assert state(document) != before
    lint(document, drawn=False)
    document.apply(inverse)

    assert state(document) == before


def test_a_snapshot_is_not_touched_by_later_edits_and_has_no_listeners() -> None:
    document = drawing()
    heard: list[Change] = []
    document.subscribe(heard.append)
    snapshot = document.snapshot()
    before = state(snapshot)
    assert snapshot.revision == document.revision

    for edit, _, _ in EDITS:
        document.apply(document.apply(edit))
    document.apply(RemoveNodes(("n_1",)))
    assert state(snapshot) == before
    count = len(heard)
    snapshot.apply(RemoveNodes(("n_2",)))
    assert len(heard) == count
    assert "n_2" in document.main
    lint(document)
    lint(snapshot)


def test_a_document_is_what_its_edits_made_of_it() -> None:
    document = Document()
    assert (document.title, document.notes, list(document.graphs), len(document.main)) == ("Untitled", "", ["main"], 0)
    lint(document)
