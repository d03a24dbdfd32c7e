"""The trainer against a loop written by hand: the same numbers, bit for bit."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
import torch.nn.functional as F

from graph_engine.compile import compile_document
from graph_engine.data import load_samples, open_dataset, resolve, split
from graph_engine.data.seeds import ORDER, STEP, mix
from graph_engine.document import Document, Optimiser, Schedule
from graph_engine.train import Trainer

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
