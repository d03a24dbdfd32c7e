"""Why the window cannot start is said in words, before Qt aborts the process over it."""

from __future__ import annotations

import socket
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from graph_engine.doctor import window, window_problem
from graph_engine.doctor.display import Display, find_display, find_displays
from graph_engine.doctor.libraries import LibrariesUnknown, MissingLibrary

NOBODY = ":54321"  # no X server has this number


@pytest.fixture
def bare(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """No display of any kind, and all of Qt's libraries."""
    for name in ("QT_QPA_PLATFORM", "DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(window, "loads", lambda path: True)
    return monkeypatch


def test_off_screen_nothing_stands_in_the_way(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QT_QPA_PLATFORM", "offscreen")

    assert window_problem() is None


def test_without_a_display_it_says_what_works_without_one(bare: pytest.MonkeyPatch) -> None:
    assert find_display() is None
    assert window_problem() == window.NO_DISPLAY
    assert "WAYLAND_DISPLAY nor DISPLAY" in window.NO_DISPLAY


def test_a_display_that_does_not_answer_is_named(bare: pytest.MonkeyPatch) -> None:
    bare.setenv("DISPLAY", NOBODY)

    problem = window_problem()
    assert problem is not None
    assert f"X display {NOBODY} (DISPLAY) does not answer" in problem


def test_wayland_comes_before_x_and_x_is_taken_when_it_alone_answers(bare: pytest.MonkeyPatch, tmp_path: Path) -> None:
    bare.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    bare.setenv("WAYLAND_DISPLAY", "wayland-7")
    bare.setenv("DISPLAY", NOBODY)

    assert [display.platform for display in find_displays()] == ["wayland", "xcb"]
    problem = window_problem()
    assert problem is not None
    assert "Wayland display wayland-7" in problem

    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(tmp_path / "wayland-7"))
        server.listen()
        assert find_display() == Display("wayland", "wayland-7")
        assert window_problem() is None


def test_the_platform_asked_for_decides(bare: pytest.MonkeyPatch) -> None:
    bare.setenv("QT_QPA_PLATFORM", "xcb;offscreen:size=800x600")

    assert [(display.platform, display.problem) for display in find_displays()] == [
        ("xcb", "DISPLAY is not set."),
        ("offscreen", None),
    ]
    assert window_problem() is None


def test_missing_libraries_are_named_with_the_command(bare: pytest.MonkeyPatch) -> None:
    bare.setenv("QT_QPA_PLATFORM", "offscreen")
    bare.setattr(window, "loads", lambda path: False)
    bare.setattr(window, "missing_libraries", lambda platforms: (MissingLibrary("libEGL.so.1", "libegl1"),))
    bare.setattr(window, "install_command", lambda libraries: "sudo apt-get install -y libegl1")

    assert window_problem() == (
        "The window needs a system library that this machine lacks: libEGL.so.1. "
        "Install with: sudo apt-get install -y libegl1"
    )


def test_libraries_that_cannot_be_examined_or_are_broken_are_said_to_be(bare: pytest.MonkeyPatch) -> None:
    def unknown(platforms: object) -> tuple[MissingLibrary, ...]:
        raise LibrariesUnknown("there is no ldd")

    bare.setenv("QT_QPA_PLATFORM", "offscreen")
    bare.setattr(window, "loads", lambda path: False)

    bare.setattr(window, "missing_libraries", unknown)
    assert window_problem() == "Qt's libraries cannot be loaded. there is no ldd"

    bare.setattr(window, "missing_libraries", lambda platforms: ())
    problem = window_problem()
    assert problem is not None
    assert "Reinstall PySide6-Essentials" in problem


def test_without_pyside_the_command_that_installs_it_is_given(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(window, "qt_folder", lambda: None)

    problem = window_problem()
    assert problem is not None
    # the very range that the project asks for
    lines = metadata.requires("layerloom") or []
    (needed,) = [each for each in map(Requirement, lines) if each.name.lower() == "pyside6-essentials"]
    given = Requirement(problem.rpartition("-m pip install ")[2].strip("'"))
    assert given.specifier == needed.specifier


def test_asking_imports_no_qt_and_little_else() -> None:
    program = (
        "import sys; from graph_engine.doctor import window_problem; window_problem();"
        "print(*{'PySide6', 'torch', 'numpy', 'packaging', 'subprocess'} & set(sys.modules))"
    )
    answer = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True, text=True)

    assert answer.stdout.strip() == ""
