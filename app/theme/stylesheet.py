"""The one style sheet: `qss/*.qss` with the colours, lengths and icons of the moment filled in.

In the templates `$panel` is a colour of the palette, `$alpha(accent, 30)` one at 30 % opacity, `$mix(danger,
field, 10)` 10 % of one on another, `$8` a length of 8 px, `$round(14)` the radius that makes 14 px with a
border of 1 px a circle and `$font(small)` a text height, both at the scale of the text, `$family(mono)` a
font family and `$icon(check, text)` the path of an icon.

What a widget is for is said by two properties (`set_role`, `set_surface`):

- `surface` on a container: `window`, `panel`, `canvas`, `raised`, `field`;
- `role` on a label: `title`, `heading`, `strong`, `section`, `small`, `dim`, `faint`, `mono`, `accent`,
  `danger`, `warning`, `success`; on a push button: `primary`, `danger`, `quiet`; on a tool button: `framed`,
  `small`; on a frame: `card`, `code`, `line`; on a text: `code`, `panel`; on a list, tree or table: `panel`
  (no frame, the ground of its panel; see `app.widgets.views`); on a progress bar: `success`, `danger`.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from PySide6.QtCore import Qt

from app.theme.colors import mix, rgba
from app.theme.icons import icon_path
from app.theme.typography import MONO_FAMILY, UI_FAMILY

if TYPE_CHECKING:
    from PySide6.QtWidgets import QWidget

    from app.theme.colors import Palette
    from app.theme.spacing import Spacing
    from app.theme.typography import Typography

Surface = Literal["window", "panel", "canvas", "raised", "field"]
Role = Literal[
    "title",
    "heading",
    "strong",
    "section",
    "small",
    "dim",
    "faint",
    "mono",
    "accent",
    "danger",
    "warning",
    "success",
    "primary",
    "quiet",
    "framed",
    "card",
    "code",
    "line",
    "panel",
    "",
]

_TOKEN = re.compile(r"\$(?:(\w+)\(([^)]*)\)|(\d+(?:\.\d+)?)|([a-z_]+))")
_FAMILIES = {"ui": UI_FAMILY, "mono": MONO_FAMILY}


def stylesheet(palette: Palette, type_: Typography, spacing: Spacing) -> str:
    """The style sheet of the application.

    Raises: KeyError when a template names a colour, family or function that there is not.
    """

    def fill(match: re.Match[str]) -> str:
        function, arguments, length, role = match.groups()
        if length:
            return f"{spacing.px(float(length))}px"
        if role:
            return palette.color(role)
        first, *rest = (part.strip() for part in arguments.split(","))
        if function == "alpha":
            return rgba(palette.color(first), float(rest[0]) / 100)
        if function == "mix":
            return mix(palette.color(first), palette.color(rest[0]), float(rest[1]) / 100)
        if function == "round":
            return f"{(spacing.px(float(first)) + 2) // 2}px"
        if function == "font":
            return f"{type_.pixel_size(first):.2f}px"  # type: ignore[arg-type]  # KeyError for an unknown one
        if function == "family":
            return f'"{_FAMILIES[first]}"'
        if function == "icon":
            return f"url({icon_path(first, rest[0])})"
        raise KeyError(function)

    return _TOKEN.sub(fill, _template())


@cache
def _template() -> str:
    sheets = sorted(Path(__file__).with_name("qss").glob("*.qss"))
    return "\n".join(sheet.read_text(encoding="utf-8") for sheet in sheets)


def set_role(widget: QWidget, role: Role) -> None:
    """Says what a widget is for; its look follows at once."""
    _set_property(widget, "role", role)


def set_surface(widget: QWidget, surface: Surface) -> None:
    """Gives a container the ground it lies on."""
    widget.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
    _set_property(widget, "surface", surface)


def set_invalid(widget: QWidget, *, invalid: bool) -> None:
    """Marks a field whose text cannot be taken."""
    _set_property(widget, "invalid", invalid)


def _set_property(widget: QWidget, name: str, value: str | bool) -> None:
    if widget.property(name) == value:
        return
    widget.setProperty(name, value)
    is_list = widget.inherits("QAbstractItemView")  # which measures its rows before it is shown, and keeps that
    if not is_list and not widget.testAttribute(Qt.WidgetAttribute.WA_WState_Polished):
        return  # it is styled when it is first shown
    style = widget.style()
    style.unpolish(widget)
    style.polish(widget)
    widget.update()
