"""Losses that learn where things lie: the alike near, the different apart."""

from __future__ import annotations

from typing import Annotated, ClassVar

from graph_engine.blocks.block import Block, Category, Input, Output, Param, Reference, Role, Specs
from graph_engine.blocks.call import Expression, Function, Ref
from graph_engine.blocks.library.loss_elementwise import check_pair
from graph_engine.blocks.refusal import Refusal
from graph_engine.blocks.tensor import Kind, N, TensorSpec

_VECTOR, _SAME = TensorSpec((N, 5)), TensorSpec((N,), "int64", classes=2)
_LOSS = (Output("loss", Kind.SCALAR),)


class ContrastiveLoss(Block):
    """Draws pairs that are the same together and pushes others a margin apart: ½ d², or ½ max(0, m − d)².

    a, b: (N, C), same: (N,) with 1 for the same and 0 for others -> y: scalar; d = ‖a − b‖, batch mean.
    """

    title: ClassVar = "Contrastive loss"
    category: ClassVar = Category.LOSS
    role: ClassVar = Role.LOSS
    keywords: ClassVar = ("siamese", "metric learning", "pairs", "margin", "embedding")
    reference: ClassVar = Reference(
        "Hadsell, Chopra, LeCun", 2006, "Dimensionality reduction by learning an invariant mapping"
    )
    inputs: ClassVar = (
        Input("a", (Kind.VECTOR,), "one of the pair"),
        Input("b", (Kind.VECTOR,), "the other"),
        Input("same", (Kind.LABEL,), "1 where both are the same, else 0"),
    )
    outputs: ClassVar = _LOSS
    examples: ClassVar = (({}, {"a": _VECTOR, "b": _VECTOR, "same": _SAME}),)

    margin: Annotated[float, Param("Margin", "m: how far apart what differs must be.", gt=0)] = 1.0

    def tell(self) -> str:
        return f"margin {self.margin:g}"

    def build(self, inputs: Specs) -> Expression:
        check_pair(self.title, inputs, "a", "b")
        if inputs["same"].classes > 2:
            raise Refusal(
                f"{self.title} takes 1 for the same and 0 for others; the labels have {inputs['same'].classes} values.",
                port="same",
                expected="2 classes",
            )
        return Function.of("contrastive_loss", Ref("a"), Ref("b"), Ref("same"), margin=self.margin)


class TripletLoss(Block):
    """Wants an anchor nearer to its like than to another, by a margin: max(0, ‖a − p‖ − ‖a − n‖ + m), averaged.

    anchor, positive, negative: (N, C) -> y: scalar.
    """

    title: ClassVar = "Triplet loss"
    category: ClassVar = Category.LOSS
    role: ClassVar = Role.LOSS
    keywords: ClassVar = ("metric learning", "facenet", "margin", "embedding", "ranking")
    reference: ClassVar = Reference(
        "Schroff, Kalenichenko, Philbin", 2015, "FaceNet: a unified embedding for face recognition and clustering"
    )
    inputs: ClassVar = (
        Input("anchor", (Kind.VECTOR,), "what is compared"),
        Input("positive", (Kind.VECTOR,), "its like"),
        Input("negative", (Kind.VECTOR,), "another"),
    )
    outputs: ClassVar = _LOSS
    examples: ClassVar = (({"margin": 0.2}, {"anchor": _VECTOR, "positive": _VECTOR, "negative": _VECTOR}),)

    margin: Annotated[float, Param("Margin", "m: by how much nearer its like must be.", gt=0)] = 1.0

    def tell(self) -> str:
        return f"margin {self.margin:g}"

    def build(self, inputs: Specs) -> Expression:
        check_pair(self.title, inputs, "anchor", "positive")
        check_pair(self.title, inputs, "anchor", "negative")
        ports = (Ref("anchor"), Ref("positive"), Ref("negative"))
        return Function.of("F.triplet_margin_loss", *ports, margin=self.margin)
