"""More positions, or the same numbers arranged as more positions."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal

from graph_engine.blocks.block import Block, Category, Input, Param, Reference, Specs
from graph_engine.blocks.call import Expression, Function, Ref
from graph_engine.blocks.refusal import ChangeChannels, Refusal, SetParameterHint
from graph_engine.blocks.tensor import Kind, N, TensorSpec

_IMAGE, _FOUR = TensorSpec((N, 3, 4, 6)), TensorSpec((N, 8, 4, 6))
_INPUTS = (Input("x", (Kind.IMAGE,), "the image"),)


class Upsample(Block):
    """Makes an image larger by repeating pixels or by blending the four (sixteen) nearest.

    x: (N, C, H, W) -> y: (N, C, s·H, s·W). Bilinear: y = Σ x (1 − |Δx|)(1 − |Δy|) over the four nearest pixels.
    """

    title: ClassVar = "Upsample"
    category: ClassVar = Category.POOLING
    keywords: ClassVar = ("nearest", "bilinear", "bicubic", "interpolate", "unpool", "repeat", "resize", "decoder")
    reference: ClassVar = Reference(
        "Long, Shelhamer, Darrell", 2015, "Fully convolutional networks for semantic segmentation"
    )
    inputs: ClassVar = _INPUTS
    examples: ClassVar = (
        ({}, {"x": _IMAGE}),
        ({"mode": "bilinear", "scale": 3}, {"x": _IMAGE}),
        ({"mode": "bicubic", "align_corners": True}, {"x": _IMAGE}),
    )

    scale: Annotated[int, Param("Scale", "How many times higher and wider.", ge=1)] = 2
    mode: Annotated[Literal["nearest", "bilinear", "bicubic"], Param("Mode", "How pixels between are made.")] = (
        "nearest"
    )
    align_corners: Annotated[
        bool,
        Param("Align corners", "Corner pixels keep their values; not for nearest.", advanced=True),
    ] = False

    def tell(self) -> str:
        return f"×{self.scale} · {self.mode}"

    def build(self, inputs: Specs) -> Expression:
        options: dict[str, Any] = {"scale_factor": self.scale, "mode": self.mode}
        if self.align_corners and self.mode != "nearest":
            options["align_corners"] = True
        return Function.of("F.interpolate", Ref("x"), **options)


class ResizeAs(Block):
    """Brings an image to the height and width of another, larger or smaller.

    x: (N, C, H, W), like: (N, D, H', W') -> y: (N, C, H', W'). Of `like` only the size is used.
    """

    title: ClassVar = "Resize as"
    category: ClassVar = Category.POOLING
    keywords: ClassVar = ("upsample", "interpolate", "bilinear", "nearest", "skip", "segmentation")
    reference: ClassVar = Reference(
        "Lin, Dollár, Girshick, He, Hariharan, Belongie", 2017, "Feature pyramid networks for object detection"
    )
    inputs: ClassVar = (
        Input("x", (Kind.IMAGE,), "the image"),
        Input("like", (Kind.IMAGE,), "an image of the wanted size"),
    )
    examples: ClassVar = (
        ({}, {"x": _IMAGE, "like": TensorSpec((N, 2, 9, 5))}),
        ({"mode": "bilinear"}, {"x": _IMAGE, "like": TensorSpec((N, 2, 2, 3))}),
        ({"mode": "bilinear", "align_corners": True}, {"x": _IMAGE, "like": TensorSpec((N, 2, 7, 6))}),
    )

    mode: Annotated[Literal["nearest", "bilinear", "bicubic"], Param("Mode", "How pixels between are made.")] = (
        "bilinear"
    )
    align_corners: Annotated[
        bool,
        Param("Align corners", "Corner pixels stay at the corners; nearest has none of it.", advanced=True),
    ] = False

    def tell(self) -> str:
        return self.mode

    def build(self, inputs: Specs) -> Expression:
        if self.align_corners and self.mode != "nearest":
            return Function.of("resize_as", Ref("x"), Ref("like"), mode=self.mode, align_corners=True)
        return Function.of("resize_as", Ref("x"), Ref("like"), mode=self.mode)


class PixelShuffle(Block):
    """Lays r² channels out as an r×r field of pixels: a larger image without new numbers.

    x: (N, C·r², H, W) -> y: (N, C, r·H, r·W).
    """

    title: ClassVar = "Pixel shuffle"
    category: ClassVar = Category.POOLING
    whole_numbers: ClassVar = True
    keeps_numbers: ClassVar = True
    keywords: ClassVar = ("sub-pixel", "depth to space", "super-resolution", "upsample")
    reference: ClassVar = Reference(
        "Shi, Caballero, Huszár, Totz, Aitken, Bishop, Rueckert, Wang",
        2016,
        "Real-time single image and video super-resolution using an efficient sub-pixel convolutional neural network",
    )
    inputs: ClassVar = _INPUTS
    examples: ClassVar = (({}, {"x": _FOUR}), ({"scale": 1}, {"x": _IMAGE}))

    scale: Annotated[int, Param("Scale", "How many times higher and wider.", ge=1)] = 2

    def tell(self) -> str:
        return f"×{self.scale}"

    def build(self, inputs: Specs) -> Expression:
        channels, field = inputs["x"].length(1), self.scale**2
        if channels % field:
            more = (channels // field + 1) * field
            raise Refusal(
                f"Pixel shuffle by {self.scale} needs a multiple of {field} channels; {channels} arrive.",
                port="x",
                parameter="scale",
                expected=f"N×{more}×H×W",
                hints=(ChangeChannels("x", more), SetParameterHint("scale", 1)),
            )
        return Function.of("F.pixel_shuffle", Ref("x"), self.scale)


class PixelUnshuffle(Block):
    """Stacks each r×r field of pixels as r² channels: a smaller image without loss.

    x: (N, C, r·H, r·W) -> y: (N, C·r², H, W).
    """

    title: ClassVar = "Pixel unshuffle"
    category: ClassVar = Category.POOLING
    whole_numbers: ClassVar = True
    keeps_numbers: ClassVar = True
    keywords: ClassVar = ("space to depth", "reorganise", "downsample", "patches")
    reference: ClassVar = Reference(
        "Shi, Caballero, Huszár, Totz, Aitken, Bishop, Rueckert, Wang",
        2016,
        "Real-time single image and video super-resolution using an efficient sub-pixel convolutional neural network",
    )
    inputs: ClassVar = _INPUTS
    examples: ClassVar = (({}, {"x": _IMAGE}), ({"scale": 1}, {"x": _IMAGE}))

    scale: Annotated[int, Param("Scale", "How many times lower and narrower.", ge=1)] = 2

    def tell(self) -> str:
        return f"÷{self.scale}"

    def build(self, inputs: Specs) -> Expression:
        x = inputs["x"]
        for length, side in zip(x.shape[2:], ("high", "wide"), strict=True):
            if isinstance(length, int) and length % self.scale:
                raise Refusal(
                    f"Pixel unshuffle by {self.scale} needs a size that {self.scale} divides; "
                    f"the image is {length} pixels {side}.",
                    port="x",
                    parameter="scale",
                    hints=(SetParameterHint("scale", 1),),
                )
        return Function.of("F.pixel_unshuffle", Ref("x"), self.scale)
