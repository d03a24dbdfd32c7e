"""The trainer against a loop written by hand: the same numbers, bit for bit."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
import torch
import torch.nn.functional as F

from graph_engine.compile import compile_document
from graph_engine.data import load_samples, open_dataset, resolve, split
from graph_engine.data.seeds import ORDER, STEP, mix
from graph_engine.document import Binding, Document, Optimiser, Plan, Schedule, Stage, Update, WeightedLoss
from graph_engine.document.builder import Builder
from graph_engine.train import Trainer
from graph_engine.train.evaluation import evaluate
from graph_engine.train.measuring import Measurement
from graph_engine.train.objectives import objectives_of
from graph_engine.train.updates import shares

BY_HAND: dict[str, tuple[Optimiser, Callable[[list[torch.nn.Parameter]], torch.optim.Optimizer]]] = {
    "sgd": (
        Optimiser(kind="sgd", learning_rate=0.05, momentum=0.8, weight_decay=1e-3),
        lambda p: torch.optim.SGD(p, lr=0.05, momentum=0.8, weight_decay=1e-3, fused=True),
    ),
    "plain sgd": (
        Optimiser(kind="sgd", learning_rate=0.05, momentum=0.0, nesterov=True),
        lambda p: torch.optim.SGD(p, lr=0.05, fused=True),
    ),
    "nesterov": (
        Optimiser(kind="sgd", learning_rate=0.05, momentum=0.8, nesterov=True),
        lambda p: torch.optim.SGD(p, lr=0.05, momentum=0.8, nesterov=True, fused=True),
    ),
    "adam": (
        Optimiser(kind="adam", learning_rate=0.01, betas=(0.8, 0.99), weight_decay=1e-3),
        lambda p: torch.optim.Adam(p, lr=0.01, betas=(0.8, 0.99), weight_decay=1e-3, fused=True),
    ),
    "adamw": (
        Optimiser(kind="adamw", learning_rate=0.01, weight_decay=0.1),
        lambda p: torch.optim.AdamW(p, lr=0.01, weight_decay=0.1, fused=True),
    ),
    "centred rmsprop": (
        Optimiser(kind="rmsprop", learning_rate=0.003, momentum=0.0, centred=True, smoothing=0.9, epsilon=1e-6),
        lambda p: torch.optim.RMSprop(p, lr=0.003, alpha=0.9, eps=1e-6, centered=True),
    ),
    "amsgrad": (
        Optimiser(kind="adam", learning_rate=0.01, amsgrad=True, epsilon=1e-6),
        lambda p: torch.optim.Adam(p, lr=0.01, eps=1e-6, amsgrad=True, fused=True),
    ),
    "adagrad": (
        Optimiser(kind="adagrad", learning_rate=0.05, weight_decay=1e-3),
        lambda p: torch.optim.Adagrad(p, lr=0.05, weight_decay=1e-3, fused=True),
    ),
    "adadelta": (
        Optimiser(kind="adadelta", learning_rate=1.0, smoothing=0.8),
        lambda p: torch.optim.Adadelta(p, lr=1.0, rho=0.8),
    ),
    "nadam": (
        Optimiser(kind="nadam", learning_rate=0.01, weight_decay=1e-3),
        lambda p: torch.optim.NAdam(p, lr=0.01, weight_decay=1e-3),
    ),
    "radam": (
        Optimiser(kind="radam", learning_rate=0.01, betas=(0.8, 0.99)),
        lambda p: torch.optim.RAdam(p, lr=0.01, betas=(0.8, 0.99)),
    ),
    "adamax": (
        Optimiser(kind="adamax", learning_rate=0.01),
        lambda p: torch.optim.Adamax(p, lr=0.01),
    ),
    "rmsprop": (
        Optimiser(kind="rmsprop", learning_rate=0.003, momentum=0.5),
        lambda p: torch.optim.RMSprop(p, lr=0.003, momentum=0.5),
    ),
}


@pytest.mark.parametrize("kind", BY_HAND)
def test_weights_and_curves_are_those_of_a_loop_by_hand(
    small: Callable[..., Document], trainer: Callable[..., Trainer], kind: str
) -> None:
    optimiser, make = BY_HAND[kind]
    document = small(optimiser=optimiser, schedule=Schedule(), epochs=2)
    trained = trainer(document)
    trained.run()

    plan = document.plan
    network = compile_document(document).make(plan.seed)
    digits = open_dataset("digits")
    samples = load_samples(digits, resolve(document).inputs, split(digits, plan.validation, plan.seed))
    images, labels = samples.train["input_1"], samples.train["input_2"]
    by_hand = make(list(network.parameters()))
    losses = []
    for epoch in range(2):
        order = torch.randperm(len(labels), generator=torch.Generator().manual_seed(mix(plan.seed, ORDER, epoch)))
        for batch in order.split(plan.batch_size):
            torch.manual_seed(mix(plan.seed, STEP, len(losses)))
            by_hand.zero_grad()
            loss = F.cross_entropy(network(images[batch]), labels[batch])
            loss.backward()
            by_hand.step()
            losses.append(loss.item())

    weights = trained.stepper.weights()
    assert all(torch.equal(weights[name], value) for name, value in network.state_dict().items())
    assert trained.feed.since().points["train_loss"].value.tolist() == losses


def test_validation_is_the_average_over_samples_in_evaluation_mode(
    small: Callable[..., Document], trainer: Callable[..., Trainer]
) -> None:
    document = small(epochs=1, batch_size=37)
    trained = trainer(document)
    outcome = trained.run()

    digits = open_dataset("digits")
    samples = load_samples(digits, resolve(document).inputs, split(digits, 0.3, 5))
    network = trained.stepper.network.eval()
    with torch.no_grad():
        logits = network(samples.validation["input_1"])
    labels = samples.validation["input_2"]

    assert outcome.progress.metrics["val_loss"] == pytest.approx(F.cross_entropy(logits, labels).item(), rel=1e-5)
    assert outcome.progress.metrics["val_accuracy"] == pytest.approx((logits.argmax(1) == labels).float().mean().item())


def test_where_labels_count_differently_validation_is_the_mean_over_all_that_counts(
    trainer: Callable[..., Trainer],
) -> None:
    """Whatever is in which batch: a mean of the means of batches would be another."""
    weights = (1.0, 9.0, 0.0, 0.2, 1.0, 1.0, 5.0, 1.0, 0.01, 1.0)
    plan = Plan(stages=(Stage(steps=3),), batch_size=10, validation=0.3, seed=5)
    net = Builder("Weighed", plan=plan, binding=Binding(dataset="digits"))
    image, label = net.input("image", 1, 8, 8), net.input("label", label=True, classes=10)
    logits = net.add("linear", net.add("flatten", image), features=10)
    net.output(logits)
    net.add("cross_entropy", logits, label, class_weights=weights, label_smoothing=0.1)
    net.add("cross_entropy", logits, label)
    document = net.document
    update = Update(losses=(WeightedLoss(node="cross_entropy_1", weight=2.0), WeightedLoss(node="cross_entropy_2")))
    document.plan = replace(plan, stages=(Stage(updates=(update,), steps=3),))
    trained = trainer(document)
    metrics = trained.run().progress.metrics

    samples = load_samples(open_dataset("digits"), resolve(document).inputs, split(open_dataset("digits"), 0.3, 5))
    with torch.no_grad():
        scores, labels = trained.stepper.network(samples.validation["input_1"]), samples.validation["input_2"]
    first = F.cross_entropy(scores, labels, torch.tensor(weights), label_smoothing=0.1).item()
    second = F.cross_entropy(scores, labels).item()
    assert metrics["val_cross_entropy_1"] == pytest.approx(first, rel=1e-5)
    assert metrics["val_cross_entropy_2"] == pytest.approx(second, rel=1e-5)
    assert metrics["val_loss"] == pytest.approx(2 * first + second, rel=1e-5)


def test_what_is_left_out_counts_nowhere() -> None:
    """Of sequences filled up to one length, each step that is none: also where a whole batch is nothing else."""
    net = Builder("Steps", plan=Plan(stages=(Stage(steps=1),)))
    x, label = net.input("x", 3, 6), net.input("label", 3, tokens=True, classes=6)
    net.output(x)
    net.add("sequence_cross_entropy", x, label, ignore=0)
    net.add("sequence_accuracy", x, label, ignore=0)
    document = net.document
    document.plan = Plan(stages=(Stage(steps=1),))
    program = compile_document(document)
    (objective,) = objectives_of(document, document.plan.stages[0])
    logits = torch.randn(40, 3, 6, generator=torch.Generator().manual_seed(1))
    labels = torch.randint(6, (40, 3), generator=torch.Generator().manual_seed(2))
    labels[:8] = 0
    labels[10:30, 1:] = 0
    measured = Measurement(objective, program, program.make(0), document.plan, torch.device("cpu"))
    found = evaluate([measured], {"x": logits, "label": labels}, 40, 8)
    assert found is not None

    counted = labels != 0
    wanted = F.cross_entropy(logits.flatten(0, 1), labels.flatten(), ignore_index=0).item()
    assert found["loss"] == pytest.approx(wanted, rel=1e-6)
    right = (logits.argmax(2) == labels)[counted].float().mean().item()
    assert found["sequence_accuracy"] == pytest.approx(right, rel=1e-6)

    logits.requires_grad_()
    batches = [{"x": x, "label": y} for x, y in zip(logits.split(9), labels.split(9), strict=True)]  # the last of 4
    batches[0]["label"][:] = 0
    every = shares(batches)
    told = torch.zeros(2)
    for (batch, share), factors in zip(every, measured.factors(every, batches), strict=True):
        values = measured.forward(batch, factors)
        (share * values[0]).backward()
        told += share * torch.stack([value.detach() for value in values])
    accumulated, logits.grad = logits.grad, None
    whole = F.cross_entropy(logits.flatten(0, 1), labels.flatten(), ignore_index=0)
    whole.backward()
    torch.testing.assert_close(accumulated, logits.grad)
    right = (logits.argmax(2) == labels)[labels != 0].float().mean()
    torch.testing.assert_close(told, torch.stack([whole.detach(), right]))


def test_the_mean_of_an_epoch_weighs_batches_by_their_samples(
    small: Callable[..., Document], trainer: Callable[..., Trainer]
) -> None:
    trained = trainer(small(epochs=1, batch_size=1000))  # 1258 samples: batches of 1000 and 258
    outcome = trained.run()
    first, second = trained.feed.since().points["train_loss"].value

    assert outcome.progress.metrics["train_loss"] == pytest.approx((1000 * first + 258 * second) / 1258)


def test_with_nothing_held_out_training_is_judged(
    small: Callable[..., Document], trainer: Callable[..., Trainer]
) -> None:
    outcome = trainer(small(validation=0.0)).run()

    assert set(outcome.progress.metrics) == {"train_loss", "train_accuracy"}
    assert outcome.best["train_loss"] == outcome.progress.metrics["train_loss"]
