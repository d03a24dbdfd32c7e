"""Processes that work on a search: they outlive whoever began them, and say why if they end before it is done."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from types import FrameType

from graph_engine.runs.search_places import WorkerPlace


def start_workers(folder: Path, count: int) -> list[subprocess.Popen[bytes]]:
    """Processes that work on a search beside whoever does already.

    Raises: OSError when the folder can't be written.
    """
    found = []
    for _ in range(count):
        at = WorkerPlace.take(folder)
        try:
            with at.log.open("wb") as log:
                process = subprocess.Popen(
                    [sys.executable, "-m", __name__, str(folder), str(at.number), str(at.lock.handle)],
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=subprocess.STDOUT,
                    env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
                    pass_fds=(at.lock.handle,),
                    start_new_session=True,  # closing a terminal or a window is no reason to end
                )
        finally:
            at.let_go()  # the process holds it now
        found.append(process)
    return found


def _end(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt  # the run that is tried is stopped on the way out


def main(folder: Path, number: int, handle: int) -> int:
    """Works on a search at the place that was taken for this process; the exit status."""
    from graph_engine.runs.search import work_on

    at = WorkerPlace.inherited(folder, number, handle)
    try:
        with suppress(KeyboardInterrupt):
            work_on(folder, at=at)
    except Exception as error:  # noqa: BLE001 - whatever it is, somebody is to read it
        import traceback

        traceback.print_exc()  # the last line is what `troubles_of` reads
        said = " ".join(str(error).split()) or type(error).__name__
        sys.stderr.write(f"A worker of the search ended: {said}\n")
        return 1
    at.log.unlink(missing_ok=True)
    return 0


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, _end)
    sys.exit(main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])))
