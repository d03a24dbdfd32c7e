"""Blocks that change the shape and not the numbers."""

from __future__ import annotations

from math import prod
from typing import Annotated, ClassVar

from graph_engine.blocks.block import Block, Category, Input, Param, Specs
from graph_engine.blocks.call import Expression, Function, Method, Ref
from graph_engine.blocks.parameter import Shape
from graph_engine.blocks.refusal import Refusal, SetParameterHint
from graph_engine.blocks.tensor import Kind, N, TensorSpec

_IMAGE = TensorSpec((N, 3, 4, 5))


class Flatten(Block):
    """Lines up all numbers of a sample in one row.

    x: (N, C, H, W) or (N, T, E) -> y: (N, C·H·W) or (N, T·E).
    """

    title: ClassVar = "Flatten"
    category: ClassVar = Category.SHAPE
    whole_numbers: ClassVar = True
    keeps_numbers: ClassVar = True
    keywords: ClassVar = ("reshape", "vector", "view")
    converts: ClassVar = ((Kind.IMAGE, Kind.VECTOR), (Kind.SEQUENCE, Kind.VECTOR))
    examples: ClassVar = (({}, {"x": _IMAGE}), ({}, {"x": TensorSpec((N, 3, 4))}))

    def build(self, inputs: Specs) -> Expression:
        return Function.of("torch.flatten", Ref("x"), 1)


class Reshape(Block):
    """Arranges the numbers of a sample in another shape, keeping their order.

    x: (N, …) -> y: (N, *shape), with as many numbers as before; one length may be −1: what remains.
    """

    title: ClassVar = "Reshape"
    category: ClassVar = Category.SHAPE
    whole_numbers: ClassVar = True
    keeps_numbers: ClassVar = True
    keywords: ClassVar = ("view", "unflatten")
    examples: ClassVar = (({"shape": [5, 12]}, {"x": _IMAGE}), ({"shape": [-1, 2, 2]}, {"x": _IMAGE}))

    shape: Annotated[Shape, Param("Shape", "Lengths of one sample, without the batch; −1 for what remains.", ge=-1)] = (
        -1,
    )

    def tell(self) -> str:
        return "×".join(map(str, self.shape))

    def build(self, inputs: Specs) -> Expression:
        x, lengths = inputs["x"], [length for length in self.shape if isinstance(length, int)]
        if len(lengths) < len(self.shape) or 0 in lengths or lengths.count(-1) > 1:
            raise Refusal("Shape takes whole numbers ≥ 1, and −1 at most once.", parameter="shape")
        have, want = x.elements_per_sample, prod(length for length in lengths if length != -1)
        fits = have is None or (have % want == 0 if -1 in lengths else have == want)
        if not fits:
            raise Refusal(
                f"A sample of {x} has {have} numbers; {self.tell()} would need "
                f"{'a multiple of ' if -1 in lengths else ''}{want}.",
                parameter="shape",
                hints=(SetParameterHint("shape", [-1]),),
            )
        return Method.of(Ref("x"), "reshape", Method.of(Ref("x"), "size", 0), *self.shape)


class PositionsToSequence(Block):
    """Reads an image as a sequence of its positions, row by row.

    x: (N, C, H, W) -> y: (N, H·W, C).
    """

    title: ClassVar = "Positions to sequence"
    category: ClassVar = Category.SHAPE
    whole_numbers: ClassVar = True
    keeps_numbers: ClassVar = True
    keywords: ClassVar = ("flatten", "patches", "tokens", "attention")
    inputs: ClassVar = (Input("x", (Kind.IMAGE,), "the image"),)
    converts: ClassVar = ((Kind.IMAGE, Kind.SEQUENCE),)
    examples: ClassVar = (({}, {"x": _IMAGE}),)

    def build(self, inputs: Specs) -> Expression:
        return Method.of(Method.of(Ref("x"), "flatten", 2), "transpose", 1, 2)


class SequenceToPositions(Block):
    """Reads a sequence of positions, row by row, as an image again: what positions to sequence takes back.

    x: (N, H·W, C), like: (N, D, H, W) -> y: (N, C, H, W).
    """

    title: ClassVar = "Sequence to positions"
    category: ClassVar = Category.SHAPE
    keywords: ClassVar = ("unflatten", "patches", "tokens", "attention", "image")
    inputs: ClassVar = (
        Input("x", (Kind.SEQUENCE,), "a step for each position"),
        Input("like", (Kind.IMAGE,), "an image of the wanted height and width"),
    )
    examples: ClassVar = (({}, {"x": TensorSpec((N, 20, 3)), "like": TensorSpec((N, 2, 4, 5))}),)

    def build(self, inputs: Specs) -> Expression:
        have, sides = inputs["x"].shape[1], inputs["like"].shape[2:]
        want = [length for length in sides if isinstance(length, int)]
        if isinstance(have, int) and len(want) == len(sides) and have != prod(want):
            raise Refusal(
                f"{have} steps are not the {prod(want)} positions of an image of {want[0]}×{want[1]}.",
                port="x",
                expected=f"{prod(want)} steps",
            )
        return Function.of("sequence_as", Ref("x"), Ref("like"))
