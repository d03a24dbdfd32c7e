"""How fields are served: shapes, types, resizing."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F

from graph_engine.data import DataError, Field, FieldKind, open_dataset

DIGITS_SHAPES = [(channels, side, side) for side in (8, 28, 32) for channels in (1, 3)] + [(64,), (784,), (1024,)]


@pytest.mark.parametrize("shape", DIGITS_SHAPES)
def test_digits_are_served_between_0_and_1_in_every_offered_shape(shape: tuple[int, ...]) -> None:
    digits = open_dataset("digits")
    images = digits.serve("image", shape, indices=[0, 5, 1796])

    assert images.shape == (3, *shape)
    assert images.dtype == torch.float32
    assert images.min() >= 0
    assert 0.5 < images.max() <= 1
    assert shape in digits.field("image").shapes


def test_resizing_is_torchs_bilinear_without_smoothing() -> None:
    digits = open_dataset("digits")
    raw = digits.serve("image", (1, 8, 8))
    expected = F.interpolate(raw, size=(32, 32), mode="bilinear", align_corners=False, antialias=False)

    assert torch.equal(digits.serve("image", (1, 32, 32)), expected)
    assert torch.equal(digits.serve("image", (1024,)), expected.flatten(1))
    assert torch.equal(digits.serve("image", (3, 32, 32))[:, 2:], expected)


def test_the_pixels_are_those_of_the_file_and_sixteen_is_one() -> None:
    raw = open_dataset("digits").serve("image", (1, 8, 8))

    assert raw[0, 0, 0].tolist() == [0, 0, 5 / 16, 13 / 16, 9 / 16, 1 / 16, 0, 0]
    assert raw.max() == 1


def test_shrinking_smooths_first() -> None:
    checkers = (torch.arange(64).view(1, 1, 8, 8) + torch.arange(8).view(8, 1)).remainder(2).float()
    field = Field(name="image", kind=FieldKind.IMAGE, shape=(1, 8, 8), resizes=True)

    small = field.convert(checkers, (1, 2, 2), "float32")

    assert small.sub(0.5).abs().max() < 0.1  # grey, not black or white


def test_colours_become_brightness() -> None:
    field = Field(name="image", kind=FieldKind.IMAGE, shape=(3, 1, 1), resizes=True)
    red, white = torch.tensor([1.0, 0, 0]).view(1, 3, 1, 1), torch.ones(1, 3, 1, 1)

    assert field.convert(red, (1, 1, 1), "float32").item() == pytest.approx(0.299)
    assert field.convert(white, (1, 1, 1), "float32").item() == pytest.approx(1)


def test_labels_are_served_as_numbers_and_as_targets() -> None:
    digits, xor = open_dataset("digits"), open_dataset("xor")

    assert digits.serve("label", (), "int64", [0, 1, 2]).tolist() == [0, 1, 2]
    assert digits.serve("label", (10,), "float32", [3]).tolist() == [[0, 0, 0, 1, 0, 0, 0, 0, 0, 0]]
    assert xor.serve("label", (1,), "float32", [0, 1, 2, 3]).tolist() == [[0], [1], [1], [0]]


@pytest.mark.parametrize(
    ("shape", "dtype"), [((2, 8, 8), "float32"), ((1, 8), "float32"), ((63,), "float32"), ((1, 8, 8), "int64")]
)
def test_what_cant_be_served_is_refused_in_words(shape: tuple[int, ...], dtype: str) -> None:
    with pytest.raises(DataError, match=r"The field image can't be served as .* an image, served as 1×8×8"):
        open_dataset("digits").serve("image", shape, dtype)


def test_xor_holds_the_four_points_in_equal_numbers() -> None:
    xor = open_dataset("xor")
    rows = {
        (*point, label)
        for point, label in zip(xor.serve("x", (2,)).tolist(), xor.serve("label", (), "int64").tolist(), strict=True)
    }

    assert rows == {(0, 0, 0), (0, 1, 1), (1, 0, 1), (1, 1, 0)}
    assert xor.serve("label", (), "int64").float().mean() == 0.5


def test_a_field_that_is_not_there_is_named() -> None:
    with pytest.raises(DataError, match="Digits has no field 'picture'; it has image, label"):
        open_dataset("digits").field("picture")
