"""Where and how exactly to compute: device, threads, precision."""

from __future__ import annotations

import os
from contextlib import suppress
from functools import cache
from typing import TYPE_CHECKING

from graph_engine.document.plan import Plan
from graph_engine.train.distributed import local_rank, local_size
from graph_engine.train.errors import PlanError

if TYPE_CHECKING:
    import torch

SINGLE_THREAD_MACS = 400_000_000
"""Multiply-adds of a step's forward pass below which one thread does it: some 20 ms.

Every preset on digits is below.
"""


def choose_device(plan: Plan) -> torch.device:
    """The device of a plan; `auto` is the first GPU, or the CPU where there is none. Each of several workers on a
    machine has a GPU of its own.

    Raises: PlanError when the plan asks for a GPU and there is none, or none for this worker.
    """
    import torch
    from torch import distributed

    available = torch.cuda.is_available()
    if plan.device == "cuda" and not available:
        raise PlanError(
            "The plan asks for a GPU (CUDA), and torch finds none here. Set the device to auto or cpu, "
            "or see `layerloom doctor`."
        )
    if not available or plan.device == "cpu":
        return torch.device("cpu")
    if not (distributed.is_available() and distributed.is_initialized()):
        return torch.device("cuda")
    there = torch.cuda.device_count()
    if local_rank() >= there:
        raise PlanError(
            f"torchrun begins {local_size()} workers on this machine, which has {there} GPU{'s' * (there > 1)}. "
            f"Begin as many as there are (--nproc-per-node {there}), or set the device to cpu."
        )
    return torch.device("cuda", local_rank())


def set_device_up(plan: Plan, device: torch.device, threads: int | None) -> None:
    """Let this process compute on a device as a plan says; `threads` None: as many as it does now."""
    import torch

    if threads is not None:
        torch.set_num_threads(threads)
    if device.type == "cuda":
        torch.set_float32_matmul_precision("high" if plan.tf32 else "highest")
        torch.backends.cudnn.allow_tf32 = plan.tf32
        if device.index is not None:
            torch.cuda.set_device(device)


def choose_threads(macs: int, batch_size: int) -> int:
    """How many CPU threads a step takes; `macs` are those of one sample.

    Small steps are faster on one thread, and several that wait for each other are slow as soon as the window or another
    program wants a core. The rule is one of sizes, not of timing: how many threads add up a sum decides its last bits,
    so that the same seed gives the same numbers only with as many. A run notes how many, and is resumed with those.
    """
    several = machine_threads()
    return 1 if macs * batch_size < SINGLE_THREAD_MACS else several


@cache
def machine_threads() -> int:
    """The threads that torch may use: those this process had at its first run (`OMP_NUM_THREADS`, else the cores)."""
    import torch

    limit = os.environ.get("OMP_NUM_THREADS", "")
    return int(limit) if limit.isdecimal() and int(limit) > 0 else torch.get_num_threads()


def free_on_gpu(device: torch.device) -> int:
    """Bytes that are free on a GPU, with those that torch has asked for and gives to no tensor."""
    import torch

    kept = torch.cuda.memory_reserved(device) - torch.cuda.memory_allocated(device)
    return int(torch.cuda.mem_get_info(device)[0]) + kept


def give_back(device: torch.device) -> None:
    """Let others have the memory of a GPU that torch keeps for tensors to come."""
    import torch

    if device.type == "cuda":
        with suppress(RuntimeError):  # of a device that has failed for good, which has been told
            torch.cuda.empty_cache()


def autocast_type(plan: Plan) -> torch.dtype | None:
    """The type of products under autocast; None in full precision."""
    import torch

    return {"fp32": None, "bf16": torch.bfloat16, "fp16": torch.float16}[plan.precision]


def describe(device: torch.device) -> str:
    """`cpu`, or the GPU's name."""
    import torch

    return torch.cuda.get_device_name(device) if device.type == "cuda" else "cpu"
