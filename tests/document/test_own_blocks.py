"""The user's library: composites kept as files, used in other documents, revised, thrown away and taken back."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from graph_engine.check import Checker
from graph_engine.document import AddNodes, Batch, Connect, Declare, Document, EditRefused, Node, SetParameter, Wire
from graph_engine.document.builder import Builder
from graph_engine.document.file import FileError, dumps, load
from graph_engine.document.own_blocks import OwnBlock, OwnBlockError, keep, read_library, revise, take_back, throw_away
from graph_engine.document.updating import update_composite


def drawing() -> Document:
    """`outer` uses `inner`; both expose a width."""
    net = Builder("Drawing")
    inner = net.composite("inner", "Inner")
    width = inner.expose("width", 4, least=1)
    inner.output(inner.add("relu", inner.add("conv2d", inner.input("x", 4, 8, 8), channels=width)), "y")
    outer = net.composite("outer", "Outer", help="Two of them.")
    base = outer.expose("base", 2)
    x = outer.input("x", 4, 8, 8)
    outer.output(outer.add("add", outer.add("@inner", x, width=base), outer.add("@inner", x, width=base)), "y")
    net.output(net.add("@outer", net.input("image", 4, 8, 8), base=3, times=1))
    return net.document


def kept(tmp_path: Path) -> OwnBlock:
    return keep(drawing(), "outer", "Pair", "Two in a row.", folder=tmp_path)


def test_a_block_is_kept_whole_and_lands_in_another_document_in_one_step(tmp_path: Path) -> None:
    made = kept(tmp_path)

    (found,) = read_library(tmp_path).blocks
    assert (found.name, found.title, found.key) == ("pair", "Pair", "my:pair")
    assert found.block.__doc__ == "Two in a row."
    assert [spec.name for spec in found.block.parameters()] == ["base"]
    assert found.path == made.path == tmp_path / "pair.loom"
    assert load(found.path).title == "Pair", "it is a document like any other"

    here = Builder("Here")
    image = here.input("image", 4, 8, 8)
    document = here.document
    before = dumps(document)
    edit, block = found.bring(document)
    node = Node("pair_1", block, {"base": 5})
    undo = document.apply(
        Batch("Add", (*edit.edits, AddNodes((node,)), Connect(Wire(image.node, image.output, "pair_1", "x"))))
    )
    assert set(document.composites) == {"pair", "inner"}
    here.output(replace(image, node="pair_1", output="y"))
    result = Checker().check(document)
    assert result.errors == []
    assert result.total.params == 2 * (5 * 4 * 9 + 5)
    assert found.bring(document)[0].edits == (), "what is there already is used"

    document.apply(SetParameter("conv2d_1", "channels", 7, "inner"))
    edit, block = found.bring(document)
    assert block == "@pair_2", "what was changed here stays, beside the kept one"
    assert [each.graph for each in edit.edits] == ["inner_2", "pair_2"]  # type: ignore[union-attr]
    document.apply(SetParameter("conv2d_1", "channels", "=width", "inner"))
    assert dumps(document) != before
    assert undo.label == "Add"


def test_it_is_another_block_once_either_changes_but_not_when_nodes_move_or_words_change(tmp_path: Path) -> None:
    document = drawing()
    block = keep(document, "outer", "Pair", folder=tmp_path)
    assert block.is_like(document, "outer")
    document.apply(Declare(replace(document.graphs["outer"].declaration, help="Other words."), "outer"))
    assert block.is_like(document, "outer")
    document.apply(SetParameter("conv2d_1", "kernel", 5, "inner"))
    assert not block.is_like(document, "outer"), "what is inside it counts"


def test_names_are_told_apart_and_a_revised_one_keeps_what_it_is(tmp_path: Path) -> None:
    first = kept(tmp_path)
    with pytest.raises(OwnBlockError, match="a block called Pair already"):
        keep(drawing(), "inner", "pair", folder=tmp_path)
    with pytest.raises(OwnBlockError, match="needs a name"):
        keep(drawing(), "inner", "  ", folder=tmp_path)
    other = keep(drawing(), "inner", "One", folder=tmp_path)
    with pytest.raises(OwnBlockError, match="called One already"):
        revise(first, "One", "")

    renamed = revise(first, "Twins", "Both.")
    assert [each.title for each in read_library(tmp_path).blocks] == ["One", "Twins"]
    assert renamed.path.name == "twins.loom"
    assert not first.path.exists()
    assert renamed.is_like(drawing(), "outer")
    assert revise(other, "One", "Said anew.").path == other.path


def test_replacing_one_writes_its_file_anew(tmp_path: Path) -> None:
    first = kept(tmp_path)
    changed = drawing()
    changed.apply(SetParameter("conv2d_1", "kernel", 5, "inner"))
    again = keep(changed, "outer", "Pair", "", first, tmp_path)
    assert again.path == first.path
    assert read_library(tmp_path).blocks[0].is_like(changed, "outer")


def test_one_thrown_away_can_be_taken_back_unless_another_has_its_place(tmp_path: Path) -> None:
    block = kept(tmp_path)
    text = block.path.read_text()
    thrown = throw_away(block)
    assert read_library(tmp_path).blocks == ()
    assert thrown.parent == tmp_path / "trash"
    take_back(block, thrown)
    assert block.path.read_text() == text

    first = throw_away(block)
    again = throw_away(kept(tmp_path))
    assert first != again, "nothing in the trash is written over"
    kept(tmp_path)
    with pytest.raises(OwnBlockError, match="is there again"):
        take_back(block, first)
    assert first.exists()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda text: text[: len(text) // 2], "not valid JSON"),
        (lambda _: "\x00", "not valid JSON"),
        (lambda text: text.replace('"@outer"', '"relu"').replace('"@pair"', '"relu"'), "should hold one node"),
        (lambda text: text.replace("@inner", "@gone"), "uses the composite gone, which is not in that file"),
        (lambda text: text.replace("@inner", "@pair"), "part of itself"),
        (lambda text: text.replace('"version": 1', '"version": 99'), "newer Layerloom"),
    ],
)
def test_a_broken_file_is_told_in_words_and_passed_over(tmp_path: Path, change, words: str) -> None:  # type: ignore[no-untyped-def]
    broken = kept(tmp_path)
    keep(drawing(), "inner", "One", folder=tmp_path)
    broken.path.write_text(change(broken.path.read_text()))
    library = read_library(tmp_path)
    assert [each.title for each in library.blocks] == ["One"]
    (fault,) = library.faults
    assert words in fault
    assert str(broken.path) in fault


def test_without_a_folder_there_are_no_blocks(tmp_path: Path) -> None:
    library = read_library(tmp_path / "nothing")
    assert library.blocks == library.faults == ()


def test_a_folder_that_can_not_be_written_loses_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    block = kept(tmp_path)
    text = block.path.read_text()

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(FileError, match="No space left"):
        revise(block, "Other", "")
    assert block.path.read_text() == text
    assert [each.name for each in tmp_path.iterdir()] == ["pair.loom"]


def test_updating_follows_the_kept_one_in_one_step_and_keeps_what_fits(tmp_path: Path) -> None:
    document = drawing()
    other = Builder("Other")
    outer = other.composite("anything", "Outer")
    wide = outer.expose("wide", 6)
    x, more = outer.input("x", 4, 8, 8), outer.input("more", 4, 8, 8)
    outer.output(outer.add("conv2d", outer.add("add", x, more), channels=wide), "y")
    block = keep(other.document, "anything", "Outer", folder=tmp_path)
    before = dumps(document)

    edit = update_composite(document, "outer", block.document, block.graph)
    undo = document.apply(edit)

    (use,) = [node for node in document.main if node.block == "@outer"]
    assert dict(use.parameters) == {}, "base is exposed no more"
    assert document.main.wire_at(use.id, "x") is not None
    assert [port.name for port in document.find_block("@outer").inputs] == ["x", "more"]  # type: ignore[union-attr]
    assert block.is_like(document, "outer")
    assert [problem.port for problem in Checker().check(document).errors] == ["more"]
    document.apply(undo)
    assert dumps(document) == before


def test_updating_drops_wires_at_ports_that_are_gone(tmp_path: Path) -> None:
    document = drawing()
    other = Builder("Other")
    outer = other.composite("anything", "Outer")
    outer.output(outer.add("relu", outer.input("picture", 4, 8, 8)), "z")
    block = keep(other.document, "anything", "Outer", folder=tmp_path)
    before = dumps(document)
    undo = document.apply(update_composite(document, "outer", block.document, block.graph))
    assert document.main.wires == []
    document.apply(undo)
    assert dumps(document) == before


def test_a_composite_is_not_updated_by_one_that_uses_it(tmp_path: Path) -> None:
    document = drawing()
    block = keep(document, "outer", "Inner", folder=tmp_path)
    before = dumps(document)
    with pytest.raises(EditRefused, match="part of itself"):
        document.apply(update_composite(document, "inner", block.document, block.graph))
    assert dumps(document) == before
