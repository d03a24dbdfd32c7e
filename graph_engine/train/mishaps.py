"""What went wrong in the middle of training, in words: where on the canvas, why, what to do."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from graph_engine.train.errors import TrainError
from graph_engine.train.keeper import disk_error
from graph_engine.train.memory import asked_for, in_bytes, is_memory
from graph_engine.train.stepper import Stepper

if TYPE_CHECKING:
    from graph_engine.compile import Program


def explain(error: BaseException, stepper: Stepper, program: Program) -> tuple[str, str | None]:
    """A sentence or two, and the node it concerns, if one."""
    step = stepper.position.step + 1
    node = program.node_at(error)
    called = stepper.document.called(node) if node is not None else ""
    if isinstance(error, TrainError):
        return str(error), error.node
    if is_memory(error):
        where = f" at {called}" if called else ""
        asked = f", which asks for {in_bytes(asked_for(error))}" if asked_for(error) else ""
        batch = stepper.plan.batch_size
        return f"Step {step}: there is not enough memory for a batch of {batch}{where}{asked}.", node
    if isinstance(error, OSError):
        return str(disk_error(error, step)), None
    text = (str(error).strip().splitlines() or [""])[0]
    what = text or type(error).__name__
    if called:
        return f"Step {step}: {called} could not be computed: {what}", node
    return f"Step {step} failed: {what} ({type(error).__name__}).", None


def is_of_device(error: BaseException, device: torch.device) -> bool:
    """Whether the device itself failed (an access to memory that is not there, an assertion in a kernel): then it fails
    at whatever it is asked next.
    """
    return device.type == "cuda" and isinstance(error, torch.AcceleratorError) and not is_memory(error)


def fit_in_words(fits: int) -> str:
    """What to do when there was not enough memory: a batch of `fits` was tried and goes well, 0: none does."""
    return f"A batch of {fits} fits." if fits else "No smaller batch fits either: the network itself is too large."
