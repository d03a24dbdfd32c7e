"""The program against PyTorch as a person writes it: forward and training step of three networks.

Both have the same weights and must give the same numbers before they are timed. They take turns in short bouts; the
figure is the median over pairs of bouts of (generated / hand-written).
"""

from __future__ import annotations

import gc
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
    torch.set_num_threads(1)  # the difference looked for is Python's; more threads only add noise
    pairs = 15 if quick else 150
    cases: list[tuple[str, Document, nn.Module]] = [
        ("LeNet-5", open_preset("lenet5"), LeNet5()),
        ("small residual net", open_preset("small_resnet"), SmallResNet()),
        ("200 tiny operations", _tiny(), Tiny()),
    ]
    figures = {}
    for name, document, written in cases:
        program = compile_document(document)
        figures[f"{name}, forward"] = Figure(_forward(program, written, pairs), "×", BUDGET)
        figures[f"{name}, training step"] = Figure(_step(document, program, written, pairs), "×", BUDGET)
    return figures


def _tiny() -> Document:
    net = Builder("Tiny")
    x, label = net.input("x", 8), net.input("label", classes=10, label=True)
    for _ in range(40):
        y = net.add("tanh", net.add("linear", x, features=8))
        x = net.add("multiply", net.add("add", x, y), net.add("sigmoid", y))
    net.classify(net.add("linear", x, features=10), label)
    return net.document


def _forward(program: Program, written: nn.Module, pairs: int) -> float:
    made = program.make(0).eval()
    x = _batch(program)
    _share_weights(made, written.eval(), x)
    with torch.no_grad():
        return _ratio(lambda: made(x), lambda: written(x), pairs)


def _step(document: Document, program: Program, written: nn.Module, pairs: int) -> float:
    """The trainer's own way (the function of the loss) against the usual four lines."""
    made = program.make(0).eval()
    x = _batch(program)
    _share_weights(made, written.eval(), x)
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

    return _ratio(generated, by_hand, pairs)


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


def _ratio(one: Callable[[], object], other: Callable[[], object], pairs: int) -> float:
    """Median over pairs of bouts of time(one) / time(other), the first of a pair changing each time."""
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
    return median(ratios)


def _bout(call: Callable[[], object], times: int) -> float:
    """s for `times` calls."""
    start = perf_counter()
    for _ in range(times):
        call()
    return perf_counter() - start
