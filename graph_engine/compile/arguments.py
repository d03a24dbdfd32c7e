"""How values that differ between the uses of a class are written: as a name, in terms of names, or as themselves."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from graph_engine.blocks import TensorSpec
from graph_engine.blocks.call import Code, Layer
from graph_engine.blocks.named import FORMULA, FormulaError, evaluate, names_of, plain, renamed
from graph_engine.blocks.tensor import Kind
from graph_engine.compile.leaves import Leaf
from graph_engine.compile.naming import Names, meant
from graph_engine.document.composite import IN_CHANNELS, TURN, Declaration

_FACTORS = (2, 3, 4, 6, 8)
_SIDES = ("channels", "features")
_LETTERS = {
    Kind.IMAGE: "NCHW",
    Kind.VOLUME: "NCDHW",
    Kind.SEQUENCE: "NTE",
    Kind.MEMORY: "NTE",
    Kind.VECTOR: "NC",
    Kind.TOKENS: "NT",
    Kind.LABEL: "N",
}


@dataclass(frozen=True, slots=True)
class Argument:
    """An argument of a class's constructor; `default` is None where there is none.

    `exposed` is the exposed parameter that it is: its name, unless that means something else in a class.
    """

    name: str
    type: str
    default: Any = None
    exposed: str = ""

    @property
    def text(self) -> str:
        """`width: int = 64`."""
        shown = f'"{self.default}"' if isinstance(self.default, str) else repr(self.default)
        return f"{self.name}: {self.type}" + ("" if self.default is None else f" = {shown}")


class _Absent:
    """Stands where a use has no such value: in a layer that it does without."""


ABSENT = _Absent()


class Columns:
    """What stands at one place in every use, the first `real` being real ones, and what it is called."""

    def __init__(self, declaration: Declaration, values: Sequence[Mapping[str, Any]], real: int) -> None:
        self._values = values
        self._real = real
        self._declaration = declaration
        self._used: dict[str, None] = {}
        self.stored: list[str] = []
        names = [each.name for each in declaration.exposes]
        if all(IN_CHANNELS in each for each in values):
            names.append(IN_CHANNELS)
        taken = Names(frozenset(names))
        self._written = {name: taken.take(f"{name}_") if name in meant() else name for name in names}
        self._known: dict[str, tuple[Any, ...]] = {
            self._written[name]: tuple(plain(each[name]) for each in values) for name in names
        }

    def code(self, leaves: Sequence[Leaf | None]) -> Any:
        """What is written for one value, given what it is in each use; None where a use has no such value."""
        first = next(leaf for leaf in leaves if leaf is not None)
        column = tuple(plain(leaf.value) if leaf is not None else ABSENT for leaf in leaves)
        one = plain(first.value)
        text = self._formula(leaves, column)
        if text is None and all(_same(value, one) for value in column):
            return one
        if text is None:
            text = self._followed(column)
        if text is None and all(_same(value, one) for value in column[: self._real]):
            return one  # it moves in ways that no name explains, but not between the uses there are
        if text is None:
            text = self._new(first.hint, tuple(one if value is ABSENT else value for value in column))
        self._used |= dict.fromkeys(names_of(text))
        if first.where == "init":
            return Code(text)
        for name in sorted(names_of(text)):
            if name not in self.stored:
                self.stored.append(name)
        return Code(_of_self(text))

    def condition(self, layer: Layer, known: Sequence[str], needed: Sequence[bool]) -> str:
        """Python for whether a layer is needed, as it is in the uses where `needed` says so.

        A layer that only changes the number of channels and the size, as what skips is projected, is needed where it
        does; for any other one an argument says so. `known` are the names of its arguments.
        """
        given = {**dict(zip(known, layer.arguments, strict=False)), **dict(layer.options)}
        sides = [(given.get("stride"), 1), *((given.get(f"in_{each}"), given.get(f"out_{each}")) for each in _SIDES)]
        tests = [f"{_text(one)} != {_text(other)}" for one, other in sides if one is not None and one != other]
        try:
            found = [any(evaluate(test, each) for test in tests) for each in self._every()]
        except FormulaError:
            found = []
        if found != list(needed):
            tests = [self._new("projected", tuple(needed))]
        self._used |= dict.fromkeys(name for test in tests for name in names_of(test))
        return " or ".join(tests)

    def shape(self, specs: Sequence[TensorSpec | None]) -> str:
        """A shape as a comment shows it, with names and letters for what differs between the uses."""
        real = [spec for spec in specs[: self._real] if spec is not None]
        if not real or not real[0].shape or len({spec.rank for spec in real}) > 1:
            return ""
        kind = real[0].kind
        dims = [self._dim([spec.shape[at] if spec else None for spec in specs], at, kind) for at in range(real[0].rank)]
        return f"({', '.join(dims)})"

    def arguments(self) -> list[Argument]:
        """The arguments that are needed, those without default first."""
        exposed = {self._written[each.name]: each for each in self._declaration.exposes}
        made = []
        for name in (IN_CHANNELS, *(each for each in self._known if each != IN_CHANNELS)):
            if name not in self._used:
                continue
            kind = _type_name(self._known[name][0])
            known = exposed.get(name)
            made.append(Argument(name, kind, known.default, known.name) if known else Argument(name, kind, None, name))
        return sorted(made, key=lambda argument: argument.default is not None)

    def values_of(self, arguments: Sequence[Argument]) -> dict[str, Sequence[Any]]:
        """What each argument is in each use."""
        return {argument.name: self._known[argument.name] for argument in arguments}

    # --- inside

    def _every(self) -> list[dict[str, Any]]:
        """What each use has for every name there is."""
        return [{name: column[at] for name, column in self._known.items()} for at in range(len(self._values))]

    def _formula(self, leaves: Sequence[Leaf | None], column: tuple[Any, ...]) -> str | None:
        """The formula that all uses have for a value, if it is made of names there are and gives what is there."""
        written = {getattr(leaf.value, "formula", None) for leaf in leaves if leaf is not None}
        text = written.pop() if len(written) == 1 else None
        if text is None or TURN in names_of(text) or not names_of(text) <= self._written.keys():
            return None
        try:
            given = [evaluate(text, each) for each in self._values]
        except FormulaError:
            return None
        if not all(map(_same, given, column)):
            return None
        return renamed(text, self._written).removeprefix(FORMULA).replace("'", '"')

    def _followed(self, column: tuple[Any, ...]) -> str | None:
        """How a column follows from those that have names."""
        for name, known in self._known.items():
            if all(map(_same, column, known)):
                return name
        if not all(value is ABSENT or (isinstance(value, int) and not isinstance(value, bool)) for value in column):
            return None
        return next((text for text, made in self._candidates() if all(map(_same, column, made))), None)

    def _candidates(self) -> Iterator[tuple[str, tuple[int, ...]]]:
        numbers = {
            name: known
            for name, known in self._known.items()
            if all(isinstance(value, int) and not isinstance(value, bool) for value in known)
        }
        for name, known in numbers.items():
            for factor in _FACTORS:
                yield f"{name} * {factor}", tuple(value * factor for value in known)
                yield f"{name} // {factor}", tuple(value // factor for value in known)
        for one, first in numbers.items():
            for other, second in numbers.items():
                if one != other:
                    yield f"{one} + {other}", tuple(map(int.__add__, first, second))
                    yield f"{one} * {other}", tuple(map(int.__mul__, first, second))
                if one != other and 0 not in second:
                    yield f"{one} // {other}", tuple(map(int.__floordiv__, first, second))
                for factor in _FACTORS:
                    if one != other:
                        yield (
                            f"{one} + {factor} * {other}",
                            tuple(a + factor * b for a, b in zip(first, second, strict=True)),
                        )

    def _new(self, hint: str, column: tuple[Any, ...]) -> str:
        """A name for a column that none explains."""
        name, number = hint, 2
        while name in self._known or name in meant():
            name, number = f"{hint}_{number}", number + 1
        self._known[name] = column
        return name

    def _dim(self, dims: Sequence[Any], axis: int, kind: Kind) -> str:
        column = tuple(dims)
        if all(dim == column[0] for dim in column):
            return str(column[0])
        if None not in column and (text := self._followed(column)) is not None:
            return text
        if all(dim == column[0] for dim in column[: self._real]):
            return str(column[0])
        letters = _LETTERS.get(kind, "")
        return letters[axis] if axis < len(letters) else "…"


def _same(one: Any, other: Any) -> bool:
    """Whether the first may stand for the second."""
    return one is ABSENT or (bool(one == other) and isinstance(one, bool) == isinstance(other, bool))


def _type_name(value: Any) -> str:
    return "float | None" if value is None else type(value).__name__


def _text(value: Any) -> str:
    return value.text if isinstance(value, Code) else repr(value)


def _of_self(text: str) -> str:
    """The formula over attributes: `self.width * 4`."""
    return renamed(text, {name: f"self.{name}" for name in names_of(text)}).removeprefix(FORMULA)
