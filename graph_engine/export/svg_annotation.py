"""Frames and notes in a drawing, as on the canvas."""

from __future__ import annotations

from collections.abc import Iterator

from graph_engine.document import Annotation
from graph_engine.document.geometry import TELL_SIZE
from graph_engine.export.ink import Ink
from graph_engine.export.svg_text import cut, label, wrap, xml

_RADIUS = 8.0
_INSET = 10.0
_TITLE = 12.0  # from a frame's upper edge to the middle of its title
_LINE = 17.0
_CATEGORIES = {
    "blue": "Convolution",
    "green": "Recurrent",
    "orange": "Attention",
    "purple": "Skip & merge",
    "red": "Loss",
}


def draw_annotation(annotation: Annotation, ink: Ink) -> Iterator[str]:
    """A frame, dashed, with its title; or a note with as much of its text as it has room for."""
    x, y = annotation.position
    width, height = annotation.size
    color = ink.category(_CATEGORIES.get(annotation.color, ""))
    yield f'<g class="{annotation.kind}" transform="translate({x:g} {y:g})"><title>{xml(annotation.text)}</title>'
    box = f'<rect width="{width:g}" height="{height:g}" rx="{_RADIUS:g}" stroke="{color}"'
    room = width - 2 * _INSET
    if annotation.kind == "frame":
        yield f'{box} fill="{color}" fill-opacity="0.05" stroke-dasharray="5 4"/>'
        title = cut(annotation.text, TELL_SIZE, room)
        yield label(title, _INSET, _TITLE, TELL_SIZE, color, bold=True, room=room)
    else:
        yield f'{box} fill="{ink.body}"/>'
        lines = [
            line
            for text in annotation.text.split("\n")
            for line in wrap(text, TELL_SIZE, room, max(1, int((height - _INSET) / _LINE)))
        ]
        for at, line in enumerate(lines):
            if (at + 1) * _LINE <= height - _INSET / 2:
                yield label(line, _INSET, _INSET + (at + 0.5) * _LINE, TELL_SIZE, ink.text_dim)
    yield "</g>"
