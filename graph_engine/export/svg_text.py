"""Texts in a drawing: their faces, their width, and how they are written as XML."""

from __future__ import annotations

import re
from collections.abc import Callable
from xml.sax.saxutils import escape, quoteattr

from graph_engine.document.geometry import text_width

# What draws the file takes the first face that it has.
SANS = "Inter, Helvetica, Arial, Liberation Sans, Noto Sans, sans-serif"
MONO = "JetBrains Mono, DejaVu Sans Mono, Menlo, monospace"

_MONO_ADVANCE = 0.6  # width of a letter of the mono face, relative to its height
_TIGHT = 0.8
_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def xml(text: str) -> str:
    """`text` as XML takes it: escaped, and without the characters that XML can't hold."""
    return escape(_NOT_XML.sub("\ufffd", text))


def label(
    text: str,
    x: float,
    y: float,
    size: float,
    color: str,
    *,
    bold: bool = False,
    face: str = SANS,
    room: float | None = None,
) -> str:
    """A text whose letters are centred on the height `y`.

    One that nearly fills its `room` is told how wide to be, since it may be shown in a wider face than ours.
    """
    weight = ' font-weight="600"' if bold else ""
    width = text_width(text, size)
    if room is not None and width > _TIGHT * room:
        weight += f' textLength="{min(width, room):g}" lengthAdjust="spacingAndGlyphs"'
    return (
        f'<text x="{x:g}" y="{y + 0.35 * size:g}" font-family={quoteattr(face)} font-size="{size:g}"{weight} '
        f'fill="{color}">{xml(text)}</text>'
    )


def cut(text: str, size: float, room: float) -> str:
    """As much of `text` as fits into `room`, with an ellipsis for the rest."""
    return _fitting(text, lambda part: text_width(part, size) <= room)


def cut_mono(text: str, size: float, room: float) -> str:
    """`cut` for the mono face."""
    return _fitting(text, lambda part: len(part) * _MONO_ADVANCE * size <= room)


def wrap(text: str, size: float, room: float, most: int) -> list[str]:
    """`text` broken between words into at most `most` lines, the last one cut."""
    lines = [""]
    for word in text.split():
        longer = f"{lines[-1]} {word}".strip()
        if len(lines) == most or not lines[-1] or text_width(longer, size) <= room:
            lines[-1] = longer
        else:
            lines.append(word)
    return [cut(line, size, room) for line in lines]


def _fitting(text: str, fits: Callable[[str], bool]) -> str:
    if fits(text):
        return text
    kept = next((end for end in range(len(text) - 1, 0, -1) if fits(f"{text[:end].rstrip()}…")), 0)
    return f"{text[:kept].rstrip()}…"
