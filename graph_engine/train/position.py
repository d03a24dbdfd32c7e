"""How far training has come."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True)
class Position:
    """How far training has come: what is done, in stages, epochs and steps.

    `stage_step` and `epoch_step` count within the stage and the epoch in progress; `epoch` and `step` over all.
    """

    stage: int = 0
    stage_step: int = 0
    stage_epoch: int = 0
    epoch: int = 0
    epoch_step: int = 0
    step: int = 0
    stage_done: bool = False
    """Whether the stage has reached its goal, or got no better for long, before its steps were over."""
