"""The Help menu."""

from __future__ import annotations

from app.actions.action import Action, Menu
from app.actions.canvas_command import drawing_is_shown

ACTIONS = (
    Action(
        id="help.palette",
        title="Command palette…",
        menu=Menu.HELP,
        keys=("Ctrl+K", "Ctrl+Shift+P"),
        icon="search",
        help="Find any action, block, preset or node",
        run=lambda desk: desk.show_palette(),
    ),
    Action(
        id="help.node",
        title="Help on the node",
        menu=Menu.HELP,
        keys=("F1",),
        icon="help",
        help="What the selected block computes, and the paper it is from",
        enabled=lambda desk: drawing_is_shown(desk) and desk.session.selection.current is not None,
        explains="Select a node first.",
        run=lambda desk: desk.show_panel("help"),
    ),
    Action(
        id="help.shortcuts",
        title="Keys and gestures",
        menu=Menu.HELP,
        section=1,
        keys=("Ctrl+Shift+/", "Ctrl+?"),
        icon="keyboard",
        run=lambda desk: desk.show_shortcuts(),
    ),
    Action(
        id="help.welcome",
        title="Welcome",
        menu=Menu.HELP,
        section=1,
        icon="home",
        run=lambda desk: desk.show_welcome(),
    ),
    Action(
        id="help.doctor",
        title="This computer…",
        menu=Menu.HELP,
        section=2,
        icon="chip",
        help="Versions, devices and what is missing",
        run=lambda desk: desk.show_doctor(),
    ),
    Action(
        id="help.about",
        title="About Layerloom",
        menu=Menu.HELP,
        section=2,
        icon="info",
        run=lambda desk: desk.show_about(),
    ),
)
