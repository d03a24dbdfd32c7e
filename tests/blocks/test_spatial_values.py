"""Spatial transformers, glimpses and coordinates against torch's own functions, the slides and sums by hand."""

from __future__ import annotations

from math import cos, pi, sin
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.autograd import gradcheck

from graph_engine.blocks import Refusal, TensorSpec, get_block
from graph_engine.blocks.refusal import InsertBlock, SetParameterHint
from graph_engine.blocks.tensor import N
from graph_engine.check.shapes import run_block
from graph_engine.nn.spatial import SpatialTransformer, glimpse, spatial_transform
from tests.blocks.cases import Case, Direct
from tests.blocks.test_published_figures_values import conv, cost_of


def block(name: str, parameters: dict[str, Any], **values: Tensor) -> tuple[Direct, Tensor]:
    """The block made for tensors of these shapes, and what it makes of them."""
    specs = {port: TensorSpec((N, *value.shape[1:])) for port, value in values.items()}
    direct = Direct(Case(get_block(name), parameters, specs))
    (out,) = direct(values)
    return direct, out


def transform(x: Tensor, *theta: float, **parameters: Any) -> Tensor:
    """The image through the block `spatial_transform`, by one theta for every sample."""
    return block("spatial_transform", parameters, x=x, theta=torch.tensor([theta] * len(x)))[1]


def refusal(name: str, parameters: dict[str, Any], **shapes: tuple[int, ...]) -> Refusal:
    inputs = {port: TensorSpec((N, *shape)) for port, shape in shapes.items()}
    case = Case(get_block(name), parameters, inputs)
    with pytest.raises(Refusal) as caught:
        run_block(case.made, case.specs)
    assert caught.value.message.endswith(".")
    return caught.value


# ---------------------------------------------------------------------------------------------------------- transform


@pytest.mark.parametrize(("coordinates", "corners"), [("edges", False), ("centres", True)])
@pytest.mark.parametrize("size", [[0, 0], [4, 9], [1, 0]])
@pytest.mark.parametrize("interpolation", ["bilinear", "bicubic", "nearest"])
@pytest.mark.parametrize("padding", ["zeros", "border", "reflection"])
@pytest.mark.filterwarnings("ignore:Since version 1.3.0, affine_grid behavior has changed for unit-size grids")
def test_it_is_torchs_affine_grid_and_grid_sample(
    coordinates: str, corners: bool, size: list[int], interpolation: str, padding: str
) -> None:
    x, theta = torch.randn(3, 2, 6, 7), torch.randn(3, 6)
    options = {"size": size, "coordinates": coordinates, "interpolation": interpolation, "padding": padding}
    grid = F.affine_grid(theta.view(3, 2, 3), [3, 2, size[0] or 6, size[1] or 7], align_corners=corners)

    _, y = block("spatial_transform", options, x=x, theta=theta)

    torch.testing.assert_close(y, F.grid_sample(x, grid, interpolation, padding, corners), rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize(
    ("name", "numbers", "matrix"),
    [
        (
            "similarity",
            (0.7, 0.3, 0.1, -0.2),
            (0.7 * cos(0.3), -0.7 * sin(0.3), 0.1, 0.7 * sin(0.3), 0.7 * cos(0.3), -0.2),
        ),
        ("attention", (0.7, 0.1, -0.2), (0.7, 0.0, 0.1, 0.0, 0.7, -0.2)),
        ("translation", (0.1, -0.2), (1.0, 0.0, 0.1, 0.0, 1.0, -0.2)),
        ("rotation", (0.3,), (cos(0.3), -sin(0.3), 0.0, sin(0.3), cos(0.3), 0.0)),
    ],
)
def test_the_simpler_transformations_are_affine_ones(
    name: str, numbers: tuple[float, ...], matrix: tuple[float, ...]
) -> None:
    x = torch.randn(2, 3, 6, 7)
    torch.testing.assert_close(transform(x, *numbers, transform=name), transform(x, *matrix))


def test_the_example_of_the_slides() -> None:
    """[[0, ½], [1, 0]]·[2; 2] + [0.6; 0.4] = [1.6; 2.4]: four pixels, by their share of the square around it.

    x counts columns and y rows, both from 0 at the centre of the first pixel.
    """
    a, b = torch.tensor([[0.0, 0.5], [1.0, 0.0]]), torch.tensor([0.6, 0.4])
    x, y = (a @ torch.tensor([2.0, 2.0]) + b).tolist()
    assert (x, y) == pytest.approx((1.6, 2.4))
    by_hand = {
        (row, column): (1 - abs(x - column)) * (1 - abs(y - row)) for row in range(2, 4) for column in range(1, 3)
    }
    assert list(by_hand.values()) == pytest.approx([0.24, 0.36, 0.16, 0.24])

    pixels = torch.eye(20).view(20, 1, 5, 4)  # an image for each pixel, with a 1 there
    shares = transform(pixels, 0.0, 0.5, 0.6, 1.0, 0.0, 0.4, coordinates="pixels")[:, 0, 2, 2].view(5, 4)

    assert {(row, column): shares[row, column].item() for row, column in by_hand} == pytest.approx(by_hand, abs=1e-5)
    assert shares.sum().item() == pytest.approx(1)


def test_the_other_examples_of_the_slides() -> None:
    image = torch.arange(16.0).view(1, 1, 4, 4)
    # [[0, 1], [1, 0]] with [-1, -1]: rows become columns, and all moves by one
    swapped = transform(image, 0, 1, -1, 1, 0, -1, coordinates="pixels")
    assert torch.allclose(swapped[0, 0, 1:, 1:], image[0, 0, :3, :3].T, atol=1e-5)
    assert not swapped[0, 0, 0].any()
    assert not swapped[0, 0, :, 0].any()
    # scale ½ with shift ½: the lower right quarter; scale 2: all of it, half as large, with nothing around
    quarter = transform(image, 0.5, 0.5, 0.5, transform="attention", size=2)
    torch.testing.assert_close(quarter, image[..., 2:, 2:])
    small = transform(image, 2, 0, 0, transform="attention")
    torch.testing.assert_close(small[..., 1:3, 1:3], F.avg_pool2d(image, 2))
    # by a quarter turn: what was on the right comes to the top
    turned = transform(image, pi / 2, transform="rotation")
    torch.testing.assert_close(turned, torch.rot90(image, 1, (2, 3)), atol=1e-4, rtol=0)


@pytest.mark.parametrize("padding", ["zeros", "border"])
def test_pixels_are_counted_alike_in_image_and_result(padding: str) -> None:
    x = torch.randn(2, 3, 5, 7)
    moved = transform(x, 2, -1, transform="translation", coordinates="pixels", size=[3, 4], padding=padding)

    torch.testing.assert_close(moved[:, :, 1:], x[:, :, :2, 2:6], atol=1e-5, rtol=0)
    above = torch.zeros_like(moved[:, :, 0]) if padding == "zeros" else x[:, :, 0, 2:6]
    torch.testing.assert_close(moved[:, :, 0], above, atol=1e-5, rtol=0)


@pytest.mark.parametrize("coordinates", ["edges", "centres", "pixels"])
@pytest.mark.parametrize(
    ("name", "numbers"), [("affine", 6), ("similarity", 4), ("attention", 3), ("translation", 2), ("rotation", 1)]
)
def test_its_derivatives_are_those_of_finite_differences(name: str, numbers: int, coordinates: str) -> None:
    x = torch.randn(2, 2, 4, 5, dtype=torch.float64, requires_grad=True)
    theta = torch.rand(2, numbers, dtype=torch.float64).add(0.2).requires_grad_()  # no reading falls on a pixel

    assert gradcheck(lambda x, theta: spatial_transform(x, theta, name, (3, 4), coordinates), (x, theta))


def test_numbers_that_do_not_fit_are_refused_with_a_way_out() -> None:
    found = refusal("spatial_transform", {}, x=(3, 6, 7), theta=(3,))

    assert found.message == "The transformation affine takes 6 numbers, and 3 arrive at theta."
    assert found.hints == (
        InsertBlock("linear", "theta", (("features", 6),)),
        SetParameterHint("transform", "attention"),
    )
    one = refusal("spatial_transform", {"transform": "rotation"}, x=(3, 6, 7), theta=(5,))
    assert "takes 1 number, and 5 arrive" in one.message
    assert one.hints == (InsertBlock("linear", "theta", (("features", 1),)),)


# -------------------------------------------------------------------------------------------------------- transformer


class Tutorial(nn.Module):
    """The layer as pytorch/tutorials writes it (intermediate_source/spatial_transformer_tutorial.py)."""

    def __init__(self) -> None:
        super().__init__()
        self.localization = nn.Sequential(
            nn.Conv2d(1, 8, kernel_size=7),
            nn.MaxPool2d(2, stride=2),
            nn.ReLU(True),
            nn.Conv2d(8, 10, kernel_size=5),
            nn.MaxPool2d(2, stride=2),
            nn.ReLU(True),
        )
        self.fc_loc = nn.Sequential(nn.Linear(10 * 3 * 3, 32), nn.ReLU(True), nn.Linear(32, 3 * 2))

    def forward(self, x: Tensor) -> Tensor:
        theta = self.fc_loc(self.localization(x).view(-1, 10 * 3 * 3)).view(-1, 2, 3)
        return F.grid_sample(x, F.affine_grid(theta, list(x.size()), align_corners=False), align_corners=False)


def test_it_is_the_layer_of_the_tutorial() -> None:
    x, theirs = torch.rand(3, 1, 28, 28), Tutorial()
    direct, _ = block("spatial_transformer", {}, x=x)
    (ours,) = direct.layers.values()
    for mine, other in zip(ours.parameters(), theirs.parameters(), strict=True):
        mine.data.copy_(other.data)

    assert not torch.equal(theirs(x), x)
    torch.testing.assert_close(direct({"x": x})[0], theirs(x))


def test_the_tutorials_network_has_its_parameters_and_multiply_adds() -> None:
    """27 360 and 771 300 at 1×28×28, of which the layer has 5 520 and 290 800."""
    layer, _ = cost_of([("spatial_transformer", {})], (1, 28, 28))
    steps = [("spatial_transformer", {}), conv(10, 5, padding="none"), ("max_pool2d", {}), ("relu", {})]
    steps += [conv(20, 5, padding="none"), ("max_pool2d", {}), ("relu", {}), ("flatten", {})]
    steps += [("linear", {"features": 50}), ("relu", {}), ("linear", {"features": 10})]
    whole, spec = cost_of(steps, (1, 28, 28))

    assert (layer.params, layer.macs) == (5_520, 290_800)
    assert (whole.params, whole.macs) == (27_360, 771_300)
    assert spec.shape == (N, 10)


@pytest.mark.parametrize("name", ["affine", "similarity", "attention", "translation", "rotation"])
@pytest.mark.parametrize("coordinates", ["edges", "centres", "pixels"])
def test_it_begins_as_the_identity(name: str, coordinates: str) -> None:
    x = torch.randn(2, 2, 20, 23)
    _, y = block("spatial_transformer", {"transform": name, "coordinates": coordinates}, x=x)
    _, other = block("spatial_transformer", {"transform": name, "start": 0.5}, x=x)

    torch.testing.assert_close(y, x, atol=1e-4, rtol=0)
    assert not torch.allclose(other, x, atol=1e-2)


def test_the_layers_derivatives_are_those_of_finite_differences() -> None:
    module = SpatialTransformer((1, 7, 8), (2,), (3,), 3, "similarity", (3, 4), start=0.5).double()
    names = [name for name, _ in module.named_parameters()]

    def call(x: Tensor, *weights: Tensor) -> Tensor:
        result: Tensor = torch.func.functional_call(module, dict(zip(names, weights, strict=True)), (x,))
        return result

    x = torch.randn(2, 1, 7, 8, dtype=torch.float64, requires_grad=True)
    assert gradcheck(call, (x, *module.parameters()), atol=1e-4)


def test_an_image_too_small_for_the_localisation_net_is_refused() -> None:
    found = refusal("spatial_transformer", {}, x=(1, 17, 30))
    assert "needs an image of 18×18 pixels or more; 17×30 arrive" in found.message
    block("spatial_transformer", {}, x=torch.randn(1, 1, 18, 18))  # the smallest that goes
    assert refusal("spatial_transformer", {"maps": [3]}, x=(1, 30, 30)).hints == (SetParameterHint("kernels", [3]),)
    assert refusal("spatial_transformer", {"maps": []}, x=(1, 30, 30)).parameter == "maps"


# ------------------------------------------------------------------------------------------------------------ glimpse


def cropped(x: Tensor, column: int, row: int, size: int, patches: int, factor: int) -> Tensor:
    """The retina of kevinzakka/recurrent-visual-attention: pad, cut around an edge between pixels, average."""
    views = []
    for zoom in (factor**each for each in range(patches)):
        side = size * zoom
        padded = F.pad(x, [side // 2] * 4)
        views.append(F.avg_pool2d(padded[:, :, row : row + side, column : column + side], zoom))
    return torch.cat(views, 1)


@pytest.mark.parametrize(("size", "patches", "factor"), [(2, 3, 2), (4, 2, 3), (8, 1, 2)])
@pytest.mark.parametrize(("column", "row"), [(3, 4), (0, 0), (8, 1), (8, 6)])
def test_a_glimpse_is_crops_that_are_averaged(size: int, patches: int, factor: int, column: int, row: int) -> None:
    x = torch.randn(2, 3, 6, 8)
    location = torch.tensor([[2 * column / 8 - 1, 2 * row / 6 - 1]] * 2)
    _, y = block("glimpse", {"size": size, "patches": patches, "factor": factor}, x=x, location=location)

    torch.testing.assert_close(y, cropped(x, column, row, size, patches, factor), atol=1e-5, rtol=0)


def test_each_sample_is_looked_at_where_its_own_location_says() -> None:
    x = torch.randn(1, 1, 6, 8).expand(2, -1, -1, -1)
    _, y = block("glimpse", {"size": 2, "patches": 1}, x=x, location=torch.tensor([[-0.5, 0.0], [0.5, 0.0]]))

    torch.testing.assert_close(y, torch.stack([x[0, :, 2:4, 1:3], x[0, :, 2:4, 5:7]]), atol=1e-5, rtol=0)
    _, beyond = block("glimpse", {"size": 2, "patches": 1}, x=x, location=torch.tensor([[5.0, 0.0], [0.0, -5.0]]))
    assert not beyond.any()


def test_a_glimpses_derivatives_are_those_of_finite_differences() -> None:
    x = torch.randn(2, 1, 5, 4, dtype=torch.float64, requires_grad=True)
    location = torch.tensor([[0.13, -0.24], [0.35, 0.17]], dtype=torch.float64, requires_grad=True)

    assert gradcheck(lambda x, location: glimpse(x, location, 2, 2), (x, location))


def test_what_is_no_location_or_too_wide_is_refused() -> None:
    found = refusal("glimpse", {}, x=(3, 6, 7), location=(3,))
    assert found.message == "A location is two numbers, x and y; 3 arrive."
    assert found.hints == (InsertBlock("linear", "location", (("features", 2),)),)
    wide = refusal("glimpse", {"size": 8, "patches": 8, "factor": 4}, x=(3, 6, 7), location=(2,))
    assert "131072 pixels wide" in wide.message
    assert wide.hints == (SetParameterHint("patches", 1),)


# -------------------------------------------------------------------------------------------------------- coordinates


@pytest.mark.parametrize("distance", [False, True])
def test_coordinates_are_rows_columns_and_how_far_from_the_middle(distance: bool) -> None:
    x = torch.randn(2, 3, 3, 5)
    _, y = block("coordinate_channels", {"distance": distance}, x=x)

    assert torch.equal(y[:, :3], x)
    for sample in y:
        assert sample[3].tolist() == [[-1.0] * 5, [0.0] * 5, [1.0] * 5]
        assert sample[4].tolist() == [[-1.0, -0.5, 0.0, 0.5, 1.0]] * 3
    assert y.shape[1] == 5 + distance
    if distance:
        assert y[0, 5, 0].tolist() == pytest.approx([2**0.5, 1.25**0.5, 1.0, 1.25**0.5, 2**0.5])
