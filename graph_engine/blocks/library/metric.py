"""Metrics beside accuracy: how good a network is, told and never trained on."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, ClassVar, Literal

from graph_engine.blocks.block import Block, Category, Input, Output, Param, Reference, Role, Specs
from graph_engine.blocks.call import Expression, Function, Ref
from graph_engine.blocks.collected import CollectedMetric, Collector
from graph_engine.blocks.library.loss import check_classes
from graph_engine.blocks.library.loss_elementwise import check_pair
from graph_engine.blocks.refusal import Refusal, SetParameterHint
from graph_engine.blocks.tensor import Kind, N, TensorSpec

_LOGITS, _LABEL = TensorSpec((N, 10)), TensorSpec((N,), "int64", classes=10)
_MAPS, _MASK = TensorSpec((N, 3, 4, 5)), TensorSpec((N, 4, 5), "int64", classes=3)
_VECTOR, _IMAGE = TensorSpec((N, 4)), TensorSpec((N, 2, 5, 6))
_CLASSIFIED = (
    Input("logits", (Kind.VECTOR,), "one score for each class, before any softmax"),
    Input("label", (Kind.LABEL,), "the right class of each sample"),
)
_COUNTED = Reference("Van Rijsbergen", 1979, "Information retrieval")
_TORCHMETRICS = "torchmetrics.classification.Multiclass"


class TopkAccuracy(Block):
    """Counts a sample as right if its class is among the k highest scores.

    logits: (N, K), label: (N,) -> y: scalar between 0 and 1.
    """

    title: ClassVar = "Top-k accuracy"
    category: ClassVar = Category.METRIC
    role: ClassVar = Role.METRIC
    greater: ClassVar = True
    keywords: ClassVar = ("metric", "top-5", "imagenet", "classification", "correct")
    reference: ClassVar = Reference(
        "Russakovsky, Deng, Su, Krause, Satheesh, Ma, Huang, Karpathy, Khosla, Bernstein, Berg, Fei-Fei",
        2015,
        "ImageNet large scale visual recognition challenge",
    )
    inputs: ClassVar = _CLASSIFIED
    outputs: ClassVar = (Output("top_k_accuracy", Kind.SCALAR),)
    examples: ClassVar = (({}, {"logits": _LOGITS, "label": _LABEL}), ({"k": 1}, {"logits": _LOGITS, "label": _LABEL}))

    k: Annotated[int, Param("Highest", "k: among how many highest scores the class must be.", ge=1)] = 5

    def tell(self) -> str:
        return f"top {self.k}"

    def build(self, inputs: Specs) -> Expression:
        check_classes(self.title, inputs)
        classes = inputs["logits"].length(1)
        if self.k > classes:
            raise Refusal(
                f"There are {classes} scores, so no {self.k} highest among them.",
                parameter="k",
                expected=f"1 to {classes}",
                hints=(SetParameterHint("k", 1),),
            )
        return Function.of("top_k_accuracy", Ref("logits"), Ref("label"), k=self.k)


class _OverClasses(CollectedMetric):
    """Shared by what is counted of each class and then averaged."""

    greater: ClassVar = True
    inputs: ClassVar = _CLASSIFIED
    examples: ClassVar = (
        ({}, {"logits": _LOGITS, "label": _LABEL}),
        ({"average": "micro"}, {"logits": _LOGITS, "label": _LABEL}),
        ({"average": "weighted"}, {"logits": _LOGITS, "label": _LABEL}),
    )

    average: Annotated[
        Literal["macro", "weighted", "micro"],
        Param(
            "Average",
            "`macro`: every class that occurs counts as much; `weighted`: by how often it is right; `micro`: every "
            "sample counts as much, which is accuracy.",
        ),
    ] = "macro"

    def tell(self) -> str:
        return self.average

    def _counted(self, function: str, inputs: Specs) -> Expression:
        check_classes(self.title, inputs)
        return Function.of(function, Ref("logits"), Ref("label"), average=self.average)

    def _collector(self, name: str, inputs: Specs) -> Collector:
        classes = inputs["logits"].length(1)
        return Collector.of(f"{_TORCHMETRICS}{name}", num_classes=classes, average=self.average, validate_args=False)


class Precision(_OverClasses):
    """Of what the network says is of a class, the share that is: high where it seldom raises false alarms.

    logits: (N, K), label: (N,) -> y: scalar between 0 and 1. While training, the curve is of single batches; the value
    of an evaluation is that of all its samples.
    """

    title: ClassVar = "Precision metric"
    keywords: ClassVar = ("precision", "false alarms", "imbalanced", "classification")
    reference: ClassVar = _COUNTED
    outputs: ClassVar = (Output("precision", Kind.SCALAR),)

    def build(self, inputs: Specs) -> Expression:
        return self._counted("precision", inputs)

    def collector(self, inputs: Specs) -> Collector:
        return self._collector("Precision", inputs)


class Recall(_OverClasses):
    """Of what is of a class, the share that the network finds: high where it seldom misses.

    logits: (N, K), label: (N,) -> y: scalar between 0 and 1. While training, the curve is of single batches; the value
    of an evaluation is that of all its samples.
    """

    title: ClassVar = "Recall metric"
    keywords: ClassVar = ("recall", "sensitivity", "misses", "imbalanced", "classification")
    reference: ClassVar = _COUNTED
    outputs: ClassVar = (Output("recall", Kind.SCALAR),)

    def build(self, inputs: Specs) -> Expression:
        return self._counted("recall", inputs)

    def collector(self, inputs: Specs) -> Collector:
        return self._collector("Recall", inputs)


class F1(_OverClasses):
    """Tells precision and recall in one number, near the lower of both: 2 p r/(p + r).

    logits: (N, K), label: (N,) -> y: scalar between 0 and 1. While training, the curve is of single batches; the value
    of an evaluation is that of all its samples.
    """

    title: ClassVar = "F1 score"
    keywords: ClassVar = ("f-measure", "dice", "harmonic mean", "imbalanced", "classification")
    reference: ClassVar = _COUNTED
    outputs: ClassVar = (Output("f1", Kind.SCALAR),)

    def build(self, inputs: Specs) -> Expression:
        return self._counted("f1_score", inputs)

    def collector(self, inputs: Specs) -> Collector:
        return self._collector("F1Score", inputs)


class Auroc(CollectedMetric):
    """How often a sample of a class gets a higher score for it than one that is not: the area under the ROC curve.

    logits: (N, K), label: (N,) -> y: scalar; 1 is perfect, ½ is chance. Classes count by how often they are right.
    While training, the curve is of single batches; the value of an evaluation is that of all its samples.
    """

    title: ClassVar = "AUROC"
    greater: ClassVar = True
    keywords: ClassVar = ("auc", "roc curve", "ranking", "threshold", "imbalanced", "classification")
    reference: ClassVar = Reference(
        "Hanley, McNeil", 1982, "The meaning and use of the area under a receiver operating characteristic (ROC) curve"
    )
    inputs: ClassVar = _CLASSIFIED
    outputs: ClassVar = (Output("auroc", Kind.SCALAR),)
    examples: ClassVar = (({}, {"logits": _LOGITS, "label": _LABEL}),)

    def build(self, inputs: Specs) -> Expression:
        check_classes(self.title, inputs)
        return Function.of("auroc", Ref("logits"), Ref("label"))

    def collector(self, inputs: Specs) -> Collector:
        classes = inputs["logits"].length(1)
        options = {"num_classes": classes, "average": "weighted", "validate_args": False}
        return replace(Collector.of(f"{_TORCHMETRICS}AUROC", **options), probabilities=True)


class MeanIou(CollectedMetric):
    """How well each class's region is met: overlap over union, averaged over the classes that occur.

    logits: (N, K, H, W), label: (N, H, W), a class for each pixel -> y: scalar between 0 and 1. While training, the
    curve is of single batches; the value of an evaluation is that of all its samples.
    """

    title: ClassVar = "Mean IoU"
    greater: ClassVar = True
    whole_numbers: ClassVar = True
    keywords: ClassVar = ("jaccard", "intersection over union", "segmentation", "overlap", "pixels")
    reference: ClassVar = Reference("Jaccard", 1912, "The distribution of the flora in the alpine zone")
    inputs: ClassVar = (
        Input("logits", (Kind.IMAGE,), "one map of scores for each class, before any softmax"),
        Input("label", help="the right class of each pixel, as whole numbers"),
    )
    outputs: ClassVar = (Output("mean_iou", Kind.SCALAR),)
    examples: ClassVar = (({}, {"logits": _MAPS, "label": _MASK}),)

    def build(self, inputs: Specs) -> Expression:
        logits, label = inputs["logits"], inputs["label"]
        if not logits.is_floating:
            raise Refusal(
                f"Mean IoU takes scores (float32), and whole numbers ({logits.dtype}) arrive.",
                port="logits",
                expected="float32",
            )
        pixels = (logits.shape[0], *logits.shape[2:])
        if label.dtype != "int64" or label.shape != pixels:
            expected = "×".join(map(str, pixels))
            raise Refusal(
                f"Mean IoU needs a class for each pixel, {expected} (int64): {label} ({label.dtype}) arrives.",
                port="label",
                expected=f"{expected} (int64)",
            )
        check_classes(self.title, inputs)
        return Function.of("mean_iou", Ref("logits"), Ref("label"))

    def collector(self, inputs: Specs) -> Collector:
        classes = inputs["logits"].length(1)
        return Collector.of(f"{_TORCHMETRICS}JaccardIndex", num_classes=classes, validate_args=False)


class Mae(Block):
    """By how much the network is off, whatever the sign: mean |x − target|, in the units of the target.

    x, target: one shape -> y: scalar.
    """

    title: ClassVar = "Absolute error metric"
    category: ClassVar = Category.METRIC
    role: ClassVar = Role.METRIC
    greater: ClassVar = False
    keywords: ClassVar = ("mae", "l1", "regression", "mean absolute error")
    reference: ClassVar = Reference(
        "Willmott, Matsuura",
        2005,
        "Advantages of the mean absolute error (MAE) over the root mean square error (RMSE) in assessing average model "
        "performance",
    )
    inputs: ClassVar = (Input("x", help="what the network says"), Input("target", help="what is right"))
    outputs: ClassVar = (Output("mae", Kind.SCALAR),)
    examples: ClassVar = (({}, {"x": _VECTOR, "target": _VECTOR}), ({}, {"x": _IMAGE, "target": _IMAGE}))

    def build(self, inputs: Specs) -> Expression:
        check_pair(self.title, inputs, "x", "target")
        return Function.of("F.l1_loss", Ref("x"), Ref("target"))


class R2(CollectedMetric):
    """How much of the spread of the targets the network explains: 1 is all, 0 is no more than their mean does.

    x, target: (N, C) -> y: scalar up to 1, 1 − Σ(t − x)²/Σ(t − mean t)² averaged over C. While training, the curve is
    of single batches; the value of an evaluation is that of all its samples, of which it needs two.
    """

    title: ClassVar = "R² score"
    greater: ClassVar = True
    keywords: ClassVar = ("r2", "determination", "explained variance", "regression")
    reference: ClassVar = Reference("Wright", 1921, "Correlation and causation")
    inputs: ClassVar = (
        Input("x", (Kind.VECTOR,), "what the network says"),
        Input("target", (Kind.VECTOR,), "what is right"),
    )
    outputs: ClassVar = (Output("r2", Kind.SCALAR),)
    examples: ClassVar = (({}, {"x": _VECTOR, "target": _VECTOR}),)

    def build(self, inputs: Specs) -> Expression:
        check_pair(self.title, inputs, "x", "target")
        return Function.of("r2_score", Ref("x"), Ref("target"))

    def collector(self, inputs: Specs) -> Collector:
        return Collector.of("torchmetrics.regression.R2Score")
