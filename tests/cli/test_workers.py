"""`layerloom train` under `torchrun`: a worker that is killed, and what torchrun begins anew."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import torch

from graph_engine.document import Binding, Document, Optimiser, Plan, Stage, Update
from graph_engine.document.builder import Builder
from graph_engine.document.file import save
from graph_engine.runs import RunFolder, RunState, start_run
from graph_engine.runs.link import read_progress
from graph_engine.runs.wishes import Wish, send_wish
from graph_engine.train.team import GONE

if TYPE_CHECKING:
    import pytest

    from tests.cli.conftest import Call

ROOT = Path(__file__).parents[2]
PATIENCE = 90.0  # s


def long_one() -> Document:
    update = Update(optimiser=Optimiser(kind="sgd", learning_rate=0.05, momentum=0.9))
    plan = Plan(stages=(Stage(updates=(update,), steps=1500),), batch_size=64, seed=4)
    net = Builder("Long", plan=plan, binding=Binding(dataset="digits"))
    x, label = net.input("image", 1, 8, 8), net.input("label", label=True, classes=10)
    net.classify(net.add("linear", net.add("dropout", net.add("flatten", x), probability=0.2), features=10), label)
    return net.document


def wait_until_paused(folder: Path, process: subprocess.Popen[str]) -> None:
    """Raises: AssertionError when the run ends before."""
    until = time.monotonic() + PATIENCE
    asked = False
    while True:
        said = read_progress(folder) if folder.exists() else None
        if said is not None and said[0].state is RunState.PAUSED:
            return
        if said is not None and said[0].step and not asked:
            send_wish(folder, Wish.PAUSE)
            asked = True
        assert process.poll() is None, "it ended before it could be paused"
        assert time.monotonic() < until
        time.sleep(0.01)


def worker_of(agent: int, rank: int) -> int:
    """The process that torchrun (`agent`) began as number `rank`."""
    children = Path(f"/proc/{agent}/task/{agent}/children").read_text("ascii").split()
    (found,) = (pid for pid in children if f"\0RANK={rank}\0".encode() in Path(f"/proc/{pid}/environ").read_bytes())
    return int(found)


def test_a_worker_is_killed(tmp_path: Path) -> None:
    """The run says so, begins anew from its checkpoint, and ends as one process that nobody disturbed."""
    save(long_one(), tmp_path / "net.loom")
    folder = tmp_path / "run"
    call = ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2", "--max-restarts", "1"]
    process = subprocess.Popen(
        [
            sys.executable,
            *call,
            "-m",
            "app",
            "train",
            str(tmp_path / "net.loom"),
            "--seed",
            "4",
            "--out",
            str(folder),
            "--json",
        ],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        wait_until_paused(folder, process)
        time.sleep(1.1)  # from when on a pause saves
        send_wish(folder, Wish.STEP)
        until = time.monotonic() + PATIENCE
        while not RunFolder(folder).checkpoints.steps():
            assert time.monotonic() < until
            time.sleep(0.01)
        os.kill(worker_of(process.pid, 1), signal.SIGKILL)
        out, errors = process.communicate(timeout=PATIENCE)
    finally:
        process.kill()
        process.wait()
    assert process.returncode == 0, errors
    assert GONE in errors
    assert '"state": "failed"' in out  # the first try; the second begins where it was
    alone = start_run(long_one())
    assert alone.wait(PATIENCE)
    ours = RunFolder(folder).checkpoint("last")
    assert (ours.step, RunFolder(folder).read().state) == (1500, RunState.FINISHED)
    for name, value in alone.weights().items():
        torch.testing.assert_close(ours.weights[name], value, rtol=1e-5, atol=1e-5)


def test_torchrun_has_to_find_the_run_again(layerloom: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"RANK": "0", "WORLD_SIZE": "1", "MASTER_ADDR": "localhost", "MASTER_PORT": "1"}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("TORCHELASTIC_MAX_RESTARTS", "3")
    said = layerloom("train", "mlp:width=8", "--steps", "3")
    assert (said.status, said.out) == (2, "")
    assert "--out DIR" in said.err
