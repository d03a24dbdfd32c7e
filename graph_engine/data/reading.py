"""What all files of a user have in common: clear words when they can't be opened, and checks of what they hold."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from graph_engine.data.errors import DataError

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]

LICENCE = "Your own data: Layerloom knows no licence of it."


@contextmanager
def reading(path: Path) -> Iterator[None]:
    """Errors of the system while `path` is read become a `DataError` that names the file."""
    try:
        yield
    except FileNotFoundError as error:
        raise DataError(
            f"{error.filename or path} is not there. Check the path, or choose another data set."
        ) from error
    except PermissionError as error:
        raise DataError(
            f"{error.filename or path} can't be read: permission denied. Give yourself the right to read it."
        ) from error
    except OSError as error:
        raise DataError(f"{error.filename or path} can't be read: {error.strerror or error}.") from error


def signature(path: Path) -> tuple[tuple[int, int, int], ...]:
    """What changes when a file does, or the list of files in a folder: inode, time of change (ns), size (bytes)."""
    with reading(path):
        places = [path, *sorted(each for each in path.iterdir() if each.is_dir())] if path.is_dir() else [path]
        found = [place.stat() for place in places]
    return tuple((status.st_ino, status.st_mtime_ns, status.st_size) for status in found)


def check_lengths(path: Path, arrays: Mapping[str, Array]) -> int:
    """The number of samples.

    Raises: DataError when the arrays disagree, or hold none.
    """
    for name, array in arrays.items():
        if not array.ndim:
            raise DataError(f"{path}: {name} is a single number. Save arrays with an entry for each sample.")
    lengths = {name: len(array) for name, array in arrays.items()}
    if len(set(lengths.values())) > 1:
        shown = ", ".join(f"{name} has {length}" for name, length in lengths.items())
        raise DataError(
            f"{path}: every array needs one entry for each sample, but {shown}. Save them with equal first axes."
        )
    length = next(iter(lengths.values()))
    if not length:
        raise DataError(f"{path} holds no samples.")
    return length


def check_finite(path: Path, name: str, array: Array) -> None:
    """Raises: DataError naming the first sample that is not a finite number."""
    import numpy as np

    if array.dtype.kind != "f":
        return
    bad = ~np.isfinite(array).reshape(len(array), -1).all(axis=1)
    if bad.any():
        raise DataError(
            f"{path}: sample {int(np.argmax(bad)) + 1} of {name} is not a finite number "
            f"({int(bad.sum())} such samples in all). Fill in or leave out what is missing."
        )
