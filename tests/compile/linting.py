"""What a linter and a formatter say of source that programs are written in."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

STYLE = ("--line-length", "120", "--isolated", "--no-cache")


def faults(sources: Mapping[str, str], folder: Path) -> str:
    """What ruff, with its usual rules, says of files of these sources, and which it would format otherwise."""
    for name, source in sources.items():
        (folder / f"{name}.py").write_text(source, "utf-8")
    check = ("check", "--select", "E,F,I,W", "--output-format", "concise", *STYLE)
    said = ""
    for command in (check, ("format", "--check", *STYLE)):
        ruff = [sys.executable, "-m", "ruff", *command, str(folder)]
        done = subprocess.run(ruff, capture_output=True, text=True, check=False)
        said += done.stdout + done.stderr if done.returncode else ""
    return said
