"""Checking: a whole ResNet-50 and a thousand nodes from nothing, and one edit in a ResNet-152 with a warm cache.

An edit gives one convolution, picked at random, a kernel or a number of channels that the cache has not seen, or cuts
its wire. Only the check is timed; then the edit is taken back.
"""

from __future__ import annotations

import random
from statistics import median
from time import perf_counter

from benchmarks.figure import Figure
from graph_engine.check import Checker
from graph_engine.document import AnyEdit, Disconnect, Document, SetParameter
from graph_engine.document.builder import Builder, Port

RESNET50, RESNET152 = (3, 4, 6, 3), (3, 8, 36, 3)
"""Bottlenecks in each stage (He, Zhang, Ren, Sun, 2016)."""


def run(quick: bool) -> dict[str, Figure]:
    """Medians in ms."""
    rounds = 3 if quick else 9
    resnet50, resnet152 = resnet(RESNET50), resnet(RESNET152)
    thousand, distinct = chain(1000, widths=16), chain(1000, widths=1000)
    Checker().check(resnet50)  # torch warms up with its first operation on the meta device
    return {
        f"full check, ResNet-50, {len(resnet50.main)} nodes": Figure(_full(resnet50, rounds), "ms", 75),
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


def _full(document: Document, rounds: int) -> float:
    """Median ms of a check from nothing."""
    times = []
    for _ in range(rounds):
        checker = Checker()
        start = perf_counter()
        result = checker.check(document)
        times.append(1000 * (perf_counter() - start))
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
        start = perf_counter()
        checker.check(snapshot)
        times.append(1000 * (perf_counter() - start))
        document.apply(inverse)
    return times
