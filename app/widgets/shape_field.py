"""A field for a shape, such as 1 × 28 × 28 or T × 64."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from PySide6.QtWidgets import QWidget

from app.widgets.field import InvalidText
from app.widgets.parsed_field import Check, ParsedField

Shape = tuple[int | str, ...]

# an x parts two lengths unless it belongs to a name: 28x28, 28 x T, Tx64, but not Max
_BETWEEN = re.compile(r"[×*,;]|(?<![A-Za-z_])[xX](?![a-z_])|(?<=\b[A-Z])x(?=\d)|\s+")
_SYMBOL = re.compile(r"[A-Za-z_]\w*")


class ShapeField(ParsedField):
    """Lengths of at least 1, and symbols for those known only when data comes; written `1 × 28 × 28`."""

    def __init__(
        self,
        value: Shape,
        *,
        symbols: bool = True,
        inferred: bool = False,
        ranks: range = range(1, 9),
        words: Mapping[str, Any] | None = None,
        check: Check | None = None,
        parent: QWidget | None = None,
    ) -> None:
        """`symbols` allows `T`, `inferred` one length of −1 (“what is left”), `ranks` how many lengths there
        may be.
        """
        self._symbols, self._inferred, self._ranks = symbols, inferred, ranks
        super().__init__(value, words=words, check=check, parent=parent)

    def parse(self, text: str) -> Shape:
        parts = [part for part in _BETWEEN.split(text.strip("()[] ")) if part]
        if len(parts) not in self._ranks:
            raise InvalidText(f"Type {self._counts()} such as {self._example()}.")
        shape = tuple(self._length(part) for part in parts)
        if shape.count(-1) > 1:
            raise InvalidText("Only one length can be −1.")
        return shape

    def text_of(self, value: Any) -> str:
        return " × ".join("−1" if length == -1 else str(length) for length in value)

    def _length(self, part: str) -> int | str:
        plain = part.replace("−", "-").replace("_", "")
        if plain.isdecimal() and int(plain) > 0:
            return int(plain)
        if plain == "-1" and self._inferred:
            return -1
        if self._symbols and _SYMBOL.fullmatch(part):
            return part
        kinds = "a whole number of at least 1" + (" or a letter such as T" if self._symbols else "")
        raise InvalidText(f"“{part}” is not a length: use {kinds}.")

    def _counts(self) -> str:
        low, high = self._ranks[0], self._ranks[-1]
        if low == high:
            return "one length" if low == 1 else f"{low} lengths"
        return f"{low} to {high} lengths"

    def _example(self) -> str:
        return " × ".join(("1", "28", "28", "28")[: max(self._ranks[0], min(3, self._ranks[-1]))])
