"""Fields of numbers, pairs, lists and shapes: what is understood, what is refused, and how they step."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from app.widgets import (
    InvalidText,
    NumberField,
    NumbersField,
    PairField,
    Scrubbable,
    ShapeField,
    read_number,
    write_number,
)
from tests.gui.fields.hands import FIELDS, Heard, leave, turn_wheel, type_over


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("64", 64), (" 36 864 ", 36864), ("1_000", 1000), ("1e3", 1000), ("−5", -5), ("+7", 7),
        ("123456789012345678", 123456789012345678),
    ],
)  # fmt: skip
def test_whole_numbers_that_are_understood(text: str, value: int) -> None:
    read = read_number(text, whole=True)
    assert read == value
    assert isinstance(read, int)


@pytest.mark.parametrize(("text", "value"), [("0.5", 0.5), ("0,5", 0.5), (".5", 0.5), ("1e-3", 1e-3), ("3", 3.0)])
def test_real_numbers_that_are_understood(text: str, value: float) -> None:
    read = read_number(text, whole=False)
    assert read == value
    assert isinstance(read, float)


@pytest.mark.parametrize("text", ["", "  ", "x", "1.2.3", "nan", "inf", "1e999", "--3", "3 px", "²", "3²"])
@pytest.mark.parametrize("whole", [True, False])
def test_numbers_that_are_not_understood(text: str, whole: bool) -> None:
    with pytest.raises(InvalidText) as refused:
        read_number(text, whole=whole)
    assert str(refused.value).endswith(".")


def test_a_broken_number_is_not_whole() -> None:
    with pytest.raises(InvalidText, match=r"whole number, such as 2\."):
        read_number("2.4", whole=True)


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_real_number_is_written_so_that_it_reads_back(value: float) -> None:
    assert read_number(write_number(value), whole=False) == value


@given(st.integers())
def test_a_whole_number_is_written_so_that_it_reads_back(value: int) -> None:
    if abs(value) < 10**300:
        assert read_number(write_number(value), whole=True) == value


@pytest.mark.parametrize(
    ("bounds", "text", "words"),
    [
        ({"minimum": 1}, "0", "Must be at least 1."),
        ({"maximum": 1}, "1.5", "Must be at most 1."),
        ({"minimum": 0, "open_bounds": "minimum"}, "0", "Must be more than 0."),
        ({"maximum": 1, "open_bounds": "both"}, "1", "Must be less than 1."),
    ],
)
def test_a_number_outside_its_bounds_is_refused_with_the_bound(
    shown: Callable[[QWidget], Heard], bounds: dict[str, Any], text: str, words: str
) -> None:
    field = NumberField(0.5, **bounds)
    heard = shown(field)
    type_over(field, text)
    assert field.error() == words
    assert ("edited", float(text)) not in heard


def test_arrows_step_and_commit_when_idle(qtbot: QtBot, shown: Callable[[QWidget], Heard]) -> None:
    field = NumberField(3, whole=True, minimum=1)
    heard = shown(field)
    QTest.keyClick(field, Qt.Key.Key_Up)
    QTest.keyClick(field, Qt.Key.Key_PageDown)
    assert heard == [("edited", 4), ("edited", 1)]
    QTest.keyClick(field, Qt.Key.Key_Down)
    assert heard[2:] == [], "not below the bound"
    qtbot.waitUntil(lambda: heard[2:] == [("committed", 1)], timeout=3000)


def test_escape_after_arrows_goes_back(shown: Callable[[QWidget], Heard]) -> None:
    field = NumberField(3, whole=True)
    heard = shown(field)
    QTest.keyClick(field, Qt.Key.Key_Up)
    QTest.keyClick(field, Qt.Key.Key_Escape)
    assert heard == [("edited", 4), ("edited", 3)]


@pytest.mark.parametrize(
    ("value", "steps", "moved"),
    [
        (0.001, 1, 0.002), (0.001, -1, 0.0009), (0.01, 10, 0.11), (0.9, 1, 1.0), (1.0, 1, 2.0), (0.0, 1, 0.1),
        (-0.001, 1, -0.0009), (0.3, 1, 0.4), (25.0, -1, 15.0),
    ],
)  # fmt: skip
def test_a_real_number_steps_by_its_leading_digit(qtbot: QtBot, value: float, steps: int, moved: float) -> None:
    field = NumberField(value)
    qtbot.addWidget(field)
    field.nudge(steps)
    assert field.value() == moved


def test_a_step_of_its_own_and_open_bounds(qtbot: QtBot) -> None:
    field = NumberField(0.1, minimum=0, open_bounds="minimum", step=0.1)
    qtbot.addWidget(field)
    field.nudge(-1)
    assert field.value() == 0.1, "0 itself must not be reached"
    field.nudge(2)
    assert field.value() == pytest.approx(0.3)


def test_the_wheel_moves_the_number_only_with_the_focus(shown: Callable[[QWidget], Heard]) -> None:
    field = NumberField(3, whole=True)
    heard = shown(field)
    leave(field)
    assert not turn_wheel(field, 120), "left to the panel to scroll"
    field.setFocus()
    assert turn_wheel(field, 60)
    assert heard == []
    assert turn_wheel(field, 60)
    assert heard == [("edited", 4)]
    turn_wheel(field, -120)
    assert heard[-1] == ("edited", 3)
    leave(field)


def test_a_unit_is_shown_and_may_be_typed(shown: Callable[[QWidget], Heard]) -> None:
    field = NumberField(10, whole=True, unit="ms")
    heard = shown(field)
    assert field.text() == "10"
    type_over(field, "25 ms")
    assert heard[-1] == ("edited", 25)
    unit = field.findChild(QWidget)
    assert unit is not None
    assert unit.geometry().right() < field.width()
    assert field.textMargins().right() >= unit.width()


@pytest.mark.parametrize(
    "text", ["3x5", "3 x 5", "3 × 5", "3×5", "3,5", "3, 5", "3 5", "3*5", "(3, 5)", "[3,5]", "3X5"]
)
def test_pairs_that_are_understood(qtbot: QtBot, text: str) -> None:
    field = PairField(1)
    qtbot.addWidget(field)
    assert field.parse(text) == (3, 5)


def test_two_that_are_alike_are_one(qtbot: QtBot) -> None:
    field = PairField(1)
    qtbot.addWidget(field)
    assert field.parse("3") == field.parse("3 × 3") == 3


@pytest.mark.parametrize("text", ["", "x", "3x", "3.5", "1 2 3", "0", "3 × 0", "a × b"])
def test_pairs_that_are_refused(qtbot: QtBot, text: str) -> None:
    field = PairField(1, minimum=1)
    qtbot.addWidget(field)
    if text == "3x":
        assert field.parse(text) == 3, "on the way to 3x5"
        return
    with pytest.raises(InvalidText) as refused:
        field.parse(text)
    assert str(refused.value).endswith(".")


def test_both_of_a_pair_step_together(qtbot: QtBot) -> None:
    field = PairField((3, 5), minimum=2)
    qtbot.addWidget(field)
    field.nudge(1)
    assert (field.value(), field.text()) == ((4, 6), "4 × 6")
    field.nudge(-10)
    assert field.value() == (2, 2)


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("1, 2.5, 0.3", (1, 2.5, 0.3)), ("1 2.5 .3", (1, 2.5, 0.3)), ("[1,2.5,0.3]", (1, 2.5, 0.3)), ("", ()),
        ("1; 2,5; 0,3", (1, 2.5, 0.3)), ("7", (7,)), ("1e-3, −2,", (0.001, -2)), ("1,\n2", (1, 2)),
    ],
)  # fmt: skip
def test_lists_of_numbers_that_are_understood(qtbot: QtBot, text: str, numbers: tuple[float, ...]) -> None:
    field = NumbersField()
    qtbot.addWidget(field)
    assert field.parse(text) == numbers
    assert field.parse(field.text_of(numbers)) == numbers


@pytest.mark.parametrize("text", ["a", "1, b", "1 × 2", "1, inf", "nan", "1; 2; x"])
def test_lists_of_numbers_that_are_refused(qtbot: QtBot, text: str) -> None:
    field = NumbersField()
    qtbot.addWidget(field)
    with pytest.raises(InvalidText) as refused:
        field.parse(text)
    assert str(refused.value).endswith(".")


def test_no_numbers_are_none(qtbot: QtBot) -> None:
    field = NumbersField()
    qtbot.addWidget(field)
    assert (field.text(), field.value()) == ("none", ())
    field.setFocus()
    field.selectAll()
    QTest.keyClicks(field, "2; 0,5")
    field.commit()
    assert (field.text(), field.value()) == ("2, 0.5", (2.0, 0.5))
    field.selectAll()
    QTest.keyClick(field, Qt.Key.Key_Delete)
    field.commit()
    assert (field.text(), field.value()) == ("none", ())


@pytest.mark.parametrize(
    ("text", "shape"),
    [
        ("1 × 28 × 28", (1, 28, 28)), ("1x28x28", (1, 28, 28)), ("1,28,28", (1, 28, 28)), ("(1, 28, 28)", (1, 28, 28)),
        ("1 28 28", (1, 28, 28)), ("T × 64", ("T", 64)), ("Tx64", ("T", 64)), ("64xT", (64, "T")), ("T, E", ("T", "E")),
        ("max × 3", ("max", 3)), ("10", (10,)),
    ],
)  # fmt: skip
def test_shapes_that_are_understood(qtbot: QtBot, text: str, shape: tuple[int | str, ...]) -> None:
    field = ShapeField((1,))
    qtbot.addWidget(field)
    assert field.parse(text) == shape
    assert field.parse(field.text_of(shape)) == shape


@pytest.mark.parametrize("text", ["", "0 × 3", "1.5", "-1", "3 × ?", "1 × 2 × 3 × 4 × 5 × 6 × 7 × 8 × 9"])
def test_shapes_that_are_refused(qtbot: QtBot, text: str) -> None:
    field = ShapeField((1,))
    qtbot.addWidget(field)
    with pytest.raises(InvalidText) as refused:
        field.parse(text)
    assert str(refused.value).endswith(".")


def test_a_length_may_be_left_to_be_inferred_once(qtbot: QtBot) -> None:
    field = ShapeField((1,), inferred=True, symbols=False, ranks=range(1, 4))
    qtbot.addWidget(field)
    assert field.parse("-1 × 28") == (-1, 28)
    assert field.parse(field.text_of((-1, 28))) == (-1, 28)
    for text in ("-1 × -1", "T × 3", "1 × 2 × 3 × 4"):
        with pytest.raises(InvalidText):
            field.parse(text)


def test_only_fields_with_steps_can_be_scrubbed(qtbot: QtBot) -> None:
    steps = {}
    for name, (make, _, _) in FIELDS.items():
        field = make()
        qtbot.addWidget(field)
        steps[name] = isinstance(field, Scrubbable) and field.has_steps()
    assert {name for name, has in steps.items() if has} == {"number", "real number", "pair"}
