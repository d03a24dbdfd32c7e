"""Classification at every step of a sequence, or at every pixel of an image: losses, metric, and teacher forcing."""

from __future__ import annotations

from typing import Annotated, ClassVar

from graph_engine.blocks.block import Block, Category, Input, Output, Param, Reference, Role, Specs
from graph_engine.blocks.call import Expression, Function, Layer, Method, Ref
from graph_engine.blocks.counted import CountedByLabel, Counting
from graph_engine.blocks.library.loss import ClassWeights, counted, surprise
from graph_engine.blocks.refusal import ChangeChannels, Refusal
from graph_engine.blocks.tensor import Kind, N, TensorSpec

_SCORES, _TOKENS = TensorSpec((N, 3, 6)), TensorSpec((N, 3), "int64", classes=6)
_MAPS, _PIXELS = TensorSpec((N, 6, 4, 5)), TensorSpec((N, 4, 5), "int64", classes=6)
_SAID = (
    Input("logits", (Kind.SEQUENCE,), "at each step, one score for each class, before any softmax"),
    Input("label", (Kind.TOKENS,), "the right class of each step"),
)
_BRIDLE = Reference("Bridle", 1990, "Probabilistic interpretation of feedforward classification network outputs")
_IGNORE = Param(
    "Left out", "The class that does not count, as the one that fills up short sequences; −1: all count.", ge=-1
)


class SequenceCrossEntropy(CountedByLabel):
    """How surprised the network is by the right class of each step: −log softmax(logits)[label], averaged over steps.

    logits: (N, T, K), label: (N, T) -> y: scalar, in nats; steps of the class left out do not count.
    """

    title: ClassVar = "Sequence cross entropy"
    category: ClassVar = Category.LOSS
    role: ClassVar = Role.LOSS
    keywords: ClassVar = ("sequence to sequence", "language model", "tokens", "tagging", "translation", "padding")
    reference: ClassVar = _BRIDLE
    inputs: ClassVar = _SAID
    outputs: ClassVar = (Output("loss", Kind.SCALAR),)
    examples: ClassVar = (
        ({}, {"logits": _SCORES, "label": _TOKENS}),
        ({"ignore": 0, "label_smoothing": 0.1}, {"logits": _SCORES, "label": _TOKENS}),
        ({"class_weights": [1, 2, 3, 0, 0.5, 1]}, {"logits": _SCORES, "label": _TOKENS}),
    )

    label_smoothing: Annotated[
        float, Param("Label smoothing", "Share of the target spread evenly over all classes.", ge=0, lt=1)
    ] = 0.0
    ignore: Annotated[int, _IGNORE] = -1
    class_weights: ClassWeights = ()

    def build(self, inputs: Specs) -> Expression:
        _check_steps(self.title, inputs, self.ignore)
        return surprise(
            Method.of(Ref("logits"), "flatten", 0, 1),
            Method.of(Ref("label"), "flatten"),
            inputs["logits"].length(2),
            self.class_weights,
            label_smoothing=self.label_smoothing,
            ignore=self.ignore,
        )

    def counting(self) -> Counting | None:
        return counted(self.class_weights, self.ignore)


class PixelCrossEntropy(CountedByLabel):
    """How surprised the network is by the right class of each pixel: −log softmax(logits)[label], averaged over pixels.

    logits: (N, K, H, W), label: (N, H, W) -> y: scalar, in nats; pixels of the class left out do not count.
    """

    title: ClassVar = "Pixel cross entropy"
    category: ClassVar = Category.LOSS
    role: ClassVar = Role.LOSS
    whole_numbers: ClassVar = True
    keywords: ClassVar = ("semantic segmentation", "dense prediction", "void", "mask")
    reference: ClassVar = Reference(
        "Long, Shelhamer, Darrell", 2015, "Fully convolutional networks for semantic segmentation"
    )
    inputs: ClassVar = (
        Input("logits", (Kind.IMAGE,), "one map of scores for each class, before any softmax"),
        Input("label", help="the right class of each pixel, as whole numbers"),
    )
    outputs: ClassVar = (Output("loss", Kind.SCALAR),)
    examples: ClassVar = (
        ({}, {"logits": _MAPS, "label": _PIXELS}),
        ({"ignore": 5}, {"logits": _MAPS, "label": _PIXELS}),
        ({"ignore": 5, "class_weights": [1, 2, 3, 0, 0.5, 1]}, {"logits": _MAPS, "label": _PIXELS}),
    )

    ignore: Annotated[
        int, Param("Left out", "The class that does not count, as that of unclear borders; −1: all count.", ge=-1)
    ] = -1
    class_weights: ClassWeights = ()

    def build(self, inputs: Specs) -> Expression:
        logits, label = inputs["logits"], inputs["label"]
        pixels = (logits.shape[0], *logits.shape[2:])
        if not logits.is_floating or label.dtype != "int64" or label.shape != pixels:
            expected = "×".join(map(str, pixels))
            raise Refusal(
                f"{self.title} needs scores and a class for each pixel, {expected} (int64): {logits} ({logits.dtype}) "
                f"and {label} ({label.dtype}) arrive.",
                port="label" if logits.is_floating else "logits",
                expected=f"{expected} (int64)",
            )
        _check_classes(self.title, logits.length(1), label.classes, "logits")
        _check_ignored(self.ignore, logits.length(1))
        return surprise(Ref("logits"), Ref("label"), logits.length(1), self.class_weights, ignore=self.ignore)

    def counting(self) -> Counting | None:
        return counted(self.class_weights, self.ignore)


class SequenceAccuracy(CountedByLabel):
    """The share of steps whose highest score is the right class; or of sequences in which every step is right.

    logits: (N, T, K), label: (N, T) -> y: scalar between 0 and 1; steps of the class left out do not count.
    """

    title: ClassVar = "Sequence accuracy"
    category: ClassVar = Category.METRIC
    role: ClassVar = Role.METRIC
    greater: ClassVar = True
    keywords: ClassVar = ("metric", "correct", "exact match", "tokens", "sequence to sequence", "tagging")
    inputs: ClassVar = _SAID
    outputs: ClassVar = (Output("sequence_accuracy", Kind.SCALAR),)
    examples: ClassVar = (
        ({}, {"logits": _SCORES, "label": _TOKENS}),
        ({"whole": True, "ignore": 0}, {"logits": _SCORES, "label": _TOKENS}),
    )

    whole: Annotated[bool, Param("Whole sequences", "A sequence counts only if every step of it is right.")] = False
    ignore: Annotated[int, _IGNORE] = -1

    def tell(self) -> str:
        return "whole sequences" if self.whole else ""

    def build(self, inputs: Specs) -> Expression:
        _check_steps(self.title, inputs, self.ignore)
        return Function.of("sequence_accuracy", Ref("logits"), Ref("label"), whole=self.whole, ignore=self.ignore)

    def counting(self) -> Counting | None:
        return None if self.whole else counted((), self.ignore)


class TeacherForcing(Block):
    """What a decoder is told that it said last: in training the right token, else the one that it found likeliest.

    teacher: (N,), own: (N, K), its scores of the step before -> y: (N,), tokens. With a share below 1, the teacher is
    heard at random with that probability (scheduled sampling). In use (evaluation and export) it is never heard.
    What is no token, such as a frame of sound, is heard as it is: teacher and own (N, E) -> y: (N, E).
    """

    title: ClassVar = "Teacher forcing"
    category: ClassVar = Category.RECURRENT
    keeps_numbers: ClassVar = True
    keywords: ClassVar = ("decoder", "sequence to sequence", "scheduled sampling", "feedback", "translation")
    reference: ClassVar = Reference(
        "Bengio, Vinyals, Jaitly, Shazeer",
        2015,
        "Scheduled sampling for sequence prediction with recurrent neural networks",
    )
    inputs: ClassVar = (
        Input("teacher", (Kind.LABEL, Kind.VECTOR), "the right token, or vector, of the step before"),
        Input("own", (Kind.VECTOR,), "the decoder's scores, or vector, of the step before"),
    )
    outputs: ClassVar = (Output("y", help="what the decoder goes on from"),)
    examples: ClassVar = (
        ({}, {"teacher": TensorSpec((N,), "int64", classes=6), "own": TensorSpec((N, 6))}),
        ({"share": 0.5}, {"teacher": TensorSpec((N,), "int64", classes=6), "own": TensorSpec((N, 6))}),
        ({}, {"teacher": TensorSpec((N, 6)), "own": TensorSpec((N, 6))}),
    )

    share: Annotated[float, Param("Share", "How often the teacher is heard while training.", ge=0, le=1)] = 1.0

    def tell(self) -> str:
        return f"{self.share:.0%}"

    def build(self, inputs: Specs) -> Layer:
        teacher, own = inputs["teacher"], inputs["own"]
        if not teacher.is_floating:
            _check_classes(self.title, own.length(1), teacher.classes, "own")
        elif teacher.shape != own.shape:
            raise Refusal(
                f"What is told and what was said must be of one shape: {teacher} and {own} arrive.",
                port="own",
                expected=str(teacher),
            )
        return Layer.of("TeacherForcing", self.share)


def _check_steps(title: str, inputs: Specs, ignore: int) -> None:
    logits, label = inputs["logits"], inputs["label"]
    if logits.shape[1] != label.shape[1]:
        raise Refusal(
            f"{title} needs a class for each of the {logits.shape[1]} steps; there are {label.shape[1]}.",
            port="label",
            expected=f"N×{logits.shape[1]}",
        )
    _check_classes(title, logits.length(2), label.classes, "logits")
    _check_ignored(ignore, logits.length(2))


def _check_classes(title: str, scores: int, classes: int, port: str) -> None:
    if classes and scores != classes:
        raise Refusal(
            f"{title}: the labels have {classes} classes, but there are {scores} scores.",
            port=port,
            expected=f"{classes} scores",
            hints=(ChangeChannels(port, classes),),
        )


def _check_ignored(ignore: int, classes: int) -> None:
    if ignore >= classes:
        raise Refusal(
            f"There is no class {ignore} to leave out: there are {classes}, from 0.",
            parameter="ignore",
            expected=f"-1 to {classes - 1}",
        )
