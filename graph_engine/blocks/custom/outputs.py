"""What a custom block gives: told by the annotation of `forward`, else by what it returns."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from graph_engine.blocks.custom.definition import Fault

_TENSORS = ("Tensor", "torch.Tensor")
_MOST = 20


def read_outputs(forward: ast.FunctionDef) -> tuple[list[str], list[Fault]]:
    """The names of the outputs, and what is wrong. Several are called as the variables that are returned."""
    returns = [each for each in _returns(forward.body) if each.value is not None]
    if not returns:
        return [], [Fault(forward.lineno, "forward returns nothing. End it with `return` and a tensor.")]
    literal = {each: len(each.value.elts) for each in returns if isinstance(each.value, ast.Tuple)}
    count: int | None
    if forward.returns is None:
        counts = set(literal.values()) | ({1} if len(literal) < len(returns) else set())
        if len(counts) > 1:
            last = max(returns, key=lambda each: each.lineno)
            return [], [Fault(last.lineno, "forward returns more values at one place than at another.")]
        count = counts.pop()
    else:
        count = _declared(forward.returns)
        if count is None:
            says = ast.unparse(forward.returns)
            message = f"forward must return a Tensor or a tuple of so many, tuple[Tensor, Tensor]; it says {says}."
            return [], [Fault(forward.lineno, message)]
    wrong = next((each for each, length in literal.items() if length != count), None)
    if wrong is not None:
        said = "one Tensor" if count == 1 else f"{count} values"
        return [], [Fault(wrong.lineno, f"forward says that it gives {said}, but {literal[wrong]} are returned here.")]
    if not 1 <= count <= _MOST:
        return [], [Fault(forward.lineno, f"A block gives 1 to {_MOST} values; this one gives {count}.")]
    return _names(returns, count), []


def _declared(annotation: ast.expr) -> int | None:
    """How many tensors an annotation says; None when it says something else."""
    if isinstance(annotation, ast.Constant) and isinstance(annotation.value, str):
        try:
            return _declared(ast.parse(annotation.value, mode="eval").body)
        except SyntaxError:
            return None
    if ast.unparse(annotation) in _TENSORS:
        return 1
    if isinstance(annotation, ast.Subscript) and ast.unparse(annotation.value).lower().endswith("tuple"):
        inner = annotation.slice
        parts = inner.elts if isinstance(inner, ast.Tuple) else [inner]
        if all(ast.unparse(part) in _TENSORS for part in parts):
            return len(parts)
    return None


def _names(returns: list[ast.Return], count: int) -> list[str]:
    """The names of the variables returned, where they are the same everywhere; else `y`, `y_2`, …"""
    if count > 1:
        found = {tuple(_variables(each.value)) for each in returns}
        names = next(iter(found))
        if len(found) == 1 and len(set(names)) == count and all(name.strip("_") for name in names):
            return list(names)
    return ["y", *(f"y_{at}" for at in range(2, count + 1))]


def _variables(value: ast.expr | None) -> list[str]:
    parts = value.elts if isinstance(value, ast.Tuple) else []
    return [part.id for part in parts if isinstance(part, ast.Name)]


def _returns(body: list[ast.stmt]) -> Iterator[ast.Return]:
    """The returns of a function, without those of functions inside it."""
    waiting: list[ast.AST] = list(body)
    while waiting:
        part = waiting.pop(0)
        if isinstance(part, ast.Return):
            yield part
        elif not isinstance(part, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.ClassDef)):
            waiting += ast.iter_child_nodes(part)
