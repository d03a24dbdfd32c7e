"""RoI pooling and RoI align against their published code written out as loops, and numbers from Detectron2."""

from __future__ import annotations

from itertools import product
from math import ceil, floor
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.autograd import gradcheck

from graph_engine.blocks import Refusal, TensorSpec, get_block
from graph_engine.blocks.refusal import InsertBlock
from graph_engine.blocks.tensor import Axis, N
from graph_engine.check.shapes import run_block
from graph_engine.nn.region import roi_align, roi_pool
from tests.blocks.cases import Case, Direct


def block(name: str, parameters: dict[str, Any], x: Tensor, boxes: Tensor) -> Tensor:
    specs = {port: TensorSpec((N, *value.shape[1:])) for port, value in (("x", x), ("boxes", boxes))}
    (out,) = Direct(Case(get_block(name), parameters, specs))({"x": x, "boxes": boxes})
    return out


def some_boxes(count: int, height: float, width: float) -> Tensor:
    """Random boxes for two images, of which some reach beyond the map: (2, count, 4)."""
    corners = torch.rand(2, count, 2, 2) * torch.tensor([width + 4, height + 4]) - 2
    return torch.cat([corners.amin(2), corners.amax(2)], 2)


def pooled(x: Tensor, boxes: Tensor, size: tuple[int, int], scale: float) -> Tensor:
    """roi_pool_kernel.cpp of torchvision, one bin after another."""
    (images, channels, height, width), count = x.shape, boxes.shape[1]
    out = torch.zeros(images, count, channels, *size, dtype=x.dtype)
    for image, region in product(range(images), range(count)):
        left, top, right, bottom = (floor(corner * scale + 0.5) for corner in boxes[image, region].tolist())
        tall, wide = max(bottom - top + 1, 1), max(right - left + 1, 1)
        for row, column in product(range(size[0]), range(size[1])):
            first = min(max(top + floor(row * tall / size[0]), 0), height)
            last = min(max(top + ceil((row + 1) * tall / size[0]), 0), height)
            start = min(max(left + floor(column * wide / size[1]), 0), width)
            end = min(max(left + ceil((column + 1) * wide / size[1]), 0), width)
            if last > first and end > start:
                out[image, region, :, row, column] = x[image, :, first:last, start:end].amax((1, 2))
    return out


def read(x: Tensor, y: float, x_at: float) -> Tensor:
    """bilinear_interpolate of torchvision's roi_align_common.h: the values (C,) of a map (C, H, W) at a point."""
    height, width = x.shape[1:]
    if y < -1 or y > height or x_at < -1 or x_at > width:
        return torch.zeros_like(x[:, 0, 0])
    y, x_at = max(y, 0.0), max(x_at, 0.0)
    top, left = int(y), int(x_at)
    if top >= height - 1:
        bottom = top = height - 1
        y = float(top)
    else:
        bottom = top + 1
    if left >= width - 1:
        right = left = width - 1
        x_at = float(left)
    else:
        right = left + 1
    down, across = y - top, x_at - left
    upper = (1 - across) * x[:, top, left] + across * x[:, top, right]
    lower = (1 - across) * x[:, bottom, left] + across * x[:, bottom, right]
    return (1 - down) * upper + down * lower


def aligned(
    x: Tensor, boxes: Tensor, size: tuple[int, int], scale: float, samples: int, shift: float, least: float
) -> Tensor:
    """roi_align_kernel.cpp of torchvision: corners moved by `shift`, sides at least `least`."""
    (images, channels), count = x.shape[:2], boxes.shape[1]
    out = torch.zeros(images, count, channels, *size, dtype=x.dtype)
    for image, region in product(range(images), range(count)):
        left, top, right, bottom = (corner * scale - shift for corner in boxes[image, region].tolist())
        tall, wide = max(bottom - top, least) / size[0], max(right - left, least) / size[1]
        for row, column in product(range(size[0]), range(size[1])):
            readings = [
                read(
                    x[image],
                    top + row * tall + (i + 0.5) * tall / samples,
                    left + column * wide + (j + 0.5) * wide / samples,
                )
                for i, j in product(range(samples), repeat=2)
            ]
            out[image, region, :, row, column] = torch.stack(readings).mean(0)
    return out


# --------------------------------------------------------------------------------------------------------------- pool


@pytest.mark.parametrize("scale", [1.0, 0.5, 0.25])
@pytest.mark.parametrize("size", [(3, 4), (7, 7), (1, 1)])
@pytest.mark.parametrize("shape", [(9, 13), (8, 16), (1, 5), (3, 1)])
def test_pooling_is_the_published_loop(shape: tuple[int, int], size: tuple[int, int], scale: float) -> None:
    x = torch.randn(2, 3, *shape)
    boxes = some_boxes(6, *(side / scale for side in shape))

    y = block("roi_pool", {"size": list(size), "scale": scale}, x, boxes)

    assert torch.equal(y, pooled(x, boxes, size, scale))


def test_each_box_pools_the_pixels_that_a_hand_counts() -> None:
    """A map of 4×4 with 0 to 15; columns 1 to 3 and rows 0 to 1, in a row of two bins: 1, 2 and 2, 3."""
    x = torch.arange(16.0).view(1, 1, 4, 4)
    boxes = torch.tensor([[[1.0, 0.0, 3.0, 1.0], [0.4, 2.6, 0.2, 2.4], [9.0, 9.0, 12.0, 12.0], [-7.0, 0.0, 1.0, 0.0]]])

    y = block("roi_pool", {"size": [1, 2]}, x, boxes)[0, :, 0, 0]

    assert y[0].tolist() == [6.0, 7.0]
    assert y[1].tolist() == [12.0, 12.0]  # ends before it begins: one pixel, row 3 and column 0
    assert y[2].tolist() == [0.0, 0.0]  # outside
    assert y[3].tolist() == [0.0, 1.0]  # columns −7 to 1: the left bin ends at −2.5, up to column −2


def test_the_largest_pixel_of_a_bin_gets_its_gradient() -> None:
    x = torch.randn(2, 2, 6, 7, requires_grad=True)
    boxes = some_boxes(4, 6, 7)
    weights = torch.randn(2, 4, 2, 3, 2)
    ours = block("roi_pool", {"size": [3, 2]}, x, boxes)

    (got,) = torch.autograd.grad((weights * ours).sum(), x)
    (expected,) = torch.autograd.grad((weights * pooled(x, boxes, (3, 2), 1.0)).sum(), x)

    torch.testing.assert_close(got, expected)
    wide = torch.randn(1, 1, 5, 6, dtype=torch.float64, requires_grad=True)
    assert gradcheck(
        lambda x: roi_pool(x, torch.tensor([[[0.0, 1.0, 4.0, 3.0], [2.0, 0.0, 5.0, 4.0]]]), (2, 2)), (wide,)
    )


# -------------------------------------------------------------------------------------------------------------- align


@pytest.mark.parametrize("half_pixel", [True, False])
@pytest.mark.parametrize(("size", "samples"), [((3, 4), 2), ((2, 2), 1), ((1, 2), 3)])
@pytest.mark.parametrize(("shape", "scale"), [((9, 13), 1.0), ((5, 6), 0.25), ((1, 4), 0.5)])
def test_aligning_is_the_published_loop(
    shape: tuple[int, int], scale: float, size: tuple[int, int], samples: int, half_pixel: bool
) -> None:
    x = torch.randn(2, 3, *shape, dtype=torch.float64)
    boxes = some_boxes(5, *(side / scale for side in shape)).double()
    parameters = {"size": list(size), "scale": scale, "samples": samples, "aligned": half_pixel}

    y = block("roi_align", parameters, x, boxes)

    shift, least = (0.5, 0.0) if half_pixel else (0.0, 1.0)
    torch.testing.assert_close(y, aligned(x, boxes, size, scale, samples, shift, least))


@pytest.mark.parametrize(("half_pixel", "first"), [(True, 4.5), (False, 7.5)])
def test_it_gives_the_numbers_that_detectron2_tests(half_pixel: bool, first: float) -> None:
    """tests/layers/test_roi_align.py: the box (1, 1, 3, 3) of 0 to 24 as 4×4, with and without the half pixel."""
    x, boxes = torch.arange(25.0).view(1, 1, 5, 5), torch.tensor([[[1.0, 1.0, 3.0, 3.0]]])

    y = block("roi_align", {"size": 4, "samples": 1, "aligned": half_pixel}, x, boxes)

    expected = torch.tensor([[first + 2.5 * row + 0.5 * column for column in range(4)] for row in range(4)])
    torch.testing.assert_close(y[0, 0, 0], expected)


def test_of_an_even_slope_it_reads_the_middle_of_each_bin() -> None:
    slope = torch.arange(12.0).expand(1, 1, 12, 12)  # the value is the column
    y = block("roi_align", {"size": [1, 4], "scale": 0.5}, slope, torch.tensor([[[4.0, 6.0, 20.0, 9.0]]]))

    # columns 2 to 10 of the map, 2 a bin: middles 3, 5, 7, 9, and pixel k is at k + ½
    torch.testing.assert_close(y.flatten(), torch.tensor([2.5, 4.5, 6.5, 8.5]))


@pytest.mark.parametrize("half_pixel", [True, False])
def test_its_derivatives_are_those_of_finite_differences(half_pixel: bool) -> None:
    x = torch.randn(2, 2, 5, 6, dtype=torch.float64, requires_grad=True)
    boxes = torch.tensor([[[0.6, 1.13, 3.87, 3.31]], [[1.19, 0.63, 4.41, 4.27]]], dtype=torch.float64)

    assert gradcheck(lambda x, boxes: roi_align(x, boxes, (2, 3), 1.0, 2, half_pixel), (x, boxes.requires_grad_()))


# --------------------------------------------------------------------------------------------------------------- both


@pytest.mark.parametrize("name", ["roi_pool", "roi_align"])
def test_a_box_is_one_step_of_a_sequence_when_flat(name: str) -> None:
    x, boxes = torch.randn(2, 3, 6, 7), some_boxes(4, 6, 7)
    maps, rows = (block(name, {"size": [2, 3], "flat": flat}, x, boxes) for flat in (False, True))

    assert maps.shape == (2, 4, 3, 2, 3)
    assert torch.equal(rows, maps.reshape(2, 4, 18))


@pytest.mark.parametrize("name", ["roi_pool", "roi_align"])
def test_any_number_of_boxes_in_a_map_of_any_size(name: str) -> None:
    specs = {"x": TensorSpec((N, 8, Axis("H"), 20)), "boxes": TensorSpec((N, Axis("R"), 4))}
    result = run_block(get_block(name).make({"size": 7}), Case(get_block(name), {}, specs).specs)

    assert result.outputs["y"].shape == (N, Axis("R"), 8, 7, 7)
    assert (result.cost.params, result.cost.macs) == (0, 0)


@pytest.mark.parametrize("name", ["roi_pool", "roi_align"])
def test_what_lies_far_outside_leaves_no_trace(name: str) -> None:
    x = torch.full((1, 2, 4, 4), float("inf"), requires_grad=True)
    y = block(name, {"size": 2}, x, torch.tensor([[[40.0, 40.0, 60.0, 60.0]]]))

    assert not y.any()
    assert not torch.autograd.grad(y.sum(), x)[0].any()


@pytest.mark.parametrize("name", ["roi_pool", "roi_align"])
def test_what_is_no_box_is_refused_with_a_way_out(name: str) -> None:
    case = Case(get_block(name), {}, {"x": TensorSpec((N, 3, 6, 7)), "boxes": TensorSpec((N, 9, 5))})
    with pytest.raises(Refusal) as caught:
        run_block(case.made, case.specs)

    assert caught.value.message == "A box is four numbers: left, top, right and bottom; 5 arrive."
    assert caught.value.hints == (InsertBlock("linear", "boxes", (("features", 4),)),)
