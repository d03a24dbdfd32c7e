"""What all items of a scene share while they are painted: the style, and how close the eye is."""

from __future__ import annotations

from enum import IntEnum

from app.canvas.paint.sprites import Pictures, Sprites
from app.canvas.paint.style import CanvasStyle


class Detail(IntEnum):
    """How much is drawn, from far to near."""

    FAR = 0
    """One function draws everything as coloured boxes and lines."""
    ICON = 1
    """A box in the category's colour with its icon."""
    TEXT = 2
    """Everything."""


_ICON_FROM, _TEXT_FROM = 0.25, 0.52


class Look:
    """The style and scale with which a scene is painted.

    `scale` is device-independent pixels for a scene unit, `ratio` device pixels for one of those. `detail` depends on
    how large the text would be, so it follows the system's text size as the rest does.
    """

    __slots__ = ("detail", "pictures", "ratio", "scale", "sprites", "style")

    def __init__(self, style: CanvasStyle) -> None:
        self.style = style
        self.sprites = Sprites()
        self.pictures = Pictures()
        self.ratio = 1.0
        self.scale = 1.0
        self.detail = Detail.TEXT
        self.set_scale(style.unit)

    def set_scale(self, scale: float) -> None:
        self.scale = scale
        zoom = scale / min(self.style.unit, 1.0)
        self.detail = Detail.TEXT if zoom >= _TEXT_FROM else Detail.ICON if zoom >= _ICON_FROM else Detail.FAR
