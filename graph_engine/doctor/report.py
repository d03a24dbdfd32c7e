"""The whole examination: what is there, what is missing, and the commands that bring it."""

from __future__ import annotations

import shutil
import tempfile
from dataclasses import asdict, dataclass
from typing import Any

from graph_engine.doctor.devices import Device, find_devices
from graph_engine.doctor.display import Display, find_display
from graph_engine.doctor.libraries import (
    OFFSCREEN,
    WAYLAND,
    XCB,
    LibrariesUnknown,
    MissingLibrary,
    install_command,
    missing_libraries,
)
from graph_engine.doctor.versions import Extra, Version, find_extras, find_versions, pip_command
from graph_engine.doctor.window import NO_DISPLAY, say_missing
from graph_engine.home import HomeError, home, place

LEAST_FREE = 200_000_000
"""Bytes that should be free for runs: a checkpoint of a network of some 50 million weights."""


@dataclass(frozen=True, slots=True)
class Home:
    """The folder of user data: where, bytes free there, and what is wrong with it (None: nothing)."""

    path: str
    free: int | None  # bytes
    problem: str | None = None


@dataclass(frozen=True, slots=True)
class Report:
    """All that was found. `problems` stop something from working here; `notes` are only good to know."""

    versions: tuple[Version, ...]
    devices: tuple[Device, ...]
    extras: tuple[Extra, ...]
    libraries: tuple[MissingLibrary, ...]
    display: Display | None
    home: Home
    problems: tuple[str, ...]
    notes: tuple[str, ...]

    @property
    def ok(self) -> bool:
        return not self.problems

    @property
    def command(self) -> str | None:
        """The line that installs the missing system libraries; None when there is nothing to install."""
        return install_command(self.libraries)

    def as_data(self) -> dict[str, Any]:
        """The report as plain data, for JSON."""
        return {
            "ok": self.ok,
            "versions": {version.name: version.installed for version in self.versions},
            "devices": [asdict(device) for device in self.devices],
            "extras": [{**asdict(extra), "present": not extra.missing} for extra in self.extras],
            "libraries": [asdict(library) for library in self.libraries],
            "command": self.command,
            "display": {"present": True, **asdict(self.display)} if self.display else {"present": False},
            "home": asdict(self.home),
            "problems": list(self.problems),
            "notes": list(self.notes),
        }


def make_report() -> Report:
    """The examination behind `examine`."""
    problems: list[str] = []
    notes: list[str] = []
    versions = find_versions()
    problems += _version_problems(versions)
    devices: tuple[Device, ...] = ()
    try:
        devices = find_devices()
    except Exception as error:  # noqa: BLE001 - a broken driver can fail in any way; the report must still come
        problems.append(f"torch cannot be used: {type(error).__name__}: {error}")
    display = find_display()
    libraries: tuple[MissingLibrary, ...] = ()
    try:
        libraries = missing_libraries(_platforms(display))
    except LibrariesUnknown as error:
        notes.append(str(error))
    if libraries:
        problems.append(say_missing(libraries))
    if display is None:
        notes.append(NO_DISPLAY)
    elif display.problem:
        notes.append(display.problem)
    place_of_data = _home()
    if place_of_data.problem:
        problems.append(place_of_data.problem)
    return Report(versions, devices, find_extras(), libraries, display, place_of_data, tuple(problems), tuple(notes))


def _platforms(display: Display | None) -> list[str]:
    """Off screen is needed for `render` and the tests, X for the window; Wayland only where it is in use."""
    wayland = display is not None and display.platform == WAYLAND
    return [OFFSCREEN, XCB, *([WAYLAND] if wayland else [])]


def _version_problems(versions: tuple[Version, ...]) -> list[str]:
    problems = []
    for version in versions:
        if version.good:
            continue
        if version.name == "python":
            problems.append(f"Python {version.installed} runs here; Layerloom needs {version.needed}.")
        elif version.name == "layerloom":
            cure = pip_command(["-e", "."])
            problems.append(f"Layerloom is not installed, only present. In its folder, run: {cure}")
        else:
            found = f"{version.installed} is installed" if version.installed else "is not installed"
            cure = pip_command([f"{version.name}{version.needed}"])
            problems.append(f"{version.name} {found}; Layerloom needs {version.needed}. Run: {cure}")
    return problems


def _home() -> Home:
    path = place()
    try:
        folder = home()
        with tempfile.TemporaryFile(dir=folder) as proof:
            proof.write(b"\0")
        free = shutil.disk_usage(folder).free
    except HomeError as error:
        return Home(str(path), None, str(error))
    except OSError as error:
        return Home(str(path), None, f"Layerloom cannot write to {path}: {error.strerror or error}.")
    if free < LEAST_FREE:
        return Home(str(path), free, f"Only {free // 1_000_000} MB are free in {path}. Make room for runs.")
    return Home(str(path), free)
