"""Attention drawn from its scores: Bahdanau, Cho, Bengio (2015), Luong, Pham, Manning (2015) and those after them."""

from __future__ import annotations

from typing import Any

from graph_engine.blocks import Reference
from graph_engine.document.builder import Builder, Port
from presets.parts.part import PartCategory, part

_BAHDANAU = Reference(
    "Bahdanau, Cho, Bengio", 2015, "Neural machine translation by jointly learning to align and translate"
)
_LUONG = Reference("Luong, Pham, Manning", 2015, "Effective approaches to attention-based neural machine translation")
_POINTER = Reference("Vinyals, Fortunato, Jaitly", 2015, "Pointer networks")
_TURING = Reference("Graves, Wayne, Danihelka", 2014, "Neural Turing machines")
_SPEECH = Reference("Chorowski, Bahdanau, Serdyuk, Cho, Bengio", 2015, "Attention-based models for speech recognition")
_SAGAN = Reference("Zhang, Goodfellow, Metaxas, Odena", 2019, "Self-attention generative adversarial networks")


def _compared(block: Builder) -> str:
    return block.expose("features", 128, "Features", "Width of the layer that compares query and memory.", least=1)


def _query_and_memory(block: Builder, features: int = 256) -> tuple[Port, Port]:
    return block.input("query", 256), block.input("memory", "T", features)


def _side_by_side(block: Builder, query: Port, memory: Port, *, bias: bool = False) -> tuple[Port, Port]:
    """W q, as a single step, and U m: what is added to compare them."""
    asked = block.add("unsqueeze", block.add("linear", query, features="=features", bias=bias))
    return asked, block.add("linear", memory, features="=features", bias=False)


def _scored(block: Builder, compared: Port) -> Port:
    """vᵀ tanh(…): a number for each step."""
    scores = block.add("linear", block.add("tanh", compared), features=1, bias=False)
    return block.add("squeeze", scores, axis=-1)


def _read(block: Builder, scores: Port, memory: Port) -> None:
    """What the softmax of scores weighs, and the weights: the outputs of every attention."""
    weights = block.add("softmax", scores, axis=-1, title="Weights")
    block.output(block.add("matrix_product", weights, memory), "y")
    block.output(weights, "weights")


@part(
    title="Alignment scores",
    category=PartCategory.ATTENTION,
    reference=_BAHDANAU,
    keywords=("bahdanau", "additive", "pointer"),
)
def alignment_scores(block: Builder) -> None:
    """How well each step of a memory answers a query: vᵀ tanh(W q + U m).

    query: (N, E), memory: (N, T, D) -> y: (N, T). As they are, the scores point at a step, as the block Pointer does;
    additive attention goes on to read what they weigh.
    """
    _compared(block)
    query, memory = _query_and_memory(block)
    asked, offered = _side_by_side(block, query, memory)
    block.output(_scored(block, block.add("add", asked, offered)), "y")


@part(
    title="Bahdanau attention",
    category=PartCategory.ATTENTION,
    reference=_BAHDANAU,
    keywords=("additive attention", "alignment", "seq2seq", "soft attention"),
)
def bahdanau_attention(block: Builder) -> None:
    """Reads from a memory what a small network finds to answer the query; the block Additive attention, drawn.

    query: (N, E), memory: (N, T, D) -> y: (N, D), weights: (N, T). weights = softmax(vᵀ tanh(W q + U m)).
    """
    features = _compared(block)
    query, memory = _query_and_memory(block)
    scores = block.add(alignment_scores.into(block), query, memory, features=features, title="Scores")
    _read(block, scores, memory)


@part(
    title="Pointing", category=PartCategory.ATTENTION, reference=_POINTER, keywords=("pointer network", "convex hull")
)
def pointing(block: Builder) -> None:
    """Points at a step of a sequence: the share that each has of being meant; the block Pointer, drawn.

    query: (N, E), memory: (N, T, D) -> y: (N, T), softmax(vᵀ tanh(W q + U m)). Cross entropy wants scores: take those
    before the softmax, which are the composite inside.
    """
    features = _compared(block)
    query, memory = _query_and_memory(block)
    scores = block.add(alignment_scores.into(block), query, memory, features=features, title="Scores")
    block.output(block.add("softmax", scores, axis=-1), "y")


@part(
    title="Dot-product attention",
    category=PartCategory.ATTENTION,
    reference=_LUONG,
    keywords=("luong", "scaled", "query key value"),
)
def dot_product_attention(block: Builder) -> None:
    """Reads from a memory what points the query's way; the block Dot attention, drawn.

    query: (N, E) or (N, S, E), memory: (N, T, E) -> y: as query, weights: (N, T) or (N, S, T). weights = softmax(q·m),
    scaled by 1/√E if wanted.
    """
    block.expose("scaled", default=False, title="Scaled", help="Divide the scores by √E: they don't grow with E.")
    query, memory = _query_and_memory(block)
    scores = block.add("matrix_product", query, memory, transposed=True)
    _read(block, block.add("scale", scores, factor="=in_channels ** -0.5 if scaled else 1.0"), memory)


@part(
    title="Cosine lookup",
    category=PartCategory.ATTENTION,
    reference=_TURING,
    keywords=("cosine attention", "content addressing", "similarity"),
)
def cosine_lookup(block: Builder) -> None:
    """Reads from a memory by angle, whatever the lengths; the block Cosine attention, drawn.

    query: (N, E) or (N, S, E), memory: (N, T, E) -> y: as query, weights: (N, T) or (N, S, T). weights =
    softmax(β cos(q, m)).
    """
    sharpness = block.expose("sharpness", 1.0, "Sharpness", "β: the larger, the fewer steps count.")
    query, memory = _query_and_memory(block)
    key, keys = block.add("unit_length", query), block.add("unit_length", memory)
    cosine = block.add("matrix_product", key, keys, transposed=True, title="Cosine")
    _read(block, block.add("scale", cosine, factor=sharpness), memory)


@part(
    title="Location-aware scores",
    category=PartCategory.ATTENTION,
    reference=_SPEECH,
    keywords=("location attention", "chorowski"),
)
def location_aware_scores(block: Builder) -> None:
    """How well each step of a memory answers a query, seen where the weights lay before: vᵀ tanh(W q + U m + L f + b).

    query: (N, E), memory: (N, T, D), before: (N, T) -> y: (N, T). f is a convolution of the weights before, along the
    steps.
    """
    features, filters, kernel = _compared(block), *_filters(block)
    query, memory = _query_and_memory(block)
    place = block.add("unsqueeze", block.input("before", "T"), axis=-1)
    asked, offered = _side_by_side(block, query, memory, bias=True)
    pad: dict[str, Any] = {"padding": "custom", "pad": "=kernel // 2"}
    place = block.add("conv1d", place, channels=filters, kernel=kernel, **pad, bias=False)
    place = block.add("linear", place, features=features, bias=False)
    block.output(_scored(block, block.add("add", asked, offered, place)), "y")


def _filters(block: Builder) -> tuple[str, str]:
    return (
        block.expose("filters", 32, "Filters", "Features that the weights before are turned into.", least=1),
        block.expose("kernel", 31, "Kernel", "How many steps the convolution sees; odd.", least=1),
    )


@part(
    title="Location-aware attention",
    category=PartCategory.ATTENTION,
    reference=_SPEECH,
    keywords=("location attention", "chorowski", "tacotron", "speech"),
)
def location_aware_attention(block: Builder) -> None:
    """Additive attention that sees where it looked last, and goes on from there; the block Location attention, drawn.

    query: (N, E), memory: (N, T, D), before: (N, T) -> y: (N, D), weights: (N, T).
    """
    features, filters, kernel = _compared(block), *_filters(block)
    query, memory = _query_and_memory(block)
    before = block.input("before", "T")
    seen: dict[str, Any] = {"features": features, "filters": filters, "kernel": kernel}
    _read(block, block.add(location_aware_scores.into(block), query, memory, before, **seen, title="Scores"), memory)


@part(
    title="Pixel attention",
    category=PartCategory.ATTENTION,
    reference=_SAGAN,
    keywords=("sagan", "self-attention over space", "gamma"),
)
def pixel_attention(block: Builder) -> None:
    """Every pixel adds a learned share of what it gathers from all; the block Spatial self-attention, drawn.

    x: (N, C, H, W) -> y: (N, C, H, W), y = γ o + x; γ begins at 0, so that at first nothing is added.
    """
    block.expose("reduction", 8, "Reduction", "How many times fewer channels are compared.", least=1)
    x = block.input("x", 64, 32, 32)
    key, query = (_pixels(block, x, "=max(1, in_channels // reduction)") for _ in range(2))
    gathered = block.add("attend", query, key, _pixels(block, x, "=in_channels"), scaled=False)
    gathered = block.add("sequence_to_positions", gathered, x)
    share = block.add("constant", x, shape=[1, 1, 1], learned=True, title="Share")
    block.output(block.add("add", x, block.add("multiply", share, gathered)), "y")


def _pixels(block: Builder, x: Port, channels: str) -> Port:
    """A 1×1 convolution, its pixels as steps."""
    return block.add("positions_to_sequence", block.add("conv2d", x, channels=channels, kernel=1))
