"""Looking at a network: right values, no trace left, newest answers."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch

from graph_engine.compile import Program, compile_document
from graph_engine.data import DataError, Samples, load_samples, open_dataset, resolve, split
from graph_engine.document import Document, Plan, Stage
from graph_engine.document.builder import Builder
from graph_engine.probe import (
    ProbeBoard,
    ProbeInputs,
    ProbeRequest,
    can_be_seen,
    feature_maps,
    look,
    to_bytes,
)
from graph_engine.runs import RunHandle, RunStore, start_run
from graph_engine.train import RunState, Trainer


@pytest.fixture
def document() -> Document:
    net = Builder("Seen", plan=Plan(stages=(Stage(epochs=2),), batch_size=100))
    x, label = net.input("image", 1, 8, 8), net.input("label", label=True, classes=10)
    x = net.add("relu", net.add("batch_norm", net.add("conv2d", x, channels=4)))
    x = net.add("dropout", net.add("flatten", x))
    net.classify(net.add("linear", x, features=10), label)
    return net.document


@pytest.fixture
def program(document: Document) -> Program:
    return compile_document(document)


@pytest.fixture
def inputs(document: Document) -> ProbeInputs:
    found = resolve(document)
    assert found.dataset is not None
    return ProbeInputs(found.dataset, found.inputs, samples_of(document).validation)


def samples_of(document: Document) -> Samples:
    digits = open_dataset("digits")
    return load_samples(digits, resolve(document).inputs, split(digits, 0.2, 0))


def test_maps_are_what_the_modules_give_in_evaluation(program: Program) -> None:
    network = program.make(0)
    image = torch.rand(2, 1, 8, 8)
    maps = feature_maps(program, network, ["conv2d_1", "relu_1", "linear_1", "input_1"], {"input_1": image})
    network.eval()
    conv = network.conv2d_1(image)
    relu = torch.relu(network.batch_norm_1(conv))

    assert torch.equal(maps["conv2d_1"], conv)
    assert torch.equal(maps["relu_1"], relu)
    assert torch.equal(maps["linear_1"], network(image))
    assert torch.equal(maps["input_1"], image)
    assert feature_maps(program, network, [], {}) == {}


def test_only_what_is_needed_is_run(program: Program) -> None:
    network = program.make(0)
    network.linear_1.forward = lambda x: pytest.fail("the head is not needed")  # type: ignore[method-assign]

    assert set(feature_maps(program, network, ["relu_1"], {"input_1": torch.rand(1, 1, 8, 8)})) == {"relu_1"}


def test_nothing_is_left_behind(program: Program) -> None:
    network = program.make(0).train()
    network.batch_norm_1.eval()  # as a frozen one is
    before = {name: value.clone() for name, value in network.state_dict().items()}
    modes = [module.training for module in network.modules()]
    torch.manual_seed(3)
    expected = torch.rand(1)
    torch.manual_seed(3)
    feature_maps(program, network, ["dropout_1"], {"input_1": torch.rand(4, 1, 8, 8, generator=torch.Generator())})

    assert torch.equal(torch.rand(1), expected)
    assert [module.training for module in network.modules()] == modes
    assert all(torch.equal(value, before[name]) for name, value in network.state_dict().items())
    assert all(parameter.grad is None for parameter in network.parameters())


def test_figures(program: Program, inputs: ProbeInputs) -> None:
    network = program.make(0)
    with torch.no_grad():
        network.batch_norm_1.bias[1:3] = -100.0  # two of four channels never fire
    request = ProbeRequest(("relu_1", "linear_1"), sample=7, figures=True)
    answer = look(program, network, request, inputs.serve(7, with_others=True), step=4)
    view = answer.views["relu_1"]
    others = inputs.serve(7, with_others=True)["input_1"]
    maps = feature_maps(program, network, ["relu_1"], {"input_1": others})["relu_1"]

    assert len(others) == 32
    assert view.values.shape == (4, 8, 8)
    assert view.values.tolist() == maps[0].tolist()
    assert view.dead == 0.5
    assert view.mean == pytest.approx(maps.mean().item())
    assert view.std == pytest.approx(maps.std(correction=0).item())
    assert view.gradient is None
    assert answer.step == 4


def test_gradients_are_those_of_the_last_step(program: Program, inputs: ProbeInputs) -> None:
    network = program.make(0)
    network(torch.rand(3, 1, 8, 8)).sum().backward()
    answer = look(program, network, ProbeRequest(("linear_1",), figures=True), inputs.serve(0, with_others=True))
    weight, bias = network.linear_1.weight.grad, network.linear_1.bias.grad

    assert answer.views["linear_1"].gradient == pytest.approx(torch.cat([weight.flatten(), bias]).norm().item())


def test_a_gradient_that_is_gone_is_not_told(
    program: Program, inputs: ProbeInputs, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of an earlier stage it may lie in memory that a CUDA graph has taken back; torch says so."""
    network = program.make(0)
    for weight in network.parameters():
        weight.grad = torch.zeros_like(weight)
    request = ProbeRequest(("linear_1",), 0, figures=True)
    served = inputs.serve(0, with_others=True)
    assert look(program, network, request, served).views["linear_1"].gradient == 0.0

    def refuse(*_: Any, **_named: Any) -> Any:
        raise RuntimeError("accessing tensor output of CUDAGraphs that has been overwritten by a subsequent run")

    monkeypatch.setattr(torch.linalg, "vector_norm", refuse)
    assert look(program, network, request, served).views["linear_1"].gradient is None


def test_a_view_that_finds_no_memory_ends_no_run(
    document: Document, program: Program, inputs: ProbeInputs, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: Any, **_named: Any) -> Any:
        raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB.\nGPU 0 has")

    network = program.make(0)
    served = inputs.serve(0, with_others=True)
    with monkeypatch.context() as patched:
        patched.setattr(torch, "stack", refuse)
        answer = look(program, network, ProbeRequest(("linear_1", "relu_1"), 0, figures=True), served)
    said = "CUDA out of memory. Tried to allocate 2.00 GiB."
    assert answer.failed == {"linear_1": said, "relu_1": said}

    monkeypatch.setattr(ProbeInputs, "serve", refuse)
    board = ProbeBoard(inputs)
    board.ask(ProbeRequest(("linear_1",)))
    board.look(Trainer(document, program, samples_of(document)).stepper)
    assert board.answer is not None
    assert "out of memory" in board.answer.failed["linear_1"]


def test_a_node_that_cant_be_computed_hides_no_other(program: Program, inputs: ProbeInputs) -> None:
    answer = look(program, program.make(0), ProbeRequest(("relu_1", "gone_1")), inputs.serve(0, with_others=False))

    assert set(answer.views) == {"relu_1"}
    assert set(answer.failed) == {"gone_1"}


def test_the_first_sample_is_the_one_asked_for(inputs: ProbeInputs) -> None:
    digits = open_dataset("digits")
    served = inputs.serve(33, with_others=True)

    assert torch.equal(served["input_1"][0], digits.serve("image", (1, 8, 8), indices=[33])[0])
    assert served["input_2"][0] == digits.serve("label", (), "int64", [33])[0]


def test_maps_as_bytes() -> None:
    maps = np.array([[[0.0, 1.0], [0.5, 0.25]], [[7.0, 7.0], [7.0, 7.0]], [[np.nan, -1], [np.inf, 1]]])

    assert to_bytes(maps).tolist() == [[[0, 255], [128, 64]], [[0, 0], [0, 0]], [[0, 0], [0, 255]]]
    assert to_bytes(maps[:2], each=False)[0].tolist() == [[0, 36], [18, 9]]
    assert to_bytes(np.array([1.0, 2.0])).tolist() == [0, 255]


def test_what_can_be_seen(document: Document) -> None:
    graph = document.main
    seen = {node.id for node in graph if can_be_seen(graph, node.id)}

    assert seen == {
        "input_1", "input_2", "conv2d_1", "batch_norm_1", "relu_1", "flatten_1", "dropout_1", "linear_1",
    }  # fmt: skip
    assert not can_be_seen(graph, "gone_1")


class Counting(ProbeInputs):
    """Counts how often samples are fetched."""

    served = 0

    def serve(self, *args: Any, **options: Any) -> Any:
        self.served += 1
        return super().serve(*args, **options)


def test_the_board_answers_the_newest_request_at_most_ten_times_a_second(document: Document, program: Program) -> None:
    found = resolve(document)
    assert found.dataset is not None
    inputs = Counting(found.dataset, found.inputs)
    board = ProbeBoard(inputs)
    trained = Trainer(document, program, samples_of(document))

    assert not board.is_due(1.0)
    board.look(trained.stepper)
    assert board.answer is None
    board.ask(ProbeRequest(("conv2d_1",), 1))
    board.ask(ProbeRequest(("relu_1",), 2))
    assert board.is_due(1.0)
    board.look(trained.stepper)
    first = board.answer
    assert first is not None
    assert set(first.views) == {"relu_1"}
    assert not board.is_due(1.09)
    assert board.is_due(1.11)
    board.look(trained.stepper)  # nothing has moved since
    assert board.answer is first
    assert inputs.served == 1
    board.ask(None)
    assert not board.is_due(9.0)


def test_a_sample_that_cant_be_read_is_told(
    document: Document, program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = resolve(document)
    assert found.dataset is not None
    inputs = ProbeInputs(found.dataset, found.inputs)

    def refuse(*_: object, **__: object) -> None:
        raise DataError("the file is gone")

    monkeypatch.setattr(inputs, "serve", refuse)
    board = ProbeBoard(inputs)
    board.ask(ProbeRequest(("relu_1",)))
    board.look(Trainer(document, program, samples_of(document)).stepper)

    assert board.answer is not None
    assert board.answer.failed == {"relu_1": "the file is gone"}


def test_probing_a_run_changes_no_number(document: Document, layerloom_home: object) -> None:
    store = RunStore()
    document.plan = replace(document.plan, stages=(Stage(epochs=8),))
    quiet = start_run(document, store=store)
    assert quiet.wait(30)
    watched = start_run(document, store=store)
    answers = ask_until_done(watched)

    assert watched.result()["metrics"] == quiet.result()["metrics"]
    assert all(
        torch.equal(value, quiet.network.state_dict()[name]) for name, value in watched.network.state_dict().items()
    )
    assert answers
    after = watched.probe(ProbeRequest(("relu_1",), 5))
    assert after is not None
    assert after.step == watched.result()["steps"]
    assert after.request.sample == 5


def ask_until_done(handle: RunHandle) -> list[Any]:
    seen: list[Any] = []
    for sample in range(100_000):
        handle.board.ask(ProbeRequest(("relu_1", "dropout_1", "linear_1"), sample % 100, figures=True))
        answer = handle.board.answer
        if answer is not None and (not seen or answer is not seen[-1]):
            seen.append(answer)
        if handle.wait(0.01):
            break
    assert handle.state is RunState.FINISHED
    return seen
