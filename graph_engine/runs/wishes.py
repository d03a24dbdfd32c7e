"""What is wanted of a run, through its folder: lines appended to a file by whoever wants something, in any process.

This is how a window steers a run in another process, or on another machine that sees the same folder.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import Any

from graph_engine.runs.errors import RunError
from graph_engine.train import Control
from graph_engine.train.changes import change_from_json

WISHES = "wishes.jsonl"


class Wish(StrEnum):
    """What can be wanted."""

    PAUSE = "pause"
    RESUME = "resume"
    STEP = "step"
    STOP = "stop"
    STOP_AFTER_EPOCH = "stop_after_epoch"
    DO_NOT_STOP_AFTER_EPOCH = "do_not_stop_after_epoch"
    EVALUATE = "evaluate"
    CHANGE = "change"


def send_wish(folder: Path, wish: Wish, change: Mapping[str, Any] | None = None) -> int:
    """Append a wish to those of the run in `folder`; how long their file is now, in bytes.

    Raises: RunError when the folder can't be written.
    """
    line = json.dumps({"do": wish.value} | ({"change": dict(change)} if change is not None else {})) + "\n"
    try:
        handle = os.open(folder / WISHES, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o666)
        try:
            os.write(handle, line.encode())  # one call: lines of several writers do not mix
            return os.fstat(handle).st_size
        finally:
            os.close(handle)
    except OSError as error:
        raise RunError(f"{folder} can't be written, so the run can't be told: {error.strerror or error}.") from error


def forget_wishes(folder: Path) -> None:
    """What was wanted of an earlier session of a run is of no interest when it is gone on with.

    Raises: OSError when the folder can't be written.
    """
    (folder / WISHES).unlink(missing_ok=True)


class WishReader:
    """For the run: reads all that is wanted of it, also while it was still beginning."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / WISHES
        self.heard = 0
        """Bytes read."""

    def obey(self, control: Control) -> None:
        """Hand on to `control` what is new. A line that is no wish is passed over."""
        try:
            if self._path.stat().st_size <= self.heard:
                return
            with self._path.open("rb") as file:
                file.seek(self.heard)
                data = file.read()
        except OSError:
            return
        whole = data[: data.rfind(b"\n") + 1]
        for line in whole.splitlines():
            _obey(control, line)
        self.heard += len(whole)


def _obey(control: Control, line: bytes) -> None:
    try:
        said = json.loads(line)
        match Wish(said["do"]):
            case Wish.PAUSE:
                control.pause()
            case Wish.RESUME:
                control.resume()
            case Wish.STEP:
                control.step()
            case Wish.STOP:
                control.stop()
            case Wish.STOP_AFTER_EPOCH:
                control.stop_after_epoch()
            case Wish.DO_NOT_STOP_AFTER_EPOCH:
                control.stop_after_epoch(on=False)
            case Wish.EVALUATE:
                control.evaluate()
            case Wish.CHANGE:
                control.change(change_from_json(said["change"]))
    except (ValueError, KeyError, TypeError, AttributeError):
        return
