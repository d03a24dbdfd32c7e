"""The trainer against a bare loop that indexes tensors in memory: two networks, batch 64, images of 28×28.

Both train the same network on the same data with the same optimiser. The trainer also measures loss and accuracy at
every step, writes them and its checkpoints to disk, looks at its control, and is read from by charts thirty times a
second; with probes, four feature maps are fetched ten times a second as well. They take turns; a figure is the median
over pairs of turns of (trainer / bare loop). `python -m benchmarks.trainer [--json] [--quick]` runs this alone.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from statistics import median
from time import perf_counter

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from benchmarks.figure import Figure
from graph_engine.compile import Program, compile_document
from graph_engine.data import Samples, Served, load_samples, open_dataset, resolve, split
from graph_engine.document import Binding, Document, Optimiser, Plan, Stage, Update
from graph_engine.document.builder import Builder
from graph_engine.probe import ProbeBoard, ProbeInputs, ProbeRequest
from graph_engine.train import Feed, RunState, Trainer

BATCH = 64
EPOCH = 200  # steps
RATE = 1e-3
FRAME = 1 / 30  # s between two looks of a chart
Make = Callable[[Binding, int], tuple[Document, tuple[str, ...]]]
"""Draws a network to be trained on some data for so many steps; with the nodes to be looked at meanwhile."""
BUDGETS = {"MLP": (1.10, 1.15), "CNN": (1.02, 1.05)}


def run(quick: bool) -> dict[str, Figure]:
    """Milliseconds of a bare step, and ratios."""
    torch.set_num_threads(1)  # as the trainer chooses for networks of this size
    figures: dict[str, Figure] = {}
    with tempfile.TemporaryDirectory() as folder:
        for name, steps, pairs in (("MLP", 8000, 11), ("CNN", 800, 9)):
            make = _mlp if name == "MLP" else _cnn
            case = Case(make, Path(folder), steps // (4 if quick else 1), torch.device("cpu"))
            bare, plain, probed = case.measure(3 if quick else pairs)
            charts, probes = BUDGETS[name]
            figures[f"{name}, a step of the bare loop"] = Figure(1000 * bare, "ms")
            figures[f"{name}, trainer with charts"] = Figure(plain, "×", charts)
            figures[f"{name}, trainer with charts and four feature maps"] = Figure(probed, "×", probes)
    return figures


class Case:
    """One network, its data, and both ways to train it for `steps` steps."""

    def __init__(self, make: Make, folder: Path, steps: int, device: torch.device) -> None:
        self.document, self.nodes = make(_data(folder), steps)
        self.document.plan = replace(self.document.plan, device=device.type)
        self.steps = steps
        self.folder = folder
        self.device = device
        self.program: Program = compile_document(self.document)
        found = resolve(self.document)
        dataset = open_dataset(self.document.binding.dataset)
        self.inputs: dict[str, Served] = found.inputs
        self.samples: Samples = load_samples(dataset, found.inputs, split(dataset, 0, 0), device)

    def measure(self, pairs: int) -> tuple[float, float, float]:
        """s of a bare step, and the medians of both ratios."""
        self.bare()
        self.trained(probes=False)
        bare, plain, probed = [], [], []
        for turn in range(pairs):
            if turn % 2:
                times = [self.bare(), self.trained(probes=False), self.trained(probes=True)]
            else:
                times = [self.trained(probes=True), self.trained(probes=False), self.bare()][::-1]
            bare.append(times[0] / self.steps)
            plain.append(times[1] / times[0])
            probed.append(times[2] / times[0])
        return median(bare), median(plain), median(probed)

    def bare(self) -> float:
        """s of the loop that one writes by hand."""
        network: nn.Module = self.program.make(0).to(self.device)
        images, labels = self.samples.train["input_1"], self.samples.train["input_2"]
        optimiser = torch.optim.SGD(network.parameters(), lr=RATE, momentum=0.9, fused=True)
        start = perf_counter()
        for _ in range(self.steps // EPOCH):
            order = torch.randperm(len(labels), device=self.device)
            for first in range(0, len(labels), BATCH):
                chosen = order[first : first + BATCH]
                optimiser.zero_grad()
                loss = F.cross_entropy(network(images[chosen]), labels[chosen])
                loss.backward()
                optimiser.step()
        if self.device.type == "cuda":
            torch.cuda.synchronize()
        return perf_counter() - start

    def trained(self, *, probes: bool) -> float:
        """s of the trainer, from its first step to its last checkpoint."""
        board = ProbeBoard(ProbeInputs.of(self.samples, self.inputs, self.device.type))
        if probes:
            board.ask(ProbeRequest(self.nodes, sample=3))
        with tempfile.TemporaryDirectory(dir=self.folder) as folder:
            trainer = Trainer(self.document, self.program, self.samples, folder=Path(folder), threads=1, watcher=board)
            with _charts(trainer.feed):
                start = perf_counter()
                outcome = trainer.run()
                seconds = perf_counter() - start
        if outcome.progress.state is not RunState.FINISHED or (probes and board.answer is None):
            raise RuntimeError(f"the run did not go as meant: {outcome.progress}")
        return seconds


@contextmanager
def _charts(feed: Feed) -> Iterator[None]:
    """Reads the feed as charts do, until the end."""
    done = threading.Event()

    def read() -> None:
        cursor = None
        while not done.wait(FRAME):
            cursor = feed.since(cursor).cursor

    reader = threading.Thread(target=read)
    reader.start()
    try:
        yield
    finally:
        done.set()
        reader.join()


def _data(folder: Path) -> Binding:
    path = folder / "random.npz"
    if not path.exists():
        random = np.random.default_rng(0)
        images = random.integers(0, 256, (BATCH * EPOCH, 28, 28), dtype=np.uint8)
        np.savez(path, image=images, label=random.integers(0, 10, BATCH * EPOCH))
    return Binding(dataset=str(path))


def start(title: str, data: Binding, steps: int) -> Builder:
    """A drawing with nothing in it but its plan: `steps` steps of SGD."""
    update = Update(optimiser=Optimiser(kind="sgd", learning_rate=RATE, momentum=0.9))
    plan = Plan(stages=(Stage(updates=(update,), epochs=steps // EPOCH),), batch_size=BATCH, validation=0)
    return Builder(title, plan=plan, binding=data)


def _mlp(data: Binding, steps: int) -> tuple[Document, tuple[str, ...]]:
    net = start("MLP", data, steps)
    x, label = net.input("image", 1, 28, 28), net.input("label", label=True, classes=10)
    x = net.add("relu", net.add("linear", net.add("flatten", x), features=64))
    net.classify(net.add("linear", x, features=10), label)
    return net.document, ("input_1", "linear_1", "relu_1", "linear_2")


def _cnn(data: Binding, steps: int) -> tuple[Document, tuple[str, ...]]:
    net = start("CNN", data, steps)
    x, label = net.input("image", 1, 28, 28), net.input("label", label=True, classes=10)
    for channels in (8, 16):
        x = net.add("max_pool2d", net.add("relu", net.add("conv2d", x, channels=channels)))
    net.classify(net.add("linear", net.add("flatten", x), features=10), label)
    return net.document, ("input_1", "relu_1", "conv2d_2", "relu_2")


def main() -> int:
    """Exit status 1 when a budget does not hold."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.trainer", description=__doc__)
    parser.add_argument("--json", action="store_true", help="one JSON document on stdout")
    parser.add_argument("--quick", action="store_true", help="fewer repetitions: a first look, not a measurement")
    arguments = parser.parse_args()
    figures = run(arguments.quick)
    if arguments.json:
        print(json.dumps({name: figure.as_data() for name, figure in figures.items()}, indent=2, ensure_ascii=False))
    else:
        for name, figure in figures.items():
            print(f"{name:<58} {figure.text:>12}  {figure.budget_text:>12}")
    return 1 if any(figure.ok is False for figure in figures.values()) else 0


if __name__ == "__main__":
    sys.exit(main())
