"""Line icons from `assets/icons`, drawn by Qt at any size and scale, in a colour of the palette.

An icon is asked for by name and colour role and follows the theme by itself: its recoloured SVG lies under a
path in memory, and a change of theme replaces what lies there.
"""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING

from PySide6.QtCore import QSize
from PySide6.QtGui import QIcon, QPixmapCache

import assets
from app.theme.resources import ResourceBundle

if TYPE_CHECKING:
    from collections.abc import Iterable

    from app.theme.colors import Palette

_ROOT = "layerloom"
_PATH = re.compile(rf":/{_ROOT}/([\w.]+)/([\w-]+)\.svg")


class UnknownIcon(KeyError):
    """No such file in `assets/icons`."""


@cache
def icon_names() -> tuple[str, ...]:
    """The names of all icons, sorted."""
    return tuple(sorted(file.stem for file in assets.path("icons").glob("*.svg")))


def icon_path(name: str, role: str) -> str:
    """The path under which Qt finds the icon once the store has been asked for it."""
    return f":/{_ROOT}/{_folder(role)}/{name}.svg"


class IconStore:
    """The icons in use, in the colours of the palette of the moment."""

    def __init__(self, palette: Palette) -> None:
        self._palette = palette
        self._icons: dict[tuple[str, str], QIcon] = {}
        self._known: set[tuple[str, str]] = set()
        self._bundles: list[ResourceBundle] = []

    def icon(self, name: str, role: str = "text_dim") -> QIcon:
        """The icon `name` in the colour `role` (a `ColorRole`, `category:…` or `kind:…`), greyed when
        disabled.

        Raises: UnknownIcon; KeyError when there is no such role.
        """
        key = (name, role)
        if key not in self._icons:
            self._add({key, (name, "text_disabled")})
            made = QIcon()
            for mode in (QIcon.Mode.Normal, QIcon.Mode.Active, QIcon.Mode.Selected):
                made.addFile(icon_path(name, role), QSize(), mode)
            made.addFile(icon_path(name, "text_disabled"), QSize(), QIcon.Mode.Disabled)
            self._icons[key] = made
        return self._icons[key]

    def provide(self, stylesheet: str) -> None:
        """Makes every icon that a style sheet names by path known to Qt.

        Raises: UnknownIcon; KeyError when a path names no role.
        """
        self._add({(name, _role(folder)) for folder, name in _PATH.findall(stylesheet)})

    def recolor(self, palette: Palette) -> None:
        """Replaces every icon by the same in the colours of `palette`; what shows one must be repainted."""
        self._palette = palette
        for bundle in self._bundles:
            bundle.unregister()
        self._bundles.clear()
        self._register(self._known)
        QPixmapCache.clear()

    def _add(self, keys: set[tuple[str, str]]) -> None:
        new = keys - self._known
        self._register(new)
        self._known |= new

    def _register(self, keys: Iterable[tuple[str, str]]) -> None:
        contents = {
            icon_path(name, role).removeprefix(":/"): _source(name).replace(
                b"currentColor", self._palette.color(role).encode()
            )
            for name, role in keys
        }
        if contents:
            bundle = ResourceBundle(contents)
            bundle.register()
            self._bundles.append(bundle)


@cache
def _source(name: str) -> bytes:
    file = assets.path("icons") / f"{name}.svg"
    if not file.is_file():
        raise UnknownIcon(f"There is no icon named {name!r} in assets/icons.")
    return file.read_bytes()


def _folder(role: str) -> str:
    """A role as a folder's name: `category:skip & merge` becomes `category.skip`."""
    group, _, name = role.partition(":")
    return f"{group}.{name.lower().split()[0]}" if name else role


def _role(folder: str) -> str:
    return folder.replace(".", ":")
