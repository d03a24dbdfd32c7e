"""Metrics that are no average over batches: an evaluation tells those of all its samples."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from torchmetrics.functional.classification import multiclass_auroc, multiclass_f1_score

from graph_engine.blocks import Role, all_blocks
from graph_engine.compile import compile_document
from graph_engine.data import load_samples, open_dataset, resolve, split
from graph_engine.document import AddNodes, Document, Node, Stage, Update, WeightedLoss, Wire
from graph_engine.document.builder import Builder
from graph_engine.train import sample_metrics
from graph_engine.train.evaluation import evaluate
from graph_engine.train.measuring import Measurement
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


JUDGES = {name: block for name, block in all_blocks().items() if block.role in (Role.LOSS, Role.METRIC)}


@pytest.mark.parametrize("name", JUDGES)
def test_every_loss_and_metric_is_told_of_all_samples_whatever_the_batch(name: str) -> None:
    """Also where the scores of some batches look like probabilities, and the last batch is of two samples."""
    block, length = JUDGES[name], 37
    parameters, specs = block.examples[0]
    random = torch.Generator().manual_seed(3)
    net, ports, data = Builder("Judged"), {}, {}
    for port, spec in specs.items():
        shape = [each if isinstance(each, int) else 5 for each in spec.shape[1:]]
        is_whole = spec.dtype == "int64"
        ports[port] = net.add("input", name=port, shape=shape, dtype=spec.dtype, classes=spec.classes)
        values = (length, *shape)
        numbers = torch.rand(values, generator=random) * 0.98 + 0.01
        data[port] = torch.randint(spec.classes or 4, values, generator=random) if is_whole else numbers
    first = next(port for name, port in ports.items() if specs[name].dtype != "int64")
    net.output(first)
    judge = net.add(name, *[ports.get(port.name) for port in block.inputs], **parameters)
    net.add("mean_squared_error", first, first)
    document = net.document
    losses = (WeightedLoss(node=judge.node if block.role is Role.LOSS else "mean_squared_error_1"),)
    (objective,) = objectives_of(document, Stage(updates=(Update(losses=losses),)))
    program = compile_document(document)
    network = program.make(0).eval()
    measured = Measurement(objective, program, network, document.plan, torch.device("cpu"))
    told = objective.names[0 if block.role is Role.LOSS else -1]
    compute = program.function([(judge.node, block.outputs[0].name)])
    (whole,) = compute(network, **{name: data[name] for name in compute.inputs})

    for size in (5, 1):
        found = evaluate([measured], data, length, size)
        assert found is not None
        assert found[told] == pytest.approx(whole.item(), rel=1e-4, abs=1e-5)
