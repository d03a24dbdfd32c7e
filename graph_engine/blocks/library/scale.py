"""Scaling by a fixed number, as very wide residual branches need it."""

from __future__ import annotations

from typing import Annotated, ClassVar

from graph_engine.blocks.block import Block, Category, Param, Reference, Specs
from graph_engine.blocks.call import Expression, Infix, Ref
from graph_engine.blocks.tensor import N, TensorSpec


class Scale(Block):
    """Multiplies by a fixed number: y = factor · x.

    x: any -> y: as x. Before the sum of a very wide residual block, a factor of 0.1 to 0.3 keeps training stable.
    """

    title: ClassVar = "Scale"
    category: ClassVar = Category.SKIP
    keywords: ClassVar = ("multiply", "factor", "constant", "gain", "residual scaling", "temperature")
    reference: ClassVar = Reference(
        "Szegedy, Ioffe, Vanhoucke, Alemi",
        2017,
        "Inception-v4, Inception-ResNet and the impact of residual connections on learning",
    )
    examples: ClassVar = (
        ({}, {"x": TensorSpec((N, 3, 4, 5))}),
        ({"factor": -0.17}, {"x": TensorSpec((N, 6))}),
    )

    factor: Annotated[float, Param("Factor", "What each value is multiplied by.")] = 0.1

    def tell(self) -> str:
        return f"× {self.factor:g}"

    def build(self, inputs: Specs) -> Expression:
        return Infix("*", (Ref("x"), self.factor))
