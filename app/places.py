"""Where one was in a document when it was closed, so that it opens there again: kept in the settings, by file."""

from __future__ import annotations

import json
from dataclasses import astuple, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

    from app.settings import Settings

_NAME = "places"
_FILES, _LEVELS = 60, 12
"""How many files are remembered, the one closed last first, and how many of their graphs."""


@dataclass(frozen=True, slots=True)
class Place:
    """How a graph was seen: by which way it was entered, the zoom and what was in the middle (scene coordinates)."""

    graph: str
    way: tuple[str, ...]
    zoom: float
    x: float
    y: float
    shows_all: bool


class KeptPlaces:
    """Reads and writes them; what is there but can't be read counts as nothing."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def of(self, path: Path) -> list[Place]:
        """How the graphs of a file were seen, the one shown last first; empty when it is not known."""
        found = self._read().get(str(path.absolute()))
        places = [_place(each) for each in found] if isinstance(found, list) else []
        return [place for place in places if place is not None]

    def keep(self, path: Path, places: Sequence[Place]) -> None:
        """Remembers how the graphs of a file were seen, the one shown last first."""
        name, known = str(path.absolute()), self._read()
        known.pop(name, None)
        kept = {name: [astuple(place) for place in places[:_LEVELS]]} | known
        self._settings.keep_text(_NAME, json.dumps(dict(list(kept.items())[:_FILES])))

    def _read(self) -> dict[str, Any]:
        try:
            found = json.loads(self._settings.text(_NAME, "{}"))
        except ValueError:
            return {}
        return found if isinstance(found, dict) else {}


def _place(found: object) -> Place | None:
    """A place as it was written, or None if it is none: anybody may have edited the file."""
    match found:
        case [str(graph), [*way], int() | float() as zoom, int() | float() as x, int() | float() as y, bool(all_)]:
            steps = tuple(each for each in way if isinstance(each, str))
            if len(steps) == len(way):
                return Place(graph, steps, float(zoom), float(x), float(y), all_)
    return None
