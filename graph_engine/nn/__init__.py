"""The torch modules that blocks stand for where torch has none.

Each file imports torch alone and each definition is self-contained: its source is copied into programs.
"""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path


@cache
def homes() -> dict[str, str]:
    """Class or function name → the file of this package that defines it. Imports nothing."""
    found = {}
    for path in sorted(Path(__file__).parent.glob("[a-z]*.py")):
        for item in ast.parse(path.read_text("utf-8")).body:
            if isinstance(item, (ast.ClassDef, ast.FunctionDef)):
                found[item.name] = path.stem
    return found
