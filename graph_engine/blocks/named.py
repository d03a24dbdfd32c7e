"""Numbers that remember how they were written: `width * 4` stays readable from a parameter to the source.

A formula is a parameter's value that begins with `=`, such as `=width * 4`, over the names that a composite exposes.
"""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Mapping
from typing import Any, Self

FORMULA = "="
"""What a formula begins with."""
LONGEST = 200
"""Letters of a formula."""
_LARGEST_POWER = 64
_MOST_BITS = 4096


class FormulaError(ValueError):
    """A formula that can't be computed; the message says why."""


class _Named:
    """A number with the formula it came from. Equal to, and hashed as, the plain number."""

    _tree: ast.expr

    @property
    def formula(self) -> str:
        return ast.unparse(self._tree)

    @property
    def names(self) -> frozenset[str]:
        return _names_in(self._tree)


class NamedInt(_Named, int):
    """A whole number that remembers its formula through `+ - * // % **`."""

    def __new__(cls, value: int, tree: ast.expr) -> Self:
        made = super().__new__(cls, value)
        made._tree = tree
        return made

    @staticmethod
    def of(value: int, formula: str) -> NamedInt:
        """`value` as what `formula` gave."""
        return NamedInt(value, _parsed(formula))

    def __repr__(self) -> str:
        return int.__repr__(self)

    __str__ = __repr__


class NamedFloat(_Named, float):
    """A number that remembers its formula."""

    def __new__(cls, value: float, tree: ast.expr) -> Self:
        made = super().__new__(cls, value)
        made._tree = tree
        return made

    def __repr__(self) -> str:
        return float.__repr__(self)

    __str__ = __repr__


class NamedText(_Named, str):  # noqa: SLOT000  the formula has to be kept
    """A choice that remembers its formula."""

    def __new__(cls, value: str, tree: ast.expr) -> Self:
        made = super().__new__(cls, value)
        made._tree = tree
        return made


def named(name: str, value: Any) -> Any:
    """`value` as what `name` stands for; what can't carry a name, such as True, stays as it is."""
    return _with(value, ast.Name(name))


def plain(value: Any) -> Any:
    """`value` without its formula."""
    match value:
        case NamedInt():
            return int(value)
        case NamedFloat():
            return float(value)
        case NamedText():
            return str.__str__(value)
        case tuple() | list():
            return type(value)(plain(part) for part in value)
        case _:
            return value


def is_formula(value: Any) -> bool:
    return isinstance(value, str) and value.startswith(FORMULA)


def has_formula(value: Any) -> bool:
    """Whether a parameter's value is a formula or a list with one in it."""
    return is_formula(value) or (isinstance(value, (list, tuple)) and any(map(is_formula, value)))


def names_of(formula: str) -> frozenset[str]:
    """The names that a formula (with or without its `=`) uses; none when it can't be read."""
    try:
        return _names_in(_parsed(formula))
    except FormulaError:
        return frozenset()


def renamed(formula: str, names: Mapping[str, str]) -> str:
    """The formula with other names; as it is when it can't be read."""
    try:
        tree = _parsed(formula)
    except FormulaError:
        return formula
    for part in ast.walk(tree):
        if isinstance(part, ast.Name) and part.id in names:
            part.id = names[part.id]
    return FORMULA + ast.unparse(tree)


def evaluate(formula: str, values: Mapping[str, Any]) -> Any:
    """What a formula gives where names stand for `values`.

    Numbers, names, `+ - * / // % **`, brackets, comparisons, `a if b else c`, and `min`, `max`, `round`.

    Raises: FormulaError.
    """
    tree = _parsed(formula)
    try:
        value = _value(tree, values)
    except ZeroDivisionError as error:
        raise FormulaError(f"{formula} divides by zero.") from error
    except FormulaError:
        raise
    except (TypeError, OverflowError, ValueError) as error:
        raise FormulaError(f"{formula} can't be computed: {error}.") from error
    return _with(plain(value), tree) if _names_in(tree) else plain(value)


def _parsed(formula: str) -> ast.expr:
    text = formula.removeprefix(FORMULA).strip()
    if len(text) > LONGEST:
        raise FormulaError(f"A formula may have {LONGEST} letters at most.")
    try:
        return ast.parse(text, mode="eval").body
    except (SyntaxError, ValueError, RecursionError) as error:
        raise FormulaError(f"{formula} is not a formula such as =width * 4.") from error


def _names_in(tree: ast.expr) -> frozenset[str]:
    return frozenset(part.id for part in ast.walk(tree) if isinstance(part, ast.Name)) - _FUNCTIONS.keys()


def _with(value: Any, tree: ast.expr) -> Any:
    match value:
        case bool():
            return value
        case int():
            return NamedInt(value, tree)
        case float():
            return NamedFloat(value, tree)
        case str():
            return NamedText(value, tree)
        case _:
            return value


_OPERATORS: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
    ast.Pow: operator.pow,
}
_COMPARISONS: dict[type[ast.cmpop], Callable[[Any, Any], bool]] = {
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
}
_FUNCTIONS: dict[str, Callable[..., Any]] = {"min": min, "max": max, "round": round}


def _value(tree: ast.expr, values: Mapping[str, Any]) -> Any:
    """Raises: FormulaError."""
    match tree:
        case ast.Constant(value) if isinstance(value, (int, float, str)):
            return value
        case ast.Name(name) if name in values:
            return plain(values[name])
        case ast.Name(name):
            known = ", ".join(values) or "nothing"
            raise FormulaError(f"There is no {name!r} here; exposed are: {known}.")
        case ast.UnaryOp(ast.USub(), operand):
            return -_value(operand, values)
        case ast.BinOp(left, sign, right) if type(sign) in _OPERATORS:
            first, second = _value(left, values), _value(right, values)
            if isinstance(first, str) or isinstance(second, str):
                raise FormulaError("Words can be compared, not computed with.")
            if isinstance(sign, ast.Pow):
                _check_power(first, second)
            return _OPERATORS[type(sign)](first, second)
        case ast.Compare(left, [sign], [right]) if type(sign) in _COMPARISONS:
            return _COMPARISONS[type(sign)](_value(left, values), _value(right, values))
        case ast.IfExp(test, body, orelse):
            return _value(body if _value(test, values) else orelse, values)
        case ast.Call(ast.Name(name), arguments, []) if name in _FUNCTIONS and arguments:
            return _FUNCTIONS[name](*(_value(part, values) for part in arguments))
        case _:
            raise FormulaError(
                f"{ast.unparse(tree)} can't stand in a formula: numbers, names, + - * / // % **, brackets, "
                "comparisons, min, max and round can."
            )


def _check_power(base: Any, exponent: Any) -> None:
    """A file may hold any formula, and powers of powers would keep the checker busy for ever.

    Raises: FormulaError.
    """
    if abs(exponent) > _LARGEST_POWER:
        raise FormulaError(f"Powers go up to {_LARGEST_POWER}.")
    if isinstance(base, int) and base.bit_length() * abs(exponent) > _MOST_BITS:
        raise FormulaError("The formula gives a number beyond all bounds.")
    if base < 0 and not float(exponent).is_integer():
        raise FormulaError("A negative number has only whole powers.")


def _left_as_it_is(left: Any, sign: type[ast.operator], right: Any) -> Any:
    """The number that `+ 0`, `- 0`, `* 1` or `// 1` leaves as it is, so that no formula says so; else None."""
    neutral = _NEUTRAL.get(sign)
    if type(right) is int and right == neutral and isinstance(left, _Named):
        return left if isinstance(left, int) or sign is not ast.FloorDiv else None
    commutes = sign in (ast.Add, ast.Mult)
    return right if commutes and type(left) is int and left == neutral and isinstance(right, _Named) else None


def _arithmetic(sign: type[ast.operator]) -> tuple[Callable[[Any, Any], Any], Callable[[Any, Any], Any]]:
    """The two methods by which a named number computes and remembers: `self + other`, `other + self`."""
    compute = _OPERATORS[sign]

    def tree_of(value: Any) -> ast.expr | None:
        if isinstance(value, _Named):
            return value._tree  # noqa: SLF001
        return ast.Constant(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else None

    def forward(self: Any, other: Any) -> Any:
        return _joined(self, other)

    def backward(self: Any, other: Any) -> Any:
        return _joined(other, self)

    def _joined(left: Any, right: Any) -> Any:
        if (same := _left_as_it_is(left, sign, right)) is not None:
            return same
        first, second = tree_of(left), tree_of(right)
        if first is None or second is None:
            return NotImplemented if not isinstance(left, (int, float)) else compute(plain(left), plain(right))
        return _with(compute(plain(left), plain(right)), ast.BinOp(first, sign(), second))

    return forward, backward


_NEUTRAL: dict[type[ast.operator], int] = {ast.Add: 0, ast.Sub: 0, ast.Mult: 1, ast.FloorDiv: 1}
_METHODS: dict[str, type[ast.operator]] = {
    "add": ast.Add,
    "sub": ast.Sub,
    "mul": ast.Mult,
    "truediv": ast.Div,
    "floordiv": ast.FloorDiv,
    "mod": ast.Mod,
    "pow": ast.Pow,
}
for _kind in (NamedInt, NamedFloat):
    for _name, _sign in _METHODS.items():
        _forward, _backward = _arithmetic(_sign)
        setattr(_kind, f"__{_name}__", _forward)
        setattr(_kind, f"__r{_name}__", _backward)
