"""Convolutions of other kinds: transposed, separable, masked, and small networks that slide."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal

from graph_engine.blocks.block import Block, Category, Input, Param, Reference, Specs
from graph_engine.blocks.call import Expression, Layer, Ref
from graph_engine.blocks.parameter import Pair
from graph_engine.blocks.refusal import Refusal, SetParameterHint
from graph_engine.blocks.tensor import Kind, N, TensorSpec
from graph_engine.blocks.weights import BiasStart, Init, InitValue, WeightNorm, weighted
from graph_engine.blocks.windows import both, check_groups, check_transposed, check_window, pair_text, same_padding

_IMAGE, _COLOUR = TensorSpec((N, 4, 6, 7)), TensorSpec((N, 3, 5, 6))
_INPUTS = (Input("x", (Kind.IMAGE,), "the image"),)


def _odd(kernel: int, title: str) -> None:
    if kernel % 2 == 0:
        raise Refusal(
            f"{title} needs an odd kernel, which has a middle; {kernel} is even.",
            parameter="kernel",
            expected="1, 3, 5, …",
            hints=(SetParameterHint("kernel", kernel + 1),),
        )


class ConvTranspose2d(Block):
    """Makes an image larger with learned filters: the backward pass of a convolution, also called deconvolution.

    x: (N, C, H, W) -> y: (N, channels, H', W'), H' = (H − 1)s − 2p + d(k − 1) + 1 + extra. Kernel 4, stride 2 and
    padding 1 double the size.
    """

    title: ClassVar = "Transposed conv 2d"
    category: ClassVar = Category.CONVOLUTION
    keywords: ClassVar = ("deconvolution", "upsample", "fractionally strided", "generator", "decoder")
    reference: ClassVar = Reference("Zeiler, Krishnan, Taylor, Fergus", 2010, "Deconvolutional networks")
    inputs: ClassVar = _INPUTS
    ties: ClassVar = ("conv2d",)
    examples: ClassVar = (
        ({"channels": 3}, {"x": _IMAGE}),
        ({"channels": 6, "kernel": 3, "padding": 1, "extra": 1, "groups": 2, "bias": False}, {"x": _IMAGE}),
        ({"channels": 3, "init": "he", "weight_norm": "weight"}, {"x": _IMAGE}),
    )

    channels: Annotated[int, Param("Channels", "How many maps come out.", ge=1)] = 32
    kernel: Annotated[Pair, Param("Kernel", "Height and width of a filter.", ge=1, unit="px")] = 4
    stride: Annotated[Pair, Param("Stride", "By how much the image grows.", ge=1, unit="px")] = 2
    padding: Annotated[Pair, Param("Padding", "Rows and columns cut off each side of the result.", ge=0, unit="px")] = 1
    extra: Annotated[
        Pair,
        Param("Extra", "Rows and columns added below and right, to tell sizes apart.", ge=0, unit="px", advanced=True),
    ] = 0
    dilation: Annotated[Pair, Param("Dilation", "Distance between the points of a filter.", ge=1, unit="px")] = 1
    groups: Annotated[int, Param("Groups", "Channels are split into this many independent groups.", ge=1)] = 1
    bias: Annotated[bool, Param("Bias", "Add a learned number to each map; needless before batch norm.")] = True
    init: Init = "default"
    init_value: InitValue = 0.01
    bias_start: BiasStart = 0.0
    weight_norm: WeightNorm = "none"

    def tell(self) -> str:
        return f"{pair_text(self.kernel)} · {self.channels} · stride {pair_text(self.stride, single=True)}"

    def build(self, inputs: Specs) -> Layer:
        x = inputs["x"]
        check_groups(self.groups, x.length(1), self.channels)
        pairs = [both(each) for each in (self.kernel, self.stride, self.padding, self.extra, self.dilation)]
        for length, kernel, stride, padding, extra, dilation in zip(x.shape[2:], *pairs, strict=True):
            check_transposed(
                self.title, length, kernel=kernel, stride=stride, padding=padding, extra=extra, dilation=dilation
            )
        layer = Layer.of(
            "nn.ConvTranspose2d",
            x.length(1),
            self.channels,
            self.kernel,
            stride=self.stride,
            padding=self.padding,
            output_padding=self.extra,
            groups=self.groups,
            bias=self.bias,
            dilation=self.dilation,
        )
        return weighted(
            layer, self.init, self.weight_norm, value=self.init_value, bias=self.bias_start, transposed=True
        )


class DepthwiseSeparableConv2d(Block):
    """Filters each channel by itself, then mixes channels with 1×1: about k² times cheaper than a convolution.

    x: (N, C, H, W) -> y: (N, channels, H', W'), H' as of Conv 2d. MACs: (k² C + C · channels) H' W', which is
    1/channels + 1/k² of those of Conv 2d.
    """

    title: ClassVar = "Depthwise separable conv"
    category: ClassVar = Category.CONVOLUTION
    keywords: ClassVar = ("mobilenet", "xception", "pointwise", "efficient")
    reference: ClassVar = Reference(
        "Howard, Zhu, Chen, Kalenichenko, Wang, Weyand, Andreetto, Adam",
        2017,
        "MobileNets: efficient convolutional neural networks for mobile vision applications",
    )
    inputs: ClassVar = _INPUTS
    examples: ClassVar = (
        ({"channels": 6}, {"x": _IMAGE}),
        ({"channels": 6, "stride": 2, "dilation": 2, "bias": True, "init": "he"}, {"x": _IMAGE}),
        ({"channels": 6, "padding": "none", "weight_norm": "weight"}, {"x": _IMAGE}),
    )

    channels: Annotated[int, Param("Channels", "How many maps come out.", ge=1)] = 32
    kernel: Annotated[Pair, Param("Kernel", "Height and width of the filter of each channel.", ge=1, unit="px")] = 3
    stride: Annotated[Pair, Param("Stride", "How far the filter moves at a time.", ge=1, unit="px")] = 1
    padding: Annotated[
        Literal["same", "none"],
        Param("Padding", "`same` adds zeros so that stride 1 keeps the size; `none` adds none."),
    ] = "same"
    dilation: Annotated[Pair, Param("Dilation", "Distance between the points of a filter.", ge=1, unit="px")] = 1
    bias: Annotated[bool, Param("Bias", "Add a learned number to each map of both; needless before batch norm.")] = (
        False
    )
    init: Init = "default"
    init_value: InitValue = 0.01
    bias_start: BiasStart = 0.0
    weight_norm: WeightNorm = "none"

    def tell(self) -> str:
        stride = f" · stride {pair_text(self.stride, single=True)}" if self.stride != 1 else ""
        return f"{pair_text(self.kernel)} · {self.channels}{stride}"

    def build(self, inputs: Specs) -> Expression:
        x = inputs["x"]
        arriving = x.length(1)
        padding: Any = 0
        if self.padding == "same":
            padding = same_padding(both(self.kernel), both(self.dilation), both(self.stride))
        check_window(x, self.kernel, self.dilation, padding, self.title)
        depthwise = Layer.of(
            "nn.Conv2d",
            arriving,
            arriving,
            self.kernel,
            stride=self.stride,
            padding=padding,
            dilation=self.dilation,
            groups=arriving,
            bias=self.bias,
            name="depthwise",
        )
        pointwise = Layer.of("nn.Conv2d", arriving, self.channels, 1, bias=self.bias, name="pointwise")
        first, second = (
            weighted(layer, self.init, self.weight_norm, value=self.init_value, bias=self.bias_start)
            for layer in (depthwise, pointwise)
        )
        return second.on(first.on(Ref("x")))


class MaskedConv2d(Block):
    """A convolution that sees only the pixels before each one, so that an image can be drawn pixel by pixel.

    x: (N, C, H, W) -> y: (N, channels, H, W). Rows above and pixels to the left are seen. Of the pixel itself, type A
    (first layer) sees the colours before its own, type B (later layers) also its own.
    """

    title: ClassVar = "Masked conv 2d"
    category: ClassVar = Category.CONVOLUTION
    keywords: ClassVar = ("pixelcnn", "autoregressive", "causal", "generative", "mask")
    reference: ClassVar = Reference("Van den Oord, Kalchbrenner, Kavukcuoglu", 2016, "Pixel recurrent neural networks")
    inputs: ClassVar = _INPUTS
    examples: ClassVar = (
        ({"channels": 4, "kernel": 3}, {"x": _COLOUR}),
        ({"channels": 6, "mask": "A", "kernel": 7, "colours": 3, "bias": False}, {"x": _COLOUR}),
        ({"channels": 4, "kernel": 1, "init": "xavier", "weight_norm": "weight"}, {"x": _COLOUR}),
    )

    channels: Annotated[int, Param("Channels", "How many maps come out.", ge=1)] = 32
    kernel: Annotated[int, Param("Kernel", "Height and width of a filter; odd.", ge=1, unit="px")] = 3
    mask: Annotated[Literal["A", "B"], Param("Mask", "A excludes the pixel itself, B includes it.")] = "B"
    colours: Annotated[int, Param("Colours", "Channels are split into this many, drawn one after the other.", ge=1)] = 1
    bias: Annotated[bool, Param("Bias", "Add a learned number to each map.")] = True
    init: Init = "default"
    init_value: InitValue = 0.01
    bias_start: BiasStart = 0.0
    weight_norm: WeightNorm = "none"

    def tell(self) -> str:
        return f"{self.kernel}×{self.kernel} · {self.channels} · mask {self.mask}"

    def build(self, inputs: Specs) -> Layer:
        arriving = inputs["x"].length(1)
        _odd(self.kernel, self.title)
        for count, what in ((arriving, f"the {arriving} channels that arrive."), (self.channels, "Channels.")):
            if count % self.colours:
                raise Refusal(
                    f"Colours = {self.colours} must divide {what}",
                    parameter="colours",
                    hints=(SetParameterHint("colours", 1),),
                )
        layer = Layer.of(
            "MaskedConv2d", arriving, self.channels, self.kernel, kind=self.mask, colours=self.colours, bias=self.bias
        )
        return weighted(layer, self.init, self.weight_norm, value=self.init_value, bias=self.bias_start)


class LargeKernelConv2d(Block):
    """Sees a field as large as the map itself at the price of two strips: k×1 then 1×k, plus 1×k then k×1.

    x: (N, C, H, W) -> y: (N, channels, H, W). Parameters: 2 k channels (C + channels), and 4 channels of bias.
    """

    title: ClassVar = "Large kernel conv"
    category: ClassVar = Category.CONVOLUTION
    keywords: ClassVar = ("global convolutional network", "gcn", "separable", "segmentation")
    reference: ClassVar = Reference(
        "Peng, Zhang, Yu, Luo, Sun",
        2017,
        "Large kernel matters: improve semantic segmentation by global convolutional network",
    )
    inputs: ClassVar = _INPUTS
    examples: ClassVar = (
        ({"channels": 3, "kernel": 5}, {"x": _IMAGE}),
        ({"channels": 3, "bias": False, "init": "he"}, {"x": _IMAGE}),
    )

    channels: Annotated[int, Param("Channels", "How many maps come out.", ge=1)] = 21
    kernel: Annotated[int, Param("Kernel", "Length of the strips; odd, up to the size of the map.", ge=1)] = 7
    bias: Annotated[bool, Param("Bias", "Add a learned number to each map of the four convolutions.")] = True
    init: Init = "default"
    init_value: InitValue = 0.01
    bias_start: BiasStart = 0.0

    def tell(self) -> str:
        return f"{self.kernel}×{self.kernel} · {self.channels}"

    def build(self, inputs: Specs) -> Layer:
        _odd(self.kernel, self.title)
        layer = Layer.of("LargeKernelConv2d", inputs["x"].length(1), self.channels, self.kernel, bias=self.bias)
        return weighted(layer, self.init, value=self.init_value, bias=self.bias_start)


class MlpConv2d(Block):
    """A small network that slides over the image: a convolution, then two 1×1 (CCCP) layers, ReLU after each.

    x: (N, C, H, W) -> y: (N, channels, H', W'), H' as of Conv 2d.
    """

    title: ClassVar = "Mlpconv"
    category: ClassVar = Category.CONVOLUTION
    keywords: ClassVar = ("network in network", "nin", "1x1", "cccp", "cross channel")
    reference: ClassVar = Reference("Lin, Chen, Yan", 2014, "Network in network")
    inputs: ClassVar = _INPUTS
    examples: ClassVar = (
        ({"first": 5, "second": 4, "channels": 3}, {"x": _IMAGE}),
        ({"first": 5, "second": 4, "channels": 3, "kernel": 3, "stride": 2, "init": "he"}, {"x": _IMAGE}),
    )

    channels: Annotated[int, Param("Channels", "Maps that come out of the second 1×1 layer.", ge=1)] = 96
    first: Annotated[int, Param("First", "Maps of the convolution.", ge=1)] = 192
    second: Annotated[int, Param("Second", "Maps of the first 1×1 layer.", ge=1)] = 160
    kernel: Annotated[int, Param("Kernel", "Height and width of the convolution; odd.", ge=1, unit="px")] = 5
    stride: Annotated[int, Param("Stride", "How far the convolution moves at a time.", ge=1, unit="px")] = 1
    init: Init = "default"
    init_value: InitValue = 0.01
    bias_start: BiasStart = 0.0

    def tell(self) -> str:
        return f"{self.kernel}×{self.kernel} · {self.first}-{self.second}-{self.channels}"

    def build(self, inputs: Specs) -> Layer:
        _odd(self.kernel, self.title)
        layer = Layer.of(
            "MlpConv2d",
            inputs["x"].length(1),
            (self.first, self.second),
            self.channels,
            self.kernel,
            stride=self.stride,
            padding=self.kernel // 2,
        )
        return weighted(layer, self.init, value=self.init_value, bias=self.bias_start)
