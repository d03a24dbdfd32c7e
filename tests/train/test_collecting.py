"""Metrics that are no average over batches: an evaluation tells those of all its samples."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from torchmetrics.functional.classification import multiclass_auroc, multiclass_f1_score

from graph_engine.data import load_samples, open_dataset, resolve, split
from graph_engine.document import AddNodes, Document, Node, Stage, Wire
from graph_engine.train import sample_metrics
from graph_engine.train.objectives import objectives_of
from graph_engine.train.trainer import Trainer

Make = Callable[..., Document]
Start = Callable[..., Trainer]


def judged(document: Document) -> Document:
    """Two F1 and an AUROC beside the accuracy of the small document."""
    blocks = (("f1", {}), ("auroc", {}), ("f1", {"average": "micro"}))
    nodes = [Node(f"judge_{at}", block, parameters) for at, (block, parameters) in enumerate(blocks)]
    wires = [
        Wire(source, "y", node.id, port)
        for node in nodes
        for source, port in (("linear_2", "logits"), ("input_2", "label"))
    ]
    document.apply(AddNodes(tuple(nodes), tuple(wires)))
    return document


def test_what_is_collected_has_the_name_of_its_curve_and_knows_what_it_judges(small: Make) -> None:
    (objective,) = objectives_of(judged(small()), Stage())

    assert set(objective.names) == {"loss", "accuracy", "judge_0", "auroc", "judge_2"}
    assert {each.name for each in objective.collected} == {"judge_0", "auroc", "judge_2"}
    assert {each.operands for each in objective.collected} == {(("linear_2", "y"), ("input_2", "y"))}
    assert objectives_of(small(), Stage())[0].collected == ()


@pytest.mark.parametrize("batch_size", [7, 37, 1000])
def test_an_evaluation_tells_the_metric_of_all_samples_whatever_the_batch(
    small: Make, trainer: Start, batch_size: int
) -> None:
    document = judged(small(epochs=1, batch_size=batch_size))
    trained = trainer(document)
    metrics = trained.run().progress.metrics

    digits = open_dataset("digits")
    parts = load_samples(digits, resolve(document).inputs, split(digits, 0.3, 5))
    network = trained.stepper.network.eval()
    with torch.no_grad():
        logits = network(parts.validation["input_1"])
    labels = parts.validation["input_2"]

    expected = {
        "val_judge_0": multiclass_f1_score(logits, labels, 10),
        "val_auroc": multiclass_auroc(logits, labels, 10, average="weighted"),
        "val_judge_2": (logits.argmax(1) == labels).float().mean(),
    }
    assert {name: metrics[name] for name in expected} == pytest.approx(
        {name: value.item() for name, value in expected.items()}, abs=1e-6
    )
    assert metrics["val_judge_2"] == pytest.approx(metrics["val_accuracy"])


def test_each_evaluation_begins_anew(small: Make, trainer: Start) -> None:
    one = trainer(judged(small(epochs=1)))
    three = trainer(judged(small(epochs=3)))
    one.run()
    three.run()
    first, all_three = (each.feed.since().points["val_judge_2"].value for each in (one, three))

    accuracy = three.feed.since().points["val_accuracy"].value
    assert all_three.tolist() == pytest.approx(accuracy.tolist())
    assert len(first) == 1


def test_an_epoch_of_training_is_not_told_by_the_mean_of_its_batches(
    small: Make, trainer: Start, tmp_path: Path
) -> None:
    trained = trainer(judged(small(epochs=2)), tmp_path)
    trained.run()
    (table,) = tmp_path.rglob("*.csv")
    rows = list(csv.DictReader(table.read_text().splitlines()))
    points = trained.feed.since().points

    assert all(row["train_judge_0"] == "" and row["val_judge_0"] != "" for row in rows)
    assert all(row["train_accuracy"] != "" for row in rows)
    assert len(points["train_judge_0"]) == len(points["train_loss"]), "no curve of the batches"


def test_what_takes_long_is_computed_in_evaluations_alone(
    small: Make, trainer: Start, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Coverage is told of the held-out samples, and not computed while training."""
    document = small(epochs=1)
    wires = (Wire("linear_2", "y", "judge", "made"), Wire("linear_2", "y", "judge", "real"))
    document.apply(AddNodes((Node("judge", "coverage"),), wires))
    differentiable: list[bool] = []
    compare = sample_metrics.coverage

    def watched(made: torch.Tensor, real: torch.Tensor, neighbours: int) -> torch.Tensor:
        differentiable.append(made.requires_grad)
        return compare(made, real, neighbours)

    monkeypatch.setattr(sample_metrics, "coverage", watched)
    trained = trainer(document, tmp_path)
    progress = trained.run().progress
    (table,) = tmp_path.rglob("*.csv")
    (row,) = csv.DictReader(table.read_text().splitlines())

    assert set(differentiable) == {False}, "computed while training"
    assert progress.metrics["val_coverage"] == float(row["val_coverage"]) == 1.0
    assert row["train_coverage"] == ""
    assert "train_coverage" not in progress.metrics
    assert set(trained.feed.since().points) == {
        "train_loss",
        "val_loss",
        "train_accuracy",
        "val_accuracy",
        "val_coverage",
    }
