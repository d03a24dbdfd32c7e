"""Layers over sequences, drawn: the CBHG of Wang et al. (2017), the pyramid of Chan, Jaitly, Le, Vinyals (2016)."""

from __future__ import annotations

from graph_engine.blocks import Reference
from graph_engine.document.builder import Builder, Port
from presets.parts.highway import highway_layer
from presets.parts.part import PartCategory, part

_TACOTRON = Reference("Wang et al.", 2017, "Tacotron: towards end-to-end speech synthesis")
_LISTEN = Reference(
    "Chan, Jaitly, Le, Vinyals",
    2016,
    "Listen, attend and spell: a neural network for large vocabulary conversational speech recognition",
)


def _conv(block: Builder, x: Port, channels: str, kernel: int | str, pad: int | str) -> Port:
    return block.add("conv1d", x, channels=channels, kernel=kernel, padding="custom", pad=pad, bias=False)


@part(title="Conv bank layer", category=PartCategory.SEQUENCE, reference=_TACOTRON, keywords=("tacotron", "cbhg"))
def conv_bank_layer(block: Builder) -> None:
    """One more convolution of a bank, a step longer than the one before, put beside what the others found.

    x: (N, T, E), bank: (N, T, B) -> x as it came, bank: (N, T, B + E). Repeated, its first turn sees 2 steps, its next
    one 3.
    """
    x, bank = block.input("x", "T", 128), block.input("bank", "T", 128)
    y = _conv(block, x, "=in_channels", kernel="=turn + 2", pad="=(turn + 2) // 2")
    y = block.add("batch_norm", block.add("relu", block.add("cut_to_length", y, x)))
    block.output(x, "x")
    block.output(block.add("concat", bank, y, axis=-1), "bank")


@part(title="CBHG layers", category=PartCategory.SEQUENCE, reference=_TACOTRON, keywords=("tacotron", "speech"))
def cbhg_layers(block: Builder) -> None:
    """Reads a sequence from near and from far: conv bank, highways, bidirectional GRU; the block CBHG, drawn.

    x: (N, T, E) -> y: (N, T, 2E). Convolutions of 1 to `bank` steps stand side by side; the larger of each two steps
    goes through two convolutions of 3 steps and is added to x. Tacotron's post-net has a bank of 8 and a projection of
    256 behind 80 features.
    """
    bank = block.expose("bank", 16, "Bank", "Convolutions side by side, of 1, 2, 3, … steps.", least=2)
    projection = block.expose("projection", 128, "Projection", "Features between the two convolutions.", least=1)
    highways = block.expose("highways", 4, "Highways", "How many highway layers come before the GRU.", least=1)
    width = "=in_channels"
    x = block.input("x", "T", 128)
    y = block.add("batch_norm", block.add("relu", _conv(block, x, width, kernel=1, pad=0)))
    x = block.add(conv_bank_layer.into(block), x, y, times=f"{bank} - 1")
    y = block.add("max_pool1d", x.other("bank"), stride=1, padding=1)
    y = block.add("cut_to_length", y, x)
    y = block.add("batch_norm", block.add("relu", _conv(block, y, projection, kernel=3, pad=1)))
    y = block.add("batch_norm", _conv(block, y, width, kernel=3, pad=1))
    y = block.add(highway_layer.into(block), block.add("add", x, y), times=highways, gate_bias=-1.0)
    block.output(block.add("gru", y, hidden=width, bidirectional=True), "y")


@part(title="Pyramid BiLSTM", category=PartCategory.SEQUENCE, reference=_LISTEN, keywords=("pblstm", "listener", "las"))
def pyramid_bilstm(block: Builder) -> None:
    """Joins neighbouring steps and reads them in both directions, so that time gets shorter; Pyramid LSTM, drawn.

    x: (N, T, E) -> y: (N, ⌊T/joined⌋, 2 hidden).
    """
    hidden = block.expose("hidden", 256, "Hidden", "Hidden units of each direction.", least=1)
    joined = block.expose("joined", 2, "Joined steps", "How many neighbouring steps are read as one.", least=1)
    x = block.add("join_steps", block.input("x", "T", 40), count=joined)
    block.output(block.add("lstm", x, hidden=hidden, bidirectional=True), "y")
