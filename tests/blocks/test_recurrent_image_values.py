"""Recurrent layers over images and grids against their equations, place by place, and what no place may see."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.autograd import gradcheck

from graph_engine.blocks import Refusal, Specs, TensorSpec, get_block
from graph_engine.blocks.tensor import Axis, N
from graph_engine.check.shapes import NodeResult, run_block
from graph_engine.nn.recurrent_grid import GridLSTM1d, GridLSTM2d, GridLSTM3d, GridLSTMCell
from graph_engine.nn.recurrent_image import ConvLSTM, DiagonalLSTM, RowLSTM

FILM, IMAGE = TensorSpec((N, 3, 2, 4, 5)), TensorSpec((N, 6, 4, 5))


def checked(block: str, parameters: dict[str, Any], inputs: dict[str, TensorSpec]) -> NodeResult:
    return run_block(get_block(block).make(parameters), Specs(inputs))


def refusal(block: str, parameters: dict[str, Any], inputs: dict[str, TensorSpec]) -> Refusal:
    with pytest.raises(Refusal) as caught:
        checked(block, parameters, inputs)
    assert caught.value.message.endswith(".")
    return caught.value


# Films


def test_with_kernels_of_one_pixel_each_pixel_is_an_lstm_of_its_own() -> None:
    layer, cell = ConvLSTM(3, 2, kernel=1), nn.LSTMCell(3, 2)
    order = torch.tensor([0, 1, 2, 3, 6, 7, 4, 5])  # torch's gates are i, f, g, o
    with torch.no_grad():
        cell.weight_ih.copy_(layer.input_to_state.weight.flatten(1)[order])
        cell.weight_hh.copy_(layer.state_to_state.weight.flatten(1)[order])
        assert layer.input_to_state.bias is not None
        cell.bias_ih.copy_(layer.input_to_state.bias[order])
        cell.bias_hh.zero_()
    x = torch.randn(2, 4, 3, 2, 5)
    y, last_h, last_c = layer(x)

    h = c = torch.zeros(2 * 2 * 5, 2)
    for t in range(4):
        h, c = cell(x[:, t].movedim(1, -1).flatten(0, 2), (h, c))
        torch.testing.assert_close(y[:, t].movedim(1, -1).flatten(0, 2), h)
    torch.testing.assert_close(last_h.movedim(1, -1).flatten(0, 2), h)
    torch.testing.assert_close(last_c.movedim(1, -1).flatten(0, 2), c)


@pytest.mark.parametrize("peephole", [False, True])
def test_a_convolutional_lstm_is_its_equations_gate_by_gate(peephole: bool) -> None:
    layer = ConvLSTM(2, 3, kernel=3, peephole_size=(4, 5) if peephole else None)
    weights = [each.chunk(4) for each in (layer.input_to_state.weight, layer.state_to_state.weight)]
    assert layer.input_to_state.bias is not None
    biases = layer.input_to_state.bias.chunk(4)
    if layer.peepholes is not None:
        nn.init.normal_(layer.peepholes)
    see_i, see_f, see_o = layer.peepholes if layer.peepholes is not None else torch.zeros(3, 3, 4, 5)
    x, h, c = torch.randn(2, 3, 2, 4, 5), torch.randn(2, 3, 4, 5), torch.randn(2, 3, 4, 5)
    y, last_h, last_c = layer(x, h, c)

    for t in range(3):
        i, f, o, g = (
            F.conv2d(F.pad(x[:, t], (1, 1, 1, 1)), of_x, b) + F.conv2d(F.pad(h, (1, 1, 1, 1)), of_h)
            for of_x, of_h, b in zip(*weights, biases, strict=True)
        )
        c = torch.sigmoid(f + see_f * c) * c + torch.sigmoid(i + see_i * c) * torch.tanh(g)
        h = torch.sigmoid(o + see_o * c) * torch.tanh(c)
        torch.testing.assert_close(y[:, t], h)
    torch.testing.assert_close((last_h, last_c), (h, c))


def test_the_rest_of_a_film_goes_on_from_the_state_of_its_beginning() -> None:
    layer, x = ConvLSTM(2, 3, peephole_size=(4, 5)), torch.randn(2, 5, 2, 4, 5)
    whole, *last = layer(x)
    beginning, h, c = layer(x[:, :2])
    rest, *ending = layer(x[:, 2:], h, c)

    torch.testing.assert_close(torch.cat([beginning, rest], 1), whole)
    torch.testing.assert_close(ending, last)


def test_a_convolutional_lstm_has_the_weights_of_its_equations() -> None:
    plain = checked("conv_lstm", {"channels": 64, "kernel": 5}, {"x": TensorSpec((N, 10, 1, 16, 16))})
    peeping = checked(
        "conv_lstm", {"channels": 64, "kernel": 5, "peephole": True}, {"x": TensorSpec((N, 10, 1, 16, 16))}
    )

    assert plain.cost.params == 4 * 64 * (5 * 5 * (1 + 64) + 1)
    assert peeping.cost.params == plain.cost.params + 3 * 64 * 16 * 16
    assert plain.cost.macs == 10 * 16 * 16 * 4 * 64 * 5 * 5 * (1 + 64)
    assert [spec.shape for spec in plain.outputs.values()] == [
        (N, 10, 64, 16, 16),
        (N, 64, 16, 16),
        (N, 64, 16, 16),
    ]


def test_a_film_of_unknown_size_is_taken_and_one_of_unknown_length_is_not() -> None:
    high = checked("conv_lstm", {"channels": 2}, {"x": TensorSpec((N, 3, 2, Axis("H"), 5))})
    assert high.outputs["y"].shape == (N, 3, 2, Axis("H"), 5)

    assert "how many frames" in refusal("conv_lstm", {}, {"x": TensorSpec((N, Axis("T"), 2, 4, 5))}).message
    peeping = refusal("conv_lstm", {"peephole": True}, {"x": TensorSpec((N, 3, 2, Axis("H"), 5))})
    assert "how many rows" in peeping.message


def test_a_state_must_be_whole_and_of_the_size_of_a_frame() -> None:
    fitting = TensorSpec((N, 2, 4, 5))
    assert refusal("conv_lstm", {"channels": 2}, {"x": FILM, "h0": fitting}).port == "h0"
    assert refusal("conv_lstm", {"channels": 2}, {"x": FILM, "c0": fitting}).port == "c0"
    wrong = refusal("conv_lstm", {"channels": 2}, {"x": FILM, "h0": fitting, "c0": TensorSpec((N, 3, 4, 5))})
    assert (wrong.port, wrong.expected) == ("c0", "N×2×4×5")
    small = refusal("conv_lstm", {"channels": 2}, {"x": FILM, "h0": TensorSpec((N, 2, 4, 4)), "c0": fitting})
    assert (small.port, small.hints) == ("h0", ())


# Rows and diagonals


def updated(gates: Tensor, c: Tensor) -> tuple[Tensor, Tensor]:
    """h and c behind the gates o, f, i, g of one pixel."""
    o, f, i, g = gates.chunk(4, -1)
    c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)
    return torch.sigmoid(o) * torch.tanh(c), c


def seen(of: int, channels: int, colours: int, arriving: int) -> Tensor:
    """1 for each of the arriving channels that channel `of` of `channels` may see of its own pixel."""
    mine = of // (channels // colours)
    return torch.tensor([float(place // (arriving // colours) <= mine) for place in range(arriving)])


def masked(weight: Tensor, channels: int, colours: int) -> Tensor:
    """A weight (gates · channels, C) of the pixel itself without what its colours may not see."""
    rows = [seen(row % channels, channels, colours, weight.shape[1]) for row in range(weight.shape[0])]
    return weight * torch.stack(rows)


def bias_of(layer: nn.Module) -> Tensor:
    assert isinstance(layer.bias, Tensor)
    return layer.bias


@pytest.mark.parametrize(("colours", "kernel"), [(1, 3), (3, 3), (1, 5), (2, 1)])
def test_a_row_lstm_is_its_equations_pixel_by_pixel(colours: int, kernel: int) -> None:
    layer, x = RowLSTM(6, 6, kernel, colours), torch.randn(2, 6, 4, 5)
    into, onward, reach = layer.input_to_state.weight[:, :, 0], layer.state_to_state.weight, kernel // 2
    assert layer.output is not None
    widen = masked(layer.output.weight[:, :, 0, 0], 6, colours)
    h = {(-1, column): torch.zeros(2, 6) for column in range(5)}
    c = dict(h)
    y = torch.empty_like(x)
    for row, column in product(range(4), range(5)):
        gates = bias_of(layer.input_to_state) + bias_of(layer.state_to_state)
        gates = gates + x[:, :, row, column] @ masked(into[:, :, reach], 6, colours).T
        for tap in range(kernel):
            at = column + tap - reach
            if 0 <= at < 5:
                gates = gates + h[row - 1, at] @ onward[:, :, tap].T
                if tap < reach:
                    gates = gates + x[:, :, row, at] @ into[:, :, tap].T
        h[row, column], c[row, column] = updated(gates, c[row - 1, column])
        y[:, :, row, column] = x[:, :, row, column] + h[row, column] @ widen.T + bias_of(layer.output)

    torch.testing.assert_close(layer(x), y)


def swept(layer: DiagonalLSTM, x: Tensor, direction: int, colours: int) -> dict[tuple[int, int], Tensor]:
    """The states of one LSTM at all pixels: from those above and at the left or, for direction 1, at the right."""
    into_state = (layer.left_input, layer.right_input)[direction]
    onward = (layer.left_state, layer.right_state)[direction]
    into = masked(into_state.weight[:, :, 0, 0], 6, colours)
    above, beside = onward.weight.unbind(2)
    bias = bias_of(into_state) + bias_of(onward)
    nothing = torch.zeros(x.shape[0], 6)
    h: dict[tuple[int, int], Tensor] = {}
    c: dict[tuple[int, int], Tensor] = {}
    step = -1 if direction == 0 else 1
    columns = range(5) if direction == 0 else range(4, -1, -1)
    for row, column in product(range(4), columns):
        before, side = (row - 1, column), (row, column + step)
        gates = bias + x[:, :, row, column] @ into.T
        gates = gates + h.get(before, nothing) @ above.T + h.get(side, nothing) @ beside.T
        h[row, column], c[row, column] = updated(gates, c.get(side, nothing))
    return h


@pytest.mark.parametrize("colours", [1, 3])
def test_a_diagonal_lstm_is_its_equations_pixel_by_pixel(colours: int) -> None:
    layer, x = DiagonalLSTM(6, 6, colours), torch.randn(2, 6, 4, 5)
    left, right = (swept(layer, x, direction, colours) for direction in (0, 1))
    outputs = [each for each in (layer.left_output, layer.right_output) if each is not None]
    widen = [masked(each.weight[:, :, 0, 0], 6, colours) for each in outputs]
    y = torch.empty_like(x)
    for row, column in product(range(4), range(5)):
        moved = right.get((row - 1, column), torch.zeros(2, 6))
        states = left[row, column] @ widen[0].T + moved @ widen[1].T
        y[:, :, row, column] = x[:, :, row, column] + states + bias_of(outputs[0]) + bias_of(outputs[1])

    torch.testing.assert_close(layer(x), y)


MAKERS: dict[str, Callable[[int, bool], nn.Module]] = {
    "row_lstm": lambda colours, residual: RowLSTM(6, 6, 3, colours, residual),
    "diagonal_lstm": lambda colours, residual: DiagonalLSTM(6, 6, colours, residual),
}


def may_see(block: str, at: tuple[int, int], other: tuple[int, int]) -> bool:
    """Whether an earlier pixel is in the field of another: rows see a triangle, diagonals all."""
    if block == "diagonal_lstm":
        return True
    above = at[0] - other[0]
    return at[1] - above - 1 <= other[1] <= at[1] + above and (above > 0 or other[1] <= at[1])


@pytest.mark.parametrize("block", MAKERS)
@pytest.mark.parametrize("residual", [True, False])
@pytest.mark.parametrize("colours", [1, 3])
def test_no_pixel_sees_a_later_one_and_each_sees_its_whole_field(block: str, residual: bool, colours: int) -> None:
    layer = MAKERS[block](colours, residual).double()
    for parameter in layer.parameters():
        nn.init.normal_(parameter, std=0.7)
    x = torch.randn(1, 6, 4, 5, dtype=torch.float64, requires_grad=True)
    y = layer(x)
    for row, column, channel in product(range(4), range(5), range(6)):
        (slope,) = torch.autograd.grad(y[0, channel, row, column], x, retain_graph=True)
        reached = slope[0] != 0
        assert not reached[:, row + 1 :].any()
        assert not reached[:, row, column + 1 :].any()
        assert torch.equal(reached[:, row, column], seen(channel, 6, colours, 6).bool())
        for other in product(range(row + 1), range(5)):
            if other < (row, column):
                assert reached[:, *other].all() == may_see(block, (row, column), other), (row, column, other)


@pytest.mark.parametrize(("block", "params"), [("row_lstm", 623_872), ("diagonal_lstm", 592_384)])
def test_parameters_are_those_of_the_paper_with_128_maps(block: str, params: int) -> None:
    result = checked(block, {"channels": 128}, {"x": TensorSpec((N, 256, 8, 8))})

    assert result.cost.params == params
    assert result.outputs["y"].shape == (N, 256, 8, 8)


@pytest.mark.parametrize("block", MAKERS)
def test_what_is_gone_through_step_by_step_must_be_known(block: str) -> None:
    unknown = refusal(block, {"channels": 6}, {"x": TensorSpec((N, 6, Axis("H"), 5))})
    assert unknown.port == "x"
    assert "how many rows" in unknown.message

    uneven = refusal(block, {"channels": 4, "colours": 3}, {"x": IMAGE})
    assert uneven.parameter == "colours"


def test_a_row_lstm_takes_rows_of_unknown_length_and_no_even_kernel() -> None:
    wide = checked("row_lstm", {"channels": 6}, {"x": TensorSpec((N, 6, 4, Axis("W")))})
    assert wide.outputs["y"].shape == (N, 6, 4, Axis("W"))
    assert "how many columns" in refusal("diagonal_lstm", {}, {"x": TensorSpec((N, 6, 4, Axis("W")))}).message
    assert refusal("row_lstm", {"kernel": 2}, {"x": IMAGE}).parameter == "kernel"


# Grids


def moved_on(cell: GridLSTMCell, states: list[tuple[Tensor, Tensor]]) -> list[tuple[Tensor, Tensor]]:
    """Kalchbrenner et al. (2015), gate by gate; with priority, the last dimension comes after the others."""
    out: list[tuple[Tensor, Tensor]] = []
    for place, (transform, (_, memory)) in enumerate(zip(cell.transforms, states, strict=True)):
        late = cell.priority and place == len(states) - 1
        hidden = torch.cat([h for h, _ in (*out, states[-1])] if late else [h for h, _ in states], 1)
        u, f, o, c = (
            hidden @ weight.T + bias
            for weight, bias in zip(transform.weight.chunk(4), bias_of(transform).chunk(4), strict=True)  # type: ignore[operator]
        )
        m = torch.sigmoid(f) * memory + torch.sigmoid(u) * torch.tanh(c)
        out.append((torch.tanh(torch.sigmoid(o) * m), m))
    return out


@pytest.mark.parametrize(("dimensions", "params"), [(1, 66_048), (2, 263_168), (3, 591_360)])
def test_a_grid_cell_has_the_parameters_of_the_paper(dimensions: int, params: int) -> None:
    ports = [f"{letter}{place}" for place in range(1, dimensions + 1) for letter in "hm"]
    result = checked(f"grid_lstm_cell{dimensions}d", {}, dict.fromkeys(ports, TensorSpec((N, 128))))

    assert result.cost.params == params
    assert result.cost.macs == params - dimensions * 4 * 128
    assert list(result.outputs) == [f"{port}_next" for port in ports]


@pytest.mark.parametrize("priority", [False, True])
@pytest.mark.parametrize("dimensions", [1, 2, 3])
def test_a_grid_cell_is_its_equations(dimensions: int, priority: bool) -> None:
    cell = GridLSTMCell(4, dimensions, priority)
    states = [(torch.randn(3, 4), torch.randn(3, 4)) for _ in range(dimensions)]
    out = cell(*(value for pair in states for value in pair))

    torch.testing.assert_close(out, tuple(value for pair in moved_on(cell, states) for value in pair))


def entered(grid: nn.Module, x: Tensor) -> tuple[Tensor, Tensor]:
    """Hidden and memory vector at the foot."""
    assert isinstance(grid.enter, nn.Linear)
    out = F.linear(x, grid.enter.weight, grid.enter.bias)
    return out[:, :4], out[:, 4:]


def cells_of(grid: GridLSTM1d | GridLSTM2d | GridLSTM3d, layers: int) -> list[GridLSTMCell]:
    """One for each layer."""
    cells = [each for each in grid.cells if isinstance(each, GridLSTMCell)]
    return cells * layers if len(cells) == 1 else cells


@pytest.mark.parametrize("tied", [False, True])
def test_a_grid_of_depth_alone_is_cells_one_upon_the_other(tied: bool) -> None:
    grid, x = GridLSTM1d(3, 4, layers=3, tied=tied), torch.randn(2, 3)
    up = entered(grid, x)
    for cell in cells_of(grid, 3):
        (up,) = moved_on(cell, [up])

    torch.testing.assert_close(grid(x), up[0])


@pytest.mark.parametrize(("tied", "priority"), [(False, False), (True, False), (False, True)])
def test_a_grid_of_time_and_depth_is_cells_step_by_step(tied: bool, priority: bool) -> None:
    grid, x = GridLSTM2d(3, 4, layers=3, tied=tied, priority=priority), torch.randn(2, 5, 3)
    along = [(torch.zeros(2, 4), torch.zeros(2, 4)) for _ in range(3)]
    y = []
    for t in range(5):  # the whole column of a step before the next, where the module takes layer by layer
        up = entered(grid, x[:, t])
        for layer, cell in enumerate(cells_of(grid, 3)):
            along[layer], up = moved_on(cell, [along[layer], up])
        y.append(up[0])

    torch.testing.assert_close(grid(x), torch.stack(y, 1))


@pytest.mark.parametrize(("tied", "priority", "corners"), [(False, False, 1), (True, False, 4), (False, True, 4)])
def test_a_grid_of_rows_columns_and_depth_is_cells_pixel_by_pixel(tied: bool, priority: bool, corners: int) -> None:
    grid = GridLSTM3d(3, 4, layers=4, tied=tied, priority=priority, corners=corners)
    x = torch.randn(2, 3, 3, 5)
    up = {(row, column): entered(grid, x[:, :, row, column]) for row, column in product(range(3), range(5))}
    zero = (torch.zeros(2, 4), torch.zeros(2, 4))
    starts = [(1, 1), (-1, -1), (1, -1), (-1, 1)]  # upper left, lower right, upper right, lower left
    for layer, cell in enumerate(cells_of(grid, 4)):
        down, right = starts[layer % corners]
        along: dict[tuple[int, int], list[tuple[Tensor, Tensor]]] = {}
        for row, column in product(range(3)[::down], range(5)[::right]):
            above = along.get((row - down, column), [zero, zero])[0]
            beside = along.get((row, column - right), [zero, zero])[1]
            *along[row, column], up[row, column] = moved_on(cell, [above, beside, up[row, column]])
    y = grid(x)

    for (row, column), (hidden, _) in up.items():
        torch.testing.assert_close(y[:, :, row, column], hidden)


def test_tied_layers_share_the_weights_of_one_cell() -> None:
    inputs = {"x": TensorSpec((N, 7, 5))}
    tied = checked("grid_lstm", {"features": 8, "layers": 6, "tied": True}, inputs).cost
    free = checked("grid_lstm", {"features": 8, "layers": 6}, inputs).cost
    cell, enter = 2 * (8 * 8 * 8 + 4 * 8), 5 * 16 + 16

    assert (tied.params, free.params) == (enter + cell, enter + 6 * cell)
    assert tied.macs == free.macs == 7 * (5 * 16 + 6 * 2 * 8 * 8 * 8)


def test_what_a_grid_refuses() -> None:
    uneven = dict(zip(("h1", "m1", "h2", "m2"), [TensorSpec((N, 4))] * 3 + [TensorSpec((N, 5))], strict=True))
    assert refusal("grid_lstm_cell2d", {}, uneven).port == "m2"
    assert "how many steps" in refusal("grid_lstm", {}, {"x": TensorSpec((N, Axis("T"), 4))}).message
    assert "how many columns" in refusal("grid_lstm", {}, {"x": TensorSpec((N, 2, 3, Axis("W")))}).message


# Derivatives


@pytest.mark.parametrize(
    ("make", "shapes"),
    [
        (lambda: ConvLSTM(1, 2, peephole_size=(2, 3)), [(1, 2, 1, 2, 3), (1, 2, 2, 3), (1, 2, 2, 3)]),
        (lambda: RowLSTM(2, 2, colours=2), [(1, 2, 3, 3)]),
        (lambda: DiagonalLSTM(2, 2, colours=2), [(1, 2, 3, 3)]),
        (lambda: GridLSTMCell(2, 2, priority=True), [(2, 2)] * 4),
        (lambda: GridLSTM1d(2, 2, tied=True), [(2, 2)]),
        (lambda: GridLSTM2d(2, 2, priority=True), [(1, 3, 2)]),
        (lambda: GridLSTM3d(1, 2, corners=4), [(1, 1, 2, 3)]),
    ],
)
def test_derivatives_in_double_precision(make: Callable[[], nn.Module], shapes: list[tuple[int, ...]]) -> None:
    module = make().double()
    names = [name for name, _ in module.named_parameters()]
    values = [torch.randn(shape, dtype=torch.float64, requires_grad=True) for shape in shapes]

    def call(*given: Tensor) -> Any:
        weights = dict(zip(names, given[len(values) :], strict=True))
        return torch.func.functional_call(module, weights, given[: len(values)])

    assert gradcheck(call, (*values, *module.parameters()), atol=1e-4)
