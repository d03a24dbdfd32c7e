"""Residual blocks of generators and critics: Miyato, Kataoka, Koyama, Yoshida (2018), after Gulrajani et al. (2017)."""

from __future__ import annotations

from graph_engine.blocks import Reference
from graph_engine.document.builder import Builder, Port
from presets.parts.part import PartCategory, part

_MIYATO = Reference(
    "Miyato, Kataoka, Koyama, Yoshida", 2018, "Spectral normalization for generative adversarial networks"
)


def _channels(block: Builder) -> str:
    return block.expose("channels", 128, "Channels", "How many maps come out.", least=1)


def spectral_conv(block: Builder, x: Port, channels: int | str, kernel: int = 3) -> Port:
    """A convolution whose weights are divided by their largest singular value."""
    return block.add("conv2d", x, channels=channels, kernel=kernel, weight_norm="spectral")


@part(title="Enlarging residual block", category=PartCategory.RESIDUAL, reference=_MIYATO)
def enlarging_residual_block(block: Builder) -> None:
    """Twice the size by repeating pixels, two convolutions, and the repeated input added: a block of a generator."""
    channels = "=in_channels"
    x = block.input("x", 128, 8, 8)
    y = block.add("upsample", block.add("relu", block.add("batch_norm", x)))
    y = block.add("conv2d", y, channels=channels)
    y = block.add("conv2d", block.add("relu", block.add("batch_norm", y)), channels=channels)
    block.output(block.add("add", block.add("upsample", x), y), "y")


@part(title="First critic block", category=PartCategory.RESIDUAL, reference=_MIYATO)
def first_critic_block(block: Builder) -> None:
    """Two convolutions and a mean over 2×2 pixels, added to a 1×1 view of the halved image, which no ReLU cuts."""
    channels = _channels(block)
    x = block.input("x", 3, 32, 32)
    skip = spectral_conv(block, block.add("avg_pool2d", x), channels, kernel=1)
    y = spectral_conv(block, block.add("relu", spectral_conv(block, x, channels)), channels)
    block.output(block.add("add", skip, block.add("avg_pool2d", y)), "y")


@part(title="Halving critic block", category=PartCategory.RESIDUAL, reference=_MIYATO)
def halving_critic_block(block: Builder) -> None:
    """Two convolutions, each behind a ReLU, and a mean over 2×2 pixels, added to a halved 1×1 view of the input."""
    channels = _channels(block)
    x = block.input("x", 128, 16, 16)
    skip = block.add("avg_pool2d", spectral_conv(block, x, channels, kernel=1))
    y = spectral_conv(block, block.add("relu", x), channels)
    y = spectral_conv(block, block.add("relu", y), channels)
    block.output(block.add("add", skip, block.add("avg_pool2d", y)), "y")


@part(title="Critic block", category=PartCategory.RESIDUAL, reference=_MIYATO)
def critic_block(block: Builder) -> None:
    """Two convolutions, each behind a ReLU, added to the input, without a norm of their own: a block of a critic."""
    x = block.input("x", 128, 8, 8)
    y = spectral_conv(block, block.add("relu", x), "=in_channels")
    y = spectral_conv(block, block.add("relu", y), "=in_channels")
    block.output(block.add("add", x, y), "y")
