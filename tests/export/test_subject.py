"""What is exported: the network from inputs to outputs, with the weights that were given."""

from __future__ import annotations

import math

import pytest
import torch

from graph_engine.compile import CompileError
from graph_engine.document import Document, RemoveNodes, SetParameter
from graph_engine.export import ExportError
from graph_engine.export.subject import difference, make_subject


def test_without_weights_the_seed_of_the_plan_decides(lenet: Document) -> None:
    one, other = (make_subject(lenet).network.state_dict() for _ in range(2))
    assert all(torch.equal(one[name], other[name]) for name in one)


def test_given_weights_are_taken(lenet: Document) -> None:
    zeros = {name: torch.zeros_like(value) for name, value in make_subject(lenet).network.state_dict().items()}
    assert all(not value.any() for value in make_subject(lenet, zeros).network.state_dict().values())


def test_weights_of_heads_that_only_a_loss_needs_are_left_out(lenet: Document) -> None:
    state = dict(make_subject(lenet).network.state_dict())
    assert make_subject(lenet, {**state, "head.weight": torch.zeros(3)}).network.state_dict().keys() == state.keys()


def test_weights_of_another_network_are_refused(lenet: Document) -> None:
    state = dict(make_subject(lenet).network.state_dict())
    lenet.apply(SetParameter("conv2d_1", "channels", 7))
    with pytest.raises(ExportError, match=r"not those of LeNet-5 as it is drawn now \(size mismatch for conv2d_1"):
        make_subject(lenet, state)
    with pytest.raises(ExportError, match="Missing key"):
        make_subject(lenet, {})


def test_an_empty_document_has_nothing_to_export() -> None:
    with pytest.raises(CompileError, match="empty"):
        make_subject(Document(title="Blank"))


def test_a_document_with_problems_is_refused(lenet: Document) -> None:
    lenet.apply(RemoveNodes(("flatten_1",)))
    with pytest.raises(CompileError):
        make_subject(lenet)


def test_examples_are_as_the_inputs_say_and_the_same_each_time(lenet: Document) -> None:
    subject = make_subject(lenet)
    (image,), (again,) = subject.examples(3), subject.examples(3)
    assert image.shape == (3, 1, 32, 32)
    assert torch.equal(image, again)
    assert subject.dynamic_shapes == {"image": {0: "batch"}}


def test_difference_sees_shapes_signs_and_what_is_not_finite() -> None:
    nan, inf = torch.tensor([math.nan, 1.0]), torch.tensor([math.inf, 1.0])
    assert difference([nan], [nan]) == 0
    assert difference([inf], [inf]) == 0
    assert difference([inf], [-inf]) == math.inf
    assert difference([nan], [torch.zeros(2)]) == math.inf
    assert difference([torch.zeros(2)], [torch.zeros(3)]) == math.inf
    assert difference([torch.zeros(2)], []) == math.inf
    assert difference([torch.tensor([1.0, 2.0])], [torch.tensor([1.5, 2.0])]) == 0.5
