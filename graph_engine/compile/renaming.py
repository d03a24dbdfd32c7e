"""Other names for what a source defines at its top, wherever they stand for it: not where a function has its own."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping

_Scope = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda
_Comprehension = ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp


def renamed(source: str, names: Mapping[str, str]) -> str:
    """`source` with other names, otherwise letter by letter as it was."""
    if not names:
        return source
    lines = [line.encode() for line in source.split("\n")]
    places = sorted(set(_places(ast.parse(source), names, lines)), reverse=True)
    for line, start, name in places:
        text = lines[line - 1]
        lines[line - 1] = text[:start] + names[name].encode() + text[start + len(name.encode()) :]
    return b"\n".join(lines).decode()


def _places(tree: ast.Module, names: Mapping[str, str], lines: list[bytes]) -> Iterator[tuple[int, int, str]]:
    """(line, column in bytes, name) of every place where a name is to be another."""
    waiting: list[tuple[ast.AST, frozenset[str]]] = [(tree, frozenset(names))]
    while waiting:
        part, known = waiting.pop()
        if isinstance(part, ast.Name) and part.id in known:
            yield part.lineno, part.col_offset, part.id
        elif isinstance(part, (ast.ClassDef, ast.FunctionDef)) and part.name in known and part in tree.body:
            first = lines[part.lineno - 1]
            found = re.compile(rb"(?:class|def)\s+").match(first, part.col_offset)
            if found is not None:
                yield part.lineno, found.end(), part.name
        elif isinstance(part, ast.Global):
            yield from _in_global(part, known, lines)
        elif isinstance(part, (ast.Import, ast.ImportFrom)):
            continue  # written anew
        inner = known - _own(part)
        if isinstance(part, _Scope):
            inside = part.body if isinstance(part.body, list) else [part.body]
            waiting += [(each, inner) for each in inside]
            waiting += [(each, known) for each in ast.iter_child_nodes(part) if each not in inside]
        else:
            waiting += [(each, inner) for each in ast.iter_child_nodes(part)]


def _in_global(part: ast.Global, known: frozenset[str], lines: list[bytes]) -> Iterator[tuple[int, int, str]]:
    for name in part.names:
        if name in known:
            for found in re.finditer(rb"\b" + name.encode() + rb"\b", lines[part.lineno - 1]):
                yield part.lineno, found.start(), name


def _own(part: ast.AST) -> set[str]:
    """The names that a function, lambda or comprehension has of its own."""
    if isinstance(part, _Comprehension):
        return {name for each in part.generators for name in _stored([each.target])}
    if not isinstance(part, _Scope):
        return set()
    args = part.args
    own = {each.arg for each in (*args.posonlyargs, *args.args, *args.kwonlyargs)}
    own |= {each.arg for each in (args.vararg, args.kwarg) if each is not None}
    if isinstance(part.body, list):
        shared = {name for each in ast.walk(part) if isinstance(each, ast.Global) for name in each.names}
        own |= _stored(part.body) - shared
    return own


def _stored(body: list[ast.stmt] | list[ast.expr]) -> set[str]:
    """The names that statements bind, without those of functions and classes inside them."""
    found: set[str] = set()
    waiting: list[ast.AST] = list(body)
    while waiting:
        part = waiting.pop()
        match part:
            case ast.Name(id=name, ctx=ast.Store()):
                found.add(name)
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                found.add(name)
                continue
            case ast.Import(names=aliases) | ast.ImportFrom(names=aliases):
                found |= {each.asname or each.name.partition(".")[0] for each in aliases}
            case ast.ExceptHandler(name=str(name)):
                found.add(name)
            case ast.Lambda():
                continue
            case ast.ListComp() | ast.SetComp() | ast.DictComp() | ast.GeneratorExp():
                found |= {each.target.id for each in ast.walk(part) if isinstance(each, ast.NamedExpr)}
                continue
        waiting += ast.iter_child_nodes(part)
    return found
