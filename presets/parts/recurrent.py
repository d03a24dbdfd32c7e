"""Recurrent cells drawn from their gates, to be run over time: Hochreiter, Schmidhuber (1997), Cho et al. (2014)."""

from __future__ import annotations

from graph_engine.blocks import Reference
from graph_engine.document.builder import Builder, Port
from presets.parts.part import PartCategory, part

_LSTM = Reference("Gers, Schmidhuber, Cummins", 2000, "Learning to forget: continual prediction with LSTM")
_GRU = Reference(
    "Cho et al.", 2014, "Learning phrase representations using RNN encoder-decoder for statistical machine translation"
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
