"""Pictures of the drawing: a page of PDF with lines and fonts, pixels at any scale."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from PySide6.QtGui import QImage
from pytestqt.qtbot import QtBot

from app.picture import export_pdf, export_png
from app.theme.typography import load_fonts
from graph_engine.export import Style
from graph_engine.export.svg import draw
from presets import open_preset


@pytest.fixture(autouse=True)
def _fonts(qtbot: QtBot) -> None:
    load_fonts()


def test_a_page_has_the_size_of_the_drawing_and_holds_its_fonts(tmp_path: Path) -> None:
    from graph_engine.check import Checker

    document = open_preset("lenet5")
    export_pdf(document, tmp_path / "net.pdf", Style.PRINT)
    content = (tmp_path / "net.pdf").read_bytes()
    match = re.search(r'width="([\d.]+)" height="([\d.]+)"', draw(document, Checker().check(document), Style.PRINT))
    assert match is not None
    box = re.search(rb"/MediaBox \[0 0 ([\d.]+) ([\d.]+)\]", content)
    assert box is not None
    for points, pixels in zip(map(float, box.groups()), map(float, match.groups()), strict=True):
        assert points == pytest.approx(0.75 * pixels, abs=1.5)
    assert content.count(b"/Type /Page\n") + content.count(b"/Type /Page ") == 1
    assert b"/FontFile" in content
    assert b"/Subtype /Image" not in content


def test_a_picture_has_as_many_pixels_as_are_asked_for(tmp_path: Path) -> None:
    document = open_preset("xor")
    sizes = []
    for scale in (0.5, 1.0, 3.0):
        export_png(document, tmp_path / "net.png", Style.LIGHT, scale)
        sizes.append(QImage(str(tmp_path / "net.png")).width() / scale)
    assert max(sizes) - min(sizes) <= 2


def test_a_picture_too_large_is_made_as_large_as_can_be_and_says_so(tmp_path: Path) -> None:
    written = export_png(open_preset("lenet5"), tmp_path / "net.png", Style.LIGHT, 16.0)
    assert "the largest that can be made" in written.checked
    image = QImage(str(tmp_path / "net.png"))
    assert 50e6 < image.width() * image.height() <= 60.1e6
