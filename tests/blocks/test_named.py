"""Formulas: what they give, what they refuse, and that numbers remember how they were written."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graph_engine.blocks.named import (
    FormulaError,
    NamedFloat,
    NamedInt,
    evaluate,
    is_formula,
    named,
    names_of,
    plain,
    renamed,
)

VALUES = {"width": 64, "rate": 0.5, "turn": 2, "kind": "relu"}


@pytest.mark.parametrize(
    ("formula", "value"),
    [
        ("=width * 4", 256),
        ("=width // 2 + 1", 33),
        ("=-width", -64),
        ("=2 ** turn", 4),
        ("=rate / 2", 0.25),
        ("=min(width, 10)", 10),
        ("=round(rate * 3)", 2),
        ("=2 if turn == 0 else 1", 1),
        ("=(width + 1) * 2", 130),
        ("= 7 ", 7),
        ("=kind", "relu"),
        ('=1 if kind == "relu" else 0', 1),
    ],
)
def test_a_formula_gives_what_arithmetic_gives(formula: str, value: object) -> None:
    assert evaluate(formula, VALUES) == value


@pytest.mark.parametrize(
    ("formula", "said"),
    [
        ("=depth", "There is no 'depth' here; exposed are: width, rate, turn, kind."),
        ("=width /", "is not a formula"),
        ("=1 / 0", "divides by zero"),
        ("=__import__('os')", "can't stand in a formula"),
        ("=width.bit_length()", "can't stand in a formula"),
        ("=[1][0]", "can't stand in a formula"),
        ("=9 ** 9 ** 9", "Powers go up to 64"),
        ("=((((9 ** 64) ** 64) ** 64) ** 64) ** 64", "beyond all bounds"),
        ("=(-2) ** 0.5", "only whole powers"),
        ("=kind * 3", "Words can be compared"),
        ("=" + "1+" * 200 + "1", "200 letters at most"),
        ("=rate % 0", "divides by zero"),
        ("=round(1e999 - 1e999)", "can't be computed: cannot convert float NaN to integer"),
    ],
)
def test_what_it_refuses_is_said(formula: str, said: str) -> None:
    with pytest.raises(FormulaError, match=r".") as caught:
        evaluate(formula, VALUES)
    assert said in str(caught.value)


def test_a_number_remembers_how_it_was_written() -> None:
    value = evaluate("=width * 4", VALUES)
    assert isinstance(value, NamedInt)
    assert value.formula == "width * 4"
    assert (value // 2).formula == "width * 4 // 2"
    assert ((value + 1) * 2).formula == "(width * 4 + 1) * 2"
    assert (3 - value).formula == "3 - width * 4"
    assert value.names == {"width"}
    assert str(value) == repr(value) == "256"
    assert {value: 1}[256] == 1, "it is equal to and hashed as the plain number"
    assert type(plain(value)) is int
    assert type(plain((value, 1))[0]) is int


def test_what_has_no_name_in_it_is_plain() -> None:
    assert type(evaluate("=3 * 4", VALUES)) is int
    assert named("flag", True) is True
    assert isinstance(named("rate", 0.5), NamedFloat)


@given(st.integers(1, 1000), st.integers(1, 50), st.sampled_from(["+", "-", "*", "//", "%"]))
def test_what_is_remembered_gives_the_number(width: int, other: int, sign: str) -> None:
    value = named("width", width)
    made = {"+": value + other, "-": value - other, "*": value * other, "//": value // other, "%": value % other}[sign]
    assert evaluate(made.formula, {"width": width}) == made


def test_names_are_found_and_changed() -> None:
    assert names_of("=width * max(depth, 2)") == {"width", "depth"}
    assert names_of("=width *") == set()
    assert renamed("=width * 4 + width", {"width": "channels"}) == "=channels * 4 + channels"
    assert renamed("=width *", {"width": "channels"}) == "=width *"
    assert is_formula("=1")
    assert not is_formula("1")
    assert not is_formula(1)


def test_a_float_stays_one() -> None:
    assert math.isclose(evaluate("=rate * 3", VALUES), 1.5)


@pytest.mark.parametrize("number", [named("width", 3), named("rate", 0.5)])
def test_what_changes_nothing_is_not_written(number: NamedInt | NamedFloat) -> None:
    for same in (number + 0, 0 + number, number - 0, number * 1, 1 * number):
        assert same is number
    one = named("stride", 1)
    assert (one * named("width", 3) - 0).formula == "stride * width", "it may be another number in another use"
    assert (0 - number).formula == f"0 - {number.formula}"
    assert type(number * 1.0) is NamedFloat
