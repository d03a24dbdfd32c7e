"""Losses, which training makes small, and metrics, which tell how good the network is."""

from __future__ import annotations

from typing import Annotated, ClassVar

from graph_engine.blocks.block import Block, Category, Input, Output, Param, Reference, Role, Specs
from graph_engine.blocks.call import Expression, Function, Layer, Ref
from graph_engine.blocks.counted import CountedByLabel, Counting
from graph_engine.blocks.parameter import Numbers
from graph_engine.blocks.refusal import ChangeChannels, Refusal, SetParameterHint
from graph_engine.blocks.tensor import Kind, N, TensorSpec

_LOGITS, _LABEL = TensorSpec((N, 10)), TensorSpec((N,), "int64", classes=10)
_SCORES = Input("logits", (Kind.VECTOR,), "one score for each class, before any softmax")
_LABELS = Input("label", (Kind.LABEL,), "the right class of each sample")


def check_classes(title: str, inputs: Specs) -> None:
    logits, label = inputs["logits"], inputs["label"]
    if label.classes and logits.shape[1] != label.classes:
        raise Refusal(
            f"{title}: the labels have {label.classes} classes, but {logits} gives {logits.shape[1]} scores.",
            port="logits",
            expected=f"N×{label.classes}",
            hints=(ChangeChannels("logits", label.classes),),
        )


ClassWeights = Annotated[
    Numbers,
    Param(
        "Class weights",
        "How much each class counts, one number a class, as where some are rare; none: all count alike.",
        ge=0,
    ),
]


_NONE_LEFT_OUT = -100
"""What `F.cross_entropy` takes where every class counts."""


def surprise(
    logits: Expression,
    label: Expression,
    classes: int,
    weights: Numbers,
    *,
    label_smoothing: float = 0.0,
    ignore: int = -1,
) -> Expression:
    """The cross entropy of scores in which every class counts as `weights` say; none of them: all alike.

    The class `ignore` does not count at all; −1: there is none such. Weights are kept by a module, since they have to
    be on the device of the scores.

    Raises: Refusal unless there is one weight for each of the `classes`, and not all of them are 0.
    """
    left_out = ignore if ignore >= 0 else _NONE_LEFT_OUT
    if not weights:
        return Function.of("F.cross_entropy", logits, label, label_smoothing=label_smoothing, ignore_index=left_out)
    if len(weights) != classes:
        raise Refusal(
            f"Each class needs a weight of its own: there are {classes} scores, and {len(weights)} weights.",
            parameter="class_weights",
            expected=f"{classes} numbers, or none",
            hints=(SetParameterHint("class_weights", []),),
        )
    if not any(weights):
        raise Refusal(
            "With class weights that are all 0, nothing counts. Let one class count at least.",
            parameter="class_weights",
            expected="a number above 0",
            hints=(SetParameterHint("class_weights", []),),
        )
    module = Layer.of("WeightedCrossEntropy", weights, label_smoothing=label_smoothing, ignore_index=left_out)
    return module.on(logits, label)


def counted(weights: Numbers, ignore: int = -1) -> Counting | None:
    """How much each label counts where some count more, or not at all."""
    return Counting(ignore, tuple(map(float, weights))) if weights or ignore >= 0 else None


class CrossEntropy(CountedByLabel):
    """How surprised the network is by the right class: −log softmax(logits)[label], averaged over the batch.

    logits: (N, K), label: (N,) -> y: scalar, in nats. With class weights w, it is the weighted mean:
    −Σ w[label] log softmax(logits)[label] / Σ w[label].
    """

    title: ClassVar = "Cross entropy"
    category: ClassVar = Category.LOSS
    role: ClassVar = Role.LOSS
    keywords: ClassVar = ("classification", "log loss", "negative log likelihood", "softmax")
    reference: ClassVar = Reference(
        "Bridle", 1990, "Probabilistic interpretation of feedforward classification network outputs"
    )
    inputs: ClassVar = (_SCORES, _LABELS)
    outputs: ClassVar = (Output("loss", Kind.SCALAR),)
    examples: ClassVar = (
        ({}, {"logits": _LOGITS, "label": _LABEL}),
        ({"label_smoothing": 0.1}, {"logits": _LOGITS, "label": _LABEL}),
        ({"class_weights": [1, 0.5] * 5}, {"logits": _LOGITS, "label": _LABEL}),
    )

    label_smoothing: Annotated[
        float, Param("Label smoothing", "Share of the target spread evenly over all classes.", ge=0, lt=1)
    ] = 0.0
    class_weights: ClassWeights = ()

    def build(self, inputs: Specs) -> Expression:
        check_classes(self.title, inputs)
        classes = inputs["logits"].length(1)
        return surprise(Ref("logits"), Ref("label"), classes, self.class_weights, label_smoothing=self.label_smoothing)

    def counting(self) -> Counting | None:
        return counted(self.class_weights)


class MeanSquaredError(Block):
    """The mean of the squared differences: mean((x − target)²).

    x, target: one shape -> y: scalar.
    """

    title: ClassVar = "Mean squared error"
    category: ClassVar = Category.LOSS
    role: ClassVar = Role.LOSS
    keywords: ClassVar = ("mse", "l2", "regression", "reconstruction")
    reference: ClassVar = Reference(
        "Rumelhart, Hinton, Williams", 1986, "Learning representations by back-propagating errors"
    )
    inputs: ClassVar = (Input("x", help="what the network says"), Input("target", help="what is right"))
    outputs: ClassVar = (Output("loss", Kind.SCALAR),)
    examples: ClassVar = (({}, {"x": _LOGITS, "target": _LOGITS}),)

    def build(self, inputs: Specs) -> Expression:
        x, target = inputs["x"], inputs["target"]
        if x.shape != target.shape:
            raise Refusal(
                f"Mean squared error needs equal shapes: {x} and {target} arrive.", port="x", expected=str(target)
            )
        return Function.of("F.mse_loss", Ref("x"), Ref("target"))


class Accuracy(Block):
    """The share of samples whose highest score is the right class.

    logits: (N, K), label: (N,) -> y: scalar between 0 and 1.
    """

    title: ClassVar = "Accuracy"
    category: ClassVar = Category.METRIC
    role: ClassVar = Role.METRIC
    greater: ClassVar = True
    keywords: ClassVar = ("metric", "correct", "classification")
    inputs: ClassVar = (_SCORES, _LABELS)
    outputs: ClassVar = (Output("accuracy", Kind.SCALAR),)
    examples: ClassVar = (({}, {"logits": _LOGITS, "label": _LABEL}),)

    def build(self, inputs: Specs) -> Expression:
        check_classes(self.title, inputs)
        return Function.of("accuracy", Ref("logits"), Ref("label"))
