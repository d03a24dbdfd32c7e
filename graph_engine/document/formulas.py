"""Formulas exchanged: names in them given a meaning, or another name."""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from typing import Any

from graph_engine.blocks.named import FORMULA, LONGEST, FormulaError, evaluate, is_formula, names_of
from graph_engine.document.edits import AnyEdit, SetNode, SetParameter
from graph_engine.document.graph import Node
from graph_engine.document.rules import EditRefused

Rewrite = Callable[[str], Any]
"""A formula → what stands in its place: another formula, or what it gives."""


def substituted(formula: str, meanings: Mapping[str, Any]) -> Any:
    """`formula` with each name of `meanings` replaced by its meaning, a value or a formula itself.

    A formula in which no name is left gives its value; one that can't be read or computed stays as it is.

    Raises: EditRefused when it would get too long.
    """
    if not names_of(formula) & meanings.keys():
        return formula
    tree = _Meanings(meanings).visit(ast.parse(formula.removeprefix(FORMULA).strip(), mode="eval").body)
    text = FORMULA + ast.unparse(tree)
    if len(text) > LONGEST:
        raise EditRefused(f"The formula {formula} would get longer than {LONGEST} letters; simplify it first.")
    if names_of(text):
        return text
    try:
        return evaluate(text, {})
    except FormulaError:
        return text


class _Meanings(ast.NodeTransformer):
    def __init__(self, meanings: Mapping[str, Any]) -> None:
        self._trees = {name: _tree(value) for name, value in meanings.items()}

    def visit_Name(self, node: ast.Name) -> ast.expr:
        return self._trees.get(node.id, node)

    def visit_Call(self, node: ast.Call) -> ast.expr:
        node.args = [self.visit(part) for part in node.args]  # what is called is no name of a value
        return node


def _tree(value: Any) -> ast.expr:
    text = value.removeprefix(FORMULA).strip() if is_formula(value) else repr(value)
    return ast.parse(text, mode="eval").body  # `-2` as a sign and a 2, so that it gets its brackets in `(-2) ** 2`


def rewritten(node: Node, rewrite: Rewrite) -> Node:
    """`node` with each formula among its values exchanged.

    Raises: EditRefused when it would be repeated a number of times that there is not.
    """
    parameters = {name: _rewritten(value, rewrite) for name, value in node.parameters.items()}
    times = _rewritten(node.repeat, rewrite)
    if not is_formula(times) and not (isinstance(times, int) and not isinstance(times, bool) and times >= 1):
        raise EditRefused(f"{node.id} would be repeated {times} times; it takes a whole number from 1.")
    return node.with_(parameters=parameters, repeat=times)


def edits_of(before: Node, after: Node, graph: str) -> tuple[AnyEdit, ...]:
    """The edits that give a node the values of `after`."""
    names = dict.fromkeys((*before.parameters, *after.parameters))
    changed: list[AnyEdit] = [
        SetParameter(before.id, name, after.parameters.get(name), graph)
        for name in names
        if before.parameters.get(name) != after.parameters.get(name)
    ]
    if before.repeat != after.repeat:
        changed.append(SetNode(before.id, "repeat", after.repeat, graph))
    return tuple(changed)


def _rewritten(value: Any, rewrite: Rewrite) -> Any:
    if isinstance(value, (list, tuple)):
        return [_rewritten(part, rewrite) for part in value]
    return rewrite(value) if is_formula(value) else value
