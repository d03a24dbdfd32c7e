"""Saving: all or nothing, on a disk that fills up or fails at any moment."""

from __future__ import annotations

import errno
import os
import resource
import signal
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from graph_engine.document.file import FileError, dumps, load, save, write_whole
from tests.document.drawings import drawing


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    """A file of a drawing."""
    path = tmp_path / "net.loom"
    save(drawing(), path)
    return path


def fails_with(number: int) -> Any:
    def fail(*_: Any, **__: Any) -> Any:
        raise OSError(number, os.strerror(number))

    return fail


@pytest.mark.parametrize("function", ["os.fsync", "os.replace", "os.chmod", "os.open"])
@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EIO, errno.EROFS, errno.EDQUOT])
def test_a_failing_disk_leaves_the_old_file_and_nothing_else(
    saved: Path, monkeypatch: pytest.MonkeyPatch, function: str, number: int
) -> None:
    before = saved.read_bytes()
    document = drawing()
    document.title = "Changed"
    with monkeypatch.context() as patch:
        patch.setattr(function, fails_with(number))
        with pytest.raises(FileError) as caught:
            save(document, saved)

    assert str(caught.value) == (
        f"{saved} could not be saved: {os.strerror(number)}. Nothing was changed on disk; "
        "choose another place or free some space."
    )
    assert saved.read_bytes() == before
    assert list(saved.parent.iterdir()) == [saved]


@contextmanager
def files_of_at_most(size: int) -> Iterator[None]:
    """As on a full disk: the system itself refuses to write further."""
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, limits[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, handler)


@pytest.mark.parametrize("size", [0, 1, 500])
def test_a_disk_that_fills_up_while_writing_leaves_the_old_file(saved: Path, size: int) -> None:
    before = saved.read_bytes()
    document = drawing()
    document.notes = "x" * 100_000
    with files_of_at_most(size), pytest.raises(FileError, match="could not be saved: File too large"):
        save(document, saved)

    assert saved.read_bytes() == before
    assert list(saved.parent.iterdir()) == [saved]
    save(document, saved)
    assert load(saved).notes == document.notes


def test_being_interrupted_leaves_the_old_file(saved: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = saved.read_bytes()

    def interrupt(_: int) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("os.fsync", interrupt)
        with pytest.raises(KeyboardInterrupt):
            save(drawing(), saved)
    assert saved.read_bytes() == before
    assert list(saved.parent.iterdir()) == [saved]


def test_a_file_system_that_cannot_make_a_folder_durable_saves_all_the_same(
    saved: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    document = drawing()
    document.title = "Changed"
    sync = os.fsync

    def sync_files_only(descriptor: int) -> None:
        if stat.S_ISDIR(os.fstat(descriptor).st_mode):
            raise OSError(errno.EINVAL, os.strerror(errno.EINVAL))
        sync(descriptor)

    monkeypatch.setattr("os.fsync", sync_files_only)
    save(document, saved)
    assert load(saved).title == "Changed"


def test_it_is_durable_before_it_is_in_place(saved: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    done: list[str] = []
    sync, old = os.fsync, saved.read_bytes()

    def noting(descriptor: int) -> None:
        done.append("folder" if stat.S_ISDIR(os.fstat(descriptor).st_mode) else "file")
        done.append("old there" if saved.read_bytes() == old else "new there")
        sync(descriptor)

    monkeypatch.setattr("os.fsync", noting)
    write_whole(saved, "new")
    assert done == ["file", "old there", "folder", "new there"]


@pytest.mark.parametrize("place", ["gone/net.loom", "net.loom/inside.loom", "."])
def test_a_place_that_is_none_is_explained(saved: Path, place: str) -> None:
    with pytest.raises(FileError, match="could not be saved"):
        save(drawing(), saved.parent / place)
    assert dumps(load(saved)) == dumps(drawing())


def test_permissions_and_links_stay(saved: Path, tmp_path: Path) -> None:
    saved.chmod(0o640)
    link = tmp_path / "link.loom"
    link.symlink_to(saved)
    document = drawing()
    document.title = "Changed"
    save(document, link)

    assert link.is_symlink()
    assert load(saved).title == "Changed"
    assert stat.S_IMODE(saved.stat().st_mode) == 0o640


def test_a_new_file_has_the_usual_permissions(tmp_path: Path) -> None:
    before = os.umask(0o027)
    try:
        save(drawing(), tmp_path / "new.loom")
        assert os.umask(0o027) == 0o027, "saving changed the umask"
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "new.loom").stat().st_mode) == 0o640
    assert (tmp_path / "new.loom").read_text("utf-8") == dumps(drawing())


def test_a_new_file_is_made_without_a_moment_in_which_all_threads_may_write_for_everybody(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The umask is one for all threads: to ask for it is to change it."""
    asked: list[int] = []
    monkeypatch.setattr(os, "umask", asked.append)
    for _ in range(2):  # new, and over itself
        write_whole(tmp_path / "new.loom", "{}")
    assert asked == []
    assert [each.name for each in tmp_path.iterdir()] == ["new.loom"]
