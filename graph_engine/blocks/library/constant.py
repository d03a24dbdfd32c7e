"""Numbers that do not come from the data: where a memory begins, what is added to all."""

from __future__ import annotations

from typing import Annotated, ClassVar

from graph_engine.blocks.block import Block, Category, Input, Param, Specs
from graph_engine.blocks.call import Layer
from graph_engine.blocks.parameter import Numbers, Shape
from graph_engine.blocks.refusal import Refusal, SetParameterHint
from graph_engine.blocks.tensor import N, TensorSpec


class Constant(Block):
    """Gives every sample the same numbers: as they are set, or learned from there.

    x: anything with a batch, of which only the batch counts -> y: (N, *shape). One value stands everywhere; several
    lie along the last axis. Wire it to a state of a cell over time, and the cell begins there and not at 0; learned,
    it is a first state, a bias or a scale of its own. Parameters: as many as a sample has numbers, if learned.
    """

    title: ClassVar = "Constant"
    category: ClassVar = Category.SKIP
    whole_numbers: ClassVar = True
    keywords: ClassVar = ("learned", "parameter", "bias", "initial state", "first state", "fill", "zeros", "ones")
    inputs: ClassVar = (Input("x", help="anything of the same batch"),)
    examples: ClassVar = (
        ({"shape": [3, 4], "values": [-1.0]}, {"x": TensorSpec((N, 5))}),
        ({"shape": [3], "values": [1.0, 0.0, 0.5], "learned": True}, {"x": TensorSpec((N, 2, 4, 4))}),
        ({"shape": [2, 2], "learned": True}, {"x": TensorSpec((N, 7), "int64")}),
    )

    shape: Annotated[Shape, Param("Shape", "Lengths of one sample, without the batch.", ge=1)] = (1,)
    values: Annotated[
        Numbers, Param("Values", "One for all places, or one for each place of the last axis; where learning begins.")
    ] = (0.0,)
    learned: Annotated[bool, Param("Learned", "Training changes them.")] = False

    def tell(self) -> str:
        values = ", ".join(f"{value:g}" for value in self.values[:3]) + (", …" if len(self.values) > 3 else "")
        return f"{'from ' if self.learned else ''}{values}"

    def build(self, inputs: Specs) -> Layer:
        lengths = tuple(length for length in self.shape if isinstance(length, int))
        if len(lengths) < len(self.shape) or not lengths:
            raise Refusal("The shape takes one whole number or more, such as 8 × 10.", parameter="shape")
        if len(self.values) not in (1, lengths[-1]):
            raise Refusal(
                f"There are {len(self.values)} values: give one for all places, or {lengths[-1]}, one for each place "
                "of the last axis.",
                parameter="values",
                expected=f"1 or {lengths[-1]} numbers",
                hints=(SetParameterHint("values", [0.0]),),
            )
        if inputs["x"].rank == 0:
            raise Refusal("A single number, such as a loss, has no batch to go by.", port="x")
        return Layer.of("Constant", lengths, self.values, learned=self.learned)
