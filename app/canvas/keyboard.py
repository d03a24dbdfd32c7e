"""The keys of the canvas: what each does, as data. The window's actions may take them over and remap them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence

from app.canvas.editing import FAR_NUDGE, NUDGE
from app.canvas.tidy import Axis, Edge
from graph_engine.document.annotation import SLOTS

if TYPE_CHECKING:
    from app.canvas.view import CanvasView


@dataclass(frozen=True, slots=True)
class Command:
    """Something the canvas can do. `keys` as Qt writes them, the first being the one to show."""

    id: str
    title: str
    keys: tuple[str, ...]
    run: Callable[[CanvasView], object]
    needs_selection: bool = False


def _arrows() -> tuple[Command, ...]:
    found: list[Command] = []
    for key, x, y in (("Left", -1, 0), ("Right", 1, 0), ("Up", 0, -1), ("Down", 0, 1)):
        arrow, way = Qt.Key[f"Key_{key}"], key.lower()
        found += [
            Command(f"nudge_{way}", f"Nudge {way}", (key,), _nudge(x * NUDGE, y * NUDGE), needs_selection=True),
            Command(
                f"nudge_far_{way}",
                f"Nudge far {way}",
                (f"Shift+{key}",),
                _nudge(x * FAR_NUDGE, y * FAR_NUDGE),
                needs_selection=True,
            ),
            Command(f"go_{way}", f"Go {way}", (f"Alt+{key}",), _step(arrow, extend=False)),
            Command(
                f"extend_selection_{way}", f"Extend selection {way}", (f"Alt+Shift+{key}",), _step(arrow, extend=True)
            ),
        ]
    return tuple(found)


def _nudge(dx: float, dy: float) -> Callable[[CanvasView], object]:
    return lambda canvas: canvas.editing.nudge(dx, dy)


def _step(arrow: Qt.Key, *, extend: bool) -> Callable[[CanvasView], object]:
    return lambda canvas: canvas.editing.step(arrow, extend=extend)


def _tidying() -> tuple[Command, ...]:
    edges: tuple[Edge, ...] = ("left", "center", "right", "top", "middle", "bottom")
    axes: tuple[Axis, ...] = ("across", "down")
    return (
        *(Command(f"align_{edge}", f"Align {edge}", (), _align(edge), needs_selection=True) for edge in edges),
        *(
            Command(f"distribute_{axis}", f"Distribute {axis}", (), _distribute(axis), needs_selection=True)
            for axis in axes
        ),
    )


def _align(edge: Edge) -> Callable[[CanvasView], object]:
    return lambda canvas: canvas.tidying.align(edge)


def _distribute(axis: Axis) -> Callable[[CanvasView], object]:
    return lambda canvas: canvas.tidying.distribute(axis)


def _bookmarks() -> tuple[Command, ...]:
    return (
        *(Command(f"go_to_{slot}", f"Go to bookmark {slot}", (f"Ctrl+{slot}",), _go_to(slot)) for slot in SLOTS),
        *(Command(f"set_{slot}", f"Set bookmark {slot}", (f"Ctrl+Shift+{slot}",), _set(slot)) for slot in SLOTS),
    )


def _go_to(slot: int) -> Callable[[CanvasView], object]:
    return lambda canvas: canvas.annotating.go_to_bookmark(slot)


def _set(slot: int) -> Callable[[CanvasView], object]:
    return lambda canvas: canvas.annotating.set_bookmark(slot)


COMMANDS: tuple[Command, ...] = (
    Command("undo", "Undo", ("Ctrl+Z",), lambda canvas: canvas.canvas_scene.host.undo()),
    Command("redo", "Redo", ("Ctrl+Y", "Ctrl+Shift+Z"), lambda canvas: canvas.canvas_scene.host.redo()),
    Command("cut", "Cut", ("Ctrl+X",), lambda canvas: canvas.editing.cut(), needs_selection=True),
    Command("copy", "Copy", ("Ctrl+C",), lambda canvas: canvas.editing.copy(), needs_selection=True),
    Command("paste", "Paste", ("Ctrl+V",), lambda canvas: canvas.editing.paste()),
    Command(
        "paste_with_wires",
        "Paste with wires",
        ("Ctrl+Shift+V",),
        lambda canvas: canvas.editing.paste(with_wires=True),
    ),
    Command("duplicate", "Duplicate", ("Ctrl+D",), lambda canvas: canvas.editing.duplicate(), needs_selection=True),
    Command("delete", "Delete", ("Del", "Backspace"), lambda canvas: canvas.editing.delete(), needs_selection=True),
    Command(
        "dissolve",
        "Delete and reconnect",
        ("Ctrl+Del",),
        lambda canvas: canvas.editing.dissolve(),
        needs_selection=True,
    ),
    Command("add_block", "Add block", ("Tab", "Shift+A"), lambda canvas: canvas.add_block()),
    Command("add_after", "Add after the node", ("A",), lambda canvas: canvas.add_after(), needs_selection=True),
    Command("connect_to", "Connect to…", ("K",), lambda canvas: canvas.connecting.open(), needs_selection=True),
    Command("connect", "Connect", ("J",), lambda canvas: canvas.editing.join(), needs_selection=True),
    Command("rename", "Rename", ("F2",), lambda canvas: canvas.rename(), needs_selection=True),
    Command("select_all", "Select all", ("Ctrl+A",), lambda canvas: canvas.editing.select_all()),
    Command("select_none", "Select nothing", ("Ctrl+Shift+A",), lambda canvas: canvas.editing.select_none()),
    Command(
        "select_upstream",
        "Select upstream",
        ("L",),
        lambda canvas: canvas.editing.select_upstream(),
        needs_selection=True,
    ),
    Command(
        "select_downstream",
        "Select downstream",
        ("Shift+L",),
        lambda canvas: canvas.editing.select_downstream(),
        needs_selection=True,
    ),
    Command(
        "take_over_wires",
        "Move wires to the second node",
        ("Shift+J",),
        lambda canvas: canvas.editing.take_over_wires(),
        needs_selection=True,
    ),
    Command(
        "insert", "Insert into the selected wire", ("I",), lambda canvas: canvas.editing.insert(), needs_selection=True
    ),
    Command("next_wire", "Next wire", ("W",), lambda canvas: canvas.annotating.next_wire()),
    Command("previous_wire", "Previous wire", ("Shift+W",), lambda canvas: canvas.annotating.next_wire(-1)),
    Command("cut_wires", "Cut wires", ("X",), lambda canvas: canvas.editing.cut_wires(), needs_selection=True),
    Command("bend", "Reroute point", ("R",), lambda canvas: canvas.annotating.bend_selected(), needs_selection=True),
    Command(
        "unbend",
        "Let wires find their way",
        ("Shift+R",),
        lambda canvas: canvas.annotating.unbend_selected(),
        needs_selection=True,
    ),
    Command("collapse", "Collapse or open", ("H",), lambda canvas: canvas.annotating.collapse(), needs_selection=True),
    Command("frame", "Frame with a title", ("C",), lambda canvas: canvas.annotating.add_frame()),
    Command("fit_frame", "Fit the frame", ("Shift+C",), lambda canvas: canvas.annotating.fit_frames()),
    Command("note", "Note", ("N",), lambda canvas: canvas.annotating.add_note()),
    Command("next_annotation", "Next frame or note", ("Shift+N",), lambda canvas: canvas.annotating.next_annotation()),
    Command("recolor", "Next colour of frames and notes", (), lambda canvas: canvas.annotating.recolor()),
    Command("arrange", "Lay out", ("Ctrl+L",), lambda canvas: canvas.tidying.arrange()),
    Command("arrange_down", "Lay out downwards", ("Ctrl+Shift+L",), lambda canvas: canvas.tidying.arrange("down")),
    Command("straighten", "Straighten", ("Q",), lambda canvas: canvas.tidying.straighten()),
    *_tidying(),
    Command("zoom_in", "Zoom in", ("Ctrl+=", "Ctrl++"), lambda canvas: canvas.zoom_by(1.25)),
    Command("zoom_out", "Zoom out", ("Ctrl+-",), lambda canvas: canvas.zoom_by(0.8)),
    Command("zoom_reset", "Zoom to 100 %", ("Ctrl+0",), lambda canvas: canvas.set_zoom(1.0)),
    Command("fit_all", "Fit all", ("Home",), lambda canvas: canvas.fit_all()),
    Command("fit_selection", "Fit selection", ("F", "."), lambda canvas: canvas.fit_selection()),
    Command("minimap", "Minimap", ("Alt+M",), lambda canvas: canvas.set_minimap(on=not canvas.minimap.visible)),
    *_arrows(),
    *_bookmarks(),
)
"""Everything the canvas does by key."""


class Keys:
    """Which command a key runs."""

    def __init__(self, keys: Mapping[str, tuple[str, ...]] | None = None) -> None:
        """`keys` maps ids of commands to their keys; None takes those that the commands name."""
        self._commands: dict[str, Command] = {}
        for command in COMMANDS:
            for key in command.keys if keys is None else keys.get(command.id, ()):
                self._commands[QKeySequence(key).toString()] = command

    def command(self, combination: int) -> Command | None:
        """The command of a key with its modifiers, as `QKeyCombination.toCombined` gives it."""
        return self._commands.get(QKeySequence(combination).toString())
