"""`kill -9` at any moment: what is resumed ends as if nothing had happened.

`LAYERLOOM_KILLS=100` kills so many runs of presets, each regime in its turn, instead of a few. Which few depends on the
commit; `LAYERLOOM_KILLS_FROM=7` begins with the one that has 7 in its name.
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from graph_engine.document import Document
from graph_engine.document.file import save
from graph_engine.runs import RunHandle, RunState, RunStore, resume_run
from graph_engine.runs.folder import RunFolder
from graph_engine.train import read_steps
from presets import open_preset

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


REGIMES = (
    *("wgan_gp", "fitnet", "continual", "gan", "distillation", "date_translator", "vae", "triplet", "transfer", "wgan"),
    *("lsgan", "sngan", "dcgan", "autoencoder", "siamese", "multi_task", "regression", "lenet5", "memn2n"),
)
STEPS = 90  # of each stage
KILLS = os.environ.get("LAYERLOOM_KILLS")


def first_kill() -> int:
    """The number of the first kill: it says the regime and the moment."""
    chosen = os.environ.get("LAYERLOOM_KILLS_FROM")
    if chosen is not None or KILLS is not None:
        return int(chosen or 0)
    try:
        call = ["git", "rev-parse", "--short=6", "HEAD"]
        return int(subprocess.run(call, cwd=ROOT, capture_output=True, text=True, check=True).stdout[:6], 16)
    except (OSError, subprocess.CalledProcessError, ValueError):
        return 0  # not a checkout


NUMBERS = range(first_kill(), first_kill() + int(KILLS or 3))

CALL = """
import sys
from app.__main__ import main
from graph_engine.train import keeper
keeper.EPOCH_INTERVAL, keeper.SAVE_SHARE, keeper.LONGEST = 0.02, 1, 0.1
sys.exit(main(["train", *sys.argv[1:], "--json"]))
"""


def regime(name: str) -> Document:
    document = open_preset(name)
    stages = tuple(replace(stage, steps=STEPS) for stage in document.plan.stages)
    document.plan = replace(document.plan, stages=stages, batch_size=min(32, document.plan.batch_size), device="cpu")
    return document


@pytest.fixture(scope="module")
def undisturbed() -> dict[str, RunHandle]:
    """By regime, the run that nobody killed."""
    return {}


@pytest.mark.parametrize("number", NUMBERS, ids=lambda number: f"{number} {REGIMES[number % len(REGIMES)]}")
def test_a_regime_is_killed_and_resumed(
    start: Callable[..., RunHandle],
    store: RunStore,
    tmp_path: Path,
    undisturbed: dict[str, RunHandle],
    number: int,
) -> None:
    """At a random step, in the middle of whatever it is doing then."""
    name = REGIMES[number % len(REGIMES)]
    document = regime(name)
    if name not in undisturbed:
        undisturbed[name] = start(document)
    save(document, tmp_path / "net.loom")
    moment = random.Random(number)  # noqa: S311
    target = moment.uniform(0, 0.8 * STEPS * len(document.plan.stages))
    assert undisturbed[name].wait(120)
    folder = tmp_path / "run"
    process = subprocess.Popen(
        [sys.executable, "-c", CALL, str(tmp_path / "net.loom"), "--out", str(folder)],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.DEVNULL,
    )
    until = time.monotonic() + 120
    while not (folder / "run.json").exists() or len(read_steps(folder)) < target:
        assert process.poll() is None, "it ended before it could be killed"
        assert time.monotonic() < until
        time.sleep(0.002)
    time.sleep(moment.uniform(0, 0.03))
    process.kill()
    process.wait()
    if RunFolder(folder).read().state is RunState.FINISHED:
        pytest.skip("it had ended before it was killed")

    (record,) = (each for each in store.records() if each.state is not RunState.FINISHED)
    assert record.state is RunState.INTERRUPTED
    resumed = resume_run(record.id, store=store)
    assert resumed.wait(120)
    assert resumed.state is RunState.FINISHED, resumed.record.message
    ours, theirs = resumed.network.state_dict(), undisturbed[name].network.state_dict()
    assert [key for key, value in ours.items() if not torch.equal(value, theirs[key])] == []
    assert resumed.result()["metrics"] == undisturbed[name].result()["metrics"]
    assert resumed.result()["best"] == undisturbed[name].result()["best"]
