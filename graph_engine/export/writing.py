"""How every export reaches the disk: whole, and read back."""

from __future__ import annotations

from pathlib import Path

from graph_engine.document.file import write_whole
from graph_engine.export.errors import Exported, ExportError


def write_checked(path: Path, content: bytes, checked: str) -> Exported:
    """Put `content`, which passed the check that `checked` tells of, at `path`, and read it back.

    Raises:
        ExportError: the disk gives back something else.
        FileError: the file can't be written; what was there before is still there.
    """
    write_whole(path, content)
    if path.read_bytes() != content:
        raise ExportError(f"{path} does not hold what was written to it. Check the disk, and export again.")
    return Exported(path, len(content), checked)
