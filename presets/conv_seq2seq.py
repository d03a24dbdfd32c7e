"""Translation without recurrence: Gehring, Auli, Grangier, Yarats, Dauphin (2017).

The networks are those of fairseq's `fconv`, which are the paper's.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from graph_engine.blocks import Param, Reference
from graph_engine.data.dates import ISO, LETTERS, WRITTEN
from graph_engine.document import Binding, Judgement, Optimiser, Plan, Schedule, Stage, Update
from graph_engine.document.builder import Builder, Port
from presets.parts.conv_seq2seq import (
    attending_conv_layer,
    dense,
    gated_conv_layer,
    halved,
    widening_attending_conv_layer,
    widening_gated_conv_layer,
)
from presets.preset import Published, preset

_FAIRSEQ = "facebookresearch/fairseq, models/fconv.py at 3d262bb2, ten words"
_PLACES = 1024
"""So many steps may the longest sequence have."""


@dataclass(frozen=True, slots=True)
class _Layers:
    """`times` layers alike, `thirds`/3 times as wide as the vectors of words."""

    thirds: int
    kernel: int
    times: int


_GERMAN = (_Layers(2, 3, 9), _Layers(4, 3, 4), _Layers(8, 1, 2))
_FRENCH = (_Layers(2, 3, 6), _Layers(3, 3, 4), _Layers(4, 3, 3), _Layers(8, 1, 1), _Layers(16, 1, 1))
_STACKS = {
    "iwslt": ((_Layers(3, 3, 4),), (_Layers(3, 3, 3),), 3),
    "wmt-de": (_GERMAN, _GERMAN, 2),
    "wmt-fr": (_FRENCH, _FRENCH, 2),
}
"""The layers of encoder and decoder, and the thirds of what is behind them."""


@preset(
    title="Convolutional translator",
    family="Sequence to sequence",
    size=226_402,
    data="dates",
    reference=Reference(
        "Gehring, Auli, Grangier, Yarats, Dauphin", 2017, "Convolutional sequence to sequence learning"
    ),
    sizes=(
        Published(
            9_618_384,
            f"{_FAIRSEQ}, fconv_iwslt_de_en",
            53_569_536,
            parameters="features=256,source=8848,target=6632",
        ),
        Published(
            216_005_176,
            f"{_FAIRSEQ}, fconv_wmt_en_de",
            1_556_568_064,
            parameters="features=768,layers=wmt-de,source=42243,target=43676",
        ),
        Published(
            209_569_920,
            f"{_FAIRSEQ}, fconv_wmt_en_de with 40 000 words each",
            1_537_746_944,
            parameters="features=768,layers=wmt-de,source=40000,target=40000",
        ),
        Published(
            267_063_390,
            f"{_FAIRSEQ}, fconv_wmt_en_fr",
            2_052_641_792,
            parameters="features=768,layers=wmt-fr,source=44206,target=44463",
        ),
    ),
)
def conv_translator(
    features: Annotated[
        int,
        Param("Features", "Length of the vector of each word: 256 in the small net, 768 in the large.", ge=3),
    ] = 48,
    layers: Annotated[
        Literal["iwslt", "wmt-de", "wmt-fr"],
        Param("Layers", "Of the paper's nets for IWSLT'14, and for WMT'14 into German and French."),
    ] = "iwslt",
    source: Annotated[int, Param("Source words", "How many there are to read; 0: the letters of dates.", ge=0)] = 0,
    target: Annotated[int, Param("Target words", "How many there are to write; 0: the letters of dates.", ge=0)] = 0,
) -> Builder:
    """Gated convolutions read, and others write: all steps are computed at once, and every layer looks at the source.

    Here it turns dates as people write them into those of ISO 8601, and is judged on each letter, told those before.
    A causal convolution costs less here than the published multiply-adds say: fairseq pads both ends and throws the
    steps away that lie past the end. The encoder's gradients are not made smaller, as they are there.
    """
    update = Update(
        optimiser=Optimiser(kind="adam", learning_rate=3e-3), schedule=Schedule(kind="one_cycle"), clip_norm=1.0
    )
    plan = Plan(
        stages=(Stage(updates=(update,), epochs=8),),
        batch_size=64,
        judge=Judgement(name="sequence_accuracy", better="greater"),
    )
    read, write, behind = _STACKS[layers]
    letters = len(LETTERS)
    net = Builder("Convolutional translator", plan=plan, binding=Binding(dataset="dates"))

    encoder = net.composite("encoder", "Encoder", help="Keys to look words up by, and what they say.")
    words = _words(encoder, encoder.input("tokens", WRITTEN, classes=source or letters, tokens=True), features)
    x = dense(encoder, words, features * read[0].thirds // 3)
    x = _read(encoder, x, read, features)
    keys = dense(encoder, x, features)
    encoder.output(keys, "keys")
    encoder.output(halved(encoder, keys, words), "values")

    decoder = net.composite("decoder", "Decoder", help="From the words written so far to scores for the next.")
    words = _words(decoder, decoder.input("tokens", ISO, classes=target or letters, tokens=True), features)
    keys, values = (decoder.input(name, WRITTEN, features) for name in ("keys", "values"))
    x = dense(decoder, words, features * write[0].thirds // 3)
    x = _write(decoder, x, words, keys, values, write, features)
    x = decoder.add("dropout", dense(decoder, x, features * behind // 3), probability=0.1)
    decoder.output(dense(decoder, x, target or letters), "scores")

    written = net.input("written", WRITTEN, classes=source or letters, tokens=True)
    told = net.input("before", ISO, classes=target or letters, tokens=True)
    said = net.input("said", ISO, classes=target or letters, tokens=True)
    keys = net.add("@encoder", written)
    scores = net.add("@decoder", told, keys, keys.other("values"))
    net.output(scores, "scores")
    net.add("sequence_cross_entropy", scores, said)
    net.add("sequence_accuracy", scores, said)
    return net


def _words(block: Builder, tokens: Port, features: int) -> Port:
    """What the words are, and where they stand."""
    x = block.add("position_embedding", block.add("embedding", tokens, features=features), places=_PLACES)
    return block.add("dropout", x, probability=0.1)


def _read(block: Builder, x: Port, stack: tuple[_Layers, ...], features: int) -> Port:
    """The layers of the encoder, wider and wider."""
    width = stack[0].thirds
    for alike in stack:
        times = alike.times
        if alike.thirds != width:
            wide = features * alike.thirds // 3
            x = block.add(widening_gated_conv_layer.into(block), x, channels=wide, kernel=alike.kernel)
            width, times = alike.thirds, times - 1
        if times:
            x = block.add(gated_conv_layer.into(block), x, kernel=alike.kernel, times=times)
    return x


def _write(
    block: Builder, x: Port, words: Port, keys: Port, values: Port, stack: tuple[_Layers, ...], features: int
) -> Port:
    """The layers of the decoder, each of which looks at the source."""
    width = stack[0].thirds
    for alike in stack:
        times = alike.times
        given = (words, keys, values)
        if alike.thirds != width:
            wide = features * alike.thirds // 3
            layer = widening_attending_conv_layer.into(block)
            x = block.add(layer, x, *given, channels=wide, features=features, kernel=alike.kernel)
            width, times = alike.thirds, times - 1
        if times:
            layer = attending_conv_layer.into(block)
            x = block.add(layer, x, *given, features=features, kernel=alike.kernel, times=times)
    return x
