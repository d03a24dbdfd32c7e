"""A field for a line of text."""

from __future__ import annotations

from typing import Any

from PySide6.QtWidgets import QWidget

from app.widgets.field import InvalidText
from app.widgets.parsed_field import Check, ParsedField


class TextField(ParsedField):
    """A line of text; spaces around it are dropped."""

    def __init__(
        self,
        value: str = "",
        *,
        placeholder: str = "",
        required: bool = False,
        check: Check | None = None,
        parent: QWidget | None = None,
    ) -> None:
        """`placeholder` is shown while empty; `required` refuses an empty text."""
        self._required = required
        super().__init__(value, check=check, parent=parent)
        self.setPlaceholderText(placeholder)

    def parse(self, text: str) -> str:
        if self._required and not text:
            raise InvalidText("This cannot be empty.")
        return text

    def text_of(self, value: Any) -> str:
        return str(value)
