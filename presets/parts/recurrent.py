"""Recurrent cells drawn from their gates, to be run over time: Elman (1990), Jordan (1986), LSTM, GRU, ConvLSTM."""

from __future__ import annotations

from typing import Any

from graph_engine.blocks import Reference
from graph_engine.document.builder import Builder, Port
from presets.parts.part import PartCategory, part

_LSTM = Reference("Gers, Schmidhuber, Cummins", 2000, "Learning to forget: continual prediction with LSTM")
_GRU = Reference(
    "Cho et al.", 2014, "Learning phrase representations using RNN encoder-decoder for statistical machine translation"
)

_ELMAN = Reference("Elman", 1990, "Finding structure in time")
_JORDAN = Reference("Jordan", 1986, "Attractor dynamics and parallelism in a connectionist sequential machine")
_GRID = Reference("Kalchbrenner, Danihelka, Graves", 2015, "Grid long short-term memory")
_CONV_LSTM = Reference(
    "Shi, Chen, Wang, Yeung, Wong, Woo",
    2015,
    "Convolutional LSTM network: a machine learning approach for precipitation nowcasting",
)


def _hidden(block: Builder) -> str:
    return block.expose("hidden", 128, "Hidden", "Length of the state.", least=1)


def _linear(block: Builder, x: Port) -> Port:
    return block.add("linear", x, features="=hidden")


def _gate(block: Builder, title: str, x: Port, h: Port) -> Port:
    """How far a gate is open, from what comes and what is remembered: σ(W x + U h)."""
    return block.add("sigmoid", block.add("add", _linear(block, x), _linear(block, h)), title=title)


@part(title="LSTM cell", category=PartCategory.RECURRENT, reference=_LSTM)
def lstm_cell(block: Builder) -> None:
    """One step of an LSTM: gates decide what of a long memory is kept, what enters and what leaves.

    y = h′ = o · tanh(c′), c′ = f · c + i · tanh(W x + U h). Run over time, a sequence x: (N, T, E) gives y: (N, T,
    hidden) and the last states h and c.
    """
    size = _hidden(block)
    x, h, c = block.input("x", 128), block.input("h", size), block.input("c", size)
    enter, forget, leave = (_gate(block, title, x, h) for title in ("Input gate", "Forget gate", "Output gate"))
    new = block.add("tanh", block.add("add", _linear(block, x), _linear(block, h)), title="Candidate")
    kept, added = block.add("multiply", forget, c), block.add("multiply", enter, new)
    memory = block.add("add", kept, added, title="Memory")
    y = block.add("multiply", leave, block.add("tanh", memory))
    block.output(y, "y")
    block.output(y, "h")
    block.output(memory, "c")


@part(title="GRU cell", category=PartCategory.RECURRENT, reference=_GRU)
def gru_cell(block: Builder) -> None:
    """One step of a GRU: one gate mixes the old state with a new one, another forgets for the new one.

    y = h′ = n + z · (h − n), n = tanh(W x + r · (U h)), as torch has it; the paper's is U (r · h). Run over time, a
    sequence x: (N, T, E) gives y: (N, T, hidden) and the last state h.
    """
    size = _hidden(block)
    x, h = block.input("x", 128), block.input("h", size)
    reset, update = (_gate(block, title, x, h) for title in ("Reset gate", "Update gate"))
    remembered = block.add("multiply", reset, _linear(block, h))
    new = block.add("tanh", block.add("add", _linear(block, x), remembered), title="Candidate")
    mixed = block.add("multiply", update, block.add("subtract", h, new))
    y = block.add("add", new, mixed)
    block.output(y, "y")
    block.output(y, "h")


@part(title="Elman cell", category=PartCategory.RECURRENT, reference=_ELMAN, keywords=("rnn", "simple", "vanilla"))
def elman_cell(block: Builder) -> None:
    """One step of a plain recurrent layer: hidden units that see their own last values.

    y = h′ = tanh(U x + W h + b). Run over time, a sequence x: (N, T, E) gives y: (N, T, hidden) and the last state h.
    """
    size = _hidden(block)
    x, h = block.input("x", 128), block.input("h", size)
    y = block.add("tanh", block.add("add", _linear(block, x), _linear(block, h)))
    block.output(y, "y")
    block.output(y, "h")


@part(title="Jordan cell", category=PartCategory.RECURRENT, reference=_JORDAN, keywords=("rnn", "output recurrence"))
def jordan_cell(block: Builder) -> None:
    """One step of a recurrent layer whose hidden units see what it last gave, not their own values.

    y = σ(W h + c), h = tanh(U x + V before + b), where before is the last y. Run over time, a sequence x: (N, T, E)
    gives y: (N, T, features).
    """
    size = _hidden(block)
    features = block.expose("features", 64, "Features", "How many numbers leave and come back.", least=1)
    x, before = block.input("x", 128), block.input("before", features)
    fed_back = block.add("linear", before, features=size, bias=False)
    hidden = block.add("tanh", block.add("add", _linear(block, x), fed_back), title="Hidden")
    y = block.add("sigmoid", block.add("linear", hidden, features=features))
    block.output(y, "y")
    block.output(y, "before")


@part(title="ConvLSTM cell", category=PartCategory.RECURRENT, reference=_CONV_LSTM, keywords=("convlstm", "video"))
def conv_lstm_cell(block: Builder) -> None:
    """One step of an LSTM over the frames of a film: its states are images, its products convolutions.

    y = h′ = o · tanh(c′), c′ = f · c + i · tanh(Wₓ ∗ x + Wₕ ∗ h), and the gates likewise with σ, without peepholes. Run
    over time, x: (N, T, C, height, width) gives y: (N, T, channels, height, width) and the last states h and c.
    """
    channels = block.expose("channels", 32, "Channels", "Maps of the state.", least=1)
    kernel = block.expose("kernel", 3, "Kernel", "Height and width of the filters; odd.", least=1)
    sides = [
        block.expose(side, 32, side.capitalize(), f"The {side} of the frames, in pixels.", least=1)
        for side in ("height", "width")
    ]
    x, h, c = block.input("x", 3, 32, 32), block.input("h", channels, *sides), block.input("c", channels, *sides)
    filters: dict[str, Any] = {
        "channels": "=4 * channels",
        "kernel": kernel,
        "padding": "custom",
        "pad": "=kernel // 2",
    }
    of_frame, of_state = block.add("conv2d", x, **filters), block.add("conv2d", h, **filters, bias=False)
    gates = block.add("split_evenly", block.add("add", of_frame, of_state), parts=4)
    enter, forget, leave = (
        block.add("sigmoid", gates.other(f"part{at}"), title=title)
        for at, title in enumerate(("Input gate", "Forget gate", "Output gate"), 1)
    )
    new = block.add("tanh", gates.other("part4"), title="Candidate")
    kept, added = block.add("multiply", forget, c), block.add("multiply", enter, new)
    memory = block.add("add", kept, added, title="Memory")
    y = block.add("multiply", leave, block.add("tanh", memory))
    block.output(y, "y")
    block.output(y, "h")
    block.output(memory, "c")


@part(
    title="Grid LSTM transform",
    category=PartCategory.RECURRENT,
    reference=_GRID,
    keywords=("grid lstm cell", "multidimensional"),
)
def grid_lstm_transform(block: Builder) -> None:
    """What a place of a grid does along one dimension: an LSTM whose gates see the hidden vectors of all dimensions.

    seen H: (N, D·C), memory: (N, C) -> hidden and memory: (N, C). m′ = f · m + u · c, h′ = tanh(o · m′), with u, f, o =
    σ(W H + b) and c = tanh(W H + b).
    """
    features = block.expose("features", 128, "Features", "Length of each hidden and memory vector.", least=1)
    seen, memory = block.input("seen", 256), block.input("memory", features)
    gates = block.add("split_evenly", block.add("linear", seen, features="=4 * features"), parts=4)
    update, forget, leave = (
        block.add("sigmoid", gates.other(f"part{at}"), title=title)
        for at, title in enumerate(("Update gate", "Forget gate", "Output gate"), 1)
    )
    new = block.add("tanh", gates.other("part4"), title="Candidate")
    kept, added = block.add("multiply", forget, memory), block.add("multiply", update, new)
    memory = block.add("add", kept, added, title="Memory")
    block.output(block.add("tanh", block.add("multiply", leave, memory)), "hidden")
    block.output(memory, "memory")


@part(
    title="Grid LSTM place",
    category=PartCategory.RECURRENT,
    reference=_GRID,
    keywords=("grid lstm cell 2-d", "multidimensional"),
)
def grid_lstm_place(block: Builder) -> None:
    """A place of a grid of two dimensions, each with a transform of its own; the block Grid LSTM cell 2-D, drawn.

    h1, m1, h2, m2: (N, C) -> h1_next, m1_next, h2_next, m2_next: (N, C).
    """
    ports = [block.input(name, 128) for name in ("h1", "m1", "h2", "m2")]
    hidden = block.add("concat", ports[0], ports[2], title="Hidden of all")
    transform = grid_lstm_transform.into(block)
    for dimension, memory in ((1, ports[1]), (2, ports[3])):
        y = block.add(transform, hidden, memory, features="=in_channels", title=f"Dimension {dimension}")
        block.output(y, f"h{dimension}_next")
        block.output(y.other("memory"), f"m{dimension}_next")
