"""What a port carries: shape with symbolic axes, dtype and kind.

Axis letters: N batch, C channels, H height, W width, D depth, T time, S places of a memory, E embedding, K classes.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from math import prod


class Kind(StrEnum):
    """What a tensor means; colours its wire and explains refusals."""

    IMAGE = "image"
    VOLUME = "volume"
    SEQUENCE = "sequence"
    VECTOR = "vector"
    TOKENS = "tokens"
    LABEL = "label"
    SCALAR = "scalar"
    MEMORY = "memory"
    ANY = "any"

    @property
    def axes(self) -> str:
        """The axes in words, such as `N×C×H×W`; empty for `ANY`."""
        return _AXES[self]

    @property
    def form(self) -> Kind:
        """The kind that it may stand for, and that may stand for it: the places of a memory are a sequence."""
        return Kind.SEQUENCE if self is Kind.MEMORY else self


_AXES = {
    Kind.IMAGE: "N×C×H×W",
    Kind.VOLUME: "N×C×D×H×W",
    Kind.SEQUENCE: "N×T×E",
    Kind.VECTOR: "N×C",
    Kind.TOKENS: "N×T",
    Kind.LABEL: "N",
    Kind.SCALAR: "a single number",
    Kind.MEMORY: "N×S×E",
    Kind.ANY: "",
}


TIMES = "·"
"""Between the symbols of a product of lengths: `H·W`."""


@dataclass(frozen=True, slots=True)
class Axis:
    """A length known only when data comes: `times · ⌊scale · symbol + offset⌋ + more`.

    The symbol may be a product: `H·W`. `times` and `more` are only given where the rest is rounded.
    """

    symbol: str
    scale: Fraction = Fraction(1)
    offset: Fraction = Fraction(0)
    times: int = 1
    more: int = 0

    def at(self, length: int) -> int:
        """The length of this axis when its symbol stands for `length`."""
        return self.times * int(self.scale * length + self.offset) + self.more

    def __str__(self) -> str:
        if self.times == 1:
            return self._inner
        return f"{self.times}⌊{self._inner}⌋" + (f"+{self.more}" if self.more else "")

    @property
    def _inner(self) -> str:
        numerator, denominator = self.scale.numerator, self.scale.denominator
        text = self.symbol if numerator == 1 else f"{numerator}{self.symbol}"
        offset = self.offset * denominator
        if offset:
            text = f"{text}{'+' if offset > 0 else '-'}{abs(offset)}"
        if denominator == 1:
            return text
        return f"({text})/{denominator}" if offset else f"{text}/{denominator}"


Dim = int | Axis

N = Axis("N")
"""The batch axis."""


def kind_of(shape: tuple[Dim, ...], dtype: str) -> Kind:
    """The kind that a tensor has by its rank and dtype when nothing else is said."""
    if dtype.startswith(("int", "uint")):
        return {1: Kind.LABEL, 2: Kind.TOKENS}.get(len(shape), Kind.ANY)
    by_rank = {0: Kind.SCALAR, 2: Kind.VECTOR, 3: Kind.SEQUENCE, 4: Kind.IMAGE, 5: Kind.VOLUME}
    return by_rank.get(len(shape), Kind.ANY)


@dataclass(frozen=True, slots=True)
class TensorSpec:
    """Shape, dtype and kind of what a port carries.

    `shape` starts with the batch axis (`Axis("N")`) but for scalars. `classes` is how many values a label may take,
    or 0 where that is not known.
    """

    shape: tuple[Dim, ...]
    dtype: str = "float32"
    kind: Kind = Kind.ANY
    classes: int = 0

    def __post_init__(self) -> None:
        if self.kind is Kind.ANY:
            object.__setattr__(self, "kind", kind_of(self.shape, self.dtype))

    @property
    def rank(self) -> int:
        return len(self.shape)

    @property
    def is_floating(self) -> bool:
        return self.dtype in ("float32", "float16", "bfloat16", "float64")

    def length(self, axis: int) -> int:
        """The length of `axis` as a number.

        Raises: ValueError when that axis is symbolic or absent.
        """
        if not -self.rank <= axis < self.rank:
            raise ValueError(f"{self} has no axis {axis}")
        dim = self.shape[axis]
        if isinstance(dim, Axis):
            raise ValueError(f"axis {axis} of {self} is known only when data comes")
        return dim

    @property
    def elements_per_sample(self) -> int | None:
        """Elements without the batch axis; None while another axis is symbolic."""
        sizes = [dim for dim in self.shape if not (isinstance(dim, Axis) and dim.symbol == "N")]
        lengths = [dim for dim in sizes if isinstance(dim, int)]
        return prod(lengths) if len(lengths) == len(sizes) else None

    def repeats_over(self, other: TensorSpec) -> bool:
        """Whether the two can be joined element by element: equal, but for axes along which one has length 1."""
        return self.rank == other.rank and all(
            mine == theirs or 1 in (mine, theirs) for mine, theirs in zip(self.shape, other.shape, strict=True)
        )

    @property
    def axes(self) -> str:
        """The axes beside the batch, in words: `axis 1`, `axes 1 to 3`."""
        return "axis 1" if self.rank == 2 else f"axes 1 to {self.rank - 1}"

    def __str__(self) -> str:
        return "×".join(str(dim) for dim in self.shape) or "scalar"
