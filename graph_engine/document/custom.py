"""Custom blocks of a document: the source that a user wrote, kept as data. Nothing here runs it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from keyword import iskeyword
from types import MappingProxyType
from typing import Any

NAME = re.compile(r"[a-z][a-z0-9_]{0,59}\Z")


@dataclass(frozen=True, slots=True)
class CustomCode:
    """The source of a custom block. `extra` keeps what a file said of it that this version does not know."""

    source: str
    extra: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        object.__setattr__(self, "extra", MappingProxyType(dict(self.extra)))


def why_not_name(name: str) -> str | None:
    """Why a custom block can't be called so in a document, in a sentence; None when it can."""
    if not NAME.match(name) or iskeyword(name):
        return f"{name!r} can't name a custom block: it takes lower-case letters, digits and _, up to 60."
    return None
