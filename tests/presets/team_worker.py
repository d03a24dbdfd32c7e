"""One worker of several that train every regime: `python -m tests.presets.team_worker FOLDER`, by env."""

from __future__ import annotations

import os
import re
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch

from graph_engine.document import Document, SetNode
from graph_engine.train.distributed import joined, leave
from graph_engine.train.team import Team
from presets import open_preset
from tests.train.conftest import make_trainer

ROOT = Path(__file__).parents[2]
REGIMES = tuple(
    dict.fromkeys(re.findall(r"^\| `(\w+)[:`]", (ROOT / "docs" / "training.md").read_text("utf-8"), re.MULTILINE))
)
"""The presets of which the documentation tells a goal."""
FIRST, NEXT = 8, 4
"""Steps of the first stage, and of each that follows."""


def regime(name: str) -> Document:
    """A preset over few steps. Batch norms are frozen: on CPUs each worker has statistics of its own."""
    document = open_preset(name)
    for graph_name, graph in document.graphs.items():
        for node in [node.id for node in graph if node.block == "batch_norm"]:
            document.apply(SetNode(node, "frozen", True, graph_name))
    stages = [replace(stage, steps=NEXT if at else FIRST) for at, stage in enumerate(document.plan.stages)]
    batch = min(document.plan.batch_size, 17)  # not even
    document.plan = replace(document.plan, stages=tuple(stages), batch_size=batch, validation=0.02)
    return document


def train_all(team: Team | None = None) -> dict[str, dict[str, Any]]:
    """By regime: how it ended, weights, and what each step measured."""
    found = {}
    for name in REGIMES:
        trained = make_trainer(regime(name), team=team)
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
