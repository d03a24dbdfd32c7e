"""What a decoder goes on from: told while it learns, its own in use; tokens and vectors."""

from __future__ import annotations

import pytest
import torch

from graph_engine.blocks import Refusal, Specs, TensorSpec, get_block
from graph_engine.blocks.tensor import N
from graph_engine.check.shapes import run_block
from graph_engine.nn.forcing import TeacherForcing


def test_tokens_are_told_while_training_and_chosen_in_use() -> None:
    layer = TeacherForcing()
    teacher, own = torch.tensor([2, 0]), torch.tensor([[0.1, 3.0, 0.2], [5.0, 0.0, 0.0]])
    assert torch.equal(layer(teacher, own), teacher)
    assert torch.equal(layer.eval()(teacher, own), torch.tensor([1, 0]))


def test_vectors_are_told_while_training_and_their_own_in_use() -> None:
    layer = TeacherForcing()
    teacher, own = torch.randn(4, 3), torch.randn(4, 3)
    assert torch.equal(layer(teacher, own), teacher)
    assert torch.equal(layer.eval()(teacher, own), own)


def test_by_a_share_samples_are_told_whole() -> None:
    layer = TeacherForcing(0.5)
    teacher, own = torch.ones(2000, 3), torch.zeros(2000, 3)
    heard = layer(teacher, own)
    assert set(heard.sum(1).tolist()) == {0.0, 3.0}
    assert heard[:, 0].mean().item() == pytest.approx(0.5, abs=0.05)


def test_vectors_of_two_lengths_are_refused() -> None:
    with pytest.raises(Refusal, match="must be of one shape: N×3 and N×4 arrive"):
        run_block(
            get_block("teacher_forcing").make({}), Specs({"teacher": TensorSpec((N, 3)), "own": TensorSpec((N, 4))})
        )
