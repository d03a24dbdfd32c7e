"""Losses that compare number by number."""

from __future__ import annotations

from typing import Annotated, ClassVar

from graph_engine.blocks.block import Block, Category, Input, Output, Param, Reference, Role, Specs
from graph_engine.blocks.call import Expression, Function, Ref
from graph_engine.blocks.refusal import Refusal
from graph_engine.blocks.tensor import Kind, N, TensorSpec

_VECTOR, _IMAGE = TensorSpec((N, 4)), TensorSpec((N, 2, 5, 6))
_VOLUME = TensorSpec((N, 2, 3, 4, 5))
_LOSS = (Output("loss", Kind.SCALAR),)


def check_pair(title: str, inputs: Specs, port: str, target: str) -> None:
    """Refuse two inputs of different shapes.

    Raises: Refusal at `port`.
    """
    x, right = inputs[port], inputs[target]
    if x.shape != right.shape:
        raise Refusal(f"{title} needs equal shapes: {x} and {right} arrive.", port=port, expected=str(right))


class MeanAbsoluteError(Block):
    """The mean of the differences, whatever their sign: mean |x − target|.

    x, target: one shape -> y: scalar.
    """

    title: ClassVar = "Mean absolute error"
    category: ClassVar = Category.LOSS
    role: ClassVar = Role.LOSS
    keywords: ClassVar = ("l1", "mae", "regression", "reconstruction", "robust")
    reference: ClassVar = Reference(
        "Isola, Zhu, Zhou, Efros", 2017, "Image-to-image translation with conditional adversarial networks"
    )
    inputs: ClassVar = (Input("x", help="what the network says"), Input("target", help="what is right"))
    outputs: ClassVar = _LOSS
    examples: ClassVar = (({}, {"x": _VECTOR, "target": _VECTOR}), ({}, {"x": _IMAGE, "target": _IMAGE}))

    def build(self, inputs: Specs) -> Expression:
        check_pair(self.title, inputs, "x", "target")
        return Function.of("F.l1_loss", Ref("x"), Ref("target"))


class BinaryCrossEntropy(Block):
    """How surprised the network is by each yes or no: −t log σ(x) − (1 − t) log(1 − σ(x)), averaged.

    logits, target: one shape (N, …), target from 0 to 1 -> y: scalar, in nats. Takes scores before any sigmoid.
    """

    title: ClassVar = "Binary cross entropy"
    category: ClassVar = Category.LOSS
    role: ClassVar = Role.LOSS
    keywords: ClassVar = ("bce", "logits", "sigmoid", "multi-label", "discriminator", "yes no")
    reference: ClassVar = Reference("Good", 1952, "Rational decisions")
    inputs: ClassVar = (
        Input("logits", help="scores, before any sigmoid"),
        Input("target", help="what is right: 0 or 1, or between"),
    )
    outputs: ClassVar = _LOSS
    examples: ClassVar = (({}, {"logits": _VECTOR, "target": _VECTOR}), ({}, {"logits": _IMAGE, "target": _IMAGE}))

    def build(self, inputs: Specs) -> Expression:
        check_pair(self.title, inputs, "logits", "target")
        return Function.of("F.binary_cross_entropy_with_logits", Ref("logits"), Ref("target"))


class DiceLoss(Block):
    """How badly two regions overlap: 1 − 2 Σ p t/(Σ p² + Σ t²) with p = σ(logits), averaged over the batch.

    logits, target: one shape (N, …), target from 0 to 1 -> y: scalar from 0 to 1. Heeds small regions, which
    cross entropy drowns in background.
    """

    title: ClassVar = "Dice loss"
    category: ClassVar = Category.LOSS
    role: ClassVar = Role.LOSS
    keywords: ClassVar = ("overlap", "segmentation", "f1", "imbalanced", "medical")
    reference: ClassVar = Reference(
        "Milletari, Navab, Ahmadi",
        2016,
        "V-Net: fully convolutional neural networks for volumetric medical image segmentation",
    )
    inputs: ClassVar = (
        Input("logits", (Kind.IMAGE, Kind.VOLUME, Kind.VECTOR), "scores, before any sigmoid"),
        Input("target", (Kind.IMAGE, Kind.VOLUME, Kind.VECTOR), "what is right: 0 or 1"),
    )
    outputs: ClassVar = _LOSS
    examples: ClassVar = (
        ({}, {"logits": _IMAGE, "target": _IMAGE}),
        ({"smooth": 0.1}, {"logits": _VECTOR, "target": _VECTOR}),
        ({}, {"logits": _VOLUME, "target": _VOLUME}),
    )

    smooth: Annotated[
        float, Param("Smooth", "Added above and below the line, so that empty regions match.", gt=0, advanced=True)
    ] = 1.0

    def build(self, inputs: Specs) -> Expression:
        check_pair(self.title, inputs, "logits", "target")
        return Function.of("dice_loss", Ref("logits"), Ref("target"), smooth=self.smooth)
