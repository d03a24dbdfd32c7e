"""How a block says that it cannot take what it is given, and what might help."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class InsertBlock:
    """Put a block on the wire that leads into `port`."""

    block: str
    port: str
    parameters: tuple[tuple[str, Any], ...] = ()


@dataclass(frozen=True, slots=True)
class SetParameterHint:
    """Give a parameter of this node another value."""

    name: str
    value: Any


@dataclass(frozen=True, slots=True)
class ChangeChannels:
    """Let the node that decides the channels arriving at `port` give `channels` of them."""

    port: str
    channels: int


Hint = InsertBlock | SetParameterHint | ChangeChannels


class Refusal(Exception):
    """A block cannot be built on its inputs: what is wrong, at which port, what was expected, what would help."""

    def __init__(
        self,
        message: str,
        *,
        port: str | None = None,
        parameter: str | None = None,
        expected: str = "",
        hints: tuple[Hint, ...] = (),
    ) -> None:
        super().__init__(message)
        self.message = message
        self.port = port
        self.parameter = parameter
        self.expected = expected
        self.hints = hints
