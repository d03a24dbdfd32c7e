"""Names of values in `forward`: `x` for what goes along, `skip` for what is kept for later, else what a node is called.

A name is used again once the value it stood for is not needed any more, so that its memory is free, as when a person
writes it.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from graph_engine.blocks.block import flat
from graph_engine.blocks.call import Expression, Function, Infix
from graph_engine.compile.naming import Names
from graph_engine.compile.statements import Result, Statement

_LETTERS = ("x", "y", "z", "u", "v", "w")
_LONG = 8
"""Lines from where a value is made to where it is used last, from which on a letter says too little."""
_CROWD = 4
"""More values than this side by side are called by their nodes."""
_LONGEST = 30


@dataclass(slots=True)
class Locals:
    """Who gives values their names, statement after statement.

    `users` maps each value to the statements that use it, their number standing for the end; `lines` maps each
    statement, and the end, to the line it is written on. `wishes` are names that are there already for some values.
    """

    names: Names
    statements: Sequence[Statement]
    users: Mapping[Result, Sequence[int]]
    lines: Sequence[int]
    wishes: Mapping[Result, str]
    _free_from: dict[str, int] = field(default_factory=dict)
    _beside: list[int] = field(default_factory=list)
    _branches: dict[Result, str] = field(default_factory=dict)
    _titles: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._beside = [0] * (self.lines[-1] + 1)
        words = {statement.node: _word(statement.title) for statement in self.statements}
        often = Counter(words.values())
        self._titles = {node: word for node, word in words.items() if often[word] == 1}
        for at, statement in enumerate(self.statements):
            for output in flat(statement.pattern):
                result = (statement.node, output)
                if result in self.users and self._is_kept(at, result):
                    for line in range(self.lines[at], self.lines[self.users[result][-1]]):
                        self._beside[line] += 1
            joined = [*dict.fromkeys(statement.operands.values())]
            if len(joined) > 2 and _joins(statement.expression):
                self._branches |= {
                    result: f"branch_{number}" for number, result in enumerate(joined, 1) if self.users[result] == [at]
                }

    def hold(self, name: str, result: Result) -> None:
        """`name` stands for `result` from the beginning, or from now on."""
        self._free_from[name] = self.users[result][-1] if result in self.users else -1

    def name(self, at: int, result: Result, own: str, *, after: bool = False) -> str:
        """The name of a value that statement `at` computes; `own` is what its node is called.

        With `after`, what the statement itself uses must keep its name while the statement goes on.
        """
        wishes = [self.wishes[result]] if result in self.wishes else []
        main = result[1] == next(flat(self.statements[at].pattern))
        title = self._titles.get(result[0], "") if main else result[1]
        first, last = self.lines[at], self.lines[self.users[result][-1]]
        crowded = max(self._beside[first:last], default=0) > _CROWD
        if result in self._branches:
            wishes += [title or self._branches[result]]
        elif not self._is_kept(at, result) and main and not (title and self._meets_others(result)):
            wishes += _LETTERS
        elif last - first > _LONG or crowded or title:
            wishes += [title] if title else []
            wishes += [] if crowded else ["skip", "skip_2", "skip_3", "skip_4"]
        else:
            wishes += _LETTERS
        name = next((each for each in wishes if self._is_free(each, at - after)), None) or self.names.take(own)
        if name not in self._free_from and self.names.is_free(name):
            self.names.take(name)
        self.hold(name, result)
        return name

    def _is_free(self, name: str, at: int) -> bool:
        return self._free_from[name] <= at if name in self._free_from else self.names.is_free(name)

    def _meets_others(self, result: Result) -> bool:
        """Whether the next statement takes other values as well."""
        user = self.users[result][0]
        return user < len(self.statements) and len(self.statements[user].operands) > 1

    def _is_kept(self, at: int, result: Result) -> bool:
        """Whether a value is needed beyond the next line."""
        return self.lines[self.users[result][-1]] > self.lines[at] + 1


def _joins(expression: Expression) -> bool:
    """Whether it makes one value of many that are alike."""
    if isinstance(expression, Function):
        return any(isinstance(argument, list) for argument in expression.arguments)
    return isinstance(expression, Infix)


def _word(title: str) -> str:
    """A node's title as a name: `Input gate` → `input_gate`; nothing where it would be none, or long."""
    word = re.sub(r"\W+", "_", title.lower()).strip("_")
    return word if word.isidentifier() and word.isascii() and len(word) <= _LONGEST else ""


__all__ = ["Locals"]
