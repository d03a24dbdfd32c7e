"""`torch.compile` and CUDA graphs: what is handed to torch, and that what comes back is used rightly.

How fast that is, and CUDA graphs themselves, can only be seen on a GPU.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from itertools import islice
from typing import Any

import pytest
import torch
from torch import Tensor

from graph_engine.compile import compile_document
from graph_engine.document import Document, SetNode, Stage, Update
from graph_engine.train import RunState, Trainer
from graph_engine.train.measuring import Measurement
from graph_engine.train.team import Team
from graph_engine.train.trainer import GRAPHS_NEED_ALL, NO_GRAPHS
from graph_engine.train.updates import ActiveUpdate
from tests.train.conftest import make_trainer
from tests.train.mechanisms import ADAM, CRITIC, GENERATOR, SLOPE, classifier, gan, one
from tests.train.resuming import assert_same

Function = Callable[..., Any]


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str | None]]:
    """What torch was asked to compile, by the name of the function, and in which mode; nothing is compiled."""
    found: list[tuple[str, str | None]] = []

    def take(function: Function, *, mode: str | None = None) -> Function:
        found.append((function.__name__, mode))
        return function

    monkeypatch.setattr(torch, "compile", take)
    return found


def on_gpu(trainer: Trainer) -> Trainer:
    """As if its device were a GPU: for what is decided before a step."""
    trainer.stepper.device = torch.device("cuda")
    return trainer


def without_noise() -> Document:
    """Nothing in it draws random numbers."""
    document = classifier(Stage(steps=3), batch_size=50)
    document.apply(SetNode("dropout_1", "bypassed", True))
    return document


def with_graphs(document: Document) -> Document:
    document.plan = replace(document.plan, compiled=True, cuda_graphs=True)
    return document


def test_each_update_is_compiled_and_no_evaluation(asked: list[tuple[str, str | None]]) -> None:
    trainer = make_trainer(gan(CRITIC, GENERATOR))
    trainer.compile()

    assert asked == [("compute", None)] * 2
    assert trainer.notes == []
    plain = make_trainer(gan(CRITIC, GENERATOR))
    for each in (trainer, plain):
        each.run()
    assert_same(trainer, plain)


def test_the_updates_of_later_stages_are_compiled_too(asked: list[tuple[str, str | None]]) -> None:
    trainer = make_trainer(classifier(Stage(steps=2), Stage(steps=2)))
    trainer.compile()
    trainer.run()

    assert len(asked) == 2


def test_cuda_graphs_are_for_gpus_and_one_batch_a_step(asked: list[tuple[str, str | None]]) -> None:
    game = with_graphs(gan(CRITIC, replace(GENERATOR, accumulate=2)))
    on_gpu(make_trainer(game)).compile()
    assert asked == [("compute", "reduce-overhead"), ("compute", None)]

    asked.clear()
    here = make_trainer(game)
    here.compile()
    assert asked == [("compute", None)] * 2
    assert here.notes == [NO_GRAPHS]
    assert "CPU" in NO_GRAPHS


def test_what_a_graph_gives_outlives_its_next_replay(monkeypatch: pytest.MonkeyPatch) -> None:
    """A graph writes its results to the same memory each time."""
    memory: list[Tensor] = []

    def replayed(function: Function, *, mode: str | None = None) -> Function:
        assert mode == "reduce-overhead"

        def call(*given: Any, **inputs: Any) -> tuple[Tensor, ...]:
            values = function(*given, **inputs)
            memory[:] = memory or [value.detach().clone() for value in values]
            for place, value in zip(memory, values, strict=True):
                place.copy_(value.detach())
            return tuple(memory)

        return call

    monkeypatch.setattr(torch, "compile", replayed)
    document = gan(CRITIC, GENERATOR)
    program = compile_document(document)
    network = program.make(0)
    compute = program.function([("sigmoid_1", "y")])
    graphs = compute.compiled(cuda_graphs=True)
    first, second = torch.randn(2, 3, 4)
    with torch.no_grad():
        (expected,) = compute(network, code=first)
        (given,) = graphs(network, code=first)
        graphs(network, code=second)

    assert torch.equal(given, expected)


def test_gradients_outlive_the_graphs_of_other_updates(
    asked: list[tuple[str, str | None]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A graph's gradients lie in its memory too, which the next update's graph writes over: a view may look at them
    when all have taken their step.
    """
    memory: list[Tensor] = []
    forward, descend = Measurement.forward, ActiveUpdate.descend

    def written_over(measurement: Measurement, batch: Any, factors: Any) -> Any:
        for each in memory:
            each.fill_(torch.nan)
        memory.clear()
        return forward(measurement, batch, factors)

    def noted(update: ActiveUpdate, step: int) -> None:
        descend(update, step)
        memory.extend(each.grad for each in update.parameters if each.grad is not None)

    game = gan(replace(CRITIC, repeat=2), GENERATOR, steps=3)
    plain, stepper = make_trainer(game).stepper, on_gpu(make_trainer(with_graphs(game))).stepper
    stepper.compile()
    stepper.device = torch.device("cpu")
    for turn, _ in plain.turns_left():
        plain.step(turn)
        with monkeypatch.context() as patched:
            patched.setattr(Measurement, "forward", written_over)
            patched.setattr(ActiveUpdate, "descend", noted)
            stepper.step(turn)
        memory.clear()
        for mine, other in zip(stepper.network.parameters(), plain.network.parameters(), strict=True):
            assert mine.grad is not None
            assert other.grad is not None
            assert torch.equal(mine.grad, other.grad)


def test_a_network_that_is_cut_up_is_compiled_without_graphs(asked: list[tuple[str, str | None]]) -> None:
    """FSDP brings its weights together in other memory each time."""
    trainer = on_gpu(make_trainer(with_graphs(without_noise())))
    trainer.stepper.shards = object()  # type: ignore[assignment]
    trainer.compile()
    assert asked == [("compute", None)]
    assert trainer.notes == [GRAPHS_NEED_ALL]


@pytest.mark.parametrize(
    ("document", "draws"), [(without_noise(), False), (one(Update()), True)], ids=["none", "dropout"]
)
def test_workers_compute_what_draws_noise_as_it_is_written(
    document: Document, draws: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Torch gives a function up for good that it first meets while the noise of the whole batch is drawn."""
    called: list[int] = []

    def noting(function: Function, *, mode: str | None = None) -> Function:
        def call(*given: Any, **inputs: Any) -> Any:
            called.append(stepper.position.step)
            return function(*given, **inputs)

        return call

    monkeypatch.setattr(torch, "compile", noting)
    monkeypatch.setattr(Team, "add_up", lambda _team, _tensors: None)
    stepper = make_trainer(document, team=Team(0, 1)).stepper
    stepper.compile()
    for turn, _ in islice(stepper.turns_left(), 3):
        stepper.step(turn)

    assert called == ([] if draws else [1, 2]), "at the first step nobody knows whether there is noise"


@pytest.mark.parametrize(
    "document",
    [
        gan(replace(CRITIC, penalties=(SLOPE,), repeat=2), GENERATOR, steps=3),
        one(Update(optimiser=ADAM)),
    ],
    ids=["slopes of a critic", "dropout and batch norm"],
)
def test_what_torch_traces_is_what_the_drawing_says(document: Document, monkeypatch: pytest.MonkeyPatch) -> None:
    """Traced by torch, but computed by the same kernels: the same numbers to the bit."""
    monkeypatch.setattr(torch, "compile", partial(torch.compile, backend="eager"))
    plain, traced = make_trainer(document), make_trainer(document)
    traced.compile()
    for each in (plain, traced):
        progress = each.run().progress
        assert progress.state is RunState.FINISHED, progress.message

    assert_same(traced, plain)
