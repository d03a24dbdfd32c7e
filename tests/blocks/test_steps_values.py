"""Steps joined and cut, padding of one's own, and where recurrent weights begin."""

from __future__ import annotations

from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from graph_engine.blocks import Axis, Refusal, TensorSpec, get_block
from graph_engine.blocks.tensor import N
from graph_engine.check.shapes import run_block
from graph_engine.nn.recurrent import cut_to_length, join_steps
from tests.blocks.cases import Case, Direct

X = TensorSpec((N, 7, 3))


def gates_of(block: str, **parameters: Any) -> tuple[nn.RNNBase, list[torch.Tensor]]:
    """The recurrent module of a block, and its square matrices from state to state."""
    direct = Direct(Case(get_block(block), {"hidden": 6, **parameters}, {"x": X}))
    (module,) = direct.layers.values()
    rnn = module.get_submodule("rnn")
    assert isinstance(rnn, nn.RNNBase)
    return rnn, [gate for name, each in rnn.named_parameters() if "weight_hh" in name for gate in each.split(6)]


def test_neighbouring_steps_become_one() -> None:
    x = torch.arange(2 * 7 * 3.0).reshape(2, 7, 3)
    y = join_steps(x, 2)
    assert y.shape == (2, 3, 6)
    for step in range(3):
        assert torch.equal(y[:, step], torch.cat([x[:, 2 * step], x[:, 2 * step + 1]], 1))
    case = Case(get_block("join_steps"), {"count": 8}, {"x": X})
    with pytest.raises(Refusal, match="8 steps can't become one where there are only 7"):
        run_block(case.made, case.specs)


def test_a_sequence_is_cut_to_the_length_of_another() -> None:
    x, like = torch.randn(2, 7, 3), torch.randn(2, 4, 1)
    assert torch.equal(cut_to_length(x, like), x[:, :4])
    case = Case(get_block("cut_to_length"), {}, {"x": TensorSpec((N, 4, 3)), "like": X})
    with pytest.raises(Refusal, match="4 steps can't be cut to 7"):
        run_block(case.made, case.specs)
    unknown = Case(get_block("cut_to_length"), {}, {"x": X, "like": TensorSpec((N, Axis("T"), 2))})
    assert str(run_block(unknown.made, unknown.specs).outputs["y"]).startswith("N×")


def test_a_sequence_is_padded_as_told() -> None:
    direct = Direct(Case(get_block("conv1d"), {"channels": 5, "kernel": 4, "padding": "custom", "pad": 2}, {"x": X}))
    x = torch.randn(2, 7, 3)
    (conv,) = direct.layers.values()
    wanted = F.conv1d(x.transpose(1, 2), conv.get_parameter("weight"), conv.get_parameter("bias"), padding=2)
    torch.testing.assert_close(direct({"x": x})[0], wanted.transpose(1, 2))
    assert direct({"x": x})[0].shape == (2, 8, 5)


@pytest.mark.parametrize("border", ["reflect", "replicate", "circular"])
def test_a_sequence_is_padded_with_what_its_ends_are_like(border: str) -> None:
    x = torch.randn(2, 7, 3)
    for padding, pads in (("same", (2, 2)), ("causal", (4, 0))):
        direct = Direct(
            Case(get_block("conv1d"), {"channels": 5, "kernel": 5, "padding": padding, "border": border}, {"x": X})
        )
        (conv,) = direct.layers.values()
        padded = F.pad(x.transpose(1, 2), pads, mode=border)
        wanted = F.conv1d(padded, conv.get_parameter("weight"), conv.get_parameter("bias"))
        torch.testing.assert_close(direct({"x": x})[0], wanted.transpose(1, 2))
    case = Case(get_block("conv1d"), {"kernel": 17, "border": "reflect"}, {"x": X})
    with pytest.raises(Refusal, match="Border `reflect` can give at most 6 steps here, and 8 are needed"):
        run_block(case.made, case.specs)


@pytest.mark.parametrize(
    ("parameters", "arguments"),
    [
        ({}, {"kernel_size": 4, "stride": 2, "padding": 1}),
        (
            {"kernel": 5, "stride": 3, "padding": 2, "extra": 1, "bias": False},
            {"kernel_size": 5, "stride": 3, "padding": 2, "output_padding": 1, "bias": False},
        ),
    ],
)
def test_a_transposed_convolution_along_steps_is_torchs(parameters: dict[str, Any], arguments: dict[str, Any]) -> None:
    direct = Direct(Case(get_block("conv_transpose1d"), {"channels": 5, **parameters}, {"x": X}))
    theirs = nn.ConvTranspose1d(3, 5, **arguments)
    (ours,) = direct.layers.values()
    theirs.load_state_dict(ours.state_dict())
    x = torch.randn(2, 7, 3)
    torch.testing.assert_close(direct({"x": x})[0], theirs(x.transpose(1, 2)).transpose(1, 2))


@pytest.mark.parametrize(
    ("parameters", "words"),
    [({"extra": 2}, "must be smaller than the stride"), ({"padding": 9}, "cuts everything off")],
)
def test_what_can_not_be_transposed_is_refused(parameters: dict[str, int], words: str) -> None:
    case = Case(get_block("conv_transpose1d"), parameters, {"x": X})
    with pytest.raises(Refusal, match=words):
        run_block(case.made, case.specs)


@pytest.mark.parametrize("block", ["elman", "gru", "lstm"])
def test_recurrent_weights_begin_as_told(block: str) -> None:
    torch.manual_seed(1)
    options = {"layers": 2, "bidirectional": True}
    for gate in gates_of(block, recurrent_init="identity", **options)[1]:
        assert torch.equal(gate, torch.eye(6))
    for gate in gates_of(block, recurrent_init="orthogonal", **options)[1]:
        torch.testing.assert_close(gate @ gate.T, torch.eye(6))
    for gate in gates_of(block, recurrent_init="echo state", radius=0.7, **options)[1]:
        assert float(torch.linalg.eigvals(gate.detach()).abs().max()) == pytest.approx(0.7, rel=1e-4)
        assert gate.unique().numel() == 36


def test_an_irnn_sums_what_comes() -> None:
    """Le, Jaitly, Hinton (2015): with ReLU, identity and biases of 0, the state is the sum of positive inputs."""
    rnn, _ = gates_of("elman", activation="relu", recurrent_init="identity")
    assert not rnn.bias_ih_l0.any()
    assert not rnn.bias_hh_l0.any()
    with torch.no_grad():
        rnn.weight_ih_l0.abs_()
    x = torch.rand(2, 7, 3)
    torch.testing.assert_close(rnn(x)[0], (x @ rnn.weight_ih_l0.T).cumsum(1))


def test_a_forget_bias_stays_where_it_was_put() -> None:
    rnn, _ = gates_of("lstm", recurrent_init="identity", forget_bias=2.0)
    assert torch.equal(rnn.bias_ih_l0[6:12], torch.full((6,), 2.0))
