"""Finding a data set by its name or path."""

from __future__ import annotations

import difflib
import threading
from collections import OrderedDict
from pathlib import Path

from graph_engine.data.arrays import open_arrays
from graph_engine.data.builtin import BUILT_IN
from graph_engine.data.dataset import Dataset
from graph_engine.data.errors import DataError
from graph_engine.data.pictures import open_pictures
from graph_engine.data.reading import reading, signature
from graph_engine.data.table import open_table

_KEPT = 4
"""How many of a user's data sets stay open, so that checking a drawing does not read files again."""

_open: OrderedDict[Path, tuple[tuple[tuple[int, int, int], ...], Dataset]] = OrderedDict()
_lock = threading.Lock()


def list_datasets() -> tuple[Dataset, ...]:
    """The data sets that come with Layerloom."""
    return tuple(make() for make in BUILT_IN.values())


def open_dataset(name: str) -> Dataset:
    """A data set by its name (`digits`, `xor`) or its path: a folder of class folders, `.npz` or `.csv`.

    Raises: DataError.
    """
    if name in BUILT_IN:
        return BUILT_IN[name]()
    path = Path(name).expanduser().absolute()
    if not path.exists() and path.suffix == "" and "/" not in name:
        near = difflib.get_close_matches(name, BUILT_IN, 1)
        hint = f"Did you mean {near[0]}?" if near else f"There are {', '.join(BUILT_IN)}, or give a path."
        raise DataError(f"There is no data set called {name!r}, nor a folder of that name here. {hint}")
    now = signature(path)
    with _lock:
        if path in _open and _open[path][0] == now:
            _open.move_to_end(path)
            return _open[path][1]
    dataset = _read(path)
    with _lock:
        _open[path] = (now, dataset)
        while len(_open) > _KEPT:
            _open.popitem(last=False)
    return dataset


def _read(path: Path) -> Dataset:
    with reading(path):
        if path.is_dir():
            return open_pictures(path)
    match path.suffix.lower():
        case ".npz":
            return open_arrays(path)
        case ".csv" | ".tsv":
            return open_table(path)
    raise DataError(
        f"{path} is no data set: give a folder with a sub-folder of pictures for each class, an .npz or a .csv file."
    )
