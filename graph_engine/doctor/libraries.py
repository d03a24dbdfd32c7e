"""The system libraries that Qt needs and this machine lacks, found by asking the dynamic loader (`ldd`)."""

from __future__ import annotations

import ctypes
import importlib.util
import os
import platform
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from graph_engine.doctor.packages import command_for, package_of, this_distribution

# Qt's names of the ways in which it shows windows, as in QT_QPA_PLATFORM. Plugins may add to them.
OFFSCREEN = "offscreen"
XCB = "xcb"
WAYLAND = "wayland"

_NOT_FOUND = re.compile(r"^\s*(\S+) => not found", re.MULTILINE)


class LibrariesUnknown(Exception):
    """The loader could not be asked; the message says why."""


@dataclass(frozen=True, slots=True)
class MissingLibrary:
    """A shared library that Qt asks for and the loader does not find; its package, if known."""

    library: str
    package: str | None


def qt_folder() -> Path | None:
    """The folder of the installed PySide6, found without importing it; None when it is not installed."""
    spec = importlib.util.find_spec("PySide6")
    places = spec.submodule_search_locations if spec else None
    return Path(places[0]) if places else None


def qt_binaries(folder: Path, platforms: Iterable[str]) -> list[Path]:
    """The files that Qt loads to show a window: its widgets and the plugins of each of `platforms`."""
    plugins = folder / "Qt" / "plugins" / "platforms"
    found = [folder / "Qt" / "lib" / "libQt6Widgets.so.6"]
    for name in platforms:
        # Before Qt 6.10 there are libqwayland-generic.so and libqwayland-egl.so.
        found += sorted(plugins.glob("libqwayland*.so")) if name == WAYLAND else [plugins / f"libq{name}.so"]
    return [path for path in found if path.is_file()]


def loads(path: Path) -> bool:
    """Whether the loader takes `path` with all that it needs.

    It stays loaded. Qt would load it a moment later, so at start-up this costs next to nothing.
    """
    try:
        ctypes.CDLL(os.fspath(path))
    except OSError:
        return False
    return True


def missing_libraries(platforms: Sequence[str]) -> tuple[MissingLibrary, ...]:
    """What Qt needs on `platforms` and this machine lacks, each once, in order of name.

    Raises:
        LibrariesUnknown: there is no `ldd` here, or it does not answer.
    """
    folder = qt_folder()
    if folder is None or platform.system() != "Linux":
        return ()
    distribution = this_distribution()
    names = {name for path in qt_binaries(folder, platforms) for name in _not_found(path)}
    return tuple(MissingLibrary(name, package_of(name, distribution)) for name in sorted(names))


def install_command(libraries: Iterable[MissingLibrary]) -> str | None:
    """The line for a shell that installs what is missing; None when nothing is, or no package is known."""
    packages = sorted({library.package for library in libraries if library.package})
    distribution = this_distribution()
    return command_for(packages, distribution) if packages and distribution else None


def _not_found(path: Path) -> list[str]:
    import shutil
    import subprocess

    ldd = shutil.which("ldd")
    if ldd is None:
        raise LibrariesUnknown("System libraries were not examined: there is no ldd on this machine.")
    try:
        answer = subprocess.run(
            [ldd, os.fspath(path)],
            capture_output=True,
            check=False,
            env={**os.environ, "LC_ALL": "C"},  # its answer is read here, so it must be in English
            text=True,
            timeout=30,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise LibrariesUnknown(f"System libraries were not examined: ldd failed ({error}).") from error
    return _NOT_FOUND.findall(answer.stdout)
