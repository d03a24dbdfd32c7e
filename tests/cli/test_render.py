"""`layerloom render`: a picture of the real window, without a display."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from app.cli.render import Panel

if TYPE_CHECKING:
    from tests.cli.conftest import Call

NO_SCREEN = {"DISPLAY": "", "WAYLAND_DISPLAY": "", "QT_QPA_PLATFORM": ""}


def _picture(path: Path) -> tuple[tuple[int, int], float]:
    """Size and mean brightness (0 to 255) of a picture."""
    from PySide6.QtGui import QImage

    image = QImage(str(path))
    points = [(x, y) for x in range(0, image.width(), 20) for y in range(0, image.height(), 20)]
    return (image.width(), image.height()), sum(image.pixelColor(*point).lightness() for point in points) / len(points)


def test_the_window_is_drawn_in_both_themes_and_any_size(process: Call, tmp_path: Path) -> None:
    looks = {}
    for theme in ("dark", "light"):
        path = tmp_path / f"{theme}.png"
        call = ("render", "xor", "-o", path, "--size", "1024x640", "--theme", theme, "--panel", "code")
        said = process(*call, env=NO_SCREEN)
        assert (said.status, said.err) == (0, "")
        assert f"{path} written, " in said.out
        size, looks[theme] = _picture(path)
        assert size == (1024, 640)
    assert looks["dark"] < 60
    assert looks["light"] > 200


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--size", "big"], ["--size takes", "'big'"]),
        (["--size", "10x10"], ["--size takes", "1024x640 to 8192x8192"]),
        (["--panel", "cod"], ["'--panel'", "'cod'", "code"]),
        (["--theme", "blue"], ["'--theme'", "'blue'", "dark"]),
    ],
    ids=" ".join,
)
def test_what_render_refuses(layerloom: Call, tmp_path: Path, options: list[str], words: list[str]) -> None:
    layerloom("render", "xor", "-o", tmp_path / "x.png", *options).assert_refused(2, *words)
    assert list(tmp_path.iterdir()) == []


def test_a_place_that_is_not_there_is_named(layerloom: Call, tmp_path: Path) -> None:
    layerloom("render", "xor", "-o", tmp_path / "lost" / "x.png").assert_refused(1, "no folder")


def test_the_panels_are_those_of_the_window() -> None:
    script = (
        "from app.start import render; from presets import open_preset; from pathlib import Path\n"
        "render(open_preset('xor'), (400, 400), 'nothing', 'dark', Path('x.png'))"
    )
    env = {**os.environ, "QT_QPA_PLATFORM": "offscreen"}
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False, env=env)
    named = done.stderr.rpartition("There are: ")[2].strip().rstrip(".").split(", ")
    assert named == list(Panel)
