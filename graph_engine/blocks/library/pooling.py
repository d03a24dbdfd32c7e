"""Pooling: fewer positions, the same channels."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar

from graph_engine.blocks.block import Block, Category, Input, Output, Param, Reference, Specs
from graph_engine.blocks.call import Expression, Function, Method, Ref
from graph_engine.blocks.parameter import Pair
from graph_engine.blocks.refusal import Refusal, SetParameterHint
from graph_engine.blocks.tensor import Dim, Kind, N, TensorSpec
from graph_engine.blocks.windows import both, check_window, pair_text

_IMAGE, _PLACES = TensorSpec((N, 3, 8, 11)), TensorSpec((N, 3, 8, 11), "int64")
_SEQUENCE = TensorSpec((N, 5, 6))
_VOLUME = TensorSpec((N, 3, 2, 4, 5))
_POSITIONS = (Input("x", (Kind.IMAGE, Kind.SEQUENCE, Kind.VOLUME), "image, sequence or volume"),)
_AXES = {3: 1, 4: (2, 3), 5: (2, 3, 4)}
"""Rank → the axes of positions."""


class _WindowPool(Block):
    """Shared by the pools over a window."""

    inputs: ClassVar[tuple[Input, ...]] = (Input("x", (Kind.IMAGE,), "the image"),)
    examples: ClassVar = (({}, {"x": _IMAGE}), ({"kernel": 3, "stride": 2, "padding": 1}, {"x": _IMAGE}))

    kernel: Annotated[Pair, Param("Window", "Height and width of the window.", ge=1, unit="px")] = 2
    stride: Annotated[Pair, Param("Stride", "How far the window moves at a time.", ge=1, unit="px")] = 2
    padding: Annotated[Pair, Param("Padding", "Empty pixels around the image.", ge=0, unit="px")] = 0

    def tell(self) -> str:
        return f"{pair_text(self.kernel)} · stride {pair_text(self.stride, single=True)}"

    def _pool(self, function: str, inputs: Specs, *, return_indices: bool = False) -> Expression:
        self._check_padding()
        check_window(inputs["x"], self.kernel, 1, self.padding, self.title)
        options = self._moves()
        if return_indices:
            options["return_indices"] = True
        return Function.of(function, Ref("x"), self.kernel, **options)

    def _check_padding(self) -> None:
        if any(2 * pad > kernel for pad, kernel in zip(both(self.padding), both(self.kernel), strict=True)):
            raise Refusal(
                f"Padding {pair_text(self.padding, single=True)} is more than half the window "
                f"{pair_text(self.kernel)}: some windows would see nothing.",
                parameter="padding",
                hints=(SetParameterHint("padding", 0),),
            )

    def _moves(self) -> dict[str, Any]:
        """Stride and padding where they are not torch's own."""
        options: dict[str, Any] = {}
        if self.stride != self.kernel:
            options["stride"] = self.stride
        if self.padding != 0:
            options["padding"] = self.padding
        return options


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


class MaxPoolIndices(_WindowPool):
    """Keeps the largest value of each window and remembers where it stood, for an unpool later.

    x: (N, C, H, W) -> y: (N, C, H', W'), H' = ⌊(H + 2p − k)/s⌋ + 1, and indices: one for each y, its pixel counted row
    by row from 0 to H·W − 1.
    """

    title: ClassVar = "Max pool with indices"
    category: ClassVar = Category.POOLING
    keywords: ClassVar = ("switches", "arg-max", "segnet", "deconvnet", "unpool", "downsample")
    reference: ClassVar = Reference(
        "Zeiler, Taylor, Fergus", 2011, "Adaptive deconvolutional networks for mid and high level feature learning"
    )
    outputs: ClassVar = (
        Output("y", help="the largest values"),
        Output("indices", help="where each of them stood: whole numbers"),
    )

    def build(self, inputs: Specs) -> Expression:
        return self._pool("F.max_pool2d", inputs, return_indices=True)


class Unpool(_WindowPool):
    """Puts each value back where a max pool found it, and 0 everywhere else.

    x, indices: (N, C, H, W), of a max pool with indices -> y: (N, C, H', W'), H' = (H − 1)s − 2p + k, or the size of
    `like` where that is wired: rounding down made it unknown. Window, stride and padding are those of the pool. To
    repeat values instead, use upsample.
    """

    title: ClassVar = "Unpool"
    category: ClassVar = Category.POOLING
    whole_numbers: ClassVar = True
    keywords: ClassVar = ("max unpooling", "switches", "indices", "segnet", "deconvnet", "decoder", "upsample")
    reference: ClassVar = Reference(
        "Badrinarayanan, Kendall, Cipolla",
        2017,
        "SegNet: a deep convolutional encoder-decoder architecture for image segmentation",
    )
    inputs: ClassVar = (
        Input("x", (Kind.IMAGE,), "the values"),
        Input("indices", help="where each of them goes, from a max pool with indices"),
        Input("like", (Kind.IMAGE,), "an image of the wanted size, such as what the pool got", optional=True),
    )
    examples: ClassVar = (
        ({}, {"x": _IMAGE, "indices": _PLACES}),
        (
            {"kernel": 3, "stride": 2, "padding": 1},
            {"x": _IMAGE, "indices": _PLACES, "like": TensorSpec((N, 2, 16, 21))},
        ),
    )

    def build(self, inputs: Specs) -> Expression:
        x, indices = inputs["x"], inputs["indices"]
        if not x.is_floating:
            raise Refusal(
                f"Unpool puts measurements (float32) back, and whole numbers ({x.dtype}) arrive. Wire the pool's "
                "indices to its other port.",
                port="x",
                expected="float32",
            )
        if indices.dtype != "int64" or indices.shape != x.shape:
            raise Refusal(
                f"Unpool needs a place for each value: {x} and, as indices, {indices} ({indices.dtype}) arrive. "
                "Wire the indices of the max pool that made the values smaller.",
                port="indices",
                expected=f"{x} (int64)",
            )
        self._check_padding()
        if "like" not in inputs:
            self._check_left(x)
            return Function.of("F.max_unpool2d", Ref("x"), Ref("indices"), self.kernel, **self._moves())
        self._check_size(x, inputs["like"])
        ports = (Ref("x"), Ref("indices"), Ref("like"))
        return Function.of("unpool_as", *ports, both(self.kernel), both(self.stride), padding=both(self.padding))

    def _check_left(self, x: TensorSpec) -> None:
        """Refuse padding that cuts everything off.

        Raises: Refusal.
        """
        for axis, small in enumerate(x.shape[2:]):
            kernel, stride, padding = (both(each)[axis] for each in (self.kernel, self.stride, self.padding))
            if isinstance(small, int) and (small - 1) * stride - 2 * padding + kernel < 1:
                raise Refusal(
                    f"Unpool: padding {padding} cuts everything off a side of {small}. Use less, or wire what the pool "
                    "got to `like`.",
                    parameter="padding",
                    hints=(SetParameterHint("padding", 0),),
                )

    def _check_size(self, x: TensorSpec, like: TensorSpec) -> None:
        """Refuse a size that the pool cannot have made this small.

        Raises: Refusal at `like`.
        """
        sizes: tuple[tuple[Dim, Dim], ...] = tuple(zip(x.shape[2:], like.shape[2:], strict=True))
        for axis, (small, large) in enumerate(sizes):
            if not (isinstance(small, int) and isinstance(large, int)):
                continue
            kernel, stride, padding = (both(each)[axis] for each in (self.kernel, self.stride, self.padding))
            plain = (small - 1) * stride - 2 * padding + kernel
            if not plain - stride < large < plain + stride:
                raise Refusal(
                    f"A pool with this window and stride makes {plain - stride + 1} to {plain + stride - 1} pixels "
                    f"{small}, not {large}. Wire as `like` what that pool got.",
                    port="like",
                    expected=f"{plain} pixels {'wide' if axis else 'high'}",
                )


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
