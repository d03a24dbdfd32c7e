"""Type: the faces that come with Layerloom and the few sizes in use, all relative to the system's text
size.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from PySide6.QtGui import QFont, QFontDatabase, QGuiApplication

import assets

UI_FAMILY = "Inter"
MONO_FAMILY = "JetBrains Mono"
BASE_PIXELS = 13.0
"""The text height (px) that the spacing is drawn for; a smaller system font is raised to it."""

TextRole = Literal["body", "strong", "small", "section", "heading", "title", "display", "mono", "mono_small"]

_SIZES: dict[TextRole, float] = {
    "body": 1.0,
    "strong": 1.0,
    "small": 0.923,
    "section": 0.846,
    "heading": 1.154,
    "title": 1.385,
    "display": 1.846,
    "mono": 0.962,
    "mono_small": 0.885,
}
_WEIGHTS: dict[TextRole, QFont.Weight] = {
    "strong": QFont.Weight.DemiBold,
    "section": QFont.Weight.DemiBold,
    "heading": QFont.Weight.DemiBold,
    "title": QFont.Weight.DemiBold,
    "display": QFont.Weight.DemiBold,
}


@dataclass(frozen=True, slots=True)
class Typography:
    """The fonts of the window at one text size.

    `points` is the size of body text in points; `pixels` the same in device-independent pixels.
    """

    points: float
    pixels: float

    @property
    def scale(self) -> float:
        """Body text relative to the base of 13 px."""
        return self.pixels / BASE_PIXELS

    def font(self, role: TextRole = "body") -> QFont:
        """The font for a role."""
        mono = role in ("mono", "mono_small")
        font = QFont()
        font.setFamilies([MONO_FAMILY, "monospace"] if mono else [UI_FAMILY, _system_font().family()])
        font.setStyleHint(QFont.StyleHint.Monospace if mono else QFont.StyleHint.SansSerif)
        font.setPointSizeF(self.points * _SIZES[role])
        font.setWeight(_WEIGHTS.get(role, QFont.Weight.Normal))
        if role == "section":
            font.setLetterSpacing(QFont.SpacingType.PercentageSpacing, 106)
            font.setCapitalization(QFont.Capitalization.AllUppercase)
        return font

    def pixel_size(self, role: TextRole) -> float:
        """The height (px) of a role's text, for style sheets and painters."""
        return self.pixels * _SIZES[role]

    def tabular(self, role: TextRole = "body") -> QFont:
        """The font for a role with digits of one width, for figures that change in place."""
        font = self.font(role)
        font.setFeature(QFont.Tag("tnum"), 1)
        return font


def system_typography(scale: float = 1.0) -> Typography:
    """The type at the system's text size times `scale`, never below the base size times `scale`."""
    screens = QGuiApplication.screens()  # none while the last one is being unplugged
    dots_per_inch = screens[0].logicalDotsPerInch() if screens else 96.0
    system = _system_font()
    points = system.pointSizeF()
    pixels = points * dots_per_inch / 72 if points > 0 else float(system.pixelSize())
    pixels = max(pixels, BASE_PIXELS) * scale
    return Typography(points=pixels * 72 / dots_per_inch, pixels=pixels)


def load_fonts() -> None:
    """Makes the bundled faces known to Qt."""
    for file in sorted(assets.path("fonts").iterdir()):
        if file.suffix in (".otf", ".ttf"):
            QFontDatabase.addApplicationFont(str(file))


def _system_font() -> QFont:
    return QFontDatabase.systemFont(QFontDatabase.SystemFont.GeneralFont)
