"""A command of the canvas as an action, with the keys that the canvas names."""

from __future__ import annotations

from app.actions.action import Action, Menu, Scope
from app.actions.desk import Desk
from app.canvas.keyboard import COMMANDS

BY_ID = {command.id: command for command in COMMANDS}


def drawing_is_shown(desk: Desk) -> bool:
    """Whether the canvas can be seen."""
    return not desk.at_welcome


def canvas_action(
    command: str,
    menu: Menu,
    *,
    section: int = 0,
    submenu: str = "",
    icon: str = "",
    title: str = "",
    help_text: str = "",
    keys: tuple[str, ...] | None = None,
    repeats: bool = False,
) -> Action:
    """The action for a command of the canvas; its keys work while the canvas has the keyboard."""
    found = BY_ID[command]

    def enabled(desk: Desk) -> bool:
        return drawing_is_shown(desk) and (not found.needs_selection or desk.canvas.has_selection)

    return Action(
        id=f"canvas.{command}",
        title=title or found.title,
        menu=menu,
        section=section,
        submenu=submenu,
        keys=found.keys if keys is None else keys,
        scope=Scope.CANVAS,
        repeats=repeats,
        icon=icon,
        help=help_text,
        enabled=enabled,
        explains="Select something on the canvas first." if found.needs_selection else "Open a document first.",
        run=lambda desk: found.run(desk.canvas),
    )
