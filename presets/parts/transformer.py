"""Encoder blocks drawn from attention and feed-forward: Vaswani et al. (2017), and with the norms first."""

from __future__ import annotations

from graph_engine.blocks import Reference
from graph_engine.document.builder import Builder, Port
from presets.parts.part import PartCategory, part

_ATTENTION = Reference("Vaswani et al.", 2017, "Attention is all you need")
_NORM_FIRST = Reference("Xiong et al.", 2020, "On layer normalization in the transformer architecture")


def _hidden(block: Builder) -> str:
    return block.expose("hidden", 2048, "Hidden", "Units between the two linear layers.", least=1)


def _dropout(block: Builder) -> str:
    return block.expose("dropout", 0.1, "Dropout", "The share of values that each branch loses while training.")


@part(title="Feed-forward", category=PartCategory.TRANSFORMER, reference=_ATTENTION)
def feed_forward(block: Builder) -> None:
    """Two linear layers with a ReLU between them, the same for every position."""
    hidden = _hidden(block)
    x = block.add("relu", block.add("linear", block.input("x", "T", 512), features=hidden))
    block.output(block.add("linear", x, features="=in_channels"), "y")


def _attention(block: Builder, x: Port) -> Port:
    """Self-attention, some of which is dropped."""
    return block.add("dropout", block.add("self_attention", x, heads="=heads"), probability="=dropout")


def _feed_forward(block: Builder, x: Port) -> Port:
    """The feed-forward layers, of which some is dropped."""
    return block.add("dropout", block.add(feed_forward.into(block), x, hidden="=hidden"), probability="=dropout")


def _parameters(block: Builder) -> None:
    block.expose("heads", 8, "Heads", "How many independent attentions share the features.", least=1)
    _hidden(block)
    _dropout(block)


@part(title="Encoder block", category=PartCategory.TRANSFORMER, reference=_ATTENTION)
def encoder_block(block: Builder) -> None:
    """Self-attention, then feed-forward layers, each with a skip around it and a layer norm after the sum."""
    _parameters(block)
    x = block.input("x", "T", 512)
    x = block.add("layer_norm", block.add("add", x, _attention(block, x)))
    block.output(block.add("layer_norm", block.add("add", x, _feed_forward(block, x))), "y")


@part(title="Norm-first encoder block", category=PartCategory.TRANSFORMER, reference=_NORM_FIRST)
def norm_first_encoder_block(block: Builder) -> None:
    """An encoder block whose norms stand before attention and feed-forward: it trains without a slow start."""
    _parameters(block)
    x = block.input("x", "T", 512)
    x = block.add("add", x, _attention(block, block.add("layer_norm", x)))
    block.output(block.add("add", x, _feed_forward(block, block.add("layer_norm", x))), "y")
