"""Source of our own modules, copied into programs so that they stand alone."""

from __future__ import annotations

import ast
from collections.abc import Iterable
from functools import cache, lru_cache
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
        for used in names_in(source):
            if used != name and used in _parts(homes()[name]):
                visit(used)
        ordered[name] = source

    for target in targets:
        if target in homes():
            visit(target)
    return list(ordered.values())


@lru_cache(maxsize=512)
def names_in(source: str) -> tuple[str, ...]:
    """The names that Python source makes use of, each once, in order; what comments and docstrings say is none."""
    found = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Name)]
    return tuple(dict.fromkeys(node.id for node in sorted(found, key=lambda node: (node.lineno, node.col_offset))))


@cache
def _parts(home: str) -> dict[str, str]:
    """Name → source of every class and function that a file of `graph_engine.nn` defines."""
    source = (Path(graph_engine.nn.__file__).parent / f"{home}.py").read_text("utf-8")
    return {
        item.name: ast.get_source_segment(source, item) or ""
        for item in ast.parse(source).body
        if isinstance(item, (ast.ClassDef, ast.FunctionDef))
    }
