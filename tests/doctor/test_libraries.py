"""Missing system libraries are found, named with their packages, and cured by one command."""

from __future__ import annotations

import os
import platform
import re
import struct
from pathlib import Path

import pytest

from graph_engine.doctor.libraries import (
    OFFSCREEN,
    WAYLAND,
    XCB,
    LibrariesUnknown,
    MissingLibrary,
    install_command,
    loads,
    missing_libraries,
    qt_binaries,
    qt_folder,
)
from graph_engine.doctor.packages import PACKAGES

# Of the C library itself, without which no Python runs.
_ALWAYS_THERE = re.compile(r"lib(c|m|dl|rt|pthread)\.so\.\d+|ld-linux.*")


@pytest.fixture
def debian(monkeypatch: pytest.MonkeyPatch) -> None:
    distribution(monkeypatch, ID="debian")


def distribution(monkeypatch: pytest.MonkeyPatch, **release: str) -> None:
    monkeypatch.setattr(platform, "freedesktop_os_release", lambda: release)


def pretend_ldd(folder: Path, monkeypatch: pytest.MonkeyPatch, script: str) -> None:
    """Puts a program of our own where `ldd` is looked for."""
    program = folder / "ldd"
    program.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(folder))


LACKING = r"""
echo "  linux-vdso.so.1 (0x00007ffe)"
echo "  libc.so.6 => /lib/libc.so.6 (0x00007f8d)"
echo "  libEGL.so.1 => not found"
case "$1" in *libqxcb*) echo "  libxcb-cursor.so.0 => not found"; echo "  libnew.so.9 => not found";; esac
"""


@pytest.mark.usefixtures("debian")
def test_what_the_loader_does_not_find_is_named_once_with_its_package(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pretend_ldd(tmp_path, monkeypatch, LACKING)

    assert missing_libraries([OFFSCREEN]) == (MissingLibrary("libEGL.so.1", "libegl1"),)
    assert missing_libraries([OFFSCREEN, XCB]) == (
        MissingLibrary("libEGL.so.1", "libegl1"),
        MissingLibrary("libnew.so.9", None),
        MissingLibrary("libxcb-cursor.so.0", "libxcb-cursor0"),
    )


@pytest.mark.parametrize(
    ("release", "root", "command"),
    [
        ({"ID": "debian"}, True, "apt-get update && apt-get install -y libegl1 libxcb-cursor0"),
        (
            {"ID": "linuxmint", "ID_LIKE": "ubuntu debian"},
            False,
            "sudo apt-get update && sudo apt-get install -y libegl1 libxcb-cursor0",
        ),
        ({"ID": "fedora"}, False, "sudo dnf install -y libglvnd-egl xcb-util-cursor"),
        (
            {"ID": "rocky", "ID_LIKE": "rhel centos fedora"},
            True,
            "dnf install -y libglvnd-egl xcb-util-cursor",
        ),
        ({"ID": "arch"}, False, "sudo pacman -S --needed libglvnd xcb-util-cursor"),
        ({"ID": "slackware"}, False, None),
    ],
)
def test_one_command_installs_all_of_it(
    release: dict[str, str], root: bool, command: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    distribution(monkeypatch, **release)
    monkeypatch.setattr(os, "geteuid", lambda: 0 if root else 1000)
    pretend_ldd(tmp_path, monkeypatch, LACKING)

    assert install_command(missing_libraries([XCB])) == command


@pytest.mark.usefixtures("debian")
def test_nothing_missing_needs_no_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pretend_ldd(tmp_path, monkeypatch, 'echo "  libEGL.so.1 => /lib/libEGL.so.1 (0x00007f8d)"')

    assert missing_libraries([OFFSCREEN, XCB]) == ()
    assert install_command(()) is None


def test_without_ldd_it_says_that_it_does_not_know(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))

    with pytest.raises(LibrariesUnknown, match="there is no ldd"):
        missing_libraries([OFFSCREEN])


def test_the_loader_takes_what_these_tests_run_on() -> None:
    assert missing_libraries([OFFSCREEN]) == ()
    folder = qt_folder()
    assert folder is not None
    paths = qt_binaries(folder, [OFFSCREEN])
    assert [path.name for path in paths] == ["libQt6Widgets.so.6", "libqoffscreen.so"]
    assert all(loads(path) for path in paths)


def test_a_library_that_cannot_be_loaded_is_noticed(tmp_path: Path) -> None:
    broken = tmp_path / "libbroken.so"
    broken.write_bytes(b"not a library")

    assert not loads(broken)


def test_the_package_of_everything_that_qt_asks_for_is_known() -> None:
    """A newer PySide6 that needs another library fails here, not on a user's machine."""
    folder = qt_folder()
    assert folder is not None
    own = folder / "Qt" / "lib"
    paths = qt_binaries(folder, [OFFSCREEN, XCB, WAYLAND])
    paths += [folder / f"Qt{module}.abi3.so" for module in ("Core", "Gui", "Svg", "Widgets")]
    seen: set[str] = set()
    asked: set[str] = set()
    while paths:
        names = set(needed_by(paths.pop())) - seen
        seen |= names
        paths += [own / name for name in names if (own / name).is_file()]
        asked |= {name for name in names if not (own / name).is_file()}
    bindings = ("libpyside6", "libshiboken6")
    system = {name for name in asked if not _ALWAYS_THERE.fullmatch(name) and not name.startswith(bindings)}

    assert {"libEGL.so.1", "libxcb-cursor.so.0", "libwayland-client.so.0"} <= system
    assert system <= set(PACKAGES)


def needed_by(path: Path) -> list[str]:
    """The libraries that an ELF file (64 bit, little-endian) names as needed."""
    data = path.read_bytes()
    start, size, count = *struct.unpack_from("<Q", data, 32), *struct.unpack_from("<HH", data, 54)
    # each: type, flags, offset in the file, address, physical address, bytes in the file
    segments = [struct.unpack_from("<IIQQQQ", data, start + index * size) for index in range(count)]
    _, _, offset, _, _, length = next(segment for segment in segments if segment[0] == 2)
    entries = [struct.unpack_from("<QQ", data, at) for at in range(offset, offset + length, 16)]
    table = next(value for tag, value in entries if tag == 5)
    load = next(s for s in segments if s[0] == 1 and s[3] <= table < s[3] + s[5])
    strings = table - load[3] + load[2]
    names = [strings + value for tag, value in entries if tag == 1]
    return [data[at : data.index(b"\0", at)].decode() for at in names]
