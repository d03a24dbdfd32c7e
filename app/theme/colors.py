"""The colours of the window: one palette of named roles, dark and light.

Every text role reaches WCAG AA (4.5 : 1) on every surface it may stand on, every strip, wire and curve 3 : 1
on what lies behind it; `tests/gui/test_theme.py` holds them to it. Chart series also stay apart for
colour-blind eyes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from types import MappingProxyType
from typing import Literal, get_args

from PySide6.QtGui import QColor

ColorRole = Literal[
    "window",
    "panel",
    "canvas",
    "grid",
    "raised",
    "hover",
    "pressed",
    "field",
    "selection",
    "line",
    "line_strong",
    "text",
    "text_dim",
    "text_faint",
    "text_disabled",
    "accent",
    "accent_fill",
    "accent_fill_hover",
    "accent_fill_pressed",
    "accent_text",
    "danger",
    "danger_fill",
    "danger_fill_hover",
    "warning",
    "success",
    "node_body",
    "node_line",
    "node_selected",
    "group_body",
    "group_line",
    "group_text",
    "shadow",
]
"""A colour of the palette by name."""

SyntaxRole = Literal["keyword", "name", "call", "string", "number", "constant", "comment", "operator"]
"""What a piece of source is, for its colour."""

_NEUTRAL = "neutral"


@dataclass(frozen=True, kw_only=True)
class Palette:
    """The colours of one theme, as `#rrggbb`.

    Surfaces, from the back to the front: `window` (behind all, status bar), `canvas` (with its `grid`),
    `panel` (side panels, bars), `raised` (buttons, cards, menus); `field` is sunk into a panel. `hover`,
    `pressed` and `selection` lie on any of them. `line` parts surfaces, `line_strong` outlines what can be
    operated. Texts go from `text` to `text_faint`; `text_disabled` alone may be hard to read. `accent` draws
    and writes on surfaces; `accent_fill` is the ground that `accent_text` is written on.
    """

    name: Literal["dark", "light"]

    window: str
    panel: str
    canvas: str
    grid: str
    raised: str
    hover: str
    pressed: str
    field: str
    selection: str
    line: str
    line_strong: str

    text: str
    text_dim: str
    text_faint: str
    text_disabled: str

    accent: str
    accent_fill: str
    accent_fill_hover: str
    accent_fill_pressed: str
    accent_text: str
    danger: str
    danger_fill: str
    danger_fill_hover: str
    warning: str
    success: str

    node_body: str
    node_line: str
    node_selected: str
    group_body: str
    group_line: str
    group_text: str
    shadow: str

    categories: Mapping[str, str]
    kinds: Mapping[str, str]
    syntax: Mapping[SyntaxRole, str]
    series: tuple[str, ...]

    @property
    def is_dark(self) -> bool:
        return self.name == "dark"

    def color(self, role: str) -> str:
        """The colour of a role: a `ColorRole`, `category:<name>` or `kind:<name>`.

        Raises: KeyError when there is no such role.
        """
        group, _, name = role.partition(":")
        if name:
            return {"category": self.category, "kind": self.kind}[group](name)
        if role not in get_args(ColorRole):
            raise KeyError(role)
        found: str = getattr(self, role)
        return found

    def category(self, name: str) -> str:
        """The strip colour of a block category, by its title in any case (`"Skip & merge"`); grey for an
        unknown one.
        """
        key = name.strip().lower()
        return self.categories.get(key) or self.categories.get(key.split()[0] if key else "", self.categories[_NEUTRAL])

    def kind(self, name: str) -> str:
        """The wire colour of a tensor kind (`"image"`); grey for an unknown one."""
        return self.kinds.get(name, self.kinds["any"])

    def curve(self, index: int) -> str:
        """The colour of the `index`-th chart series; they repeat after the last."""
        return self.series[index % len(self.series)]


def qcolor(color: str, alpha: float = 1.0) -> QColor:
    """`#rrggbb` as a QColor with `alpha` from 0 (clear) to 1 (solid)."""
    made = QColor(color)
    made.setAlphaF(alpha)
    return made


def rgba(color: str, alpha: float) -> str:
    """`#rrggbb` with `alpha` from 0 to 1, as style sheets write it."""
    made = QColor(color)
    return f"rgba({made.red()}, {made.green()}, {made.blue()}, {round(alpha * 255)})"


def mix(over: str, under: str, share: float) -> str:
    """`share` (0 to 1) of `over` laid on `under`, as a solid `#rrggbb`."""
    channels = (
        round(share * int(over[start : start + 2], 16) + (1 - share) * int(under[start : start + 2], 16))
        for start in (1, 3, 5)
    )
    return "#" + "".join(f"{channel:02x}" for channel in channels)


def luminance(color: str) -> float:
    """The relative luminance of `#rrggbb`, as WCAG 2 defines it: 0 black to 1 white."""

    def linear(channel: str) -> float:
        value = int(channel, 16) / 255
        return value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4

    red, green, blue = (linear(color[start : start + 2]) for start in (1, 3, 5))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """The contrast ratio of two colours, as WCAG 2 defines it: 1 (equal) to 21 (black on white)."""
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def _categories(**colors: str) -> Mapping[str, str]:
    """Strip colours by the first word of a category's title: `input` serves `Input & data` and `Input &
    output`.
    """
    return MappingProxyType(colors)


DARK = Palette(
    name="dark",
    window="#101217",
    panel="#1b1e25",
    canvas="#14161b",
    grid="#272c36",
    raised="#22262f",
    hover="#272c36",
    pressed="#2c323d",
    field="#12141a",
    selection="#25324b",
    line="#2e3440",
    line_strong="#757e8f",
    text="#e6e9ef",
    text_dim="#aab2bf",
    text_faint="#929aa8",
    text_disabled="#5c6472",
    accent="#5e9dff",
    accent_fill="#2563eb",
    accent_fill_hover="#2f6bee",
    accent_fill_pressed="#1d55d4",
    accent_text="#ffffff",
    danger="#f87171",
    danger_fill="#c93545",
    danger_fill_hover="#d03c4c",
    warning="#f0a63a",
    success="#45c480",
    node_body="#20242c",
    node_line="#343b48",
    node_selected="#5e9dff",
    group_body="#1a1a25",
    group_line="#5a5683",
    group_text="#b7a3f7",
    shadow="#000000",
    categories=_categories(
        input="#c3c9d3",
        convolution="#4f8ff7",
        pooling="#2cc5b3",
        dense="#8c96fa",
        normalisation="#8b93a3",
        activation="#e0bb3c",
        skip="#b07df5",
        attention="#f08c38",
        recurrent="#4cc474",
        memory="#2bb9e0",
        spatial="#f272b6",
        shape="#b3a48d",
        loss="#f26464",
        metric="#a8cf45",
        composites="#c3cad6",
        neutral="#8b93a3",
    ),
    kinds=MappingProxyType(
        {
            "image": "#4f8ff7",
            "volume": "#9d8cfb",
            "sequence": "#4cc474",
            "vector": "#f08c38",
            "tokens": "#e0bb3c",
            "label": "#f272b6",
            "scalar": "#c3c9d3",
            "memory": "#2bb9e0",
            "any": "#8b93a3",
        }
    ),
    syntax=MappingProxyType(
        {
            "keyword": "#b793f6",
            "name": "#e6e9ef",
            "call": "#6aa5ff",
            "string": "#8fce8b",
            "number": "#f0b26b",
            "constant": "#f29b54",
            "comment": "#8b93a1",
            "operator": "#aab2bf",
        }
    ),
    series=("#5b9bff", "#f08c38", "#6d834f", "#e80c97", "#f3c213", "#cdbaf8", "#39ef93", "#abdfd1"),
)

LIGHT = Palette(
    name="light",
    window="#e4e7ec",
    panel="#f7f8fa",
    canvas="#eceff3",
    grid="#d0d6df",
    raised="#ffffff",
    hover="#e9edf3",
    pressed="#dde3eb",
    field="#ffffff",
    selection="#d7e4fd",
    line="#d5dae2",
    line_strong="#7a8494",
    text="#191c22",
    text_dim="#454d5b",
    text_faint="#5a6270",
    text_disabled="#9aa2af",
    accent="#1a5cd8",
    accent_fill="#2563eb",
    accent_fill_hover="#1f5ae0",
    accent_fill_pressed="#1a4fc6",
    accent_text="#ffffff",
    danger="#bb2533",
    danger_fill="#c42b3a",
    danger_fill_hover="#b52433",
    warning="#8a5200",
    success="#13713a",
    node_body="#ffffff",
    node_line="#c3cad5",
    node_selected="#1a5cd8",
    group_body="#e9e7f4",
    group_line="#a79fd4",
    group_text="#5b42b0",
    shadow="#3a4356",
    categories=_categories(
        input="#5d6677",
        convolution="#2567e0",
        pooling="#0b8579",
        dense="#5a5fd8",
        normalisation="#767f8f",
        activation="#9a7400",
        skip="#8a46dd",
        attention="#c05c08",
        recurrent="#1c8544",
        memory="#0a7ea3",
        spatial="#cc2f86",
        shape="#84734f",
        loss="#d0303c",
        metric="#5f7f0d",
        composites="#394252",
        neutral="#767f8f",
    ),
    kinds=MappingProxyType(
        {
            "image": "#2567e0",
            "volume": "#6f55dd",
            "sequence": "#1c8544",
            "vector": "#c05c08",
            "tokens": "#917000",
            "label": "#cc2f86",
            "scalar": "#5d6677",
            "memory": "#0a7ea3",
            "any": "#767f8f",
        }
    ),
    syntax=MappingProxyType(
        {
            "keyword": "#7233c4",
            "name": "#191c22",
            "call": "#1a5cd8",
            "string": "#1b6f38",
            "number": "#93500a",
            "constant": "#a8450b",
            "comment": "#636b79",
            "operator": "#454d5b",
        }
    ),
    series=("#1f63de", "#c25a00", "#2d4a34", "#730d81", "#5e4913", "#b85a8a", "#4f14d9", "#9b7e55"),
)

PALETTES: Mapping[Literal["dark", "light"], Palette] = MappingProxyType({"dark": DARK, "light": LIGHT})

COLOR_FIELDS = tuple(field.name for field in fields(Palette) if field.name in get_args(ColorRole))
