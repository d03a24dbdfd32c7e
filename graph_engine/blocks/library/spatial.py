"""Blocks that look at an image through a transformation: spatial transformers, glimpses, coordinates."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal

from graph_engine.blocks.block import Block, Category, Input, Param, Reference, Specs
from graph_engine.blocks.call import Expression, Function, Layer, Ref
from graph_engine.blocks.parameter import Pair, Shape
from graph_engine.blocks.refusal import InsertBlock, Refusal, SetParameterHint
from graph_engine.blocks.tensor import Kind, N, TensorSpec
from graph_engine.blocks.windows import both, pair_text

_IMAGE = TensorSpec((N, 3, 6, 7))
_JADERBERG = Reference("Jaderberg, Simonyan, Zisserman, Kavukcuoglu", 2015, "Spatial transformer networks")

_Transform = Literal["affine", "similarity", "attention", "translation", "rotation"]
_NUMBERS = {"affine": 6, "similarity": 4, "attention": 3, "translation": 2, "rotation": 1}
"""Transformation → how many numbers say it."""
_Coordinates = Literal["edges", "centres", "pixels"]
_LARGEST_SIDE = 4096
"""Pixels: what is wider than this was not meant."""

_TRANSFORM = Param(
    "Transformation",
    "What may be done to the image: affine takes 6 numbers; similarity scale, angle, x, y; attention scale, x, y; "
    "translation x, y; rotation an angle.",
)
_SIZE = Param("Size", "Height and width of the result; 0: that of the image.", ge=0, le=_LARGEST_SIDE, unit="px")
_COORDINATES = Param(
    "Coordinates",
    "−1 and 1 are the edges of the image (align_corners off), the centres of its corner pixels (align_corners on), or "
    "pixels are counted from 0.",
    advanced=True,
)


class SpatialTransform(Block):
    """Takes each pixel of the result from where numbers that the network computed say: x' = A x + b.

    x: (N, C, H, W), theta: (N, 6) -> y: (N, C, size, size), read bilinearly at A·(column, row) + b. theta is A and b
    row by row, (1, 0, 0, 0, 1, 0) leaving all in place, or the fewer numbers of a simpler transformation. Places run
    from −1 to 1 over the image and over the result. In pixels, counted from 0 at the centre of the first, theta
    (0, ½, 0.6, 1, 0, 0.4) sends (2, 2) to (1.6, 2.4), where four pixels count 0.24, 0.36, 0.16 and 0.24.
    """

    title: ClassVar = "Spatial transform"
    category: ClassVar = Category.SPATIAL
    keywords: ClassVar = ("affine_grid", "grid_sample", "warp", "rotate", "scale", "crop", "sampler", "stn")
    reference: ClassVar = _JADERBERG
    inputs: ClassVar = (
        Input("x", (Kind.IMAGE,), "the image"),
        Input("theta", (Kind.VECTOR,), "the numbers of the transformation"),
    )
    examples: ClassVar = (
        ({}, {"x": _IMAGE, "theta": TensorSpec((N, 6))}),
        ({"transform": "similarity", "coordinates": "centres"}, {"x": _IMAGE, "theta": TensorSpec((N, 4))}),
        ({"transform": "attention", "size": [4, 0]}, {"x": _IMAGE, "theta": TensorSpec((N, 3))}),
        ({"transform": "translation", "coordinates": "pixels"}, {"x": _IMAGE, "theta": TensorSpec((N, 2))}),
        ({"transform": "rotation", "padding": "border"}, {"x": _IMAGE, "theta": TensorSpec((N, 1))}),
    )

    transform: Annotated[_Transform, _TRANSFORM] = "affine"
    size: Annotated[Pair, _SIZE] = 0
    coordinates: Annotated[_Coordinates, _COORDINATES] = "edges"
    interpolation: Annotated[
        Literal["bilinear", "bicubic", "nearest"],
        Param("Interpolation", "How a value between pixels is read; nearest teaches theta nothing.", advanced=True),
    ] = "bilinear"
    padding: Annotated[
        Literal["zeros", "border", "reflection"],
        Param("Padding", "What lies beyond the edges of the image.", advanced=True),
    ] = "zeros"

    def tell(self) -> str:
        return _told(self.transform, self.size)

    def build(self, inputs: Specs) -> Expression:
        numbers, arriving = _NUMBERS[self.transform], inputs["theta"].length(1)
        if arriving != numbers:
            fitting = next((name for name, count in _NUMBERS.items() if count == arriving), None)
            raise Refusal(
                f"The transformation {self.transform} takes {numbers} number{'s' if numbers > 1 else ''}, "
                f"and {arriving} arrive at theta.",
                port="theta",
                parameter="transform",
                expected=f"N×{numbers}",
                hints=(
                    InsertBlock("linear", "theta", (("features", numbers),)),
                    *((SetParameterHint("transform", fitting),) if fitting else ()),
                ),
            )
        options: dict[str, Any] = {"transform": self.transform} if self.transform != "affine" else {}
        options |= _placed(self.size, self.coordinates)
        options |= {"interpolation": self.interpolation} if self.interpolation != "bilinear" else {}
        options |= {"padding": self.padding} if self.padding != "zeros" else {}
        return Function.of("spatial_transform", Ref("x"), Ref("theta"), **options)


class SpatialTransformer(Block):
    """Lets a small network inside choose for each image how to turn, scale and move it, so that the next sees it well.

    x: (N, C, H, W) -> y: (N, C, size, size). The localisation net: convolutions, each with a 2×2 max pool and ReLU, a
    hidden linear layer and one that gives the transformation, which begins as the identity.
    """

    title: ClassVar = "Spatial transformer"
    category: ClassVar = Category.SPATIAL
    keywords: ClassVar = ("stn", "localisation", "attention", "affine", "invariance", "rotate", "crop", "warp")
    reference: ClassVar = _JADERBERG
    inputs: ClassVar = (Input("x", (Kind.IMAGE,), "the image"),)
    examples: ClassVar = (
        ({"maps": [2, 3], "kernels": [3, 3], "hidden": 5, "start": 0.1}, {"x": TensorSpec((N, 1, 12, 11))}),
        (
            {
                "transform": "attention",
                "maps": [2],
                "kernels": [2],
                "hidden": 8,
                "size": 3,
                "coordinates": "centres",
                "start": 0.2,
            },
            {"x": TensorSpec((N, 2, 6, 7))},
        ),
    )

    transform: Annotated[_Transform, _TRANSFORM] = "affine"
    size: Annotated[Pair, _SIZE] = 0
    maps: Annotated[Shape, Param("Maps", "Channels of each convolution that looks for where things are.", ge=1)] = (
        8,
        10,
    )
    kernels: Annotated[Shape, Param("Kernels", "Height and width of each of them.", ge=1)] = (7, 5)
    hidden: Annotated[int, Param("Hidden", "Units of the hidden layer before the numbers.", ge=1)] = 32
    coordinates: Annotated[_Coordinates, _COORDINATES] = "edges"
    start: Annotated[
        float,
        Param(
            "Start",
            "Deviation of the last layer's first weights; at 0 every image passes unchanged at first.",
            ge=0,
            le=1,
            advanced=True,
        ),
    ] = 0.0

    def tell(self) -> str:
        return _told(self.transform, self.size)

    def build(self, inputs: Specs) -> Layer:
        x = inputs["x"]
        image = (x.length(1), x.length(2), x.length(3))
        maps, kernels = (_numbers(self.title, name, value) for name, value in self._lists().items())
        if len(maps) != len(kernels):
            raise Refusal(
                f"There are {len(maps)} maps and {len(kernels)} kernels: each convolution has one of both.",
                parameter="kernels",
                hints=(SetParameterHint("kernels", [3] * len(maps)),),
            )
        _check_room(image, kernels)
        options: dict[str, Any] = {"transform": self.transform} if self.transform != "affine" else {}
        options |= _placed(self.size, self.coordinates)
        options |= {"start": self.start} if self.start else {}
        return Layer.of("SpatialTransformer", image, maps, kernels, self.hidden, **options)

    def _lists(self) -> dict[str, Shape]:
        return {"maps": self.maps, "kernels": self.kernels}


class Glimpse(Block):
    """Looks at one place: sharply at its middle, and ever more coarsely around it, as an eye does.

    x: (N, C, H, W), location: (N, 2) -> y: (N, patches·C, size, size). The location is (x, y), from (−1, −1) at the
    upper left corner to (1, 1) at the lower right one. Patch i is size·factorⁱ pixels wide and averaged to size.
    """

    title: ClassVar = "Glimpse"
    category: ClassVar = Category.SPATIAL
    keywords: ClassVar = ("ram", "retina", "foveal", "visual attention", "crop", "recurrent attention model")
    reference: ClassVar = Reference("Mnih, Heess, Graves, Kavukcuoglu", 2014, "Recurrent models of visual attention")
    inputs: ClassVar = (
        Input("x", (Kind.IMAGE,), "the image"),
        Input("location", (Kind.VECTOR,), "where to look: x and y, −1 to 1"),
    )
    examples: ClassVar = (
        ({"size": 2}, {"x": _IMAGE, "location": TensorSpec((N, 2))}),
        ({"size": 3, "patches": 2, "factor": 3}, {"x": _IMAGE, "location": TensorSpec((N, 2))}),
    )

    size: Annotated[int, Param("Size", "Height and width of every patch in the end.", ge=1, unit="px")] = 8
    patches: Annotated[int, Param("Patches", "How many, each larger than the one before.", ge=1, le=8)] = 3
    factor: Annotated[int, Param("Factor", "How many times wider each patch is.", ge=2, le=8)] = 2

    def tell(self) -> str:
        return f"{self.patches} × {self.size}×{self.size}"

    def build(self, inputs: Specs) -> Expression:
        arriving = inputs["location"].length(1)
        if arriving != 2:
            raise Refusal(
                f"A location is two numbers, x and y; {arriving} arrive.",
                port="location",
                expected="N×2",
                hints=(InsertBlock("linear", "location", (("features", 2),)),),
            )
        widest = self.size * self.factor ** (self.patches - 1)
        if widest > _LARGEST_SIDE:
            raise Refusal(
                f"The last of {self.patches} patches would be {widest} pixels wide, and {_LARGEST_SIDE} is the most. "
                "Take fewer patches, or smaller ones.",
                parameter="size" if self.size > _LARGEST_SIDE else "patches",
                hints=(SetParameterHint("patches", 1),) if self.size <= _LARGEST_SIDE else (),
            )
        return Function.of("glimpse", Ref("x"), Ref("location"), self.size, self.patches, self.factor)


class CoordinateChannels(Block):
    """Tells every pixel where it lies, so that the convolution after it can tell places apart.

    x: (N, C, H, W) -> y: (N, C + 2, H, W), or C + 3 with the distance. Row and column go from −1 to 1; the distance is
    that from the middle. With a convolution after it, this is a CoordConv.
    """

    title: ClassVar = "Coordinate channels"
    category: ClassVar = Category.SPATIAL
    keywords: ClassVar = ("coordconv", "addcoords", "position", "place", "row", "column")
    reference: ClassVar = Reference(
        "Liu, Lehman, Molino, Petroski Such, Frank, Sergeev, Yosinski",
        2018,
        "An intriguing failing of convolutional neural networks and the CoordConv solution",
    )
    inputs: ClassVar = (Input("x", (Kind.IMAGE,), "the image"),)
    examples: ClassVar = (({}, {"x": _IMAGE}), ({"distance": True}, {"x": TensorSpec((N, 2, 1, 4))}))

    distance: Annotated[bool, Param("Distance", "Also add how far a pixel is from the middle.")] = False

    def tell(self) -> str:
        return "+3" if self.distance else "+2"

    def build(self, inputs: Specs) -> Expression:
        options = {"distance": True} if self.distance else {}
        return Function.of("add_coordinates", Ref("x"), **options)


def _told(transform: str, size: Pair) -> str:
    return f"{transform} · {pair_text(size)}" if all(both(size)) else transform


def _placed(size: Pair, coordinates: str) -> dict[str, Any]:
    """Size and coordinates as options, left out where they are as torch has them."""
    options: dict[str, Any] = {"size": both(size)} if any(both(size)) else {}
    return options | ({"coordinates": coordinates} if coordinates != "edges" else {})


def _numbers(title: str, parameter: str, lengths: Shape) -> tuple[int, ...]:
    """Raises: Refusal where there are none, or letters."""
    numbers = tuple(length for length in lengths if isinstance(length, int))
    if not numbers or len(numbers) < len(lengths):
        raise Refusal(f"{title} takes one whole number or more for {parameter}, such as 8 × 10.", parameter=parameter)
    return numbers


def _check_room(image: tuple[int, int, int], kernels: tuple[int, ...]) -> None:
    """Refuse an image of which the convolutions and pools would leave nothing.

    Raises: Refusal naming the least size.
    """
    least = 1
    for kernel in reversed(kernels):
        least = 2 * least + kernel - 1
    if min(image[1:]) < least:
        raise Refusal(
            f"The localisation net needs an image of {least}×{least} pixels or more; {image[1]}×{image[2]} arrive. "
            "Use smaller kernels, or fewer.",
            port="x",
            parameter="kernels",
            expected=f"{least} pixels high and wide",
        )
