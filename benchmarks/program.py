"""The program against PyTorch as a person writes it: forward and training step of three networks.

Both have the same weights and must give the same numbers before they are timed. They take turns in short bouts; the
figure is the median over pairs of bouts of (generated / hand-written). Where networks lie in memory makes a few per
cent either way for as long as they live, so the pairs are spread over fresh networks, either made first in turn, in
several processes.
"""

from __future__ import annotations

import gc
import json
import subprocess
import sys
from collections.abc import Callable
from statistics import median
from time import perf_counter

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from benchmarks.figure import Figure
from graph_engine.compile import Program, compile_document
from graph_engine.document import Document
from graph_engine.document.builder import Builder
from presets import open_preset

_BOUT = 0.02  # s
_PROCESSES, _PAIRS = 6, 25  # pairs of bouts for each set of networks, of which a process makes two
BUDGET = 1.02


class LeNet5(nn.Module):
    """LeNet-5 with average pooling, as in every tutorial."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(1, 6, 5)
        self.conv2 = nn.Conv2d(6, 16, 5)
        self.fc1 = nn.Linear(400, 120)
        self.fc2 = nn.Linear(120, 84)
        self.fc3 = nn.Linear(84, 10)

    def forward(self, x: Tensor) -> Tensor:
        x = F.avg_pool2d(torch.tanh(self.conv1(x)), 2)
        x = F.avg_pool2d(torch.tanh(self.conv2(x)), 2)
        x = torch.flatten(x, 1)
        x = torch.tanh(self.fc1(x))
        x = torch.tanh(self.fc2(x))
        return self.fc3(x)


class BasicBlock(nn.Module):
    """Two 3×3 convolutions and a skip, projected where the shapes differ."""

    def __init__(self, before: int, channels: int, stride: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(before, channels, 3, stride, 1, bias=False)
        self.norm1 = nn.BatchNorm2d(channels)
        self.conv2 = nn.Conv2d(channels, channels, 3, 1, 1, bias=False)
        self.norm2 = nn.BatchNorm2d(channels)
        self.projection: nn.Module | None = None
        if stride != 1 or before != channels:
            self.projection = nn.Sequential(
                nn.Conv2d(before, channels, 1, stride, bias=False), nn.BatchNorm2d(channels)
            )

    def forward(self, x: Tensor) -> Tensor:
        y = F.relu(self.norm1(self.conv1(x)))
        y = self.norm2(self.conv2(y))
        return F.relu(y + (x if self.projection is None else self.projection(x)))


class SmallResNet(nn.Module):
    """Three stages of one basic block, 16 to 64 channels."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(1, 16, 3, 1, 1, bias=False)
        self.norm = nn.BatchNorm2d(16)
        self.stage1 = BasicBlock(16, 16, 1)
        self.stage2 = BasicBlock(16, 32, 2)
        self.stage3 = BasicBlock(32, 64, 2)
        self.fc = nn.Linear(64, 10)

    def forward(self, x: Tensor) -> Tensor:
        x = F.relu(self.norm(self.conv(x)))
        x = self.stage3(self.stage2(self.stage1(x)))
        return self.fc(x.mean((2, 3)))


class Tiny(nn.Module):
    """Forty times five operations on 16×8 numbers: nearly all of the time is Python and dispatch."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.ModuleList(nn.Linear(8, 8) for _ in range(40))
        self.head = nn.Linear(8, 10)

    def forward(self, x: Tensor) -> Tensor:
        for layer in self.layers:
            y = torch.tanh(layer(x))
            x = (x + y) * torch.sigmoid(y)
        return self.head(x)


def run(quick: bool) -> dict[str, Figure]:
    """Ratios."""
    ratios: dict[str, list[float]] = {}
    for _ in range(1 if quick else _PROCESSES):
        command = [sys.executable, "-m", "benchmarks.program", *(["--quick"] if quick else [])]
        done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
        measured: dict[str, list[float]] = json.loads(done.stdout.strip().splitlines()[-1])
        for name, found in measured.items():
            ratios.setdefault(name, []).extend(found)
    return {name: Figure(median(found), "×", BUDGET) for name, found in ratios.items()}


def measure(pairs: int) -> dict[str, list[float]]:
    """All ratios of one process: `pairs` for each of two sets of networks."""
    torch.set_num_threads(1)  # the difference looked for is Python's; more threads only add noise
    cases: list[tuple[str, Document, type[nn.Module]]] = [
        ("LeNet-5", open_preset("lenet5"), LeNet5),
        ("small residual net", open_preset("small_resnet"), SmallResNet),
        ("200 tiny operations", _tiny(), Tiny),
    ]
    ratios: dict[str, list[float]] = {}
    for name, document, write in cases:
        program = compile_document(document)
        for made_first in (True, False):
            networks = _networks(program, write, made_first=made_first)
            ratios.setdefault(f"{name}, forward", []).extend(_forward(program, *networks, pairs))
            networks = _networks(program, write, made_first=made_first)
            ratios.setdefault(f"{name}, training step", []).extend(_step(document, program, *networks, pairs))
    return ratios


def _tiny() -> Document:
    net = Builder("Tiny")
    x, label = net.input("x", 8), net.input("label", classes=10, label=True)
    for _ in range(40):
        y = net.add("tanh", net.add("linear", x, features=8))
        x = net.add("multiply", net.add("add", x, y), net.add("sigmoid", y))
    net.classify(net.add("linear", x, features=10), label)
    return net.document


def _networks(program: Program, write: type[nn.Module], *, made_first: bool) -> tuple[nn.Module, nn.Module]:
    """The generated and the hand-written network, with the same weights."""
    if made_first:
        made = program.make(0).eval()
        written = write().eval()
    else:
        written = write().eval()
        made = program.make(0).eval()
    _share_weights(made, written, _batch(program))
    return made, written


def _forward(program: Program, made: nn.Module, written: nn.Module, pairs: int) -> list[float]:
    x = _batch(program)
    with torch.no_grad():
        return _ratios(lambda: made(x), lambda: written(x), pairs)


def _step(document: Document, program: Program, made: nn.Module, written: nn.Module, pairs: int) -> list[float]:
    """The trainer's own way (the function of the loss) against the usual four lines."""
    x = _batch(program)
    label = torch.randint(10, (len(x),), generator=torch.Generator().manual_seed(1))
    loss = program.function([(next(node.id for node in document.main if node.block == "cross_entropy"), "loss")])
    (name,) = program.inputs
    inputs = {name: x, "label": label}
    optimisers = [torch.optim.SGD(network.train().parameters(), lr=1e-4) for network in (made, written)]

    def generated() -> None:
        optimisers[0].zero_grad()
        (value,) = loss(made, **inputs)
        value.backward()
        optimisers[0].step()

    def by_hand() -> None:
        optimisers[1].zero_grad()
        F.cross_entropy(written(x), label).backward()
        optimisers[1].step()

    return _ratios(generated, by_hand, pairs)


def _batch(program: Program) -> Tensor:
    lengths = [dim for dim in program.specs[program.inputs[0]].shape[1:] if isinstance(dim, int)]
    return torch.randn(16, *lengths, generator=torch.Generator().manual_seed(0))


def _share_weights(made: nn.Module, written: nn.Module, x: Tensor) -> None:
    """Give `written` the weights of `made`, shape by shape in order, and see that both give the same numbers."""
    theirs = list(written.state_dict().values())
    ours = list(made.state_dict().values())
    for tensor in theirs:
        at = next(at for at, other in enumerate(ours) if other.shape == tensor.shape)
        tensor.copy_(ours.pop(at))
    with torch.no_grad():
        gap = (made(x) - written(x)).abs().max().item()
    if ours or gap > 1e-5:
        raise RuntimeError(f"not the same network: {len(ours)} tensors left, difference {gap:.1e}")


def _ratios(one: Callable[[], object], other: Callable[[], object], pairs: int) -> list[float]:
    """Over pairs of bouts, time(one) / time(other), the first of a pair changing each time."""
    for _ in range(20):
        one()
        other()
    times = max(1, round(_BOUT / _bout(other, 10) * 10))
    ratios = []
    gc.collect()
    gc.disable()
    try:
        for pair in range(pairs):
            if pair % 2:
                late = _bout(other, times)
                ratios.append(_bout(one, times) / late)
            else:
                early = _bout(one, times)
                ratios.append(early / _bout(other, times))
    finally:
        gc.enable()
    return ratios


def _bout(call: Callable[[], object], times: int) -> float:
    """s for `times` calls."""
    start = perf_counter()
    for _ in range(times):
        call()
    return perf_counter() - start


if __name__ == "__main__":
    print(json.dumps(measure(5 if "--quick" in sys.argv else _PAIRS)))
