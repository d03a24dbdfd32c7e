"""Metrics on a batch against torchmetrics and against arithmetic; and that they are collected as the whole."""

from __future__ import annotations

from importlib import import_module
from itertools import product
from typing import Any

import pytest
import torch
from torch import Tensor

from graph_engine.blocks import Refusal, Specs, TensorSpec, get_block
from graph_engine.blocks.collected import CollectedMetric
from graph_engine.blocks.tensor import N
from graph_engine.check.shapes import run_block
from tests.blocks.cases import Case, Direct

OVER_CLASSES = ("precision", "recall", "f1")


def metric(block: str, parameters: dict[str, Any], *values: Tensor) -> float:
    declared = get_block(block)
    specs = {
        port.name: TensorSpec((N, *value.shape[1:]), str(value.dtype).removeprefix("torch."))
        for port, value in zip(declared.inputs, values, strict=True)
    }
    direct = Direct(Case(declared, parameters, specs))
    return float(direct({port.name: value for port, value in zip(declared.inputs, values, strict=True)})[0])


def collected(block: str, parameters: dict[str, Any], *values: Tensor, batches: int = 1) -> float:
    made = get_block(block).make(parameters)
    assert isinstance(made, CollectedMetric)
    specs = {
        port.name: TensorSpec(tuple(v.shape), str(v.dtype)[6:]) for port, v in zip(made.inputs, values, strict=True)
    }
    collector = made.collector(Specs(specs))
    module, _, name = collector.target.rpartition(".")
    theirs = getattr(import_module(module), name)(**dict(collector.options))
    for part in zip(*(value.chunk(batches) for value in values), strict=True):
        theirs.update(*part)
    return float(theirs.compute())


def classified(samples: int = 60, classes: int = 4) -> tuple[Tensor, Tensor]:
    logits, label = torch.randn(samples, classes), torch.randint(classes, (samples,))
    logits[torch.arange(samples), label] += 1
    return logits, label


@pytest.mark.parametrize("average", ["macro", "weighted", "micro"])
@pytest.mark.parametrize("block", OVER_CLASSES)
def test_a_batch_is_what_torchmetrics_makes_of_it(block: str, average: str) -> None:
    for missing in (False, True):
        logits, label = classified()
        if missing:  # class 3 is never right and never said, class 2 is said in vain
            label = label.clamp(max=1)
            logits[:, 3] = -100
        expected = collected(block, {"average": average}, logits, label)
        assert metric(block, {"average": average}, logits, label) == pytest.approx(expected, abs=1e-6)


def test_precision_recall_and_f1_by_hand() -> None:
    """Said 0 0 1 1 1, right 0 1 1 1 0: class 0 has 1 of 2 and 1 of 2, class 1 has 2 of 3 and 2 of 3."""
    logits = torch.eye(2)[torch.tensor([0, 0, 1, 1, 1])]
    label = torch.tensor([0, 1, 1, 1, 0])

    for block in OVER_CLASSES:
        assert metric(block, {}, logits, label) == pytest.approx((1 / 2 + 2 / 3) / 2)
        assert metric(block, {"average": "micro"}, logits, label) == pytest.approx(3 / 5)
        assert metric(block, {"average": "weighted"}, logits, label) == pytest.approx((2 / 2 + 3 * 2 / 3) / 5)


def test_the_f1_of_all_is_not_the_mean_of_the_batches() -> None:
    logits, label = classified(24)
    batches = [metric("f1", {}, *part) for part in zip(logits.chunk(6), label.chunk(6), strict=True)]
    whole = metric("f1", {}, logits, label)

    assert collected("f1", {}, logits, label, batches=6) == pytest.approx(whole)
    assert abs(sum(batches) / 6 - whole) > 0.01


def test_auroc_is_how_often_a_pair_is_in_order() -> None:
    logits, label = classified(40, 3)
    logits = logits.round()  # so that there are ties
    scores = logits.softmax(1)
    total = 0.0
    for each in range(3):
        inside, outside = scores[label == each, each], scores[label != each, each]
        pairs = [(a > b) + 0.5 * (a == b) for a, b in product(inside, outside)]
        total += len(inside) * float(sum(pairs)) / len(pairs)

    assert metric("auroc", {}, logits, label) == pytest.approx(total / 40, rel=1e-5)
    assert collected("auroc", {}, logits, label, batches=4) == pytest.approx(total / 40, rel=1e-5)


def test_mean_iou_is_overlap_over_union() -> None:
    label = torch.tensor([[[0, 0, 1, 1]]])
    logits = torch.eye(3)[torch.tensor([0, 1, 1, 1])].T[None, :, None]
    # class 0: 1 of 2, class 1: 2 of 3, class 2: nowhere
    assert metric("mean_iou", {}, logits, label) == pytest.approx((1 / 2 + 2 / 3) / 2)

    logits, label = torch.randn(6, 3, 4, 5), torch.randint(3, (6, 4, 5))
    expected = collected("mean_iou", {}, logits, label, batches=3)
    assert metric("mean_iou", {}, logits, label) == pytest.approx(expected)


@pytest.mark.parametrize("outputs", [1, 3])
def test_r2_is_the_share_of_the_spread_that_is_explained(outputs: int) -> None:
    target = torch.randn(30, outputs)
    x = target + 0.5 * torch.randn(30, outputs)
    share = [
        1 - float((t - p).square().sum() / (t - t.mean()).square().sum()) for p, t in zip(x.T, target.T, strict=True)
    ]

    assert metric("r2", {}, x, target) == pytest.approx(sum(share) / outputs, rel=1e-5)
    assert collected("r2", {}, x, target, batches=5) == pytest.approx(sum(share) / outputs, rel=1e-4)
    assert metric("r2", {}, target, target) == 1
    assert metric("r2", {}, target.mean(0).expand(30, outputs), target) == pytest.approx(0, abs=1e-6)
    assert metric("r2", {}, torch.zeros(4, outputs), torch.ones(4, outputs)) == 0


def test_top_k_and_absolute_error_by_hand() -> None:
    logits = torch.tensor([[3.0, 2.0, 1.0], [3.0, 2.0, 1.0], [3.0, 2.0, 1.0], [1.0, 2.0, 3.0]])
    label = torch.tensor([0, 1, 2, 0])
    for k, share in ((1, 1 / 4), (2, 2 / 4), (3, 1.0)):
        assert metric("topk_accuracy", {"k": k}, logits, label) == share
    assert metric("topk_accuracy", {"k": 1}, logits, label) == metric("accuracy", {}, logits, label)
    assert metric("mae", {}, torch.tensor([[1.0, -2.0]]), torch.tensor([[0.0, 2.0]])) == 2.5


def test_what_does_not_fit_is_refused() -> None:
    def refusal(block: str, parameters: dict[str, Any], **inputs: TensorSpec) -> Refusal:
        case = Case(get_block(block), parameters, inputs)
        with pytest.raises(Refusal) as caught:
            run_block(case.made, case.specs)
        return caught.value

    logits, label = TensorSpec((N, 3)), TensorSpec((N,), "int64", classes=3)
    maps, mask = TensorSpec((N, 3, 4, 5)), TensorSpec((N, 4, 5), "int64", classes=3)
    assert refusal("topk_accuracy", {"k": 4}, logits=logits, label=label).parameter == "k"
    assert refusal("mean_iou", {}, logits=maps, label=label).port == "label"
    assert refusal("mean_iou", {}, logits=maps, label=TensorSpec((N, 4, 5))).expected == "N×4×5 (int64)"
    assert refusal("mean_iou", {}, logits=TensorSpec((N, 3, 4, 5), "int64"), label=mask).port == "logits"
    for block in (*OVER_CLASSES, "auroc"):
        assert refusal(block, {}, logits=TensorSpec((N, 4)), label=label).port == "logits"
    assert refusal("r2", {}, x=logits, target=TensorSpec((N, 4))).port == "x"
