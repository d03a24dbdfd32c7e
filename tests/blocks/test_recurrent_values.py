"""Recurrent layers against torch's own, packed where sequences end early; against their equations; published costs."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from graph_engine.blocks import Axis, Refusal, Specs, TensorSpec, get_block
from graph_engine.blocks.refusal import SetParameterHint
from graph_engine.blocks.tensor import N
from graph_engine.check.report import Cost
from graph_engine.check.shapes import NodeResult, run_block
from graph_engine.compile import compile_document
from graph_engine.document.builder import Builder
from graph_engine.export.onnx import export_onnx
from graph_engine.export.subject import make_subject
from graph_engine.nn.recurrent import (
    Elman,
    ElmanToLengths,
    Gru,
    GruToLengths,
    Jordan,
    Lstm,
    LstmToLengths,
    PyramidLstm,
    leaky_integrate,
    max_to_lengths,
    mean_to_lengths,
    reverse_to_lengths,
    step_at_end,
)
from tests.blocks.cases import Case, Direct

PLAIN: dict[str, Any] = {"elman": Elman, "gru": Gru, "lstm": Lstm}
ENDING: dict[str, Any] = {"elman": ElmanToLengths, "gru": GruToLengths, "lstm": LstmToLengths}
SHAPES = list(product(("elman", "gru", "lstm"), (1, 2), (False, True), (False, True)))
LENGTHS = torch.tensor([2, 6, 1, 4])


def run(block: str, parameters: dict[str, Any], **inputs: TensorSpec) -> NodeResult:
    return run_block(get_block(block).make(parameters), Specs(inputs))


def refusal(block: str, parameters: dict[str, Any], **inputs: TensorSpec) -> Refusal:
    with pytest.raises(Refusal) as caught:
        run(block, parameters, **inputs)
    return caught.value


def flat(out: Any) -> list[Tensor]:
    """y, h and, of an LSTM, c."""
    y, rest = out
    return [y, *(rest if isinstance(rest, tuple) else (rest,))]


def begin(kind: str, layers: int, bidirectional: bool) -> tuple[Tensor, ...]:
    """Initial states as torch takes them."""
    count = 2 if kind == "lstm" else 1
    return tuple(torch.randn(layers * (1 + bidirectional), 4, 3) for _ in range(count))


def beside(state: Tensor) -> Tensor:
    """(L, N, hidden) -> (N, L·hidden), written out."""
    return torch.cat([state[at] for at in range(len(state))], 1)


@pytest.mark.parametrize(("kind", "layers", "bidirectional", "bias"), SHAPES)
def test_it_is_torchs_layer(kind: str, layers: int, bidirectional: bool, bias: bool) -> None:
    module = PLAIN[kind](5, 3, layers, bidirectional, bias=bias, every_layer=True)
    theirs = type(module.rnn)(5, 3, layers, bias=bias, batch_first=True, bidirectional=bidirectional)
    theirs.load_state_dict(module.rnn.state_dict())
    x, states = torch.randn(4, 6, 5), begin(kind, layers, bidirectional)
    expected = flat(theirs(x, states if kind == "lstm" else states[0]))
    ours = flat(module(x, *map(beside, states)))

    assert torch.equal(ours[0], expected[0])
    for mine, other in zip(ours[1:], expected[1:], strict=True):
        assert torch.equal(mine, beside(other))
    module.first = -1 - bidirectional  # that of the last layer alone
    for mine, other in zip(flat(module(x))[1:], flat(theirs(x))[1:], strict=True):
        assert torch.equal(mine, beside(other[-1 - bidirectional :]))


@pytest.mark.parametrize(("kind", "layers", "bidirectional", "bias"), SHAPES)
@pytest.mark.parametrize("started", [False, True])
def test_to_lengths_it_is_torchs_packed_run(
    kind: str, layers: int, bidirectional: bool, bias: bool, started: bool
) -> None:
    module = ENDING[kind](5, 3, layers, bidirectional, bias=bias, every_layer=True).double()
    x = torch.randn(4, 6, 5, dtype=torch.float64, requires_grad=True)
    states = tuple(each.double() for each in begin(kind, layers, bidirectional)) if started else ()
    given = states if kind == "lstm" else next(iter(states), None)
    packed = pack_padded_sequence(x, LENGTHS, batch_first=True, enforce_sorted=False)
    held, ends = module.rnn(packed, given or None) if kind == "lstm" else module.rnn(packed, given)
    y, _ = pad_packed_sequence(held, batch_first=True)
    expected = [y, *(beside(each) for each in (ends if kind == "lstm" else (ends,)))]
    ours = flat(module(x, LENGTHS, *map(beside, states)))

    weights = [x, *module.parameters()]
    slopes = [torch.randn_like(each) for each in expected]
    for mine, other in zip(ours, expected, strict=True):
        torch.testing.assert_close(mine, other, rtol=1e-12, atol=1e-12)
    assert all((ours[0][at, length:] == 0).all() for at, length in enumerate(LENGTHS))
    for mine, other in zip(
        torch.autograd.grad(ours, weights, slopes), torch.autograd.grad(expected, weights, slopes), strict=True
    ):
        torch.testing.assert_close(mine, other, rtol=1e-10, atol=1e-12)


def test_what_lies_past_the_end_is_not_seen() -> None:
    for kind, made in ENDING.items():
        module = made(5, 3, 2, True)
        x, other = torch.randn(2, 4, 6, 5).unbind(0)
        for at, length in enumerate(LENGTHS):
            other[at, :length] = x[at, :length]
        assert all(
            torch.equal(a, b) for a, b in zip(flat(module(x, LENGTHS)), flat(module(other, LENGTHS)), strict=True)
        ), kind


def test_a_sequence_without_steps_leaves_the_state_as_it_was() -> None:
    module = LstmToLengths(5, 3)
    h0, c0 = torch.randn(2, 4, 3).unbind(0)
    y, (h, c) = module(torch.randn(4, 6, 5), torch.zeros(4, dtype=torch.int64), h0, c0)

    assert not y.any()
    assert torch.equal(h, h0)
    assert torch.equal(c, c0)


@pytest.mark.parametrize("made", ENDING.values(), ids=ENDING)
def test_its_derivatives_to_lengths_are_those_of_finite_differences(made: Any) -> None:
    module = made(2, 2, 2, True).double()
    names, weights = zip(*module.named_parameters(), strict=True)
    x = torch.randn(2, 3, 2, dtype=torch.float64, requires_grad=True)

    def of(x: Tensor, *values: Tensor) -> tuple[Tensor, ...]:
        called = torch.func.functional_call(module, dict(zip(names, values, strict=True)), (x, torch.tensor([3, 2])))
        return tuple(flat(called))

    assert torch.autograd.gradcheck(of, (x, *weights))


def test_the_forget_gates_begin_as_told() -> None:
    module = Lstm(4, 3, 2, True, forget_bias=1.5)
    for ih, hh in ((names[2], names[3]) for names in module.rnn.all_weights):
        assert (ih + hh)[3:6].tolist() == [1.5] * 3
        assert ih[:3].any()
    left = Lstm(4, 3)
    assert left.rnn.get_parameter("bias_ih_l0").abs().max() <= 3**-0.5


@pytest.mark.parametrize("output", ["sigmoid", "tanh", "softmax", "linear"])
@pytest.mark.parametrize("activation", ["tanh", "sigmoid", "relu"])
def test_jordan_is_its_equation(activation: str, output: str) -> None:
    module = Jordan(3, 4, 2, activation, output)
    functions: dict[str, Any] = {
        "tanh": torch.tanh,
        "sigmoid": lambda z: 1 / (1 + (-z).exp()),
        "relu": lambda z: z.clamp(min=0),
        "softmax": lambda z: z.exp() / z.exp().sum(-1, keepdim=True),
        "linear": lambda z: z,
    }
    x, y = torch.randn(2, 5, 3), torch.zeros(2, 2)
    out = module(x)
    for t in range(5):
        a = module.enter.bias + x[:, t] @ module.enter.weight.T + y @ module.feedback.weight.T
        y = functions[output](module.leave.bias + functions[activation](a) @ module.leave.weight.T)
        torch.testing.assert_close(out[:, t], y)


def test_the_derivatives_of_jordan_are_those_of_finite_differences() -> None:
    for module in (Jordan(2, 3, 2).double(), Jordan(2, 3, 2, "sigmoid", "softmax").double()):
        names, weights = zip(*module.named_parameters(), strict=True)

        def of(x: Tensor, *values: Tensor, module: nn.Module = module, names: Any = names) -> Tensor:
            out: Tensor = torch.func.functional_call(module, dict(zip(names, values, strict=True)), (x,))
            return out

        assert torch.autograd.gradcheck(of, (torch.randn(2, 3, 2, dtype=torch.float64, requires_grad=True), *weights))


@pytest.mark.parametrize("steps", [6, 7])
def test_a_pyramid_reads_pairs_and_drops_what_is_left(steps: int) -> None:
    module, x = PyramidLstm(3, 4), torch.randn(2, steps, 3)
    pairs = torch.stack([torch.cat([x[:, at], x[:, at + 1]], -1) for at in range(0, 6, 2)], 1)

    torch.testing.assert_close(module(x), module.rnn(pairs)[0])


@pytest.mark.parametrize("alpha", [0.0, 0.5, 0.99])
def test_a_leaky_unit_is_its_recurrence(alpha: float) -> None:
    x, mu = torch.randn(2, 400, 3, dtype=torch.float64), torch.zeros(2, 3, dtype=torch.float64)
    out = leaky_integrate(x, alpha)
    for t in range(400):
        mu = alpha * mu + (1 - alpha) * x[:, t]
        torch.testing.assert_close(out[:, t], mu)
    small = torch.randn(1, 3, 2, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(lambda v: leaky_integrate(v, alpha), small)


def test_steps_that_count_are_taken_turned_averaged_and_compared() -> None:
    x = torch.randn(4, 6, 5)
    last, turned, mean, largest = (
        function(x, LENGTHS) for function in (step_at_end, reverse_to_lengths, mean_to_lengths, max_to_lengths)
    )
    for at, length in enumerate(LENGTHS.tolist()):
        own = x[at, :length]
        assert torch.equal(last[at], own[-1])
        assert torch.equal(turned[at], torch.cat([own.flip(0), x[at, length:]]))
        torch.testing.assert_close(mean[at], own.mean(0))
        assert torch.equal(largest[at], own.max(0).values)
    none = torch.zeros(4, dtype=torch.int64)
    assert not mean_to_lengths(x, none).any()
    assert not max_to_lengths(x, none).any()
    assert torch.equal(reverse_to_lengths(x, none), x)


@pytest.mark.parametrize(
    ("block", "parameters", "params", "macs"),
    [
        ("elman", {}, 98_816, 983_040),
        ("lstm", {}, 395_264, 3_932_160),
        ("lstm", {"layers": 2}, 921_600, 9_175_040),
        ("lstm", {"bidirectional": True}, 790_528, 7_864_320),
        ("gru", {}, 296_448, 2_949_120),
    ],
)
def test_parameters_and_macs_are_the_published_ones(
    block: str, parameters: dict[str, Any], params: int, macs: int
) -> None:
    cost = run(block, {"hidden": 256, **parameters}, x=TensorSpec((N, 10, 128))).cost
    of_a_step = run(block, {"hidden": 256, **parameters}, x=TensorSpec((N, Axis("T"), 128))).cost

    assert (cost.params, cost.macs) == (params, macs)
    assert (of_a_step.params, of_a_step.macs) == (params, macs // 10)


def test_the_listener_of_listen_attend_and_spell_costs_what_it_should() -> None:
    """Chan et al. 2016 sec. 4: a BLSTM and three pyramid layers, 256 units a direction, 40 filter banks."""
    spec, total = TensorSpec((N, 64, 40)), Cost()
    for block, parameters in (("lstm", {"bidirectional": True}), *[("pyramid_lstm", {})] * 3):
        result = run(block, {"hidden": 256, **parameters}, x=spec)
        spec, total = result.outputs["y"], total + result.cost

    assert spec.shape == (N, 8, 512)
    assert (total.params, total.macs) == (8_486_912, 185_597_952)


@pytest.mark.parametrize("ends", [False, True])
def test_an_unknown_length_is_followed(ends: bool) -> None:
    inputs = {"x": TensorSpec((N, Axis("T"), 3))} | ({"lengths": TensorSpec((N,), "int64")} if ends else {})
    outputs = run("lstm", {"hidden": 4, "layers": 2, "bidirectional": True}, **inputs).outputs

    assert {name: spec.shape for name, spec in outputs.items()} == {
        "y": (N, Axis("T"), 8),
        "h": (N, 8),
        "c": (N, 8),
    }
    every = run("gru", {"hidden": 4, "layers": 2, "final": "every layer"}, **inputs).outputs
    assert every["h"].shape == (N, 8)
    assert str(run("pyramid_lstm", {"hidden": 4}, x=inputs["x"]).outputs["y"]) == "N×T/2×8"


@pytest.mark.parametrize("block", ["elman", "gru", "lstm"])
@pytest.mark.parametrize("ends", [False, True])
def test_onnx_gives_the_same_numbers_for_any_batch(block: str, ends: bool, tmp_path: Path) -> None:
    pytest.importorskip("onnxruntime")
    net = Builder("Recurrent")
    x = net.input("x", 5, 3)
    if ends:
        lengths = net.input("lengths", label=True, classes=6)
        net.output(net.add(block, x, lengths, hidden=4, layers=2, bidirectional=True))
    else:
        net.output(net.add(block, x, hidden=4, layers=2, bidirectional=True))
    export_onnx(make_subject(net.document), tmp_path / "net.onnx")
    assert (tmp_path / "net.onnx").stat().st_size


def test_its_source_reads_as_a_person_writes_it() -> None:
    net = Builder("Reader")
    net.output(net.add("linear", net.add("last_step", net.add("lstm", net.input("words", 5, 3), hidden=4)), features=2))
    source = compile_document(net.document).source

    assert "self.lstm_1 = Lstm(3, 4)" in source
    assert "x, _ = self.lstm_1(words)" in source
    assert "select(1, -1)" in source
    assert "run_to_lengths" not in source, "what is not used is not copied"


def test_what_does_not_fit_is_refused_with_a_way_out() -> None:
    x = TensorSpec((N, 5, 3))
    lonely = refusal("lstm", {"hidden": 4}, x=x, h0=TensorSpec((N, 4)))
    assert "both h0 and c0" in lonely.message
    assert refusal("gru", {"hidden": 4, "layers": 2}, x=x, h0=TensorSpec((N, 4))).expected == "N×8"
    assert "Final state = every layer" in refusal("gru", {"hidden": 4, "layers": 2}, x=x, h0=TensorSpec((N, 4))).message
    assert SetParameterHint("dropout", 0.0) in refusal("elman", {"dropout": 0.5}, x=x).hints
    assert SetParameterHint("forget_bias", 0.0) in refusal("lstm", {"bias": False, "forget_bias": 1.0}, x=x).hints
    unknown = refusal("jordan", {}, x=TensorSpec((N, Axis("T"), 3)))
    assert unknown.expected == "a sequence of known length"
    assert refusal("pyramid_lstm", {"joined": 6}, x=x).hints == (SetParameterHint("joined", 5),)


STEPS: dict[str, Callable[[Tensor], Tensor]] = {
    "last_step": lambda x: x[-1],
    "reverse_time": lambda x: x.flip(0),
    "mean_over_time": lambda x: x.mean(0),
    "max_over_time": lambda x: x.amax(0),
}


@pytest.mark.parametrize("name", STEPS)
@pytest.mark.parametrize("ends", [(5, 2, 4), None])
def test_a_block_of_steps_does_to_those_that_count_what_it_says(name: str, ends: tuple[int, ...] | None) -> None:
    """Each sequence by itself, cut off where it ends; what lies past the end of a turned one stays."""
    block, spec = get_block(name), TensorSpec((N, 5, 3))
    optional = block.input("lengths").optional  # type: ignore[union-attr]
    if ends is None and not optional:
        return
    specs, x = {"x": spec}, torch.randn(3, 5, 3)
    values = {"x": x}
    if ends is not None:
        specs["lengths"] = TensorSpec((N,), "int64", classes=6)
        values["lengths"] = torch.tensor(ends)
    (y,) = Direct(Case(block, {}, specs))(values)
    for at, end in enumerate(ends or (5, 5, 5)):
        wanted = STEPS[name](x[at, :end])
        torch.testing.assert_close(y[at, :end] if name == "reverse_time" else y[at], wanted)
        if name == "reverse_time":
            torch.testing.assert_close(y[at, end:], x[at, end:])


def test_the_block_of_a_leaky_unit_is_its_recurrence() -> None:
    """μₜ = α μₜ₋₁ + (1 − α) xₜ, step by step."""
    x, mean = torch.randn(2, 6, 3), torch.zeros(2, 3)
    (y,) = Direct(Case(get_block("leaky_unit"), {"alpha": 0.75}, {"x": TensorSpec((N, 6, 3))}))({"x": x})
    for t in range(6):
        mean = 0.75 * mean + 0.25 * x[:, t]
        torch.testing.assert_close(y[:, t], mean)
