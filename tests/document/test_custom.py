"""Custom blocks in a document: data that edits change, that files keep, and that a copy takes along."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from app.canvas.changes import add_fragment, fragment_of
from app.canvas.clipboard import ClipboardError, from_text, to_text
from graph_engine.document import (
    AddCustom,
    AddGraph,
    AddNodes,
    CustomCode,
    Declaration,
    Document,
    EditRefused,
    History,
    Node,
    RemoveCustom,
    SetCustom,
)
from graph_engine.document.diff import Kind, difference
from graph_engine.document.file import FileError, dumps, loads
from graph_engine.document.journal import recoverable
from tests.customs import GATED, classifier


def test_a_use_gets_a_readable_id_and_the_ports_of_the_source() -> None:
    document = classifier()
    assert document.main.fresh_id("custom:gated_conv") == "gated_conv_3"
    block = document.main.block("gated_conv_1")
    assert block is not None
    assert (block.title, block.inputs[0].name, block.outputs[0].name) == ("Gated conv", "x", "y")


@pytest.mark.parametrize("source", ["", "\n", "not Python", GATED, "tab\there\r\nand \x0c \u2028 \ud83d", "a\n\n\n"])
def test_any_source_survives_the_file_letter_by_letter(source: str) -> None:
    document = Document()
    document.apply(AddCustom("block", CustomCode(source, {"since": "9.1"})))
    text = dumps(document)
    assert json.loads(text)["version"] == 2
    opened = loads(text)
    assert opened.customs == document.customs
    assert dumps(opened) == text


def test_a_file_without_custom_blocks_is_as_it_was() -> None:
    text = dumps(Document())
    assert json.loads(text)["version"] == 1
    assert "custom" not in json.loads(text)


@pytest.mark.parametrize(
    ("section", "words"),
    [
        ([], '"custom" must be an object'),
        ({"No": {"source": [""]}}, "'No' can't name a custom block"),
        ({"class": {"source": [""]}}, "'class' can't name a custom block"),
        ({"a": []}, "custom block 'a' must be an object"),
        ({"a": {}}, '"source" must be the list of its lines, not null'),
        ({"a": {"source": "x"}}, '"source" must be the list of its lines, not "x"'),
        ({"a": {"source": ["x", 3]}}, '"source" must be the list of its lines'),
        ({"a": {"source": ["x\ny"]}}, '"source" must be the list of its lines'),
        ({"a": {"source": []}}, '"source" must be the list of its lines'),
    ],
)
def test_a_section_that_is_wrong_is_told_in_a_sentence(section: object, words: str) -> None:
    value = {**json.loads(dumps(Document())), "version": 2, "custom": section}
    with pytest.raises(FileError) as raised:
        loads(json.dumps(value), "net.loom")
    assert words in str(raised.value)
    assert str(raised.value).startswith("net.loom: ")


def test_one_that_is_used_stays_and_one_that_is_not_there_can_t_be_placed() -> None:
    document = classifier()
    with pytest.raises(EditRefused, match="gated_conv is used by gated_conv_1 in main; delete that first"):
        document.apply(RemoveCustom("gated_conv"))
    with pytest.raises(EditRefused, match="There is no custom block 'other' in this document"):
        document.apply(AddNodes((Node("n", "custom:other"),)))
    with pytest.raises(EditRefused, match="can't name a custom block"):
        document.apply(AddCustom("Not a name", CustomCode("")))


def test_another_source_touches_every_use_also_inside_composites() -> None:
    document = classifier()
    document.apply(AddGraph("inner", Declaration("Inner"), (Node("gate", "custom:gated_conv"),)))
    touched: list[set[tuple[str, str]]] = []
    document.subscribe(lambda change: touched.append(change.nodes))
    history = History(document)
    before = dumps(document)
    history.perform(SetCustom("gated_conv", CustomCode(GATED.replace("width", "channels"))))
    assert touched == [{("main", "gated_conv_1"), ("main", "gated_conv_2"), ("inner", "gate")}]
    block = document.main.block("gated_conv_1")
    assert block is not None
    assert block.parameter("channels") is not None
    assert history.undo_label == "Change the custom block gated_conv"
    history.undo()
    assert dumps(document) == before


def test_a_snapshot_has_custom_blocks_of_its_own() -> None:
    document = classifier()
    snapshot = document.snapshot()
    document.apply(SetCustom("gated_conv", CustomCode("")))
    assert snapshot.customs["gated_conv"].source == GATED
    block = snapshot.main.block("gated_conv_1")
    assert block is not None
    assert block.title == "Gated conv"


def test_a_copy_takes_its_custom_blocks_along_also_those_inside_composites() -> None:
    source = classifier()
    source.apply(AddGraph("inner", Declaration("Inner"), (Node("gate", "custom:gated_conv"),)))
    source.apply(AddNodes((Node("inner_1", "@inner"),)))
    fragment = from_text(to_text(fragment_of(source.main, ["inner_1"])))

    other = Document()
    other.apply(AddCustom("gated_conv", CustomCode("class Other(nn.Module): ...")))
    edit, _ = add_fragment(other.main, fragment, (0.0, 0.0), "main")
    inverse = other.apply(edit)
    assert other.customs["gated_conv_2"].source == GATED
    assert other.graphs["inner"]["gate"].block == "custom:gated_conv_2"
    other.apply(inverse)
    assert list(other.customs) == ["gated_conv"]

    same = classifier()
    edit, names = add_fragment(same.main, fragment_of(source.main, ["gated_conv_1"]), (0.0, 0.0), "main")
    same.apply(edit)
    assert list(same.customs) == ["gated_conv"], "the same source is the same block"
    assert same.main[names["gated_conv_1"]].block == "custom:gated_conv"


def test_a_composite_kept_elsewhere_takes_its_code_along() -> None:
    from graph_engine.document.own_blocks import keep

    document = classifier()
    inside = (Node("in", "input", {"name": "x"}), Node("gate", "custom:gated_conv"))
    document.apply(AddGraph("inner", Declaration("Inner"), inside))
    kept = keep(document, "inner", "Inner", "")
    assert kept.document.customs == document.customs
    assert kept.is_like(document, "inner")
    document.apply(SetCustom("gated_conv", CustomCode("class Other(nn.Module): ...")))
    assert not kept.is_like(document, "inner"), "its code is another"

    edit, name = kept.bring(document)
    document.apply(edit)
    assert name == "@inner_2"
    assert document.graphs["inner_2"]["gate"].block == "custom:gated_conv_2"
    assert document.customs["gated_conv_2"].source == GATED


def test_other_code_is_a_difference() -> None:
    before, after = classifier(), classifier()
    assert not difference(before, after)
    after.apply(SetCustom("gated_conv", CustomCode(GATED.replace("tanh", "sin"))))
    after.apply(AddCustom("other", CustomCode("")))
    found = difference(before, after)
    assert found.computes_otherwise
    assert found.summary() == "1 custom block added, 1 custom block changed"
    assert [(change.custom, change.kind) for change in found.customs] == [
        ("gated_conv", Kind.CHANGED),
        ("other", Kind.ADDED),
    ]


def test_a_copied_custom_block_that_is_none_is_told() -> None:
    text = to_text(fragment_of(classifier().main, ["gated_conv_1"])).replace("add_custom", "remove_custom")
    with pytest.raises(ClipboardError, match="can't be pasted"):
        from_text(text)


def test_a_killed_process_loses_no_custom_block(tmp_path: Path) -> None:
    program = f"""
import os, signal
from pathlib import Path
from graph_engine.document import *
from graph_engine.document.journal import Journal
document = Document()
history = History(document)
journal = Journal(Path({str(tmp_path)!r}), document)
history.applied = journal.record
source = {GATED!r}
history.perform(AddCustom("gate", CustomCode("x = 1")))
history.perform(AddNodes((Node("gate_1", "custom:gate"),)))
history.perform(SetCustom("gate", CustomCode(source)))
os.kill(os.getpid(), signal.SIGKILL)
"""
    ended = subprocess.run([sys.executable, "-c", program], check=False, env=dict(os.environ))
    assert ended.returncode == -signal.SIGKILL
    (left,) = recoverable(tmp_path)
    document = left.document()
    assert document.customs["gate"].source == GATED
    assert document.main["gate_1"].block == "custom:gate"
