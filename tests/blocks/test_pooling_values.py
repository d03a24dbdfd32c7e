"""Pools, resizing and pyramids against torch's own functions and against arithmetic written out."""

from __future__ import annotations

from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from graph_engine.blocks import Axis, Refusal, Specs, TensorSpec, get_block
from graph_engine.blocks.refusal import ChangeChannels, SetParameterHint
from graph_engine.blocks.tensor import N
from graph_engine.check.shapes import run_block
from tests.blocks.cases import Case, Direct, real

IMAGE = TensorSpec((N, 4, 9, 11))


def made(block: str, parameters: dict[str, Any], **inputs: TensorSpec) -> tuple[Direct, dict[str, Tensor], Tensor]:
    direct = Direct(Case(get_block(block), parameters, inputs))
    values = {port: real(spec, 3, seed) for seed, (port, spec) in enumerate(inputs.items())}
    (out,) = direct(values)
    return direct, values, out


def refusal(block: str, parameters: dict[str, Any], **inputs: TensorSpec) -> Refusal:
    case = Case(get_block(block), parameters, inputs)
    with pytest.raises(Refusal) as caught:
        run_block(case.made, case.specs)
    assert caught.value.message.endswith(".")
    return caught.value


def test_l2_pool_is_the_root_mean_square() -> None:
    _, values, y = made("rms_pool2d", {"kernel": [2, 3], "stride": 2, "padding": [1, 0]}, x=IMAGE)
    x = values["x"]

    torch.testing.assert_close(y[:, :, 1, 2], x[:, :, 1:3, 4:7].square().mean((2, 3)).sqrt())
    torch.testing.assert_close(y * 6**0.5, F.lp_pool2d(F.pad(x, (0, 0, 1, 1)), 2, (2, 3), 2))


def test_where_all_is_zero_l2_pool_has_no_slope() -> None:
    direct, _, _ = made("rms_pool2d", {}, x=IMAGE)
    x = torch.zeros(1, 4, 4, 4, requires_grad=True)
    direct({"x": x})[0].sum().backward()

    assert torch.equal(x.grad, torch.zeros_like(x))


@pytest.mark.parametrize("size", [3, [2, 5]])
def test_adaptive_pools_give_one_size(size: Any) -> None:
    wanted = tuple(size) if isinstance(size, list) else (size, size)
    for block, function in (
        ("adaptive_avg_pool2d", F.adaptive_avg_pool2d),
        ("adaptive_max_pool2d", F.adaptive_max_pool2d),
    ):
        for shape in ((4, 9, 11), (4, 1, 2)):
            _, values, y = made(block, {"size": size}, x=TensorSpec((N, *shape)))
            assert y.shape == (3, 4, *wanted)
            torch.testing.assert_close(y, function(values["x"], wanted))


@pytest.mark.parametrize("shape", [(4, 9, 11), (7, 4), (4, 2, 3, 5)])
def test_global_pools_leave_one_number_a_channel(shape: tuple[int, ...]) -> None:
    spec = TensorSpec((N, *shape))
    for block, reduce in (("global_avg_pool", torch.mean), ("global_max_pool", torch.amax)):
        _, values, y = made(block, {}, x=spec)
        positions = values["x"] if len(shape) == 2 else values["x"].flatten(2).mT  # (N, positions, C)
        torch.testing.assert_close(y, reduce(positions, 1))


def test_a_spatial_pyramid_is_as_long_for_any_size() -> None:
    _, values, y = made("spatial_pyramid_pool", {"bins": [2, 1]}, x=TensorSpec((N, 3, 4, 6)))
    x = values["x"]

    assert y.shape == (3, 3 * 5)
    torch.testing.assert_close(y[:, 12:], x.amax((2, 3)))
    torch.testing.assert_close(y[:, 0], x[:, 0, :2, :3].amax((1, 2)))
    for size in ((1, 1), (13, 7)):
        assert made("spatial_pyramid_pool", {"bins": [2, 1]}, x=TensorSpec((N, 3, *size)))[2].shape == (3, 15)


def test_pyramid_pooling_puts_each_scale_beside_the_image() -> None:
    direct, values, y = made("pyramid_pooling", {"bins": [1, 3]}, x=IMAGE)
    (module,) = direct.layers.values()
    x, scale = values["x"], module.scales[0]
    average = F.conv2d(x.mean((2, 3), keepdim=True), scale[1].weight)
    whole = F.relu(F.batch_norm(average, None, None, training=True)).expand(-1, -1, 9, 11)

    assert y.shape == (3, 8, 9, 11)
    assert torch.equal(y[:, :4], x)
    torch.testing.assert_close(y[:, 4:6], whole)


def test_atrous_pyramid_pooling_is_five_branches_and_a_projection() -> None:
    direct, values, y = made("atrous_pyramid_pooling", {"channels": 3, "rates": [1, 2, 3], "dropout": 0.0}, x=IMAGE)
    (module,) = direct.layers.values()

    def normed(value: Tensor) -> Tensor:
        return F.relu(F.batch_norm(value, None, None, training=True))

    x = values["x"]
    maps = [normed(F.conv2d(x, module.branches[0][0].weight))]
    maps += [normed(F.conv2d(x, module.branches[r][0].weight, padding=r, dilation=r)) for r in (1, 2, 3)]
    maps += [normed(F.conv2d(x.mean((2, 3), keepdim=True), module.average[1][0].weight)).expand(-1, -1, 9, 11)]
    torch.testing.assert_close(y, normed(F.conv2d(torch.cat(maps, 1), module.project[0].weight)))


def test_upsampling_repeats_or_blends() -> None:
    x = TensorSpec((N, 2, 3, 4))
    _, values, nearest = made("upsample", {"scale": 2}, x=x)
    assert torch.equal(nearest, values["x"].repeat_interleave(2, 2).repeat_interleave(2, 3))
    for mode in ("bilinear", "bicubic"):
        for corners in (False, True):
            _, values, y = made("upsample", {"scale": 3, "mode": mode, "align_corners": corners}, x=x)
            torch.testing.assert_close(y, F.interpolate(values["x"], scale_factor=3, mode=mode, align_corners=corners))


def test_bilinear_weighs_the_four_nearest_by_nearness() -> None:
    """The worked example: at (1.6, 2.4) the weights are .36, .24, .16, .24."""
    direct, _, _ = made(
        "upsample", {"scale": 5, "mode": "bilinear", "align_corners": False}, x=TensorSpec((N, 1, 4, 4))
    )
    x = torch.zeros(1, 1, 4, 4, requires_grad=True)
    (y,) = direct({"x": x})
    # place p of the result lies at (p + ½)/5 − ½ of the image: 10 → 1.6, 14 → 2.4
    y[0, 0, 10, 14].backward()

    weights = {(i, j): round(x.grad[0, 0, i, j].item(), 6) for i in (1, 2) for j in (2, 3)}
    assert weights == {(2, 2): 0.36, (1, 2): 0.24, (1, 3): 0.16, (2, 3): 0.24}
    assert x.grad.sum().item() == pytest.approx(1)


@pytest.mark.parametrize("mode", ["nearest", "bilinear", "bicubic"])
def test_resizing_takes_the_size_of_another(mode: str) -> None:
    _, values, y = made("resize_as", {"mode": mode}, x=IMAGE, like=TensorSpec((N, 2, 5, 13)))

    torch.testing.assert_close(y, F.interpolate(values["x"], size=(5, 13), mode=mode))


@pytest.mark.parametrize(
    ("parameters", "arguments"),
    [
        ({}, (2, 2, 0)),
        ({"kernel": 3, "stride": 2, "padding": 1}, (3, 2, 1)),
        ({"kernel": [2, 3], "stride": [2, 3]}, ((2, 3), (2, 3), 0)),
    ],
    ids=str,
)
def test_a_pool_with_indices_and_its_unpool_are_torchs(parameters: dict[str, Any], arguments: Any) -> None:
    x = real(IMAGE, 3)
    pool, unpool = nn.MaxPool2d(*arguments, return_indices=True), nn.MaxUnpool2d(*arguments)
    y, indices = Direct(Case(get_block("max_pool_indices"), parameters, {"x": IMAGE}))({"x": x})
    expected, places = pool(x)

    assert torch.equal(y, expected)
    assert torch.equal(indices, places)
    assert torch.equal(x.flatten(2).gather(2, indices.flatten(2)), y.flatten(2)), (
        "an index is not where the value stood"
    )

    small, values = TensorSpec((N, *y.shape[1:])), {"x": y, "indices": indices}
    inputs = {"x": small, "indices": TensorSpec(small.shape, "int64")}
    (back,) = Direct(Case(get_block("unpool"), parameters, {**inputs, "like": IMAGE}))({**values, "like": x})
    assert torch.equal(back, unpool(y, indices, x.shape))
    assert torch.equal(back[back != 0], x[back != 0])
    values["indices"] = torch.zeros_like(indices)  # of the odd image, some lie beyond the plain size
    (plain,) = Direct(Case(get_block("unpool"), parameters, inputs))(values)
    assert plain.shape == unpool(y, values["indices"]).shape


def test_an_unpool_wants_the_places_and_the_size_of_its_pool() -> None:
    small = TensorSpec((N, 4, 3, 4))
    places = TensorSpec((N, 4, 3, 4), "int64")
    assert refusal("unpool", {}, x=places, indices=places).port == "x"
    assert refusal("unpool", {}, x=small, indices=small).port == "indices"
    assert refusal("unpool", {}, x=small, indices=TensorSpec((N, 4, 3, 5), "int64")).port == "indices"
    found = refusal("unpool", {}, x=small, indices=places, like=TensorSpec((N, 4, 6, 11)))
    assert found.port == "like"
    assert "makes 7 to 9 pixels 4, not 11" in found.message


def test_an_unpool_of_unknown_height_takes_that_of_another() -> None:
    high = TensorSpec((N, 4, Axis("H"), 8))
    pool = run_block(get_block("max_pool_indices")(), Specs({"x": high})).outputs
    back = run_block(get_block("unpool")(), Specs({"x": pool["y"], "indices": pool["indices"], "like": high}))

    plain = run_block(get_block("max_pool2d")(), Specs({"x": high})).outputs["y"]
    assert pool["y"].shape == pool["indices"].shape == plain.shape
    assert pool["indices"].dtype == "int64"
    assert back.outputs["y"].shape == high.shape


def test_pixels_are_shuffled_and_back() -> None:
    _, values, y = made("pixel_shuffle", {"scale": 2}, x=TensorSpec((N, 8, 3, 4)))
    back = Direct(Case(get_block("pixel_unshuffle"), {"scale": 2}, {"x": TensorSpec((N, 2, 6, 8))}))

    assert y.shape == (3, 2, 6, 8)
    assert torch.equal(y[:, 0, 1, 0], values["x"][:, 2, 0, 0])  # row 1, column 0 of a 2×2 field is channel 2
    assert torch.equal(back({"x": y})[0], values["x"])


def test_what_does_not_fit_is_refused_with_a_way_out() -> None:
    odd = refusal("pixel_shuffle", {"scale": 2}, x=TensorSpec((N, 6, 3, 4)))
    assert odd.hints[0] == ChangeChannels("x", 8)
    assert "3 pixels high" in refusal("pixel_unshuffle", {}, x=TensorSpec((N, 6, 3, 4))).message
    assert refusal("pyramid_pooling", {}, x=TensorSpec((N, 3, 5, 5))).hints == (SetParameterHint("bins", [1]),)
    for block, name in (
        ("spatial_pyramid_pool", "bins"),
        ("pyramid_pooling", "bins"),
        ("atrous_pyramid_pooling", "rates"),
    ):
        for wrong in ([], ["T"]):
            assert refusal(block, {name: wrong}, x=IMAGE).parameter == name


@pytest.mark.parametrize("parameters", [{}, {"kernel": 3, "stride": 1, "padding": 1}, {"kernel": 3, "stride": 2}])
@pytest.mark.parametrize(("block", "theirs"), [("max_pool1d", nn.MaxPool1d), ("avg_pool1d", nn.AvgPool1d)])
def test_pools_along_a_sequence_are_torchs(
    block: str, theirs: type[nn.MaxPool1d | nn.AvgPool1d], parameters: dict[str, int]
) -> None:
    x = torch.randn(2, 9, 4)
    spec = TensorSpec((N, 9, 4))
    (y,) = Direct(Case(get_block(block), parameters, {"x": spec}))({"x": x})
    arguments = {"kernel": 2, "stride": 2, "padding": 0, **parameters}
    module = theirs(arguments["kernel"], arguments["stride"], arguments["padding"])
    torch.testing.assert_close(y, module(x.transpose(1, 2)).transpose(1, 2), rtol=0, atol=0)
