"""The actions on composites, in the Network menu."""

from __future__ import annotations

from app import composites
from app.actions.action import Action, Menu, Scope
from app.actions.canvas_command import drawing_is_shown
from app.actions.desk import Desk
from graph_engine.document import MAIN

_SECTION = 2


def _nodes_chosen(desk: Desk) -> bool:
    return drawing_is_shown(desk) and bool(desk.session.selection.nodes)


def _composite_chosen(desk: Desk) -> bool:
    return drawing_is_shown(desk) and composites.selected_composite(desk.session) is not None


def _composite_shown(desk: Desk) -> bool:
    return drawing_is_shown(desk) and desk.session.graph_name != MAIN


def _enter(desk: Desk) -> None:
    node = composites.selected_composite(desk.session)
    if node is not None:
        desk.session.enter(node)
        desk.canvas.setFocus()


ACTIONS = (
    Action(
        id="composite.make",
        title="Make composite",
        menu=Menu.NETWORK,
        section=_SECTION,
        keys=("Ctrl+G", "Ctrl+Shift+E"),
        icon="group",
        help="The selected nodes become a block of their own, which can be used again",
        enabled=_nodes_chosen,
        explains="Select nodes first.",
        run=lambda desk: composites.make(desk.session, desk.canvas),
    ),
    Action(
        id="composite.unpack",
        title="Unpack composite",
        menu=Menu.NETWORK,
        section=_SECTION,
        keys=("Ctrl+Shift+G",),
        help="What each composite that is selected holds takes the place of its node",
        enabled=lambda desk: drawing_is_shown(desk) and bool(composites.selected_composites(desk.session)),
        explains="Select a composite first.",
        run=lambda desk: composites.unpack_selected(desk.session),
    ),
    Action(
        id="composite.enter",
        title="Enter composite",
        menu=Menu.NETWORK,
        section=_SECTION,
        icon="arrow-right",
        help="Show what is inside (double-click, or Enter on the canvas)",
        enabled=_composite_chosen,
        explains="Select a composite first.",
        run=_enter,
    ),
    Action(
        id="composite.leave",
        title="Leave composite",
        menu=Menu.NETWORK,
        section=_SECTION,
        keys=("Alt+Backspace",),
        scope=Scope.CANVAS,
        icon="arrow-left",
        help="Show the drawing that it is used in (Esc on the canvas)",
        enabled=lambda desk: drawing_is_shown(desk) and desk.session.graph_name != MAIN,
        explains="No composite is shown.",
        run=lambda desk: desk.session.leave(),
    ),
    Action(
        id="composite.keep",
        title="Save to my blocks…",
        menu=Menu.NETWORK,
        section=_SECTION,
        icon="save",
        help="The composite, or what is selected as one, is kept for every document",
        enabled=lambda desk: _nodes_chosen(desk) or _composite_shown(desk),
        explains="Select nodes or a composite first.",
        run=lambda desk: composites.keep(desk.session, desk.own),
    ),
    Action(
        id="composite.update",
        title="Update from my blocks",
        menu=Menu.NETWORK,
        section=_SECTION,
        icon="refresh",
        help="The composite becomes what you keep under its name; every use of it follows",
        enabled=lambda desk: bool(composites.update_title(desk.session, desk.own)),
        explains="Select a composite that you keep under the same name in another form.",
        title_now=lambda desk: composites.update_title(desk.session, desk.own),
        run=lambda desk: composites.update(desk.session, desk.own),
    ),
    Action(
        id="composite.fold",
        title="Fold repeated structure",
        menu=Menu.NETWORK,
        section=_SECTION,
        icon="layers",
        help="The part that repeats most becomes a composite that is repeated",
        enabled=drawing_is_shown,
        title_now=lambda desk: composites.fold_title(desk.session),
        run=lambda desk: composites.fold_greatest(desk.session, desk.canvas),
    ),
)
