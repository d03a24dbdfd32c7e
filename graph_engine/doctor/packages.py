"""Which package of a Linux distribution brings which system library that Qt loads."""

from __future__ import annotations

import os
import platform
from enum import StrEnum
from typing import NamedTuple


class Distribution(StrEnum):
    """A family of distributions that share package names and a package manager."""

    DEBIAN = "debian"
    FEDORA = "fedora"
    ARCH = "arch"


class Package(NamedTuple):
    """The name of one package in each family."""

    debian: str
    fedora: str
    arch: str

    def of(self, distribution: Distribution) -> str:
        match distribution:
            case Distribution.DEBIAN:
                return self.debian
            case Distribution.FEDORA:
                return self.fedora
            case Distribution.ARCH:
                return self.arch


def _xcb(debian: str) -> Package:
    """A part of libxcb: a package of its own in Debian, in libxcb itself elsewhere."""
    return Package(debian, "libxcb", "libxcb")


# By soname, so that a library that Qt comes to need later is at least named, if without its package.
PACKAGES = {
    "libEGL.so.1": Package("libegl1", "libglvnd-egl", "libglvnd"),
    "libGL.so.1": Package("libgl1", "libglvnd-glx", "libglvnd"),
    "libGLX.so.0": Package("libglx0", "libglvnd-glx", "libglvnd"),
    "libGLdispatch.so.0": Package("libglvnd0", "libglvnd", "libglvnd"),
    "libOpenGL.so.0": Package("libopengl0", "libglvnd-opengl", "libglvnd"),
    "libX11-xcb.so.1": Package("libx11-xcb1", "libX11-xcb", "libx11"),
    "libX11.so.6": Package("libx11-6", "libX11", "libx11"),
    "libXau.so.6": Package("libxau6", "libXau", "libxau"),
    "libXdmcp.so.6": Package("libxdmcp6", "libXdmcp", "libxdmcp"),
    "libbrotlidec.so.1": Package("libbrotli1", "libbrotli", "brotli"),
    "libdbus-1.so.3": Package("libdbus-1-3", "dbus-libs", "dbus"),
    "libexpat.so.1": Package("libexpat1", "expat", "expat"),
    "libffi.so.8": Package("libffi8", "libffi", "libffi"),
    "libfontconfig.so.1": Package("libfontconfig1", "fontconfig", "fontconfig"),
    "libfreetype.so.6": Package("libfreetype6", "freetype", "freetype2"),
    "libgcc_s.so.1": Package("libgcc-s1", "libgcc", "gcc-libs"),
    "libglib-2.0.so.0": Package("libglib2.0-0", "glib2", "glib2"),
    "libgthread-2.0.so.0": Package("libglib2.0-0", "glib2", "glib2"),
    "libpcre2-8.so.0": Package("libpcre2-8-0", "pcre2", "pcre2"),
    "libpng16.so.16": Package("libpng16-16", "libpng", "libpng"),
    "libstdc++.so.6": Package("libstdc++6", "libstdc++", "gcc-libs"),
    "libsystemd.so.0": Package("libsystemd0", "systemd-libs", "systemd-libs"),
    "libwayland-client.so.0": Package("libwayland-client0", "libwayland-client", "wayland"),
    "libwayland-cursor.so.0": Package("libwayland-cursor0", "libwayland-cursor", "wayland"),
    "libwayland-egl.so.1": Package("libwayland-egl1", "libwayland-egl", "wayland"),
    "libxcb-cursor.so.0": Package("libxcb-cursor0", "xcb-util-cursor", "xcb-util-cursor"),
    "libxcb-glx.so.0": _xcb("libxcb-glx0"),
    "libxcb-icccm.so.4": Package("libxcb-icccm4", "xcb-util-wm", "xcb-util-wm"),
    "libxcb-image.so.0": Package("libxcb-image0", "xcb-util-image", "xcb-util-image"),
    "libxcb-keysyms.so.1": Package("libxcb-keysyms1", "xcb-util-keysyms", "xcb-util-keysyms"),
    "libxcb-randr.so.0": _xcb("libxcb-randr0"),
    "libxcb-render-util.so.0": Package("libxcb-render-util0", "xcb-util-renderutil", "xcb-util-renderutil"),
    "libxcb-render.so.0": _xcb("libxcb-render0"),
    "libxcb-shape.so.0": _xcb("libxcb-shape0"),
    "libxcb-shm.so.0": _xcb("libxcb-shm0"),
    "libxcb-sync.so.1": _xcb("libxcb-sync1"),
    "libxcb-util.so.1": Package("libxcb-util1", "xcb-util", "xcb-util"),
    "libxcb-xfixes.so.0": _xcb("libxcb-xfixes0"),
    "libxcb-xkb.so.1": _xcb("libxcb-xkb1"),
    "libxcb.so.1": _xcb("libxcb1"),
    "libxkbcommon-x11.so.0": Package("libxkbcommon-x11-0", "libxkbcommon-x11", "libxkbcommon-x11"),
    "libxkbcommon.so.0": Package("libxkbcommon0", "libxkbcommon", "libxkbcommon"),
    "libz.so.1": Package("zlib1g", "zlib", "zlib"),
    "libzstd.so.1": Package("libzstd1", "libzstd", "zstd"),
}

_FAMILIES = {
    "debian": Distribution.DEBIAN,
    "ubuntu": Distribution.DEBIAN,
    "fedora": Distribution.FEDORA,
    "rhel": Distribution.FEDORA,
    "centos": Distribution.FEDORA,
    "arch": Distribution.ARCH,
}

_COMMANDS = {
    # A fresh machine or container has no package lists yet: without the update nothing is found.
    Distribution.DEBIAN: "{sudo}apt-get update && {sudo}apt-get install -y {packages}",
    Distribution.FEDORA: "{sudo}dnf install -y {packages}",
    Distribution.ARCH: "{sudo}pacman -S --needed {packages}",
}


def this_distribution() -> Distribution | None:
    """The family of this machine's distribution, or None when its packages are not known here."""
    try:
        release = platform.freedesktop_os_release()
    except OSError:
        return None
    for name in [release.get("ID", ""), *release.get("ID_LIKE", "").split()]:
        if name in _FAMILIES:
            return _FAMILIES[name]
    return None


def package_of(library: str, distribution: Distribution | None) -> str | None:
    """The package that brings `library` (a soname), or None when either is not known."""
    package = PACKAGES.get(library)
    return package.of(distribution) if package and distribution else None


def command_for(packages: list[str], distribution: Distribution) -> str:
    """The one line for a shell that installs `packages`; with sudo unless this is root already."""
    sudo = "" if os.geteuid() == 0 else "sudo "
    return _COMMANDS[distribution].format(sudo=sudo, packages=" ".join(packages))
