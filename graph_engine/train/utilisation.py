"""How much of the time a device computes while steps are taken, from when each of its kernels ran."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable

import torch
from torch.profiler import ProfilerActivity, profile

Interval = tuple[float, float]
"""When something began and ended, in one unit."""

_KERNELS = {"cuda": "kernel", "cpu": "cpu_op"}
"""What the profiler calls that which computes; copies, waits and marks are called otherwise."""


def utilisation(device: torch.device, work: Callable[[], object]) -> float | None:
    """The share of the time in which `device` runs at least one kernel while `work` is done, from the first kernel's
    begin to the last one's end; None when the profiler saw none. On a CPU, kernels are torch's operations.

    The profiler notes kernels as they run, without torch's own operations on a GPU, so that it costs little; what
    launches them takes a little longer than without it, and the share is, if anything, too small.
    """
    os.environ.setdefault("KINETO_LOG_LEVEL", "6")  # else it says on stderr when it begins and ends
    on_gpu = device.type == "cuda"
    with profile(activities=[ProfilerActivity.CUDA if on_gpu else ProfilerActivity.CPU]) as profiler:
        work()
        if on_gpu:
            torch.cuda.synchronize(device)
    found = [
        (event.time_range.start, event.time_range.end)
        for event in profiler.events() or ()
        if event.activity_type == _KERNELS[device.type]
    ]
    return busy_share(found) if found else None


def busy_share(intervals: Iterable[Interval]) -> float:
    """How much of the time from the first begin to the last end lies within some interval; they may overlap."""
    ordered = sorted(intervals)
    if not ordered:
        return 0.0
    first = reached = ordered[0][0]
    busy = 0.0
    for begin, end in ordered:
        busy += max(0.0, end - max(begin, reached))
        reached = max(reached, end)
    return busy / (reached - first) if reached > first else 0.0
