"""Why the window cannot start, in words, found before Qt gets to abort the process over it."""

from __future__ import annotations

import shlex
import sys

from graph_engine.doctor.display import Display, find_displays
from graph_engine.doctor.libraries import (
    XCB,
    LibrariesUnknown,
    MissingLibrary,
    install_command,
    loads,
    missing_libraries,
    qt_binaries,
    qt_folder,
)

NO_DISPLAY = (
    "The window needs a display, and neither WAYLAND_DISPLAY nor DISPLAY is set. Start it in a desktop "
    "session or through ssh -X; every subcommand works without one (see layerloom --help)."
)


def window_problem() -> str | None:
    """What stands in the way of the window and what to do about it; None when it can start.

    Cheap enough to ask at every start: it loads what Qt loads anyway, and looks closer only when that fails.
    """
    if qt_folder() is None:
        python = shlex.quote(sys.executable)
        return (
            "The window needs PySide6, which is not installed. "
            f"Install it with: {python} -m pip install 'PySide6-Essentials>=6.8,<6.12'"
        )
    displays = find_displays()
    if not displays:
        libraries = _library_problem(XCB)
        return f"{libraries} {NO_DISPLAY}" if libraries else NO_DISPLAY
    problems = []
    for display in displays:
        problem = _problem_on(display)
        if problem is None:
            return None
        problems.append(problem)
    return problems[0]


def say_missing(libraries: tuple[MissingLibrary, ...]) -> str:
    """One or two sentences that name the missing libraries and the command that installs them."""
    names = ", ".join(library.library for library in libraries)
    command = install_command(libraries)
    noun = "a system library" if len(libraries) == 1 else "system libraries"
    lacking = f"The window needs {noun} that this machine lacks: {names}."
    cure = f"Install with: {command}" if command else "Install the packages that bring them."
    return f"{lacking} {cure}"


def _problem_on(display: Display) -> str | None:
    libraries = _library_problem(display.platform)
    if libraries or display.problem is None:
        return libraries
    return f"{display.problem} Check that it is the display of a session that is running."


def _library_problem(platform: str) -> str | None:
    folder = qt_folder()
    if folder is None or all(loads(path) for path in qt_binaries(folder, [platform])):
        return None
    try:
        libraries = missing_libraries([platform])
    except LibrariesUnknown as error:
        return f"Qt's libraries cannot be loaded. {error}"
    if not libraries:
        # Found, yet not loaded: a broken or foreign file, which the loader's own words name best.
        return "Qt's libraries are there but cannot be loaded. Reinstall PySide6-Essentials."
    return say_missing(libraries)
