"""How alike two vectors are: one number for each pair."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from graph_engine.blocks.block import Block, Category, Input, Param, Reference, Specs
from graph_engine.blocks.call import Expression, Function, Method, Ref
from graph_engine.blocks.refusal import Refusal
from graph_engine.blocks.tensor import Kind, N, TensorSpec

_VECTOR, _SEQUENCE = TensorSpec((N, 5)), TensorSpec((N, 3, 5))
_INPUTS = (
    Input("a", (Kind.VECTOR, Kind.SEQUENCE), "vector or sequence"),
    Input("b", (Kind.VECTOR, Kind.SEQUENCE), "what it is compared with"),
)


def _check_pair(title: str, inputs: Specs) -> None:
    a, b = inputs["a"], inputs["b"]
    if a.shape != b.shape:
        raise Refusal(f"{title} needs equal shapes: {a} and {b} arrive.", port="b", expected=str(a))


class CosineSimilarity(Block):
    """The cosine of the angle between two vectors: y = a·b/(‖a‖ ‖b‖), from −1 to 1.

    a, b: (N, C) -> y: (N, 1), or with steps (N, T, E) -> (N, T, 1).
    """

    title: ClassVar = "Cosine similarity"
    category: ClassVar = Category.SKIP
    keywords: ClassVar = ("angle", "dssm", "siamese", "matching", "dot product")
    reference: ClassVar = Reference(
        "Huang, He, Gao, Deng, Acero, Heck",
        2013,
        "Learning deep structured semantic models for web search using clickthrough data",
    )
    inputs: ClassVar = _INPUTS
    examples: ClassVar = (({}, {"a": _VECTOR, "b": _VECTOR}), ({}, {"a": _SEQUENCE, "b": _SEQUENCE}))

    def build(self, inputs: Specs) -> Expression:
        _check_pair(self.title, inputs)
        return Method.of(Function.of("F.cosine_similarity", Ref("a"), Ref("b"), dim=-1), "unsqueeze", -1)


class Distance(Block):
    """How far two vectors are apart: L1 sums the differences, L2 is the straight line.

    a, b: (N, C) -> y: (N, 1), or with steps (N, T, E) -> (N, T, 1). L1: Σ |a − b|; L2: √Σ (a − b)².
    """

    title: ClassVar = "Distance"
    category: ClassVar = Category.SKIP
    keywords: ClassVar = ("l1", "l2", "euclidean", "manhattan", "siamese", "matching", "metric learning")
    reference: ClassVar = Reference(
        "Chopra, Hadsell, LeCun",
        2005,
        "Learning a similarity metric discriminatively, with application to face verification",
    )
    inputs: ClassVar = _INPUTS
    examples: ClassVar = (
        ({}, {"a": _VECTOR, "b": _VECTOR}),
        ({"norm": "L1"}, {"a": _SEQUENCE, "b": _SEQUENCE}),
    )

    norm: Annotated[Literal["L1", "L2"], Param("Norm", "How the differences are summed.")] = "L2"

    def tell(self) -> str:
        return self.norm

    def build(self, inputs: Specs) -> Expression:
        _check_pair(self.title, inputs)
        options = {"p": 1.0} if self.norm == "L1" else {}
        return Function.of("F.pairwise_distance", Ref("a"), Ref("b"), **options, keepdim=True)
