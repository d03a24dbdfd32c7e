"""Whether there is a display for the window, and whether it answers."""

from __future__ import annotations

import ctypes
import os
from dataclasses import dataclass
from pathlib import Path

from graph_engine.doctor.libraries import WAYLAND, XCB

_ANSWER_WITHIN = 2.0  # s


@dataclass(frozen=True, slots=True)
class Display:
    """Where windows would appear: Qt's platform, the display's name, and what is wrong with it, if so."""

    platform: str
    name: str
    problem: str | None = None


def find_displays() -> tuple[Display, ...]:
    """The displays that Qt would try here, in its order; none on a machine without a screen.

    QT_QPA_PLATFORM decides where it is set; otherwise Wayland comes before X.
    """
    asked = os.environ.get("QT_QPA_PLATFORM", "")
    if asked:
        # "xcb;offscreen" is tried in turn; "offscreen:enable_fonts" carries options after the colon
        names = [part.split(":")[0] for part in asked.split(";")]
        return tuple(_display(WAYLAND if name.startswith(WAYLAND) else name) for name in names if name)
    displays = []
    if os.environ.get("WAYLAND_DISPLAY"):
        displays.append(_display(WAYLAND))
    if os.environ.get("DISPLAY"):
        displays.append(_display(XCB))
    return tuple(displays)


def find_display() -> Display | None:
    """The first display that answers, else the first that should have, else None."""
    displays = find_displays()
    answering = [display for display in displays if display.problem is None]
    return next(iter(answering or displays), None)


def _display(platform: str) -> Display:
    if platform == XCB:
        name = os.environ.get("DISPLAY", "")
        return Display(platform, name, _x_problem(name))
    if platform == WAYLAND:
        name = os.environ.get("WAYLAND_DISPLAY", "wayland-0")
        return Display(platform, name, _wayland_problem(name))
    return Display(platform, platform)  # off screen and its like need no one to answer


def _x_problem(name: str) -> str | None:
    """Asks libxcb itself, which knows every form of a display's name and the permission files."""
    if not name:
        return "DISPLAY is not set."
    try:
        xcb = ctypes.CDLL("libxcb.so.1")
    except OSError:
        return None  # its absence is reported as a missing library
    xcb.xcb_connect.restype = ctypes.c_void_p
    xcb.xcb_connect.argtypes = [ctypes.c_char_p, ctypes.c_void_p]
    xcb.xcb_connection_has_error.argtypes = [ctypes.c_void_p]
    xcb.xcb_disconnect.argtypes = [ctypes.c_void_p]
    connection = xcb.xcb_connect(name.encode(), None)
    failed = xcb.xcb_connection_has_error(connection)
    xcb.xcb_disconnect(connection)
    return f"The X display {name} (DISPLAY) does not answer or refuses this user." if failed else None


def _wayland_problem(name: str) -> str | None:
    import socket

    path = Path(os.environ.get("XDG_RUNTIME_DIR", "")) / name
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(_ANSWER_WITHIN)
        try:
            connection.connect(os.fspath(path))
        except OSError:
            return f"The Wayland display {name} (WAYLAND_DISPLAY) does not answer."
    return None
