"""The crash journal: whatever was recorded comes back; living windows are left alone; a full disk is told once."""

from __future__ import annotations

import errno
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from graph_engine.document import (
    AddNodes,
    AnyEdit,
    Batch,
    Document,
    Node,
    RemoveNodes,
    SetAbout,
    SetParameter,
    SetPlan,
    Wire,
)
from graph_engine.document.file import FileError, dumps
from graph_engine.document.journal import SUFFIX, Journal, recoverable
from tests.document.drawings import drawing

STEPS: list[AnyEdit] = [
    AddNodes((Node("new", "relu", title="größe 🙂"),), (Wire("n_2", "y", "new", "x"),)),
    SetParameter("n_1", "channels", [1, {"a": "\u2028\n\r"}]),
    RemoveNodes(("n_4", "n_5")),
    SetAbout("\ud83d", "a\nb"),
    SetPlan(drawing().plan.with_first()),
    Batch("Two", (SetParameter("n_1", "channels", 3), RemoveNodes(("new",)))),
]


@contextmanager
def journal_of(document: Document, folder: Path, **options: Any) -> Iterator[Journal]:
    """A journal that ends when the test does; the file stays as a crash leaves it, if it is asked for before."""
    journal = Journal(folder, document, **options)
    try:
        yield journal
    finally:
        journal.close()


def crashed(folder: Path, to: Path) -> Path:
    """What would be left if the process died now."""
    to.mkdir(exist_ok=True)
    for file in folder.glob("*"):
        (to / file.name).write_bytes(file.read_bytes())
    return to


def test_every_edit_comes_back(tmp_path: Path) -> None:
    document = drawing()
    with journal_of(document, tmp_path / "journal", path=tmp_path / "net.loom") as journal:
        for count, edit in enumerate(STEPS, start=1):
            document.apply(edit)
            journal.record(edit)
            (left,) = recoverable(crashed(tmp_path / "journal", tmp_path / "left"))
            assert dumps(left.document()) == dumps(document)
            assert (left.edits, left.path, left.title) == (count, tmp_path / "net.loom", "Drawing")


def test_a_document_without_a_file_is_told_by_its_title(tmp_path: Path) -> None:
    with journal_of(Document(title="Sketch"), tmp_path / "journal") as journal:
        journal.record(SetAbout("Sketch 2", ""))
        (left,) = recoverable(crashed(tmp_path / "journal", tmp_path / "left"))
    assert (left.path, left.title) == (None, "Sketch")
    left.discard()
    assert recoverable(tmp_path / "left") == []


def test_a_line_torn_at_any_byte_loses_that_line_alone(tmp_path: Path) -> None:
    document = drawing()
    texts = [dumps(document)]
    with journal_of(document, tmp_path / "journal") as journal:
        for edit in STEPS[:4]:
            document.apply(edit)
            journal.record(edit)
            texts.append(dumps(document))
        left = crashed(tmp_path / "journal", tmp_path / "left")
    (file,) = left.glob(f"*{SUFFIX}")
    whole = file.read_bytes()
    ends = [at for at, byte in enumerate(whole, start=1) if byte == ord("\n")]
    for length in range(ends[1], len(whole) + 1):
        file.write_bytes(whole[:length])
        written = sum(end <= length for end in ends[2:])
        found = recoverable(left)
        if not written:
            assert found == []
        else:
            assert dumps(found[0].document()) == texts[written], length
    file.write_bytes(whole[: ends[1] - 3])
    assert recoverable(left) == [], "without its beginning there is nothing to come back to"
    assert file.exists()


@pytest.mark.parametrize(
    "damage",
    [
        b"",
        b"\x00" * 500,
        b"[]\n5\n\n",
        b'"path"\n""\n{}\n',
        b'{"path": 5}\n"{}"\n{}\n',
        b'{"path": null}\n"{}"\n{}\n',
        b'{"path": null}\n{"a": 1}\n{}\n',
        b"[" * 100_000 + b"\n{}\n{}\n",
    ],
    ids=lambda damage: repr(damage[:30]),
)
def test_a_journal_damaged_at_its_head_is_passed_over(tmp_path: Path, damage: bytes) -> None:
    (tmp_path / f"a{SUFFIX}").write_bytes(damage)
    assert recoverable(tmp_path) == []


@pytest.mark.parametrize(
    "line",
    ["", "5", "{}", '{"kind": "batch"}', '{"kind": "move", "positions": 1}', "[" * 100_000],
    ids=lambda line: line[:30],
)
def test_after_a_damaged_line_what_came_before_comes_back(tmp_path: Path, line: str) -> None:
    document = drawing()
    with journal_of(document, tmp_path / "journal") as journal:
        for edit in STEPS[:2]:
            document.apply(edit)
            journal.record(edit)
        left = crashed(tmp_path / "journal", tmp_path / "left")
    (file,) = left.glob(f"*{SUFFIX}")
    with file.open("a") as handle:
        handle.write(f"{line}\n{json.dumps({'kind': 'set_about', 'title': 'T', 'notes': ''})}\n")
    (found,) = recoverable(left)
    assert dumps(found.document()) == dumps(document)


def test_the_journal_of_a_living_window_is_left_alone(tmp_path: Path) -> None:
    with journal_of(drawing(), tmp_path) as journal:
        journal.record(STEPS[0])
        assert recoverable(tmp_path) == []
        assert len(list(tmp_path.glob(f"*{SUFFIX}"))) == 1


def test_closing_on_purpose_leaves_nothing(tmp_path: Path) -> None:
    with journal_of(drawing(), tmp_path) as journal:
        journal.record(STEPS[0])
    assert list(tmp_path.iterdir()) == []


def test_a_journal_without_edits_is_nothing_to_recover(tmp_path: Path) -> None:
    with journal_of(drawing(), tmp_path / "journal"):
        left = crashed(tmp_path / "journal", tmp_path / "left")
    assert recoverable(left) == []
    assert list(left.iterdir()) == []
    assert recoverable(tmp_path / "not there") == []


def test_after_saving_only_later_edits_are_unsaved(tmp_path: Path) -> None:
    document = drawing()
    with journal_of(document, tmp_path / "journal") as journal:
        document.apply(STEPS[0])
        journal.record(STEPS[0])
        journal.rebase(tmp_path / "net.loom")
        assert recoverable(crashed(tmp_path / "journal", tmp_path / "left")) == []
        document.apply(STEPS[1])
        journal.record(STEPS[1])
        (left,) = recoverable(crashed(tmp_path / "journal", tmp_path / "left"))
    assert (left.edits, left.path) == (1, tmp_path / "net.loom")
    assert dumps(left.document()) == dumps(document)


def test_several_are_listed_newest_first(tmp_path: Path) -> None:
    for at, title in enumerate(("old", "new", "newest")):
        with journal_of(Document(title=title), tmp_path / title) as journal:
            journal.record(SetAbout(title, "x"))
            left = crashed(tmp_path / title, tmp_path / "left")
        for file in left.glob(f"*{SUFFIX}"):
            if file.stat().st_mtime > 10_000:
                os.utime(file, (1000 + at, 1000 + at))
    assert [found.title for found in recoverable(tmp_path / "left")] == ["newest", "new", "old"]


class FullDisk:
    """A disk on which so many bytes are left; `None`: as many as one likes."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.left: int | None = None
        self._write = os.write
        monkeypatch.setattr("os.write", self._take)

    def _take(self, descriptor: int, data: bytes) -> int:
        if self.left is None:
            return self._write(descriptor, data)
        if not self.left:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        data = data[: self.left]
        self.left -= len(data)
        return self._write(descriptor, data)


@pytest.mark.parametrize("room", [0, 1, 30, 800])
def test_a_full_disk_is_told_once_and_editing_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, room: int
) -> None:
    document, told = drawing(), list[str]()
    disk = FullDisk(monkeypatch)
    with journal_of(document, tmp_path / "journal", failed=told.append) as journal:
        document.apply(STEPS[0])
        journal.record(STEPS[0])
        recorded = dumps(document)
        disk.left = room
        for number in range(30):
            edit = SetParameter("n_1", "channels", number)
            document.apply(edit)
            journal.record(edit)
        assert len(told) == 1
        assert told[0].startswith(
            "The crash journal could not be written: No space left on device. Your drawing is safe"
        )
        (left,) = recoverable(crashed(tmp_path / "journal", tmp_path / "left"))
        if room < 100:
            assert dumps(left.document()) == recorded

        disk.left = None
        edit = SetParameter("n_1", "channels", 99)
        document.apply(edit)
        journal.record(edit)
        (left,) = recoverable(crashed(tmp_path / "journal", tmp_path / "left"))
        assert dumps(left.document()) == dumps(document), "the first edit after the outage brings all back"
        assert left.edits >= 1

        disk.left = 0
        journal.record(edit)
        assert len(told) == 2, "a second outage is told again"
    assert list((tmp_path / "journal").iterdir()) == []


def test_a_folder_that_cannot_be_written_is_told_and_tried_again(tmp_path: Path) -> None:
    (tmp_path / "journal").write_text("a file is in the way")
    document, told = drawing(), list[str]()
    with journal_of(document, tmp_path / "journal", failed=told.append) as journal:
        document.apply(STEPS[0])
        journal.record(STEPS[0])
        assert len(told) == 1
        (tmp_path / "journal").unlink()
        document.apply(STEPS[1])
        journal.record(STEPS[1])
        (left,) = recoverable(crashed(tmp_path / "journal", tmp_path / "left"))
        assert dumps(left.document()) == dumps(document)


def test_a_sync_that_fails_begins_a_new_file_and_tells_if_that_fails_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    document, told = drawing(), list[str]()
    with journal_of(document, tmp_path / "journal", failed=told.append) as journal:
        document.apply(STEPS[0])
        journal.record(STEPS[0])
        with monkeypatch.context() as patch:
            patch.setattr("os.fsync", _fails)
            journal._sync()
        assert told == []
        disk = FullDisk(monkeypatch)
        disk.left = 0
        journal.record(STEPS[1])
        assert len(told) == 1
        disk.left = None
        document.apply(STEPS[1])
        journal.record(STEPS[1])
        (left,) = recoverable(crashed(tmp_path / "journal", tmp_path / "left"))
        assert dumps(left.document()) == dumps(document)


def _fails(_: int) -> None:
    raise OSError(errno.EIO, os.strerror(errno.EIO))


def test_a_recovery_whose_journal_is_gone_says_so(tmp_path: Path) -> None:
    with journal_of(drawing(), tmp_path / "journal") as journal:
        journal.record(STEPS[0])
        (left,) = recoverable(crashed(tmp_path / "journal", tmp_path / "left"))
    left.discard()
    left.discard()
    with pytest.raises(FileError, match="is damaged and can't be read"):
        left.document()
