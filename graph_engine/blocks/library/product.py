"""Products of matrices: scores of all pairs, sums weighted by scores."""

from __future__ import annotations

from typing import Annotated, ClassVar

from graph_engine.blocks.block import Block, Category, Input, Param, Specs
from graph_engine.blocks.call import Expression, Function, Method, Ref
from graph_engine.blocks.refusal import Refusal, SetParameterHint
from graph_engine.blocks.tensor import Kind, N, TensorSpec

_ONE, _SEVERAL = TensorSpec((N, 4)), TensorSpec((N, 3, 4))


class MatrixProduct(Block):
    """Multiplies rows with columns: scores of all pairs, or, of scores, the sum of what they weigh.

    a: (N, K) or (N, S, K), b: (N, K, T) -> y: (N, T) or (N, S, T), y = Σₖ aₖ bₖ. Transposed, b is (N, T, K) and each
    row of a meets each row of b, as a query meets keys: y = a·bₜ. With heads, (N, h, S, K) and (N, h, K, T) give
    (N, h, S, T), each head by itself.
    """

    title: ClassVar = "Matrix product"
    category: ClassVar = Category.SKIP
    keywords: ClassVar = ("matmul", "bmm", "dot product", "weighted sum", "scores", "attention", "einsum")
    inputs: ClassVar = (
        Input("a", (Kind.VECTOR, Kind.SEQUENCE, Kind.IMAGE), "rows: a query, or weights"),
        Input("b", (Kind.SEQUENCE, Kind.IMAGE), "what they are multiplied with"),
    )
    examples: ClassVar = (
        ({}, {"a": _ONE, "b": TensorSpec((N, 4, 5))}),
        ({}, {"a": _SEVERAL, "b": TensorSpec((N, 4, 5))}),
        ({"transposed": True}, {"a": _ONE, "b": TensorSpec((N, 5, 4))}),
        ({"transposed": True}, {"a": _SEVERAL, "b": TensorSpec((N, 5, 4))}),
        ({}, {"a": TensorSpec((N, 2, 3, 4)), "b": TensorSpec((N, 2, 4, 5))}),
        ({"transposed": True}, {"a": TensorSpec((N, 2, 3, 4)), "b": TensorSpec((N, 2, 5, 4))}),
    )

    transposed: Annotated[
        bool, Param("Transposed", "Meet the rows of b, not its columns: the products of all pairs of vectors.")
    ] = False

    def tell(self) -> str:
        return "a bᵀ" if self.transposed else "a b"

    def build(self, inputs: Specs) -> Expression:
        a, b = inputs["a"], inputs["b"]
        if (a.rank == 4 or b.rank == 4) and a.shape[:2] != b.shape[:2]:
            raise Refusal(f"Both need as many heads: {a} and {b} arrive.", port="b", expected=f"N×{a.shape[1]}×…")
        inner, other = (b.shape[-1], b.shape[-2]) if self.transposed else (b.shape[-2], b.shape[-1])
        if a.shape[-1] != inner:
            hints = (SetParameterHint("transposed", not self.transposed),) if a.shape[-1] == other else ()
            raise Refusal(
                f"The rows of a have {a.shape[-1]} numbers, and the {'rows' if self.transposed else 'columns'} of b "
                f"{inner}: {a} and {b} arrive.",
                port="b",
                expected=str(inner),
                hints=hints,
            )
        if a.rank == 2:
            return Function.of("torch.einsum", "nk,ntk->nt" if self.transposed else "nk,nkt->nt", Ref("a"), Ref("b"))
        columns = Method.of(Ref("b"), "transpose", -2, -1) if self.transposed else Ref("b")
        return Function.of("torch.bmm" if a.rank == 3 else "torch.matmul", Ref("a"), columns)
