"""Which batch there is enough memory for, when there was not for the one of the plan: found by trying smaller ones."""

from __future__ import annotations

import gc
import re
from pathlib import Path

import torch

from graph_engine.train.stepper import Stepper

_NO_MEMORY = ("can't allocate memory", "out of memory", "not enough memory")
_UNITS = {"": 1, "k": 1 << 10, "m": 1 << 20, "g": 1 << 30, "t": 1 << 40}
_ASKED = re.compile(r"(?:[Tt]ried|Unable) to allocate (\d+(?:\.\d+)?) (?:([kmgtKMGT])i?)?[Bb](?:ytes)?")
SHARE = 0.5
"""Of the memory that is free, how much the failed request, made smaller, may take for a batch to be tried: a step takes
more than its largest tensor, and a system that promises more than it has would end the process."""


def is_memory(error: BaseException) -> bool:
    """Whether an error says that there is not enough memory."""
    if isinstance(error, (MemoryError, torch.OutOfMemoryError)):
        return True
    return isinstance(error, RuntimeError) and any(words in str(error) for words in _NO_MEMORY)


def asked_for(error: BaseException) -> int:
    """The bytes that were asked for when there was not enough; 0 when the error does not say."""
    found = _ASKED.search(str(error))
    return int(float(found[1]) * _UNITS[(found[2] or "").lower()]) if found else 0


def lack_in_words(error: BaseException) -> str:
    """What to say when there is not enough memory for something else than a step of training."""
    asked = f" ({in_bytes(asked_for(error))} were asked for)" if asked_for(error) else ""
    return f"There is not enough memory for this{asked}. Use a smaller network or batch, or close other programs."


def in_bytes(number: int) -> str:
    """`2.68 GB`."""
    for unit, scale in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if number >= scale:
            return f"{number / scale:.3g} {unit}"
    return f"{number} B"


def fitting_batch(error: BaseException, stepper: Stepper) -> int:
    """The largest half, quarter … of the batch for which a forward and a backward pass go well; 0 when none does.

    The network is left as it is, but for gradients.
    """
    size, asked = stepper.plan.batch_size, asked_for(error)
    buffers = {name: value.clone() for name, value in stepper.network.named_buffers()}
    while (size := size // 2) >= 1:
        make_room(error, stepper)
        if asked * size / stepper.plan.batch_size <= SHARE * _free(stepper.device) and _try(stepper, size):
            break
    for update in stepper.updates:
        update.clear()
    with torch.no_grad():
        for name, value in stepper.network.named_buffers():
            value.copy_(buffers[name])
    return size


def _try(stepper: Stepper, size: int) -> bool:
    try:
        turn, _ = next(stepper.turns_left())
        for update in stepper.updates:
            stepper.train_only(update)
            update.clear()
            batch = {name: values[:size] for name, values in turn[0].items()}
            update.backward(batch, update.forward(batch)[0])
            update.clear()
    except (RuntimeError, MemoryError, StopIteration):
        return False
    return True


def make_room(error: BaseException, stepper: Stepper) -> None:
    """Let go of what a step that failed by `error` took."""
    error.__traceback__ = None  # its frames hold the tensors of the step
    for update in stepper.updates:
        update.clear()
    gc.collect()
    if stepper.device.type == "cuda":
        torch.cuda.empty_cache()


def _free(device: torch.device) -> float:
    """Bytes that could be had; infinite where that is not known."""
    if device.type == "cuda":
        return float(torch.cuda.mem_get_info(device)[0])
    try:
        lines = Path("/proc/meminfo").read_text("ascii").splitlines()
        return next(float(line.split()[1]) * 1024 for line in lines if line.startswith("MemAvailable:"))
    except (OSError, StopIteration, ValueError, IndexError):
        return float("inf")
