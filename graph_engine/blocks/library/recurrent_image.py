"""Recurrent layers over the frames, rows and diagonals of images."""

from __future__ import annotations

from typing import Annotated, ClassVar

from graph_engine.blocks.block import Block, Category, Input, Output, Param, Reference, Specs
from graph_engine.blocks.call import Layer
from graph_engine.blocks.refusal import ChangeChannels, Refusal, SetParameterHint
from graph_engine.blocks.tensor import Kind, N, TensorSpec

_FILM, _IMAGE, _COLOUR = TensorSpec((N, 3, 2, 4, 5)), TensorSpec((N, 4, 4, 5)), TensorSpec((N, 3, 3, 4))
_STATE = TensorSpec((N, 2, 4, 5))
_PIXEL_RNN = Reference("Van den Oord, Kalchbrenner, Kavukcuoglu", 2016, "Pixel recurrent neural networks")


def _check_known(x: TensorSpec, axes: dict[int, str], why: str) -> None:
    """Refuse an axis along which a layer goes step by step, where its length is known only when data comes.

    Raises: Refusal.
    """
    for axis, what in axes.items():
        if not isinstance(x.shape[axis], int):
            raise Refusal(
                f"{why}, so it must know how many {what} there are, and {x} arrives. "
                f"Give the input it comes from a number in place of {x.shape[axis]}.",
                port="x",
                expected=f"a known number of {what}",
            )


def _check_odd(kernel: int, title: str) -> None:
    """Raises: Refusal."""
    if kernel % 2 == 0:
        raise Refusal(
            f"{title} needs an odd kernel, so that the state keeps its size; {kernel} is even.",
            parameter="kernel",
            expected="1, 3, 5, …",
            hints=(SetParameterHint("kernel", kernel + 1),),
        )


def _check_colours(colours: int, arriving: int, channels: int) -> None:
    """Raises: Refusal."""
    for count, what in ((arriving, f"the {arriving} channels that arrive."), (channels, f"Channels ({channels}).")):
        if count % colours:
            raise Refusal(
                f"Colours = {colours} must divide {what}",
                parameter="colours",
                hints=(SetParameterHint("colours", 1),),
            )


class ConvLstm(Block):
    """Follows a film frame by frame: an LSTM whose state is an image and whose products are convolutions.

    x: (N, T, C, H, W), h0 and c0: (N, channels, H, W) -> y: (N, T, channels, H, W), the states of all frames; h and c:
    those after the last. To foretell frames, the h and c of an encoder start those of a forecaster; else they start as
    zeros. Parameters: 4 channels (k² (C + channels) + 1), and 3 channels H W of peepholes.
    """

    title: ClassVar = "Convolutional LSTM"
    category: ClassVar = Category.RECURRENT
    keywords: ClassVar = ("convlstm", "video", "film", "frames", "nowcasting", "spatiotemporal", "recurrent")
    reference: ClassVar = Reference(
        "Shi, Chen, Wang, Yeung, Wong, Woo",
        2015,
        "Convolutional LSTM network: a machine learning approach for precipitation nowcasting",
    )
    inputs: ClassVar = (
        Input("x", (Kind.VOLUME,), "the film: frames before channels, N×T×C×H×W"),
        Input("h0", (Kind.IMAGE,), "the first state", optional=True),
        Input("c0", (Kind.IMAGE,), "the first memory", optional=True),
    )
    outputs: ClassVar = (
        Output("y", help="the state at each frame"),
        Output("h", help="the last state"),
        Output("c", help="the last memory"),
    )
    examples: ClassVar = (
        ({"channels": 2}, {"x": _FILM}),
        ({"channels": 2, "kernel": 1, "peephole": True}, {"x": _FILM, "h0": _STATE, "c0": _STATE}),
        ({"channels": 3, "kernel": 5, "bias": False}, {"x": _FILM}),
    )

    channels: Annotated[int, Param("Channels", "How many maps the state has.", ge=1)] = 32
    kernel: Annotated[int, Param("Kernel", "Height and width of the filters; odd.", ge=1, unit="px")] = 3
    bias: Annotated[bool, Param("Bias", "Learned offsets of the gates.")] = True
    peephole: Annotated[
        bool, Param("Peepholes", "The gates also see the memory, with a weight for each place; H and W must be known.")
    ] = False

    def tell(self) -> str:
        return f"{self.kernel}×{self.kernel} · {self.channels}"

    def build(self, inputs: Specs) -> Layer:
        x = inputs["x"]
        _check_odd(self.kernel, self.title)
        _check_known(x, {1: "frames"}, f"{self.title} goes from frame to frame")
        if self.peephole:
            _check_known(x, {3: "rows", 4: "columns"}, "A peephole has a weight for each place")
        if ("h0" in inputs) != ("c0" in inputs):
            given, missing = ("h0", "c0") if "h0" in inputs else ("c0", "h0")
            raise Refusal(
                f"{self.title} has {given} and no {missing} to start from. Wire both, or neither: then they are zeros.",
                port=given,
            )
        wanted = TensorSpec((x.shape[0], self.channels, *x.shape[3:]))
        for port in ("h0", "c0"):
            if port in inputs and inputs[port].shape != wanted.shape:
                raise Refusal(
                    f"The state {port} must have the size of a frame and {self.channels} channels, {wanted}; "
                    f"{inputs[port]} arrives.",
                    port=port,
                    expected=str(wanted),
                    hints=(ChangeChannels(port, self.channels),) if inputs[port].shape[2:] == wanted.shape[2:] else (),
                )
        size = (x.length(3), x.length(4)) if self.peephole else None
        return Layer.of("ConvLSTM", x.length(2), self.channels, self.kernel, bias=self.bias, peephole_size=size)


class RowLstm(Block):
    """Goes down an image row by row, so that each pixel knows those above it in a widening triangle.

    x: (N, C, H, W) -> y: (N, C, H, W), with the residual; else (N, channels, H, W). No pixel sees a later one, so
    the first layer of a network needs a masked convolution of type A before it. In the paper C is twice the channels.
    """

    title: ClassVar = "Row LSTM"
    category: ClassVar = Category.RECURRENT
    keywords: ClassVar = ("pixelrnn", "autoregressive", "generative", "image", "causal", "mask")
    reference: ClassVar = _PIXEL_RNN
    inputs: ClassVar = (Input("x", (Kind.IMAGE,), "the image"),)
    examples: ClassVar = (
        ({"channels": 2}, {"x": _IMAGE}),
        ({"channels": 6, "kernel": 5, "colours": 3}, {"x": _COLOUR}),
        ({"channels": 3, "kernel": 1, "residual": False}, {"x": _IMAGE}),
    )

    channels: Annotated[int, Param("Channels", "How many maps the state has.", ge=1)] = 32
    kernel: Annotated[int, Param("Kernel", "How many pixels of a row a filter sees; odd.", ge=1, unit="px")] = 3
    colours: Annotated[int, Param("Colours", "Channels are split into this many, drawn one after the other.", ge=1)] = 1
    residual: Annotated[bool, Param("Residual", "Widen the state to the channels of x with 1×1 and add x.")] = True

    def tell(self) -> str:
        return f"1×{self.kernel} · {self.channels}"

    def build(self, inputs: Specs) -> Layer:
        x = inputs["x"]
        _check_odd(self.kernel, self.title)
        _check_colours(self.colours, x.length(1), self.channels)
        _check_known(x, {2: "rows"}, f"{self.title} goes from row to row")
        return Layer.of(
            "RowLSTM", x.length(1), self.channels, self.kernel, colours=self.colours, residual=self.residual
        )


class DiagonalLstm(Block):
    """Goes over the diagonals of an image from both upper corners, so that each pixel knows all before it.

    x: (N, C, H, W) -> y: (N, C, H, W), with the residual; else (N, channels, H, W). No pixel sees a later one, so
    the first layer of a network needs a masked convolution of type A before it. In the paper C is twice the channels.
    """

    title: ClassVar = "Diagonal BiLSTM"
    category: ClassVar = Category.RECURRENT
    keywords: ClassVar = ("pixelrnn", "autoregressive", "generative", "image", "causal", "skew", "bidirectional")
    reference: ClassVar = _PIXEL_RNN
    inputs: ClassVar = (Input("x", (Kind.IMAGE,), "the image"),)
    examples: ClassVar = (
        ({"channels": 2}, {"x": _IMAGE}),
        ({"channels": 6, "colours": 3}, {"x": _COLOUR}),
        ({"channels": 3, "residual": False}, {"x": _IMAGE}),
    )

    channels: Annotated[int, Param("Channels", "How many maps the state of each direction has.", ge=1)] = 32
    colours: Annotated[int, Param("Colours", "Channels are split into this many, drawn one after the other.", ge=1)] = 1
    residual: Annotated[bool, Param("Residual", "Widen the states to the channels of x with 1×1 and add x.")] = True

    def tell(self) -> str:
        return f"2 directions · {self.channels}"

    def build(self, inputs: Specs) -> Layer:
        x = inputs["x"]
        _check_colours(self.colours, x.length(1), self.channels)
        _check_known(x, {2: "rows", 3: "columns"}, f"{self.title} goes from diagonal to diagonal")
        return Layer.of("DiagonalLSTM", x.length(1), self.channels, colours=self.colours, residual=self.residual)
