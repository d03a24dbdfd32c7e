"""One worker of several that train all that a plan can hold: `python -m tests.train.team_worker FOLDER`, by env."""

from __future__ import annotations

import os
import shutil
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch

from graph_engine.document import Average, Document, Optimiser, Penalty, SetNode, SetParameter, Stage, Update
from graph_engine.train import Control, RunState, Trainer, sharding
from graph_engine.train.distributed import joined, leave
from graph_engine.train.sharding import local_of
from graph_engine.train.team import Team
from tests.train.conftest import make_trainer
from tests.train.mechanisms import CRITIC, GENERATOR, MECHANISMS, classifier, filters, gan

SGD = Optimiser(kind="sgd", learning_rate=0.05, momentum=0.9)

STEEP = "gradients not finite"


class Cliff(torch.autograd.Function):
    """Gives what it gets, and hands back infinity, as a square root at zero does."""

    @staticmethod
    def forward(_: object, x: torch.Tensor) -> torch.Tensor:
        return x.clone()

    @staticmethod
    def backward(_: object, *gradients: torch.Tensor) -> torch.Tensor:
        return gradients[0] / 0


def with_a_cliff(trained: Trainer) -> None:
    """From the tenth step on the dropout hands back infinity."""
    dropout = trained.stepper.network.get_submodule("dropout_1")
    forward = dropout.forward

    def breaks(x: torch.Tensor) -> torch.Tensor:
        return Cliff.apply(forward(x)) if trained.stepper.position.step >= 9 else forward(x)  # type: ignore[no-any-return]

    dropout.forward = breaks


def documents() -> dict[str, Document]:
    """By name. Batch norms are frozen: on CPUs each worker has statistics of its own."""
    found = {name: make() for name, make in MECHANISMS.items()}
    for document in found.values():
        if "batch_norm_1" in document.main:
            document.apply(SetNode("batch_norm_1", "frozen", True))
    plain = classifier(Stage(updates=(Update(optimiser=SGD, average=Average(decay=0.9)),), steps=50), batch_size=101)
    plain.apply(SetNode("batch_norm_1", "frozen", True))
    boundless = classifier(Stage(updates=(Update(optimiser=replace(SGD, learning_rate=1e30)),), steps=20))
    far = Update(optimiser=replace(SGD, learning_rate=3e38), penalties=(Penalty(kind="l2", weight=10.0),))
    weighted = classifier(Stage(updates=(Update(optimiser=SGD, accumulate=2),), steps=9), batch_size=7)
    weighted.apply(SetNode("batch_norm_1", "frozen", True))
    weighted.apply(SetParameter("cross_entropy_1", "class_weights", (1.0, 0.2, 3.0, 0.5, 1.0, 2.0, *[0.1] * 4)))
    critic = replace(CRITIC, repeat=3, clip_weights=0.05)
    return {
        **found,
        "not finite": boundless,
        STEEP: classifier(Stage(updates=(Update(optimiser=SGD),), steps=20)),
        "weights not finite": classifier(Stage(updates=(far,), steps=20)),
        "channels last": filters(),
        "classes that weigh differently": weighted,
        "50 steps": plain,
        "50 steps of a GAN": gan(critic, GENERATOR, steps=50),
    }


def told(trained: Trainer) -> dict[str, Any]:
    """All that is to be equal."""
    progress = trained.feed.progress
    curves = {name: torch.from_numpy(points.value) for name, points in trained.feed.since().points.items()}
    weights = {name: value.clone() for name, value in trained.stepper.whole_weights().items()}
    return {
        "weights": weights,
        "curves": curves,
        "metrics": dict(progress.metrics),
        "state": str(progress.state),
        "message": progress.message,
        "node": progress.node,
        "step": progress.step,
        "memories": {
            f"{stage} {part} {key}": value.clone()
            for stage, memory in trained.stepper.whole_state()["memories"].items()
            for part, values in memory.items()
            for key, value in values.items()
        },
        "scales": [update.state_dict().get("scaler", {}).get("scale", 1.0) for update in trained.stepper.updates],
    }


def train_all(team: Team | None = None, *, sharded: bool = False) -> dict[str, dict[str, Any]]:
    found = {}
    for name, document in documents().items():
        document.plan = replace(document.plan, sharded=sharded)
        trained = make_trainer(document, team=team)
        if name == STEEP:
            with_a_cliff(trained)
        trained.run()
        if sharded:
            stepper = trained.stepper
            stepper.restore(stepper.whole_weights(), stepper.whole_state())  # cut up anew
            assert held_here(trained) < 0.6 * sum(each.numel() for each in trained.stepper.network.parameters())
        found[name] = told(trained)
    return found


def stopped_and_gone_on_with(team: Team | None, folder: Path) -> dict[str, Any]:
    """Fifty steps with a stop on the way, of which a copy of the run is kept."""
    document = documents()["50 steps"]
    document.plan = replace(document.plan, sharded=True)
    own = folder / "run" if team is None or team.leads else None
    if own is not None:
        own.mkdir()
    control = Control()
    first = make_trainer(document, own, team=team, control=control)
    advance = first.stepper.advance

    def watched() -> None:
        advance()
        if first.stepper.position.step == 20:
            control.stop()

    first.stepper.advance = watched  # type: ignore[method-assign]
    outcome = first.run()
    assert outcome.progress.state is RunState.STOPPED, outcome.progress.message
    if own is not None:
        shutil.copytree(own, folder / "stopped")
    second = make_trainer(document, own, team=team)
    assert second.resume()
    second.run()
    return told(second)


def held_here(trained: Trainer) -> int:
    """How many numbers the pieces of this worker have."""
    return sum(local_of(each).numel() for each in trained.stepper.network.parameters())


if __name__ == "__main__":
    with joined() as team:
        torch.save(train_all(team), Path(sys.argv[1]) / os.environ["RANK"])
        sharding.LEAST = 0
        torch.save(train_all(team, sharded=True), Path(sys.argv[1]) / f"sharded_{os.environ['RANK']}")
        torch.save(stopped_and_gone_on_with(team, Path(sys.argv[1])), Path(sys.argv[1]) / f"on_{os.environ['RANK']}")
    leave()
