"""What a run measured, on disk: `steps.bin` holds every step, `metrics.csv` every epoch, to be opened by anything.

Both are only appended to. A last entry that was cut off by a crash is passed over when read, and cut off when the run
goes on.
"""

from __future__ import annotations

import csv
import json
import os
from collections.abc import Mapping, Sequence
from functools import cache
from io import BufferedWriter
from pathlib import Path
from typing import TYPE_CHECKING, Any

from graph_engine.train.feed import Feed

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Records = NDArray[Any]

STEPS, EPOCHS = "steps.bin", "metrics.csv"
_FORMAT, _VERSION = "layerloom steps", 1
_HEAD = ("step", "epoch", "seconds", "learning_rate")


class History:
    """Writes both files. `names` are what is measured, without `train_` and `val_`.

    Every method raises OSError when the disk is full.
    """

    def __init__(self, folder: Path, names: Sequence[str]) -> None:
        self._folder = folder
        self._names = tuple(names)
        self._files: list[BufferedWriter] = []

    def cut(self, step: int, epoch: int) -> None:
        """Keep what was measured up to `step` and `epoch`: the rest will be measured again. Before `open`."""
        cut_history(self._folder, step, epoch)

    def open(self) -> None:
        """Make ready to append."""
        self._files = [
            _open(self._folder / STEPS, _header(self._names)),
            _open(self._folder / EPOCHS, _csv_line(_columns(self._names))),
        ]

    def append_steps(self, records: Records) -> None:
        """Append records made by `empty_records`. Whoever follows the run by its folder sees them at once."""
        self._files[0].write(records.tobytes())
        self._files[0].flush()

    def append_epoch(self, values: Mapping[str, float]) -> None:
        """Append one row; `values` by column name, what is not there stays empty."""
        row = [_shown(values.get(column)) for column in _columns(self._names)]
        self._files[1].write(_csv_line(row))
        self._files[1].flush()

    def sync(self) -> None:
        """Make what was appended durable."""
        for file in self._files:
            file.flush()
            os.fsync(file.fileno())

    def close(self) -> None:
        """Close both files; what can't be written any more is given up."""
        for file in self._files:
            try:
                file.close()
            except OSError:
                file.raw.close()
        self._files = []


def cut_history(folder: Path, step: int, epoch: int) -> None:
    """Keep of a run's history what was measured up to `step` and `epoch`.

    Raises: OSError.
    """
    names, _ = _read_steps(folder)
    records = read_steps(folder)
    if names:
        kept = int((records["step"] <= step).sum())
        _cut(folder / STEPS, len(_header(names)) + kept * records.dtype.itemsize)
    if (folder / EPOCHS).exists():
        lines = (folder / EPOCHS).read_bytes().splitlines(keepends=True)
        rows = sum(row["step"] < step or row["epoch"] <= epoch for row in read_epochs(folder))
        _cut(folder / EPOCHS, sum(len(line) for line in lines[: 1 + rows]))


def empty_records(count: int, names: Sequence[str]) -> Records:
    """Room for `count` steps: fields `step`, `epoch` (with fractions), `seconds`, `values` (count, names)."""
    import numpy as np

    return np.empty(count, dtype=_record(len(names)))


def read_steps(folder: Path) -> Records:
    """The steps of a run, as `empty_records` makes them; none when there is no such file."""
    names, data = _read_steps(folder)
    return records_from(data, len(names))


def records_from(data: bytes, names: int) -> Records:
    """The whole records in `data`, of `names` values each."""
    import numpy as np

    record = _record(names)
    return np.frombuffer(data[: len(data) // record.itemsize * record.itemsize], dtype=record)


def read_epochs(folder: Path) -> list[dict[str, float]]:
    """The epochs of a run, each by column name; empty cells are left out."""
    try:
        text = (folder / EPOCHS).read_text("utf-8")
    except (OSError, UnicodeDecodeError):
        return []
    whole = text[: text.rfind("\n") + 1]
    rows = []
    for row in csv.DictReader(whole.splitlines()):
        try:
            rows.append({name: float(cell) for name, cell in row.items() if name and cell})
        except ValueError:
            break  # damaged: what follows can't be trusted either
    return rows


def read_feed(folder: Path, feed: Feed | None = None) -> Feed:
    """The curves of a run as a feed has them."""
    import numpy as np

    feed = feed or Feed()
    names, _ = _read_steps(folder)
    records = read_steps(folder)
    for at, name in enumerate(names):
        values = records["values"][:, at]
        known = ~np.isnan(values)  # what a stage does not measure is NaN
        if known.any():
            chosen = records[known]
            feed.append(f"train_{name}", chosen["step"], chosen["epoch"], chosen["seconds"], values[known])
    rows = read_epochs(folder)
    for name in names:
        column = f"val_{name}"
        found = [row for row in rows if column in row]
        if found:
            feed.append(column, *([row[key] for row in found] for key in ("step", "epoch", "seconds", column)))
    return feed


def _columns(names: Sequence[str]) -> list[str]:
    return [*_HEAD, *(f"train_{name}" for name in names), *(f"val_{name}" for name in names)]


def _header(names: Sequence[str]) -> bytes:
    return json.dumps({"format": _FORMAT, "version": _VERSION, "names": list(names)}).encode() + b"\n"


@cache
def _record(names: int) -> np.dtype[Any]:
    import numpy as np

    return np.dtype([("step", "<i8"), ("epoch", "<f8"), ("seconds", "<f8"), ("values", "<f4", (names,))])


def _read_steps(folder: Path) -> tuple[list[str], bytes]:
    try:
        head, _, data = (folder / STEPS).read_bytes().partition(b"\n")
        said = json.loads(head)
        if said["format"] != _FORMAT or said["version"] != _VERSION:
            return [], b""
        return list(said["names"]), data
    except (OSError, ValueError, KeyError, TypeError):
        return [], b""


def _open(path: Path, header: bytes) -> BufferedWriter:
    """A file to append to, with `header` at its start."""
    try:
        with path.open("rb") as file:
            known = file.read(len(header)) == header
    except FileNotFoundError:
        known = False
    if not known:
        path.write_bytes(header)
    return path.open("ab")


def _cut(path: Path, length: int) -> None:
    if path.exists() and path.stat().st_size > length:
        os.truncate(path, length)


def _csv_line(cells: Sequence[str]) -> bytes:
    return (",".join(cells) + "\n").encode()


def _shown(value: float | None) -> str:
    return "" if value is None else repr(value)
