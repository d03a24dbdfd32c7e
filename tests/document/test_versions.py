"""Earlier versions are kept whole, few enough, and come back in one step that can be undone."""

from __future__ import annotations

from pathlib import Path

import pytest

from graph_engine.document import Annotation, Document, History, SetAbout, SetNode
from graph_engine.document.annotating import Annotate
from graph_engine.document.file import dumps
from graph_engine.document.versions import MOST, Reason, Versions, restoring
from presets import open_preset

_DAY = 86_400.0


def test_a_version_is_the_document_and_is_kept_once(tmp_path: Path) -> None:
    document = open_preset("lenet5")
    versions = Versions(tmp_path, Path("/home/ada/net.loom"))
    first = versions.keep(document, Reason.SAVED)
    assert first is not None
    assert dumps(first.document()) == dumps(document)
    assert versions.keep(document, Reason.INTERVAL) is None
    document.apply(SetAbout("Mine", ""))
    versions.keep(document, Reason.INTERVAL)
    assert [each.reason for each in versions.list()] == [Reason.INTERVAL, Reason.SAVED]
    assert Versions(tmp_path, Path("/home/eve/net.loom")).list() == []


def test_they_are_few_and_the_old_ones_far_apart(tmp_path: Path) -> None:
    document = Document()
    versions = Versions(tmp_path, Path("net.loom"))
    for number in range(MOST + 60):
        document.apply(SetAbout(f"Version {number}", ""))
        versions.keep(document, Reason.INTERVAL, now=_DAY + 60.0 * number)
    found = versions.list()
    assert len(found) == MOST
    titles = [int(each.document().title.split()[1]) for each in found]
    assert titles == sorted(titles, reverse=True)
    assert titles[:20] == list(range(MOST + 59, MOST + 39, -1))
    assert titles[-1] == 0  # the first of all stays


def test_a_clock_that_was_set_back_changes_no_order(tmp_path: Path) -> None:
    document, versions = Document(), Versions(tmp_path, Path("net.loom"))
    for number, moment in enumerate((1000.0, 10.0, 10.0)):
        document.apply(SetAbout(str(number), ""))
        versions.keep(document, Reason.SAVED, now=moment)
    assert [each.document().title for each in versions.list()] == ["2", "1", "0"]


def test_other_files_are_passed_over(tmp_path: Path) -> None:
    versions = Versions(tmp_path, Path("net.loom"))
    versions.keep(Document(), Reason.SAVED)
    (versions.folder / "notes.txt").write_text("mine")
    (versions.folder / "12-other.loom").write_text("{}")
    assert len(versions.list()) == 1


@pytest.mark.parametrize(
    ("now", "then"), [("lenet5", "resnet:depth=18"), ("resnet:depth=18", "densenet"), ("densenet", "xor")]
)
def test_any_document_becomes_any_other_and_back_byte_for_byte(now: str, then: str) -> None:
    document, version = open_preset(now), open_preset(then)
    version.apply(Annotate((Annotation("note_1", "note", "Look here"),)))
    document.apply(Annotate((Annotation("note_2", "note", "Gone"),)))
    history = History(document)
    before = dumps(document)
    history.perform(restoring(document, version))
    assert dumps(document) == dumps(version)
    history.undo()
    assert dumps(document) == before
    history.redo()
    assert dumps(document) == dumps(version)


def test_one_jumps_through_the_history_near_and_far() -> None:
    document = open_preset("lenet5")
    history = History(document)
    states = [dumps(document)]
    for number in range(6):
        history.perform(SetNode("conv2d_1", "title", f"Conv {number}"))
        states.append(dumps(document))
    history.mark_saved()
    for position in (0, 6, 3, 3, 1, 5):
        history.go_to(position)
        assert history.position == position
        assert dumps(document) == states[position]
        assert len(history.labels) + len(history.undone_labels) == 6
        assert history.saved_position == 6
    assert history.undone_labels == ["Rename conv2d_1"]
    history.perform(SetNode("conv2d_1", "title", "Other"))
    assert history.saved_position is None
    history.go_to(99)
    assert history.position == 6
