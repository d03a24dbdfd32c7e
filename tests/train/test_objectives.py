"""The plan read against the drawing: losses, what is trained, names, and what is wrong with it."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch

from graph_engine.document import Binding, Document, Plan, SetNode, Stage, Update, WeightedLoss
from graph_engine.document.builder import Builder
from graph_engine.document.plan import Optimiser
from graph_engine.train import PlanError, RunState, Trainer
from graph_engine.train.objectives import objectives_of, series_of

Make = Callable[..., Document]
Start = Callable[..., Trainer]


def two_heads() -> Document:
    """One body, two heads, two losses, two accuracies."""
    net = Builder("Two heads")
    x, label = net.input("image", 1, 8, 8), net.input("label", label=True, classes=10)
    body = net.add("relu", net.add("linear", net.add("flatten", x), features=16))
    for _ in range(2):
        net.add("cross_entropy", logits := net.add("linear", body, features=10), label)
        net.add("accuracy", logits, label)
    net.output(logits)
    return net.document


def test_without_a_word_all_losses_count_once_and_all_is_trained() -> None:
    (objective,) = objectives_of(two_heads(), Stage())

    assert objective.losses == (("cross_entropy_1", "loss"), ("cross_entropy_2", "loss"))
    assert objective.weights == (1.0, 1.0)
    assert {node for node in objective.trains if node.startswith("linear")} == {"linear_1", "linear_2", "linear_3"}
    assert objective.names == ("loss", "cross_entropy_1", "cross_entropy_2", "accuracy_1", "accuracy_2")


def test_what_is_bypassed_is_neither_made_small_nor_measured(trainer: Start) -> None:
    document = two_heads()
    for node in ("cross_entropy_1", "accuracy_2"):
        document.apply(SetNode(node, "bypassed", True))
    (objective,) = objectives_of(document, Stage())

    assert objective.losses == (("cross_entropy_2", "loss"),)
    assert objective.names == ("loss", "accuracy")
    assert "linear_2" not in objective.trains
    document.binding = Binding(dataset="digits")
    document.plan = Plan(stages=(Stage(steps=2),))
    assert trainer(document).run().progress.state is RunState.FINISHED
    with pytest.raises(PlanError, match="names the loss 'cross_entropy_1', which is bypassed"):
        objectives_of(document, Stage(updates=(Update(losses=(WeightedLoss(node="cross_entropy_1"),)),)))
    document.apply(SetNode("cross_entropy_2", "bypassed", True))
    with pytest.raises(PlanError, match="There is no loss node"):
        objectives_of(document, Stage())


def test_a_loss_that_is_named_twice_counts_twice_and_is_told_once() -> None:
    losses = (WeightedLoss(node="cross_entropy_2"), WeightedLoss(node="cross_entropy_1"))
    update = Update(losses=(*losses, WeightedLoss(node="cross_entropy_2", weight=0.5)))
    (objective,) = objectives_of(two_heads(), Stage(updates=(update,)))

    assert dict(zip(objective.losses, objective.weights, strict=True)) == {
        ("cross_entropy_2", "loss"): 1.5,
        ("cross_entropy_1", "loss"): 1.0,
    }
    assert len(set(objective.names)) == len(objective.names)


def test_what_no_gradient_comes_to_is_not_trained() -> None:
    net = Builder("Teacher")
    x = net.input("image", 1, 8, 8)
    teacher = net.add("linear", net.add("flatten", x), features=10)
    body = net.add("linear", net.add("flatten", x), features=16)
    student = net.add("linear", net.add("stop_gradient", body), features=10)
    net.add("distillation_loss", student, teacher)
    net.output(student)

    trained = {node for node in objectives_of(net.document, Stage())[0].trains if node.startswith("linear")}
    assert trained == {"linear_3"}
    net.document.apply(SetNode("stop_gradient_1", "bypassed", True))
    trained = {node for node in objectives_of(net.document, Stage())[0].trains if node.startswith("linear")}
    assert trained == {"linear_2", "linear_3"}


def test_an_update_of_one_loss_trains_only_what_it_depends_on() -> None:
    update = Update(losses=(WeightedLoss(node="cross_entropy_2", weight=0.5),))
    (objective,) = objectives_of(two_heads(), Stage(updates=(update,)))

    assert "linear_2" not in objective.trains
    assert "linear_3" in objective.trains
    assert objective.names[0] == "loss"


def test_two_updates_have_names_of_their_own(small: Make) -> None:
    stage = Stage(updates=(Update(trains=("linear_1",)), Update(trains=("linear_2",))))

    assert series_of(small(), [stage]) == ("loss", "accuracy", "loss_2")


def test_losses_are_weighed(trainer: Start) -> None:
    document = two_heads()
    losses = (WeightedLoss(node="cross_entropy_1", weight=2.0), WeightedLoss(node="cross_entropy_2", weight=0.5))
    document.plan = document.plan.with_first(stage=Stage(updates=(Update(losses=losses),), epochs=1))
    trained = trainer(document)
    trained.run()
    points = {name: series.value for name, series in trained.feed.since().points.items()}
    expected = 2 * points["train_cross_entropy_1"] + 0.5 * points["train_cross_entropy_2"]

    assert points["train_loss"] == pytest.approx(expected, rel=1e-6)
    assert {"val_loss", "val_cross_entropy_1", "val_accuracy_2"} <= set(points)


@pytest.mark.parametrize(
    ("stage", "message"),
    [
        (
            Stage(updates=(Update(losses=(WeightedLoss(node="linear_1"),)),)),
            "names the loss 'linear_1'.*cross_entropy_1",
        ),
        (Stage(updates=(Update(losses=(WeightedLoss(node="gone_1"),)),)), "names the loss 'gone_1'"),
        (Stage(updates=(Update(trains=("gone_1",)),)), "trains the node 'gone_1', and there is no such node"),
        (Stage(updates=(Update(trains=("relu_1",)),)), "No weights are left to train for cross_entropy_1"),
    ],
)
def test_a_plan_that_does_not_fit_is_refused_before_anything_is_trained(
    small: Make, trainer: Start, stage: Stage, message: str
) -> None:
    with pytest.raises(PlanError, match=message):
        trainer(small(stages=(Stage(epochs=1), stage)))


def test_without_a_loss_there_is_nothing_to_train(trainer: Start) -> None:
    net = Builder("No loss")
    net.output(net.add("linear", net.input("x", 64), features=2))

    with pytest.raises(PlanError, match="There is no loss node"):
        trainer(net.document)


def test_a_gpu_that_is_not_there_is_told(small: Make, trainer: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)

    with pytest.raises(PlanError, match="asks for a GPU"):
        trainer(small(device="cuda"))


def test_a_frozen_node_keeps_weights_and_running_averages(small: Make, trainer: Start) -> None:
    document = small(epochs=1)
    for node in ("linear_1", "batch_norm_1"):
        document.apply(SetNode(node, "frozen", True))
    trained = trainer(document)
    before = {name: value.clone() for name, value in trained.stepper.weights().items()}
    trained.run()
    moved = {name for name, value in trained.stepper.weights().items() if not torch.equal(value, before[name])}

    assert moved == {"linear_2.weight", "linear_2.bias"}


def test_updates_train_their_own_nodes_alone(small: Make, trainer: Start) -> None:
    update = Update(trains=("linear_2",), optimiser=Optimiser(learning_rate=0.01))
    trained = trainer(small(stages=(Stage(updates=(update,), steps=3),)))
    before = trained.stepper.weights()["linear_1.weight"].clone()
    trained.run()

    assert torch.equal(trained.stepper.weights()["linear_1.weight"], before)
    assert trained.stepper.network.get_parameter("linear_1.weight").grad is None
    assert trained.stepper.position.step == 3
