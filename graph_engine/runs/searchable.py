"""What can be searched over: every number, switch and choice of the plan and of every node, with a range to begin with.

Names are those of `with_values`: `learning_rate`, `conv2d_1.channels`, in a composite `bottleneck:conv2d_1.channels`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from graph_engine.blocks.named import is_formula
from graph_engine.blocks.parameter import ParameterSpec, ParameterType
from graph_engine.document import MAIN, Document, title_of
from graph_engine.runs.plan_leaves import Leaf, leaves_of
from graph_engine.runs.settings import short_name

if TYPE_CHECKING:
    from graph_engine.document import Plan

_SMALL, _SIDE = 3, 9
"""Whole numbers up to the first are tried one by one; odd ones up to the second are lengths that stay odd."""
SEARCHED = (ParameterType.INT, ParameterType.FLOAT, ParameterType.BOOL, ParameterType.CHOICE, ParameterType.PAIR)
"""The types of parameters that can be searched over."""


@dataclass(frozen=True, slots=True)
class Searchable:
    """A setting that may be searched over: its name, its value now in words ("": none), where it is in words, and a
    range to begin with, as `read_range` reads it.
    """

    name: str
    value: str
    about: str
    proposal: str


def searchable(document: Document) -> dict[str, Searchable]:
    """All that can be searched over, by name: the plan, then the nodes of the drawing, then those in composites."""
    found = {}
    for each in (*_of_plan(document.plan), *_of_nodes(document)):
        found[each.name] = each
    return found


def plan_name(plan: Plan, stage: int, update: int, name: str) -> str | None:
    """What `learning_rate`, `schedule.factor`, `epochs` … of a stage and update (from 1) is called as a setting; None
    where it can't be searched over.
    """
    heads = (f"stages.{stage}.updates.{update}.optimiser.", f"stages.{stage}.updates.{update}.", f"stages.{stage}.", "")
    paths = {leaf.path for leaf in leaves_of(plan)}
    return next((short_name(head + name, plan) for head in heads if head + name in paths), None)


def _of_plan(plan: Plan) -> Iterator[Searchable]:
    for leaf in leaves_of(plan):
        value = "" if leaf.value is None else _text(leaf.value)
        yield Searchable(short_name(leaf.path, plan), value, "the plan", _proposed(leaf))


def _of_nodes(document: Document) -> Iterator[Searchable]:
    for name, graph in sorted(document.graphs.items(), key=lambda each: each[0] != MAIN):
        place = "" if name == MAIN else f"{name}:"
        for node in graph:
            block = graph.block(node)
            for spec in block.parameters() if block is not None else ():
                if spec.type in SEARCHED:
                    value = node.parameters.get(spec.name, spec.default)
                    leaf = _leaf(spec, spec.default if is_formula(value) else value)
                    about = f"{spec.meta.title} of {title_of(node, graph)}"
                    yield Searchable(f"{place}{node.id}.{spec.name}", _text(value), about, _proposed(leaf))


def _leaf(spec: ParameterSpec, value: object) -> Leaf:
    meta = spec.meta
    kinds = {ParameterType.FLOAT: float, ParameterType.BOOL: bool, ParameterType.CHOICE: str}
    single = value[0] if isinstance(value, (list, tuple)) and value else value
    return Leaf(
        spec.name,
        single if isinstance(single, (str, int, float)) else None,
        kinds.get(spec.type, int),
        low=meta.ge if meta.ge is not None else meta.gt,
        high=meta.le if meta.le is not None else meta.lt,
        open_low=meta.gt is not None,
        open_high=meta.lt is not None,
        choices=spec.choices,
    )


def _proposed(leaf: Leaf) -> str:
    """A range around the value, within its bounds."""
    if leaf.choices:
        return ", ".join(leaf.choices)
    if leaf.type is bool:
        return "true, false"
    value = leaf.value if isinstance(leaf.value, (int, float)) else None
    return _whole(leaf, value) if leaf.type is int else _real(leaf, value)


def _whole(leaf: Leaf, value: float | None) -> str:
    """The value, half and twice of it; of a small one, those next to it; an odd one (a kernel's side) stays odd."""
    low = -1 if leaf.low is None else int(leaf.low) + leaf.open_low
    high = None if leaf.high is None else int(leaf.high) - leaf.open_high
    value = int(value) if value is not None else max(low, 1)
    if value > 2 and value % 2 and value <= _SIDE:
        found = [value - 2, value, value + 2]
    elif value > _SMALL:
        found = [value // 2, value, value * 2]
    else:
        found = [value - 1, value, value + 1] if value > max(low, 1) else [value, value + 1, value + 2]
    return ", ".join(str(each) for each in found if each >= low and (high is None or each <= high))


def _real(leaf: Leaf, value: float | None) -> str:
    """A tenth to ten times of it, by ratio; of a share, as far to both sides as there is to its nearer end."""
    if leaf.high is not None and leaf.high <= 1 and leaf.low is not None and leaf.low >= 0:
        middle = value or 0.25
        away = min(middle, 1 - middle) or 0.1
        low, high = max(0.0, middle - away * 0.9), min(1.0, middle + away * 0.9)
        return f"{low:.6g}..{high:.6g}"
    if not value:
        return "1e-06..0.01:log"
    if value < 0:
        return f"{10 * value:g}..{value / 10:g}"
    return f"{value / 10:g}..{10 * value:g}:log"


def _text(value: object) -> str:
    if isinstance(value, bool):
        return "on" if value else "off"
    if isinstance(value, (list, tuple)):
        return " × ".join(map(str, value))
    return f"{value:g}" if isinstance(value, float) else str(value)
