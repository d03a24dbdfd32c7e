"""Whole networks for sequences, drawn from the library's blocks, against the sizes of published code and papers."""

from __future__ import annotations

import pytest

from graph_engine.check import Checker
from graph_engine.document.builder import Builder, Port


def size_of(net: Builder) -> tuple[int, int]:
    """Parameters and multiply-adds for one sample."""
    result = Checker().check(net.document)
    assert result.errors == []
    return result.total.params, result.total.macs


def dense(net: Builder, x: Port, *features: int) -> Port:
    """Linear layers, each with a tanh."""
    for each in features:
        x = net.add("tanh", net.add("linear", x, features=each))
    return x


def test_the_tower_of_dssm() -> None:
    """Huang, He, Gao, Deng, Acero, Heck (2013), figure 1: 30 621 letter trigrams, 300, 300, 128 (derived)."""
    net = Builder("DSSM")
    net.output(dense(net, net.input("trigrams", 30_621), 300, 300, 128))
    assert size_of(net) == (9_315_428, 9_314_700)


def test_the_listener_without_a_pyramid() -> None:
    """kaituoxu/Listen-Attend-Spell: four BiLSTM layers of 512 units, 80 filter banks, 50 frames."""
    net = Builder("Listener")
    net.output(net.add("lstm", net.input("x", 50, 80), hidden=512, layers=4, bidirectional=True))
    assert size_of(net) == (21_331_968, 1_064_960_000)


def test_the_encoder_of_speakers() -> None:
    """CorentinJ/Real-Time-Voice-Cloning, encoder/model.py: three LSTM layers; two of its numbers are of its loss."""
    net = Builder("Speaker encoder")
    last = net.add("lstm", net.input("mel", 160, 40), hidden=256, layers=3).other("h")
    net.output(net.add("relu", net.add("linear", last, features=256)))
    params, macs = size_of(net)
    assert (params + 2, macs) == (1_423_618, 216_334_336)


def test_bert_large() -> None:
    """transformers 4.57.6 BertModel: 24 layers of 1024 features and 16 heads, with its pooler."""
    net = Builder("BERT")
    tokens, kinds = net.input("tokens", 16, classes=30_522, tokens=True), net.input("kinds", 16, classes=2, tokens=True)
    x = net.add("add", *(net.add("embedding", each, features=1024) for each in (tokens, kinds)))
    x = net.add("layer_norm", net.add("position_embedding", x))
    for _ in range(24):
        x = net.add("transformer_encoder_layer", x, heads=16, activation="gelu")
    net.output(dense(net, net.add("slice", x, axis=1, start=0, stop=1), 1024))
    params, macs = size_of(net)
    assert (params + (512 - 16) * 1024, macs) == (335_141_888, 4_845_469_696), "it has places for 512 tokens, not 16"


def test_the_transformer_of_the_paper() -> None:
    """jadore801120/attention-is-all-you-need-pytorch, 37 000 words each, not shared: no biases in the attention."""
    net = Builder("Transformer")
    words = [net.input(name, 10, classes=37_000, tokens=True) for name in ("source", "target")]
    source, target = (net.add("embedding", each, features=512) for each in words)

    def attend(x: Port, memory: Port | None = None, *, causal: bool = False) -> Port:
        y = net.add("multi_head_attention", x, memory, bias=False, causal=causal)
        return net.add("layer_norm", net.add("add", x, y))

    def think(x: Port) -> Port:
        y = net.add("linear", net.add("relu", net.add("linear", x, features=2048)), features=512)
        return net.add("layer_norm", net.add("add", x, y))

    x, y = (net.add("layer_norm", net.add("sinusoidal_encoding", each)) for each in (source, target))
    for _ in range(6):
        x = think(attend(x))
    for _ in range(6):
        y = think(attend(attend(y, causal=True), x))
    net.output(net.add("linear", y, features=37_000, bias=False))
    assert size_of(net) == (100_935_680, 631_685_120)


@pytest.mark.parametrize(
    ("blocks", "skipping", "ending", "bias", "params"),
    [(4, 256, 256, False, 672_256), (3, 1024, 512, True, 1_834_592)],
)
def test_the_weights_of_wavenet(blocks: int, skipping: int, ending: int, bias: bool, params: int) -> None:
    """vincentherrmann/pytorch-wavenet: ten layers a block, 32 features, 256 values.

    Its multiply-adds are those of its own way to dilate, which also computes samples that it throws away.
    """
    net = Builder("WaveNet")

    def conv(x: Port, features: int, *, bias: bool = bias, kernel: int = 1, dilation: int = 1) -> Port:
        return net.add("conv1d", x, channels=features, kernel=kernel, dilation=dilation, padding="causal", bias=bias)

    x = conv(net.input("x", 32, 256), 32)
    skips = []
    for layer in range(10 * blocks):
        heard, gate = (conv(x, 32, kernel=2, dilation=2 ** (layer % 10)) for _ in range(2))
        y = net.add("multiply", net.add("tanh", heard), net.add("sigmoid", gate))
        skips.append(conv(y, skipping))
        x = net.add("add", x, conv(y, 32))
    y = conv(net.add("relu", net.add("add", *skips)), ending, bias=True)
    net.output(conv(net.add("relu", y), 256, bias=True))
    unused = 32 * 32 + 32 * bias  # of the last layer's way onward, which the reference has and does not use
    assert size_of(net)[0] == params - unused
