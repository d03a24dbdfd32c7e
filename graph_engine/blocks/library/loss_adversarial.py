"""Losses of generative adversarial networks: one block for each, on the critic's side or on the generator's.

A network of this kind has two of them: one whose update trains the critic, one whose update trains the generator. Both
take the critic's scores.
"""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal

from graph_engine.blocks.block import Block, Category, Input, Output, Param, Reference, Role, Specs
from graph_engine.blocks.call import Expression, Function, Infix, Layer, Method, Ref
from graph_engine.blocks.library.loss_elementwise import check_pair
from graph_engine.blocks.refusal import Refusal, SetParameterHint
from graph_engine.blocks.tensor import Kind, N, TensorSpec

_SCORE, _PATCHES, _CODE = TensorSpec((N, 1)), TensorSpec((N, 1, 4, 5)), TensorSpec((N, 6))
_GENERATOR = {"side": "generator"}
_EXAMPLES: tuple[tuple[dict[str, Any], dict[str, TensorSpec]], ...] = (
    ({}, {"real": _SCORE, "fake": _SCORE}),
    ({}, {"real": _PATCHES, "fake": _PATCHES}),
    (_GENERATOR, {"fake": _SCORE}),
)
_GOODFELLOW = Reference(
    "Goodfellow, Pouget-Abadie, Mirza, Xu, Warde-Farley, Ozair, Courville, Bengio",
    2014,
    "Generative adversarial nets",
)
_LOSS = (Output("loss", Kind.SCALAR),)
_REAL, _FAKE = Ref("real"), Ref("fake")


class _AdversarialLoss(Block):
    """Shared by the losses of which the generator's side sees made samples alone."""

    category: ClassVar = Category.LOSS
    role: ClassVar = Role.LOSS
    inputs: ClassVar = (
        Input(
            "real",
            (Kind.VECTOR, Kind.IMAGE),
            "the critic's scores of real samples; not for the generator",
            optional=True,
        ),
        Input("fake", (Kind.VECTOR, Kind.IMAGE), "the critic's scores of made samples"),
    )
    outputs: ClassVar = _LOSS
    examples: ClassVar = _EXAMPLES

    side: Annotated[
        Literal["critic", "generator"],
        Param("Side", "Who learns from it: the critic, that tells real from made, or the generator, that makes."),
    ] = "critic"

    def tell(self) -> str:
        return self.side

    def build(self, inputs: Specs) -> Layer | Expression:
        if self.side == "critic" and "real" not in inputs:
            raise Refusal(
                "The critic's side compares: wire its scores of real samples. The generator's side needs none.",
                port="real",
                parameter="side",
                hints=(SetParameterHint("side", "generator"),),
            )
        if self.side == "generator" and "real" in inputs:
            raise Refusal(
                "The generator's side looks at made samples alone: take the wire to `real` away, or choose the "
                "critic's side.",
                port="real",
                parameter="side",
                hints=(SetParameterHint("side", "critic"),),
            )
        return self._critic() if self.side == "critic" else self._generator()

    def _critic(self) -> Layer | Expression:
        """What the critic makes small, of `real` and `fake`."""
        raise NotImplementedError

    def _generator(self) -> Expression:
        """What the generator makes small, of `fake`."""
        raise NotImplementedError


class MinimaxLoss(_AdversarialLoss):
    """The game as first stated: the critic raises E log σ(real) + E log(1 − σ(fake)), the generator lowers it.

    real, fake: (N, 1) or (N, 1, H, W), before any sigmoid -> y: scalar, in nats. As long as the critic wins, its
    slope for the generator is flat: the non-saturating loss learns faster.
    """

    title: ClassVar = "Minimax GAN loss"
    keywords: ClassVar = ("gan", "adversarial", "discriminator", "saturating", "generative")
    reference: ClassVar = _GOODFELLOW

    def _critic(self) -> Expression:
        return Function.of("discriminator_loss", _REAL, _FAKE)

    def _generator(self) -> Expression:
        return Function.of("minimax_generator_loss", _FAKE)


class NonSaturatingLoss(_AdversarialLoss):
    """The usual GAN loss: the critic as in the minimax game, the generator raises E log σ(fake).

    real, fake: (N, 1) or (N, 1, H, W), before any sigmoid -> y: scalar, in nats. Critic: −E log σ(real) −
    E log(1 − σ(fake)); generator: −E log σ(fake).
    """

    title: ClassVar = "Non-saturating GAN loss"
    keywords: ClassVar = ("gan", "adversarial", "discriminator", "dcgan", "generative")
    reference: ClassVar = _GOODFELLOW

    def _critic(self) -> Expression:
        return Function.of("discriminator_loss", _REAL, _FAKE)

    def _generator(self) -> Expression:
        return Function.of("non_saturating_generator_loss", _FAKE)


class WassersteinLoss(_AdversarialLoss):
    """How far real and made samples lie apart, by a critic that is no steeper than 1: E real − E fake.

    real, fake: (N, 1) or (N, 1, H, W) -> y: scalar. Critic: E fake − E real; generator: −E fake. The critic must be
    kept from growing steep: clip its weights after each step, or use a spectral norm.
    """

    title: ClassVar = "Wasserstein loss"
    keywords: ClassVar = ("wgan", "gan", "adversarial", "earth mover", "critic", "generative")
    reference: ClassVar = Reference("Arjovsky, Chintala, Bottou", 2017, "Wasserstein GAN")

    def _critic(self) -> Expression:
        return Infix("-", (Method.of(_FAKE, "mean"), Method.of(_REAL, "mean")))

    def _generator(self) -> Expression:
        return Method.of(Method.of(_FAKE, "mean"), "neg")


class LeastSquaresGanLoss(_AdversarialLoss):
    """Draws scores to targets by squares: real ones to b, made ones to a; the generator wants c.

    real, fake: (N, 1) or (N, 1, H, W) -> y: scalar. Critic: ½ E(real − b)² + ½ E(fake − a)²; generator:
    ½ E(fake − c)².
    """

    title: ClassVar = "Least-squares GAN loss"
    keywords: ClassVar = ("lsgan", "gan", "adversarial", "discriminator", "generative")
    reference: ClassVar = Reference(
        "Mao, Li, Xie, Lau, Wang, Smolley", 2017, "Least squares generative adversarial networks"
    )
    examples: ClassVar = (*_EXAMPLES, ({"fake_target": -1.0}, {"real": _SCORE, "fake": _SCORE}))

    real_target: Annotated[float, Param("Real target", "b: what the critic gives to real samples.")] = 1.0
    fake_target: Annotated[float, Param("Fake target", "a: what the critic gives to made samples.")] = 0.0
    wish: Annotated[float, Param("Wish", "c: what the generator wants for its samples.")] = 1.0

    def _critic(self) -> Expression:
        targets = {"real_target": self.real_target, "fake_target": self.fake_target}
        return Function.of("least_squares_critic_loss", _REAL, _FAKE, **targets)

    def _generator(self) -> Expression:
        return Function.of("least_squares_generator_loss", _FAKE, wish=self.wish)


class HingeGanLoss(_AdversarialLoss):
    """Wants real scores above 1 and made ones below −1, and no more than that; the generator raises E fake.

    real, fake: (N, 1) or (N, 1, H, W) -> y: scalar. Critic: E max(0, 1 − real) + E max(0, 1 + fake); generator:
    −E fake.
    """

    title: ClassVar = "Hinge GAN loss"
    keywords: ClassVar = ("gan", "adversarial", "sngan", "sagan", "biggan", "margin", "generative")
    reference: ClassVar = Reference("Lim, Ye", 2017, "Geometric GAN")

    def _critic(self) -> Expression:
        return Function.of("hinge_critic_loss", _REAL, _FAKE)

    def _generator(self) -> Expression:
        return Method.of(Method.of(_FAKE, "mean"), "neg")


class EnergyBasedLoss(_AdversarialLoss):
    """Gives real samples little energy and made ones at least a margin m; the generator wants little energy.

    real, fake: (N, 1) or (N, 1, H, W), energies ≥ 0: how badly an auto-encoder restores a sample -> y: scalar. Critic:
    E real + E max(0, m − fake); generator: E fake.
    """

    title: ClassVar = "EBGAN loss"
    keywords: ClassVar = ("energy-based", "gan", "adversarial", "auto-encoder", "margin", "generative")
    reference: ClassVar = Reference("Zhao, Mathieu, LeCun", 2017, "Energy-based generative adversarial networks")
    examples: ClassVar = (*_EXAMPLES, ({"margin": 0.5}, {"real": _SCORE, "fake": _SCORE}))

    margin: Annotated[float, Param("Margin", "m: the energy that made samples are pushed up to.", gt=0)] = 10.0

    def tell(self) -> str:
        return f"{self.side} · margin {self.margin:g}" if self.side == "critic" else self.side

    def _critic(self) -> Expression:
        return Function.of("energy_critic_loss", _REAL, _FAKE, margin=self.margin)

    def _generator(self) -> Expression:
        return Method.of(_FAKE, "mean")


class BoundaryEquilibriumLoss(_AdversarialLoss):
    """Weighs made samples against real ones so that neither side wins: E real − k E fake, with k kept in balance.

    real, fake: (N, 1) or (N, 1, H, W), energies: how badly an auto-encoder restores a sample -> y: scalar. After each
    training step of the critic k ← k + λ(γ E real − E fake), from 0, within 0 and 1; generator: E fake.
    """

    title: ClassVar = "BEGAN loss"
    keywords: ClassVar = ("boundary equilibrium", "gan", "adversarial", "auto-encoder", "balance", "generative")
    reference: ClassVar = Reference(
        "Berthelot, Schumm, Metz", 2017, "BEGAN: boundary equilibrium generative adversarial networks"
    )
    examples: ClassVar = (*_EXAMPLES, ({"gamma": 0.3, "rate": 0.1}, {"real": _SCORE, "fake": _SCORE}))

    gamma: Annotated[
        float, Param("Diversity", "γ: E fake / E real in balance; smaller is sharper, larger more varied.", ge=0, le=1)
    ] = 0.5
    rate: Annotated[float, Param("Rate", "λ: how fast k follows.", gt=0, le=1, advanced=True)] = 0.001

    def tell(self) -> str:
        return f"{self.side} · γ {self.gamma:.3g}" if self.side == "critic" else self.side

    def _critic(self) -> Expression:
        return Layer.of("EquilibriumLoss", gamma=self.gamma, rate=self.rate).on(_REAL, _FAKE)

    def _generator(self) -> Expression:
        return Method.of(_FAKE, "mean")


class CramerLoss(Block):
    """Compares features by the energy distance, with two made samples for each real one.

    real, fake, other: (N, C), features that the critic gives -> y: scalar. Critic: E f(fake) − E f(real) with
    f(h) = ‖h − other‖ − ‖h‖; generator: E ‖real − fake‖ + E ‖real − other‖ − E ‖fake − other‖.
    """

    title: ClassVar = "Cramér GAN loss"
    category: ClassVar = Category.LOSS
    role: ClassVar = Role.LOSS
    keywords: ClassVar = ("cramer", "gan", "adversarial", "energy distance", "critic", "generative")
    reference: ClassVar = Reference(
        "Bellemare, Danihelka, Dabney, Mohamed, Lakshminarayanan, Hoyer, Munos",
        2017,
        "The Cramer distance as a solution to biased Wasserstein gradients",
    )
    inputs: ClassVar = (
        Input("real", (Kind.VECTOR,), "features of real samples"),
        Input("fake", (Kind.VECTOR,), "features of made samples"),
        Input("other", (Kind.VECTOR,), "features of other made samples"),
    )
    outputs: ClassVar = _LOSS
    examples: ClassVar = (
        ({}, {"real": _CODE, "fake": _CODE, "other": _CODE}),
        (_GENERATOR, {"real": _CODE, "fake": _CODE, "other": _CODE}),
    )

    side: Annotated[
        Literal["critic", "generator"],
        Param("Side", "Who learns from it: the critic, that gives the features, or the generator, that makes."),
    ] = "critic"

    def tell(self) -> str:
        return self.side

    def build(self, inputs: Specs) -> Expression:
        check_pair(self.title, inputs, "fake", "real")
        check_pair(self.title, inputs, "other", "real")
        function = "cramer_critic_loss" if self.side == "critic" else "cramer_generator_loss"
        return Function.of(function, _REAL, _FAKE, Ref("other"))
