"""Whether the device allows a run beside those that go on: cores and memory, told in words where it does not."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING

from app.figures import size_of

if TYPE_CHECKING:
    from graph_engine.runs import StoredRun
    from graph_engine.train.forecast import Forecast

_SLACK_CPU, _SLACK_GPU = 2.0, 1.15
"""How much more than its tensors a process holds: torch's allocator keeps pieces that were given back."""
_CONTEXT_CPU, _CONTEXT_GPU = 400e6, 700e6
"""Bytes that a process of its own takes before its first tensor: Python with torch; on a GPU, the context of CUDA."""


def why_no_room(stored: StoredRun, going: Sequence[StoredRun]) -> str:
    """Why a run can't begin beside those of `going`, which are on this machine; empty where it can. Not to be used on
    the window's thread: some steps of the run are taken to foretell what it needs.

    Raises: CompileError, PlanError where it can't be trained here at all.
    """
    from graph_engine.check import Checker
    from graph_engine.train.devices import choose_device, choose_threads

    document = stored.document()
    on_gpu = choose_device(document.plan).type == "cuda"
    if not on_gpu:
        macs = Checker().check(document).total.macs
        taken = [int(each.record.provenance.get("threads") or 1) for each in going]
        why = too_few_cores(choose_threads(macs, document.plan.batch_size), taken, len(os.sched_getaffinity(0)))
        if why:
            return why
    wants = _foretold(stored)
    starting = [each for each in going if each.record.step == 0]
    needs = [_need(_foretold(each).memory.total, on_gpu=on_gpu) for each in starting]
    return too_little_memory(_need(wants.memory.total, on_gpu=on_gpu), needs, wants.available, on_gpu=on_gpu)


def too_few_cores(wants: int, taken: Sequence[int], cores: int) -> str:
    """Why a run that computes on `wants` cores does not fit beside runs on `taken` ones; empty where it does."""
    if wants + sum(taken) <= cores:
        return ""
    return f"it computes on {_cores(wants)}, and the runs that go on take {sum(taken)} of {cores}"


def too_little_memory(need: float, starting: Sequence[float], free: float, *, on_gpu: bool) -> str:
    """Why what a run is foretold to need (bytes) is not free; empty where it is. What runs that go on hold is not free
    any more; of those that have taken no step yet, `starting` is what they are foretold to need.
    """
    if need + sum(starting) <= free:
        return ""
    where = "on the GPU" if on_gpu else "on this machine"
    kept = f", of which {size_of(sum(starting))} are for what is just beginning" if starting else ""
    return f"it needs {size_of(need)} of memory, and {size_of(free)} are free {where}{kept}"


def _foretold(stored: StoredRun) -> Forecast:
    from graph_engine.check import Checker
    from graph_engine.compile import compile_document
    from graph_engine.train.forecast import forecast

    document = stored.document()
    result = Checker().check(document)
    return forecast(document, compile_document(document, result), result)


def _need(tensors: int, *, on_gpu: bool) -> float:
    """Bytes that a process takes whose tensors take so many."""
    return _SLACK_GPU * tensors + _CONTEXT_GPU if on_gpu else _SLACK_CPU * tensors + _CONTEXT_CPU


def _cores(number: int) -> str:
    return f"{number} core{'s' * (number != 1)}"
