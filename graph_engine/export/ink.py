"""In which colours a drawing is written: those of the window's light theme, or black for printers and photocopies."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType

from graph_engine.blocks import Kind
from graph_engine.export import colors


class Style(StrEnum):
    """How a drawing looks. `PRINT` is black on white: what wires carry is told by dashes, blocks by their titles."""

    LIGHT = "light"
    PRINT = "print"


@dataclass(frozen=True, slots=True)
class Ink:
    """The colours of one style, as `#rrggbb`, and the dashes of wires as SVG writes them (empty: a solid line).

    `categories` is empty where strips have no colours to tell.
    """

    paper: str
    body: str
    line: str
    rule: str
    text: str
    text_dim: str
    text_faint: str
    danger: str
    kinds: Mapping[str, str]
    categories: Mapping[str, str]
    unknown_category: str
    dashes: Mapping[str, str] = field(default_factory=dict)

    @staticmethod
    def of(style: Style) -> Ink:
        return _INKS[style]

    def kind(self, kind: Kind) -> str:
        """The colour of a wire that carries `kind`."""
        return self.kinds.get(kind, self.unknown_category)

    def category(self, title: str) -> str:
        """The colour of the strip of a node."""
        return self.categories.get(title, self.unknown_category)

    def dash(self, kind: Kind) -> str:
        """The attribute that dashes a wire that carries `kind`."""
        dashes = self.dashes.get(kind, "")
        return f' stroke-dasharray="{dashes}"' if dashes else ""


_LIGHT = Ink(
    colors.PAPER,
    colors.BODY,
    colors.LINE,
    colors.RULE,
    colors.TEXT,
    colors.TEXT_DIM,
    colors.TEXT_FAINT,
    colors.DANGER,
    colors.KINDS,
    colors.CATEGORIES,
    colors.UNKNOWN_CATEGORY,
)
_BLACK = "#000000"
_PRINT = Ink(
    "#ffffff",
    "#ffffff",
    _BLACK,
    "#b0b0b0",
    _BLACK,
    "#262626",
    "#404040",
    _BLACK,
    MappingProxyType({kind.value: _BLACK for kind in Kind}),
    MappingProxyType({}),
    _BLACK,
    MappingProxyType(
        {
            Kind.VOLUME.value: "12 2.5",
            Kind.SEQUENCE.value: "8 3",
            Kind.VECTOR.value: "4.5 3",
            Kind.TOKENS.value: "8 3 1 3",
            Kind.LABEL.value: "1 3.2",
            Kind.SCALAR.value: "2.5 4.5",
            Kind.MEMORY.value: "12 3 4 3",
            Kind.ANY.value: "8 3 1 3 1 3",
        }
    ),
)
_INKS = MappingProxyType({Style.LIGHT: _LIGHT, Style.PRINT: _PRINT})
