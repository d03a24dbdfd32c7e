"""Transformers: Vaswani et al. (2017). Attention is all you need."""

from __future__ import annotations

from typing import Annotated

from graph_engine.blocks import Param, Reference
from graph_engine.data.dates import ISO, LETTERS, WRITTEN
from graph_engine.document import Binding, Judgement, Optimiser, Plan, Schedule, Stage, Update
from graph_engine.document.builder import Builder, Port
from presets.parts.transformer import encoder_block, norm_first_encoder_block
from presets.preset import Published, preset

_BASE = "jadore801120/attention-is-all-you-need-pytorch, transformer/Models.py at 132907dd, ten words"


@preset(
    title="Transformer encoder",
    family="Transformer",
    size=58_522,
    reference=Reference("Vaswani et al.", 2017, "Attention is all you need"),
)
def transformer(
    features: Annotated[int, Param("Features", "Length of each row's vector; a multiple of the heads.", ge=4)] = 48,
    heads: Annotated[int, Param("Heads", "Attention heads.", ge=1)] = 4,
    blocks: Annotated[int, Param("Blocks", "Encoder blocks, one after another.", ge=1, le=100)] = 2,
    norm_first: Annotated[
        bool, Param("Norm first", "Norms before attention and feed-forward; off: after the sums, as in the paper.")
    ] = True,
) -> Builder:
    """Reads an image as a sequence of its rows: every row attends to all others, block after block."""
    update = Update(
        optimiser=Optimiser(kind="adamw", learning_rate=3e-3, weight_decay=0.01), schedule=Schedule(kind="one_cycle")
    )
    net = Builder("Transformer encoder", plan=Plan(stages=(Stage(updates=(update,), epochs=20),), batch_size=32))
    image, label = net.input("image", 1, 28, 28), net.input("label", classes=10, label=True)
    x = net.add("linear", net.add("squeeze", image, title="Rows"), features=features)
    x = net.add("sinusoidal_encoding", x)
    block = (norm_first_encoder_block if norm_first else encoder_block).into(net)
    x = net.add(block, x, times=blocks, heads=heads, hidden=4 * features)
    x = net.add("global_avg_pool", net.add("layer_norm", x) if norm_first else x)
    net.classify(net.add("linear", x, features=10), label)
    return net


@preset(
    title="Transformer translator",
    family="Transformer",
    size=60_064,
    data="dates",
    reference=Reference("Vaswani et al.", 2017, "Attention is all you need"),
    sizes=(
        Published(
            63_047_680,
            f"{_BASE}, embeddings shared",
            631_685_120,
            parameters="features=512,heads=8,blocks=6,words=37000",
        ),
        Published(
            100_935_680,
            f"{_BASE}, nothing shared",
            631_685_120,
            parameters="features=512,heads=8,blocks=6,words=37000,shared=false",
        ),
    ),
)
def transformer_translator(
    features: Annotated[
        int, Param("Features", "Length of the vector of each word, a multiple of the heads: 512 in the paper.", ge=4)
    ] = 32,
    heads: Annotated[int, Param("Heads", "Attention heads: 8 in the paper.", ge=1)] = 4,
    blocks: Annotated[int, Param("Blocks", "Layers of the encoder, and of the decoder: 6 in the paper.", ge=1)] = 2,
    words: Annotated[
        int, Param("Words", "How many words there are in both languages: 37000 in the paper; 0: letters.", ge=0)
    ] = 0,
    shared: Annotated[
        bool,
        Param(
            "Shared words", "One vector for a word as it is read, as it is written, and to score it, as in the paper."
        ),
    ] = True,
) -> Builder:
    """Reads with one stack of attention layers and writes with another, which looks back and at what was read.

    Here it turns dates as people write them into those of ISO 8601, and is judged on each letter, told those before.
    With features=512, heads=8, blocks=6, words=37000 it is the base model. There are no biases in the attention, and a
    layer norm before the first layer of both, as in jadore801120/attention-is-all-you-need-pytorch.
    """
    update = Update(
        optimiser=Optimiser(kind="adam", learning_rate=3e-3), schedule=Schedule(kind="one_cycle"), clip_norm=1.0
    )
    plan = Plan(
        stages=(Stage(updates=(update,), epochs=12),),
        batch_size=64,
        judge=Judgement(name="sequence_accuracy", better="greater"),
    )
    net = Builder("Transformer translator", plan=plan, binding=Binding(dataset="dates"))
    words = words or len(LETTERS)

    encoder = net.composite("encoder_layer", "Encoder layer", help="Every word looks at all others, then thinks.")
    x = encoder.input("x", "T", features)
    x = _added(encoder, x, encoder.add("multi_head_attention", x, heads=heads, bias=False))
    encoder.output(_added(encoder, x, _thought(encoder, x, features)), "y")

    decoder = net.composite(
        "decoder_layer",
        "Decoder layer",
        help="Every word looks at those before it, then at what was read, then thinks.",
    )
    x, memory = decoder.input("x", "S", features), decoder.input("memory", "T", features)
    x = _added(decoder, x, decoder.add("multi_head_attention", x, heads=heads, bias=False, causal=True))
    x = _added(decoder, x, decoder.add("multi_head_attention", x, memory, heads=heads, bias=False))
    decoder.output(_added(decoder, x, _thought(decoder, x, features)), "y")

    written = net.input("written", WRITTEN, classes=words, tokens=True)
    told = net.input("before", ISO, classes=words, tokens=True)
    said = net.input("said", ISO, classes=words, tokens=True)
    source = net.add("embedding", written, features=features, title="Words read")
    target = net.add("embedding", told, features=features, title="Words written", shares=source if shared else None)
    x, y = (_placed(net, each) for each in (source, target))
    x = net.add("@encoder_layer", x, times=blocks)
    y = net.add("@decoder_layer", y, x, times=blocks)
    if shared:  # vectors of words are of length √E here, and not of 1
        y = net.add("scale", y, factor=round(features**-0.5, 8))
    scores = net.add("linear", y, features=words, bias=False, title="Scores", shares=source if shared else None)
    net.output(scores, "scores")
    net.add("sequence_cross_entropy", scores, said)
    net.add("sequence_accuracy", scores, said)
    return net


def _placed(net: Builder, words: Port) -> Port:
    """What the words are, and where they stand."""
    return net.add("layer_norm", net.add("dropout", net.add("sinusoidal_encoding", words), probability=0.1))


def _added(layer: Builder, x: Port, branch: Port) -> Port:
    """The norm of the sum."""
    return layer.add("layer_norm", layer.add("add", x, layer.add("dropout", branch, probability=0.1)))


def _thought(layer: Builder, x: Port, features: int) -> Port:
    """Two linear layers, the same for every word."""
    return layer.add("linear", layer.add("relu", layer.add("linear", x, features=4 * features)), features=features)
