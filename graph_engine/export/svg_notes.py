"""Frames and notes in a drawing, as on the canvas. Each line of a note runs in the direction of its script."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from unicodedata import bidirectional

from graph_engine.document import Annotation
from graph_engine.document.annotation import FRAME_HEAD
from graph_engine.document.geometry import TELL_SIZE, TITLE_SIZE
from graph_engine.export.ink import Ink
from graph_engine.export.svg_text import cut, label, wrap, xml

_INSET, _LINE = 10.0, 15.0
_CATEGORIES = {
    "blue": "Convolution",
    "green": "Recurrent",
    "orange": "Attention",
    "purple": "Skip & merge",
    "red": "Loss",
}


def extent(annotations: Iterable[Annotation]) -> list[tuple[float, float]]:
    """Corners of what is drawn."""
    found = []
    for each in annotations:
        left, top, right, bottom = each.rect
        found += [(left, top - (FRAME_HEAD if each.kind == "frame" else 0.0)), (right, bottom)]
    return found


def draw_frames(annotations: Iterable[Annotation], ink: Ink) -> Iterator[str]:
    """Frames with their titles, the largest first: they lie behind everything."""
    frames = [each for each in annotations if each.kind == "frame"]
    for each in sorted(frames, key=lambda each: -each.size[0] * each.size[1]):
        (x, y), (width, height) = each.position, each.size
        color = _color(each, ink)
        yield (
            f'<rect class="frame" x="{x:g}" y="{y:g}" width="{width:g}" height="{height:g}" rx="8" fill="{color}" '
            f'fill-opacity="0.05" stroke="{color}" stroke-dasharray="4 3"/>'
        )
        title = cut(each.text or "Frame", TITLE_SIZE, width - 16.0)
        yield label(title, x + 8.0, y - FRAME_HEAD / 2 + 2.0, TITLE_SIZE, color, bold=True)


def draw_notes(annotations: Iterable[Annotation], ink: Ink) -> Iterator[str]:
    """Notes with as many lines as they have room for."""
    for each in annotations:
        if each.kind != "note":
            continue
        (x, y), (width, height) = each.position, each.size
        yield (
            f'<rect class="note" x="{x:g}" y="{y:g}" width="{width:g}" height="{height:g}" rx="4" fill="{ink.body}" '
            f'stroke="{_color(each, ink)}"/>'
        )
        room, most = width - 2 * _INSET, max(int((height - _INSET) // _LINE), 1)
        lines = [line for part in each.text.split("\n") for line in wrap(part, TELL_SIZE, room, most)][:most]
        for at, line in enumerate(lines):
            middle = y + _INSET + at * _LINE + _LINE / 2 - 2.0
            if is_right_to_left(line):
                yield (
                    f'<text x="{x + width - _INSET:g}" y="{middle + 0.35 * TELL_SIZE:g}" direction="rtl" '
                    f'font-family="sans-serif" font-size="{TELL_SIZE:g}" fill="{ink.text}">{xml(line)}</text>'
                )
            else:
                yield label(line, x + _INSET, middle, TELL_SIZE, ink.text)


def is_right_to_left(text: str) -> bool:
    """Whether the first letter that has a direction is written from right to left."""
    strong = next((kind for letter in text if (kind := bidirectional(letter)) in ("L", "R", "AL")), "L")
    return strong != "L"


def _color(annotation: Annotation, ink: Ink) -> str:
    return ink.category(_CATEGORIES[annotation.color]) if annotation.color in _CATEGORIES else ink.text_faint
