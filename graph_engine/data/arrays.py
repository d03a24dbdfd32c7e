"""A user's `.npz` file: one array for each field, whose first axis counts the samples."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from graph_engine.data.dataset import ArraySource, Dataset
from graph_engine.data.errors import DataError
from graph_engine.data.fields import Field, FieldKind
from graph_engine.data.reading import LICENCE, check_finite, check_lengths, reading

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]

_BYTE = 255.0


def open_arrays(path: Path) -> Dataset:
    """The data set in an `.npz` file.

    What an array is follows from its axes: (n,) whole numbers are a label, other numbers a target; (n, k) is a
    vector, or a target if it is called so; (n, H, W) and (n, C, H, W) or (n, H, W, C) with 1 or 3 channels are
    images. Bytes of an image become 0 to 1; all else stays as it is.

    Raises: DataError.
    """
    import numpy as np

    arrays = _load(path)
    length = check_lengths(path, arrays)
    fields = []
    scales = {}
    for name, array in list(arrays.items()):
        with np.errstate(over="ignore"):  # what is too large becomes infinity, and is told
            field, ready = _understand(path, name, array)
        check_finite(path, name, ready)
        if field.kind is FieldKind.IMAGE and array.dtype.kind == "u" and array.dtype.itemsize == 1:
            scales[name] = _BYTE
        arrays[name] = ready
        fields.append(field)
    return Dataset(
        name=str(path),
        title=path.stem,
        summary=f"{length} samples with {', '.join(arrays)} from {path.name}.",
        licence=LICENCE,
        fields=fields,
        length=length,
        source=ArraySource(lambda: arrays, scales),
    )


def _load(path: Path) -> dict[str, Array]:
    import numpy as np

    with reading(path):
        try:
            with path.open("rb") as raw, np.load(raw, allow_pickle=False) as file:
                arrays = {name: file[name] for name in file.files}
        except (zipfile.BadZipFile, ValueError, EOFError, AttributeError) as error:
            raise DataError(
                f"{path} is damaged, or no .npz file of plain numbers ({error}). "
                "Write it with numpy.savez(path, image=…, label=…)."
            ) from error
    if not arrays:
        raise DataError(f"{path} holds no arrays. Write it with numpy.savez(path, image=…, label=…).")
    return arrays


def _understand(path: Path, name: str, array: Array) -> tuple[Field, Array]:
    """What an array is, and its samples in the layout that the field promises."""
    import numpy as np

    if array.dtype.kind not in "biuf":
        raise DataError(f"{path}: {name} holds {array.dtype}, not numbers. Save numbers, with classes counted from 0.")
    whole = array.dtype.kind in "biu"
    match array.ndim:
        case 1 if whole:
            return _label(path, name, array)
        case 1:
            return Field(name=name, kind=FieldKind.TARGET, shape=(1,)), array.astype(np.float32)[:, None]
        case 2:
            kind = FieldKind.TARGET if name == "target" else FieldKind.VECTOR
            return Field(name=name, kind=kind, shape=(array.shape[1],)), array.astype(np.float32)
        case 3:
            array = array[:, None]
        case 4 if array.shape[1] not in (1, 3) and array.shape[3] in (1, 3):
            array = np.ascontiguousarray(array.transpose(0, 3, 1, 2))
    if array.ndim != 4 or array.shape[1] not in (1, 3):
        shown = "×".join(map(str, array.shape))
        raise DataError(
            f"{path}: {name} has the shape {shown}, which is no label (n), vector (n×k) or image "
            "(n×H×W or n×C×H×W with 1 or 3 channels)."
        )
    shape = (int(array.shape[1]), int(array.shape[2]), int(array.shape[3]))
    sides = (shape[1],) if shape[1] == shape[2] else ()
    kept = array if array.dtype == np.uint8 else array.astype(np.float32)
    return Field(name=name, kind=FieldKind.IMAGE, shape=shape, sides=sides, resizes=True), kept


def _label(path: Path, name: str, array: Array) -> tuple[Field, Array]:
    import numpy as np

    if len(array) and array.min() < 0:
        raise DataError(f"{path}: {name} has the class {array.min()}. Count classes from 0.")
    classes = int(array.max()) + 1 if len(array) else 0
    if classes > max(1000, len(array)):
        raise DataError(
            f"{path}: {name} counts up to {classes - 1} in {len(array)} samples, so these are measurements "
            "rather than classes. Save them as floating-point numbers."
        )
    return Field(name=name, kind=FieldKind.LABEL, shape=(), classes=classes), array.astype(np.int64)
