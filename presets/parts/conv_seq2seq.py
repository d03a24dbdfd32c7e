"""The layers of convolutional sequence to sequence learning: Gehring, Auli, Grangier, Yarats, Dauphin (2017)."""

from __future__ import annotations

from graph_engine.blocks import Reference
from graph_engine.document.builder import Builder, Port
from presets.parts.part import PartCategory, part

_GEHRING = Reference("Gehring, Auli, Grangier, Yarats, Dauphin", 2017, "Convolutional sequence to sequence learning")


def dense(block: Builder, x: Port, features: int | str) -> Port:
    """A linear layer that learns length and direction of its weights apart."""
    return block.add("linear", x, features=features, weight_norm="weight")


def halved(block: Builder, a: Port, b: Port) -> Port:
    """The sum of two, as large as one of them: times √½."""
    return block.add("scale", block.add("add", a, b), factor=0.70710678)


def _kernel(block: Builder) -> str:
    return block.expose("kernel", 3, "Kernel", "How many steps the convolution sees; odd.", least=1)


def _dropout(block: Builder) -> str:
    return block.expose("dropout", 0.1, "Dropout", "The share of values that are lost before the convolution.")


def _channels(block: Builder) -> str:
    return block.expose("channels", 512, "Channels", "How many features come out.", least=1)


def _features(block: Builder) -> str:
    return block.expose("features", 256, "Features", "Length of the vectors of words, keys and values.", least=1)


def _gated(block: Builder, x: Port, channels: str, *, causal: bool = False) -> Port:
    """Twice as many channels as are wanted: one half decides how much of the other passes."""
    kernel, dropout = _kernel(block), _dropout(block)
    x = block.add("dropout", x, probability=dropout)
    padding, pad = ("causal", 0) if causal else ("custom", "=kernel // 2")
    x = block.add("conv1d", x, channels=channels, kernel=kernel, padding=padding, pad=pad, weight_norm="weight")
    return block.add("glu", x, axis=-1)


def _looked_up(block: Builder, y: Port, words: Port, keys: Port, values: Port, *, channels: str, features: str) -> Port:
    """What the source has for a step, added to the step; it asks with the last word in mind."""
    query = halved(block, dense(block, y, features), words)
    found = block.add("attend", query, keys, values, scaled=False, by_length=True)
    return halved(block, dense(block, found, channels), y)


def _source(block: Builder) -> tuple[Port, Port, Port]:
    """The words written so far, and what the encoder says of the source."""
    return block.input("words", "T", 256), block.input("keys", "T", 256), block.input("values", "T", 256)


@part(title="Gated conv layer", category=PartCategory.CONVOLUTION, reference=_GEHRING)
def gated_conv_layer(block: Builder) -> None:
    """A gated convolution along a sequence, added to its input: (x + GLU(conv x)) · √½."""
    x = block.input("x", "T", 256)
    block.output(halved(block, x, _gated(block, x, "=2 * in_channels")), "y")


@part(title="Widening gated conv layer", category=PartCategory.CONVOLUTION, reference=_GEHRING)
def widening_gated_conv_layer(block: Builder) -> None:
    """A gated convolution to another number of channels, added to a linear view of its input."""
    channels = _channels(block)
    x = block.input("x", "T", 256)
    skip = dense(block, x, channels)
    block.output(halved(block, skip, _gated(block, x, "=2 * channels")), "y")


@part(title="Attending conv layer", category=PartCategory.CONVOLUTION, reference=_GEHRING)
def attending_conv_layer(block: Builder) -> None:
    """A gated convolution over the past, then a look at the source: a layer of the decoder.

    x: (N, S, C), words: (N, S, E), keys and values: (N, T, E) -> y: (N, S, C). Every layer looks for itself: multi-step
    attention.
    """
    features = _features(block)
    x = block.input("x", "T", 256)
    words, keys, values = _source(block)
    y = _gated(block, x, "=2 * in_channels", causal=True)
    y = _looked_up(block, y, words, keys, values, channels="=in_channels", features=features)
    block.output(halved(block, x, y), "y")


@part(title="Widening attending conv layer", category=PartCategory.CONVOLUTION, reference=_GEHRING)
def widening_attending_conv_layer(block: Builder) -> None:
    """A layer of the decoder to another number of channels, added to a linear view of its input."""
    channels, features = _channels(block), _features(block)
    x = block.input("x", "T", 256)
    words, keys, values = _source(block)
    skip = dense(block, x, channels)
    y = _gated(block, x, "=2 * channels", causal=True)
    y = _looked_up(block, y, words, keys, values, channels=channels, features=features)
    block.output(halved(block, skip, y), "y")
