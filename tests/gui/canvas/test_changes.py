"""Edits that gestures and keys make, without a window; and copied nodes as text."""

from __future__ import annotations

import json

import pytest

from app.canvas import changes
from app.canvas.clipboard import ClipboardError, from_text, to_text
from graph_engine.document import AddNodes, Document, History, Node, Wire
from graph_engine.document.builder import Builder
from graph_engine.document.file import dumps


def chain() -> Document:
    """input_1 → conv2d_1 → relu_1 → add_1 (with conv2d_1 as well)."""
    net = Builder("Chain")
    x = net.input("image", 1, 8, 8)
    conv = net.add("conv2d", x, channels=4, title="Stem")
    net.add("add", net.add("relu", conv), conv)
    return net.document


def wires(document: Document) -> set[str]:
    return {str(wire) for wire in document.main.wires}


def test_a_fragment_survives_as_text() -> None:
    graph = chain().main
    fragment = changes.fragment_of(graph, ("conv2d_1", "relu_1"))
    assert [str(wire) for wire in fragment.wires] == ["conv2d_1.y → relu_1.x"]
    assert [str(wire) for wire in fragment.incoming] == ["input_1.y → conv2d_1.x"]
    assert from_text(to_text(fragment)) == fragment


def test_a_copy_keeps_title_and_parameters_and_has_new_ids() -> None:
    document = chain()
    fragment = changes.fragment_of(document.main, ("conv2d_1", "relu_1"))
    edit, names = changes.add_fragment(document.main, fragment, (10.0, 20.0), "main")
    document.apply(edit)
    copy = document.main[names["conv2d_1"]]
    original = document.main["conv2d_1"]
    assert (copy.title, copy.parameters) == (original.title, original.parameters)
    assert copy.position == (original.position[0] + 10.0, original.position[1] + 20.0)
    assert f"{names['conv2d_1']}.y → {names['relu_1']}.x" in wires(document)


def test_incoming_wires_are_pasted_only_where_their_source_is() -> None:
    fragment = changes.fragment_of(chain().main, ("conv2d_1",))
    elsewhere = Document()
    edit, _ = changes.add_fragment(elsewhere.main, fragment, (0.0, 0.0), "main", with_incoming=True)
    elsewhere.apply(edit)
    assert elsewhere.main.wires == []


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "holds no nodes"),
        ("layerloom-nodes", "cut off or changed"),
        ('{"format": "other", "layerloom-nodes": 1}', "cut off or changed"),
        ('{"format": "layerloom-nodes", "version": 99}', "newer Layerloom"),
        ('{"format": "layerloom-nodes", "version": 1, "nodes": 4}', "nodes must be a list"),
        ('{"format": "layerloom-nodes", "version": 1, "nodes": [4]}', "a copied node must be an object"),
        ('{"format": "layerloom-nodes", "version": 1, "nodes": []}', "holds no nodes"),
        (
            (
                '{"format": "layerloom-nodes", "version": 1, '
                '"nodes": [{"id": "a", "block": "relu", "position": [0, 0]}], "wires": [["a", "y", "b", "x"]]}'
            ),
            "leads to a node that is not among them",
        ),
    ],
)
def test_text_that_holds_no_nodes_is_refused_in_words(text: str, said: str) -> None:
    with pytest.raises(ClipboardError, match=said):
        from_text(text)


def test_copied_text_is_json_with_a_node_a_line() -> None:
    text = to_text(changes.fragment_of(chain().main, ("conv2d_1", "relu_1")))
    assert json.loads(text)["version"] == 1
    assert sum('"id"' in line for line in text.splitlines()) == 2


def test_dissolving_joins_through_all_that_goes() -> None:
    document = chain()
    before = dumps(document)
    history = History(document)
    history.perform(changes.dissolve(document.main, ("conv2d_1", "relu_1"), "main"))
    assert wires(document) == {"input_1.y → add_1.xs.0", "input_1.y → add_1.xs.1"}
    history.undo()
    assert dumps(document) == before


def test_dissolving_a_source_leaves_its_targets_free() -> None:
    document = chain()
    document.apply(changes.dissolve(document.main, ("input_1",), "main"))
    assert document.main.wire_at("conv2d_1", "x") is None


def test_deleting_nodes_with_a_selected_wire_between_them() -> None:
    document = chain()
    wire = document.main.wire_at("relu_1", "x")
    assert wire is not None
    edit = changes.delete(("relu_1",), (wire,), "main")
    assert edit is not None
    document.apply(edit)
    assert "relu_1" not in document.main


def test_what_may_be_put_into_a_wire() -> None:
    document = chain()
    document.apply(AddNodes((Node("tanh_1", "tanh"), Node("input_9", "input"), Node("output_1", "output"))))
    graph = document.main
    assert changes.can_be_spliced(graph, "tanh_1")
    assert not changes.can_be_spliced(graph, "relu_1")
    assert not changes.can_be_spliced(graph, "input_9")
    assert not changes.can_be_spliced(graph, "output_1")
    wire = Wire("conv2d_1", "y", "relu_1", "x")
    edit = changes.splice(graph, graph["tanh_1"], wire, "main", added=False, position=(5.0, 6.0))
    assert edit is not None
    document.apply(edit)
    assert {"conv2d_1.y → tanh_1.x", "tanh_1.y → relu_1.x"} <= wires(document)
    assert document.main["tanh_1"].position == (5.0, 6.0)
