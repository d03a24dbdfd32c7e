"""One worker of several that train all that a plan can hold: `python -m tests.train.team_worker FOLDER`, by env."""

from __future__ import annotations

import os
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch

from graph_engine.document import Average, Document, Optimiser, SetNode, Stage, Update
from graph_engine.train import Trainer
from graph_engine.train.distributed import joined
from graph_engine.train.team import Team
from tests.train.conftest import make_trainer
from tests.train.mechanisms import CRITIC, GENERATOR, MECHANISMS, classifier, gan

SGD = Optimiser(kind="sgd", learning_rate=0.05, momentum=0.9)


def documents() -> dict[str, Document]:
    """By name. Batch norms are frozen: on CPUs each worker has statistics of its own."""
    found = {name: make() for name, make in MECHANISMS.items()}
    for document in found.values():
        if "batch_norm_1" in document.main:
            document.apply(SetNode("batch_norm_1", "frozen", True))
    plain = classifier(Stage(updates=(Update(optimiser=SGD, average=Average(decay=0.9)),), steps=50), batch_size=101)
    plain.apply(SetNode("batch_norm_1", "frozen", True))
    critic = replace(CRITIC, repeat=3, clip_weights=0.05)
    return {**found, "50 steps": plain, "50 steps of a GAN": gan(critic, GENERATOR, steps=50)}


def told(trained: Trainer) -> dict[str, Any]:
    """All that is to be equal."""
    progress = trained.feed.progress
    curves = {name: torch.from_numpy(points.value) for name, points in trained.feed.since().points.items()}
    weights = {name: value.clone() for name, value in trained.stepper.weights().items()}
    return {
        "weights": weights,
        "curves": curves,
        "metrics": dict(progress.metrics),
        "state": str(progress.state),
        "step": progress.step,
    }


def train_all(team: Team | None = None) -> dict[str, dict[str, Any]]:
    found = {}
    for name, document in documents().items():
        trained = make_trainer(document, team=team)
        trained.run()
        found[name] = told(trained)
    return found


if __name__ == "__main__":
    with joined() as team:
        torch.save(train_all(team), Path(sys.argv[1]) / os.environ["RANK"])
