"""The colours of feature maps: 254 levels, one for values that are not finite, one for the gaps between maps."""

from __future__ import annotations

from functools import cache
from typing import Literal

ColorMap = Literal["viridis", "grey", "signed"]
"""viridis: even steps of brightness, safe for colour-blind eyes (van der Walt, Smith, 2015). signed: blue below zero,
orange above, so that its scale must lie around zero."""

LEVELS = 254
"""How many levels a value may have."""

NOT_FINITE, GAP = 254, 255
"""The level of a value that is not finite, and of the ground between maps."""

_ANCHORS: dict[ColorMap, str] = {
    "viridis": (
        "440154 470d60 48186a 482374 472d7b 453781 424086 3e4989 3b528b 375b8d 33638d "
        "2f6b8e 2c728e 297a8e 26828e 23898e 21918c 1f978b 1f9f88 21a685 27ad81 31b57b "
        "3dbc74 4cc26c 5cc863 6ece58 81d34d 95d840 aadc32 c0df25 d5e21a eae51a fde725"
    ),
    "grey": "000000 ffffff",
    "signed": "08306b 2166ac 4393c3 92c5de d1e5f0 f7f7f7 fddbc7 f4a582 e08214 b35806 7f3b08",
}


@cache
def colors(name: ColorMap) -> tuple[int, ...]:
    """The levels of a map as 0xffrrggbb, from the lowest to the highest."""
    anchors = [tuple(int(text[at : at + 2], 16) for at in (0, 2, 4)) for text in _ANCHORS[name].split()]
    found = []
    for level in range(LEVELS):
        place = level / (LEVELS - 1) * (len(anchors) - 1)
        left = min(int(place), len(anchors) - 2)
        share = place - left
        red, green, blue = (round(a + share * (b - a)) for a, b in zip(anchors[left], anchors[left + 1], strict=True))
        found.append(0xFF000000 | red << 16 | green << 8 | blue)
    return tuple(found)


def color_table(name: ColorMap, not_finite: str, gap: str) -> list[int]:
    """The 256 colours of an indexed image; `not_finite` and `gap` as `#rrggbb`."""
    return [*colors(name), *(0xFF000000 | int(color.removeprefix("#"), 16) for color in (not_finite, gap))]
