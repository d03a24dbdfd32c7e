"""Products, constants and what is joined with something of length 1, number by number."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor
from torch.autograd import gradcheck

from graph_engine.blocks import Refusal, TensorSpec, get_block
from graph_engine.blocks.refusal import SetParameterHint
from graph_engine.blocks.tensor import N
from graph_engine.check.shapes import run_block
from graph_engine.nn.constant import Constant
from tests.blocks.cases import Case, Direct


def run(block: str, parameters: dict[str, Any], **values: Tensor) -> Tensor:
    named = {port.replace("_", "."): value for port, value in values.items()} if "xs_0" in values else values
    specs = {
        port: TensorSpec((N, *value.shape[1:]), str(value.dtype).removeprefix("torch."))
        for port, value in named.items()
    }
    return Direct(Case(get_block(block), parameters, specs))(named)[0]


def refused(block: str, parameters: dict[str, Any], **inputs: TensorSpec) -> Refusal:
    case = Case(get_block(block), parameters, inputs)
    with pytest.raises(Refusal) as caught:
        run_block(case.made, case.specs)
    return caught.value


@pytest.mark.parametrize("rows", [(), (3,), (2, 3)])
@pytest.mark.parametrize("transposed", [False, True])
def test_a_product_sums_over_what_the_two_share(rows: tuple[int, ...], transposed: bool) -> None:
    a, b = torch.randn(2, *rows, 4), torch.randn(2, *rows[:-1], 4, 5)
    wanted = (a.unsqueeze(-1) * (b if not rows else b.unsqueeze(-3))).sum(-2)
    given = b.transpose(-2, -1) if transposed else b
    torch.testing.assert_close(run("matrix_product", {"transposed": transposed}, a=a, b=given), wanted)


def test_rows_that_do_not_meet_are_refused_with_a_way_out() -> None:
    a, b = TensorSpec((N, 4)), TensorSpec((N, 5, 4))
    refusal = refused("matrix_product", {}, a=a, b=b)
    assert "The rows of a have 4 numbers, and the columns of b 5" in str(refusal)
    assert refusal.hints == (SetParameterHint("transposed", value=True),)
    assert refused("matrix_product", {}, a=a, b=TensorSpec((N, 3, 3))).hints == ()
    heads = TensorSpec((N, 2, 3, 4)), TensorSpec((N, 3, 4, 5))
    assert "Both need as many heads" in str(refused("matrix_product", {}, a=heads[0], b=heads[1]))
    assert "Both need as many heads" in str(refused("matrix_product", {}, a=heads[0], b=TensorSpec((N, 4, 5))))


def test_what_has_length_1_counts_for_every_place() -> None:
    column, row = torch.randn(2, 3, 1), torch.randn(2, 1, 4)
    for block, wanted in (("add", column + row), ("subtract", column - row), ("multiply", column * row)):
        assert torch.equal(run(block, {}, xs_0=column, xs_1=row), wanted)
        assert wanted.shape == (2, 3, 4)
    image, gate = torch.randn(2, 3, 4, 5), torch.randn(2, 3, 1, 1)
    assert torch.equal(run("multiply", {}, xs_0=image, xs_1=gate, xs_2=image), image * gate * image)


@pytest.mark.parametrize(
    "shapes", [((3, 2), (3, 4)), ((3, 1), (3,)), ((1, 4), (3, 1), (3, 5))], ids=["lengths", "ranks", "third"]
)
def test_other_lengths_are_still_refused(shapes: tuple[tuple[int, ...], ...]) -> None:
    specs = {f"xs.{at}": TensorSpec((N, *shape)) for at, shape in enumerate(shapes)}
    assert "Multiply needs equal shapes" in str(refused("multiply", {}, **specs))
    assert "Stack needs equal shapes" in str(
        refused("stack", {}, **{"xs.0": TensorSpec((N, 3, 1)), "xs.1": TensorSpec((N, 1, 3))})
    )


def test_a_constant_is_the_same_for_every_sample() -> None:
    x = torch.randn(3, 2)
    assert torch.equal(run("constant", {"shape": [2, 2], "values": [0.5]}, x=x), torch.full((3, 2, 2), 0.5))
    several = run("constant", {"shape": [2, 3], "values": [1.0, 2.0, 3.0]}, x=x)
    assert torch.equal(several, torch.tensor([1.0, 2.0, 3.0]).expand(3, 2, 3))
    assert "give one for all places, or 3" in str(
        refused("constant", {"shape": [2, 3], "values": [1.0, 2.0]}, x=TensorSpec((N, 2)))
    )


def test_a_learned_constant_moves_with_training_and_another_is_no_weight() -> None:
    learned = Constant((3,), (1.0, 0.0, 0.5), learned=True)
    learned(torch.zeros(4, 1)).sum().backward()
    assert isinstance(learned.value, torch.nn.Parameter)
    assert torch.equal(learned.value.grad, torch.full((3,), 4.0))  # type: ignore[arg-type]
    fixed = Constant((3,), (1.0,))
    assert list(fixed.parameters()) == []
    assert list(fixed.state_dict()) == []


def test_a_vector_of_unit_length_keeps_its_direction() -> None:
    for shape, axis in (((4, 5), 1), ((4, 3, 5), 2), ((4, 5, 2, 3), 1)):
        x = torch.randn(shape)
        y = run("unit_length", {}, x=x)
        torch.testing.assert_close(y.square().sum(axis), torch.ones_like(y.sum(axis)))
        torch.testing.assert_close(y * x.square().sum(axis, keepdim=True).sqrt(), x)
    assert torch.equal(run("unit_length", {}, x=torch.zeros(1, 3)), torch.zeros(1, 3))


def test_derivatives_of_a_learned_constant() -> None:
    module = Constant((2, 2), (0.3,), learned=True).double()

    def call(value: Tensor) -> Tensor:
        return torch.func.functional_call(module, {"value": value}, (torch.zeros(3, 1),)).sin()  # type: ignore[no-any-return]

    assert gradcheck(call, (module.value,))
