"""What an export refuses with, and what it reports."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


class ExportError(Exception):
    """An export that could not be done, or that failed its own check; the message says what, where and what to do."""


@dataclass(frozen=True, slots=True)
class Exported:
    """A file that was written and checked. `size` in bytes; `checked` says how, in a sentence."""

    path: Path
    size: int
    checked: str
