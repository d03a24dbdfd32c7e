"""A field for one length or two, such as a kernel of 3 or of 3 × 5."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from PySide6.QtWidgets import QWidget

from app.widgets.field import InvalidText
from app.widgets.number_field import read_number
from app.widgets.parsed_field import Check, ParsedField

_BETWEEN = re.compile(r"\s*[×xX*,;]\s*|\s+")


class PairField(ParsedField):
    """A whole number or two: `3`, `3x5`, `3 × 5`, `3,5` and `3 5` are understood, `3 × 5` is written.

    The value is an int, or a tuple of two that differ: `3 × 3` is taken as 3.
    """

    def __init__(
        self,
        value: int | tuple[int, int] | str | None,
        *,
        minimum: int | None = None,
        maximum: int | None = None,
        words: Mapping[str, Any] | None = None,
        check: Check | None = None,
        parent: QWidget | None = None,
    ) -> None:
        """`minimum` and `maximum` bound each of the two; `words` as in `ParsedField`."""
        self._minimum, self._maximum = minimum, maximum
        super().__init__(value, words=words, check=check, parent=parent)

    def parse(self, text: str) -> int | tuple[int, int]:
        parts = [part for part in _BETWEEN.split(text.strip("()[] ")) if part]
        if not parts or len(parts) > 2:
            raise InvalidText("Type one whole number or two, such as 3 or 3 × 5.")
        numbers = [int(read_number(part, whole=True)) for part in parts]
        for number in numbers:
            if self._minimum is not None and number < self._minimum:
                raise InvalidText(f"Must be at least {self._minimum}.")
            if self._maximum is not None and number > self._maximum:
                raise InvalidText(f"Must be at most {self._maximum}.")
        first, last = numbers[0], numbers[-1]
        return first if first == last else (first, last)

    def text_of(self, value: Any) -> str:
        return " × ".join(map(str, value)) if isinstance(value, (tuple, list)) else str(value)

    def stepped(self, value: Any, steps: int) -> Any:
        """Both lengths moved alike."""
        if isinstance(value, tuple):
            return tuple(self._clamped(number + steps) for number in value)
        if isinstance(value, int):
            return self._clamped(value + steps)
        return self._clamped(self._minimum or 0)

    def _clamped(self, number: int) -> int:
        if self._minimum is not None:
            number = max(number, self._minimum)
        return min(number, self._maximum) if self._maximum is not None else number
