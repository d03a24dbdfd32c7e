"""Copied nodes come back from wherever text goes: issues, chats, mails."""

from __future__ import annotations

import re
import textwrap

import pytest

from app.canvas import clipboard
from app.canvas.changes import fragment_of
from graph_engine.document import SetNode
from presets import open_preset


def _text() -> str:
    document = open_preset("resnet:depth=18")
    title = 'A "long" title, with words that are broken anywhere, a {brace} and a back\\slash'
    document.apply(SetNode("conv2d_1", "title", title))
    return clipboard.to_text(fragment_of(document.main, ("conv2d_1", "batch_norm_1", "basic_stage_1")))


def _wrapped(text: str, width: int) -> str:
    """As a mail program breaks lines: at spaces."""
    lines = (textwrap.wrap(line, width, break_long_words=False, break_on_hyphens=False) for line in text.splitlines())
    return "\n".join(line for part in lines for line in part)


@pytest.mark.parametrize(
    "mangle",
    [
        lambda text: text,
        lambda text: f"Look at this:\n\n```json\n{text}```\n\nWhy does it {{not}} train?",
        lambda text: "\n".join(f"> {line}" for line in text.splitlines()),
        lambda text: "\n".join(f"> > {line}" for line in _wrapped(text, 72).splitlines()),
        lambda text: _wrapped(text, 60),
        lambda text: text.replace("\n", "\r\n"),
        lambda text: textwrap.indent(text, "    "),
        lambda text: re.sub(r"\s+", " ", text),
        lambda text: text.replace("  ", "\u00a0 ").replace('"nodes"', '\u200b"nodes"'),
        lambda text: '{"format": "other"} and {"format": "layerloom-nodes", broken … ' + text,
    ],
    ids=[
        "plain",
        "fence",
        "quote",
        "quoted and wrapped",
        "wrapped",
        "crlf",
        "indented",
        "one line",
        "unseen",
        "others",
    ],
)
def test_it_survives(mangle: object) -> None:
    text = _text()
    assert clipboard.from_text(mangle(text)) == clipboard.from_text(text)  # type: ignore[operator]


def test_curly_quotes_are_made_straight() -> None:
    document = open_preset("lenet5")
    text = clipboard.to_text(fragment_of(document.main, ("conv2d_1", "tanh_1")))
    curly = re.sub(r'"([^"]*)"', "\u201c\\1\u201d", text)
    assert clipboard.FORMAT in curly
    assert clipboard.from_text(curly) == clipboard.from_text(text)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "holds no nodes"),
        ("hello { world }", "holds no nodes"),
        ('{"nodes": [1, 2]}', "holds no nodes"),
        ('{"format": "layerloom", "version": 1}', "whole document"),
        ('some words {"format": "layerloom-nodes", "version": 1, "nodes": [', "cut off"),
        ('{"format": "layerloom-nodes", "version": 99, "nodes": []}', "newer Layerloom"),
    ],
)
def test_what_is_not_ours_is_refused_in_words(text: str, message: str) -> None:
    with pytest.raises(clipboard.ClipboardError, match=message):
        clipboard.from_text(text)
