"""The page: whole, escaped, with the drawing and the source in it, and nothing loaded from elsewhere."""

from __future__ import annotations

import re
from html import unescape
from pathlib import Path

from graph_engine.compile import compile_document
from graph_engine.document import Document, SetAbout
from graph_engine.export import Target, export_document
from presets import open_preset


def test_every_preset_becomes_a_page(name: str, tmp_path: Path) -> None:
    document = open_preset(name)
    page = export_document(document, Target.HTML, tmp_path / "net.html").path.read_text()
    assert page.startswith("<!doctype html>")
    (source,) = re.findall(r"<pre>\n(.*)</pre>", page, re.DOTALL)
    assert unescape(source) == compile_document(document, for_export=True).source
    assert page.count('class="node"') == len(document.main)
    assert not re.search(r"<script|<link|\bsrc=|url\(|https?://(?!www\.w3\.org/2000/svg)", page)


def test_whatever_title_and_notes_hold_is_only_text(lenet: Document, tmp_path: Path) -> None:
    lenet.apply(SetAbout("<script>alert(1)</script>", "a < b & </p><img src=x>"))
    page = export_document(lenet, Target.HTML, tmp_path / "net.html").path.read_text()
    assert "<script>" not in page
    assert "<img" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page


def test_the_figures_are_there(lenet: Document, tmp_path: Path) -> None:
    page = export_document(lenet, Target.HTML, tmp_path / "net.html").path.read_text().replace("\u202f", " ")
    for figure in ("61 706", "416 520", "N×1×32×32", "N×10"):
        assert f"<dd>{figure}</dd>" in page
