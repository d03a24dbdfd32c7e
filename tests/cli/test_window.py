"""`layerloom` and `layerloom FILE`: the window, or in words what it lacks, before Qt ends the process over it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from app import __main__
from graph_engine.document.file import save
from presets import open_preset

if TYPE_CHECKING:
    from tests.cli.conftest import Call

NO_SCREEN = {"DISPLAY": "", "WAYLAND_DISPLAY": "", "QT_QPA_PLATFORM": ""}


@pytest.fixture
def document(tmp_path: Path) -> Path:
    path = tmp_path / "net.loom"
    save(open_preset("xor"), path)
    return path


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[Path | None]:
    """What would be opened, instead of a window."""
    import app.start

    paths: list[Path | None] = []

    def open_window(path: Path | None) -> int:
        paths.append(path)
        return 0

    monkeypatch.setattr(app.start, "open_window", open_window)
    return paths


def test_without_a_screen_it_says_so_and_what_to_do(process: Call, document: Path) -> None:
    for call in ([], [document]):
        process(*call, env=NO_SCREEN).assert_refused(1, "needs a display", "layerloom --help")


def test_a_screen_that_does_not_answer_is_named(process: Call) -> None:
    process(env={**NO_SCREEN, "DISPLAY": ":4711"}).assert_refused(1, ":4711", "DISPLAY")


def test_a_missing_library_is_named_with_the_command(
    layerloom: Call, monkeypatch: pytest.MonkeyPatch, opened: list[Path | None]
) -> None:
    problem = "The window needs a system library that this machine lacks: libxcb-cursor.so.0. Install with: apt-get …"
    monkeypatch.setattr("graph_engine.doctor.window_problem", lambda: problem)
    layerloom().assert_refused(1, "libxcb-cursor.so.0", "Install with:")
    assert opened == []


def test_the_window_opens_empty_or_with_the_file(layerloom: Call, document: Path, opened: list[Path | None]) -> None:
    assert layerloom().status == 0
    assert layerloom(document).status == 0
    assert layerloom("--debug").status == 0
    assert opened == [None, document, None]


def test_a_file_that_is_not_there_opens_nothing(layerloom: Call, tmp_path: Path, opened: list[Path | None]) -> None:
    layerloom(tmp_path / "lost.loom").assert_refused(2, "lost.loom is not there")
    assert opened == []


def test_two_files_are_one_too_many(layerloom: Call, document: Path, opened: list[Path | None]) -> None:
    layerloom(document, document).assert_refused(2, "one document at a time")
    assert opened == []


def test_the_window_does_not_wait_for_the_command_line(document: Path) -> None:
    script = (
        "import sys; import app.start; app.start.open_window = lambda path: 0; from app.__main__ import main\n"
        f"status = main([{str(document)!r}])\n"
        "sys.stderr.write(','.join({'typer', 'rich', 'torch', 'numpy', 'pyqtgraph'} & set(sys.modules)))\n"
        "sys.exit(status)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_the_installed_program_is_this_one() -> None:
    import tomllib

    with (Path(__file__).parents[2] / "pyproject.toml").open("rb") as file:
        scripts = tomllib.load(file)["project"]["scripts"]
    assert scripts == {"layerloom": f"{__main__.__name__}:main"}
