"""Where paths meet: add, subtract, multiply, concat and the residual join."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal

from graph_engine.blocks.block import Block, Category, Input, Param, Reference, Specs
from graph_engine.blocks.call import Expression, Function, Infix, Layer, Ref
from graph_engine.blocks.refusal import ChangeChannels, InsertBlock, Refusal, SetParameterHint
from graph_engine.blocks.tensor import Axis, Dim, Kind, N, TensorSpec

_SMALL, _WIDE = TensorSpec((N, 3, 8, 8)), TensorSpec((N, 6, 4, 4))
_PAIR: tuple[dict[str, Any], dict[str, TensorSpec]] = ({}, {"xs.0": _SMALL, "xs.1": _SMALL})
_SPREAD: tuple[dict[str, Any], dict[str, TensorSpec]] = (
    {},
    {"xs.0": TensorSpec((N, 3, 1)), "xs.1": TensorSpec((N, 1, 4))},
)


def _check_equal(title: str, inputs: Specs, *, repeats: bool = False) -> None:
    """Refuse inputs of different shapes, offering what can make them equal.

    `repeats`: where one has length 1 along an axis, it counts for every place there.
    """
    ports = inputs.slots("xs")
    first = inputs[ports[0]]
    for at, port in enumerate(ports[1:], 1):
        other = inputs[port]
        if other.shape == first.shape or (repeats and all(other.repeats_over(inputs[each]) for each in ports[:at])):
            continue
        hints: tuple[InsertBlock | ChangeChannels, ...] = ()
        if first.rank == other.rank and first.rank in (2, 4) and _same_but_channels(first.shape, other.shape):
            channels = first.length(1)
            projection = (
                InsertBlock("conv2d", port, (("channels", channels), ("kernel", 1)))
                if first.rank == 4
                else InsertBlock("linear", port, (("features", channels),))
            )
            hints = (projection, ChangeChannels(port, channels))
        raise Refusal(
            f"{title} needs equal shapes: {first} and {other} arrive.", port=port, expected=str(first), hints=hints
        )


def _same_but_channels(a: tuple[Dim, ...], b: tuple[Dim, ...]) -> bool:
    return all(left == right for axis, (left, right) in enumerate(zip(a, b, strict=True)) if axis != 1)


class Add(Block):
    """Adds its inputs element by element.

    xs: two or more of one shape -> y: that shape. One with length 1 along an axis is added at every place there.
    """

    title: ClassVar = "Add"
    category: ClassVar = Category.SKIP
    whole_numbers: ClassVar = True
    keywords: ClassVar = ("sum", "plus", "skip", "merge", "residual")
    inputs: ClassVar = (Input("xs", variadic=True, help="what is added"),)
    examples: ClassVar = (_PAIR, ({}, {"xs.0": _SMALL, "xs.1": _SMALL, "xs.2": _SMALL}), _SPREAD)

    def build(self, inputs: Specs) -> Expression:
        _check_equal(self.title, inputs, repeats=True)
        return Infix("+", tuple(Ref(port) for port in inputs.slots("xs")))


class Subtract(Block):
    """Takes the second input from the first, element by element: y = x₀ − x₁ − ….

    xs: two or more of one shape -> y: that shape. One with length 1 along an axis counts for every place there.
    """

    title: ClassVar = "Subtract"
    category: ClassVar = Category.SKIP
    whole_numbers: ClassVar = True
    keywords: ClassVar = ("minus", "difference", "merge")
    inputs: ClassVar = (Input("xs", variadic=True, help="the first, and what is taken from it"),)
    examples: ClassVar = (_PAIR, _SPREAD)

    def build(self, inputs: Specs) -> Expression:
        _check_equal(self.title, inputs, repeats=True)
        return Infix("-", tuple(Ref(port) for port in inputs.slots("xs")))


class Multiply(Block):
    """Multiplies its inputs element by element, as a gate does.

    xs: two or more of one shape -> y: that shape. One with length 1 along an axis counts for every place there: a
    number for each channel, (N, C, 1, 1), weighs an image, and (N, S, 1) times (N, 1, E) is an outer product.
    """

    title: ClassVar = "Multiply"
    category: ClassVar = Category.SKIP
    whole_numbers: ClassVar = True
    keywords: ClassVar = ("product", "gate", "times", "merge")
    inputs: ClassVar = (Input("xs", variadic=True, help="what is multiplied"),)
    examples: ClassVar = (_PAIR, _SPREAD)

    def build(self, inputs: Specs) -> Expression:
        _check_equal(self.title, inputs, repeats=True)
        return Infix("*", tuple(Ref(port) for port in inputs.slots("xs")))


class Concat(Block):
    """Puts its inputs side by side along one axis.

    xs: two or more that agree in every other axis -> y: (N, C₁ + C₂ + …, H, W) for axis 1.
    """

    title: ClassVar = "Concat"
    category: ClassVar = Category.SKIP
    whole_numbers: ClassVar = True
    keeps_numbers: ClassVar = True
    keywords: ClassVar = ("concatenate", "join", "stack", "merge", "dense")
    inputs: ClassVar = (Input("xs", variadic=True, help="what is joined"),)
    examples: ClassVar = (_PAIR, ({"axis": -1}, {"xs.0": TensorSpec((N, 3)), "xs.1": TensorSpec((N, 4))}))

    axis: Annotated[int, Param("Axis", "Along which the inputs are joined; 1 is channels, −1 the last.")] = 1

    def tell(self) -> str:
        return f"axis {self.axis}"

    def build(self, inputs: Specs) -> Expression:
        ports = inputs.slots("xs")
        first = inputs[ports[0]]
        if first.rank < 2:
            raise Refusal(
                f"What arrives, {first}, has no axis beside the batch along which it could be joined. "
                + ("Stack makes one." if first.rank else "A loss is a single number."),
                port=ports[0],
            )
        if self.axis % first.rank == 0 or not -first.rank <= self.axis < first.rank:
            raise Refusal(
                f"Axis {self.axis} can't be joined: {first} has {first.axes} beside the batch.",
                parameter="axis",
                hints=(SetParameterHint("axis", 1),),
            )
        axis = self.axis % first.rank
        for port in ports[1:]:
            shape = inputs[port].shape
            agree = len(shape) == first.rank and all(
                left == right for at, (left, right) in enumerate(zip(first.shape, shape, strict=True)) if at != axis
            )
            if not agree:
                raise Refusal(
                    f"Concat along axis {self.axis} needs every other axis equal: {first} and {inputs[port]} arrive.",
                    port=port,
                    expected=str(first),
                )
        return Function.of("torch.cat", [Ref(port) for port in ports], dim=self.axis)


class Stack(Block):
    """Lays its inputs on each other along an axis of their own.

    xs: two or more of one shape -> y: that shape with an axis more, as long as there are inputs: (N, n, C) for axis 1.
    """

    title: ClassVar = "Stack"
    category: ClassVar = Category.SKIP
    whole_numbers: ClassVar = True
    keeps_numbers: ClassVar = True
    keywords: ClassVar = ("new axis", "join", "merge", "frames", "sequence")
    inputs: ClassVar = (Input("xs", variadic=True, help="what is laid on each other"),)
    examples: ClassVar = (_PAIR, ({"axis": -1}, {"xs.0": TensorSpec((N, 3)), "xs.1": TensorSpec((N, 3))}))

    axis: Annotated[int, Param("Axis", "Which the new one is; 1 comes after the batch, −1 is the last.")] = 1

    def tell(self) -> str:
        return f"axis {self.axis}"

    def build(self, inputs: Specs) -> Expression:
        _check_equal(self.title, inputs)
        ports = inputs.slots("xs")
        rank = inputs[ports[0]].rank + 1  # of the result
        if rank == 1 or not -rank < self.axis < rank or self.axis == 0:
            raise Refusal(
                f"Axis {self.axis} can't be the new one: beside the batch there are axes 1 to {rank - 1}."
                if rank > 1
                else "Single numbers, such as losses, can't be stacked: they have no batch.",
                parameter="axis",
                hints=(SetParameterHint("axis", 1),) if rank > 1 else (),
            )
        return Function.of("torch.stack", [Ref(port) for port in ports], dim=self.axis)


class Residual(Block):
    """Adds what skips to what was computed: y = F(x) + x, with a projection where the shapes differ.

    x: what skips, f: what the wrapped layers made of it -> y: as f; (N, C, H, W), (N, C) or (N, T, E).
    The projection is a 1×1 convolution with batch norm (images; strided where f is smaller) or a linear layer
    (vectors, sequences). *Wrap in residual* on a selection places it.
    """

    title: ClassVar = "Residual"
    category: ClassVar = Category.SKIP
    keywords: ClassVar = ("skip", "shortcut", "resnet", "add", "identity")
    reference: ClassVar = Reference("He, Zhang, Ren, Sun", 2016, "Deep residual learning for image recognition")
    inputs: ClassVar = (
        Input("x", (Kind.IMAGE, Kind.VECTOR, Kind.SEQUENCE), "what skips"),
        Input("f", (Kind.IMAGE, Kind.VECTOR, Kind.SEQUENCE), "what the wrapped layers give"),
    )
    examples: ClassVar = (
        ({}, {"x": _SMALL, "f": _SMALL}),
        ({"activation": "none"}, {"x": _SMALL, "f": _WIDE}),
        ({}, {"x": TensorSpec((N, 5)), "f": TensorSpec((N, 7))}),
        ({}, {"x": TensorSpec((N, 3, 5)), "f": TensorSpec((N, 3, 7))}),
    )

    projection: Annotated[
        Literal["if needed", "never"], Param("Projection", "What adapts the skip to another shape.")
    ] = "if needed"
    activation: Annotated[Literal["relu", "none"], Param("Activation", "What follows the sum.")] = "relu"

    def tell(self) -> str:
        return "" if self.activation == "none" else "then ReLU"

    def build(self, inputs: Specs) -> Expression:
        x, f = inputs["x"], inputs["f"]
        total = Infix("+", (Ref("f"), Ref("x") if x.shape == f.shape else self._projected(x, f)))
        return Function.of("F.relu", total) if self.activation == "relu" else total

    def _projected(self, x: TensorSpec, f: TensorSpec) -> Expression:
        stride = _strides(x, f)
        if self.projection == "never":
            raise Refusal(
                f"What skips is {x}, what was computed {f}: without a projection they must be equal.",
                port="x",
                expected=str(f),
                hints=() if stride is None else (SetParameterHint("projection", "if needed"),),
            )
        if stride is None:
            may_differ = (
                "the height and width of f must be those of x, or those divided by a whole stride (rounded up)"
                if x.rank == f.rank == 4
                else "only the last axis may differ"
            )
            raise Refusal(f"No projection leads from {x} to {f}: {may_differ}.", port="f", expected=str(x))
        if not stride:
            return Layer.of("nn.Linear", x.length(-1), f.length(-1), name="projection").where_needed().on(Ref("x"))
        convolution = Layer.of(
            "nn.Conv2d",
            x.length(1),
            f.length(1),
            1,
            stride=stride[0] if len(set(stride)) == 1 else stride,
            bias=False,
            name="projection",
        )
        norm = Layer.of("nn.BatchNorm2d", f.length(1), name="projection_norm")
        return norm.where_needed().on(convolution.where_needed().on(Ref("x")))


def _strides(x: TensorSpec, f: TensorSpec) -> tuple[int, ...] | None:
    """The strides of what projects `x` to the shape of `f`, of features none; None if nothing does."""
    if x.rank != f.rank:
        return None
    if f.rank != 4:
        return () if x.shape[:-1] == f.shape[:-1] else None
    strides = [_stride(a, b) for a, b in zip(x.shape[2:], f.shape[2:], strict=True)]
    return tuple(each for each in strides if each) if None not in strides else None


def _stride(before: Dim, after: Dim) -> int | None:
    """The stride with which a 1×1 window goes from `before` to `after` positions; None if there is none."""
    if isinstance(before, Axis) or isinstance(after, Axis):
        return 1 if before == after else None
    stride = -(-before // after)
    return stride if -(-before // stride) == after else None
