"""Time is given to the nodes that take it."""

from __future__ import annotations

import threading
import time
from typing import Any

import pytest
import torch
from torch import nn

from graph_engine.compile import compile_document
from graph_engine.compile.randomness import RANDOM
from graph_engine.document.builder import Builder
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


def test_nothing_is_drawn_while_a_step_of_training_draws(monkeypatch: pytest.MonkeyPatch) -> None:
    """Else a run with dropout would not be done again with the same numbers."""
    net = Builder("Dropout")
    net.output(net.add("dropout", net.input("x", 4)))
    program = compile_document(net.document)
    network = program.make(1)
    monkeypatch.setattr(type(program), "make", lambda *_: network)
    timed: list[dict[str, float]] = []
    thread = threading.Thread(target=lambda: timed.append(time_nodes(net.document, program, 8, torch.device("cpu"))))
    with RANDOM:  # as a step holds it, from seeding to the last draw
        torch.manual_seed(7)
        before = torch.default_generator.get_state()
        thread.start()
        thread.join(0.5)
        assert torch.equal(torch.default_generator.get_state(), before)
    thread.join(30)
    assert "dropout_1" in timed[0]
