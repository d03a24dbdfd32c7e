"""Views and timings of a network on a device other than the CPU: no tensor is left behind."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor

from graph_engine.compile import compile_document
from graph_engine.data import load_samples, resolve, served_inputs, split
from graph_engine.probe import ProbeInputs, ProbeRequest, can_be_seen, look
from graph_engine.probe.timing import time_nodes
from presets import open_preset
from tests.one_device import DEVICE, OneDevice


@pytest.fixture(autouse=True)
def _fetched(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is fetched from the device is 0: it holds no numbers."""

    def as_zeros(method: Any) -> Any:
        return lambda value: method(torch.zeros(value.shape) if value.device == DEVICE else value)

    for name in ("cpu", "tolist", "__float__"):
        monkeypatch.setattr(Tensor, name, as_zeros(getattr(Tensor, name)))


@pytest.mark.parametrize("name", ["lenet5", "vae", "gan", "gnmt", "continual"])
def test_all_is_on_the_device(name: str) -> None:
    document = open_preset(name)
    found = resolve(document)
    assert found.dataset is not None
    inputs = dict(served_inputs(found))
    samples = load_samples(found.dataset, inputs, split(found.dataset, 0.3, 0), DEVICE)
    program = compile_document(document)
    network = program.make(0).to(DEVICE)
    for weight in network.parameters():
        weight.grad = torch.zeros_like(weight)
    nodes = tuple(node.id for node in document.main if can_be_seen(document.main, node.id))
    served = ProbeInputs.of(samples, inputs, DEVICE).serve(1, with_others=True)
    with OneDevice():
        answer = look(program, network, ProbeRequest(nodes, 0, figures=True), served)
        seconds = time_nodes(document, program, 4, DEVICE)
    assert answer.failed == {}
    assert set(answer.views) == set(nodes)
    assert any(view.gradient == 0.0 for view in answer.views.values())
    assert seconds
