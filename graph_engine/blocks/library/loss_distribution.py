"""Losses that compare distributions."""

from __future__ import annotations

from typing import Annotated, ClassVar

from graph_engine.blocks.block import Block, Category, Input, Output, Param, Reference, Role, Specs
from graph_engine.blocks.call import Expression, Function, Ref
from graph_engine.blocks.library.loss_elementwise import check_pair
from graph_engine.blocks.refusal import ChangeChannels, Refusal
from graph_engine.blocks.tensor import Kind, N, TensorSpec

_SCORES, _LABEL = TensorSpec((N, 10)), TensorSpec((N,), "int64", classes=10)
_MAPS = TensorSpec((N, 2, 3, 4))
_LOSS = (Output("loss", Kind.SCALAR),)


class NegativeLogLikelihood(Block):
    """Minus the log probability of the right class, averaged: for what log-softmax gives.

    log_probabilities: (N, K), label: (N,) -> y: scalar, in nats. Cross entropy is log-softmax and this in one.
    """

    title: ClassVar = "Negative log likelihood"
    category: ClassVar = Category.LOSS
    role: ClassVar = Role.LOSS
    keywords: ClassVar = ("nll", "classification", "log-softmax", "cross entropy")
    reference: ClassVar = Reference("Fisher", 1922, "On the mathematical foundations of theoretical statistics")
    inputs: ClassVar = (
        Input("log_probabilities", (Kind.VECTOR,), "one log probability for each class, from log-softmax"),
        Input("label", (Kind.LABEL,), "the right class of each sample"),
    )
    outputs: ClassVar = _LOSS
    examples: ClassVar = (({}, {"log_probabilities": _SCORES, "label": _LABEL}),)

    def build(self, inputs: Specs) -> Expression:
        scores, label = inputs["log_probabilities"], inputs["label"]
        if label.classes and scores.shape[1] != label.classes:
            raise Refusal(
                f"{self.title}: the labels have {label.classes} classes, but {scores} gives {scores.shape[1]} values.",
                port="log_probabilities",
                expected=f"N×{label.classes}",
                hints=(ChangeChannels("log_probabilities", label.classes),),
            )
        return Function.of("F.nll_loss", Ref("log_probabilities"), Ref("label"))


class KlDivergence(Block):
    """How far what the network believes is from a target distribution: Σ t (log t − log p), averaged over the batch.

    log_probabilities, log_target: (N, …, K), both from log-softmax -> y: scalar, in nats.
    """

    title: ClassVar = "KL divergence"
    category: ClassVar = Category.LOSS
    role: ClassVar = Role.LOSS
    keywords: ClassVar = ("kullback", "leibler", "relative entropy", "distribution")
    reference: ClassVar = Reference("Kullback, Leibler", 1951, "On information and sufficiency")
    inputs: ClassVar = (
        Input("log_probabilities", help="what the network believes, from log-softmax"),
        Input("log_target", help="what is right, from log-softmax"),
    )
    outputs: ClassVar = _LOSS
    examples: ClassVar = (({}, {"log_probabilities": _SCORES, "log_target": _SCORES}),)

    def build(self, inputs: Specs) -> Expression:
        check_pair(self.title, inputs, "log_probabilities", "log_target")
        ports = (Ref("log_probabilities"), Ref("log_target"))
        return Function.of("F.kl_div", *ports, reduction="batchmean", log_target=True)


class JsDivergence(Block):
    """How far two distributions are apart, both alike: the mean of their KL divergences from their average.

    log_probabilities, log_target: (N, …, K), both from log-softmax -> y: scalar, in nats, at most log 2 a sample where
    there is one distribution in each. y = ½ KL(p ‖ m) + ½ KL(q ‖ m), m = ½ (p + q).
    """

    title: ClassVar = "JS divergence"
    category: ClassVar = Category.LOSS
    role: ClassVar = Role.LOSS
    keywords: ClassVar = ("jensen", "shannon", "symmetric", "distribution", "mutual learning")
    reference: ClassVar = Reference("Lin", 1991, "Divergence measures based on the Shannon entropy")
    inputs: ClassVar = (
        Input("log_probabilities", help="one distribution, from log-softmax"),
        Input("log_target", help="the other, from log-softmax"),
    )
    outputs: ClassVar = _LOSS
    examples: ClassVar = (({}, {"log_probabilities": _SCORES, "log_target": _SCORES}),)

    def build(self, inputs: Specs) -> Expression:
        check_pair(self.title, inputs, "log_probabilities", "log_target")
        return Function.of("js_divergence", Ref("log_probabilities"), Ref("log_target"))


class EarthMoversDistance(Block):
    """How far what the network believes must be carried to become the target: for classes that have an order.

    log_probabilities, log_target: (N, K), both from log-softmax -> y: scalar, in classes: Σₖ |Pₖ − Qₖ| of the sums up
    to class k, averaged over the batch. It is Wasserstein-1 on a line of K places.
    """

    title: ClassVar = "Earth mover's distance"
    category: ClassVar = Category.LOSS
    role: ClassVar = Role.LOSS
    keywords: ClassVar = ("emd", "wasserstein", "transport", "ordinal", "histogram", "age")
    reference: ClassVar = Reference(
        "Rubner, Tomasi, Guibas", 2000, "The earth mover's distance as a metric for image retrieval"
    )
    inputs: ClassVar = (
        Input("log_probabilities", (Kind.VECTOR,), "what the network believes, from log-softmax"),
        Input("log_target", (Kind.VECTOR,), "what is right, from log-softmax"),
    )
    outputs: ClassVar = _LOSS
    examples: ClassVar = (({}, {"log_probabilities": _SCORES, "log_target": _SCORES}),)

    def build(self, inputs: Specs) -> Expression:
        check_pair(self.title, inputs, "log_probabilities", "log_target")
        return Function.of("earth_movers_distance", Ref("log_probabilities"), Ref("log_target"))


class DistillationLoss(Block):
    """How far a student's softened beliefs are from its teacher's: T² KL(softmax(teacher/T) ‖ softmax(student/T)).

    student, teacher: (N, K) scores -> y: scalar. No gradient reaches the teacher. Usually beside cross entropy.
    """

    title: ClassVar = "Distillation"
    category: ClassVar = Category.LOSS
    role: ClassVar = Role.LOSS
    keywords: ClassVar = ("teacher", "student", "temperature", "soft targets", "compression")
    reference: ClassVar = Reference("Hinton, Vinyals, Dean", 2015, "Distilling the knowledge in a neural network")
    inputs: ClassVar = (
        Input("student", (Kind.VECTOR,), "scores of the network that learns"),
        Input("teacher", (Kind.VECTOR,), "scores of the network that knows"),
    )
    detached: ClassVar = ("teacher",)
    outputs: ClassVar = _LOSS
    examples: ClassVar = (
        ({}, {"student": _SCORES, "teacher": _SCORES}),
        ({"temperature": 20.0}, {"student": _SCORES, "teacher": _SCORES}),
    )

    temperature: Annotated[
        float, Param("Temperature", "T: higher tells more of how the teacher ranks wrong classes.", gt=0)
    ] = 4.0

    def tell(self) -> str:
        return f"T {self.temperature:g}"

    def build(self, inputs: Specs) -> Expression:
        check_pair(self.title, inputs, "student", "teacher")
        return Function.of("distillation_loss", Ref("student"), Ref("teacher"), temperature=self.temperature)


class GaussianKl(Block):
    """How far the codes of a variational autoencoder are from N(0, 1): −½ Σ (1 + log σ² − μ² − σ²), batch mean.

    mean, log_variance: (N, C) or (N, C, H, W) -> y: scalar, in nats.
    """

    title: ClassVar = "VAE KL"
    category: ClassVar = Category.LOSS
    role: ClassVar = Role.LOSS
    keywords: ClassVar = ("variational autoencoder", "latent", "prior", "kullback", "elbo")
    reference: ClassVar = Reference("Kingma, Welling", 2014, "Auto-encoding variational Bayes")
    inputs: ClassVar = (
        Input("mean", (Kind.VECTOR, Kind.IMAGE), "μ of each code"),
        Input("log_variance", (Kind.VECTOR, Kind.IMAGE), "log σ² of each code"),
    )
    outputs: ClassVar = _LOSS
    examples: ClassVar = (
        ({}, {"mean": _SCORES, "log_variance": _SCORES}),
        ({}, {"mean": _MAPS, "log_variance": _MAPS}),
    )

    def build(self, inputs: Specs) -> Expression:
        check_pair(self.title, inputs, "mean", "log_variance")
        return Function.of("gaussian_kl", Ref("mean"), Ref("log_variance"))
