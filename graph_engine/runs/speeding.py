"""The speed test in a process of its own: `python -m graph_engine.runs.speeding FILE compiled|plain`.

An error of a device there takes nobody down, and compilation does not stall a window. It prints a line of JSON for
each way as it is found.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from graph_engine.document import Document
from graph_engine.document.file import load, save
from graph_engine.runs.errors import RunError

if TYPE_CHECKING:
    from graph_engine.data import Dataset
    from graph_engine.train.speed import Timed

_COMPILED, _PLAIN = "compiled", "plain"


class SpeedTest:
    """One at work. Iterating gives each way as it is found; `stop` ends it from any thread."""

    def __init__(self, document: Document, *, compiled: bool = False) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="layerloom-speed-")
        path = Path(self._folder.name) / "trial.loom"
        self._stopped = False
        self._log = (Path(self._folder.name) / "log").open("w+b")
        save(document, path)
        self._process = subprocess.Popen(
            [sys.executable, "-m", "graph_engine.runs.speeding", str(path), _COMPILED if compiled else _PLAIN],
            stdout=subprocess.PIPE,
            stderr=self._log,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        )

    def __iter__(self) -> Iterator[Timed]:
        """Raises: RunError with the reason when the process fails; not after `stop`."""
        from graph_engine.train.speed import Timed, Way

        refused = ""
        assert self._process.stdout is not None  # noqa: S101  it was asked for
        with self._process, self._folder, self._log:
            for line in self._process.stdout:
                said = json.loads(line)
                if "refused" in said:
                    refused = said["refused"]
                    continue
                yield Timed(**{**said, "way": Way(**said["way"])})
            status = self._process.wait()
            if status and not self._stopped:
                self._log.seek(0)
                last = (self._log.read().decode("utf-8", "replace").strip().splitlines() or [f"status {status}"])[-1]
                raise RunError(refused or f"The process of the speed test ended early: {last}")

    def stop(self) -> None:
        self._stopped = True
        self._process.kill()


def try_ways(document: Document, dataset: Dataset | None = None, *, compiled: bool = False) -> Iterator[Timed]:
    """As `graph_engine.train.speed.timed`, in this process. Raises: as `start_run`."""
    from graph_engine.runs.preparing import prepare
    from graph_engine.train.speed import timed

    ready = prepare(document, dataset)
    yield from timed(ready.document, ready.program, ready.samples, ready.device, ready.threads, compiled=compiled)


def main(arguments: list[str]) -> int:
    try:
        for found in try_ways(load(Path(arguments[0])), compiled=arguments[1] == _COMPILED):
            print(json.dumps(asdict(found)), flush=True)  # noqa: T201
    except Exception as error:  # noqa: BLE001  told to whoever began this process
        print(json.dumps({"refused": str(error) or type(error).__name__}), flush=True)  # noqa: T201
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
