"""What every field of a form has in common, whatever it edits."""

from __future__ import annotations

from typing import Any, Protocol, runtime_checkable

from PySide6.QtCore import SignalInstance


class InvalidText(ValueError):
    """What was typed cannot be taken; the message is a sentence for the person who typed it."""


@runtime_checkable
class Field(Protocol):
    """A control that edits one value.

    `edited(value)` is emitted while the user changes the value, for a preview; `committed(value)` when they
    are done (Enter, leaving the field, a choice made). Reverting with Esc emits `edited` with the committed
    value. `value_changed()` follows every change of `value()`, by whomever, and `error_changed(text)` every
    change of `error()` (empty text when there is none).
    """

    @property
    def edited(self) -> SignalInstance: ...

    @property
    def committed(self) -> SignalInstance: ...

    @property
    def value_changed(self) -> SignalInstance: ...

    @property
    def error_changed(self) -> SignalInstance: ...

    def value(self) -> Any:
        """The value as last typed, chosen or set; never an invalid one."""

    def set_value(self, value: Any) -> None:
        """Shows a value that comes from elsewhere; emits neither `edited` nor `committed`."""

    def enter(self, value: Any) -> None:
        """Takes a value as if the user had entered it: `edited` and `committed` are emitted where it is
        new.
        """

    def error(self) -> str | None:
        """Why the text cannot be taken, or what `set_error` said."""

    def set_error(self, text: str | None) -> None:
        """Marks the field with a fault found elsewhere; None clears it. A fault of its own text stays."""


@runtime_checkable
class Scrubbable(Protocol):
    """A field whose value may be moved by steps, as by dragging its label."""

    def has_steps(self) -> bool:
        """Whether the value can be moved as it is now."""

    def nudge(self, steps: int) -> None:
        """Moves the value by `steps` (negative: down); `edited` is emitted."""

    def commit(self) -> None:
        """Ends the movement: `committed` is emitted where the value is new."""
