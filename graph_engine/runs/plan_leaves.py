"""Every value of a plan with its type and bounds, as the plan's own dataclasses declare them."""

from __future__ import annotations

import types
from collections.abc import Iterator
from dataclasses import dataclass, fields, is_dataclass, replace
from functools import cache
from typing import TYPE_CHECKING, Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

from annotated_types import Ge, Gt, Le, Lt

if TYPE_CHECKING:
    from graph_engine.document import Plan

_NOT_SEARCHED = ("search", "judge", "device")
"""Parts of a plan that say how is searched, judged and where, not how well is trained."""


@dataclass(frozen=True, slots=True)
class Leaf:
    """A value of a plan: where it is (`stages.1.updates.1.optimiser.betas.2`; items count from 1), its type, the least
    and the most it may be (`open_low`, `open_high`: not quite), or its choices.
    """

    path: str
    value: str | float | bool | None
    type: type
    low: float | None = None
    high: float | None = None
    open_low: bool = False
    open_high: bool = False
    choices: tuple[str, ...] = ()


def leaves_of(plan: Plan) -> Iterator[Leaf]:
    """The numbers, switches and choices of a plan, in its order."""
    for leaf in _walk(type(plan), plan, ""):
        if leaf.path.partition(".")[0] not in _NOT_SEARCHED:
            yield leaf


def _walk(kind: Any, value: Any, path: str) -> Iterator[Leaf]:
    kind, leaf = _plain(kind, Leaf(path, None, str))
    if isinstance(kind, type) and is_dataclass(kind):
        if value is not None:
            hints = _hints(kind)
            for each in fields(kind):
                yield from _walk(hints[each.name], getattr(value, each.name), f"{path}.{each.name}".lstrip("."))
    elif get_origin(kind) is tuple:
        kinds = get_args(kind)
        for at, part in enumerate(value or ()):
            yield from _walk(kinds[0] if kinds[-1] is Ellipsis else kinds[at], part, f"{path}.{at + 1}")
    elif get_origin(kind) is Literal:
        yield replace(leaf, value=value, choices=get_args(kind))
    elif kind in (int, float, bool):
        yield replace(leaf, value=value, type=kind)


def _plain(kind: Any, leaf: Leaf) -> tuple[Any, Leaf]:
    """A type without `None` and notes, and what the notes say of bounds."""
    if get_origin(kind) is Annotated:
        inner, *notes = get_args(kind)
        for note in notes:
            match note:
                case Ge():
                    leaf = replace(leaf, low=_number(note.ge))
                case Gt():
                    leaf = replace(leaf, low=_number(note.gt), open_low=True)
                case Le():
                    leaf = replace(leaf, high=_number(note.le))
                case Lt():
                    leaf = replace(leaf, high=_number(note.lt), open_high=True)
        return _plain(inner, leaf)
    if get_origin(kind) in (Union, types.UnionType):
        return _plain(next(part for part in get_args(kind) if part is not type(None)), leaf)
    return kind, leaf


def _number(bound: Any) -> float:
    return float(bound)


@cache
def _hints(kind: type) -> dict[str, Any]:
    return get_type_hints(kind, include_extras=True)
