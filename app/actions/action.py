"""What an action is: said once, and shown in menus, the top bar, the palette and the shortcut sheet."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from app.actions.desk import Desk


class Menu(StrEnum):
    """The menus, in their order."""

    FILE = "File"
    EDIT = "Edit"
    VIEW = "View"
    NETWORK = "Network"
    RUN = "Run"
    HELP = "Help"


class Scope(StrEnum):
    """Where an action's keys work: letters that one types elsewhere belong to the canvas alone."""

    WINDOW = "window"
    CANVAS = "canvas"


def _always(desk: Desk) -> bool:  # noqa: ARG001
    return True


def _no_other_title(desk: Desk) -> str:  # noqa: ARG001
    return ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """Something a person can do.

    `id` stays (own keys are kept by it): `file.open`. `title` is in the menu's words, with `…` when it asks for more.
    `keys` as Qt writes them, the first being the one that is shown; `repeats` while held. `section` parts a menu with
    lines, `submenu` puts the action into one. `enabled` is asked whenever something changed; `checked` makes it a
    choice that is on or off; `title_now` may give a title for the moment (`Undo connect conv2d_1 → relu_1`).
    `explains` says why it is not possible now, for the palette.
    """

    id: str
    title: str
    run: Callable[[Desk], object]
    menu: Menu
    section: int = 0
    submenu: str = ""
    keys: tuple[str, ...] = ()
    scope: Scope = Scope.WINDOW
    repeats: bool = False
    icon: str = ""
    help: str = ""
    enabled: Callable[[Desk], bool] = _always
    checked: Callable[[Desk], bool] | None = None
    title_now: Callable[[Desk], str] = _no_other_title
    explains: str = ""

    @property
    def plain_title(self) -> str:
        """The title without the dots, as the palette and the sheet list it."""
        return self.title.removesuffix("…")
