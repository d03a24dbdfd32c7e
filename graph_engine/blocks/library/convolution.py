"""Convolutions: learned filters that slide over positions."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from graph_engine.blocks.block import Block, Category, Input, Param, Reference, Specs
from graph_engine.blocks.call import Layer
from graph_engine.blocks.parameter import Pair
from graph_engine.blocks.refusal import Refusal, SetParameterHint
from graph_engine.blocks.tensor import Kind, N, TensorSpec
from graph_engine.blocks.windows import both, check_window, pair_text

_IMAGE = TensorSpec((N, 3, 9, 11))


class Conv2d(Block):
    """Slides learned filters over the image: position-invariant local features.

    x: (N, C, H, W) -> y: (N, channels, H', W'), H' = ⌊(H + 2p − d(k − 1) − 1)/s⌋ + 1.
    `same` pads so that stride 1 keeps H and W, and stride s gives ⌈H/s⌉ for odd kernels.
    """

    title: ClassVar = "Conv 2d"
    category: ClassVar = Category.CONVOLUTION
    keywords: ClassVar = ("convolution", "filter", "kernel", "cnn")
    reference: ClassVar = Reference(
        "LeCun, Bottou, Bengio, Haffner", 1998, "Gradient-based learning applied to document recognition"
    )
    inputs: ClassVar = (Input("x", (Kind.IMAGE,), "the image"),)
    examples: ClassVar = (
        ({"channels": 4, "kernel": 3}, {"x": _IMAGE}),
        ({"channels": 6, "kernel": [3, 5], "stride": 2, "padding": "none", "bias": False}, {"x": _IMAGE}),
        ({"channels": 6, "kernel": 3, "dilation": 2, "groups": 3}, {"x": _IMAGE}),
    )

    channels: Annotated[int, Param("Channels", "How many filters, so how many maps come out.", ge=1)] = 32
    kernel: Annotated[Pair, Param("Kernel", "Height and width of a filter.", ge=1, unit="px")] = 3
    stride: Annotated[Pair, Param("Stride", "How far the filter moves at a time.", ge=1, unit="px")] = 1
    padding: Annotated[
        Literal["same", "none"],
        Param("Padding", "`same` adds zeros so that stride 1 keeps the size; `none` adds none."),
    ] = "same"
    dilation: Annotated[Pair, Param("Dilation", "Distance between the points of a filter.", ge=1, unit="px")] = 1
    groups: Annotated[int, Param("Groups", "Channels are split into this many independent groups.", ge=1)] = 1
    bias: Annotated[bool, Param("Bias", "Add a learned number to each map; needless before batch norm.")] = True

    def tell(self) -> str:
        parts = [pair_text(self.kernel), str(self.channels)]
        if self.stride != 1:
            parts.append(f"stride {pair_text(self.stride, single=True)}")
        if self.dilation != 1:
            parts.append(f"dilation {pair_text(self.dilation, single=True)}")
        if self.groups != 1:
            parts.append(f"{self.groups} groups")
        return " · ".join(parts)

    def build(self, inputs: Specs) -> Layer:
        x = inputs["x"]
        channels = x.length(1)
        for count, what in ((channels, f"the {channels} channels that arrive"), (self.channels, "Channels")):
            if count % self.groups:
                raise Refusal(
                    f"Groups = {self.groups} must divide {what}" + (f" ({count})." if what == "Channels" else "."),
                    parameter="groups",
                    hints=(SetParameterHint("groups", 1),),
                )
        padding = self._padding() if self.padding == "same" else 0
        check_window(x, self.kernel, self.dilation, padding, self.title)
        return Layer.of(
            "nn.Conv2d",
            channels,
            self.channels,
            self.kernel,
            stride=self.stride,
            padding=padding,
            dilation=self.dilation,
            groups=self.groups,
            bias=self.bias,
        )

    def _padding(self) -> Pair | str:
        (kernel_h, kernel_w), (dilation_h, dilation_w) = both(self.kernel), both(self.dilation)
        spans = dilation_h * (kernel_h - 1), dilation_w * (kernel_w - 1)
        if all(span % 2 == 0 for span in spans):
            half_h, half_w = spans[0] // 2, spans[1] // 2
            return half_h if half_h == half_w else (half_h, half_w)
        if both(self.stride) == (1, 1):
            return "same"  # torch pads an even kernel unevenly, only at stride 1
        raise Refusal(
            "Padding `same` with an even kernel needs stride 1; use an odd kernel or padding `none`.",
            parameter="padding",
            hints=(SetParameterHint("padding", "none"),),
        )
