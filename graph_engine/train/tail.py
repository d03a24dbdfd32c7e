"""The history of a run, read while another process writes it."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import TYPE_CHECKING

from graph_engine.train.history import EPOCHS, STEPS, records_from

if TYPE_CHECKING:
    from graph_engine.train.feed import Feed


class HistoryTail:
    """Appends to a feed what a run has measured since the last look. What is written half is left for later."""

    def __init__(self, folder: Path, feed: Feed) -> None:
        self._folder, self._feed = folder, feed
        self._names: list[str] = []
        self._columns: list[str] = []
        self._steps = self._epochs = 0  # bytes read

    def pull(self) -> None:
        """Takes what is new; what can't be read now is tried again the next time."""
        try:
            self._pull_steps()
            self._pull_epochs()
        except (OSError, ValueError, KeyError):
            return

    def _pull_steps(self) -> None:
        import numpy as np

        data = _read_after(self._folder / STEPS, self._steps)
        if not self._steps:
            head, line, data = data.partition(b"\n")
            if not line:
                return
            self._names = list(json.loads(head)["names"])
            self._steps = len(head) + 1
        records = records_from(data, len(self._names))
        self._steps += records.nbytes
        for at, name in enumerate(self._names):
            values = records["values"][:, at]
            chosen = records[~np.isnan(values)]  # what a stage does not measure is NaN
            if len(chosen):
                self._feed.append(
                    f"train_{name}", chosen["step"], chosen["epoch"], chosen["seconds"], chosen["values"][:, at]
                )

    def _pull_epochs(self) -> None:
        data = _read_after(self._folder / EPOCHS, self._epochs)
        whole = data[: data.rfind(b"\n") + 1]
        self._epochs += len(whole)
        for cells in csv.reader(whole.decode("utf-8").splitlines()):
            if not self._columns:
                self._columns = cells
                continue
            row = {name: float(cell) for name, cell in zip(self._columns, cells, strict=False) if cell}
            for name, value in row.items():
                if name.startswith("val_"):
                    self._feed.append(name, [row["step"]], [row["epoch"]], [row["seconds"]], [value])


def _read_after(path: Path, place: int) -> bytes:
    with path.open("rb") as file:
        file.seek(place)
        return file.read()
