"""Convolutions over one axis (sequences) and over three (volumes)."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal

from graph_engine.blocks.block import Block, Category, Input, Param, Reference, Specs
from graph_engine.blocks.call import Expression, Function, Layer, Method, Ref
from graph_engine.blocks.parameter import Pair
from graph_engine.blocks.tensor import Kind, N, TensorSpec
from graph_engine.blocks.weights import BiasStart, Init, InitValue, WeightNorm, weighted
from graph_engine.blocks.windows import (
    both,
    check_border,
    check_groups,
    check_span,
    check_transposed,
    folded,
    largest_window,
    pair_text,
    same_padding,
)

_SEQUENCE = TensorSpec((N, 9, 4))
_VOLUME = TensorSpec((N, 2, 5, 6, 7))


class Conv1d(Block):
    """Slides learned filters along a sequence: features of neighbouring steps.

    x: (N, T, E) -> y: (N, T', channels), T' = ⌊(T + p − d(k − 1) − 1)/s⌋ + 1, where p is the padding of both ends
    together. torch wants features before steps: the source transposes before and after. `causal` pads only the past,
    so that no step sees a later one: a stack of dilations 1, 2, 4, 8 with kernel 2 sees 16 steps.
    """

    title: ClassVar = "Conv 1d"
    category: ClassVar = Category.CONVOLUTION
    keywords: ClassVar = ("convolution", "temporal", "causal", "dilated", "wavenet", "tcn", "text")
    reference: ClassVar = Reference(
        "Van den Oord, Dieleman, Zen, Simonyan, Vinyals, Graves, Kalchbrenner, Senior, Kavukcuoglu",
        2016,
        "WaveNet: a generative model for raw audio",
    )
    inputs: ClassVar = (Input("x", (Kind.SEQUENCE,), "the sequence"),)
    examples: ClassVar = (
        ({"channels": 6}, {"x": _SEQUENCE}),
        ({"channels": 6, "kernel": 2, "dilation": 4, "padding": "causal"}, {"x": _SEQUENCE}),
        ({"channels": 6, "kernel": 5, "stride": 2, "padding": "none", "groups": 2, "bias": False}, {"x": _SEQUENCE}),
        ({"channels": 6, "weight_norm": "weight", "init": "he"}, {"x": _SEQUENCE}),
        ({"channels": 6, "kernel": 4, "padding": "custom", "pad": 2}, {"x": _SEQUENCE}),
        ({"channels": 2, "kernel": 5, "border": "reflect"}, {"x": _SEQUENCE}),
        ({"channels": 2, "padding": "causal", "border": "replicate"}, {"x": _SEQUENCE}),
    )

    channels: Annotated[int, Param("Channels", "How many filters, so how many features come out.", ge=1)] = 32
    kernel: Annotated[int, Param("Kernel", "Steps that a filter sees.", ge=1, unit="steps")] = 3
    stride: Annotated[int, Param("Stride", "How far the filter moves at a time.", ge=1, unit="steps")] = 1
    padding: Annotated[
        Literal["same", "causal", "none", "custom"],
        Param(
            "Padding",
            "`same` adds zeros at both ends, `causal` only before the first step; `none` adds none; `custom` as given "
            "in Pad.",
        ),
    ] = "same"
    pad: Annotated[
        int, Param("Pad", "Zeros added at each end with padding `custom`.", ge=0, unit="steps", advanced=True)
    ] = 0
    border: Annotated[
        Literal["zeros", "reflect", "replicate", "circular"],
        Param("Border", "What the padding is made of: zeros, the mirrored, the repeated or the opposite end."),
    ] = "zeros"
    dilation: Annotated[int, Param("Dilation", "Distance between the points of a filter.", ge=1, unit="steps")] = 1
    groups: Annotated[int, Param("Groups", "Features are split into this many independent groups.", ge=1)] = 1
    bias: Annotated[bool, Param("Bias", "Add a learned number to each feature.")] = True
    init: Init = "default"
    init_value: InitValue = 0.01
    bias_start: BiasStart = 0.0
    weight_norm: WeightNorm = "none"

    def tell(self) -> str:
        parts = [str(self.kernel), str(self.channels)]
        if self.stride != 1:
            parts.append(f"stride {self.stride}")
        if self.dilation != 1:
            parts.append(f"dilation {self.dilation}")
        if self.padding == "causal":
            parts.append("causal")
        if self.border != "zeros":
            parts.append(self.border)
        return " · ".join(parts)

    def build(self, inputs: Specs) -> Expression:
        x = inputs["x"]
        features = x.length(2)
        check_groups(self.groups, features, self.channels)
        span = self.dilation * (self.kernel - 1)
        padding: Any = self.pad if self.padding == "custom" else 0
        if self.padding == "same":
            padding = same_padding((self.kernel,), (self.dilation,), (self.stride,))
        elif self.padding != "causal":
            fitting = largest_window(x.shape[1], self.kernel, self.dilation, padding)
            check_span(self.title, x.shape[1], span + 1, padding, "long", fitting=fitting)
        causal = self.padding == "causal" and span > 0
        most = span if causal else -(-span // 2) if isinstance(padding, str) else padding
        check_border(self.border, x.shape[1:2], (most,), "steps")
        layer = Layer.of(
            "nn.Conv1d",
            features,
            self.channels,
            self.kernel,
            stride=self.stride,
            padding=padding,
            dilation=self.dilation,
            groups=self.groups,
            bias=self.bias,
            padding_mode="zeros" if self.padding == "causal" else self.border,
        )
        steps_last: Expression = Method.of(Ref("x"), "transpose", 1, 2)
        if causal:
            mode = {"mode": self.border} if self.border != "zeros" else {}
            steps_last = Function.of("F.pad", steps_last, (span, 0), **mode)
        layer = weighted(layer, self.init, self.weight_norm, value=self.init_value, bias=self.bias_start)
        return Method.of(layer.on(steps_last), "transpose", 1, 2)


class ConvTranspose1d(Block):
    """Makes a sequence longer with learned filters: the backward pass of a convolution along steps.

    x: (N, T, E) -> y: (N, T', channels), T' = (T − 1)s − 2p + k + extra. Kernel 4, stride 2 and padding 1 double the
    steps. torch wants features before steps: the source transposes before and after.
    """

    title: ClassVar = "Transposed conv 1d"
    category: ClassVar = Category.CONVOLUTION
    keywords: ClassVar = ("deconvolution", "upsample", "vocoder", "wavegan", "segan", "fractionally strided")
    reference: ClassVar = Reference("Zeiler, Krishnan, Taylor, Fergus", 2010, "Deconvolutional networks")
    inputs: ClassVar = (Input("x", (Kind.SEQUENCE,), "the sequence"),)
    examples: ClassVar = (
        ({"channels": 6}, {"x": _SEQUENCE}),
        ({"channels": 6, "kernel": 3, "extra": 1, "groups": 2, "bias": False}, {"x": _SEQUENCE}),
        ({"channels": 6, "init": "he", "weight_norm": "weight"}, {"x": _SEQUENCE}),
    )

    channels: Annotated[int, Param("Channels", "How many features come out.", ge=1)] = 32
    kernel: Annotated[int, Param("Kernel", "Steps that a filter covers.", ge=1, unit="steps")] = 4
    stride: Annotated[int, Param("Stride", "By how much the sequence grows.", ge=1, unit="steps")] = 2
    padding: Annotated[int, Param("Padding", "Steps cut off each end of the result.", ge=0, unit="steps")] = 1
    extra: Annotated[
        int, Param("Extra", "Steps added at the end, to tell lengths apart.", ge=0, unit="steps", advanced=True)
    ] = 0
    groups: Annotated[int, Param("Groups", "Features are split into this many independent groups.", ge=1)] = 1
    bias: Annotated[bool, Param("Bias", "Add a learned number to each feature.")] = True
    init: Init = "default"
    init_value: InitValue = 0.01
    bias_start: BiasStart = 0.0
    weight_norm: WeightNorm = "none"

    def tell(self) -> str:
        return f"{self.kernel} · {self.channels} · stride {self.stride}"

    def build(self, inputs: Specs) -> Expression:
        x = inputs["x"]
        check_groups(self.groups, x.length(2), self.channels)
        check_transposed(
            self.title,
            x.shape[1],
            kernel=self.kernel,
            stride=self.stride,
            padding=self.padding,
            extra=self.extra,
        )
        layer = Layer.of(
            "nn.ConvTranspose1d",
            x.length(2),
            self.channels,
            self.kernel,
            stride=self.stride,
            padding=self.padding,
            output_padding=self.extra,
            groups=self.groups,
            bias=self.bias,
        )
        layer = weighted(
            layer, self.init, self.weight_norm, value=self.init_value, bias=self.bias_start, transposed=True
        )
        return Method.of(layer.on(Method.of(Ref("x"), "transpose", 1, 2)), "transpose", 1, 2)


class Conv3d(Block):
    """Slides learned filters over a volume, such as the frames of a film: features in space and time.

    x: (N, C, D, H, W) -> y: (N, channels, D', H', W'), D' = ⌊(D + 2p − d(k − 1) − 1)/s⌋ + 1, H' and W' likewise.
    """

    title: ClassVar = "Conv 3d"
    category: ClassVar = Category.CONVOLUTION
    keywords: ClassVar = ("convolution", "video", "volume", "c3d", "voxel", "spatiotemporal")
    reference: ClassVar = Reference(
        "Tran, Bourdev, Fergus, Torresani, Paluri",
        2015,
        "Learning spatiotemporal features with 3D convolutional networks",
    )
    inputs: ClassVar = (Input("x", (Kind.VOLUME,), "the volume"),)
    examples: ClassVar = (
        ({"channels": 4}, {"x": _VOLUME}),
        ({"channels": 4, "kernel": [2, 3], "stride": 2, "padding": "none", "bias": False}, {"x": _VOLUME}),
        ({"channels": 4, "depth_kernel": 1, "depth_stride": 2, "init": "he"}, {"x": _VOLUME}),
    )

    channels: Annotated[int, Param("Channels", "How many filters, so how many maps come out.", ge=1)] = 32
    kernel: Annotated[Pair, Param("Kernel", "Height and width of a filter.", ge=1, unit="px")] = 3
    depth_kernel: Annotated[int, Param("Depth of kernel", "Frames or slices that a filter sees.", ge=1)] = 3
    stride: Annotated[Pair, Param("Stride", "How far the filter moves in the image.", ge=1, unit="px")] = 1
    depth_stride: Annotated[int, Param("Depth stride", "How far it moves along the depth.", ge=1)] = 1
    padding: Annotated[
        Literal["same", "none"],
        Param("Padding", "`same` adds zeros so that stride 1 keeps the size; `none` adds none."),
    ] = "same"
    dilation: Annotated[int, Param("Dilation", "Distance between the points of a filter.", ge=1, unit="px")] = 1
    groups: Annotated[int, Param("Groups", "Channels are split into this many independent groups.", ge=1)] = 1
    bias: Annotated[bool, Param("Bias", "Add a learned number to each map; needless before batch norm.")] = True
    init: Init = "default"
    init_value: InitValue = 0.01
    bias_start: BiasStart = 0.0
    weight_norm: WeightNorm = "none"

    def tell(self) -> str:
        return f"{self.depth_kernel}×{pair_text(self.kernel)} · {self.channels}"

    def build(self, inputs: Specs) -> Layer:
        x = inputs["x"]
        check_groups(self.groups, x.length(1), self.channels)
        kernel = (self.depth_kernel, *both(self.kernel))
        stride = (self.depth_stride, *both(self.stride))
        padding: Any = 0
        if self.padding == "same":
            padding = same_padding(kernel, (self.dilation,) * 3, stride)
        else:
            deep, *flat = (
                largest_window(length, size, self.dilation, 0) for length, size in zip(x.shape[2:], kernel, strict=True)
            )
            for length, size, side in zip(x.shape[2:], kernel, ("deep", "high", "wide"), strict=True):
                span = self.dilation * (size - 1) + 1
                if side == "deep":
                    check_span(self.title, length, span, 0, side, fitting=deep, parameter="depth_kernel")
                else:
                    check_span(self.title, length, span, 0, side, fitting=folded(tuple(flat)))
        layer = Layer.of(
            "nn.Conv3d",
            x.length(1),
            self.channels,
            folded(kernel),
            stride=folded(stride),
            padding=padding,
            dilation=self.dilation,
            groups=self.groups,
            bias=self.bias,
        )
        return weighted(layer, self.init, self.weight_norm, value=self.init_value, bias=self.bias_start)
