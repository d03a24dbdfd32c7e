"""Lengths known only when data comes: followed through every block, and never taken for the numbers that probe them."""

from __future__ import annotations

import re
from itertools import product
from typing import Any

import pytest
import torch

from graph_engine.blocks import Axis, Refusal, Specs, TensorSpec, get_block
from graph_engine.blocks.tensor import N
from graph_engine.check import Checker
from graph_engine.check.shapes import BATCH, PROBES, run_block
from graph_engine.compile import compile_document
from graph_engine.document.builder import Builder
from tests.blocks.cases import Case, Direct

H, W, T, S = (Axis(name) for name in "HWTS")


def spec_of(block: str, *inputs: TensorSpec, **parameters: Any) -> str:
    declared = get_block(block)
    ports = (
        [f"xs.{at}" for at in range(len(inputs))] if declared.inputs[0].variadic else [p.name for p in declared.inputs]
    )
    result = run_block(declared.make(parameters), Specs(dict(zip(ports, inputs, strict=True))))
    return str(next(iter(result.outputs.values())))


SEQUENCE, IMAGE = TensorSpec((N, T, 6)), TensorSpec((N, 3, H, W))


@pytest.mark.parametrize(
    ("block", "inputs", "parameters", "gives"),
    [
        ("relu", (TensorSpec((N, S, T)),), {}, "N×S×T"),
        ("linear", (SEQUENCE,), {"features": 4}, "N×T×4"),
        ("self_attention", (SEQUENCE,), {"heads": 2}, "N×T×6"),
        ("self_attention", (TensorSpec((N, 4, H, W)),), {}, "N×4×H×W"),
        ("layer_norm", (SEQUENCE,), {}, "N×T×6"),
        ("global_avg_pool", (SEQUENCE,), {}, "N×6"),
        ("global_avg_pool", (IMAGE,), {}, "N×3"),
        ("flatten", (SEQUENCE,), {}, "N×6T"),
        ("flatten", (IMAGE,), {}, "N×3H·W"),
        ("flatten", (TensorSpec((N, T, T)),), {}, "N×T·T"),
        ("positions_to_sequence", (IMAGE,), {}, "N×H·W×3"),
        ("reshape", (SEQUENCE,), {"shape": [-1, 2]}, "N×3T×2"),
        ("reshape", (SEQUENCE,), {"shape": [2, -1, 3]}, "N×2×T×3"),
        ("concat", (SEQUENCE, SEQUENCE), {}, "N×2T×6"),
        ("concat", (SEQUENCE, TensorSpec((N, 4, 6))), {}, "N×T+4×6"),
        ("concat", (SEQUENCE, SEQUENCE), {"axis": 2}, "N×T×12"),
        ("add", (IMAGE, IMAGE), {}, "N×3×H×W"),
        ("residual", (SEQUENCE, TensorSpec((N, T, 9))), {}, "N×T×9"),
        ("conv2d", (IMAGE,), {"channels": 4}, "N×4×H×W"),
        ("conv2d", (IMAGE,), {"channels": 4, "kernel": 5, "padding": "none"}, "N×4×H-4×W-4"),
        ("conv2d", (IMAGE,), {"channels": 4, "kernel": 300, "padding": "none"}, "N×4×H-299×W-299"),
        ("max_pool2d", (TensorSpec((N, 3, H, 28)),), {}, "N×3×H/2×14"),
        ("softmax", (TensorSpec((N, Axis("H·W"), 3)),), {}, "N×H·W×3"),
    ],
)
def test_a_length_is_followed(
    block: str, inputs: tuple[TensorSpec, ...], parameters: dict[str, Any], gives: str
) -> None:
    assert spec_of(block, *inputs, **parameters) == gives


@pytest.mark.parametrize("stride", [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 12, 14, 16, 32, 64])
def test_a_stride_divides_an_unknown_length(stride: int) -> None:
    (_, _, height, width) = (
        run_block(get_block("conv2d").make({"stride": stride}), Specs({"x": IMAGE})).outputs["y"].shape
    )
    for axis, symbol in ((height, "H"), (width, "W")):
        assert isinstance(axis, Axis)
        assert axis.symbol == symbol
        assert axis.scale.denominator == stride
        for length in range(stride, 40 * stride):
            assert axis.at(length) == -(-length // stride)


@pytest.mark.parametrize(
    ("block", "parameters", "gives"),
    [
        ("max_pool1d", {}, "N×T/2×6"),
        ("max_pool1d", {"kernel": 3, "padding": 1}, "N×(T+1)/2×6"),
        ("join_steps", {"count": 3}, "N×T/3×18"),
        ("conv1d", {"channels": 6, "kernel": 3, "stride": 2, "padding": "none"}, "N×(T-1)/2×6"),
        ("conv1d", {"channels": 6, "kernel": 7, "stride": 5, "padding": "none"}, "N×(T-2)/5×6"),
        ("pyramid_lstm", {"hidden": 3}, "N×T/2×6"),
    ],
)
def test_a_length_that_is_rounded_down_is_so_at_every_length(
    block: str, parameters: dict[str, Any], gives: str
) -> None:
    made = get_block(block).make(parameters)
    length = run_block(made, Specs({"x": SEQUENCE})).outputs["y"].shape[1]
    assert spec_of(block, SEQUENCE, **parameters) == gives
    assert isinstance(length, Axis)
    for steps in range(7, 40):
        spec = TensorSpec((N, steps, 6))
        assert run_block(made, Specs({"x": spec})).outputs["y"].shape[1] == length.at(steps)


@pytest.mark.parametrize(
    ("block", "parameters", "gives"),
    [
        ("patch_embedding", {"patch": 3, "features": 4}, "N×2⌊W/3⌋×4"),
        ("patch_embedding", {"patch": 2, "features": 4}, "N×3⌊W/2⌋×4"),
        ("conv2d", {"stride": 2, "channels": 4}, "N×3⌊(W+1)/2⌋×4"),
        ("conv2d", {"stride": 3, "channels": 4, "kernel": 2, "padding": "none"}, "N×2⌊(W+1)/3⌋×4"),
    ],
)
def test_rows_of_which_each_is_rounded_down_are_so_at_every_width(
    block: str, parameters: dict[str, Any], gives: str
) -> None:
    """Of an image of six rows: a sequence of its places, and a class token before them."""
    net = Builder("Places")
    x = net.add(block, net.input("image", 3, 6, "W"), **parameters)
    x = net.add("positions_to_sequence", x) if block == "conv2d" else x
    net.output(net.add("class_token", x))
    result = Checker().check(net.document)
    places, with_token = (result.nodes[name].outputs["y"] for name in (x.node, "class_token_1"))
    assert str(places) == gives
    assert str(with_token) == gives.replace("⌋×4", "⌋+1×4")

    network = compile_document(net.document, result).make(0)
    (_, length, _) = with_token.shape
    assert isinstance(length, Axis)
    for width in (*range(5, 24), 509, 510):
        assert network(torch.zeros(1, 3, 6, width)).shape == (1, length.at(width), 4)


def test_what_fits_some_lengths_alone_is_refused_with_the_length_that_is_not_known() -> None:
    with pytest.raises(Refusal, match=r"^Pixel unshuffle can't take N×3×4×T with every T: give it a number where it"):
        spec_of("pixel_unshuffle", TensorSpec((N, 3, 4, T)))


def test_lengths_that_are_rounded_otherwise_do_not_fit() -> None:
    """⌊T/2⌋ and ⌊(T − 1)/2⌋ are equal where T is odd, and only there."""
    net = Builder("Halves")
    x = net.input("x", "T", 6)
    y = net.add("conv1d", x, channels=6, kernel=3, stride=2, padding="none")
    net.output(net.add("add", net.add("max_pool1d", x), y))
    (problem,) = Checker().check(net.document).errors
    assert problem.message == "Add needs equal shapes: N×T/2×6 and N×(T-1)/2×6 arrive."


def test_strides_of_strides_stay_readable() -> None:
    net = Builder("Fully convolutional")
    x = net.input("image", 3, "H", "W")
    for _ in range(5):
        x = net.add("conv2d", x, channels=4, stride=2)
    net.output(x)
    result = Checker().check(net.document)
    assert result.ok
    assert re.fullmatch(r"N×4×\(H\+\d+\)/32×\(W\+\d+\)/32", str(result.nodes["conv2d_5"].outputs["y"]))


def test_what_cannot_be_followed_is_refused_in_words() -> None:
    with pytest.raises(Refusal, match="depends on S and T in a way that can't be followed"):
        spec_of("concat", SEQUENCE, TensorSpec((N, S, 6)))


ODD_LENGTHS = sorted({61, 89, *BATCH, *(length for pair in PROBES for length in pair)})


@pytest.mark.parametrize("length", ODD_LENGTHS)
@pytest.mark.parametrize(
    "block", ["relu", "linear", "layer_norm", "flatten", "global_avg_pool", "batch_norm", "concat"]
)
def test_real_lengths_that_equal_the_probes_stay_numbers(block: str, length: int) -> None:
    spec = TensorSpec((N, T, length)) if block != "batch_norm" else TensorSpec((N, length))
    inputs = {"xs.0": spec, "xs.1": spec} if block == "concat" else {"x": spec}
    case = Case(get_block(block), {}, inputs)
    (inferred,) = run_block(case.made, case.specs).outputs.values()
    real = Direct(case)(
        {port: torch.zeros(2, 5, length)[:, 0] if spec.rank == 2 else torch.zeros(2, 5, length) for port in inputs}
    )

    assert [dim.at({"N": 2, "T": 5}[dim.symbol]) if isinstance(dim, Axis) else dim for dim in inferred.shape] == list(
        real[0].shape
    )


@pytest.mark.parametrize(("height", "width"), list(product([3, 7, 61, 89], [89, 61, 509])))
def test_an_image_as_large_as_the_probes(height: int, width: int) -> None:
    spec = TensorSpec((N, 3, height, width))
    assert spec_of("conv2d", spec, channels=4, stride=2) == f"N×4×{-(-height // 2)}×{-(-width // 2)}"
    assert spec_of("flatten", spec) == f"N×{3 * height * width}"


def test_no_probe_shows_in_a_spec() -> None:
    """A network over a sequence and an image of unknown lengths, every block that takes one."""
    net = Builder("Unknown")
    t, image = net.input("tokens", "T", 8), net.input("image", 8, "H", "W")
    x = net.add("add", t, net.add("self_attention", net.add("layer_norm", t), heads=2))
    x = net.add("residual", t, net.add("linear", net.add("gelu", x), features=8))
    y = net.add("positions_to_sequence", net.add("conv2d", image, channels=8))
    y = net.add("self_attention", net.add("dropout", y))
    net.output(net.add("concat", net.add("global_avg_pool", x), net.add("global_avg_pool", y), axis=-1), "both")
    net.output(net.add("max_pool2d", image), "small")
    result = Checker().check(net.document)

    assert result.ok, result.problems
    text = " ".join(str(spec) for report in result.nodes.values() for spec in report.outputs.values())
    numbers = {int(number) for number in re.findall(r"\d+", text)}
    assert not numbers & {3, 7, *(length for pair in PROBES for length in pair)}
    assert max(numbers) == 16

    program = compile_document(net.document, result)
    network = program.make(seed=0).eval()
    for length, height, width in ((5, 4, 6), (61, 89, 7)):
        both, small = network(torch.randn(2, length, 8), torch.randn(2, 8, height, width))
        assert both.shape == (2, 16)
        assert small.shape == (2, 8, height // 2, width // 2)


def test_multiply_adds_of_a_sequence_are_counted_for_one_step() -> None:
    net = Builder("Sequence")
    x = net.add("linear", net.input("x", "T", 8), features=8)
    x = net.add("self_attention", x, heads=2)
    net.output(net.add("conv2d", net.input("image", 3, "H", "W"), channels=4, kernel=5, padding="none"), "maps")
    net.output(x)
    nodes = Checker().check(net.document).nodes

    assert nodes["linear_1"].cost.macs == 64
    assert nodes["self_attention_1"].cost.macs == 4 * 64 + 2 * 8
    assert nodes["linear_1"].cost.activation_bytes == 8 * 4
    assert nodes["conv2d_1"].cost.macs == pytest.approx(3 * 4 * 25, rel=0.02), "spread evenly, less the border"


def test_two_letters_for_one_length_are_two_lengths() -> None:
    with pytest.raises(Refusal, match="Add needs equal shapes: N×T×6 and N×S×6 arrive"):
        spec_of("add", SEQUENCE, TensorSpec((N, S, 6)))
