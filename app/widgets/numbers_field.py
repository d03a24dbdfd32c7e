"""A field for any count of numbers, such as the weights of classes: 1, 2.5, 0.3."""

from __future__ import annotations

import re
from typing import Any

from PySide6.QtWidgets import QWidget

from app.widgets.number_field import read_number, write_number
from app.widgets.parsed_field import Check, ParsedField


class NumbersField(ParsedField):
    """Numbers with commas between, written `1, 2.5, 0.3`; with semicolons between, a comma is a decimal point.

    The value is a tuple of floats; an empty one is written `none`.
    """

    def __init__(
        self, value: tuple[float, ...] = (), *, check: Check | None = None, parent: QWidget | None = None
    ) -> None:
        super().__init__(value, words={"none": ()}, check=check, parent=parent)

    def parse(self, text: str) -> tuple[float, ...]:
        between = r"[;\s]+" if ";" in text else r"[,\s]+"
        parts = [part for part in re.split(between, text.strip("()[] ")) if part]
        return tuple(float(read_number(part, whole=False)) for part in parts)

    def text_of(self, value: Any) -> str:
        return ", ".join(map(write_number, value)) if isinstance(value, (tuple, list)) else str(value)
