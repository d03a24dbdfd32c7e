"""Training: plan, trainer, optimisers, schedules, checkpoints.

Names are loaded on first use: the trainer needs torch.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from graph_engine.train.checkpoints import Checkpoint, Checkpoints
from graph_engine.train.control import Control
from graph_engine.train.errors import DamagedCheckpoint, PlanError, TrainError
from graph_engine.train.feed import Feed, News, Progress
from graph_engine.train.history import read_epochs, read_feed, read_steps
from graph_engine.train.outcome import Outcome
from graph_engine.train.series import Points
from graph_engine.train.states import RunState

if TYPE_CHECKING:
    from graph_engine.train.trainer import Trainer

__all__ = [
    "Checkpoint",
    "Checkpoints",
    "Control",
    "DamagedCheckpoint",
    "Feed",
    "News",
    "Outcome",
    "PlanError",
    "Points",
    "Progress",
    "RunState",
    "TrainError",
    "Trainer",
    "read_epochs",
    "read_feed",
    "read_steps",
]


def __getattr__(name: str) -> Any:
    if name == "Trainer":
        from graph_engine.train.trainer import Trainer

        return Trainer
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
