"""Where user data lives, and what is said when it cannot live there."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import platformdirs
import pytest

from graph_engine.home import HomeError, home, journal_folder, place, runs_folder, settings_folder


def test_the_variable_names_the_folder_and_it_is_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    chosen = tmp_path / "deep" / "home"
    monkeypatch.setenv("LAYERLOOM_HOME", str(chosen))

    assert place() == chosen
    assert not chosen.exists()
    assert home() == chosen
    assert chosen.is_dir()


@pytest.mark.parametrize("value", ["", "  ", None])
def test_without_the_variable_it_is_where_the_system_keeps_user_data(
    value: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    if value is None:
        monkeypatch.delenv("LAYERLOOM_HOME")
    else:
        monkeypatch.setenv("LAYERLOOM_HOME", value)

    assert place() == Path(platformdirs.user_data_dir("layerloom"))


def test_a_relative_folder_and_a_tilde_become_absolute(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LAYERLOOM_HOME", "here")
    assert place() == tmp_path / "here"

    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("LAYERLOOM_HOME", "~/there")
    assert place() == tmp_path / "there"


@pytest.mark.parametrize(
    ("folder", "name"), [(runs_folder, "runs"), (journal_folder, "journal"), (settings_folder, "settings")]
)
def test_each_kind_of_data_has_a_folder(folder: Callable[[], Path], name: str, layerloom_home: Path) -> None:
    assert folder() == layerloom_home / name
    assert (layerloom_home / name).is_dir()


def test_a_file_in_its_place_is_an_error_in_words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "file"
    file.touch()
    monkeypatch.setenv("LAYERLOOM_HOME", str(file))

    with pytest.raises(HomeError, match=f"in {file}: it is a file, not a folder.*set LAYERLOOM_HOME"):
        home()

    monkeypatch.setenv("LAYERLOOM_HOME", str(file / "below"))
    with pytest.raises(HomeError, match="not a directory"):
        runs_folder()


def test_a_folder_that_cannot_be_written_is_an_error_in_words(
    layerloom_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Permissions do not bind root, as which tests may run; so the system's answer is replaced.
    monkeypatch.setattr(os, "access", lambda path, mode: Path(path) != layerloom_home / "journal")

    with pytest.raises(HomeError, match="journal: it cannot be written"):
        journal_folder()
