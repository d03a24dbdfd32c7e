"""Time is given to the nodes that take it."""

from __future__ import annotations

import time
from typing import Any

import pytest
import torch
from torch import nn

from graph_engine.compile import compile_document
from graph_engine.probe.timing import time_nodes
from presets import open_preset


def test_every_layer_of_the_network_gets_time(monkeypatch: pytest.MonkeyPatch) -> None:
    document = open_preset("lenet5")
    found = time_nodes(document, compile_document(document), 8, torch.device("cpu"))
    layers = {node.id for node in document.main if node.block in ("conv2d", "tanh", "avg_pool2d", "linear", "flatten")}
    assert layers <= set(found)
    assert all(found[node] > 0 for node in layers)


def test_the_slow_node_is_found_also_inside_a_composite(monkeypatch: pytest.MonkeyPatch) -> None:
    document = open_preset("resnet:depth=18")
    program = compile_document(document)
    plain = nn.MaxPool2d.forward, nn.BatchNorm2d.forward

    def slow(self: Any, x: torch.Tensor) -> torch.Tensor:
        if x.shape[1] == 16:  # those of the second stage alone
            time.sleep(0.02)
        return plain[1](self, x)

    monkeypatch.setattr(nn.BatchNorm2d, "forward", slow)
    found = time_nodes(document, program, 2, torch.device("cpu"))
    main = {place: seconds for place, seconds in found.items() if ":" not in place}
    stages = [node.id for node in document.main if node.block.startswith("@")]
    assert max(main, key=lambda place: main[place]) == stages[1]
    inside = {place: seconds for place, seconds in found.items() if place.startswith("basic_block:")}
    assert inside["basic_block:batch_norm_1"] > 0.01  # of 40 ms, shared with what stands in the same line


def test_who_traces_already_goes_on_tracing() -> None:
    import sys

    document = open_preset("xor")
    before = sys.gettrace()
    time_nodes(document, compile_document(document), 2, torch.device("cpu"))
    assert sys.gettrace() is before
