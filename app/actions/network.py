"""The Network menu."""

from __future__ import annotations

from app.actions.action import Action, Menu
from app.actions.canvas_command import canvas_action, drawing_is_shown
from app.actions.desk import Desk


def _nodes_chosen(desk: Desk) -> bool:
    return drawing_is_shown(desk) and bool(desk.session.selection.nodes)


ACTIONS = (
    canvas_action("add_block", Menu.NETWORK, icon="plus", title="Add a block…", help_text="Search and place a block"),
    canvas_action("connect", Menu.NETWORK, icon="wire", help_text="Wire the two selected nodes"),
    Action(
        id="network.wrap",
        title="Wrap in residual",
        menu=Menu.NETWORK,
        icon="category-skip",
        help="Let what enters the selected chain skip it, and add it to what it gives",
        enabled=_nodes_chosen,
        explains="Select a node or a chain of nodes first.",
        run=lambda desk: desk.wrap_in_residual(),
    ),
    Action(
        id="network.freeze",
        title="Freeze or thaw weights",
        menu=Menu.NETWORK,
        icon="snowflake",
        help="Frozen weights keep their values while the rest is trained",
        enabled=_nodes_chosen,
        explains="Select nodes first.",
        run=lambda desk: desk.canvas.editing.freeze(),
    ),
    Action(
        id="network.bypass",
        title="Bypass",
        menu=Menu.NETWORK,
        keys=("Ctrl+B",),
        icon="bypass",
        help="What enters a bypassed node leaves it as it came",
        enabled=_nodes_chosen,
        title_now=lambda desk: "Use again" if desk.canvas.editing.are_bypassed() else "Bypass",
        explains="Select nodes first.",
        run=lambda desk: desk.canvas.editing.bypass(),
    ),
    canvas_action("arrange", Menu.NETWORK, section=1, icon="arrange", help_text="From left to right, without overlaps"),
    Action(
        id="network.check",
        title="Check",
        menu=Menu.NETWORK,
        section=1,
        keys=("F7",),
        icon="check",
        help="Check shapes and parameters, and show the problems",
        enabled=drawing_is_shown,
        run=lambda desk: desk.check_now(),
    ),
)
