"""Recurrent layers wherever gradients pass them, as cuDNN would have it: here by one that refuses as it does."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.autograd.function import once_differentiable
from torch.nn.modules import rnn

from graph_engine.document import Binding, Document, Optimiser, Penalty, Plan, SetNode, Stage, Update
from graph_engine.document.builder import Builder
from graph_engine.train import RunState
from tests.train.conftest import make_trainer
from tests.train.mechanisms import ADAM, CRITIC, GENERATOR

Run = Callable[..., Any]


class _AsCudnn(torch.autograd.Function):
    """Hands gradients on in training mode only, and not twice."""

    @staticmethod
    def forward(ctx: Any, y: Tensor, train: bool) -> Tensor:
        ctx.train = train
        return y.clone()

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *slopes: Tensor) -> Any:
        if not ctx.train:
            raise RuntimeError("cudnn RNN backward can only be called in training mode")
        return slopes[0], None


@pytest.fixture(autouse=True)
def drops(monkeypatch: pytest.MonkeyPatch) -> list[tuple[bool, float]]:
    """Let LSTMs be computed as by cuDNN, where it is switched on: whether in training mode, how much is dropped."""
    found: list[tuple[bool, float]] = []
    plain = rnn._VF.lstm

    def lstm(
        x: Tensor, begin: Any, weights: Any, bias: bool, layers: int, share: float, train: bool, *rest: Any
    ) -> Any:
        y, h, c = plain(x, begin, weights, bias, layers, share, train, *rest)
        found.append((train, share))
        if not torch.backends.cudnn.enabled:
            return y, h, c
        return _AsCudnn.apply(y, train), _AsCudnn.apply(h, train), c

    monkeypatch.setattr(rnn._VF, "lstm", lstm)
    return found


def reader(*stages: Stage) -> Document:
    """Digits, row by row: linear, a composite of batch norm and LSTM with dropout, linear."""
    plan = Plan(stages=stages, batch_size=300, validation=0.3, seed=3)
    net = Builder("Reader", plan=plan, binding=Binding(dataset="digits"))
    x, label = net.input("image", 1, 8, 8), net.input("label", label=True, classes=10)
    inner = net.composite("read", "Read")
    within = inner.add("batch_norm", inner.input("x", 64))
    within = inner.add("lstm", inner.add("reshape", within, shape=(8, 8)), hidden=4, layers=2, dropout=0.5)
    inner.output(within.other("h"), "state")
    x = net.add("linear", net.add("flatten", x), features=64, tags=("body",))
    x = net.add("@read", x, tags=("reader",))
    net.classify(net.add("linear", x, features=10, tags=("head",)), label)
    return net.document


def test_a_stage_with_a_recurrent_layer_is_remembered() -> None:
    held = Update(optimiser=ADAM, penalties=(Penalty(kind="ewc", weight=5.0, stage="first", samples=3),))
    first = Stage(name="first", updates=(Update(optimiser=ADAM),), steps=2)
    trainer = make_trainer(reader(first, Stage(updates=(held,), steps=2)))
    progress = trainer.run().progress
    assert (progress.state, progress.message) == (RunState.FINISHED, "")
    fisher = trainer.stepper.memories["first"].fisher
    assert all(value.any() for name, value in fisher.items() if ".rnn." in name and "hh_l1" in name)
    assert torch.backends.cudnn.enabled


@pytest.mark.parametrize("at_rest", ["by its node", "by the plan"])
def test_gradients_pass_a_frozen_recurrent_layer(at_rest: str, drops: list[tuple[bool, float]]) -> None:
    """It drops nothing meanwhile, and drops again when it is trained."""
    frozen = Update(optimiser=ADAM, freezes=("#reader",) if at_rest == "by the plan" else ())
    document = reader(Stage(updates=(frozen,), steps=2), Stage(updates=(Update(optimiser=ADAM),), steps=1))
    if at_rest == "by its node":
        document.apply(SetNode("read_1", "frozen", True))
    trainer = make_trainer(document)
    stepper = trainer.stepper
    norm = next(each for each in stepper.network.modules() if isinstance(each, nn.BatchNorm1d))
    drops.clear()  # the checker tried it too
    for turn, _ in stepper.turns_left():
        stepper.step(turn)
    assert drops == [(True, 0.0)] * 2
    assert not norm.training
    assert norm.running_mean is not None
    assert not norm.running_mean.any()

    drops.clear()
    if at_rest == "by its node":
        again = document.snapshot()
        again.apply(SetNode("read_1", "frozen", False))
        stepper.change(again)
    stepper.go_on()
    stepper.step(next(stepper.turns_left())[0])
    assert drops == [(True, 0.5)]


def test_the_slope_of_a_critic_that_reads_row_by_row() -> None:
    plan = Plan(stages=(Stage(updates=(), steps=2),), batch_size=64, validation=0.2, seed=2)
    net = Builder("Game", plan=plan, binding=Binding(dataset="digits"))
    real = net.add("flatten", net.input("image", 1, 8, 8))
    fake = net.add("sigmoid", net.add("linear", net.input("code", 4, drawn="normal"), features=64, tags=("generator",)))
    net.output(fake, "sample")
    inner = net.composite("critic", "Critic")
    read = inner.add("lstm", inner.add("reshape", inner.input("x", 64), shape=(8, 8)), hidden=4)
    inner.output(inner.add("linear", read.other("h"), features=1), "score")
    on_real = net.add("@critic", real)
    on_fake = net.add("@critic", fake, shares=on_real)
    net.add("wasserstein_loss", on_real, on_fake)
    net.add("wasserstein_loss", None, on_fake, side="generator")
    slope = Penalty(kind="gradient_penalty", weight=10.0, real="flatten_1", fake="sigmoid_1", score="critic_1")
    critic = replace(CRITIC, penalties=(slope,), optimiser=Optimiser(learning_rate=1e-3))
    net.document.plan = replace(plan, stages=(Stage(updates=(critic, GENERATOR), steps=2),))
    progress = make_trainer(net.document).run().progress
    assert (progress.state, progress.message) == (RunState.FINISHED, "")
