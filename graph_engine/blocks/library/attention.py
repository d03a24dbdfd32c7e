"""Attention: each position looks at all others."""

from __future__ import annotations

from typing import Annotated, ClassVar

from graph_engine.blocks.block import Block, Category, Input, Param, Reference, Specs
from graph_engine.blocks.call import Layer
from graph_engine.blocks.refusal import Refusal, SetParameterHint
from graph_engine.blocks.tensor import Kind, N, TensorSpec


class SelfAttention(Block):
    """Every position gathers from every other what resembles what it asks for: softmax(Q Kᵀ/√d) V, h heads.

    x: (N, T, E) -> y: (N, T, E), positions are the T steps;
    x: (N, C, H, W) -> y: (N, C, H, W), positions are the H·W pixels and E = C.
    """

    title: ClassVar = "Self-attention"
    category: ClassVar = Category.ATTENTION
    keywords: ClassVar = ("transformer", "multi-head", "positions", "query key value")
    reference: ClassVar = Reference(
        "Vaswani, Shazeer, Parmar, Uszkoreit, Jones, Gomez, Kaiser, Polosukhin", 2017, "Attention is all you need"
    )
    inputs: ClassVar = (Input("x", (Kind.SEQUENCE, Kind.IMAGE), "sequence or image"),)
    examples: ClassVar = (
        ({"heads": 2}, {"x": TensorSpec((N, 5, 6))}),
        ({"heads": 1, "bias": False}, {"x": TensorSpec((N, 6, 3, 4))}),
    )

    heads: Annotated[int, Param("Heads", "How many independent attentions share the features.", ge=1)] = 4
    bias: Annotated[bool, Param("Bias", "Learned offsets in the four projections.")] = True

    def tell(self) -> str:
        return f"{self.heads} heads" if self.heads > 1 else "1 head"

    def build(self, inputs: Specs) -> Layer:
        x = inputs["x"]
        features = x.length(1 if x.rank == 4 else -1)
        if features % self.heads:
            raise Refusal(
                f"{self.heads} heads can't share {features} features evenly.",
                parameter="heads",
                expected=f"a divisor of {features}",
                hints=(SetParameterHint("heads", 1),),
            )
        target = "SelfAttention2d" if x.rank == 4 else "SelfAttention"
        return Layer.of(target, features, self.heads, bias=self.bias)


class PositionEmbedding(Block):
    """Adds a learned vector to each position, so that attention can tell positions apart.

    x: (N, T, E) with known T -> y: (N, T, E). Parameters: E for each place.
    """

    title: ClassVar = "Position embedding"
    category: ClassVar = Category.ATTENTION
    keywords: ClassVar = ("positional encoding", "transformer", "order")
    reference: ClassVar = Reference(
        "Gehring, Auli, Grangier, Yarats, Dauphin", 2017, "Convolutional sequence to sequence learning"
    )
    inputs: ClassVar = (Input("x", (Kind.SEQUENCE,), "the sequence"),)
    examples: ClassVar = (({}, {"x": TensorSpec((N, 5, 6))}), ({"places": 7}, {"x": TensorSpec((N, 5, 6))}))

    places: Annotated[
        int, Param("Places", "How many steps the longest sequence may have; 0: as many as arrive.", ge=0)
    ] = 0

    def tell(self) -> str:
        return f"{self.places} places" if self.places else ""

    def build(self, inputs: Specs) -> Layer:
        x = inputs["x"]
        steps = x.length(1)
        if self.places and self.places < steps:
            raise Refusal(
                f"There are {self.places} places, and {steps} steps arrive.",
                parameter="places",
                expected=f"{steps} or more, or 0",
                hints=(SetParameterHint("places", 0),),
            )
        return Layer.of("PositionEmbedding", self.places or steps, x.length(2))
