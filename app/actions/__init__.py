"""Every action once: title, keys, icon, when it is possible. Menus, top bar, palette and key sheet are made of them."""

from __future__ import annotations

from app.actions import composite, custom, edit, file, network, run, view
from app.actions import help as help_actions
from app.actions.action import Action, Menu, Scope

ALL: tuple[Action, ...] = (
    *file.ACTIONS,
    *edit.ACTIONS,
    *view.ACTIONS,
    *network.ACTIONS,
    *composite.ACTIONS,
    *custom.ACTIONS,
    *run.ACTIONS,
    *help_actions.ACTIONS,
)
"""All actions, in the order of the menus."""

__all__ = ["ALL", "Action", "Menu", "Scope"]
