"""The actions on custom blocks, in the Network menu."""

from __future__ import annotations

from app import customs
from app.actions.action import Action, Menu
from app.actions.canvas_command import drawing_is_shown
from app.actions.desk import Desk
from graph_engine.check.trust import untrusted

_SECTION = 3


def _custom_chosen(desk: Desk) -> bool:
    return drawing_is_shown(desk) and customs.selected_custom(desk.session) is not None


ACTIONS = (
    Action(
        id="custom.new",
        title="New custom block…",
        menu=Menu.NETWORK,
        section=_SECTION,
        icon="code",
        help="Write an nn.Module of your own, to be used like any block",
        enabled=drawing_is_shown,
        run=lambda desk: desk.session.code_requested.emit(""),
    ),
    Action(
        id="custom.edit",
        title="Edit code…",
        menu=Menu.NETWORK,
        section=_SECTION,
        icon="code",
        help="Change the code of the selected custom block (double-click, or Enter on the canvas)",
        enabled=_custom_chosen,
        explains="Select a custom block first.",
        run=lambda desk: desk.session.code_requested.emit(customs.selected_custom(desk.session) or ""),
    ),
    Action(
        id="custom.trust",
        title="Trust this document…",
        menu=Menu.NETWORK,
        section=_SECTION,
        help="Read the code that the document holds, and let it run",
        enabled=lambda desk: drawing_is_shown(desk) and bool(untrusted(desk.session.document)),
        explains="The document holds no code, or it is trusted already.",
        run=lambda desk: desk.session.trust_requested.emit(),
    ),
)
