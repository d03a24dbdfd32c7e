"""A user's own data: .npz, .csv, folders of pictures; and what is said when they are broken."""

from __future__ import annotations

import builtins
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from graph_engine.data import DataError, FieldKind, fingerprint, open_dataset

# ---------------------------------------------------------------------------------------------------------------- npz


def save_arrays(path: Path, **arrays: Any) -> str:
    np.savez(path, **arrays)
    return str(path)


def test_arrays_are_understood_by_their_axes(tmp_path: Path) -> None:
    name = save_arrays(
        tmp_path / "mine.npz",
        image=np.full((6, 10, 12), 255, np.uint8),
        colour=np.zeros((6, 5, 5, 3), np.float64),
        measures=np.ones((6, 4)),
        label=np.array([0, 1, 2, 0, 1, 2]),
        price=np.linspace(0, 1, 6),
    )
    data = open_dataset(name)
    kinds = {field.name: (field.kind, field.shape) for field in data.fields}

    assert kinds == {
        "image": (FieldKind.IMAGE, (1, 10, 12)),
        "colour": (FieldKind.IMAGE, (3, 5, 5)),
        "measures": (FieldKind.VECTOR, (4,)),
        "label": (FieldKind.LABEL, ()),
        "price": (FieldKind.TARGET, (1,)),
    }
    assert data.field("label").classes == 3
    assert data.serve("image", (1, 10, 12)).unique().tolist() == [1.0]
    assert data.serve("image", (3, 28, 28)).shape == (6, 3, 28, 28)
    assert data.serve("label", (), "int64").tolist() == [0, 1, 2, 0, 1, 2]


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({"image": np.zeros((6, 8, 8)), "label": np.zeros(5, int)}, r"image has 6, label has 5. Save them with equal"),
        ({"x": np.array([[1.0, np.nan], [1, 2]]), "label": np.zeros(2, int)}, r"sample 1 of x is not a finite number"),
        ({"label": np.array([-1, 0])}, r"label has the class -1. Count classes from 0"),
        ({"x": np.array(["a", "b"])}, r"x holds <U1, not numbers"),
        ({"x": np.zeros((2, 5, 8, 8))}, r"x has the shape 2×5×8×8, which is no label"),
        ({"x": np.zeros((0, 3))}, r"holds no samples"),
        ({}, r"holds no arrays"),
        ({"label": np.array([0, 50_000])}, r"counts up to 50000 in 2 samples"),
        ({"label": np.array([0, 2**64 - 1], np.uint64)}, r"counts up to 18446744073709551615 in 2 samples"),
        ({"x": np.zeros((2, 3)), "label": np.array(1)}, r"label is a single number"),
        ({"x": np.full((2, 3), 1e300)}, r"sample 1 of x is not a finite number \(2 such samples"),
    ],
)
def test_broken_arrays_are_named(tmp_path: Path, arrays: dict[str, Any], message: str) -> None:
    with pytest.raises(DataError, match=message):
        open_dataset(save_arrays(tmp_path / "mine.npz", **arrays))


def test_a_pickle_in_an_npz_is_refused(tmp_path: Path) -> None:
    name = save_arrays(tmp_path / "mine.npz", x=np.array([{}, {}], dtype=object))

    with pytest.raises(DataError, match=r"mine\.npz is damaged, or no \.npz file of plain numbers"):
        open_dataset(name)


def test_a_cut_off_npz_is_named(tmp_path: Path) -> None:
    path = tmp_path / "mine.npz"
    save_arrays(path, x=np.zeros((100, 100)))
    path.write_bytes(path.read_bytes()[:500])

    with pytest.raises(DataError, match=r"mine\.npz is damaged"):
        open_dataset(str(path))


# ---------------------------------------------------------------------------------------------------------------- csv


def test_words_in_the_last_column_are_classes(tmp_path: Path) -> None:
    path = tmp_path / "iris.csv"
    path.write_text("Length,Width,Species\n5.1,3.5,setosa\n7.0,3.2,versicolor\n6.3,3.3,setosa\n")
    data = open_dataset(str(path))

    assert torch.equal(data.serve("x", (2,)), torch.tensor([[5.1, 3.5], [7.0, 3.2], [6.3, 3.3]]))
    assert data.serve("label", (), "int64").tolist() == [0, 1, 0]
    assert data.field("label").class_names == ("setosa", "versicolor")


@pytest.mark.parametrize(
    ("text", "x", "answer", "values"),
    [
        ("1,2,0\n3,4,1\n", [[1, 2], [3, 4]], "label", [0, 1]),
        ("1;2;0\n3;4;1\n", [[1, 2], [3, 4]], "label", [0, 1]),
        ("label,a,b\n1,2,3\n0,4,5\n", [[2, 3], [4, 5]], "label", [1, 0]),
        ("a,target\n1,0\n2,1\n", [[1], [2]], "target", [[0.0], [1.0]]),
        ("1,2,10.5\n3,4,11\n", [[1, 2], [3, 4]], "target", [[10.5], [11.0]]),
        ("1,2,5\n3,4,7\n", [[1, 2], [3, 4]], "target", [[5.0], [7.0]]),
        ("a,label\n1,3\n2,1\n", [[1], [2]], "label", [1, 0]),
        ("a,label\n1,3\n2,1.5\n", [[1], [2]], "target", [[3.0], [1.5]]),
        ("0,1,label\n1,2,b\n3,4,a\n", [[1, 2], [3, 4]], "label", [1, 0]),  # columns that pandas numbered
        ("0,1,y\n1,2,0.5\n3,4,7\n", [[1, 2], [3, 4]], "target", [[0.5], [7.0]]),
        ("1,2,b\n3,4,a\n", [[1, 2], [3, 4]], "label", [1, 0]),
    ],
)
def test_tables_with_and_without_header(tmp_path: Path, text: str, x: Any, answer: str, values: Any) -> None:
    path = tmp_path / "mine.csv"
    path.write_text(text)
    data = open_dataset(str(path))
    field = data.field(answer)

    assert data.serve("x", (len(x[0]),)).tolist() == x
    assert data.serve(answer, field.shape, "int64" if answer == "label" else "float32").tolist() == values


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "is empty"),
        ("a,b\n", "has a header and no rows"),
        ("1,2,0\n3,1\n", "line 2: 2 columns, but the first row has 3"),
        ("a,b,label\n1,2,0\n3,x,1\n", "line 3, column b: 'x' is no number"),
        ("a,b,label\n1,,0\n3,2,1\n", "line 2, column b: nothing stands there"),
        ("1,2,0\n3,2,\n", "line 2: the row has no label"),
        ("1,2,\n3,2,0\n", "line 1: the row has no label"),
        ("1\n2\n", "has one column"),
        ("a,b\nnan,0\n1,1\n", "sample 1 of x is not a finite number"),
        ("a,label\n1,inf\n2,1\n", "sample 1 of target is not a finite number"),
    ],
)
def test_broken_tables_are_named(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "mine.csv"
    path.write_text(text)

    with pytest.raises(DataError, match=message):
        open_dataset(str(path))


# ----------------------------------------------------------------------------------------------------------- pictures


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    """Cats are black, 10×8; dogs are white, 12×12."""
    for name, size, value in (("cat", (10, 8), 0), ("dog", (12, 12), 255)):
        (tmp_path / name).mkdir()
        for number in range(3):
            Image.new("RGB", size, (value, value, value)).save(tmp_path / name / f"{number}.png")
    (tmp_path / "cat" / "notes.txt").write_text("not a picture")
    return tmp_path


def test_a_folder_of_pictures(pictures: Path) -> None:
    data = open_dataset(str(pictures))

    assert len(data) == 6
    assert data.field("image").shape == (3, 8, 10)
    assert data.field("label").class_names == ("cat", "dog")
    assert data.serve("label", (), "int64").tolist() == [0, 0, 0, 1, 1, 1]
    for shape in [(3, 8, 10), (1, 28, 28), (3, 17, 5), (784,)]:
        images = data.serve("image", shape)
        assert images.shape == (6, *shape)
        assert images.flatten(1).mean(1).tolist() == [0, 0, 0, 1, 1, 1]
    assert data.serve("image", (1, 4, 4), indices=[5, 0]).flatten(1).mean(1).tolist() == [1, 0]


def test_a_broken_picture_is_named(pictures: Path) -> None:
    (pictures / "dog" / "1.png").write_bytes(b"not a picture")
    data = open_dataset(str(pictures))

    with pytest.raises(DataError, match=r"dog/1\.png is damaged, or no picture"):
        data.serve("image", (1, 8, 8))


def test_pictures_of_16_bits_are_as_bright_as_those_of_8(pictures: Path) -> None:
    for number, value in enumerate((0, 65535 // 2, 65535)):
        Image.fromarray(np.full((8, 10), value, np.uint16)).save(pictures / "cat" / f"{number}.png")
    served = open_dataset(str(pictures)).serve("image", (1, 8, 10))
    assert served[:3].flatten(1).mean(1).tolist() == pytest.approx([0.0, 0.5, 1.0], abs=1 / 255)


@pytest.mark.parametrize("value", [np.int32(70_000), np.float32(0.5)])
def test_pictures_without_a_white_are_named(pictures: Path, value: Any) -> None:
    Image.fromarray(np.full((8, 10), value)).save(pictures / "cat" / "wide.tiff")
    with pytest.raises(DataError, match=r"wide\.tiff has 32 bits a pixel"):
        open_dataset(str(pictures)).serve("image", (1, 8, 10))


def test_a_picture_that_would_take_all_memory_is_named(pictures: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 20)
    with pytest.raises(DataError, match=r"0\.png is too large a picture"):
        open_dataset(str(pictures))


def test_an_empty_class_is_named(pictures: Path) -> None:
    (pictures / "cow").mkdir()

    with pytest.raises(DataError, match="cow holds no pictures"):
        open_dataset(str(pictures))


def test_a_folder_without_classes_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"has no sub-folders\. Put the pictures of each class into a folder"):
        open_dataset(str(tmp_path))


def test_a_picture_added_later_is_seen(pictures: Path) -> None:
    before = open_dataset(str(pictures))
    Image.new("L", (4, 4)).save(pictures / "cat" / "9.png")

    assert len(open_dataset(str(pictures))) == len(before) + 1


def test_without_pillow_the_message_says_how_to_get_it(pictures: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def without(name: str, *args: Any, **kwargs: Any) -> Any:
        if name.startswith("PIL"):
            raise ImportError(name)
        return real(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(DataError, match="pip install pillow"):
        open_dataset(str(pictures))


# ----------------------------------------------------------------------------------------------------- what may happen


@pytest.mark.parametrize("name", ["mine.npz", "mine.csv", "some/folder"])
def test_a_missing_file_is_named(tmp_path: Path, name: str) -> None:
    with pytest.raises(DataError, match=f"{name} is not there"):
        open_dataset(str(tmp_path / name))


def test_a_name_that_nothing_has_gets_a_hint() -> None:
    with pytest.raises(DataError, match=r"no data set called 'digit'.* Did you mean digits"):
        open_dataset("digit")


def test_another_kind_of_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").touch()

    with pytest.raises(DataError, match=r"mine\.txt is no data set"):
        open_dataset(str(tmp_path / "mine.txt"))


@pytest.fixture
def unreadable(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing may be listed, as for a user without the right (root may, so the call itself is stopped)."""

    def refuse(path: object, *_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(os, "scandir", refuse)
    monkeypatch.setattr(os, "listdir", refuse)
    monkeypatch.setattr(Path, "iterdir", refuse)


@pytest.mark.usefixtures("unreadable")
def test_an_unreadable_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=f"{tmp_path} can't be read: permission denied"):
        open_dataset(str(tmp_path))


def test_fingerprints_tell_content_apart_not_places(tmp_path: Path) -> None:
    x = np.arange(6.0).reshape(3, 2)
    one = open_dataset(save_arrays(tmp_path / "one.npz", x=x))
    same = open_dataset(save_arrays(tmp_path / "same.npz", x=x))
    other = open_dataset(save_arrays(tmp_path / "other.npz", x=x + 1))

    assert fingerprint(one) == fingerprint(same) != fingerprint(other)
    assert len(fingerprint(one)) == 64


def test_a_file_is_read_once_while_it_does_not_change(tmp_path: Path) -> None:
    name = save_arrays(tmp_path / "one.npz", x=np.zeros((3, 2)))

    assert open_dataset(name) is open_dataset(name)
    save_arrays(tmp_path / "one.npz", x=np.zeros((4, 2)))
    assert len(open_dataset(name)) == 4
