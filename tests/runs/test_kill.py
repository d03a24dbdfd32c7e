"""`kill -9` at any moment: what is resumed ends as if nothing had happened."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from graph_engine.document import Document
from graph_engine.document.file import save
from graph_engine.runs import RunHandle, RunState, RunStore, resume_run

ROOT = Path(__file__).parents[2]
EPOCHS = 120
_random = random.Random(1)  # noqa: S311
DELAYS = [_random.uniform(0, 0.4) for _ in range(2)]  # s after the first checkpoint

PROGRAM = """
import sys
from graph_engine.document.file import load
from graph_engine.runs import start_run
from graph_engine.train import keeper
keeper.EPOCH_INTERVAL, keeper.SAVE_SHARE = 0.03, 1
start_run(load(sys.argv[1])).wait()
"""


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> dict[str, RunHandle]:
    """Filled by the first test: the run that nobody interrupts."""
    return {}


@pytest.mark.parametrize("delay", DELAYS)
def test_killed_and_resumed(
    document: Callable[..., Document],
    start: Callable[..., RunHandle],
    store: RunStore,
    tmp_path: Path,
    whole: dict[str, RunHandle],
    delay: float,
) -> None:
    save(document(epochs=EPOCHS), tmp_path / "net.loom")
    process = subprocess.Popen(
        [sys.executable, "-c", PROGRAM, str(tmp_path / "net.loom")],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    folder = store.folder / "small-net5-1"
    until = time.monotonic() + 60
    while not list(folder.glob("checkpoints/step_*")):
        assert process.poll() is None, "it ended before it could be killed"
        assert time.monotonic() < until
        time.sleep(0.005)
    time.sleep(delay)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()

    (record,) = store.records()
    assert record.state is RunState.INTERRUPTED
    resumed = resume_run(record.id, store=store)
    if "run" not in whole:
        whole["run"] = start(document(epochs=EPOCHS))
        assert whole["run"].wait(60)
    assert resumed.wait(60)

    ours, theirs = resumed.network.state_dict(), whole["run"].network.state_dict()
    assert all(torch.equal(value, theirs[name]) for name, value in ours.items())
    assert resumed.result()["metrics"] == whole["run"].result()["metrics"]
    assert resumed.result()["best"] == whole["run"].result()["best"]
    for name, points in whole["run"].feed.since().points.items():
        again = resumed.folder.feed().since().points[name]
        assert again.step.tolist() == points.step.tolist()
        assert again.value.tolist() == points.value.tolist()
