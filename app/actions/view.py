"""The View menu."""

from __future__ import annotations

from app.actions.action import Action, Menu
from app.actions.canvas_command import canvas_action, drawing_is_shown
from app.actions.desk import Desk
from app.costs import CostKind
from app.settings import ThemeMode
from app.workspace import Side
from graph_engine.document.annotation import SLOTS

_PANELS = (
    ("blocks", "Blocks", "layers"),
    ("presets", "Presets", "book"),
    ("data", "Data", "data"),
    ("inspector", "Inspector", "sliders"),
    ("charts", "Charts", "chart"),
    ("feature_maps", "Feature maps", "image"),
    ("code", "Code", "code"),
    ("problems", "Problems", "warning"),
    ("outline", "Outline", "outline"),
    ("runs", "Runs", "flask"),
    ("plan", "Training plan", "clock"),
    ("history", "History", "history"),
)
_SIDES = (
    (Side.LEFT, "Library", "Alt+1"),
    (Side.BOTTOM, "Bottom panels", "Alt+2"),
    (Side.RIGHT, "Inspector", "Alt+3"),
)
_THEMES: tuple[tuple[ThemeMode, str, str], ...] = (
    ("system", "As the system", "monitor"),
    ("dark", "Dark", "moon"),
    ("light", "Light", "sun"),
)


def _panel(name: str, title: str, icon: str) -> Action:
    return Action(
        id=f"view.{name}",
        title=f"Show {title.lower()}",
        menu=Menu.VIEW,
        section=1,
        submenu="Go to panel",
        icon=icon,
        enabled=drawing_is_shown,
        run=lambda desk: desk.show_panel(name),
    )


def _side(side: Side, title: str, key: str) -> Action:
    return Action(
        id=f"view.side_{side}",
        title=title,
        menu=Menu.VIEW,
        section=0,
        keys=(key,),
        icon="layout",
        enabled=drawing_is_shown,
        checked=lambda desk: desk.side_shown(side),
        help=f"Show or hide the {title.lower()}",
        run=lambda desk: desk.toggle_side(side),
    )


def _theme(mode: ThemeMode, title: str, icon: str) -> Action:
    return Action(
        id=f"view.theme_{mode}",
        title=title,
        menu=Menu.VIEW,
        section=3,
        submenu="Theme",
        icon=icon,
        help="Changes the look at once",
        checked=lambda desk: desk.theme == mode,
        run=lambda desk: desk.set_theme(mode),
    )


def _toggle_snap(desk: Desk) -> None:
    desk.settings.snap_to_grid = not desk.settings.snap_to_grid


_COSTS = (
    (CostKind.PARAMETERS, "Parameters", "How many numbers each node learns"),
    (CostKind.MACS, "Multiply-adds", "How much each node computes for a sample"),
    (CostKind.MEMORY, "Memory", "What each node's weights and results take"),
    (CostKind.TIME, "Measured time", "Runs the network a few times and tells how long each node took"),
)


def _cost(kind: CostKind, title: str, help_text: str) -> Action:
    return Action(
        id=f"view.cost_{kind}",
        title=f"Colour by {title.lower()}",
        menu=Menu.VIEW,
        section=2,
        submenu="Colour nodes by cost",
        icon="chart",
        help=help_text,
        enabled=drawing_is_shown,
        checked=lambda desk: desk.costs.kind is kind,
        run=lambda desk: desk.costs.toggle(kind),
    )


ACTIONS = (
    *(_side(*each) for each in _SIDES),
    Action(
        id="view.enlarge_bottom",
        title="Enlarge bottom panels",
        menu=Menu.VIEW,
        section=0,
        keys=("Alt+Shift+2",),
        icon="layout",
        help="Gives them nearly all the height, and back; a double click on their tabs does the same",
        enabled=drawing_is_shown,
        checked=lambda desk: desk.bottom_enlarged,
        run=lambda desk: desk.toggle_bottom_enlarged(),
    ),
    *(_panel(*each) for each in _PANELS),
    Action(
        id="view.next_pane",
        title="Next pane",
        menu=Menu.VIEW,
        section=1,
        keys=("F6",),
        enabled=drawing_is_shown,
        run=lambda desk: desk.cycle_panes(1),
    ),
    Action(
        id="view.previous_pane",
        title="Previous pane",
        menu=Menu.VIEW,
        section=1,
        keys=("Shift+F6",),
        enabled=drawing_is_shown,
        run=lambda desk: desk.cycle_panes(-1),
    ),
    canvas_action("fit_all", Menu.VIEW, section=2, icon="fit"),
    canvas_action("fit_selection", Menu.VIEW, section=2, icon="target"),
    canvas_action("zoom_in", Menu.VIEW, section=2, icon="zoom-in", repeats=True),
    canvas_action("zoom_out", Menu.VIEW, section=2, icon="zoom-out", repeats=True),
    canvas_action("zoom_reset", Menu.VIEW, section=2),
    Action(
        id="view.minimap",
        title="Minimap",
        menu=Menu.VIEW,
        section=2,
        keys=("Alt+M",),
        icon="map",
        enabled=drawing_is_shown,
        checked=lambda desk: desk.canvas.minimap.visible,
        run=lambda desk: desk.canvas.set_minimap(on=not desk.canvas.minimap.visible),
    ),
    Action(
        id="view.snap",
        title="Snap to grid",
        menu=Menu.VIEW,
        section=2,
        icon="grid",
        help="Dragged nodes keep to the grid; Shift does so for one drag",
        checked=lambda desk: desk.settings.snap_to_grid,
        run=_toggle_snap,
    ),
    *(
        canvas_action(f"{what}_{slot}", Menu.VIEW, section=2, submenu="Bookmarks")
        for what in ("go_to", "set")
        for slot in SLOTS
    ),
    *(_cost(*each) for each in _COSTS),
    *(_theme(*each) for each in _THEMES),
    Action(
        id="view.menu_bar",
        title="Menu bar",
        menu=Menu.VIEW,
        section=3,
        help="Show the menus in a row of their own",
        checked=lambda desk: desk.settings.menu_bar,
        run=lambda desk: desk.toggle_menu_bar(),
    ),
    Action(
        id="view.open_menu",
        title="Open the menu",
        menu=Menu.VIEW,
        section=3,
        keys=("F10",),
        run=lambda desk: desk.open_menu(),
    ),
    Action(
        id="view.full_screen",
        title="Full screen",
        menu=Menu.VIEW,
        section=3,
        keys=("F11",),
        run=lambda desk: desk.toggle_full_screen(),
    ),
)
