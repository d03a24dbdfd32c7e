"""The CBHG of Tacotron."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from graph_engine.blocks.block import Block, Category, Input, Param, Reference, Specs
from graph_engine.blocks.call import Layer
from graph_engine.blocks.tensor import Kind, N, TensorSpec

_SEQUENCE = TensorSpec((N, 6, 4))


class CBHG(Block):
    """Reads a sequence from near and from far: a bank of convolutions, highway layers and a bidirectional GRU.

    x: (N, T, E) -> y: (N, T, 2E). Convolutions of 1 to `bank` steps stand side by side; the larger of each two steps
    goes through two convolutions of 3 steps and is added to x. Tacotron's encoder has a bank of 16 and projections of
    128 and 128; its post-net, behind 80 features, a bank of 8 and 256 and 80.
    """

    title: ClassVar = "CBHG"
    category: ClassVar = Category.RECURRENT
    keywords: ClassVar = ("tacotron", "speech", "conv bank", "highway", "bidirectional gru", "text to speech")
    reference: ClassVar = Reference(
        "Wang, Skerry-Ryan, Stanton, Wu, Weiss, Jaitly, Yang, Xiao, Chen, Bengio, Le, Agiomyrgiannakis, Clark, Saurous",
        2017,
        "Tacotron: towards end-to-end speech synthesis",
    )
    inputs: ClassVar = (Input("x", (Kind.SEQUENCE,), "the sequence"),)
    examples: ClassVar = (
        ({"bank": 3, "first": 5, "second": 4, "highways": 2}, {"x": _SEQUENCE}),
        ({"bank": 2, "first": 3, "second": 5, "highways": 1}, {"x": _SEQUENCE}),
        ({"bank": 1, "first": 3, "second": 4, "highways": 0, "bridge": "always"}, {"x": _SEQUENCE}),
    )

    bank: Annotated[int, Param("Bank", "Convolutions side by side, of 1, 2, 3, … steps.", ge=1, le=64)] = 16
    first: Annotated[int, Param("First projection", "Features after the first convolution of 3 steps.", ge=1)] = 128
    second: Annotated[int, Param("Second projection", "Features after the second, which is linear.", ge=1)] = 128
    highways: Annotated[int, Param("Highways", "How many highway layers come before the GRU.", ge=0, le=64)] = 4
    bridge: Annotated[
        Literal["if needed", "always", "as published"],
        Param(
            "Bridge",
            "A linear layer before the sum with x: where the widths differ, or always. As published: always there "
            "but only used where they differ, so that weights trained elsewhere fit.",
            advanced=True,
        ),
    ] = "if needed"

    def tell(self) -> str:
        return f"bank {self.bank} · {self.first} → {self.second}"

    def build(self, inputs: Specs) -> Layer:
        features = inputs["x"].length(2)
        return Layer.of(
            "CBHG",
            features,
            self.bank,
            (self.first, self.second),
            highways=self.highways,
            bridge=self.bridge == "always" or self.second != features,
            spare=self.bridge == "as published" and self.second == features,
        )
