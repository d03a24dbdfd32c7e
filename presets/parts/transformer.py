"""Encoder and decoder blocks drawn from attention and feed-forward: Vaswani et al. (2017), and with the norms first."""

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


def _heads(block: Builder) -> str:
    return block.expose("heads", 8, "Heads", "How many attentions share the features; they must divide them.", least=1)


@part(title="Split into heads", category=PartCategory.TRANSFORMER, reference=_ATTENTION, keywords=("multi-head",))
def split_into_heads(block: Builder) -> None:
    """A linear layer whose features are dealt out to the heads of an attention.

    x: (N, T, D) -> y: (N, heads, T, features/heads).
    """
    features = block.expose("features", 512, "Features", "Of all heads together.", least=1)
    heads = _heads(block)
    x = block.add("linear", block.input("x", "T", 512), features=features)
    x = block.add("reshape", x, shape=[-1, heads, "=features // heads"])
    block.output(block.add("transpose", x), "y")


@part(title="Join heads", category=PartCategory.TRANSFORMER, reference=_ATTENTION, keywords=("multi-head",))
def join_heads(block: Builder) -> None:
    """What the heads of an attention found, side by side again, and a linear layer.

    x: (N, heads, T, features/heads) -> y: (N, T, features).
    """
    features = block.expose("features", 512, "Features", "Of all heads together.", least=1)
    x = block.add("transpose", block.input("x", 8, "T", 64))
    block.output(block.add("linear", block.add("reshape", x, shape=[-1, features]), features=features), "y")


@part(
    title="Attention in heads",
    category=PartCategory.TRANSFORMER,
    reference=_ATTENTION,
    keywords=("multi-head attention", "query key value", "scaled dot product", "cross-attention"),
)
def attention_in_heads(block: Builder) -> None:
    """Several small attentions side by side, each on its share of the features; the block Multi-head attention, drawn.

    query: (N, S, E), memory: (N, T, D) -> y: (N, S, E), weights: (N, heads, S, T). Each head: softmax(Q Kᵀ/√d) V, with
    Q, K and V linear in query and memory. With query and memory the same, it is self-attention.
    """
    heads = _heads(block)
    query, memory = block.input("query", "S", 512), block.input("memory", "T", 512)
    split = split_into_heads.into(block)
    asked, keys, values = (
        block.add(split, x, features="=in_channels", heads=heads, title=title)
        for x, title in ((query, "Queries"), (memory, "Keys"), (memory, "Values"))
    )
    scores = block.add("matrix_product", asked, keys, transposed=True)
    scores = block.add("scale", scores, factor="=(in_channels // heads) ** -0.5", title="Scores")
    weights = block.add("softmax", scores, axis=-1, title="Weights")
    found = block.add("matrix_product", weights, values, title="Found")
    block.output(block.add(join_heads.into(block), found, features="=in_channels"), "y")
    block.output(weights, "weights")


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


def _looks(block: Builder, x: Port, memory: Port | None = None, *, causal: bool | str = False) -> Port:
    """Attention of x to itself or to a memory, some of which is dropped."""
    y = block.add("multi_head_attention", x, memory, heads="=heads", causal=causal)
    return block.add("dropout", y, probability="=dropout")


def _causal(block: Builder) -> str:
    return block.expose("causal", default=True, title="Causal", help="Each step of x sees only those up to itself.")


@part(
    title="Decoder block",
    category=PartCategory.TRANSFORMER,
    reference=_ATTENTION,
    keywords=("transformer decoder layer", "cross-attention", "translation"),
)
def decoder_block(block: Builder) -> None:
    """Masked self-attention, attention to the encoder, feed-forward layers; the block Transformer decoder layer, drawn.

    Around each of the three goes a skip, and a layer norm follows the sum. x: (N, S, E), memory: (N, T, E) -> y:
    (N, S, E).
    """
    _parameters(block)
    causal = _causal(block)
    x, memory = block.input("x", "S", 512), block.input("memory", "T", 512)
    x = block.add("layer_norm", block.add("add", x, _looks(block, x, causal=causal)))
    x = block.add("layer_norm", block.add("add", x, _looks(block, x, memory)))
    block.output(block.add("layer_norm", block.add("add", x, _feed_forward(block, x))), "y")


@part(
    title="Norm-first decoder block",
    category=PartCategory.TRANSFORMER,
    reference=_NORM_FIRST,
    keywords=("transformer decoder layer", "pre-norm", "cross-attention"),
)
def norm_first_decoder_block(block: Builder) -> None:
    """A decoder block whose norms stand before each of its three branches: it trains without a slow start."""
    _parameters(block)
    causal = _causal(block)
    x, memory = block.input("x", "S", 512), block.input("memory", "T", 512)
    x = block.add("add", x, _looks(block, block.add("layer_norm", x), causal=causal))
    x = block.add("add", x, _looks(block, block.add("layer_norm", x), memory))
    block.output(block.add("add", x, _feed_forward(block, block.add("layer_norm", x))), "y")
