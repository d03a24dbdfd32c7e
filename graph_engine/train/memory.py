"""Which batch there is enough memory for, when there was not for the one of the plan: found by trying smaller ones."""

from __future__ import annotations

import gc
import re
from pathlib import Path

import torch
from torch import Tensor

from graph_engine.train.devices import free_on_gpu, give_back
from graph_engine.train.keeper import LARGEST_COPY
from graph_engine.train.optimisers import moments
from graph_engine.train.stepper import Stepper

_NO_MEMORY = (
    *("can't allocate memory", "out of memory", "not enough memory"),
    *("STATUS_ALLOC_FAILED", "ALLOCATION_FAILED", "ERROR_OUT_OF_MEMORY"),  # cuBLAS and the like, cuDNN, NVRTC
)
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


def let_go(error: BaseException) -> None:
    """Drop the frames that an error holds, and with them the tensors of what failed."""
    held: BaseException | None = error
    while held is not None:
        held.__traceback__, held = None, held.__context__


def make_room(device: torch.device) -> None:
    """Give back all memory that nothing uses."""
    gc.collect()
    give_back(device)


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
    """The largest half, quarter … of the batch for which a forward and a backward pass go well, with all that the
    optimiser will remember, and an evaluation; 0 when none does.

    The network is left as it is, but for gradients.
    """
    size, asked = stepper.plan.batch_size, asked_for(error)
    let_go(error)
    clear(stepper)
    buffers = {name: value.detach().to("cpu", copy=True) for name, value in stepper.network.named_buffers()}
    while (size := size // 2) >= 1:
        if asked * size / stepper.plan.batch_size <= SHARE * _free(stepper.device) and _try(stepper, size):
            break
        clear(stepper)
    clear(stepper)
    with torch.no_grad():
        for name, value in stepper.network.named_buffers():
            value.copy_(buffers[name])
    return size


def _try(stepper: Stepper, size: int) -> bool:
    try:
        _step(stepper, size)
        _evaluate(stepper, size)
    except (RuntimeError, MemoryError, StopIteration) as error:
        let_go(error)
        return False
    finally:
        stepper.train_mode()
    return True


def _step(stepper: Stepper, size: int) -> None:
    to_come = _state_to_come(stepper)
    turn, _ = next(stepper.course.turns(stepper.position.epoch, 0))
    batch = {name: values[:size] for name, values in turn[0].items()}
    for update in stepper.updates:
        stepper.train_only(update)
        with update.measurement.not_compiled():
            update.backward(batch, update.forward(batch)[0])
    del to_come


def _evaluate(stepper: Stepper, size: int) -> None:
    course = stepper.course
    if not course.validation_length:
        return
    batch = {name: values[:size] for name, values in course.validation.items()}
    stepper.network.eval()
    with torch.inference_mode():
        for update in stepper.updates:
            update.measurement.begin()
            update.measurement.look(batch, size)
            update.measurement.begin()


def _state_to_come(stepper: Stepper) -> list[Tensor]:
    """As much memory as what optimisers remember after their first step, and the copy that is kept of it."""
    weights = sum(each.numel() * each.element_size() for each in stepper.network.state_dict().values())
    times = 2 if weights <= LARGEST_COPY else 1
    return [
        torch.empty_like(weight)
        for update in stepper.updates
        for weight in update.pieces
        if not update.optimiser.state.get(weight)
        for _ in range(times * moments(update.update.optimiser))
    ]


def clear(stepper: Stepper) -> None:
    """Let go of the gradients of a step, and of all else that nothing uses."""
    for update in stepper.updates:
        update.clear()
    make_room(stepper.device)


def _free(device: torch.device) -> float:
    """Bytes that could be had; infinite where that is not known."""
    if device.type == "cuda":
        return float(free_on_gpu(device))
    try:
        lines = Path("/proc/meminfo").read_text("ascii").splitlines()
        return next(float(line.split()[1]) * 1024 for line in lines if line.startswith("MemAvailable:"))
    except (OSError, StopIteration, ValueError, IndexError):
        return float("inf")
