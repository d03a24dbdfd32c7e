"""Source of our own modules, copied into programs so that they stand alone."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable
from functools import cache
from pathlib import Path

import graph_engine.nn
from graph_engine.nn import homes


def definitions(targets: Iterable[str]) -> list[str]:
    """The source of each of our own `targets` and of what they use, each once, used before user."""
    ordered: dict[str, str] = {}
    visited: set[str] = set()  # two may name each other, if only in their docstrings

    def visit(name: str) -> None:
        if name in visited:
            return
        visited.add(name)
        source = _parts(homes()[name])[name]
        for used in re.findall(r"\b[A-Za-z_]\w*\b", source):
            if used != name and used in _parts(homes()[name]):
                visit(used)
        ordered[name] = source

    for target in targets:
        if target in homes():
            visit(target)
    return list(ordered.values())


def uses(text: str, name: str) -> bool:
    """Whether source text mentions `name` as a word of its own, such as the module `F`; not in its comments."""
    if re.search(rf"(?<![\w.]){name}\b", text) is None:
        return False
    return any(isinstance(part, ast.Name) and part.id == name for part in ast.walk(ast.parse(text)))


@cache
def _parts(home: str) -> dict[str, str]:
    """Name → source of every class and function that a file of `graph_engine.nn` defines."""
    source = (Path(graph_engine.nn.__file__).parent / f"{home}.py").read_text("utf-8")
    return {
        item.name: ast.get_source_segment(source, item) or ""
        for item in ast.parse(source).body
        if isinstance(item, (ast.ClassDef, ast.FunctionDef))
    }
