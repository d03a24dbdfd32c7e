"""Convolutions: learned filters that slide over positions."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal

from graph_engine.blocks.block import Block, Category, Input, Param, Reference, Specs
from graph_engine.blocks.call import Layer
from graph_engine.blocks.parameter import Pair
from graph_engine.blocks.tensor import Kind, N, TensorSpec
from graph_engine.blocks.weights import BiasStart, Init, InitValue, WeightNorm, weighted
from graph_engine.blocks.windows import both, check_border, check_groups, check_window, pair_text, same_padding

_IMAGE = TensorSpec((N, 3, 9, 11))


class Conv2d(Block):
    """Slides learned filters over the image: position-invariant local features.

    x: (N, C, H, W) -> y: (N, channels, H', W'), H' = ⌊(H + 2p − d(k − 1) − 1)/s⌋ + 1.
    `same` pads so that stride 1 keeps H and W, and stride s gives ⌈H/s⌉ for odd kernels. MACs: C/groups · channels ·
    k² · H' · W'.
    """

    title: ClassVar = "Conv 2d"
    category: ClassVar = Category.CONVOLUTION
    keywords: ClassVar = ("convolution", "filter", "kernel", "cnn")
    reference: ClassVar = Reference(
        "LeCun, Bottou, Bengio, Haffner", 1998, "Gradient-based learning applied to document recognition"
    )
    inputs: ClassVar = (Input("x", (Kind.IMAGE,), "the image"),)
    ties: ClassVar = ("conv_transpose2d",)
    examples: ClassVar = (
        ({"channels": 4, "kernel": 3}, {"x": _IMAGE}),
        ({"channels": 6, "kernel": [3, 5], "stride": 2, "padding": "none", "bias": False}, {"x": _IMAGE}),
        ({"channels": 6, "kernel": 3, "dilation": 2, "groups": 3}, {"x": _IMAGE}),
        ({"channels": 2, "kernel": 4, "stride": 2, "padding": "custom", "pad": 1, "init": "he"}, {"x": _IMAGE}),
        ({"channels": 2, "border": "reflect", "weight_norm": "weight"}, {"x": _IMAGE}),
    )

    channels: Annotated[int, Param("Channels", "How many filters, so how many maps come out.", ge=1)] = 32
    kernel: Annotated[Pair, Param("Kernel", "Height and width of a filter.", ge=1, unit="px")] = 3
    stride: Annotated[Pair, Param("Stride", "How far the filter moves at a time.", ge=1, unit="px")] = 1
    padding: Annotated[
        Literal["same", "none", "custom"],
        Param("Padding", "`same` pads so that stride 1 keeps the size; `none` adds none; `custom` as given in Pad."),
    ] = "same"
    pad: Annotated[
        Pair, Param("Pad", "Rows and columns added on each side with padding `custom`.", ge=0, unit="px", advanced=True)
    ] = 0
    border: Annotated[
        Literal["zeros", "reflect", "replicate", "circular"],
        Param("Border", "What the padding is made of: zeros, the mirrored, the repeated or the opposite edge."),
    ] = "zeros"
    dilation: Annotated[Pair, Param("Dilation", "Distance between the points of a filter.", ge=1, unit="px")] = 1
    groups: Annotated[int, Param("Groups", "Channels are split into this many independent groups.", ge=1)] = 1
    bias: Annotated[bool, Param("Bias", "Add a learned number to each map; needless before batch norm.")] = True
    init: Init = "default"
    init_value: InitValue = 0.01
    bias_start: BiasStart = 0.0
    weight_norm: WeightNorm = "none"

    def tell(self) -> str:
        parts = [pair_text(self.kernel), str(self.channels)]
        if self.stride != 1:
            parts.append(f"stride {pair_text(self.stride, single=True)}")
        if self.dilation != 1:
            parts.append(f"dilation {pair_text(self.dilation, single=True)}")
        if self.groups != 1:
            parts.append(f"{self.groups} groups")
        if self.border != "zeros":
            parts.append(self.border)
        return " · ".join(parts)

    def build(self, inputs: Specs) -> Layer:
        x = inputs["x"]
        channels = x.length(1)
        check_groups(self.groups, channels, self.channels)
        padding: Any = self.pad if self.padding == "custom" else 0
        if self.padding == "same":
            padding = same_padding(both(self.kernel), both(self.dilation), both(self.stride))
        check_window(x, self.kernel, self.dilation, padding, self.title)
        spans = [d * (k - 1) for k, d in zip(both(self.kernel), both(self.dilation), strict=True)]
        pads = tuple(-(-span // 2) for span in spans) if isinstance(padding, str) else both(padding)
        check_border(self.border, x.shape[2:], pads)
        layer = Layer.of(
            "nn.Conv2d",
            channels,
            self.channels,
            self.kernel,
            stride=self.stride,
            padding=padding,
            dilation=self.dilation,
            groups=self.groups,
            bias=self.bias,
            padding_mode=self.border,
        )
        return weighted(layer, self.init, self.weight_norm, value=self.init_value, bias=self.bias_start)
