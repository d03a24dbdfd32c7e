"""Attention over the pixels of an image: each gathers from all others."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from graph_engine.blocks.block import Block, Category, Input, Param, Reference, Specs
from graph_engine.blocks.call import Layer
from graph_engine.blocks.refusal import Refusal, SetParameterHint
from graph_engine.blocks.tensor import Kind, N, TensorSpec

_IMAGE = TensorSpec((N, 8, 4, 5))
_INPUTS = (Input("x", (Kind.IMAGE,), "the image"),)
_Affinity = Literal["embedded gaussian", "gaussian", "dot product", "concatenation"]


class NonLocal(Block):
    """Every pixel adds what it gathers from all others: z_i = W (Σ_j f(x_i, x_j) g(x_j)/C(x)) + x_i.

    x: (N, C, H, W) -> y: (N, C, H, W). With θ, φ and g 1×1 convolutions to C/2 channels, f is e^(θᵀφ) (embedded
    gaussian), e^(xᵀx) (gaussian), θᵀφ (dot product) or relu(wᵀ[θ, φ]) (concatenation). W is a 1×1 convolution and a
    batch norm that begins at 0, so that at first x passes unchanged.
    """

    title: ClassVar = "Non-local"
    category: ClassVar = Category.ATTENTION
    keywords: ClassVar = ("self-attention", "long range", "positions", "video", "residual")
    reference: ClassVar = Reference("Wang, Girshick, Gupta, He", 2018, "Non-local neural networks")
    inputs: ClassVar = _INPUTS
    examples: ClassVar = (
        ({"start": 1.0}, {"x": _IMAGE}),
        ({"start": 0.5, "affinity": "gaussian", "subsample": True}, {"x": _IMAGE}),
        ({"start": 0.5, "affinity": "dot product"}, {"x": _IMAGE}),
        ({"start": 0.5, "affinity": "concatenation", "subsample": True}, {"x": _IMAGE}),
    )

    affinity: Annotated[_Affinity, Param("Affinity", "How much pixel j means to pixel i: f.")] = "embedded gaussian"
    subsample: Annotated[
        bool, Param("Subsample", "Gather from a map that is max-pooled by 2: a quarter of the pixels.")
    ] = False
    start: Annotated[
        float, Param("Start", "Where the scale of the batch norm begins; 0 adds nothing at first.", ge=0, advanced=True)
    ] = 0.0

    def tell(self) -> str:
        return self.affinity

    def build(self, inputs: Specs) -> Layer:
        x = inputs["x"]
        channels = x.length(1)
        if self.subsample and any(length == 1 for length in x.shape[2:]):
            raise Refusal(
                f"An image of one row or column can't be subsampled; {x} arrives.",
                port="x",
                parameter="subsample",
                hints=(SetParameterHint("subsample", value=False),),
            )
        inner = max(1, channels // 2)
        return Layer.of("NonLocal", channels, inner, affinity=self.affinity, subsample=self.subsample, start=self.start)


class SpatialAttention(Block):
    """Self-attention over pixels that fades in: y = γ o + x with o_j = Σ_i softmax_i(f(x_i)ᵀ g(x_j)) h(x_i).

    x: (N, C, H, W) -> y: (N, C, H, W). f and g are 1×1 convolutions to C/8 channels, h one to C; γ is learned and
    begins at 0.
    """

    title: ClassVar = "Spatial self-attention"
    category: ClassVar = Category.ATTENTION
    keywords: ClassVar = ("sagan", "gan", "pixels", "positions", "query key value")
    reference: ClassVar = Reference(
        "Zhang, Goodfellow, Metaxas, Odena", 2019, "Self-attention generative adversarial networks"
    )
    inputs: ClassVar = _INPUTS
    examples: ClassVar = (
        ({"start": 1.0}, {"x": _IMAGE}),
        ({"start": 0.1, "reduction": 1}, {"x": TensorSpec((N, 4, 4, 5))}),
    )

    reduction: Annotated[int, Param("Reduction", "How many times fewer channels f and g have.", ge=1)] = 8

    start: Annotated[float, Param("Start", "Where γ begins; 0 adds nothing at first.", advanced=True)] = 0.0

    def tell(self) -> str:
        return f"÷{self.reduction}"

    def build(self, inputs: Specs) -> Layer:
        channels = inputs["x"].length(1)
        return Layer.of("SpatialAttention", channels, max(1, channels // self.reduction), start=self.start)
