"""One worker of several that train every regime: `python -m tests.presets.team_worker FOLDER`, by env."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch

from graph_engine.compile import Program, compile_document
from graph_engine.data import load_samples, open_dataset, resolve, split
from graph_engine.document import Document, Judgement, SetNode
from graph_engine.train import Trainer
from graph_engine.train.distributed import joined, leave
from graph_engine.train.team import Team
from presets import open_preset

ROOT = Path(__file__).parents[2]
REGIMES = tuple(
    dict.fromkeys(re.findall(r"^\| `(\w+)[:`]", (ROOT / "docs" / "training.md").read_text("utf-8"), re.MULTILINE))
)
"""The presets of which the documentation tells a goal."""
STEPS = 50
"""Of each stage."""
IN_DOUBLE = ("dcgan", "sngan", "wgan", "wgan_gp")
"""Critics whose weights a step may throw far for a rounding error: in single precision, one process whose weights are
moved by 1e-8 ends as far from itself as two workers from one. So they are compared in double precision.
"""


def regime(name: str) -> Document:
    """A preset over few steps. Batch norms are frozen: on CPUs each worker has statistics of its own."""
    document = open_preset(name)
    for graph_name, graph in document.graphs.items():
        for node in [node.id for node in graph if node.block == "batch_norm"]:
            document.apply(SetNode(node, "frozen", True, graph_name))
    stages = tuple(replace(stage, steps=STEPS) for stage in document.plan.stages)
    batch = min(document.plan.batch_size, 17)  # not even
    held_out = 0.0 if name in IN_DOUBLE else 0.02  # what is judged by is computed in single precision
    document.plan = replace(document.plan, stages=stages, batch_size=batch, validation=held_out)
    if not held_out:  # then nothing else is told of epochs
        document.plan = replace(document.plan, judge=Judgement())
    return document


@contextmanager
def precision(name: str) -> Iterator[None]:
    """That in which a regime is compared."""
    usual = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64 if name in IN_DOUBLE else usual)
    try:
        yield
    finally:
        torch.set_default_dtype(usual)


def trainer_of(document: Document, program: Program, team: Team | None) -> Trainer:
    """With its network, its samples and what it draws in the default precision."""
    found = resolve(document)
    dataset = found.dataset or open_dataset(document.binding.dataset)
    samples = load_samples(dataset, found.inputs, split(dataset, document.plan.validation, document.plan.seed))
    measured = {key: values for key, values in samples.train.items() if values.is_floating_point()}
    columns = {key: values.to(torch.get_default_dtype()) for key, values in measured.items()}
    samples = replace(samples, train={**samples.train, **columns})
    return Trainer(document, program, samples, team=team)


def train_all(team: Team | None = None) -> dict[str, dict[str, Any]]:
    """By regime: how it ended, weights, and what each step measured."""
    found = {}
    for name in REGIMES:
        program = compile_document(regime(name))  # by the checker, which knows single precision alone
        with precision(name):
            trained = trainer_of(regime(name), program, team)
            progress = trained.run().progress
        points = trained.feed.since().points
        found[name] = {
            "state": str(progress.state),
            "message": progress.message,
            "weights": {key: value.clone() for key, value in trained.stepper.whole_weights().items()},
            "measured": {key: value for key, value in progress.metrics.items() if key.startswith("val_")},
            "losses": torch.from_numpy(points["train_loss"].value),
        }
    return found


if __name__ == "__main__":
    with joined() as team:
        torch.save(train_all(team), Path(sys.argv[1]) / os.environ["RANK"])
    leave()
