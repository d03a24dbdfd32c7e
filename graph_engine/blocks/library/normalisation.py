"""Normalisation: numbers of a like size. All keep the shape."""

from __future__ import annotations

from math import gcd
from typing import Annotated, ClassVar

from graph_engine.blocks.block import Block, Category, Input, Param, Reference, Specs
from graph_engine.blocks.call import Expression, Function, Layer, Method, Ref
from graph_engine.blocks.refusal import Refusal, SetParameterHint
from graph_engine.blocks.tensor import Dim, Kind, N, TensorSpec

_VECTOR, _SEQUENCE, _IMAGE = TensorSpec((N, 5)), TensorSpec((N, 3, 5)), TensorSpec((N, 3, 5, 6))
_VOLUME = TensorSpec((N, 4, 2, 3, 5))
_FEATURES = (Kind.VECTOR, Kind.SEQUENCE, Kind.IMAGE)


def _is_single(lengths: tuple[Dim, ...]) -> bool:
    """Whether there is one number along axes of these lengths, which is its own mean."""
    return all(length == 1 for length in lengths)


class BatchNorm(Block):
    """Gives each channel mean 0 and variance 1 over the batch, then a learned scale and shift.

    x: (N, C), (N, C, H, W), (N, C, D, H, W) or (N, T, E) -> y: as x; the channels of a sequence are its features.
    y = γ (x − μ)/√(σ² + ε) + β; in use, μ and σ are running averages.
    """

    title: ClassVar = "Batch norm"
    category: ClassVar = Category.NORMALISATION
    keywords: ClassVar = ("bn", "normalization")
    reference: ClassVar = Reference(
        "Ioffe, Szegedy",
        2015,
        "Batch normalization: accelerating deep network training by reducing internal covariate shift",
    )
    inputs: ClassVar = (
        Input("x", (Kind.IMAGE, Kind.VECTOR, Kind.SEQUENCE, Kind.VOLUME), "image, vector, sequence or volume"),
    )
    examples: ClassVar = (
        ({}, {"x": _VECTOR}),
        ({"start": 2.0}, {"x": _SEQUENCE}),
        ({"affine": False}, {"x": _IMAGE}),
        ({"start": 0.5}, {"x": _IMAGE}),
        ({}, {"x": _VOLUME}),
    )

    epsilon: Annotated[float, Param("Epsilon", "Added to the variance.", gt=0, le=1, advanced=True)] = 1e-5
    momentum: Annotated[
        float, Param("Momentum", "Weight of the newest batch in the running averages.", ge=0, le=1, advanced=True)
    ] = 0.1
    affine: Annotated[bool, Param("Scale and shift", "Learn γ and β.")] = True
    start: Annotated[
        float,
        Param(
            "Start",
            "Where γ begins; 0 at the end of a residual branch lets the block begin as identity.",
            advanced=True,
        ),
    ] = 1.0

    def build(self, inputs: Specs) -> Layer | Expression:
        x = inputs["x"]
        target = {2: "nn.BatchNorm1d", 3: "nn.BatchNorm1d", 4: "nn.BatchNorm2d", 5: "nn.BatchNorm3d"}[x.rank]
        channels = x.length(2 if x.rank == 3 else 1)
        layer = Layer.of(target, channels, eps=self.epsilon, momentum=self.momentum, affine=self.affine)
        if self.affine and self.start != 1:
            layer = layer.through("scales_at", value=self.start)
        if x.rank == 3:  # torch wants features before steps
            return Method.of(layer.on(Method.of(Ref("x"), "transpose", 1, 2)), "transpose", 1, 2)
        return layer


class LayerNorm(Block):
    """Gives each sample (at each position of a sequence) mean 0 and variance 1, then a learned scale and shift.

    x: (N, C), (N, T, E) or (N, C, H, W) -> y: as x; over the last axis, for images over C, H and W.
    """

    title: ClassVar = "Layer norm"
    category: ClassVar = Category.NORMALISATION
    keywords: ClassVar = ("ln", "normalization", "transformer")
    reference: ClassVar = Reference("Ba, Kiros, Hinton", 2016, "Layer normalization")
    inputs: ClassVar = (Input("x", _FEATURES, "vector, sequence or image"),)
    examples: ClassVar = (({}, {"x": _VECTOR}), ({}, {"x": _SEQUENCE}), ({}, {"x": _IMAGE}))

    epsilon: Annotated[float, Param("Epsilon", "Added to the variance.", gt=0, le=1, advanced=True)] = 1e-5
    affine: Annotated[bool, Param("Scale and shift", "Learn γ and β.")] = True

    def build(self, inputs: Specs) -> Layer:
        x = inputs["x"]
        if _is_single(x.shape[1:] if x.rank == 4 else x.shape[-1:]):
            raise Refusal(
                f"Layer norm of a single number gives always 0; {x} arrives.",
                port="x",
                expected="more than one number",
            )
        shape = tuple(x.length(axis) for axis in (1, 2, 3)) if x.rank == 4 else x.length(-1)
        return Layer.of("nn.LayerNorm", shape, eps=self.epsilon, elementwise_affine=self.affine)


class InstanceNorm(Block):
    """Gives each channel of each image mean 0 and variance 1, so that contrast and tint of a picture vanish.

    x: (N, C, H, W) or (N, C, D, H, W) -> y: as x. y = (x − μ)/√(σ² + ε), over the pixels of one channel.
    """

    title: ClassVar = "Instance norm"
    category: ClassVar = Category.NORMALISATION
    keywords: ClassVar = ("in", "normalization", "style transfer", "contrast")
    reference: ClassVar = Reference(
        "Ulyanov, Vedaldi, Lempitsky", 2016, "Instance normalization: the missing ingredient for fast stylization"
    )
    inputs: ClassVar = (Input("x", (Kind.IMAGE, Kind.VOLUME), "image or volume"),)
    examples: ClassVar = (({}, {"x": _IMAGE}), ({"affine": True}, {"x": _VOLUME}))

    epsilon: Annotated[float, Param("Epsilon", "Added to the variance.", gt=0, le=1, advanced=True)] = 1e-5
    affine: Annotated[bool, Param("Scale and shift", "Learn a scale γ and a shift β of each channel.")] = False

    def build(self, inputs: Specs) -> Layer:
        x = inputs["x"]
        if _is_single(x.shape[2:]):
            raise Refusal(
                f"Instance norm of a single pixel gives always 0; {x} arrives. Put it before the pooling.",
                port="x",
                expected="more than one pixel",
            )
        target = "nn.InstanceNorm2d" if x.rank == 4 else "nn.InstanceNorm3d"
        return Layer.of(target, x.length(1), eps=self.epsilon, affine=self.affine)


class GroupNorm(Block):
    """Gives each group of channels of each sample mean 0 and variance 1, whatever the size of the batch.

    x: (N, C), (N, C, H, W) or (N, C, D, H, W) -> y: as x. One group is layer norm, C groups are instance norm.
    """

    title: ClassVar = "Group norm"
    category: ClassVar = Category.NORMALISATION
    keywords: ClassVar = ("gn", "normalization", "small batch")
    reference: ClassVar = Reference("Wu, He", 2018, "Group normalization")
    inputs: ClassVar = (Input("x", (Kind.IMAGE, Kind.VECTOR, Kind.VOLUME), "image, vector or volume"),)
    examples: ClassVar = (
        ({"groups": 3}, {"x": _IMAGE}),
        ({"groups": 2, "affine": False}, {"x": _VOLUME}),
        ({"groups": 1}, {"x": _VECTOR}),
    )

    groups: Annotated[int, Param("Groups", "Channels are split into this many.", ge=1)] = 32
    epsilon: Annotated[float, Param("Epsilon", "Added to the variance.", gt=0, le=1, advanced=True)] = 1e-5
    affine: Annotated[bool, Param("Scale and shift", "Learn a scale γ and a shift β of each channel.")] = True

    def tell(self) -> str:
        return f"{self.groups} groups" if self.groups > 1 else "1 group"

    def build(self, inputs: Specs) -> Layer:
        x = inputs["x"]
        channels = x.length(1)
        alone = _is_single(x.shape[2:])
        fitting = gcd(channels, self.groups)
        if alone and fitting == channels:  # the largest divisor below
            fitting = max((count for count in range(1, channels) if channels % count == 0), default=channels)
        hints = (SetParameterHint("groups", fitting),) if fitting < channels or not alone else ()
        if channels % self.groups:
            raise Refusal(
                f"{self.groups} groups can't share {channels} channels evenly.",
                parameter="groups",
                expected=f"a divisor of {channels}",
                hints=hints,
            )
        if alone and self.groups == channels:
            raise Refusal(
                f"Group norm of a single number gives always 0: each of {channels} groups is one channel of {x}. "
                "Use fewer groups.",
                parameter="groups",
                expected=f"fewer than {channels} groups",
                hints=hints,
            )
        return Layer.of("nn.GroupNorm", self.groups, channels, eps=self.epsilon, affine=self.affine)


class LocalResponseNorm(Block):
    """Divides each value by how strong its neighbours in other channels are, so that channels compete.

    x: (N, C, H, W) -> y: as x. y = x/(k + α Σ x²)^β, summed over `size` channels around; α is the paper's, and torch's
    is size times larger, since it averages.
    """

    title: ClassVar = "Local response norm"
    category: ClassVar = Category.NORMALISATION
    keywords: ClassVar = ("lrn", "alexnet", "lateral inhibition", "normalization")
    reference: ClassVar = Reference(
        "Krizhevsky, Sutskever, Hinton", 2012, "ImageNet classification with deep convolutional neural networks"
    )
    inputs: ClassVar = (Input("x", (Kind.IMAGE,), "the image"),)
    examples: ClassVar = (({}, {"x": _IMAGE}), ({"size": 3, "alpha": 1.0, "k": 1.0}, {"x": _IMAGE}))

    size: Annotated[int, Param("Size", "Over how many channels is summed.", ge=1)] = 5
    alpha: Annotated[float, Param("Alpha", "Weight of the sum.", ge=0)] = 1e-4
    beta: Annotated[float, Param("Beta", "Exponent.", ge=0)] = 0.75
    k: Annotated[float, Param("K", "Added to the sum.", gt=0)] = 2.0

    def tell(self) -> str:
        return f"{self.size} channels"

    def build(self, inputs: Specs) -> Expression:
        alpha = float(f"{self.alpha * self.size:.12g}")  # 0.0005, and not 0.0005000000000000001
        return Function.of("F.local_response_norm", Ref("x"), self.size, alpha=alpha, beta=self.beta, k=self.k)


class UnitLength(Block):
    """Brings each vector to length 1, so that only its direction counts: y = x/‖x‖.

    x: (N, C), (N, T, E) or (N, C, H, W) -> y: as x; over the last axis, for images over the channels of each pixel.
    Products of such vectors are the cosines of the angles between them. A vector of zeros stays.
    """

    title: ClassVar = "Unit length"
    category: ClassVar = Category.NORMALISATION
    keywords: ClassVar = ("l2 norm", "normalise", "normalize", "cosine", "direction", "hypersphere", "embedding")
    reference: ClassVar = Reference(
        "Schroff, Kalenichenko, Philbin", 2015, "FaceNet: a unified embedding for face recognition and clustering"
    )
    inputs: ClassVar = (Input("x", _FEATURES, "vector, sequence or image"),)
    examples: ClassVar = (({}, {"x": _VECTOR}), ({}, {"x": _SEQUENCE}), ({}, {"x": _IMAGE}))

    def build(self, inputs: Specs) -> Expression:
        return Function.of("F.normalize", Ref("x"), dim=1 if inputs["x"].rank == 4 else -1)
