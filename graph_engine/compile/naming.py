"""Legal, unique names for what a program's source defines."""

from __future__ import annotations

import builtins
import keyword
import re
from functools import cache

from graph_engine.blocks.call import PARAMETRIZATIONS
from graph_engine.nn import homes

_RESERVED = frozenset({"self", "network", "nn", "F", "torch", "Tensor", "math"}) | frozenset(dir(builtins))
_MISREAD = frozenset("lIO")
"""Letters that look like digits; linters refuse them as names."""
_LONGEST = 60
INDEX = "i"
"""What counts the modules of a generator."""


class Names:
    """A scope of names; each taken name is unlike every other and no keyword or reserved word."""

    def __init__(self, taken: frozenset[str] = frozenset()) -> None:
        self._taken = {*_RESERVED, *_MISREAD, *PARAMETRIZATIONS, *homes(), *taken}

    def take(self, wish: str, *others: str) -> str:
        """The first of these that is free and legal, or the last with underscores added until it is."""
        wishes = (wish, *others)
        name = next((each for each in wishes if self.is_free(each)), wishes[-1])
        while not self.is_free(name):
            name += "_"
        self._taken.add(name)
        return name

    def is_free(self, name: str) -> bool:
        """Whether `name` is legal and not taken."""
        return name not in self._taken and not keyword.iskeyword(name)


@cache
def meant() -> frozenset[str]:
    """What means something else where a class makes its modules, or is an attribute of every module."""
    from torch import nn

    functions = {name for name, home in homes().items() if home == "initialise"}
    called = {"self", "super", "range", "nn", "torch", "math", INDEX}
    return frozenset({*called, *PARAMETRIZATIONS, *functions, *dir(nn.Module())})


def class_name(title: str) -> str:
    """`LeNet-5` → `LeNet5`, `small residual net` → `SmallResidualNet`; `Network` when nothing is left."""
    words = re.findall(r"[A-Za-z0-9]+", title)
    name = "".join(word[0].upper() + word[1:] for word in words).lstrip("0123456789")
    name = name[:_LONGEST]
    taken = keyword.iskeyword(name) or name in _RESERVED | _MISREAD | homes().keys()
    return f"{name}Network" if taken or not name else name


def grouped(number: int) -> str:
    """`61706` → `61 706`."""
    return f"{number:,}".replace(",", " ")
