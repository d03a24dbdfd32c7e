"""The process of a run: `python -m graph_engine.runs.worker FOLDER LOCK`, begun by `graph_engine.runs.processes`.

LOCK is the number of the open file that holds the lock of the folder. What is wanted beside comes as JSON on stdin.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import traceback
from dataclasses import replace
from pathlib import Path
from types import FrameType
from typing import Any

from graph_engine.document.codec import plan_from_json
from graph_engine.runs.folder import PID, RunFolder
from graph_engine.runs.handle import RunHandle
from graph_engine.runs.launching import launch
from graph_engine.runs.lock import RunLock
from graph_engine.runs.owner import claim
from graph_engine.runs.preparing import prepare
from graph_engine.runs.processes import REFUSED
from graph_engine.runs.starting import resume_run
from graph_engine.runs.store import RunStore, StoredRun
from graph_engine.train.changes import dated_from_json
from graph_engine.train.memory import is_memory, lack_in_words


def main(arguments: list[str]) -> int:
    """Trains, and returns the exit status: 0 however the run ended, 1 when it did not begin."""
    path = Path(arguments[0])
    folder = RunFolder(path)
    lock = RunLock.inherited(path / "lock", int(arguments[1]))
    request = json.loads(sys.stdin.buffer.read())
    (path / PID).write_text(str(os.getpid()), "ascii")
    claim(path, by=request.get("by"))
    try:
        handle = _begin(folder, RunStore(path.parent), lock, request)
    except Exception as error:  # noqa: BLE001  told to whoever began this process
        traceback.print_exc()
        message = lack_in_words(error) if is_memory(error) else str(error) or type(error).__name__
        (path / REFUSED).write_text(json.dumps({"message": message}), "utf-8")
        return 1

    def stop(_number: int, _frame: FrameType | None) -> None:
        handle.control.stop()

    for each in (signal.SIGTERM, signal.SIGINT):
        signal.signal(each, stop)
    handle.wait()
    return 0


def _begin(folder: RunFolder, store: RunStore, lock: RunLock, request: dict[str, Any]) -> RunHandle:
    record = folder.read()
    if request["resume"]:
        plan = plan_from_json(request["plan"]) if request.get("plan") else None
        stored = StoredRun(record, folder)
        return resume_run(
            stored,
            plan=plan,
            dataset=request.get("dataset"),
            store=store,
            compiled=bool(request["compiled"]),
            lock=lock,
        )
    prepared = prepare(folder.document(), None, request.get("threads"))
    record = replace(record, parameters=prepared.result.total.params, dataset=prepared.samples.dataset.name)
    ahead = [dated_from_json(each) for each in request.get("ahead") or ()]
    return launch(prepared, record, folder, store, compiled=bool(request["compiled"]), lock=lock, ahead=ahead)


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
