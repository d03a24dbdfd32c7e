"""Generative adversarial networks: one generator and one critic, and the games that they are trained by.

The generator turns drawn numbers into samples, the critic scores samples, and each learns from the critic's scores by a
loss of its own: two updates a turn.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, Literal

from graph_engine.blocks import Param, Reference
from graph_engine.document import (
    Average,
    Binding,
    Judgement,
    Optimiser,
    Penalty,
    Plan,
    Schedule,
    Stage,
    Update,
    WeightedLoss,
)
from graph_engine.document.builder import Builder, Port
from presets.preset import Published, preset

Data = Literal["gaussian_ring", "digits"]
_DATA = Param("Data", "What is imitated: points in eight small clouds, or handwritten digits of 8×8 pixels.")
_HIDDEN = Param("Hidden", "Units of each hidden layer.", ge=2)
_ADAM = Optimiser(kind="adam", learning_rate=1e-3, betas=(0.5, 0.999))
_GOODFELLOW = Reference(
    "Goodfellow, Pouget-Abadie, Mirza, Xu, Warde-Farley, Ozair, Courville, Bengio",
    2014,
    "Generative adversarial nets",
)


def critic_update(loss: str, optimiser: Optimiser, **more: object) -> Update:
    losses = (WeightedLoss(node=f"{loss}_1"),)
    return Update(name="critic", losses=losses, trains=("@critic",), optimiser=optimiser, **more)  # type: ignore[arg-type]


def generator_update(loss: str, optimiser: Optimiser) -> Update:
    """The mean of its weights is what is judged and exported: the game itself goes round in circles."""
    losses = (WeightedLoss(node=f"{loss}_2"),)
    average = Average(decay=0.99)
    return Update(name="generator", losses=losses, trains=("@generator",), optimiser=optimiser, average=average)


def game_plan(critic: Update, generator: Update, *, steps: int, batch_size: int) -> Plan:
    judge = Judgement(name="coverage", better="greater")
    return Plan(stages=(Stage(updates=(critic, generator), steps=steps),), batch_size=batch_size, judge=judge)


def play(net: Builder, loss: str, real: Port, fake: Port, *, clouds: bool) -> None:
    """The critic on both, a loss for each player, and how well the samples cover what they imitate."""
    on_real = net.add("@critic", real, title="Critic of real samples")
    on_fake = net.add("@critic", fake, title="Critic of made samples", shares=on_real)
    net.add(loss, on_real, on_fake, title="The critic learns")
    net.add(loss, None, on_fake, title="The generator learns", side="generator")
    neighbours = 100 if clouds else 5  # half the points that a cloud has in the validation split
    net.add("coverage", fake, real, neighbours=neighbours)
    net.add("fidelity", fake, real, neighbours=neighbours)


def _small(title: str, data: Data, loss: str, plan: Plan, hidden: int, weight_norm: str = "none") -> Builder:
    """Two multi-layer perceptrons that play for `loss`."""
    net = Builder(title, plan=plan, binding=Binding(dataset=data))
    real = net.input("point", 2) if data == "gaussian_ring" else net.add("flatten", net.input("image", 1, 8, 8))
    code = net.input("code", 16, drawn="normal")
    size = 2 if data == "gaussian_ring" else 64

    generator = net.composite("generator", "Generator", help="Makes a sample of random numbers.")
    x = generator.input("code", 16)
    for _ in range(3):
        x = generator.add("relu", generator.add("linear", x, features=hidden))
    x = generator.add("linear", x, features=size)
    generator.output(x if data == "gaussian_ring" else generator.add("sigmoid", x), "sample")

    critic = net.composite("critic", "Critic", help="Scores samples: high for real ones.")
    x = critic.input("sample", size)
    for _ in range(3):
        x = critic.add("leaky_relu", critic.add("linear", x, features=hidden, weight_norm=weight_norm), slope=0.2)
    critic.output(critic.add("linear", x, features=1, weight_norm=weight_norm), "score")

    fake = net.add("@generator", code)
    net.output(fake, "sample")
    play(net, loss, real, fake, clouds=data == "gaussian_ring")
    return net


@preset(title="GAN", family="Adversarial", size=68_995, data="gaussian_ring", reference=_GOODFELLOW)
def gan(
    data: Annotated[Data, _DATA] = "gaussian_ring",
    loss: Annotated[
        Literal["non-saturating", "minimax"],
        Param("Loss", "What the generator learns from: the paper's remedy, or the game as it is first written down."),
    ] = "non-saturating",
    hidden: Annotated[int, _HIDDEN] = 128,
) -> Builder:
    """A generator and a critic that play the first adversarial game."""
    block = f"{loss.replace('-', '_')}_loss"
    critic, generator = critic_update(block, _ADAM), generator_update(block, _ADAM)
    return _small("GAN", data, block, game_plan(critic, generator, steps=4000, batch_size=256), hidden)


@preset(
    title="Wasserstein GAN",
    family="Adversarial",
    size=300_865,
    reference=Reference("Arjovsky, Chintala, Bottou", 2017, "Wasserstein generative adversarial networks"),
)
def wgan(
    data: Annotated[Data, _DATA] = "digits",
    learning_rate: Annotated[
        Literal["5e-5", "1e-3"],
        Param("Learning rate", "5e-5 in the paper; 1e-3 finds the ring in minutes."),
    ] = "5e-5",
    clip: Annotated[
        float, Param("Clip", "Largest weight of the critic: 0.01 in the paper; 0.05 for the ring.", gt=0)
    ] = 0.01,
    hidden: Annotated[int, _HIDDEN] = 256,
) -> Builder:
    """Five steps of a critic with clipped weights, then one of the generator: algorithm 1 of the paper, by its numbers.

    Beyond the paper, steps become smaller to the end, so that the critic, whose weights jump from bound to bound, comes
    to rest.
    """
    optimiser = Optimiser(kind="rmsprop", learning_rate=float(learning_rate), momentum=0.0)
    slower = Schedule(kind="cosine")
    critic = critic_update("wasserstein_loss", optimiser, repeat=5, clip_weights=clip, schedule=slower)
    generator = replace(generator_update("wasserstein_loss", optimiser), schedule=slower)
    plan = game_plan(critic, generator, steps=3000 if data == "digits" else 8000, batch_size=64)
    return _small("Wasserstein GAN", data, "wasserstein_loss", plan, hidden)


@preset(
    title="Wasserstein GAN with gradient penalty",
    family="Adversarial",
    size=68_995,
    data="gaussian_ring",
    reference=Reference(
        "Gulrajani, Ahmed, Arjovsky, Dumoulin, Courville", 2017, "Improved training of Wasserstein GANs"
    ),
)
def wgan_gp(data: Annotated[Data, _DATA] = "gaussian_ring", hidden: Annotated[int, _HIDDEN] = 128) -> Builder:
    """A critic whose slope between real and made samples is held to 1, instead of clipping its weights."""
    optimiser = Optimiser(kind="adam", learning_rate=5e-4, betas=(0.0, 0.9))
    real = "input_1" if data == "gaussian_ring" else "flatten_1"
    slope = Penalty(kind="gradient_penalty", weight=10.0, real=real, fake="generator_1", score="critic_1")
    critic = critic_update("wasserstein_loss", optimiser, repeat=5, penalties=(slope,))
    plan = game_plan(critic, generator_update("wasserstein_loss", optimiser), steps=3000, batch_size=128)
    return _small("Wasserstein GAN with gradient penalty", data, "wasserstein_loss", plan, hidden)


@preset(
    title="Least squares GAN",
    family="Adversarial",
    size=68_995,
    data="gaussian_ring",
    reference=Reference("Mao, Li, Xie, Lau, Wang, Smolley", 2017, "Least squares generative adversarial networks"),
)
def lsgan(data: Annotated[Data, _DATA] = "gaussian_ring", hidden: Annotated[int, _HIDDEN] = 128) -> Builder:
    """Scores are drawn to 1 for real and 0 for made samples, and also far samples have something to learn."""
    loss = "least_squares_gan_loss"
    plan = game_plan(critic_update(loss, _ADAM), generator_update(loss, _ADAM), steps=4000, batch_size=256)
    return _small("Least squares GAN", data, loss, plan, hidden)


@preset(
    title="GAN with spectral norm",
    family="Adversarial",
    size=68_995,
    data="gaussian_ring",
    reference=Reference(
        "Miyato, Kataoka, Koyama, Yoshida", 2018, "Spectral normalization for generative adversarial networks"
    ),
)
def sngan(data: Annotated[Data, _DATA] = "gaussian_ring", hidden: Annotated[int, _HIDDEN] = 128) -> Builder:
    """Hinge losses, and a critic whose layers are divided by their largest singular value.

    Five steps of the critic to one of the generator, and no first momentum, as the paper has it for its best images.
    """
    loss, optimiser = "hinge_gan_loss", Optimiser(kind="adam", learning_rate=5e-4, betas=(0.0, 0.9))
    critic = critic_update(loss, optimiser, repeat=5)
    plan = game_plan(critic, generator_update(loss, optimiser), steps=3000, batch_size=128)
    return _small("GAN with spectral norm", data, loss, plan, hidden, weight_norm="spectral")


@preset(
    title="DCGAN",
    family="Adversarial",
    size=68_768,
    reference=Reference(
        "Radford, Metz, Chintala",
        2016,
        "Unsupervised representation learning with deep convolutional generative adversarial networks",
    ),
    sizes=tuple(
        Published(
            params,
            "PyTorch's DCGAN tutorial: pytorch/examples, dcgan",
            parameters="size=64,width=64,colour=true",
            node=node,
        )
        for node, params in (("generator_1", 3_576_704), ("critic_1", 2_765_568))
    ),
)
def dcgan(
    size: Annotated[Literal["16", "32", "64"], Param("Size", "Height and width of an image in pixels.")] = "16",
    width: Annotated[int, Param("Width", "Channels of the generator's last hidden maps; 64 in the paper.", ge=1)] = 16,
    colour: Annotated[bool, Param("Colour", "Three channels instead of one.")] = False,
) -> Builder:
    """Transposed convolutions make images of drawn numbers; strided ones tell them from real ones.

    With size=64, width=64 and colour it is the pair of PyTorch's DCGAN tutorial. Images go from 0 to 1 here, so that
    the generator ends in a sigmoid and not in a tanh, and weights begin as PyTorch's do, not as N(0, 0.02).
    """
    side, channels = int(size), 3 if colour else 1
    doublings = {16: 2, 32: 3, 64: 4}[side]
    optimiser = Optimiser(kind="adam", learning_rate=1e-3 if side == 16 else 2e-4, betas=(0.5, 0.999))
    loss = "non_saturating_loss"
    plan = game_plan(critic_update(loss, optimiser), generator_update(loss, optimiser), steps=1200, batch_size=64)
    net = Builder("DCGAN", plan=plan, binding=Binding(dataset="digits"))
    image, code = net.input("image", channels, side, side), net.input("code", 100, 1, 1, drawn="normal")

    generator = net.composite("generator", "Generator", help="From a code, one pixel with 100 channels, to an image.")
    x = generator.add(
        "conv_transpose2d",
        generator.input("code", 100, 1, 1),
        channels=width * 2 ** (doublings - 1),
        stride=1,
        padding=0,
        bias=False,
    )
    for left in reversed(range(doublings - 1)):
        x = generator.add("relu", generator.add("batch_norm", x))
        x = generator.add("conv_transpose2d", x, channels=width * 2**left, bias=False)
    x = generator.add("relu", generator.add("batch_norm", x))
    generator.output(
        generator.add("sigmoid", generator.add("conv_transpose2d", x, channels=channels, bias=False)), "image"
    )

    critic = net.composite("critic", "Critic", help="From an image to one score.")
    x = critic.input("image", channels, side, side)
    for layer in range(doublings):
        x = critic.add("conv2d", x, channels=width * 2**layer, kernel=4, stride=2, padding="custom", pad=1, bias=False)
        x = critic.add("leaky_relu", critic.add("batch_norm", x) if layer else x, slope=0.2)
    score = critic.add("conv2d", x, channels=1, kernel=4, padding="none", bias=False)
    critic.output(critic.add("flatten", score), "score")

    fake = net.add("@generator", code)
    net.output(fake, "image")
    play(net, loss, image, fake, clouds=False)
    return net
