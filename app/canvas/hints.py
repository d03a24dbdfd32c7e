"""What the canvas says of its keys: those that are in use, which the user may have changed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from app.canvas.keyboard import COMMANDS

_USUAL = {command.id: command.keys[0] for command in COMMANDS if command.keys}


def usual_key(command: str) -> str:
    """The first of the keys that a command names itself."""
    return _USUAL.get(command, "")


@dataclass(frozen=True, slots=True)
class Hints:
    """Lines of text that name keys."""

    foot: str
    """What can be done on a drawing, in one line."""

    empty: tuple[tuple[str, str], ...]
    """How to begin on an empty one: what to press or to look for, and what it does."""


def hints_for(key_of: Callable[[str], str]) -> Hints:
    """The lines with the key that `key_of` gives for the id of a command, "" where it has none."""
    add, after, fit = (key_of(command) for command in ("add_block", "add_after", "fit_all"))
    foot = [
        f"{add}: add a block" if add else "Double-click: add a block",
        f"{after}: add what follows" if after else "",
        "drag from a port: wire",
        "Space + drag: move",
        f"{fit}: fit all" if fit else "",
    ]
    empty = (
        (add, "or a double click adds a block here") if add else ("Double-click", "adds a block here"),
        ("Drag", "blocks from the library onto the canvas"),
        ("Presets", "in the library are networks to start from"),
    )
    return Hints(" · ".join(part for part in foot if part), empty)
