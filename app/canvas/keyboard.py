"""The keys of the canvas: what each does, as data. The window's actions may take them over and remap them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence

from app.canvas.editing import FAR_NUDGE, NUDGE

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
    Command("arrange", "Lay out", ("Ctrl+L",), lambda canvas: canvas.editing.arrange()),
    Command("zoom_in", "Zoom in", ("Ctrl+=", "Ctrl++"), lambda canvas: canvas.zoom_by(1.25)),
    Command("zoom_out", "Zoom out", ("Ctrl+-",), lambda canvas: canvas.zoom_by(0.8)),
    Command("zoom_reset", "Zoom to 100 %", ("Ctrl+0",), lambda canvas: canvas.set_zoom(1.0)),
    Command("fit_all", "Fit all", ("Home",), lambda canvas: canvas.fit_all()),
    Command("fit_selection", "Fit selection", ("F", "."), lambda canvas: canvas.fit_selection()),
    Command("minimap", "Minimap", ("Alt+M",), lambda canvas: canvas.set_minimap(on=not canvas.minimap.visible)),
    *_arrows(),
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
