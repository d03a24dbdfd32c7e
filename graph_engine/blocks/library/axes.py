"""Axes: parts of one, two that change places, one more or one less."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Annotated, Any, ClassVar

from graph_engine.blocks.block import Block, Category, Input, Output, Param, Specs
from graph_engine.blocks.call import Expression, Function, Method, Ref
from graph_engine.blocks.refusal import Refusal, SetParameterHint
from graph_engine.blocks.tensor import Axis, N, TensorSpec

_VECTOR, _SEQUENCE, _IMAGE = TensorSpec((N, 6)), TensorSpec((N, 5, 4)), TensorSpec((N, 3, 4, 5))
_TOKENS = TensorSpec((N, 7), "int64")
_MOST_PARTS = 16


def _check_axis(x: TensorSpec, axis: int, parameter: str = "axis") -> None:
    """Refuse an axis that is not there, and that of the batch.

    Raises: Refusal at `parameter`.
    """
    if x.rank < 2:
        raise Refusal(f"What arrives, {x}, has no axis beside the batch.", port="x")
    if axis == 0 or not -x.rank < axis < x.rank:
        raise Refusal(
            f"Axis {axis} can't be used: {x} has {x.axes} beside the batch.",
            parameter=parameter,
            hints=(SetParameterHint(parameter, -1),),
        )


class Slice(Block):
    """Keeps some places of an axis and leaves out the rest: y = x[…, start : stop, …].

    x: (N, …) -> y: as x, with stop − start places along the axis.
    """

    title: ClassVar = "Slice"
    category: ClassVar = Category.SHAPE
    whole_numbers: ClassVar = True
    keeps_numbers: ClassVar = True
    keywords: ClassVar = ("crop", "select", "part", "range", "narrow", "last step")
    inputs: ClassVar = (Input("x", help="what some is kept of"),)
    examples: ClassVar = (
        ({"start": 1}, {"x": _SEQUENCE}),
        ({"axis": -1, "start": -3, "stop": -1}, {"x": _IMAGE}),
        ({"stop": 2}, {"x": _TOKENS}),
    )

    axis: Annotated[int, Param("Axis", "Of which places are kept; 1 is channels or steps, −1 the last.")] = 1
    start: Annotated[int, Param("Start", "The first place kept, counted from 0; negative counts from the end.")] = 0
    stop: Annotated[
        int, Param("Stop", "The first place no longer kept; negative counts from the end, 0 is the end itself.")
    ] = 0

    def tell(self) -> str:
        return f"axis {self.axis} · {self.start or ''}:{self.stop or ''}"

    def build(self, inputs: Specs) -> Expression:
        x = inputs["x"]
        _check_axis(x, self.axis)
        length = x.shape[self.axis]
        if isinstance(length, int) and not _has_places(length, self.start, self.stop):
            mended = (
                SetParameterHint(name, 0)
                for name, start, stop in (("stop", self.start, 0), ("start", 0, self.stop))
                if _has_places(length, start, stop)
            )
            raise Refusal(
                f"Axis {self.axis} of {x} has places 0 to {length - 1}: {self.start} to "
                f"{self.stop or 'the end'} are not among them.",
                parameter="stop" if self.start in range(-length, length) else "start",
                hints=tuple(mended),
            )
        return Function.of("slice_axis", Ref("x"), self.axis, start=self.start, stop=self.stop)


def _has_places(length: int, start: int, stop: int) -> bool:
    """Whether `start` to `stop` are among the places of an axis."""
    return bool(range(length)[start : stop or None]) and (stop or length) <= length and start >= -length


class Split(Block):
    """Cuts an axis in two: the first places and the rest.

    x: (N, …) -> first: as x with `size` places along the axis, rest: as x with what remains.
    """

    title: ClassVar = "Split"
    category: ClassVar = Category.SHAPE
    whole_numbers: ClassVar = True
    keeps_numbers: ClassVar = True
    keywords: ClassVar = ("cut", "chunk", "divide", "halves", "part", "gate")
    inputs: ClassVar = (Input("x", help="what is cut"),)
    outputs: ClassVar = (Output("first", help="the first places"), Output("rest", help="those after"))
    examples: ClassVar = (
        ({"size": 2}, {"x": _VECTOR}),
        ({"axis": 1, "size": -1}, {"x": _SEQUENCE}),
        ({"axis": 3, "size": 4}, {"x": _IMAGE}),
    )

    axis: Annotated[int, Param("Axis", "Which is cut; 1 is channels or steps, −1 the last.")] = 1
    size: Annotated[int, Param("Size", "How many places the first part has; −2: all but the last 2.")] = 1

    def tell(self) -> str:
        return f"axis {self.axis} · {self.size}"

    def build(self, inputs: Specs) -> Expression:
        x = inputs["x"]
        _check_axis(x, self.axis)
        length = x.shape[self.axis]
        if self.size == 0 or (isinstance(length, int) and abs(self.size) >= length):
            raise Refusal(
                f"Both parts need a place: axis {self.axis} of {x} can't be cut at {self.size}.",
                parameter="size",
                expected=f"1 to {length - 1}" if isinstance(length, int) else "",
                hints=(SetParameterHint("size", 1),) if length != 1 else (),
            )
        return Method.of(Ref("x"), "tensor_split", (self.size,), dim=self.axis)


class SplitEvenly(Block):
    """Cuts an axis into equal parts, each with a port of its own: gates computed at once, branches, heads.

    x: (N, …) -> part1: as x, with length / parts places along the axis; part2, … the places after.
    """

    title: ClassVar = "Split evenly"
    category: ClassVar = Category.SHAPE
    whole_numbers: ClassVar = True
    keeps_numbers: ClassVar = True
    keywords: ClassVar = ("chunk", "cut", "divide", "branches", "gates", "several")
    inputs: ClassVar = (Input("x", help="what is cut"),)
    outputs: ClassVar = tuple(Output(f"part{at}") for at in range(1, 4))
    examples: ClassVar = (
        ({}, {"x": _VECTOR}),
        ({"axis": 1}, {"x": _IMAGE}),
        ({"axis": -1}, {"x": TensorSpec((N, 5, 9), "int64")}),
    )

    axis: Annotated[int, Param("Axis", "Which is cut; 1 is channels or steps, −1 the last.")] = 1
    parts: Annotated[
        int, Param("Parts", "Into how many; each has an output, so it can't be a formula.", ge=2, le=_MOST_PARTS)
    ] = 3

    @classmethod
    def specialised(cls, values: Mapping[str, Any]) -> type[Block]:
        parts = values.get("parts")
        known = isinstance(parts, int) and not isinstance(parts, bool) and 2 <= parts <= _MOST_PARTS
        return _split_into(parts) if known and parts != len(cls.outputs) else cls

    def tell(self) -> str:
        return f"axis {self.axis} · {self.parts} parts"

    def build(self, inputs: Specs) -> Expression:
        x = inputs["x"]
        _check_axis(x, self.axis)
        if self.parts != len(self.outputs):
            raise Refusal("Parts must be a number, not a formula: each part has an output.", parameter="parts")
        length = x.shape[self.axis]
        if isinstance(length, Axis) or length % self.parts:
            known = "known only when data comes" if isinstance(length, Axis) else f"{length} long"
            raise Refusal(
                f"Axis {self.axis} of {x} is {known}, so it can't be cut into {self.parts} equal parts.",
                parameter="parts",
                expected=f"a length that {self.parts} divides",
            )
        return Method.of(Ref("x"), "chunk", self.parts, dim=self.axis)


@cache
def _split_into(parts: int) -> type[Block]:
    """The block with as many outputs."""
    outputs = tuple(Output(f"part{at}") for at in range(1, parts + 1))
    namespace = {"__doc__": SplitEvenly.__doc__, "__module__": __name__, "outputs": outputs}
    return type(SplitEvenly.__name__, (SplitEvenly,), namespace)


class Transpose(Block):
    """Lets two axes change places.

    x: (N, T, E) -> y: (N, E, T) for axes 1 and 2. Channels last is two of them: 1 and 2, then 2 and 3.
    """

    title: ClassVar = "Transpose"
    category: ClassVar = Category.SHAPE
    whole_numbers: ClassVar = True
    keeps_numbers: ClassVar = True
    keywords: ClassVar = ("permute", "swap", "axes", "channels last", "order")
    inputs: ClassVar = (Input("x", help="sequence, image or volume"),)
    examples: ClassVar = (({}, {"x": _SEQUENCE}), ({"first": 1, "second": -1}, {"x": _IMAGE}))

    first: Annotated[int, Param("First axis", "One of the two; −1 is the last.")] = 1
    second: Annotated[int, Param("Second axis", "The other; −1 is the last.")] = 2

    def tell(self) -> str:
        return f"{self.first} ↔ {self.second}"

    def build(self, inputs: Specs) -> Expression:
        x = inputs["x"]
        _check_axis(x, self.first, "first")
        _check_axis(x, self.second, "second")
        return Method.of(Ref("x"), "transpose", self.first, self.second)


class Unsqueeze(Block):
    """Puts in an axis of length 1: what arrives, as the only channel or step.

    x: (N, …) -> y: as x with an axis more; (N, H, W) becomes (N, 1, H, W) for axis 1.
    """

    title: ClassVar = "Add axis"
    category: ClassVar = Category.SHAPE
    whole_numbers: ClassVar = True
    keeps_numbers: ClassVar = True
    keywords: ClassVar = ("unsqueeze", "expand dims", "channel", "new axis")
    inputs: ClassVar = (Input("x", help="anything with a batch"),)
    examples: ClassVar = (({}, {"x": _SEQUENCE}), ({"axis": -1}, {"x": _VECTOR}), ({}, {"x": _TOKENS}))

    axis: Annotated[int, Param("Axis", "Which the new one is; 1 comes after the batch, −1 is the last.")] = 1

    def tell(self) -> str:
        return f"axis {self.axis}"

    def build(self, inputs: Specs) -> Expression:
        x = inputs["x"]
        if x.rank == 0:
            raise Refusal("A single number has no batch, so it can't get an axis beside one.", port="x")
        if self.axis == 0 or not -x.rank - 1 < self.axis <= x.rank:
            raise Refusal(
                f"Axis {self.axis} can't be the new one: with it there are axes 1 to {x.rank} beside the batch.",
                parameter="axis",
                hints=(SetParameterHint("axis", 1),),
            )
        return Method.of(Ref("x"), "unsqueeze", self.axis)


class Squeeze(Block):
    """Takes out an axis of length 1, such as the only channel or step.

    x: (N, …, 1, …) -> y: as x without that axis.
    """

    title: ClassVar = "Remove axis"
    category: ClassVar = Category.SHAPE
    whole_numbers: ClassVar = True
    keeps_numbers: ClassVar = True
    keywords: ClassVar = ("squeeze", "drop axis", "channel")
    inputs: ClassVar = (Input("x", help="anything with an axis of length 1"),)
    examples: ClassVar = (
        ({}, {"x": TensorSpec((N, 1, 4))}),
        ({"axis": -1}, {"x": TensorSpec((N, 3, 4, 1))}),
    )

    axis: Annotated[int, Param("Axis", "Which is taken out; −1 is the last.")] = 1

    def tell(self) -> str:
        return f"axis {self.axis}"

    def build(self, inputs: Specs) -> Expression:
        x = inputs["x"]
        _check_axis(x, self.axis)
        if x.shape[self.axis] != 1:
            raise Refusal(
                f"Only an axis of length 1 can be taken out, and axis {self.axis} of {x} is {x.shape[self.axis]} long.",
                parameter="axis",
                expected="an axis of length 1",
            )
        return Method.of(Ref("x"), "squeeze", self.axis)
