"""Pooling: fewer positions, the same channels."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar

from graph_engine.blocks.block import Block, Category, Input, Param, Reference, Specs
from graph_engine.blocks.call import Expression, Function, Method, Ref
from graph_engine.blocks.parameter import Pair
from graph_engine.blocks.refusal import Refusal, SetParameterHint
from graph_engine.blocks.tensor import Kind, N, TensorSpec
from graph_engine.blocks.windows import both, check_window, pair_text

_IMAGE = TensorSpec((N, 3, 8, 11))
_SEQUENCE = TensorSpec((N, 5, 6))
_VOLUME = TensorSpec((N, 3, 2, 4, 5))
_POSITIONS = (Input("x", (Kind.IMAGE, Kind.SEQUENCE, Kind.VOLUME), "image, sequence or volume"),)
_AXES = {3: 1, 4: (2, 3), 5: (2, 3, 4)}
"""Rank → the axes of positions."""


class _WindowPool(Block):
    """Shared by the pools over a window."""

    inputs: ClassVar = (Input("x", (Kind.IMAGE,), "the image"),)
    examples: ClassVar = (({}, {"x": _IMAGE}), ({"kernel": 3, "stride": 2, "padding": 1}, {"x": _IMAGE}))

    kernel: Annotated[Pair, Param("Window", "Height and width of the window.", ge=1, unit="px")] = 2
    stride: Annotated[Pair, Param("Stride", "How far the window moves at a time.", ge=1, unit="px")] = 2
    padding: Annotated[Pair, Param("Padding", "Empty pixels around the image.", ge=0, unit="px")] = 0

    def tell(self) -> str:
        return f"{pair_text(self.kernel)} · stride {pair_text(self.stride, single=True)}"

    def _pool(self, function: str, inputs: Specs) -> Expression:
        if any(2 * pad > kernel for pad, kernel in zip(both(self.padding), both(self.kernel), strict=True)):
            raise Refusal(
                f"Padding {pair_text(self.padding, single=True)} is more than half the window "
                f"{pair_text(self.kernel)}: some windows would see nothing.",
                parameter="padding",
                hints=(SetParameterHint("padding", 0),),
            )
        check_window(inputs["x"], self.kernel, 1, self.padding, self.title)
        options: dict[str, Any] = {}
        if self.stride != self.kernel:
            options["stride"] = self.stride
        if self.padding != 0:
            options["padding"] = self.padding
        return Function.of(function, Ref("x"), self.kernel, **options)


class MaxPool2d(_WindowPool):
    """Keeps the largest value of each window.

    x: (N, C, H, W) -> y: (N, C, H', W'), H' = ⌊(H + 2p − k)/s⌋ + 1.
    """

    title: ClassVar = "Max pool"
    category: ClassVar = Category.POOLING
    keywords: ClassVar = ("maximum", "downsample", "subsampling")
    reference: ClassVar = Reference(
        "Ranzato, Huang, Boureau, LeCun", 2007, "Unsupervised learning of invariant feature hierarchies"
    )

    def build(self, inputs: Specs) -> Expression:
        return self._pool("F.max_pool2d", inputs)


class AvgPool2d(_WindowPool):
    """Averages each window.

    x: (N, C, H, W) -> y: (N, C, H', W'), H' = ⌊(H + 2p − k)/s⌋ + 1.
    """

    title: ClassVar = "Average pool"
    category: ClassVar = Category.POOLING
    keywords: ClassVar = ("mean", "downsample", "subsampling")
    reference: ClassVar = Reference(
        "LeCun, Bottou, Bengio, Haffner", 1998, "Gradient-based learning applied to document recognition"
    )

    def build(self, inputs: Specs) -> Expression:
        return self._pool("F.avg_pool2d", inputs)


class RmsPool2d(_WindowPool):
    """Takes the root mean square of each window: between the average, which it weighs, and the largest value.

    x: (N, C, H, W) -> y: (N, C, H', W'), y = √(Σ x²/k²), H' = ⌊(H + 2p − k)/s⌋ + 1. The mean is under the root, as in
    the paper.
    """

    title: ClassVar = "L2 pool"
    category: ClassVar = Category.POOLING
    keywords: ClassVar = ("root mean square", "lp pooling", "norm", "downsample")
    reference: ClassVar = Reference(
        "Boureau, Ponce, LeCun", 2010, "A theoretical analysis of feature pooling in visual recognition"
    )

    def build(self, inputs: Specs) -> Expression:
        return self._pool("rms_pool2d", inputs)


class _AdaptivePool(Block):
    """Shared by the pools that give a map of one size whatever arrives."""

    inputs: ClassVar = (Input("x", (Kind.IMAGE,), "the image"),)
    examples: ClassVar = (
        ({"size": 3}, {"x": _IMAGE}),
        ({"size": [2, 5]}, {"x": _IMAGE}),
    )

    size: Annotated[Pair, Param("Size", "Height and width of the result.", ge=1, unit="px")] = 7

    def tell(self) -> str:
        return pair_text(self.size)


class AdaptiveAvgPool2d(_AdaptivePool):
    """Averages over as many fields as there are to be pixels, whatever size arrives.

    x: (N, C, H, W) -> y: (N, C, size, size).
    """

    title: ClassVar = "Adaptive average pool"
    category: ClassVar = Category.POOLING
    keywords: ClassVar = ("mean", "any size", "downsample")
    reference: ClassVar = Reference(
        "He, Zhang, Ren, Sun", 2014, "Spatial pyramid pooling in deep convolutional networks for visual recognition"
    )

    def build(self, inputs: Specs) -> Expression:
        return Function.of("F.adaptive_avg_pool2d", Ref("x"), self.size)


class AdaptiveMaxPool2d(_AdaptivePool):
    """Keeps the largest value of as many fields as there are to be pixels, whatever size arrives.

    x: (N, C, H, W) -> y: (N, C, size, size).
    """

    title: ClassVar = "Adaptive max pool"
    category: ClassVar = Category.POOLING
    keywords: ClassVar = ("maximum", "any size", "downsample")
    reference: ClassVar = Reference(
        "He, Zhang, Ren, Sun", 2014, "Spatial pyramid pooling in deep convolutional networks for visual recognition"
    )

    def build(self, inputs: Specs) -> Expression:
        return Function.of("F.adaptive_max_pool2d", Ref("x"), self.size)


class GlobalAvgPool(Block):
    """Averages over all positions: one number a channel.

    x: (N, C, H, W) or (N, C, D, H, W) -> y: (N, C), or x: (N, T, E) -> y: (N, E).
    """

    title: ClassVar = "Global average pool"
    category: ClassVar = Category.POOLING
    keywords: ClassVar = ("gap", "mean", "positions")
    reference: ClassVar = Reference("Lin, Chen, Yan", 2014, "Network in network")
    inputs: ClassVar = _POSITIONS
    examples: ClassVar = (({}, {"x": _IMAGE}), ({}, {"x": _SEQUENCE}), ({}, {"x": _VOLUME}))

    def build(self, inputs: Specs) -> Expression:
        return Method.of(Ref("x"), "mean", dim=_AXES[inputs["x"].rank])


class GlobalMaxPool(Block):
    """Keeps the largest value of all positions: one number a channel.

    x: (N, C, H, W) or (N, C, D, H, W) -> y: (N, C), or x: (N, T, E) -> y: (N, E).
    """

    title: ClassVar = "Global max pool"
    category: ClassVar = Category.POOLING
    keywords: ClassVar = ("maximum", "max over time", "positions")
    reference: ClassVar = Reference(
        "Collobert, Weston, Bottou, Karlen, Kavukcuoglu, Kuksa",
        2011,
        "Natural language processing (almost) from scratch",
    )
    inputs: ClassVar = _POSITIONS
    examples: ClassVar = (({}, {"x": _IMAGE}), ({}, {"x": _SEQUENCE}), ({}, {"x": _VOLUME}))

    def build(self, inputs: Specs) -> Expression:
        return Method.of(Ref("x"), "amax", dim=_AXES[inputs["x"].rank])
