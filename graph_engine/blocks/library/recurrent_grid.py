"""Grid LSTM: cells with a memory along each dimension of a grid, and whole grids over vectors, sequences and images."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from graph_engine.blocks.block import Block, Category, Input, Output, Param, Reference, Specs
from graph_engine.blocks.call import Layer
from graph_engine.blocks.refusal import ChangeChannels, Refusal
from graph_engine.blocks.tensor import Kind, N, TensorSpec

_VECTOR = TensorSpec((N, 3))
_GRID = Reference("Kalchbrenner, Danihelka, Graves", 2015, "Grid long short-term memory")
_KEYWORDS = ("recurrent", "memory", "multidimensional", "2-d lstm", "depth")
_PRIORITY = Param("Priority", "The last dimension sees the new hidden vectors of the others, not those that came in.")


def _inputs(dimensions: int) -> tuple[Input, ...]:
    """A hidden and a memory vector for each dimension."""
    return tuple(
        Input(f"{letter}{place}", (Kind.VECTOR,), f"{what} vector that comes along dimension {place}")
        for place in range(1, dimensions + 1)
        for letter, what in (("h", "hidden"), ("m", "memory"))
    )


def _outputs(dimensions: int) -> tuple[Output, ...]:
    return tuple(
        Output(f"{letter}{place}_next", help=f"{what} vector that goes on along dimension {place}")
        for place in range(1, dimensions + 1)
        for letter, what in (("h", "hidden"), ("m", "memory"))
    )


def _cell(inputs: Specs, title: str, *, priority: bool) -> Layer:
    """The cell for vectors of one length.

    Raises: Refusal.
    """
    first = inputs["h1"]
    for port, spec in inputs.items():
        if spec.shape != first.shape:
            raise Refusal(
                f"All vectors of a {title} must be of one length: {first} arrives at h1 and {spec} at {port}.",
                port=port,
                expected=str(first),
                hints=(ChangeChannels(port, first.length(1)),),
            )
    return Layer.of("GridLSTMCell", first.length(1), len(inputs) // 2, priority=priority)


class GridLstmCell1d(Block):
    """A layer of a deep network with a memory beside what it computes, both handed from layer to layer.

    h1, m1: (N, C) -> h1_next: (N, C), m1_next: (N, C). u, f, o = σ(W h + b), c = tanh(W h + b), m' = f·m + u·c,
    h' = tanh(o·m'), each gate with its own W and b. Parameters: 4 C² + 4 C.
    """

    title: ClassVar = "Grid LSTM cell 1-D"
    category: ClassVar = Category.RECURRENT
    keywords: ClassVar = (*_KEYWORDS, "highway")
    reference: ClassVar = _GRID
    inputs: ClassVar = _inputs(1)
    outputs: ClassVar = _outputs(1)
    examples: ClassVar = (({}, {port.name: _VECTOR for port in _inputs(1)}),)

    def build(self, inputs: Specs) -> Layer:
        return _cell(inputs, self.title, priority=False)


class GridLstmCell2d(Block):
    """A place of a grid of two dimensions, such as time and depth: each has its own memory and LSTM transform.

    hₖ, mₖ: (N, C) -> h1_next: (N, C), and so on for each. H is h1 and h2, one behind the other; along dimension k:
    u, f, o = σ(Wₖ H + bₖ), c = tanh(Wₖ H + bₖ), mₖ' = f·mₖ + u·c, hₖ' = tanh(o·mₖ').
    Parameters: 2 (8 C² + 4 C).
    """

    title: ClassVar = "Grid LSTM cell 2-D"
    category: ClassVar = Category.RECURRENT
    keywords: ClassVar = _KEYWORDS
    reference: ClassVar = _GRID
    inputs: ClassVar = _inputs(2)
    outputs: ClassVar = _outputs(2)
    examples: ClassVar = (
        ({}, {port.name: _VECTOR for port in _inputs(2)}),
        ({"priority": True}, {port.name: _VECTOR for port in _inputs(2)}),
    )

    priority: Annotated[bool, _PRIORITY] = False

    def tell(self) -> str:
        return "priority" if self.priority else ""

    def build(self, inputs: Specs) -> Layer:
        return _cell(inputs, self.title, priority=self.priority)


class GridLstmCell3d(Block):
    """A place of a grid of three dimensions, such as rows, columns and depth: each has its own memory and transform.

    hₖ, mₖ: (N, C) -> h1_next: (N, C), and so on for each. H is h1, h2 and h3, one behind the other; along dimension k:
    u, f, o = σ(Wₖ H + bₖ), c = tanh(Wₖ H + bₖ), mₖ' = f·mₖ + u·c, hₖ' = tanh(o·mₖ').
    Parameters: 3 (12 C² + 4 C).
    """

    title: ClassVar = "Grid LSTM cell 3-D"
    category: ClassVar = Category.RECURRENT
    keywords: ClassVar = _KEYWORDS
    reference: ClassVar = _GRID
    inputs: ClassVar = _inputs(3)
    outputs: ClassVar = _outputs(3)
    examples: ClassVar = (
        ({}, {port.name: _VECTOR for port in _inputs(3)}),
        ({"priority": True}, {port.name: _VECTOR for port in _inputs(3)}),
    )

    priority: Annotated[bool, _PRIORITY] = False

    def tell(self) -> str:
        return "priority" if self.priority else ""

    def build(self, inputs: Specs) -> Layer:
        return _cell(inputs, self.title, priority=self.priority)


class GridLstm(Block):
    """Layers of LSTMs with memories from layer to layer too: a grid of the dimensions of x, and of depth.

    x: (N, C) -> y: (N, features), a grid of depth alone; x: (N, T, E) -> y: (N, T, features), of time and depth;
    x: (N, C, H, W) -> y: (N, features, H, W), of rows, columns and depth. A linear layer makes of each place of x the
    hidden and memory vector that enter at the foot; y is the hidden vectors that leave the top.
    """

    title: ClassVar = "Grid LSTM"
    category: ClassVar = Category.RECURRENT
    keywords: ClassVar = _KEYWORDS
    reference: ClassVar = _GRID
    inputs: ClassVar = (Input("x", (Kind.SEQUENCE, Kind.IMAGE, Kind.VECTOR), "sequence, image or vector"),)
    examples: ClassVar = (
        ({"features": 3}, {"x": TensorSpec((N, 4, 2))}),
        ({"features": 3, "layers": 1, "priority": True}, {"x": TensorSpec((N, 4, 2))}),
        ({"features": 2, "layers": 3, "tied": True}, {"x": TensorSpec((N, 4))}),
        ({"features": 2, "tied": True, "corners": "4"}, {"x": TensorSpec((N, 3, 2, 4))}),
        ({"features": 2, "priority": True}, {"x": TensorSpec((N, 2, 3, 2))}),
    )

    features: Annotated[int, Param("Features", "Length of each hidden and memory vector.", ge=1)] = 64
    layers: Annotated[int, Param("Layers", "How many cells lie one upon the other.", ge=1, le=64)] = 2
    tied: Annotated[bool, Param("Tied", "All layers share one cell's weights.")] = False
    priority: Annotated[bool, Param("Priority", "Depth sees the new hidden vectors of the other dimensions.")] = False
    corners: Annotated[
        Literal["1", "4"],
        Param("Corners", "Where layers over an image start: all at the upper left, or at the four corners in turn."),
    ] = "1"

    def tell(self) -> str:
        layers = f"{self.layers} layers" if self.layers > 1 else "1 layer"
        return f"{self.features} · {layers}{' tied' if self.tied and self.layers > 1 else ''}"

    def build(self, inputs: Specs) -> Layer:
        x = inputs["x"]
        along = {3: {1: "steps"}, 4: {2: "rows", 3: "columns"}}.get(x.rank, {})
        for axis, what in along.items():
            if not isinstance(x.shape[axis], int):
                raise Refusal(
                    f"{self.title} goes step by step, so it must know how many {what} there are, and {x} arrives. "
                    f"Give the input it comes from a number in place of {x.shape[axis]}.",
                    port="x",
                    expected=f"a known number of {what}",
                )
        arriving = x.length(1 if x.rank == 4 else -1)
        if x.rank == 2:
            return Layer.of("GridLSTM1d", arriving, self.features, self.layers, tied=self.tied)
        if x.rank == 3:
            return Layer.of("GridLSTM2d", arriving, self.features, self.layers, tied=self.tied, priority=self.priority)
        return Layer.of(
            "GridLSTM3d",
            arriving,
            self.features,
            self.layers,
            tied=self.tied,
            priority=self.priority,
            corners=int(self.corners),
        )
