"""Images by a critic of limited steepness: Miyato, Kataoka, Koyama, Yoshida (2018), appendix B, for 32×32 pixels."""

from __future__ import annotations

from typing import Annotated, Literal

from graph_engine.blocks import Param, Reference
from graph_engine.document import Binding, Optimiser
from graph_engine.document.builder import Builder
from presets.adversarial import critic_update, game_plan, generator_update, play
from presets.parts.adversarial import (
    critic_block,
    enlarging_residual_block,
    first_critic_block,
    halving_critic_block,
    spectral_conv,
)
from presets.preset import Published, preset

_COSGROVE = "christiancosgrove/pytorch-spectral-normalization-gan at 12dcf945,"
_PLAIN, _BLOCKS = "width=64,colour=true", "width=128,layers=residual,colour=true"
_CODE = 128
"""Numbers from which an image is made."""


@preset(
    title="SN-GAN for images",
    family="Adversarial",
    size=221_482,
    reference=Reference(
        "Miyato, Kataoka, Koyama, Yoshida", 2018, "Spectral normalization for generative adversarial networks"
    ),
    sizes=(
        Published(3_805_699, f"{_COSGROVE} model.py", 103_481_344, parameters=_PLAIN, node="generator_1"),
        Published(2_935_873, f"{_COSGROVE} model.py", 108_732_416, parameters=_PLAIN, node="critic_1"),
        Published(1_154_947, f"{_COSGROVE} model_resnet.py", 400_162_816, parameters=_BLOCKS, node="generator_1"),
        Published(1_053_825, f"{_COSGROVE} model_resnet.py", 272_072_832, parameters=_BLOCKS, node="critic_1"),
    ),
)
def sngan_images(
    layers: Annotated[
        Literal["convolutions", "residual"], Param("Layers", "Plain convolutions, or residual blocks.")
    ] = "convolutions",
    width: Annotated[
        int, Param("Width", "Channels of the largest maps: in the paper 64, and 128 with residual blocks.", ge=1)
    ] = 8,
    colour: Annotated[bool, Param("Colour", "Three channels instead of one.")] = False,
) -> Builder:
    """Makes images of 32×32 pixels; every layer of the critic is divided by its largest singular value.

    Images go from 0 to 1 here, so that the generator ends in a sigmoid and not in a tanh.
    """
    channels = 3 if colour else 1
    loss, optimiser = "hinge_gan_loss", Optimiser(kind="adam", learning_rate=5e-4, betas=(0.0, 0.9))
    critic = critic_update(loss, optimiser, repeat=2)
    plan = game_plan(critic, generator_update(loss, optimiser), steps=800, batch_size=32)
    net = Builder("SN-GAN for images", plan=plan, binding=Binding(dataset="digits"))
    image, code = net.input("image", channels, 32, 32), net.input("code", _CODE, drawn="normal")

    draw, judge = (_draw, _judge) if layers == "convolutions" else (_draw_by_blocks, _judge_by_blocks)
    draw(net.composite("generator", "Generator", help="From a code to an image."), width, channels)
    judge(net.composite("critic", "Critic", help="From an image to one score."), width, channels)

    fake = net.add("@generator", code)
    net.output(fake, "image")
    play(net, loss, image, fake, clouds=False)
    return net


def _draw(generator: Builder, width: int, channels: int) -> None:
    """Three times twice the size by transposed convolutions, from 4×4 to 32×32."""
    x = generator.add("reshape", generator.input("code", _CODE), shape=[_CODE, 1, 1])
    x = generator.add("conv_transpose2d", x, channels=8 * width, stride=1, padding=0)
    for times in (4, 2, 1):
        x = generator.add("relu", generator.add("batch_norm", x))
        x = generator.add("conv_transpose2d", x, channels=times * width)
    x = generator.add("relu", generator.add("batch_norm", x))
    x = generator.add("conv_transpose2d", x, channels=channels, kernel=3, stride=1)
    generator.output(generator.add("sigmoid", x), "image")


def _judge(critic: Builder, width: int, channels: int) -> None:
    """Seven convolutions, of which three halve the size, from 32×32 to 4×4."""
    x = critic.input("image", channels, 32, 32)
    for times in (1, 2, 4):
        x = critic.add("leaky_relu", spectral_conv(critic, x, times * width), slope=0.1)
        half = critic.add(
            "conv2d", x, channels=times * width, kernel=4, stride=2, padding="custom", pad=1, weight_norm="spectral"
        )
        x = critic.add("leaky_relu", half, slope=0.1)
    x = critic.add("leaky_relu", spectral_conv(critic, x, 8 * width), slope=0.1)
    critic.output(critic.add("linear", critic.add("flatten", x), features=1, weight_norm="spectral"), "score")


def _draw_by_blocks(generator: Builder, width: int, channels: int) -> None:
    """Three residual blocks, each to twice the size, from 4×4 to 32×32."""
    x = generator.add("linear", generator.input("code", _CODE), features=16 * width)
    x = generator.add("reshape", x, shape=[width, 4, 4])
    x = generator.add(enlarging_residual_block.into(generator), x, times=3)
    x = generator.add("relu", generator.add("batch_norm", x))
    generator.output(generator.add("sigmoid", generator.add("conv2d", x, channels=channels)), "image")


def _judge_by_blocks(critic: Builder, width: int, channels: int) -> None:
    """Four residual blocks, two of which halve the size, and the mean of what is left."""
    x = critic.add(first_critic_block.into(critic), critic.input("image", channels, 32, 32), channels=width)
    x = critic.add(halving_critic_block.into(critic), x, channels=width)
    x = critic.add(critic_block.into(critic), x, times=2)
    x = critic.add("global_avg_pool", critic.add("relu", x))
    critic.output(critic.add("linear", x, features=1, weight_norm="spectral"), "score")
