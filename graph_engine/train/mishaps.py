"""What went wrong in the middle of training, in words: where on the canvas, why, what to do."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from graph_engine.train.errors import TrainError
from graph_engine.train.keeper import disk_error
from graph_engine.train.stepper import Stepper

if TYPE_CHECKING:
    from graph_engine.compile import Program

_NO_MEMORY = ("can't allocate memory", "out of memory", "not enough memory")


def explain(error: BaseException, stepper: Stepper, program: Program) -> tuple[str, str | None]:
    """A sentence or two, and the node it concerns, if one."""
    step = stepper.position.step + 1
    node = program.node_at(error)
    called = stepper.document.called(node) if node is not None else ""
    if isinstance(error, TrainError):
        return str(error), error.node
    if _is_memory(error):
        where = f" at {called}" if called else ""
        batch = stepper.plan.batch_size
        return f"Step {step}: there is not enough memory for a batch of {batch}{where}. Try {max(batch // 2, 1)}.", node
    if isinstance(error, OSError):
        return str(disk_error(error, step)), None
    text = (str(error).strip().splitlines() or [""])[0]
    what = text or type(error).__name__
    if called:
        return f"Step {step}: {called} could not be computed: {what}", node
    return f"Step {step} failed: {what} ({type(error).__name__}). The newest checkpoint is whole.", None


def _is_memory(error: BaseException) -> bool:
    if isinstance(error, (MemoryError, torch.OutOfMemoryError)):
        return True
    return isinstance(error, RuntimeError) and any(words in str(error) for words in _NO_MEMORY)
