"""The Network menu."""

from __future__ import annotations

from app.actions.action import Action, Menu
from app.actions.canvas_command import canvas_action, drawing_is_shown
from app.actions.desk import Desk


def _nodes_chosen(desk: Desk) -> bool:
    return drawing_is_shown(desk) and bool(desk.session.selection.nodes)


ACTIONS = (
    canvas_action("add_block", Menu.NETWORK, icon="plus", title="Add a block…", help_text="Search and place a block"),
    canvas_action("add_after", Menu.NETWORK, help_text="What fits the output of the selected node, wired to it"),
    canvas_action("connect_to", Menu.NETWORK, help_text="The inputs at which a wire from the selected node may end"),
    canvas_action("connect", Menu.NETWORK, icon="wire", help_text="Wire the two selected nodes"),
    canvas_action("insert", Menu.NETWORK, help_text="The selected node goes half way along the selected wire"),
    canvas_action("take_over_wires", Menu.NETWORK, submenu="Wires"),
    canvas_action("next_wire", Menu.NETWORK, submenu="Wires", repeats=True, help_text="Of the selected node"),
    canvas_action("previous_wire", Menu.NETWORK, submenu="Wires", repeats=True),
    canvas_action("cut_wires", Menu.NETWORK, submenu="Wires", help_text="The selected ones, or all of the nodes"),
    canvas_action("bend", Menu.NETWORK, submenu="Wires", help_text="A point that the selected wire is led through"),
    canvas_action("unbend", Menu.NETWORK, submenu="Wires", help_text="Take its reroute points away"),
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
        help="What is frozen keeps its weights and computes as in use while the rest is trained",
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
    canvas_action("collapse", Menu.NETWORK, help_text="Draw the selected nodes as their titles alone, or in full"),
    canvas_action("frame", Menu.NETWORK, section=1, icon="group", help_text="Around what is selected"),
    canvas_action("fit_frame", Menu.NETWORK, section=1, help_text="To the nodes that it holds"),
    canvas_action("note", Menu.NETWORK, section=1, icon="rename", help_text="A text on the canvas"),
    canvas_action("recolor", Menu.NETWORK, section=1),
    canvas_action("next_annotation", Menu.NETWORK, section=1),
    canvas_action("arrange", Menu.NETWORK, section=1, icon="arrange", help_text="From left to right, without overlaps"),
    canvas_action("arrange_down", Menu.NETWORK, section=1, help_text="From top to bottom, without overlaps"),
    canvas_action("straighten", Menu.NETWORK, section=1, help_text="Wires of the selected nodes run level"),
    *(
        canvas_action(command, Menu.NETWORK, section=1, submenu="Align")
        for command in (
            *(f"align_{edge}" for edge in ("left", "center", "right", "top", "middle", "bottom")),
            "distribute_across",
            "distribute_down",
        )
    ),
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
