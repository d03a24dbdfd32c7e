"""Pictures as others open them: the SVG in a browser, the PDF in a paper that LaTeX sets."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from PySide6.QtGui import QColor, QImage
from pytestqt.qtbot import QtBot

from app.picture import export_pdf, export_png
from app.theme.typography import load_fonts
from graph_engine.check import Checker
from graph_engine.export import Style
from graph_engine.export.svg import draw
from presets import open_preset

BROWSER = next(
    (found for name in ("chromium", "chromium-browser", "google-chrome") if (found := shutil.which(name))), None
)
LATEX = shutil.which("pdflatex")
_PAPER = r"""\documentclass{article}
\usepackage{graphicx}
\begin{document}
\begin{figure}\includegraphics[width=\textwidth]{net.pdf}\caption{A network}\end{figure}
\end{document}
"""


@pytest.fixture(autouse=True)
def _fonts(qtbot: QtBot) -> None:
    load_fonts()


def _share_near(picture: QImage, color: QColor) -> float:
    """Which share of the pixels has about this colour."""
    small = picture.scaled(400, 400 * picture.height() // picture.width())
    near = 0
    for x in range(small.width()):
        for y in range(small.height()):
            seen = small.pixelColor(x, y)
            near += sum(abs(a - b) for a, b in zip(seen.getRgb()[:3], color.getRgb()[:3], strict=True)) < 40
    return near / (small.width() * small.height())


@pytest.mark.skipif(BROWSER is None, reason="there is no browser here")
def test_a_browser_shows_the_svg_as_the_window_draws_it(tmp_path: Path) -> None:
    document = open_preset("resnet:depth=50")
    text = draw(document, Checker().check(document), Style.LIGHT)
    (tmp_path / "net.svg").write_text(text, encoding="utf-8")
    export_png(document, tmp_path / "ours.png", Style.LIGHT, 1.0)
    ours = QImage(str(tmp_path / "ours.png"))
    subprocess.run(
        [
            str(BROWSER),
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--hide-scrollbars",
            f"--user-data-dir={tmp_path / 'profile'}",
            f"--window-size={ours.width()},{ours.height()}",
            f"--screenshot={tmp_path / 'theirs.png'}",
            (tmp_path / "net.svg").as_uri(),
        ],
        check=True,
        capture_output=True,
        timeout=120,
        env=os.environ | {"HOME": str(tmp_path)},
    )
    theirs = QImage(str(tmp_path / "theirs.png"))
    assert (theirs.width(), theirs.height()) == (ours.width(), ours.height())
    for at in ((5, 5), (ours.width() - 6, ours.height() - 6)):
        assert theirs.pixelColor(*at) == ours.pixelColor(*at)
    edges = [ours.pixelColor(5, 5), QColor("#ffffff")]
    for color in edges:
        assert abs(_share_near(ours, color) - _share_near(theirs, color)) < 0.03
    alike = sum(
        sum(abs(a - b) for a, b in zip(one, other, strict=True)) < 60
        for x in range(0, ours.width(), 7)
        for y in range(0, ours.height(), 7)
        for one, other in [(ours.pixelColor(x, y).getRgb()[:3], theirs.pixelColor(x, y).getRgb()[:3])]
    )
    assert alike / (len(range(0, ours.width(), 7)) * len(range(0, ours.height(), 7))) > 0.96


@pytest.mark.skipif(LATEX is None, reason="there is no LaTeX here")
def test_latex_sets_the_pdf(tmp_path: Path) -> None:
    export_pdf(open_preset("resnet:depth=18"), tmp_path / "net.pdf", Style.PRINT)
    (tmp_path / "paper.tex").write_text(_PAPER, encoding="utf-8")
    done = subprocess.run(
        [str(LATEX), "-interaction=nonstopmode", "-halt-on-error", "paper.tex"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-1500:]
    assert "Output written on paper.pdf (1 page" in done.stdout
    assert "Warning: PDF inclusion" not in done.stdout, "a newer PDF than LaTeX takes"
    assert (tmp_path / "paper.pdf").stat().st_size > (tmp_path / "net.pdf").stat().st_size / 3
