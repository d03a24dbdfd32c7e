"""A user's folder of pictures: one sub-folder for each class. Pillow reads them (the extra `data`)."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from graph_engine.data.dataset import Dataset
from graph_engine.data.errors import DataError
from graph_engine.data.fields import Field, FieldKind, Shape
from graph_engine.data.reading import LICENCE, reading

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]

SUFFIXES = frozenset({".png", ".jpg", ".jpeg", ".bmp", ".gif", ".webp", ".tif", ".tiff", ".ppm", ".pgm"})
OFFERED_SIDES = (28, 32, 64, 128, 224)
"""Heights and widths (px) that a form offers; any other is served as well."""


def open_pictures(folder: Path) -> Dataset:
    """The data set in a folder: `image` and `label`, classes in the order of the names of the sub-folders.

    Pictures may differ in size: each is resized as it is read (a picture that can't be read stops everything, by its
    name). Files that are no pictures by their suffix, and those that begin with a dot, are passed over.

    Raises: DataError.
    """
    _pillow()
    with reading(folder):
        classes = sorted(each for each in folder.iterdir() if each.is_dir() and not each.name.startswith("."))
        found = [_pictures_in(each) for each in classes]
    if not classes:
        raise DataError(
            f"{folder} has no sub-folders. Put the pictures of each class into a folder with the name of the class."
        )
    for each, pictures in zip(classes, found, strict=True):
        if not pictures:
            raise DataError(f"{each} holds no pictures ({', '.join(sorted(SUFFIXES))}). Fill or remove that folder.")
    files = [file for pictures in found for file in pictures]
    labels = [at for at, pictures in enumerate(found) for _ in pictures]
    shape = _shape_of(files[0])
    sides = tuple(dict.fromkeys(([shape[1]] if shape[1] == shape[2] else []) + list(OFFERED_SIDES)))
    return Dataset(
        name=str(folder),
        title=folder.name,
        summary=f"{len(files)} pictures in {len(classes)} classes from the folder {folder.name}.",
        licence=LICENCE,
        fields=(
            Field(name="image", kind=FieldKind.IMAGE, shape=shape, sides=sides, resizes=True),
            Field(
                name="label",
                kind=FieldKind.LABEL,
                shape=(),
                classes=len(classes),
                class_names=tuple(each.name for each in classes),
            ),
        ),
        length=len(files),
        source=PictureSource(folder, tuple(files), tuple(labels), shape),
    )


@dataclass(slots=True)
class PictureSource:
    """Reads pictures at the size that is asked for, and keeps those of the last size."""

    folder: Path
    files: tuple[Path, ...]
    labels: tuple[int, ...]
    shape: Shape
    _kept: tuple[Shape, Array] | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def read(self, name: str, shape: Shape, indices: Sequence[int] | None) -> Array:
        import numpy as np

        wanted = range(len(self.files)) if indices is None else [int(index) for index in indices]
        if name == "label":
            return np.array([self.labels[index] for index in wanted], dtype=np.int64)
        size = shape if len(shape) == 3 else self._square(shape)
        with self._lock:
            if self._kept is None or self._kept[0] != size:
                self._kept = None
                if indices is not None:
                    return self._read(size, wanted)
                self._kept = (size, self._read(size, wanted))
            return self._kept[1][np.asarray(wanted, dtype=np.int64)]

    def digest(self) -> Iterable[bytes]:
        for file, label in zip(self.files, self.labels, strict=True):
            with reading(file):
                yield f"{file.relative_to(self.folder)} {label}\n".encode()
                yield hashlib.sha256(file.read_bytes()).digest()

    def _square(self, flat: Shape) -> Shape:
        """The image that is served flat: as stored, or of one channel and equal sides."""
        if flat[0] == self.shape[0] * self.shape[1] * self.shape[2]:
            return self.shape
        side = round(flat[0] ** 0.5)
        return (1, side, side)

    def _read(self, shape: Shape, indices: Iterable[int]) -> Array:
        import numpy as np

        return np.stack([read_picture(self.files[index], shape) for index in indices])


def _pictures_in(folder: Path) -> list[Path]:
    return sorted(
        file
        for file in folder.rglob("*")
        if file.suffix.lower() in SUFFIXES and not file.name.startswith(".") and file.is_file()
    )


def read_picture(file: Path, shape: Shape) -> Array:
    """A picture as (C, H, W) between 0 and 1, resized bilinearly (Pillow's filter smooths what shrinks).

    Raises: DataError when it can't be read.
    """
    import numpy as np

    image_module = _pillow()
    channels, height, width = shape
    with reading(file), _decoding(file), image_module.open(file) as picture:
        converted = _in_bytes(file, picture).convert("L" if channels == 1 else "RGB")
        if converted.size != (width, height):
            converted = converted.resize((width, height), image_module.Resampling.BILINEAR)
        values = np.asarray(converted, dtype=np.float32) / np.float32(255)
    return values[None] if channels == 1 else np.ascontiguousarray(values.transpose(2, 0, 1))


def _in_bytes(file: Path, picture: Any) -> Any:
    """A picture of 8 bits a channel: Pillow cuts off what is beyond 255 when it converts others.

    Raises: DataError for numbers of which nothing says where white is.
    """
    import numpy as np

    if picture.mode.startswith("I;16"):
        values = np.asarray(picture).astype(np.float64) * (255 / 65535)
        return _pillow().fromarray(np.rint(values).astype(np.uint8))
    if picture.mode in ("I", "F"):
        raise DataError(
            f"{file} has 32 bits a pixel, and nothing says which number is white. Save it with 8 or 16 bits, or all "
            "pictures as an .npz file."
        )
    return picture


def _shape_of(file: Path) -> Shape:
    with reading(file), _decoding(file), _pillow().open(file) as picture:
        channels = 1 if picture.mode in ("1", "L", "I", "I;16", "F") else 3
        return (channels, picture.height, picture.width)


@contextmanager
def _decoding(file: Path) -> Iterator[None]:
    """What Pillow raises on a broken picture becomes a `DataError` that names the file."""
    try:
        yield
    except (FileNotFoundError, PermissionError):
        raise
    except (OSError, SyntaxError, ValueError) as error:
        raise DataError(f"{file} is damaged, or no picture ({error}). Remove or replace it.") from error
    except (_pillow().DecompressionBombError, _pillow().DecompressionBombWarning) as error:
        raise DataError(f"{file} is too large a picture ({error}). Save it smaller.") from error


def _pillow() -> Any:
    try:
        from PIL import Image
    except ImportError as error:
        raise DataError(
            "Reading pictures takes Pillow, which is not installed. Install it with: pip install pillow"
        ) from error
    return Image
