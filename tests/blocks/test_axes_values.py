"""Parts of axes, axes that change places, new ones and lost ones, against Python's own indexing."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor

from graph_engine.blocks import Axis, Refusal, TensorSpec, get_block
from graph_engine.blocks.tensor import N
from graph_engine.check import Checker
from graph_engine.check.shapes import run_block
from graph_engine.compile import compile_document
from graph_engine.document import SetParameter
from graph_engine.document.builder import Builder
from graph_engine.document.file import dumps, loads
from tests.blocks.cases import Case, Direct, real

IMAGE, SEQUENCE = TensorSpec((N, 3, 4, 5)), TensorSpec((N, 6, 4))
STEPS = TensorSpec((N, Axis("T"), 4))


def out(block: str, parameters: dict[str, Any], *inputs: TensorSpec) -> tuple[list[Tensor], tuple[Tensor, ...]]:
    ports = ["x"] if len(inputs) == 1 else [f"xs.{slot}" for slot in range(len(inputs))]
    values = {port: real(spec, 3, seed) for seed, (port, spec) in enumerate(zip(ports, inputs, strict=True))}
    direct = Direct(Case(get_block(block), parameters, dict(zip(ports, inputs, strict=True))))
    return list(values.values()), direct(values)


def inferred(block: str, parameters: dict[str, Any], x: TensorSpec) -> list[str]:
    case = Case(get_block(block), parameters, {"x": x})
    return [str(spec) for spec in run_block(case.made, case.specs).outputs.values()]


def refusal(block: str, parameters: dict[str, Any], *inputs: TensorSpec) -> Refusal:
    with pytest.raises(Refusal) as caught:
        out(block, parameters, *inputs)
    return caught.value


@pytest.mark.parametrize("axis", [1, 2, 3, -1, -2])
@pytest.mark.parametrize(("start", "stop"), [(0, 0), (1, 0), (0, 2), (1, 3), (-2, 0), (0, -1), (-3, -1), (-3, 3)])
def test_a_slice_is_pythons(axis: int, start: int, stop: int) -> None:
    (x,), (y,) = out("slice", {"axis": axis, "start": start, "stop": stop}, IMAGE)
    expected = x.movedim(axis, 0)[start:] if stop == 0 else x.movedim(axis, 0)[start:stop]

    assert torch.equal(y, expected.movedim(0, axis))


def test_a_slice_of_unknown_length_is_what_is_left() -> None:
    assert inferred("slice", {"start": 2}, STEPS) == ["N×T-2×4"]
    assert inferred("slice", {"stop": -1}, STEPS) == ["N×T-1×4"]
    assert inferred("slice", {"start": 1, "stop": 4}, STEPS) == ["N×3×4"]
    assert inferred("slice", {"start": -1}, STEPS) == ["N×1×4"]


@pytest.mark.parametrize(
    "parameters", [{"start": 6}, {"start": 2, "stop": 2}, {"start": -7}, {"stop": 7}, {"start": 3, "stop": -3}]
)
def test_a_slice_that_is_not_there_is_refused(parameters: dict[str, int]) -> None:
    assert "places 0 to 5" in refusal("slice", parameters, SEQUENCE).message


@pytest.mark.parametrize("axis", [1, 2, -1])
@pytest.mark.parametrize("size", [1, 3, -1, -2])
def test_a_split_loses_nothing(axis: int, size: int) -> None:
    (x,), (first, rest) = out("split", {"axis": axis, "size": size}, SEQUENCE)
    expected = x.movedim(axis, 0)

    assert torch.equal(first.movedim(axis, 0), expected[:size])
    assert torch.equal(rest.movedim(axis, 0), expected[size:])


def test_a_split_of_unknown_length() -> None:
    assert inferred("split", {"size": 2}, STEPS) == ["N×2×4", "N×T-2×4"]
    assert inferred("split", {"size": -2}, STEPS) == ["N×T-2×4", "N×2×4"]


@pytest.mark.parametrize("size", [0, 6, -6, 7])
def test_a_split_leaves_something_on_both_sides(size: int) -> None:
    assert refusal("split", {"size": size}, SEQUENCE).expected == "1 to 5"


def test_a_stack_has_its_inputs_as_places() -> None:
    for axis, place in ((1, (slice(None), 1)), (-1, (..., 1)), (2, (slice(None), slice(None), 1))):
        xs, (y,) = out("stack", {"axis": axis}, SEQUENCE, SEQUENCE, SEQUENCE)
        assert y.shape[axis] == 3
        assert torch.equal(y[place], xs[1])
    assert refusal("stack", {}, SEQUENCE, IMAGE).port == "xs.1"
    for axis in (0, 4, -4):
        assert refusal("stack", {"axis": axis}, SEQUENCE, SEQUENCE).parameter == "axis"
    assert "no batch" in refusal("stack", {}, TensorSpec(()), TensorSpec(())).message


def test_axes_change_places() -> None:
    (x,), (y,) = out("transpose", {"first": 1, "second": -1}, IMAGE)
    assert all(torch.equal(y[:, w, :, c], x[:, c, :, w]) for w in range(5) for c in range(3))
    assert inferred("transpose", {}, STEPS) == ["N×4×T"]
    assert refusal("transpose", {"first": 0}, IMAGE).parameter == "first"
    assert refusal("transpose", {"second": 4}, IMAGE).parameter == "second"


def test_an_axis_of_one_comes_and_goes() -> None:
    for axis in (1, 2, 3, -1, -3):
        (x,), (y,) = out("unsqueeze", {"axis": axis}, SEQUENCE)
        assert y.shape[axis] == 1
        assert torch.equal(y.flatten(), x.flatten())
        assert inferred("squeeze", {"axis": axis}, TensorSpec((N, *y.shape[1:]))) == ["N×6×4"]
    assert refusal("unsqueeze", {"axis": 0}, SEQUENCE).parameter == "axis"
    assert "length 1" in refusal("squeeze", {}, SEQUENCE).message
    assert "length 1" in refusal("squeeze", {}, STEPS).message


@pytest.mark.parametrize(("parts", "axis", "spec"), [(3, 1, IMAGE), (2, -1, SEQUENCE), (6, 1, SEQUENCE)])
def test_equal_parts_are_torchs_chunks(parts: int, axis: int, spec: TensorSpec) -> None:
    """In a drawing: the node has as many outputs as it is cut into."""
    net = Builder("Split")
    x = net.input("x", *(dim for dim in spec.shape[1:] if isinstance(dim, int)))
    split = net.add("split_evenly", x, parts=parts, axis=axis)
    for at in range(1, parts + 1):
        net.output(split.other(f"part{at}"), f"y{at}")
    document = loads(dumps(net.document))
    found = document.main.block("split_evenly_1")
    assert found is not None
    assert len(found.outputs) == parts
    values = real(spec, 2, 1)
    for got, wanted in zip(compile_document(document).make()(values), values.chunk(parts, axis), strict=True):
        assert torch.equal(got, wanted)


def test_parts_that_are_not_equal_or_not_known_are_refused() -> None:
    assert "can't be cut into 3 equal parts" in refusal("split_evenly", {"axis": 2}, IMAGE).message
    with pytest.raises(Refusal, match="known only when data comes"):
        inferred("split_evenly", {}, STEPS)


def test_a_wire_at_a_part_that_is_gone_is_told() -> None:
    net = Builder("Split")
    split = net.add("split_evenly", net.input("x", 12), parts=4)
    net.output(split.other("part4"), "last")
    net.document.apply(SetParameter("split_evenly_1", "parts", 3))
    (problem,) = Checker().check(net.document).errors
    assert "a port that does not exist" in problem.message
    net.document.apply(SetParameter("split_evenly_1", "parts", "=2 + 2"))
    assert any("not a formula" in each.message for each in Checker().check(net.document).errors)
