"""Which of the packages that Layerloom asks for are installed, read from its own metadata."""

from __future__ import annotations

import platform
import shlex
import sys
from dataclasses import dataclass
from importlib import metadata

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

DISTRIBUTION = "layerloom"
_DEVELOPMENT = "dev"


@dataclass(frozen=True, slots=True)
class Version:
    """A package: what is installed (None: nothing) and what Layerloom asks for."""

    name: str
    installed: str | None
    needed: str
    good: bool


@dataclass(frozen=True, slots=True)
class Extra:
    """A group of optional packages: what is missing of it, and the command that installs that."""

    name: str
    missing: tuple[str, ...]
    command: str | None


def layerloom_version() -> str | None:
    """The version of the installed Layerloom; None when it runs from a folder without an installation."""
    return _installed(DISTRIBUTION)


def find_versions() -> tuple[Version, ...]:
    """Python, Layerloom, then every package that Layerloom cannot do without, in order of name."""
    own = layerloom_version()
    versions = [
        _python_version(own is not None),
        Version(DISTRIBUTION, own, "", good=own is not None),
    ]
    for needed in sorted(_requirements(extra=None), key=lambda each: each.name.lower()):
        found = _installed(needed.name)
        good = _fits(found, needed.specifier)
        versions.append(Version(needed.name, found, _text(needed.specifier), good))
    return tuple(versions)


def find_extras() -> tuple[Extra, ...]:
    """The optional groups that a user may want, each with what is missing of it."""
    try:
        names = metadata.metadata(DISTRIBUTION).get_all("Provides-Extra") or []
    except metadata.PackageNotFoundError:
        return ()
    return tuple(_extra(name) for name in names if name != _DEVELOPMENT)


def pip_command(requirements: list[str]) -> str:
    """The line for a shell that installs `requirements` for the very Python that runs now."""
    return shlex.join([sys.executable, "-m", "pip", "install", *requirements])


def _extra(name: str) -> Extra:
    lacking = [each for each in _requirements(name) if not _fits(_installed(each.name), each.specifier)]
    command = pip_command([f"{each.name}{_text(each.specifier)}" for each in lacking]) if lacking else None
    return Extra(name, tuple(each.name for each in lacking), command)


def _python_version(known: bool) -> Version:
    needed = SpecifierSet(metadata.metadata(DISTRIBUTION)["Requires-Python"] if known else "")
    found = platform.python_version()
    return Version("python", found, _text(needed), good=_fits(found, needed))


def _requirements(extra: str | None) -> list[Requirement]:
    """What Layerloom's metadata asks for here, without any extra or what `extra` adds."""
    try:
        lines = metadata.requires(DISTRIBUTION) or []
    except metadata.PackageNotFoundError:
        return []
    everything = [Requirement(line) for line in lines]
    if extra is None:
        return [each for each in everything if each.marker is None or each.marker.evaluate({"extra": ""})]
    return [
        each
        for each in everything
        if each.marker and each.marker.evaluate({"extra": extra}) and not each.marker.evaluate({"extra": ""})
    ]


def _installed(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def _text(needed: SpecifierSet) -> str:
    """As people write it, the lower bound first: `>=3.11,<3.14`."""
    return ",".join(sorted((str(each) for each in needed), reverse=True))


def _fits(version: str | None, needed: SpecifierSet) -> bool:
    return version is not None and needed.contains(version, prereleases=True)
