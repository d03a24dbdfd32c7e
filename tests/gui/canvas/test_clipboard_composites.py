"""Copied nodes take the composites that they use with them, to whichever document they are pasted into."""

from __future__ import annotations

import json

import pytest

from app.canvas import changes
from app.canvas.clipboard import ClipboardError, from_text, to_text
from graph_engine.check.checker import Checker
from graph_engine.document import Document, EditRefused, Move, Node, SetNode, SetParameter
from graph_engine.document.builder import Builder
from graph_engine.document.edits import AddGraph, AddNodes
from graph_engine.document.file import dumps


def nested(channels: int = 4) -> Document:
    """main uses `@outer`, that uses `@inner`; `@other` is not used."""
    net = Builder("Nested")
    inner = net.composite("inner", "Inner")
    width = inner.expose("width", channels)
    inner.output(inner.add("conv2d", inner.input("x", 4, 8, 8), channels=width), "y")
    outer = net.composite("outer")
    outer.output(outer.add("relu", outer.add("@inner", outer.input("x", 4, 8, 8), times=2)), "y")
    net.composite("other")
    net.output(net.add("@outer", net.input("image", 4, 8, 8)))
    return net.document


def copied(document: Document, *nodes: str) -> str:
    return to_text(changes.fragment_of(document.main, nodes))


def paste(document: Document, text: str, graph: str = "main") -> list[str]:
    """Paste in one step; the new ids."""
    edit, names = changes.add_fragment(document.graphs[graph], from_text(text), (0.0, 0.0), graph)
    document.apply(edit)
    return list(names.values())


ALL = ("input_1", "outer_1", "output_1")


def test_a_fragment_with_composites_survives_as_text() -> None:
    fragment = changes.fragment_of(nested().main, ALL)

    assert [each.graph for each in fragment.composites] == ["inner", "outer"]
    assert from_text(to_text(fragment)) == fragment


def test_another_document_gets_all_that_is_used_and_nothing_is_lost() -> None:
    document, here = nested(), Document()

    paste(here, copied(document, *ALL))

    assert set(here.graphs) == {"main", "inner", "outer"}
    assert Checker().check(here).total == Checker().check(document).total
    kept = Document(graphs={name: graph for name, graph in document.snapshot().graphs.items() if name != "other"})
    kept.title, kept.notes, kept.plan, kept.binding = here.title, here.notes, here.plan, here.binding
    assert dumps(here) == dumps(kept)


def test_pasting_is_one_step() -> None:
    here = Document()
    before = dumps(here)
    edit, _ = changes.add_fragment(here.main, from_text(copied(nested(), *ALL)), (0.0, 0.0), "main")

    here.apply(here.apply(edit))

    assert dumps(here) == before


def test_where_it_is_already_the_composite_is_used_wherever_its_nodes_stand() -> None:
    document, here = nested(), nested()
    here.apply(Move((("conv2d_1", (900.0, 900.0)),), "inner"))

    (new,) = paste(here, copied(document, "outer_1"))

    assert set(here.graphs) == {"main", "inner", "outer", "other"}
    assert here.main[new].block == "@outer"


def test_another_composite_of_that_name_stays_and_the_pasted_one_is_called_otherwise() -> None:
    document, here = nested(8), nested(4)
    before = {name: here.graphs[name].stamp for name in here.graphs if name != "main"}

    (new,) = paste(here, copied(document, "outer_1"))

    assert set(here.graphs) == {"main", "inner", "outer", "other", "inner_2", "outer_2"}
    assert here.main[new].block == "@outer_2"
    assert [node.block for node in here.graphs["outer_2"] if node.block.startswith("@")] == ["@inner_2"]
    assert here.graphs["inner_2"].declaration.exposes[0].default == 8
    assert {name: here.graphs[name].stamp for name in before} == before
    again = paste(here, copied(document, "outer_1"))  # the second time it is there
    assert [here.main[name].block for name in again] == ["@outer_2"]
    assert len(here.graphs) == 6


def test_pasting_into_a_composite_that_is_pasted_is_refused() -> None:
    document = nested()
    before = dumps(document)

    with pytest.raises(EditRefused, match="can't be part of itself"):
        paste(document, copied(document, "outer_1"), "inner")
    assert dumps(document) == before


def test_the_text_of_earlier_versions_is_read() -> None:
    value = json.loads(copied(nested(), "input_1"))

    assert "composites" not in value
    assert value["version"] == 1


def test_without_its_composite_a_use_is_pasted_where_the_document_has_one() -> None:
    value = json.loads(copied(nested(), "outer_1"))
    del value["composites"]

    here = nested()
    (new,) = paste(here, json.dumps(value))

    assert here.main[new].block == "@outer"
    with pytest.raises(EditRefused, match="no composite 'outer'"):
        paste(Document(), json.dumps(value))


@pytest.mark.parametrize("composites", [1, [1], [{"kind": "remove_nodes", "nodes": ["a"]}], [{"kind": "add_graph"}]])
def test_broken_composites_are_told(composites: object) -> None:
    value = json.loads(copied(nested(), "outer_1"))
    value["composites"] = composites

    with pytest.raises(ClipboardError, match="can't be pasted"):
        from_text(json.dumps(value))


def test_composites_that_use_one_another_in_a_circle_are_refused() -> None:
    value = json.loads(copied(nested(), "outer_1"))
    inner = value["composites"][0]
    inner["nodes"].append({"id": "outer_1", "block": "@outer", "position": [0, 0]})
    here = Document()
    before = dumps(here)

    with pytest.raises(EditRefused):
        paste(here, json.dumps(value))
    assert dumps(here) == before


def test_shared_weights_stay_shared_with_the_same_node_only() -> None:
    net = Builder("Siamese")
    image = net.input("image", 1, 8, 8)
    first = net.add("conv2d", image, channels=2)
    net.add("conv2d", image, channels=2, shares=first)
    document = net.document

    both = paste(document, copied(document, "conv2d_1", "conv2d_2"))
    (alone,) = paste(document, copied(document, "conv2d_2"))
    other = Document()  # a node of the same name and parameters, which is another
    other.apply(AddNodes((document.main["conv2d_1"].with_(position=(7.0, 7.0)),)))
    (elsewhere,) = paste(other, copied(document, "conv2d_2"))

    assert [document.main[name].shares for name in both] == ["", both[0]]
    assert document.main[alone].shares == "conv2d_1"
    assert other.main[elsewhere].shares == ""


def test_a_duplicate_shares_the_weights_that_the_original_shares() -> None:
    document = Document()
    document.apply(AddNodes((Node("conv2d_1", "conv2d"), Node("conv2d_2", "conv2d"))))
    document.apply(SetNode("conv2d_2", "shares", "conv2d_1"))

    fragment = changes.fragment_of(document.main, ["conv2d_2"])
    edit, names = changes.add_fragment(document.main, fragment, (0.0, 0.0), "main")
    document.apply(edit)

    assert document.main[names["conv2d_2"]].shares == "conv2d_1"


def test_incoming_wires_reach_the_ports_of_composites() -> None:
    document = nested()
    document.apply(SetParameter("input_1", "name", "picture"))

    fragment = from_text(copied(document, "output_1"))
    edit, names = changes.add_fragment(document.main, fragment, (0.0, 0.0), "main", with_incoming=True)
    document.apply(edit)

    assert document.main.wires_into(names["output_1"])["x"].source == "outer_1"


def test_a_composite_that_uses_none_is_carried_as_it_was_declared() -> None:
    document = nested()

    (carried, _) = changes.fragment_of(document.main, ["outer_1"]).composites

    inner = document.graphs["inner"]
    assert carried == AddGraph("inner", inner.declaration, tuple(inner), tuple(inner.wires))
