"""Which statements are written inside the one that uses them: `F.relu(self.norm(self.conv(x)))`.

A value that is used once, by a statement of the same line of thought, needs no name. Nothing is computed in another
order than it would be one statement a line.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from graph_engine.blocks.block import flat
from graph_engine.blocks.call import Apply, Function, Infix, Method, Ref
from graph_engine.compile.statements import Repeat, Result, Statement

_DEEPEST = 3
"""Calls inside each other; operators do not count."""
_MOST = 6
"""Nodes on a line."""
_FEW = 2
"""A statement of more operands takes all or none of them in, so that branches look alike."""


def nested(
    statements: Sequence[Statement], repeats: Sequence[Repeat], users: Mapping[Result, Sequence[int]]
) -> list[tuple[int, ...]]:
    """For each statement, those written inside it, in the order in which they are computed.

    `users` maps each value to the statements that use it; their number stands for the end.
    """
    inside: list[tuple[int, ...]] = []
    units: list[_Unit] = []
    turns = _turns(statements, repeats)
    for at, statement in enumerate(statements):
        branch = _is_branch(statements, at, users)
        taken: list[int] = []
        expected = at - 1
        for port in reversed(_read_first(statement)):
            source = statement.operands[port]
            if expected < 0 or statements[expected].node != source[0]:
                continue
            inner = statements[expected]
            if (
                isinstance(inner.pattern, str)
                and inner.loop is statement.loop is None
                and users[source] == [at]
                and turns[expected] == turns[at]
                and (branch or not _ends_a_line(inner, statement))
                and not (inner.title and len(statement.operands) > 1)  # its name tells what it is for
                and (not inner.drawn or branch or _is_joined(statements, at, users))
            ):
                taken.insert(0, expected)
                expected = units[expected].start - 1
        unit = _unit(statement, at, [units[each] for each in taken])
        alone = [source for source in statement.operands.values() if users[source] == [at]]
        uneven = len(statement.operands) > _FEW and len(taken) < len(alone)
        if taken and (uneven or unit.calls > _DEEPEST or unit.layers > 1 + branch or unit.nodes > _MOST):
            taken, unit = [], _unit(statement, at, [])
        inside.append(tuple(taken))
        units.append(unit)
    return inside


def _ends_a_line(inner: Statement, outer: Statement) -> bool:
    """Whether `inner` is better seen: what makes another shape, as a pool does, before a further layer takes it."""
    return outer.works and not inner.works and inner.reshapes


def _is_branch(statements: Sequence[Statement], at: int, users: Mapping[Result, Sequence[int]]) -> bool:
    """Whether the value of a statement is joined to several others, and used for nothing else."""
    found = users.get((statements[at].node, next(flat(statements[at].pattern))), [])
    return len(found) == 1 and found[0] < len(statements) and len(statements[found[0]].operands) > _FEW


def _is_joined(statements: Sequence[Statement], at: int, users: Mapping[Result, Sequence[int]]) -> bool:
    """Whether a statement, or what comes of it, meets another value on the same line."""
    for _ in range(_DEEPEST):
        if len(statements[at].operands) > 1:
            return True
        found = users.get((statements[at].node, next(flat(statements[at].pattern))), [])
        if len(found) != 1 or found[0] >= len(statements) or statements[found[0]].works:
            return False
        at = found[0]
    return False


class _Unit:
    """What a statement is with those inside it: where it begins, how deep its calls go, how many of these are layers
    that work (not norms, activations and the like, which go with one), and how many nodes it stands for."""

    def __init__(self, start: int, calls: int, layers: int, nodes: int) -> None:
        self.start, self.calls, self.layers, self.nodes = start, calls, layers, nodes


def _unit(statement: Statement, at: int, inner: Sequence[_Unit]) -> _Unit:
    return _Unit(
        min((each.start for each in inner), default=at),
        max((each.calls for each in inner), default=0) + (not isinstance(statement.expression, Infix)),
        max((each.layers for each in inner), default=0) + statement.works,
        sum(each.nodes for each in inner) + 1,
    )


def _turns(statements: Sequence[Statement], repeats: Sequence[Repeat]) -> list[tuple[int, int]]:
    """Where each statement stands: in which loop (from 1, 0 for none), and in which of its turns."""
    found = [(0, 0)] * len(statements)
    for number, repeat in enumerate(repeats, 1):
        for at in range(repeat.start, repeat.stop):
            found[at] = (number, (at - repeat.start) // repeat.period)
    return found


def _read_first(statement: Statement) -> list[str]:
    """The ports that a statement reads before it computes anything itself, each once, as it does their values."""
    every = list(_events(statement.expression))
    sources: list[Result | None] = list(statement.operands.values())
    first = every[: every.index(None)] if None in every else every
    return [
        port
        for port in first
        if port is not None and every.count(port) == 1 and sources.count(statement.operands.get(port)) == 1
    ]


def _events(part: Any) -> Iterator[str | None]:
    """Ports as they are read; None where something is computed."""
    match part:
        case Ref(port):
            yield port
        case Apply(_, inputs):
            for each in inputs:
                yield from _events(each)
            yield None
        case Function(_, arguments, options) | Method(_, _, arguments, options):
            if isinstance(part, Method):
                yield from _events(part.value)
            for each in (*arguments, *(value for _, value in options)):
                yield from _events(each)
            yield None
        case Infix(_, operands):
            for at, operand in enumerate(operands):
                yield from _events(operand)
                if at:
                    yield None
        case list() | tuple():
            for each in part:
                yield from _events(each)
        case _:
            return


__all__ = ["nested"]
