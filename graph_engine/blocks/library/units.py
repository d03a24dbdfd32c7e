"""Small units of convolutional networks, and what rearranges or weighs channels."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from graph_engine.blocks.block import Block, Category, Input, Param, Reference, Specs
from graph_engine.blocks.call import Expression, Function, Layer, Ref
from graph_engine.blocks.refusal import ChangeChannels, Refusal, SetParameterHint
from graph_engine.blocks.tensor import Kind, N, TensorSpec

_IMAGE, _SIX = TensorSpec((N, 4, 5, 6)), TensorSpec((N, 6, 5, 6))
_INPUTS = (Input("x", (Kind.IMAGE,), "the image"),)
_GCN = Reference(
    "Peng, Zhang, Yu, Luo, Sun",
    2017,
    "Large kernel matters: improve semantic segmentation by global convolutional network",
)
_SHUFFLENET = Reference(
    "Zhang, Zhou, Lin, Sun",
    2018,
    "ShuffleNet: an extremely efficient convolutional neural network for mobile devices",
)


class ChannelShuffle(Block):
    """Deals the channels of g groups out in turn, so that the next group convolution sees all groups.

    x: (N, C, H, W) -> y: (N, C, H, W): reshape to (g, C/g), transpose, flatten.
    """

    title: ClassVar = "Channel shuffle"
    category: ClassVar = Category.SHAPE
    whole_numbers: ClassVar = True
    keeps_numbers: ClassVar = True
    keywords: ClassVar = ("shufflenet", "groups", "permute", "mix")
    reference: ClassVar = _SHUFFLENET
    inputs: ClassVar = _INPUTS
    examples: ClassVar = (({"groups": 3}, {"x": _SIX}), ({}, {"x": _IMAGE}))

    groups: Annotated[int, Param("Groups", "Groups of the convolution before.", ge=1)] = 2

    def tell(self) -> str:
        return f"{self.groups} groups"

    def build(self, inputs: Specs) -> Expression:
        channels = inputs["x"].length(1)
        if channels % self.groups:
            raise Refusal(
                f"{self.groups} groups can't share {channels} channels evenly.",
                parameter="groups",
                expected=f"a divisor of {channels}",
                hints=(SetParameterHint("groups", 1),),
            )
        return Function.of("F.channel_shuffle", Ref("x"), self.groups)


class SqueezeExcitation(Block):
    """Attention among channels: weighs each by what all of them are on average.

    x: (N, C, H, W) -> y: (N, C, H, W). y = x · σ(W₂ relu(W₁ mean(x))), with C/reduction numbers between.
    """

    title: ClassVar = "Squeeze-excitation"
    category: ClassVar = Category.SKIP
    keywords: ClassVar = ("se", "senet", "channel attention", "gate", "squeeze-and-excitation")
    reference: ClassVar = Reference("Hu, Shen, Sun", 2018, "Squeeze-and-excitation networks")
    inputs: ClassVar = _INPUTS
    examples: ClassVar = (({"reduction": 2}, {"x": _IMAGE}), ({}, {"x": _SIX}))

    reduction: Annotated[int, Param("Reduction", "How many times fewer numbers than channels lie between.", ge=1)] = 16

    def tell(self) -> str:
        return f"÷{self.reduction}"

    def build(self, inputs: Specs) -> Layer:
        channels = inputs["x"].length(1)
        return Layer.of("SqueezeExcitation", channels, max(1, channels // self.reduction))


class Fire(Block):
    """Squeezes the channels with 1×1, then expands them with 1×1 and 3×3 side by side.

    x: (N, C, H, W) -> y: (N, 1×1 + 3×3 maps, H, W); ReLU after each convolution.
    """

    title: ClassVar = "Fire"
    category: ClassVar = Category.SKIP
    keywords: ClassVar = ("squeezenet", "squeeze", "expand", "efficient")
    reference: ClassVar = Reference(
        "Iandola, Han, Moskewicz, Ashraf, Dally, Keutzer",
        2016,
        "SqueezeNet: AlexNet-level accuracy with 50x fewer parameters and <0.5MB model size",
    )
    inputs: ClassVar = _INPUTS
    examples: ClassVar = (({"squeeze": 3, "expand1x1": 4, "expand3x3": 5}, {"x": _IMAGE}), ({}, {"x": _SIX}))

    squeeze: Annotated[int, Param("Squeeze", "Maps of the first 1×1 convolution.", ge=1)] = 16
    expand1x1: Annotated[int, Param("Expand 1×1", "Maps of the second 1×1 convolution.", ge=1)] = 64
    expand3x3: Annotated[int, Param("Expand 3×3", "Maps of the 3×3 convolution.", ge=1)] = 64

    def tell(self) -> str:
        return f"{self.squeeze} → {self.expand1x1} + {self.expand3x3}"

    def build(self, inputs: Specs) -> Layer:
        return Layer.of("Fire", inputs["x"].length(1), self.squeeze, self.expand1x1, self.expand3x3)


class ShuffleUnit(Block):
    """A cheap residual unit: 1×1 group convolution, channel shuffle, 3×3 depthwise, 1×1 group convolution.

    x: (N, C, H, W) -> y: (N, channels, H', W'), H' = ⌈H/stride⌉. At stride 1 x is added, so channels = C; at stride 2
    its 3×3 average pool is put beside channels − C new maps. Batch norm after each convolution; channels/4 between.
    """

    title: ClassVar = "ShuffleNet unit"
    category: ClassVar = Category.SKIP
    keywords: ClassVar = ("shufflenet", "group convolution", "channel shuffle", "residual", "mobile", "efficient")
    reference: ClassVar = _SHUFFLENET
    inputs: ClassVar = _INPUTS
    examples: ClassVar = (
        ({"channels": 12, "groups": 3}, {"x": TensorSpec((N, 12, 5, 6))}),
        ({"channels": 16, "groups": 2, "stride": "2"}, {"x": _IMAGE}),
        ({"channels": 16, "groups": 2, "stride": "2", "group_first": False}, {"x": TensorSpec((N, 2, 5, 6))}),
    )

    channels: Annotated[int, Param("Channels", "Maps that come out; a multiple of 4 and of the groups.", ge=4)] = 240
    groups: Annotated[int, Param("Groups", "Of the two 1×1 convolutions.", ge=1)] = 3
    stride: Annotated[Literal["1", "2"], Param("Stride", "2 halves height and width.")] = "1"
    group_first: Annotated[
        bool, Param("Group the first", "Off for the first unit of a network, which sees few channels.", advanced=True)
    ] = True

    def tell(self) -> str:
        return f"{self.channels} · {self.groups} groups" + (" · stride 2" if self.stride == "2" else "")

    def build(self, inputs: Specs) -> Layer:
        arriving = inputs["x"].length(1)
        if self.stride == "1" and arriving != self.channels:
            raise Refusal(
                f"At stride 1 the unit adds its input, so Channels must be the {arriving} that arrive.",
                parameter="channels",
                hints=(SetParameterHint("channels", arriving),),
            )
        if self.stride == "2" and arriving >= self.channels:
            raise Refusal(
                f"At stride 2 the unit keeps the {arriving} channels that arrive and adds new ones: Channels must be "
                f"more than {arriving}.",
                parameter="channels",
                hints=self._fitting(arriving),
            )
        if self.channels % 4:
            more = self.channels + 4 - self.channels % 4
            raise Refusal(
                f"The unit works on a quarter of its channels: 4 must divide Channels ({self.channels}).",
                parameter="channels",
                expected="a multiple of 4",
                hints=(ChangeChannels("x", more),) if self.stride == "1" else self._fitting(arriving),
            )
        rest = self.channels - arriving if self.stride == "2" else self.channels
        grouped = [(self.channels // 4, "a quarter of Channels"), (rest, "the new channels")]
        if self.group_first:
            grouped.append((arriving, "the channels that arrive"))
        for count, what in grouped:
            if count % self.groups:
                raise Refusal(
                    f"Groups = {self.groups} must divide {what} ({count}).",
                    parameter="groups",
                    hints=(SetParameterHint("groups", 1),),
                )
        return Layer.of(
            "ShuffleUnit",
            arriving,
            self.channels,
            self.groups,
            stride=int(self.stride),
            group_first=self.group_first,
        )

    def _fitting(self, arriving: int) -> tuple[SetParameterHint, ...]:
        """The next number of channels from what is set, or twice what arrives, that a unit of stride 2 can have."""
        start = max(self.channels, 2 * arriving) if self.channels <= arriving else self.channels
        good = (
            channels
            for channels in range(start + -start % 4, start + 4 * self.groups + 4, 4)
            if channels // 4 % self.groups == 0 == (channels - arriving) % self.groups
        )
        return (SetParameterHint("channels", next(good, start + -start % 4)),)


class BoundaryRefinement(Block):
    """Sharpens the edges of a score map: y = x + conv3×3(relu(conv3×3(x))).

    x: (N, C, H, W) -> y: (N, C, H, W). Parameters: 2 (9 C² + C).
    """

    title: ClassVar = "Boundary refinement"
    category: ClassVar = Category.SKIP
    keywords: ClassVar = ("segmentation", "edges", "residual", "gcn")
    reference: ClassVar = _GCN
    inputs: ClassVar = _INPUTS
    examples: ClassVar = (({}, {"x": _IMAGE}),)

    def build(self, inputs: Specs) -> Layer:
        return Layer.of("BoundaryRefinement", inputs["x"].length(1))
