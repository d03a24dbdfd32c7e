"""Parameters of a block: declared once with `Annotated[int, Param(…)]`, read by form, file, check and help."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from keyword import iskeyword
from typing import Annotated, Any, Literal, NewType, cast, get_args, get_origin, get_type_hints
from unicodedata import normalize

Pair = int | tuple[int, int]
"""One length for both axes, or one for height and one for width."""

Shape = tuple[int | str, ...]
"""Lengths without the batch axis; a letter such as `"T"` stands for a length known only when data comes."""

Numbers = tuple[float, ...]
"""Any count of numbers, bounded each; none of them is a value as well."""

Note = NewType("Note", str)
"""A few words on one line, for people."""


class ParameterType(StrEnum):
    INT = "int"
    FLOAT = "float"
    BOOL = "bool"
    TEXT = "text"
    CHOICE = "choice"
    PAIR = "pair"
    SHAPE = "shape"
    NUMBERS = "numbers"
    NOTE = "note"


class ParameterError(ValueError):
    """A value that a parameter cannot take; the message says what it takes."""

    def __init__(self, name: str, message: str) -> None:
        super().__init__(message)
        self.name = name


@dataclass(frozen=True, slots=True)
class Param:
    """What a parameter means: title, help, bounds (inclusive unless `gt`/`lt`) and unit."""

    title: str
    help: str = ""
    ge: float | None = None
    le: float | None = None
    gt: float | None = None
    lt: float | None = None
    unit: str = ""
    advanced: bool = False


@dataclass(frozen=True, slots=True)
class ParameterSpec:
    """A parameter of a block with all that a form or a schema needs."""

    name: str
    type: ParameterType
    default: Any
    meta: Param
    choices: tuple[str, ...] = ()

    def parse(self, value: Any) -> Any:
        """`value` as the block takes it (JSON lists become tuples).

        Raises: ParameterError with a sentence naming the parameter, its bounds and the value.
        """
        parsed = self._typed(value)
        self._check_bounds(parsed)
        return parsed

    @property
    def bounds(self) -> str:
        """The bounds in words: `≥ 1`, `between 0 and 1`; empty without any."""
        low = f"≥ {_number(self.meta.ge)}" if self.meta.ge is not None else ""
        low = f"> {_number(self.meta.gt)}" if self.meta.gt is not None else low
        high = f"≤ {_number(self.meta.le)}" if self.meta.le is not None else ""
        high = f"< {_number(self.meta.lt)}" if self.meta.lt is not None else high
        return " and ".join(part for part in (low, high) if part)

    @property
    def expectation(self) -> str:
        """What the parameter takes, in words."""
        match self.type:
            case ParameterType.CHOICE:
                return "one of " + ", ".join(self.choices)
            case ParameterType.BOOL:
                return "on or off"
            case ParameterType.TEXT:
                return "a name of letters, digits and _ that starts with a letter and is no word of Python"
            case ParameterType.NOTE:
                return f"up to {_LONGEST_NOTE} letters on one line"
            case ParameterType.NUMBERS:
                return "a list of numbers, such as 1, 2.5, 0.3" + (f", each {self.bounds}" if self.bounds else "")
            case ParameterType.INT:
                words = "a whole number"
            case ParameterType.FLOAT:
                words = "a number"
            case ParameterType.PAIR:
                words = "a whole number or two, such as 3 or 3 × 5,"
            case _:
                words = "lengths of one sample, without the batch N, such as 1 × 28 × 28,"
        return f"{words} {self.bounds}".strip().rstrip(",")

    def _typed(self, value: Any) -> Any:
        match self.type:
            case ParameterType.BOOL if isinstance(value, bool):
                return value
            case ParameterType.INT if _is_int(value):
                return value
            case ParameterType.FLOAT if _is_number(value):
                return _as_float(value)
            case ParameterType.NUMBERS if _is_list(value) and all(map(_is_number, value)):
                return tuple(map(_as_float, value))
            case ParameterType.TEXT if isinstance(value, str) and _is_name(value):
                return value
            case ParameterType.NOTE if isinstance(value, str) and len(value) <= _LONGEST_NOTE and value.isprintable():
                return value
            case ParameterType.CHOICE if value in self.choices:
                return value
            case ParameterType.PAIR if _is_int(value):
                return value
            case ParameterType.PAIR if _is_list(value) and len(value) == 2 and all(map(_is_int, value)):
                return value[0] if value[0] == value[1] else tuple(value)
            case ParameterType.SHAPE if _is_list(value) and all(
                _is_int(item) or (isinstance(item, str) and item != "N" and _is_name(item)) for item in value
            ):
                return tuple(value)
        raise self._error(value)

    def _check_bounds(self, value: Any) -> None:
        items = value if isinstance(value, tuple) else (value,)
        meta = self.meta
        for item in items:
            if not isinstance(item, (int, float)) or isinstance(item, bool):
                continue
            low_ok = (meta.ge is None or item >= meta.ge) and (meta.gt is None or item > meta.gt)
            high_ok = (meta.le is None or item <= meta.le) and (meta.lt is None or item < meta.lt)
            if not (low_ok and high_ok and abs(item) < _TOO_LARGE):  # NaN and infinity fail every bound
                raise self._error(value)

    def _error(self, value: Any) -> ParameterError:
        between = ", " if self.type is ParameterType.NUMBERS else " × "
        shown = between.join(map(_shown, value)) if _is_list(value) else _shown(value)
        shown = shown if len(shown) <= _LONGEST_SHOWN else f"{shown[: _LONGEST_SHOWN - 1]}…"
        return ParameterError(self.name, f"{self.meta.title} must be {self.expectation}; got {shown}.")


_TOO_LARGE = 2**53
_LONGEST_NAME, _LONGEST_SHOWN, _LONGEST_NOTE = 60, 60, 300


def _is_name(text: str) -> bool:
    """Whether Python takes `text` as a name and keeps it as it is: it neither mangles `__x` nor normalises `ﬁ`."""
    if not text.isidentifier() or iskeyword(text) or text.startswith("_") or len(text) > _LONGEST_NAME:
        return False
    return normalize("NFKC", text) == text


def _shown(value: Any) -> str:
    if isinstance(value, int) and abs(value) >= _TOO_LARGE:
        return "a number beyond all bounds"
    return str(value) if isinstance(value, int) else repr(value)


def _is_int(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_number(value: Any) -> bool:
    return isinstance(value, float) or (_is_int(value) and abs(value) < _TOO_LARGE)


def _as_float(value: Any) -> float:
    return value if isinstance(value, float) else float(value)  # one that knows its formula keeps it


def _is_list(value: Any) -> bool:
    return isinstance(value, (list, tuple))


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:g}"


_PLAIN: dict[Any, ParameterType] = {
    int: ParameterType.INT,
    float: ParameterType.FLOAT,
    bool: ParameterType.BOOL,
    str: ParameterType.TEXT,
    Note: ParameterType.NOTE,
}


def parameters_of(block: type) -> tuple[ParameterSpec, ...]:
    """The parameters that a block class declares, in order of declaration."""
    return declared_parameters(block, vars_of(block))


def declared_parameters(owner: Any, defaults: Mapping[str, Any]) -> tuple[ParameterSpec, ...]:
    """What is annotated with `Param` on a class or in a function's signature, in order; defaults by name."""
    found = []
    for name, hint in get_type_hints(owner, include_extras=True).items():
        if get_origin(hint) is not Annotated:
            continue
        base, *notes = get_args(hint)
        meta = next((note for note in notes if isinstance(note, Param)), None)
        if meta is None:
            continue
        choices: tuple[str, ...] = ()
        if get_origin(base) is Literal:
            kind, choices = ParameterType.CHOICE, cast("tuple[str, ...]", get_args(base))
        elif base == Pair:
            kind = ParameterType.PAIR
        elif base == Shape:
            kind = ParameterType.SHAPE
        elif base == Numbers:
            kind = ParameterType.NUMBERS
        else:
            kind = _PLAIN[base]
        found.append(ParameterSpec(name, kind, defaults[name], meta, choices))
    return tuple(found)


def vars_of(block: type) -> dict[str, Any]:
    """Class attributes by name, inherited ones included."""
    return {name: value for base in reversed(block.__mro__) for name, value in vars(base).items()}
