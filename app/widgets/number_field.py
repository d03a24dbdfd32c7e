"""A field for a whole or real number, with bounds, steps and a unit."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from math import floor, isfinite, log10
from typing import Any, Literal

from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QLabel, QWidget

from app.theme import theme_manager
from app.widgets.field import InvalidText
from app.widgets.parsed_field import Check, ParsedField
from graph_engine.blocks.named import is_formula

Open = Literal["", "minimum", "maximum", "both"]
"""Which bounds the number may come near but not reach."""


class NumberField(ParsedField):
    """A number. Arrows, Page up / down (ten steps) and, with the focus, the wheel move it.

    A real number without a `step` moves by one in its leading digit: 0.001 → 0.002, 0.001 → 0.0009.
    """

    def __init__(
        self,
        value: float | None,
        *,
        whole: bool = False,
        minimum: float | None = None,
        maximum: float | None = None,
        open_bounds: Open = "",
        step: float | None = None,
        unit: str = "",
        words: Mapping[str, Any] | None = None,
        check: Check | None = None,
        parent: QWidget | None = None,
    ) -> None:
        """`unit` is shown behind the number and may be typed with it; `words` as in `ParsedField`."""
        self._whole = whole
        self._minimum, self._maximum = minimum, maximum
        self._open_minimum, self._open_maximum = (
            open_bounds in ("minimum", "both"),
            open_bounds in ("maximum", "both"),
        )
        self._step = step
        self._unit = unit
        super().__init__(value, words=words, check=check, parent=parent)
        self._unit_label: QLabel | None = None
        if unit:
            self._unit_label = QLabel(unit, self)
            self._unit_label.setProperty("part", "unit")
            self._unit_label.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
            self._place_unit()

    def parse(self, text: str) -> int | float:
        number = read_number(text.removesuffix(self._unit).strip() if self._unit else text, whole=self._whole)
        reason = self._refusal(number)
        if reason:
            raise InvalidText(reason)
        return number

    def text_of(self, value: Any) -> str:
        return write_number(value)

    def stepped(self, value: Any, steps: int) -> Any:
        if is_formula(value):
            return None
        if not isinstance(value, (int, float)) or isinstance(value, bool):
            return self._clamped(self._minimum if self._minimum is not None else 0, steps)
        step = Decimal(str(self._step)) if self._step is not None else self._natural_step(value, steps)
        moved = Decimal(str(value)) + step * steps
        return self._clamped(int(moved) if self._whole else float(moved), steps)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._place_unit()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() in (QEvent.Type.FontChange, QEvent.Type.StyleChange):
            self._place_unit()

    def _natural_step(self, value: float, steps: int) -> Decimal:
        if self._whole:
            return Decimal(1)
        if value == 0:
            return Decimal("0.1")
        exponent = floor(log10(abs(value)) + 1e-9)
        toward_zero = (value > 0) == (steps < 0)
        at_power = Decimal(str(abs(value))) == Decimal(1).scaleb(exponent)
        return Decimal(1).scaleb(exponent - 1 if toward_zero and at_power else exponent)

    def _clamped(self, value: float, steps: int) -> int | float | None:
        """`value` inside the bounds; None where a step would reach a bound that must not be reached."""
        if self._minimum is not None and value <= self._minimum and steps < 0:
            return None if self._open_minimum else self._typed(self._minimum)
        if self._maximum is not None and value >= self._maximum and steps > 0:
            return None if self._open_maximum else self._typed(self._maximum)
        return self._typed(value)

    def _typed(self, value: float) -> int | float:
        return int(value) if self._whole else float(value)

    def _refusal(self, number: float) -> str | None:
        low, high = self._minimum, self._maximum
        if low is not None and (number < low or (self._open_minimum and number == low)):
            return f"Must be {'more than' if self._open_minimum else 'at least'} {write_number(low)}."
        if high is not None and (number > high or (self._open_maximum and number == high)):
            return f"Must be {'less than' if self._open_maximum else 'at most'} {write_number(high)}."
        return None

    def _place_unit(self) -> None:
        label = getattr(self, "_unit_label", None)
        if label is None:
            return
        label.adjustSize()
        edge = theme_manager().spacing.m
        label.move(self.width() - label.width() - edge, (self.height() - label.height()) // 2)
        self.setTextMargins(0, 0, label.width() + theme_manager().spacing.s, 0)


def read_number(text: str, *, whole: bool) -> int | float:
    """The number that `text` says: spaces and `_` between digits, a decimal comma, `1e-3` and `−` are
    understood.

    Raises: InvalidText.
    """
    plain = "".join(text.split()).replace("_", "").replace("−", "-").replace(",", ".")
    if not plain:
        raise InvalidText("Type a whole number." if whole else "Type a number.")
    try:
        number = float(plain)
    except ValueError:
        raise InvalidText(f"“{text}” is not a {'whole ' if whole else ''}number.") from None
    if not isfinite(number):
        raise InvalidText("Type a finite number.")
    if not whole:
        return number
    if number != int(number):
        raise InvalidText(f"Must be a whole number, such as {round(number)}.")
    return int(plain) if plain.lstrip("+-").isdecimal() else int(number)


def write_number(value: Any) -> str:
    """A number as one would type it: `64`, `0.5`, `1e-05`; anything else as it is."""
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
    return str(value)
