"""A run and its folder: hears what others want through it, and tells there where the run stands, ten times a second."""

from __future__ import annotations

import json
import math
import os
import threading
import time
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from graph_engine.runs.wishes import WishReader
from graph_engine.train import Control, Feed, Progress, RunState

PROGRESS = "progress.json"
INTERVAL = 0.1
"""s between two looks."""
BEAT = 2.0
"""s after which a run says where it stands although nothing is new: whoever sees the folder knows that it is there."""


class FolderLink:
    """Works on a thread of its own, from `start` to `close`."""

    def __init__(self, folder: Path, control: Control, feed: Feed) -> None:
        """Raises: OSError when the folder can't be written."""
        self._folder, self._control, self._feed = folder, control, feed
        self._reader = WishReader(folder)
        self._told: tuple[Progress, int] | None = None
        self._next_beat = 0.0
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"folder of {folder.name}", daemon=True)
        write_progress(folder, Progress(), 0)

    def start(self) -> None:
        self._thread.start()

    def close(self) -> None:
        """Tell the end, and end."""
        self._closing.set()
        if self._thread.is_alive():
            self._thread.join()
        self._tell()

    def _run(self) -> None:
        while not self._closing.wait(INTERVAL):
            self._reader.obey(self._control)
            self._tell()

    def _tell(self) -> None:
        now = (self._feed.progress, self._reader.heard)
        moment = time.monotonic()
        if now != self._told or moment >= self._next_beat:
            try:
                write_progress(self._folder, *now)
            except OSError:
                return  # a full disk: the trainer will notice, and say so
            self._told, self._next_beat = now, moment + BEAT


def write_progress(folder: Path, progress: Progress, heard: int) -> None:
    """Say in the folder where a run stands, and how many bytes of wishes it has heard. Not durable: it is soon old.

    Raises: OSError.
    """
    value = {**asdict(progress), "state": str(progress.state), "heard": heard}
    beside = folder / f".{PROGRESS}.{os.getpid()}"
    beside.write_text(json.dumps(_finite(value)), "utf-8")
    beside.replace(folder / PROGRESS)


def read_progress(folder: Path) -> tuple[Progress, int] | None:
    """What `write_progress` said; None when nothing can be read."""
    try:
        value = json.loads((folder / PROGRESS).read_bytes())
        heard = int(value.pop("heard"))
        value["state"] = RunState(value["state"])
        metrics = value.get("metrics") or {}
        value["metrics"] = {name: math.nan if number is None else float(number) for name, number in metrics.items()}
        return Progress(**value), heard
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _finite(value: Any) -> Any:
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {name: _finite(item) for name, item in value.items()}
    return value
