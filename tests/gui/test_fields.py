"""The fields of a form: what is understood, what is refused and why, when it is announced, how it is taken back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QUndoStack, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLineEdit, QPushButton, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from app.widgets import (
    Choice,
    ChoiceField,
    Field,
    InvalidText,
    NumberField,
    NumbersField,
    PairField,
    ParsedField,
    Scrubbable,
    SearchField,
    ShapeField,
    TextField,
    Toggle,
    read_number,
    write_number,
)

Heard = list[tuple[str, Any]]

FIELDS: dict[str, tuple[Callable[[], QWidget], Any, Any]] = {
    "number": (lambda: NumberField(3, whole=True), 3, 4),
    "real number": (lambda: NumberField(0.5), 0.5, 0.25),
    "pair": (lambda: PairField(3), 3, (3, 5)),
    "numbers": (lambda: NumbersField((1.0, 2.5)), (1.0, 2.5), ()),
    "shape": (lambda: ShapeField((1, 28, 28)), (1, 28, 28), ("T", 64)),
    "choice": (lambda: ChoiceField(["adam", "sgd"]), "adam", "sgd"),
    "text": (lambda: TextField("conv"), "conv", "first"),
    "search": (SearchField, "", "conv"),
    "toggle": (lambda: Toggle(False), False, True),
}


@pytest.fixture
def shown(qtbot: QtBot) -> Callable[[QWidget], Heard]:
    """Puts a field into an active window beside a button, and lists what it announces."""

    windows = []  # qtbot holds them weakly

    def show(field: QWidget) -> Heard:
        window = QWidget()
        windows.append(window)
        qtbot.addWidget(window)
        column = QVBoxLayout(window)
        column.addWidget(field)
        column.addWidget(QPushButton("elsewhere"))
        window.show()
        window.activateWindow()
        QApplication.processEvents()
        field.setFocus()
        heard: Heard = []
        assert isinstance(field, Field)
        field.edited.connect(lambda value: heard.append(("edited", value)))
        field.committed.connect(lambda value: heard.append(("committed", value)))
        return heard

    return show


def type_over(field: QLineEdit, text: str) -> None:
    field.selectAll()
    QTest.keyClicks(field, text)


def leave(field: QWidget) -> None:
    window = field.window()
    button = window.findChild(QPushButton)
    assert isinstance(button, QPushButton)
    button.setFocus()


# ---------------------------------------------------------------------------------------------------- every field


@pytest.mark.parametrize("name", FIELDS)
def test_every_field_keeps_the_protocol(shown: Callable[[QWidget], Heard], name: str) -> None:
    make, first, second = FIELDS[name]
    field = make()
    heard = shown(field)
    assert isinstance(field, Field)
    assert field.value() == first
    changes: list[None] = []
    errors: list[str] = []
    field.value_changed.connect(lambda: changes.append(None))
    field.error_changed.connect(errors.append)

    field.set_value(second)
    assert field.value() == second
    assert heard == [], "a value from elsewhere is not an edit"
    assert len(changes) == 1

    field.enter(first)
    assert field.value() == first
    assert heard == [("edited", first), ("committed", first)]
    assert len(changes) == 2

    field.set_error("Does not fit.")
    field.set_error("Does not fit.")
    assert field.error() == "Does not fit."
    assert field.accessibleDescription() == "Does not fit."
    field.set_error(None)
    assert field.error() is None
    assert errors == ["Does not fit.", ""]


@pytest.mark.parametrize("name", FIELDS)
def test_every_field_takes_the_keyboard_and_grows_with_the_text(
    qtbot: QtBot, shown: Callable[[QWidget], Heard], name: str
) -> None:
    from app.theme import theme_manager

    field = FIELDS[name][0]()
    shown(field)
    assert field.focusPolicy() & Qt.FocusPolicy.TabFocus
    before = field.sizeHint().height()
    theme_manager().set_font_scale(2.0)
    try:
        assert field.sizeHint().height() >= 1.7 * before
        assert field.sizeHint().height() >= field.fontMetrics().height()
    finally:
        theme_manager().set_font_scale(1.0)


# --------------------------------------------------------------------------------------------- typed: the life of it


def test_typing_previews_each_letter_and_enter_commits_once(shown: Callable[[QWidget], Heard]) -> None:
    field = NumberField(3, whole=True)
    heard = shown(field)
    type_over(field, "64")
    assert heard == [("edited", 6), ("edited", 64)]
    QTest.keyClick(field, Qt.Key.Key_Return)
    QTest.keyClick(field, Qt.Key.Key_Return)
    leave(field)
    assert heard[2:] == [("committed", 64)]


def test_leaving_the_field_commits_and_writes_the_value_properly(shown: Callable[[QWidget], Heard]) -> None:
    field = PairField(3)
    heard = shown(field)
    type_over(field, "3x5")
    leave(field)
    assert heard[-1] == ("committed", (3, 5))
    assert field.text() == "3 × 5"


def test_escape_goes_back_to_what_was_committed(shown: Callable[[QWidget], Heard]) -> None:
    field = NumberField(3, whole=True)
    heard = shown(field)
    type_over(field, "64")
    QTest.keyClick(field, Qt.Key.Key_Escape)
    assert (field.text(), field.value()) == ("3", 3)
    assert heard[-1] == ("edited", 3)
    leave(field)
    assert all(kind == "edited" for kind, _ in heard)


def test_escape_with_nothing_typed_is_left_to_the_window(qtbot: QtBot) -> None:
    from PySide6.QtWidgets import QDialog

    dialog = QDialog()
    qtbot.addWidget(dialog)
    field = NumberField(3, whole=True)
    QVBoxLayout(dialog).addWidget(field)
    dialog.show()
    field.setFocus()
    type_over(field, "5")
    QTest.keyClick(field, Qt.Key.Key_Escape)
    assert dialog.isVisible()
    QTest.keyClick(field, Qt.Key.Key_Escape)
    assert not dialog.isVisible()


def test_an_invalid_text_says_why_keeps_the_value_and_is_not_committed(shown: Callable[[QWidget], Heard]) -> None:
    field = NumberField(3, whole=True, minimum=1)
    heard = shown(field)
    type_over(field, "x")
    assert field.error() == "“x” is not a whole number."
    assert field.property("invalid") is True
    assert field.value() == 3
    QTest.keyClick(field, Qt.Key.Key_Return)
    leave(field)
    assert field.text() == "x", "what was typed stays to be put right"
    assert heard == []
    type_over(field, "7")
    assert field.error() is None
    assert field.property("invalid") is False
    assert heard == [("edited", 7)]


def test_escape_takes_an_invalid_text_back(shown: Callable[[QWidget], Heard]) -> None:
    field = NumberField(3, whole=True)
    heard = shown(field)
    type_over(field, "x")
    QTest.keyClick(field, Qt.Key.Key_Escape)
    assert (field.text(), field.error(), heard) == ("3", None, [])


def test_a_fault_of_the_text_is_shown_before_one_from_elsewhere(shown: Callable[[QWidget], Heard]) -> None:
    field = NumberField(3, whole=True)
    shown(field)
    field.set_error("64 is not a multiple of 3.")
    type_over(field, "x")
    assert field.error() == "“x” is not a whole number."
    type_over(field, "4")
    assert field.error() == "64 is not a multiple of 3."


def test_an_echo_of_what_is_typed_leaves_the_text_alone(shown: Callable[[QWidget], Heard]) -> None:
    field = NumberField(0.5)
    heard = shown(field)
    type_over(field, "2.")
    field.set_value(2.0)  # the document took the preview and tells the form
    assert field.text() == "2."
    QTest.keyClicks(field, "5")
    QTest.keyClick(field, Qt.Key.Key_Return)
    assert heard[-1] == ("committed", 2.5)


def test_another_value_from_elsewhere_replaces_what_is_typed(shown: Callable[[QWidget], Heard]) -> None:
    field = NumberField(3, whole=True)
    heard = shown(field)
    type_over(field, "64")
    field.set_value(5)  # an undo
    assert field.text() == "5"
    leave(field)
    assert [entry for entry in heard if entry[0] == "committed"] == []


def test_a_text_from_a_file_that_is_no_value_is_shown_with_the_reason(shown: Callable[[QWidget], Heard]) -> None:
    field = NumberField(3, whole=True)
    heard = shown(field)
    field.show_unreadable("many", "Channels must be a whole number.")
    leave(field)
    assert (field.text(), field.error(), heard) == ("many", "Channels must be a whole number.", [])
    field.set_value(4)
    assert (field.text(), field.error()) == ("4", None)


def test_a_check_of_the_callers_refuses_in_its_words(shown: Callable[[QWidget], Heard]) -> None:
    field = NumberField(2, whole=True, check=lambda value: "Must be even." if value % 2 else None)
    heard = shown(field)
    type_over(field, "3")
    assert (field.error(), heard) == ("Must be even.", [])


def test_words_stand_for_values(shown: Callable[[QWidget], Heard]) -> None:
    field = PairField("same", words={"same": "same", "auto": None})
    heard = shown(field)
    assert field.text() == "same"
    type_over(field, "AUTO")
    QTest.keyClick(field, Qt.Key.Key_Return)
    assert heard[-1] == ("committed", None)
    assert field.text() == "auto"


def test_one_is_not_true(shown: Callable[[QWidget], Heard]) -> None:
    field = NumberField(0, whole=True, words={"off": False})
    heard = shown(field)
    assert field.text() == "0"
    type_over(field, "off")
    assert heard[-1][1] is False


def test_undo_with_nothing_typed_reaches_the_window(qtbot: QtBot, shown: Callable[[QWidget], Heard]) -> None:
    field = NumberField(3, whole=True)
    shown(field)
    stack = QUndoStack(field.window())
    undo = stack.createUndoAction(field.window())
    undo.setShortcut("Ctrl+Z")
    undo.setEnabled(True)
    pressed: list[None] = []
    undo.triggered.connect(lambda: pressed.append(None))
    field.window().addAction(undo)
    type_over(field, "64")
    QTest.keyClick(field, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert pressed == [], "what is being typed is undone in the line"
    QTest.keyClick(field, Qt.Key.Key_Escape)
    undo.setEnabled(True)
    QTest.keyClick(field, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert len(pressed) == 1


# ------------------------------------------------------------------------------------------------------- numbers


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


# ------------------------------------------------------------------------------------------------ pairs and shapes


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


# ------------------------------------------------------------------------------------------- choice, toggle, text


def test_a_choice_is_made_with_the_keyboard(shown: Callable[[QWidget], Heard]) -> None:
    field = ChoiceField([Choice(1, "one"), Choice(2, "two", help="twice"), Choice(3, "three")], 2)
    heard = shown(field)
    assert (field.value(), field.currentText()) == (2, "two")
    QTest.keyClick(field, Qt.Key.Key_Down)
    assert heard == [("edited", 3), ("committed", 3)]


def test_walking_through_the_open_list_previews_and_leaving_it_takes_back(
    qtbot: QtBot, shown: Callable[[QWidget], Heard]
) -> None:
    field = ChoiceField(["adam", "sgd", "rmsprop"])
    heard = shown(field)
    QTest.keyClick(field, Qt.Key.Key_Return)
    qtbot.waitUntil(field.view().isVisible)
    QTest.keyClick(field.view(), Qt.Key.Key_Down)
    assert heard == [("edited", "sgd")]
    QTest.keyClick(field.view(), Qt.Key.Key_Escape)
    qtbot.waitUntil(lambda: heard == [("edited", "sgd"), ("edited", "adam")])
    assert field.currentText() == "adam"


def test_choosing_from_the_open_list_commits(qtbot: QtBot, shown: Callable[[QWidget], Heard]) -> None:
    field = ChoiceField(["adam", "sgd", "rmsprop"])
    heard = shown(field)
    field.showPopup()
    qtbot.waitUntil(field.view().isVisible)
    QTest.keyClick(field.view(), Qt.Key.Key_Down)
    QTest.keyClick(field.view(), Qt.Key.Key_Return)
    QApplication.processEvents()
    assert heard == [("edited", "sgd"), ("committed", "sgd")]
    assert (field.value(), field.currentText()) == ("sgd", "sgd")


def test_a_value_that_is_no_choice_is_shown_and_marked(shown: Callable[[QWidget], Heard]) -> None:
    field = ChoiceField(["adam", "sgd"])
    heard = shown(field)
    field.set_value("adagrad")
    assert (field.value(), field.placeholderText(), field.currentIndex()) == ("adagrad", "adagrad", -1)
    assert field.error() == "“adagrad” is not one of the choices."
    field.set_value("sgd")
    assert (field.error(), heard) == (None, [])


def test_the_wheel_does_not_change_a_choice_without_the_focus(shown: Callable[[QWidget], Heard]) -> None:
    field = ChoiceField(["adam", "sgd"])
    heard = shown(field)
    leave(field)
    assert not turn_wheel(field, -120)
    assert heard == []


def test_a_toggle_switches_by_space_click_and_arrows(shown: Callable[[QWidget], Heard]) -> None:
    field = Toggle(False, words=("no", "yes"))
    heard = shown(field)
    QTest.keyClick(field, Qt.Key.Key_Space)
    assert heard == [("edited", True), ("committed", True)]
    assert field.text() == "yes"
    QTest.mouseClick(field, Qt.MouseButton.LeftButton)
    assert field.value() is False
    QTest.keyClick(field, Qt.Key.Key_Right)
    QTest.keyClick(field, Qt.Key.Key_Right)
    assert [value for kind, value in heard if kind == "committed"] == [True, False, True]
    QTest.keyClick(field, Qt.Key.Key_Left)
    assert field.value() is False


def test_a_toggle_looks_different_on_and_off_without_colour(qtbot: QtBot) -> None:
    field = Toggle(False, words=("", ""))
    qtbot.addWidget(field)
    off = field.grab().toImage().convertToFormat(field.grab().toImage().Format.Format_Grayscale8)
    field.set_value(True)
    on = field.grab().toImage().convertToFormat(off.format())
    assert off != on


def test_a_required_text_is_not_empty(shown: Callable[[QWidget], Heard]) -> None:
    field = TextField("name", required=True)
    shown(field)
    field.selectAll()
    QTest.keyClick(field, Qt.Key.Key_Delete)
    assert field.error() == "This cannot be empty."
    QTest.keyClicks(field, "  new ")
    leave(field)
    assert (field.value(), field.text()) == ("new", "new")


def test_only_fields_with_steps_can_be_scrubbed(qtbot: QtBot) -> None:
    steps = {}
    for name, (make, _, _) in FIELDS.items():
        field = make()
        qtbot.addWidget(field)
        steps[name] = isinstance(field, Scrubbable) and field.has_steps()
    assert {name for name, has in steps.items() if has} == {"number", "real number", "pair"}


def test_a_field_in_its_plainest_form_takes_any_text(shown: Callable[[QWidget], Heard]) -> None:
    field = ParsedField("a")
    heard = shown(field)
    type_over(field, "b")
    assert heard == [("edited", "b")]


def turn_wheel(field: QWidget, angle: int) -> bool:
    """Turns the wheel over the field; whether the field took it."""
    middle = QPointF(field.rect().center())
    event = QWheelEvent(
        middle,
        field.mapToGlobal(middle),
        QPoint(),
        QPoint(0, angle),
        Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    field.wheelEvent(event)
    return event.isAccepted()
