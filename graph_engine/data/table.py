"""A user's `.csv` file: numeric columns, and one that is to be told from them."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from graph_engine.data.dataset import ArraySource, Dataset
from graph_engine.data.errors import DataError
from graph_engine.data.fields import Field, FieldKind
from graph_engine.data.reading import LICENCE, check_finite, reading

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]

_CLASSES = ("label", "class")
_ANSWERS = (*_CLASSES, "target")
_MOST_CLASSES = 1000


def open_table(path: Path) -> Dataset:
    """The data set in a `.csv` file: the field `x` and either `label` or `target`.

    The answer is the column called label, class or target, else the last one. Words there are classes; so are whole
    numbers that count from 0 with no gap, and of a label or class any whole numbers; other numbers are a target. A
    first row in which some other column has no number is a header, and so is one that names the answer above numbers.
    Values stay as they are: nothing is standardised.

    Raises: DataError.
    """
    header, rows = _rows(path)
    at = next((header.index(name) for name in _ANSWERS if name in header), len(rows[0][1]) - 1)
    names = [name for place, name in enumerate(header) if place != at]
    x = _numbers(path, [(line, row[:at] + row[at + 1 :]) for line, row in rows], names)
    field, answer = _answer(path, [(line, row[at]) for line, row in rows], header[at] if header else "")
    arrays = {"x": x, field.name: answer}
    for name, array in arrays.items():
        check_finite(path, name, array)
    told = f"{len(names)} columns" if names else f"{x.shape[1]} columns"
    return Dataset(
        name=str(path),
        title=path.stem,
        summary=f"{len(rows)} rows of {told} and a {field.kind} from {path.name}.",
        licence=LICENCE,
        fields=(Field(name="x", kind=FieldKind.VECTOR, shape=(x.shape[1],)), field),
        length=len(rows),
        source=ArraySource(lambda: arrays),
    )


def _rows(path: Path) -> tuple[list[str], list[tuple[int, list[str]]]]:
    """The header in lower case (empty without one), and the rows, each with its line in the file."""
    with reading(path):
        try:
            text = path.read_text("utf-8-sig")
        except UnicodeDecodeError as error:
            raise DataError(f"{path} is not text in UTF-8. Export it as CSV in UTF-8.") from error
    try:
        dialect: Any = csv.Sniffer().sniff(text[:4096], ",;\t")
    except csv.Error:
        dialect = csv.excel
    reader = csv.reader(text.splitlines(), dialect, skipinitialspace=True)
    try:
        rows = [
            (reader.line_num, [cell.strip() for cell in row]) for row in reader if any(cell.strip() for cell in row)
        ]
    except csv.Error as error:
        raise DataError(f"{path}, line {reader.line_num}: {error}.") from error
    if not rows:
        raise DataError(f"{path} is empty.")
    width = len(rows[0][1])
    for line, row in rows:
        if len(row) != width:
            raise DataError(
                f"{path}, line {line}: {len(row)} columns, but the first row has {width}. Every row needs as many."
            )
    if width < 2:
        raise DataError(f"{path} has one column. It takes at least one to tell from and one to tell.")
    header: list[str] = []
    *others, last = rows[0][1]
    names_it = last.lower() in _ANSWERS or (len(rows) > 1 and all(_is_number(row[-1]) for _, row in rows[1:]))
    if not all(map(_is_number, others)) or (names_it and last and not _is_number(last)):
        header = [cell.lower() for cell in rows[0][1]]
        rows = rows[1:]
        if not rows:
            raise DataError(f"{path} has a header and no rows.")
    return header, rows


def _numbers(path: Path, rows: Sequence[tuple[int, list[str]]], names: Sequence[str]) -> Array:
    import numpy as np

    values = np.empty((len(rows), len(rows[0][1])), dtype=np.float32)
    for at, (line, row) in enumerate(rows):
        for column, cell in enumerate(row):
            if not _is_number(cell):
                where = f"column {names[column]}" if names else f"column {column + 1}"
                what = f"{cell!r} is no number" if cell else "nothing stands there"
                raise DataError(f"{path}, line {line}, {where}: {what}. Fill in a number, or leave the row out.")
            values[at, column] = float(cell)
    return values


def _answer(path: Path, cells: Sequence[tuple[int, str]], name: str) -> tuple[Field, Array]:
    import numpy as np

    if any(not cell for _, cell in cells):
        line = next(line for line, cell in cells if not cell)
        raise DataError(f"{path}, line {line}: the row has no label. Fill it in, or leave the row out.")
    texts = [cell for _, cell in cells]
    if not all(_is_number(text) for text in texts):
        names = sorted(set(texts))
        if len(names) > _MOST_CLASSES:
            raise DataError(
                f"{path}: the column to tell has {len(names)} different words. "
                f"At most {_MOST_CLASSES} classes are taken."
            )
        index = {name: at for at, name in enumerate(names)}
        labels = np.array([index[text] for text in texts], dtype=np.int64)
        return _label_field(len(names), tuple(names)), labels
    values = np.array([float(text) for text in texts])
    found = np.unique(values)
    few = len(found) <= _MOST_CLASSES
    if few and name != "target" and np.array_equal(found, np.arange(len(found))):
        return _label_field(len(found), ()), values.astype(np.int64)
    if few and name in _CLASSES and np.isfinite(found).all() and np.array_equal(found, np.rint(found)):
        return _label_field(len(found), tuple(f"{value:.0f}" for value in found)), np.searchsorted(found, values)
    return Field(name="target", kind=FieldKind.TARGET, shape=(1,)), values.astype(np.float32)[:, None]


def _label_field(classes: int, names: tuple[str, ...]) -> Field:
    return Field(name="label", kind=FieldKind.LABEL, shape=(), classes=classes, class_names=names)


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
