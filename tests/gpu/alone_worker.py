"""A team of one, whose sums go through NCCL on a GPU: `python -m tests.gpu.alone_worker`, by env.

Two workers can't share a GPU; what they would say to each other goes the same way here. Prints, for each document and
way, how far its weights end from those of a trainer without a team, as JSON.
"""

from __future__ import annotations

import json
import sys
from dataclasses import replace

import torch
from torch import distributed

from graph_engine.document import Document
from graph_engine.train import RunState, Trainer, sharding
from graph_engine.train.team import Team
from tests.gpu.device import DEVICE, ON_GPU, trainer_on
from tests.train.team_worker import documents

NAMES = ("50 steps", "50 steps of a GAN", "gradient penalty", "tasks with consolidation", "groups", "channels last")


def ended(document: Document, team: Team | None) -> Trainer:
    trained = trainer_on(DEVICE, document, team=team)
    progress = trained.run().progress
    assert progress.state is RunState.FINISHED, progress.message
    return trained


def main() -> int:
    if ON_GPU:
        torch.cuda.set_device(0)
    distributed.init_process_group("cpu:gloo,cuda:nccl" if ON_GPU else "gloo", rank=0, world_size=1)
    sharding.LEAST = 0
    found = {}
    for name in NAMES:
        alone = ended(documents()[name], None).stepper.whole_weights()
        for sharded in (False, True):
            document = documents()[name]
            document.plan = replace(document.plan, sharded=sharded)
            weights = ended(document, Team(0, 1)).stepper.whole_weights()
            far = [float((alone[key].cpu() - value.cpu()).abs().max()) for key, value in weights.items()]
            found[f"{name}{', sharded' * sharded}"] = max(far)
    distributed.destroy_process_group()
    sys.stdout.write(json.dumps(found))
    return 0


if __name__ == "__main__":
    sys.exit(main())
