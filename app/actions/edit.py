"""The Edit menu."""

from __future__ import annotations

from app.actions.action import Action, Menu
from app.actions.canvas_command import canvas_action, drawing_is_shown

_DIRECTIONS = ("left", "right", "up", "down")

ACTIONS = (
    Action(
        id="edit.undo",
        title="Undo",
        menu=Menu.EDIT,
        keys=("Ctrl+Z",),
        repeats=True,
        icon="undo",
        enabled=lambda desk: not desk.at_welcome and desk.session.history.undo_label is not None,
        title_now=lambda desk: f"Undo {_lower(desk.session.history.undo_label)}".strip(),
        explains="Nothing was changed yet.",
        run=lambda desk: desk.session.undo(),
    ),
    Action(
        id="edit.redo",
        title="Redo",
        menu=Menu.EDIT,
        keys=("Ctrl+Y", "Ctrl+Shift+Z"),
        repeats=True,
        icon="redo",
        enabled=lambda desk: not desk.at_welcome and desk.session.history.redo_label is not None,
        title_now=lambda desk: f"Redo {_lower(desk.session.history.redo_label)}".strip(),
        explains="Nothing was taken back.",
        run=lambda desk: desk.session.redo(),
    ),
    canvas_action("cut", Menu.EDIT, section=1, icon="cut"),
    canvas_action("copy", Menu.EDIT, section=1, icon="copy"),
    canvas_action("paste", Menu.EDIT, section=1, icon="paste"),
    canvas_action("paste_with_wires", Menu.EDIT, section=1, help_text="Wired to what led to the copied nodes"),
    canvas_action("duplicate", Menu.EDIT, section=1, icon="duplicate"),
    canvas_action("delete", Menu.EDIT, section=1, icon="trash"),
    canvas_action("dissolve", Menu.EDIT, section=1, icon="unlink", help_text="What came in goes on to what followed"),
    canvas_action("select_all", Menu.EDIT, section=2),
    canvas_action("select_none", Menu.EDIT, section=2),
    canvas_action("select_upstream", Menu.EDIT, section=2, help_text="Everything that leads to what is selected"),
    canvas_action("select_downstream", Menu.EDIT, section=2, help_text="Everything that what is selected leads to"),
    Action(
        id="edit.find",
        title="Find a node…",
        menu=Menu.EDIT,
        section=3,
        keys=("Ctrl+F",),
        icon="search",
        enabled=drawing_is_shown,
        run=lambda desk: desk.show_node_search(),
    ),
    Action(
        id="edit.rename",
        title="Rename",
        menu=Menu.EDIT,
        section=3,
        keys=("F2",),
        icon="rename",
        help="Give the selected node, or the document, another title",
        enabled=drawing_is_shown,
        run=lambda desk: desk.rename(),
    ),
    *(
        canvas_action(f"nudge{far}_{direction}", Menu.EDIT, section=4, submenu="Move the selection", repeats=True)
        for far in ("", "_far")
        for direction in _DIRECTIONS
    ),
    *(
        canvas_action(f"{kind}_{direction}", Menu.EDIT, section=4, submenu="Go from node to node", repeats=True)
        for kind in ("go", "extend_selection")
        for direction in _DIRECTIONS
    ),
)


def _lower(label: str | None) -> str:
    """A label behind another word: `Connect a → b` becomes `connect a → b`."""
    return label[:1].lower() + label[1:] if label else ""
