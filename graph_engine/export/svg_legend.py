"""What the colours (or dashes) of a drawing mean: kinds of tensors on its wires, categories of its blocks."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from graph_engine.blocks import Category, Kind
from graph_engine.document.geometry import TELL_SIZE, text_width
from graph_engine.export.ink import Ink
from graph_engine.export.svg_text import label

_SIGN = 20.0  # width of what stands before a text
_GAP = 8.0  # between them
_AFTER = 24.0  # to the next entry
_LINE = 22.0
_FOOT = 18.0


@dataclass(frozen=True, slots=True)
class Legend:
    """Entries in rows as wide as the drawing; wires first, then blocks on a line of their own."""

    kinds: tuple[Kind, ...]
    categories: tuple[str, ...]
    ink: Ink

    @staticmethod
    def of(kinds: Iterable[Kind], categories: Iterable[str], ink: Ink) -> Legend:
        """`categories` are those of all nodes, in any order; strips without colours need no legend."""
        found = set(categories) if ink.categories else set()
        return Legend(tuple(kinds), tuple(each.value for each in Category if each.value in found), ink)

    @property
    def widest(self) -> float:
        """The width of the longest entry: the drawing is no narrower."""
        return max((_width(text) for group in self._groups() for _, text in group), default=0.0)

    def height(self, room: float) -> float:
        """How high it is when it is `room` wide."""
        lines = sum(len(_rows(group, room)) for group in self._groups())
        return lines * _LINE + _FOOT if lines else 0.0

    def draw(self, x: float, y: float, room: float) -> Iterator[str]:
        """The entries as elements of SVG; the first line is centred on the height `y`."""
        if not self.kinds and not self.categories:
            return
        yield '<g class="legend">'
        for group in self._groups():
            for row in _rows(group, room):
                at = x
                for sign, text in row:
                    yield f'<g transform="translate({at:g} {y:g})">{sign}</g>'
                    yield label(text, at + _SIGN + _GAP, y, TELL_SIZE, self.ink.text_dim)
                    at += _width(text)
                y += _LINE
        yield "</g>"

    def _groups(self) -> tuple[list[_Entry], list[_Entry]]:
        ink = self.ink
        wires = [
            (
                f'<path d="M0 0H{_SIGN:g}" stroke="{ink.kind(kind)}" stroke-width="1.6"{ink.dash(kind)}/>',
                _kind_text(kind),
            )
            for kind in self.kinds
        ]
        blocks = [
            (f'<rect x="{_SIGN - 3:g}" y="-6.5" width="3" height="13" fill="{ink.category(title)}"/>', title)
            for title in self.categories
        ]
        return wires, blocks


_Entry = tuple[str, str]
"""A sign that is drawn from (0, 0) to the right, and the text behind it."""


def _rows(entries: list[_Entry], room: float) -> list[list[_Entry]]:
    rows: list[list[_Entry]] = []
    used = room
    for entry in entries:
        width = _width(entry[1])
        if not rows or used + width - _AFTER > room:
            rows.append([])
            used = 0.0
        rows[-1].append(entry)
        used += width
    return rows


def _width(text: str) -> float:
    return _SIGN + _GAP + text_width(text, TELL_SIZE) + _AFTER


def _kind_text(kind: Kind) -> str:
    return str(kind) if kind is Kind.SCALAR else f"{kind} {kind.axes}".strip()
