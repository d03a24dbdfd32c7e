"""Checking: a whole ResNet-50 and a thousand nodes from nothing, and one edit in a ResNet-152 with a warm cache.

An edit gives one convolution, picked at random, a kernel or a number of channels that the cache has not seen, or cuts
its wire. Only the check is timed, in CPU time; then the edit is taken back.

A check from nothing takes turns with what nothing can do without: the same ResNet-50, written by hand, made on the meta
device and run on it twice.
"""

from __future__ import annotations

import random
from statistics import median
from time import process_time

import torch
from torch import Tensor, nn

from benchmarks.figure import Figure
from graph_engine.check import Checker
from graph_engine.document import AnyEdit, Disconnect, Document, SetParameter
from graph_engine.document.builder import Builder, Port
from graph_engine.document.layout import lay_out_piles

RESNET50, RESNET152 = (3, 4, 6, 3), (3, 8, 36, 3)
"""Bottlenecks in each stage (He, Zhang, Ren, Sun, 2016)."""


def run(quick: bool) -> dict[str, Figure]:
    """Medians in ms."""
    rounds = 3 if quick else 9
    resnet50, resnet152 = resnet(RESNET50), resnet(RESNET152)
    lay_out_piles(resnet152)  # as what a window shows always is: fixes look for room
    thousand, distinct = chain(1000, widths=16), chain(1000, widths=1000)
    Checker().check(resnet50)  # torch warms up with its first operation on the meta device
    ours, bare = _in_turns(resnet50, rounds)
    return {
        f"full check, ResNet-50, {len(resnet50.main)} nodes": Figure(median(ours), "ms", 75),
        "ResNet-50 made and run twice on the meta device": Figure(median(bare), "ms"),
        "full check, of made and run twice": Figure(
            median(check / run for check, run in zip(ours, bare, strict=True)), "×"
        ),
        f"full check, {len(thousand.main)} nodes": Figure(_full(thousand, rounds), "ms", 400),
        f"full check, {len(distinct.main)} nodes, no two alike": Figure(_full(distinct, rounds), "ms"),
        f"one edit, ResNet-152, {len(resnet152.main)} nodes, median": Figure(
            median(_edits(resnet152, 10 if quick else 60)), "ms", 15
        ),
    }


def resnet(stages: tuple[int, ...]) -> Document:
    """A ResNet of bottlenecks at 224×224, drawn from single layers: 176 nodes with the stages of ResNet-50."""
    net = Builder("ResNet")
    x = _convolution(net, net.input("image", 3, 224, 224), 64, 7, 2, relu=True)
    x = net.add("max_pool2d", x, kernel=3, stride=2, padding=1)
    for stage, blocks in enumerate(stages):
        width = 64 * 2**stage
        for block in range(blocks):
            stride = 2 if stage and not block else 1
            y = _convolution(net, x, width, 1, 1, relu=True)
            y = _convolution(net, y, width, 3, stride, relu=True)
            y = _convolution(net, y, 4 * width, 1, 1, relu=False)
            skip = x if block else _convolution(net, x, 4 * width, 1, stride, relu=False)
            x = net.add("relu", net.add("add", y, skip))
    net.output(net.add("linear", net.add("global_avg_pool", x), features=1000))
    return net.document


def chain(nodes: int, widths: int) -> Document:
    """`nodes` nodes in all: convolutions of up to `widths` widths in turn, batch norm and ReLU, and skip wires.

    The fewer widths, the more often an answer in the cache serves again, as in a network that repeats its blocks.
    """
    net = Builder("Chain")
    x = net.input("image", 3, 32, 32)
    skip: Port | None = None
    while len(net.document.main) < nodes - 5:
        width = 8 + len(net.document.main) // 3 % widths
        x = _convolution(net, x, width, 3, 1, relu=True)
        if skip is None:
            skip = x
        elif len(net.document.main) % 12 == 0:
            x, skip = net.add("concat", x, skip), None
    while len(net.document.main) < nodes - 1:
        x = net.add("relu", x)
    net.output(x)
    return net.document


def _convolution(net: Builder, x: Port, channels: int, kernel: int, stride: int, *, relu: bool) -> Port:
    x = net.add("conv2d", x, channels=channels, kernel=kernel, stride=stride, bias=False)
    x = net.add("batch_norm", x)
    return net.add("relu", x) if relu else x


class Bottleneck(nn.Module):
    """Three convolutions and a skip, projected where the shapes differ."""

    def __init__(self, before: int, width: int, stride: int, *, projected: bool) -> None:
        super().__init__()
        self.conv1, self.norm1 = nn.Conv2d(before, width, 1, bias=False), nn.BatchNorm2d(width)
        self.conv2, self.norm2 = nn.Conv2d(width, width, 3, stride, 1, bias=False), nn.BatchNorm2d(width)
        self.conv3, self.norm3 = nn.Conv2d(width, 4 * width, 1, bias=False), nn.BatchNorm2d(4 * width)
        self.projection: nn.Module | None = None
        if projected:
            self.projection = nn.Sequential(
                nn.Conv2d(before, 4 * width, 1, stride, bias=False), nn.BatchNorm2d(4 * width)
            )

    def forward(self, x: Tensor) -> Tensor:
        y = torch.relu(self.norm1(self.conv1(x)))
        y = torch.relu(self.norm2(self.conv2(y)))
        y = self.norm3(self.conv3(y))
        return torch.relu(y + (x if self.projection is None else self.projection(x)))


class ResNet(nn.Module):
    """What `resnet` draws, as a person writes it."""

    def __init__(self, stages: tuple[int, ...]) -> None:
        super().__init__()
        self.conv, self.norm = nn.Conv2d(3, 64, 7, 2, 3, bias=False), nn.BatchNorm2d(64)
        self.pool = nn.MaxPool2d(3, 2, 1)
        blocks: list[nn.Module] = []
        before = 64
        for stage, count in enumerate(stages):
            for at in range(count):
                stride = 2 if stage and not at else 1
                blocks.append(Bottleneck(before, 64 * 2**stage, stride, projected=not at))
                before = 256 * 2**stage
        self.blocks = nn.Sequential(*blocks)
        self.fc = nn.Linear(before, 1000)

    def forward(self, x: Tensor) -> Tensor:
        x = self.blocks(self.pool(torch.relu(self.norm(self.conv(x)))))
        return self.fc(x.mean((2, 3)))


def _in_turns(document: Document, rounds: int) -> tuple[list[float], list[float]]:
    """ms of checks from nothing, and of the same network made and run twice on the meta device."""
    ours, bare = [], []
    for at in range(rounds):
        for which in ("ours", "bare") if at % 2 == 0 else ("bare", "ours"):
            if which == "ours":
                ours.append(_full(document, 1))
                continue
            start = process_time()
            with torch.device("meta"), torch.no_grad():
                network = ResNet(RESNET50)
                for batch in (2, 3):
                    network(torch.empty(batch, 3, 224, 224))
            bare.append(1000 * (process_time() - start))
    return ours, bare


def _full(document: Document, rounds: int) -> float:
    """Median ms of a check from nothing."""
    times = []
    for _ in range(rounds):
        checker = Checker()
        start = process_time()
        result = checker.check(document)
        times.append(1000 * (process_time() - start))
        if not result.ok:
            raise RuntimeError(result.errors[0].message)
    return median(times)


def _edits(document: Document, count: int) -> list[float]:
    """ms of the check after each of `count` edits that the cache has not seen."""
    pick = random.Random(0)  # noqa: S311 - the same picks each time
    checker = Checker()
    checker.check(document)
    convolutions = [node.id for node in document.main if node.block == "conv2d"]
    times = []
    for at in range(count):
        node = pick.choice(convolutions)
        edits: tuple[AnyEdit, ...] = (
            SetParameter(node, "kernel", 9 + 2 * at),
            SetParameter(node, "channels", 1001 + at),
            Disconnect((document.main.wires_into(node)["x"],)),
        )
        inverse = document.apply(edits[at % len(edits)])
        snapshot = document.snapshot()
        start = process_time()
        checker.check(snapshot)
        times.append(1000 * (process_time() - start))
        document.apply(inverse)
    return times
