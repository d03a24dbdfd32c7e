"""What the source of a custom block says of it: its class, parameters, ports, and what is wrong with it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from graph_engine.blocks.parameter import ParameterType


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong at a line (from 1), in a sentence."""

    line: int
    message: str

    def __str__(self) -> str:
        return f"Line {self.line}: {self.message}"


@dataclass(frozen=True, slots=True)
class Argument:
    """An argument of the constructor that is a parameter of the block.

    `always_two` for a pair that the source declares as `tuple[int, int]`: it is never given as one number.
    """

    name: str
    type: ParameterType
    default: Any
    help: str = ""
    unit: str = ""
    choices: tuple[str, ...] = ()
    always_two: bool = False


@dataclass(frozen=True, slots=True)
class Inferred:
    """An argument of the constructor that is taken from what arrives at an input.

    `length` is `channels` (axis 1 of images and volumes, else the last) or `features` (the last axis).
    """

    name: str
    port: str
    length: Literal["channels", "features"]


@dataclass(frozen=True, slots=True)
class Port:
    """An argument of `forward`."""

    name: str
    optional: bool = False


@dataclass(frozen=True, slots=True)
class Definition:
    """What a source says. With `faults` the rest is as much of it as could be read."""

    class_name: str = ""
    title: str = ""
    help: str = ""
    takes: tuple[Argument | Inferred, ...] = ()
    inputs: tuple[Port, ...] = ()
    outputs: tuple[str, ...] = ()
    faults: tuple[Fault, ...] = ()

    @property
    def arguments(self) -> tuple[Argument, ...]:
        """The parameters of the block, in order."""
        return tuple(each for each in self.takes if isinstance(each, Argument))

    @property
    def inferred(self) -> tuple[Inferred, ...]:
        return tuple(each for each in self.takes if isinstance(each, Inferred))
