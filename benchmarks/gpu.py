"""How much of the time a GPU computes while the trainer works, beside a bare loop: the rest is waiting for data, for
what was measured, for checkpoints and for views.

The network and batch keep a large GPU busy for some ten milliseconds a step, so that whatever takes turns with a step
can be hidden behind it. Shares are those of `graph_engine.train.utilisation`, from the kernels of a whole run. Where
there is no GPU nothing is measured. `python -m benchmarks --only gpu`.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path
from statistics import median

import torch

from benchmarks.figure import Figure
from benchmarks.trainer import Case, start
from graph_engine.document import Binding, Document
from graph_engine.train.utilisation import utilisation

STEPS = 400
WIDTH = 256
"""Channels of each of four convolutions at 28×28: 90 GMACs for a batch, forward."""
LEAST = 0.98
"""Of the share of a bare loop: data loading and views are hidden behind compute."""


def run(quick: bool) -> dict[str, Figure]:
    """Shares of the time in %, and of the bare loop's share; nothing without a GPU."""
    if not torch.cuda.is_available():
        return {}
    with tempfile.TemporaryDirectory() as folder:
        case = Case(wide, Path(folder), STEPS, torch.device("cuda"))
        ways: dict[str, Callable[[], object]] = {
            "bare loop": case.bare,
            "trainer with charts": lambda: case.trained(probes=False),
            "trainer with charts and four feature maps": lambda: case.trained(probes=True),
        }
        for work in ways.values():  # kernels are chosen, memory is taken
            work()
        rounds = range(2 if quick else 5)
        shares = [{name: utilisation(case.device, work) for name, work in ways.items()} for _ in rounds]
    if any(share is None for each in shares for share in each.values()):  # the profiler may not look at this GPU
        return {}
    figures = {name: Figure(100 * median(each[name] for each in shares), "%") for name in ways}
    for name in list(ways)[1:]:
        ratio = median(each[name] / each["bare loop"] for each in shares)
        figures[f"{name}, of the bare loop's"] = Figure(ratio, "×", least=LEAST)
    return figures


def wide(data: Binding, steps: int) -> tuple[Document, tuple[str, ...]]:
    """Four wide convolutions, drawn."""
    net = start("Wide", data, steps)
    x, label = net.input("image", 1, 28, 28), net.input("label", label=True, classes=10)
    for _ in range(4):
        x = net.add("relu", net.add("conv2d", x, channels=WIDTH))
    net.classify(net.add("linear", net.add("global_avg_pool", x), features=10), label)
    return net.document, ("input_1", "relu_1", "conv2d_2", "relu_4")
