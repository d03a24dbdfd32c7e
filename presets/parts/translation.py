"""The residual LSTM layers of Google's translator: Wu et al. (2016)."""

from __future__ import annotations

from graph_engine.blocks import Reference
from graph_engine.document.builder import Builder
from presets.parts.part import PartCategory, part

_GNMT = Reference(
    "Wu et al.",
    2016,
    "Google's neural machine translation system: bridging the gap between human and machine translation",
)


def _dropout(block: Builder) -> str:
    return block.expose("dropout", 0.2, "Dropout", "The share of values that are lost before the LSTM.")


@part(title="Residual LSTM layer", category=PartCategory.TRANSFORMER, reference=_GNMT)
def residual_lstm_layer(block: Builder) -> None:
    """An LSTM as wide as its input, which is added to what it gives, so that many can be stacked."""
    dropout = _dropout(block)
    x = block.input("x", "T", 1024)
    y = block.add("lstm", block.add("dropout", x, probability=dropout), hidden="=in_channels")
    block.output(block.add("add", x, y), "y")


@part(title="Residual LSTM layer with context", category=PartCategory.TRANSFORMER, reference=_GNMT)
def context_lstm_layer(block: Builder) -> None:
    """A residual LSTM that is also given what the decoder looked at, at every step.

    x: (N, S, E), context: (N, S, D) -> y: (N, S, E).
    """
    dropout = _dropout(block)
    x, context = block.input("x", "T", 1024), block.input("context", "T", 1024)
    both = block.add("dropout", block.add("concat", x, context, axis=-1), probability=dropout)
    block.output(block.add("add", x, block.add("lstm", both, hidden="=in_channels")), "y")
